/* SPDX-License-Identifier: BSD-3-Clause */
// The writer's side of RCU: giving memory back when no reader can hold it any more.
#pragma once

#include <cstddef>
#include <memory>

namespace braid::rcu {

// Base of every object that is published through a cell. Destroyed on the reclaiming thread, after a grace period.
class retirable {
public:
	retirable() noexcept = default;
	virtual ~retirable() = default;
	retirable(const retirable &) = delete;
	retirable &operator=(const retirable &) = delete;

private:
	friend void retire(std::unique_ptr<retirable> object) noexcept;

	// Room for liburcu's rcu_head and the way back to this object, so that <urcu/...> stays inside lib/rcu.
	alignas(void *) std::byte link_[3 * sizeof(void *)];
};

// Starts the thread that reclaims, once per process. It inherits the affinity of its creator and keeps it, so call
// this from a control thread before the first retire(): the thread must not share a core with a polling loop.
// False when it could not be started; retire() then falls back to liburcu's default worker.
bool start_reclaimer() noexcept;

// Destroys `object` after a grace period, without waiting for it. Null is ignored. Any thread, also within a lock.
void retire(std::unique_ptr<retirable> object) noexcept;

// Waits until every read section that runs now has ended. Never inside a read section, nor with a lock that a read
// section or a retired object's destructor takes.
void wait_for_readers() noexcept;

// Waits until everything retired before this call has been destroyed. The same restrictions.
void wait_for_reclaim() noexcept;

// How many retired objects wait to be destroyed now.
std::size_t waiting_for_reclaim() noexcept;

// What a storm of publications may leave behind: the reclaimer works in batches 10 ms and more apart.
inline constexpr std::size_t most_waiting_for_reclaim = 8192;

// Waits as wait_for_reclaim() if more than that wait. For operations that somebody could call in a loop, so that the loop
// takes time instead of memory. Only with no lock held; inside a read section, which it would wait for, it does nothing.
void bound_what_waits() noexcept;

} // namespace braid::rcu
