/* SPDX-License-Identifier: BSD-3-Clause */
// How many renames get a line of their own in the log: a script that renames in a loop must not fill a disk.
#pragma once

#include "base/ids.hpp"

#include <cstdint>
#include <utility>

namespace braid {

// Belongs to one thread; is told the time.
class rename_log {
public:
	static constexpr unsigned lines_per_period = 10;
	static constexpr time_ms period_ms = 1000;

	// Whether this one gets a line.
	bool admits(time_ms now) noexcept
	{
		if (now >= period_end_ && unlogged_ == 0) {
			period_end_ = now + period_ms;
			lines_ = 0;
		}
		if (lines_ < lines_per_period) {
			lines_++;
			return true;
		}
		unlogged_++;
		return false;
	}

	// When the one line for all the others is due; never, if there are none.
	time_ms due() const noexcept { return unlogged_ == 0 ? never : period_end_; }

	// How many it speaks of. The next period begins.
	std::uint64_t take(time_ms now) noexcept
	{
		period_end_ = now + period_ms;
		lines_ = 0;
		return std::exchange(unlogged_, 0);
	}

private:
	time_ms period_end_ = 0;
	unsigned lines_ = 0;
	std::uint64_t unlogged_ = 0;
};

} // namespace braid
