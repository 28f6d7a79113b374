/* SPDX-License-Identifier: BSD-3-Clause */
// Whether one member's link may be used: what its port reports, smoothed by a down delay and an up delay.
//
//                      reported up                    (no failure counted)
//         .-----------------------------------.
//         v                                   |
//     +------+  reported down            +------------+  delay over         +------+
//     |  up  | ------------------------> | going_down | ------------------> | down |
//     +------+                           +------------+  failure counted    +------+
//         ^                                                                  |    ^
//         |  delay over, or          +-----------+       reported up         |    |
//         '------------------------- | coming_up | <-------------------------'    |
//            nothing else usable     +-----------+                                |
//                                          |     reported down                    |
//                                          '--------------------------------------'
//                                                            (no failure counted)
//
// These are the states of Linux bonding's miimon: UP, FAIL, DOWN and BACK. A link that goes down is used
// until the down delay is over, a link that comes up is not used before the up delay is over. A delay of 0 ms
// is not a state that anybody sees.
#pragma once

#include "base/ids.hpp"

#include <cstdint>

namespace braid {

enum class link_state : std::uint8_t { down, coming_up, up, going_down };

// "down", "coming up", "up", "going down".
const char *to_string(link_state s) noexcept;

// What a port says about its link.
struct link_report {
	bool up = false;
	std::uint32_t speed_mbps = 0; // 0 when unknown; a driver's "unknown" must be turned into it
	bool full_duplex = false;
};

struct link_delays {
	std::uint32_t up_ms = 0;
	std::uint32_t down_ms = 0;
};

// Takes every argument that can change, so that it holds one timer and no deadline: a delay counts from the
// report that began it with the length that is set now. An operator who shortens an up delay of ten minutes
// to one second gets the waiting link after one second, not after ten minutes (Linux finishes the old delay
// first).
class link_watch {
public:
	link_watch() noexcept = default;

	// A link seen for the first time. One that is up waits for the up delay like any other.
	link_watch(const link_report &first, const link_delays &delays, time_ms now) noexcept;

	// Reporting the same again, as polling does, prolongs no delay.
	void report(const link_report &seen, const link_delays &delays, time_ms now) noexcept;

	// Ends the delay that is running if its time is over.
	void expire(const link_delays &delays, time_ms now) noexcept;

	// Down, without a failure counted and whatever was reported.
	void restart(time_ms now) noexcept { enter(link_state::down, now); }

	// The link is needed: coming_up becomes up now. No other state changes.
	void skip_up_delay(time_ms now) noexcept;

	link_state state() const noexcept { return state_; }
	bool usable() const noexcept { return state_ == link_state::up || state_ == link_state::going_down; }

	// When the present state began.
	time_ms since() const noexcept { return since_; }

	// When the delay that is running ends; never without one, or when that lies beyond the end of the
	// clock.
	time_ms deadline(const link_delays &delays) const noexcept;

	// Usable links that were lost, without those that came back within the down delay. Unlike Linux's
	// count it leaves out a link that went away again while it was coming up: nobody used it.
	std::uint64_t failures() const noexcept { return failures_; }

	// Of the last report of a link that was up: a port without link reports nothing useful.
	std::uint32_t speed_mbps() const noexcept { return speed_mbps_; }
	bool full_duplex() const noexcept { return full_duplex_; }

private:
	bool delayed() const noexcept
	{
		return state_ == link_state::coming_up || state_ == link_state::going_down;
	}
	std::uint32_t delay_ms(const link_delays &delays) const noexcept;
	void enter(link_state next, time_ms now) noexcept;

	time_ms since_ = 0;
	std::uint64_t failures_ = 0;
	std::uint32_t speed_mbps_ = 0;
	bool full_duplex_ = false;
	link_state state_ = link_state::down;
};

} // namespace braid
