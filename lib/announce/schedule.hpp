/* SPDX-License-Identifier: BSD-3-Clause */
// When to announce: so many times after a failover, the first time at once, then at an interval.
#pragma once

#include "base/ids.hpp"

#include <cstdint>

namespace braid {

class announcement_schedule {
public:
	// What is left of an earlier failover is given up: neighbours need to hear of the latest.
	void begin(unsigned times, std::uint32_t interval_ms, time_ms now) noexcept
	{
		left_ = times;
		interval_ms_ = interval_ms;
		next_ = now;
	}
	void give_up() noexcept { left_ = 0; }

	bool is_due(time_ms now) const noexcept { return left_ != 0 && now >= next_; }
	time_ms deadline() const noexcept { return left_ != 0 ? next_ : never; }

	// The interval counts from here, so that a thread that came late does not send two in a row.
	void done(time_ms now) noexcept
	{
		left_--;
		next_ = now + interval_ms_;
	}

private:
	unsigned left_ = 0;
	std::uint32_t interval_ms_ = 0;
	time_ms next_ = never;
};

} // namespace braid
