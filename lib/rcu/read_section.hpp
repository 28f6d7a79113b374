/* SPDX-License-Identifier: BSD-3-Clause */
// The reader's side of RCU: what a burst function needs, a handful of instructions, nothing else.
//
// liburcu-bp registers a thread by itself at its first read section, because application threads never tell us
// that they exist. What is used here of its header, functions of a few lines and fields of two structures, is what its
// licence lets be inlined into code that is not LGPL; everything longer is reached through the shared library.
#pragma once

#include "rcu/thread_sanitizer.hpp"

#include <atomic>

#include <urcu/config.h>
#include <urcu/tls-compat.h>
// liburcu 0.13 declares its per-thread pointer `thread_local` in C++. An extern thread_local may have a dynamic
// initialiser, so each access would go through an init wrapper, a call in every burst. `__thread` promises there is none;
// the variable itself is the same.
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#include <urcu/static/urcu-bp.h>

namespace braid::rcu {

// While one lives, no object read from a cell is reclaimed. Any thread; sections may nest. Never wait for a grace
// period, and never block on a writer, inside one.
class read_section {
public:
	read_section() noexcept { _urcu_bp_read_lock(); }
	~read_section()
	{
		note_section_ends();
		_urcu_bp_read_unlock();
	}
	read_section(const read_section &) = delete;
	read_section &operator=(const read_section &) = delete;
};

// Whether the kernel makes readers' memory barriers unnecessary (membarrier(2), Linux 4.14). Does not change.
inline bool readers_need_no_barrier() noexcept { return urcu_bp_has_sys_membarrier != 0; }

// The read section of a burst, half the instructions of the other: for a thread that has been in a section before and is in
// none now, where readers_need_no_barrier(). It tells whether it is one; if not, nothing has happened, and the caller
// makes a read_section instead.
class quick_read_section {
public:
	[[gnu::always_inline]] quick_read_section() noexcept : reader_(URCU_TLS(urcu_bp_reader))
	{
		if (reader_ == nullptr || (reader_->ctr & URCU_BP_GP_CTR_NEST_MASK) != 0) [[unlikely]] {
			reader_ = nullptr;
			return;
		}
		set(__atomic_load_n(&urcu_bp_gp.ctr, __ATOMIC_RELAXED));
		cmm_barrier(); // the writer's membarrier(2) makes a memory barrier of it
	}
	// Outside a section the record may hold any count whose nesting is 0.
	[[gnu::always_inline]] ~quick_read_section()
	{
		if (reader_ == nullptr)
			return;
		note_section_ends();
		cmm_barrier(); // of this one too
		set(0);
		cmm_barrier(); // as in liburcu: what follows, a lock of a mutex, stays behind
	}
	quick_read_section(const quick_read_section &) = delete;
	quick_read_section &operator=(const quick_read_section &) = delete;

	explicit operator bool() const noexcept { return reader_ != nullptr; }

private:
	void set(unsigned long count) noexcept { __atomic_store_n(&reader_->ctr, count, __ATOMIC_RELAXED); }

	struct urcu_bp_reader *reader_;
};

// One published pointer to an immutable object. Readers load it once per read section; one writer at a time replaces it.
template <typename T> class cell {
public:
	// Reader: valid until the section ends. The acquire pairs with the release in exchange(), so that whoever sees
	// the pointer sees what it points to complete. May be null before the first publication.
	const T *get(const read_section &) const noexcept { return pointer_.load(std::memory_order_acquire); }
	const T *get(const quick_read_section &) const noexcept { return pointer_.load(std::memory_order_acquire); }

	// Writer: what readers see now. Only with the writer's lock held.
	const T *current() const noexcept { return pointer_.load(std::memory_order_relaxed); }

	// Writer: publishes `next` and hands back what was published before, which readers may still use: retire it.
	T *exchange(T *next) noexcept { return pointer_.exchange(next, std::memory_order_acq_rel); }

private:
	std::atomic<T *> pointer_{nullptr};
};

} // namespace braid::rcu
