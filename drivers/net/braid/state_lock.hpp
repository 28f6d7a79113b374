/* SPDX-License-Identifier: BSD-3-Clause */
// The state lock of a bond, which knows how long it has been held: a publication is a race against packets that still go to a
// member that is gone, and what it takes is told to whoever asks (braid_info).
#pragma once

#include "clock.hpp"
#include "lock_order.hpp"

namespace braid {

// To be used as std::mutex is, with std::condition_variable_any.
class state_mutex {
public:
	void lock() noexcept
	{
		mutex_.lock();
		held_since_ns_ = now_ns();
	}
	void unlock() noexcept { mutex_.unlock(); }

	// By who holds it.
	std::uint64_t held_for_ns() const noexcept { return now_ns() - held_since_ns_; }

private:
	ordered_mutex<lock_place::state> mutex_;
	std::uint64_t held_since_ns_ = 0; // guarded by mutex_
};

} // namespace braid
