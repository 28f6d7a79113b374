/* SPDX-License-Identifier: BSD-3-Clause */
// The locks of the control side, which are always taken in one order. A mutex that knows its place in it.
//
// Each lock checks, for the price of a look at a thread-local word, that the thread holds none of the same place or of a
// later one; a second thread that took them the other way round could wait for ever. A mistake is logged once for each pair
// of places, and the tests fail on that line: they find the wrong order also where two threads never meet.
#pragma once

#include <cstdint>
#include <mutex>

namespace braid {

// From the outermost to the innermost.
enum class lock_place : std::uint8_t {
	configuration, // of a bond: held over whole control operations
	addresses,     // of a bond: while MAC addresses change hands among its members
	device,        // of a member: while its port is asked for something; never two at a time
	state,         // of a bond: for microseconds
	inbox,         // of a bond: what its worker and its teller have to do
	bonds,         // the list of all bonds
	ports,         // which ports are being taken down
	book,          // of a bond: which addresses it has seen itself send from
};
inline constexpr unsigned lock_place_count = 8;

const char *to_string(lock_place p) noexcept;

// To be called with the lock about to be taken, taken, and given back.
void check_lock_order(lock_place wanted) noexcept;
void note_locked(lock_place taken) noexcept;
void note_unlocked(lock_place given_back) noexcept;

// Whether this thread holds any lock of any bond: listeners must find none held.
bool holds_any_lock() noexcept;

// To be used as std::mutex is, with std::condition_variable_any.
template <lock_place Place> class ordered_mutex {
public:
	void lock() noexcept
	{
		check_lock_order(Place);
		mutex_.lock();
		note_locked(Place);
	}

	// In whatever order: who does not wait takes part in no deadlock.
	bool try_lock() noexcept
	{
		const bool taken = mutex_.try_lock();
		if (taken)
			note_locked(Place);
		return taken;
	}

	void unlock() noexcept
	{
		note_unlocked(Place);
		mutex_.unlock();
	}

private:
	std::mutex mutex_;
};

} // namespace braid
