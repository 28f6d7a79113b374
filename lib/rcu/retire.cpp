/* SPDX-License-Identifier: BSD-3-Clause */
#include "rcu/retire.hpp"

#include "rcu/thread_sanitizer.hpp"

#include <atomic>
#include <cassert>
#include <mutex>
#include <new>

#include <urcu/urcu-bp.h>
#include <urcu/call-rcu.h>

namespace braid::rcu {
namespace {

// What a retired object carries while it waits. The head comes first: its address is the link's.
struct link {
	rcu_head head;
	retirable *object;
};

// Written by whoever retires and by the reclaimer; a number to compare, which orders nothing.
std::atomic<std::size_t> waiting{0};

void destroy(rcu_head *head) noexcept
{
	note_taken(head);
	note_grace_period_over();
	delete reinterpret_cast<link *>(head)->object;
	note_destroyed();
	waiting.fetch_sub(1, std::memory_order_relaxed);
}

// Set once, never taken down: the library is never unloaded (-z nodelete) and the worker may hold callbacks of any bond.
std::atomic<call_rcu_data *> reclaimer{nullptr};

} // namespace

bool start_reclaimer() noexcept
{
	static std::mutex once;
	const std::lock_guard guard(once);
	if (reclaimer.load(std::memory_order_relaxed) == nullptr)
		reclaimer.store(urcu_bp_create_call_rcu_data(0, -1), std::memory_order_release);
	return reclaimer.load(std::memory_order_relaxed) != nullptr;
}

void retire(std::unique_ptr<retirable> object) noexcept
{
	if (!object)
		return;
	static_assert(sizeof(link) <= sizeof object->link_ && alignof(link) <= alignof(void *));
	std::byte *const storage = object->link_;
	link *const last = new (storage) link{{}, object.release()};
	waiting.fetch_add(1, std::memory_order_relaxed);

	note_retired(storage);
	// call_rcu() queues on the calling thread's worker; lend it ours for the call, so that an application that
	// uses liburcu-bp itself keeps its own arrangement.
	call_rcu_data *const own = urcu_bp_get_thread_call_rcu_data();
	call_rcu_data *const ours = reclaimer.load(std::memory_order_acquire);
	if (ours != nullptr)
		urcu_bp_set_thread_call_rcu_data(ours);
	urcu_bp_call_rcu(&last->head, destroy);
	if (ours != nullptr)
		urcu_bp_set_thread_call_rcu_data(own);
}

void wait_for_readers() noexcept
{
	assert(!urcu_bp_read_ongoing());
	urcu_bp_synchronize_rcu();
	note_grace_period_over();
}

void wait_for_reclaim() noexcept
{
	assert(!urcu_bp_read_ongoing());
	urcu_bp_barrier();
	note_all_destroyed();
}

std::size_t waiting_for_reclaim() noexcept { return waiting.load(std::memory_order_relaxed); }

void bound_what_waits() noexcept
{
	if (waiting_for_reclaim() > most_waiting_for_reclaim && !urcu_bp_read_ongoing())
		wait_for_reclaim();
}

} // namespace braid::rcu
