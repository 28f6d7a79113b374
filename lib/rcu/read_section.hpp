/* SPDX-License-Identifier: BSD-3-Clause */
// The reader's side of RCU: what a burst function needs, a handful of instructions, nothing else.
//
// liburcu-bp registers a thread by itself at its first read section, because application threads never tell us
// that they exist. The functions called here are short enough that liburcu's licence lets them be inlined into code
// that is not LGPL (their comments say so); everything longer is reached through the shared library.
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

// One published pointer to an immutable object. Readers load it once per read section; one writer at a time replaces it.
template <typename T> class cell {
public:
	// Reader: valid until the section ends. The acquire pairs with the release in exchange(), so that whoever sees
	// the pointer sees what it points to complete. May be null before the first publication.
	const T *get(const read_section &) const noexcept { return pointer_.load(std::memory_order_acquire); }

	// Writer: what readers see now. Only with the writer's lock held.
	const T *current() const noexcept { return pointer_.load(std::memory_order_relaxed); }

	// Writer: publishes `next` and hands back what was published before, which readers may still use: retire it.
	T *exchange(T *next) noexcept { return pointer_.exchange(next, std::memory_order_acq_rel); }

private:
	std::atomic<T *> pointer_{nullptr};
};

} // namespace braid::rcu
