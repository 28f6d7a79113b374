/* SPDX-License-Identifier: BSD-3-Clause */
#include "failover/link_watch.hpp"

namespace braid {

const char *to_string(link_state s) noexcept
{
	switch (s) {
	case link_state::down:
		return "down";
	case link_state::coming_up:
		return "coming up";
	case link_state::up:
		return "up";
	case link_state::going_down:
		return "going down";
	}
	return "?";
}

link_watch::link_watch(const link_report &first, const link_delays &delays, time_ms now) noexcept
	: since_(now)
{
	report(first, delays, now);
}

void link_watch::report(const link_report &seen, const link_delays &delays, time_ms now) noexcept
{
	if (seen.up) {
		speed_mbps_ = seen.speed_mbps;
		full_duplex_ = seen.full_duplex;
	}
	switch (state_) {
	case link_state::down:
		if (seen.up)
			enter(link_state::coming_up, now);
		break;
	case link_state::coming_up:
		if (!seen.up)
			enter(link_state::down, now);
		break;
	case link_state::up:
		if (!seen.up)
			enter(link_state::going_down, now);
		break;
	case link_state::going_down:
		if (seen.up)
			enter(link_state::up, now);
		break;
	}
	// A delay of 0 ms ends where it began.
	expire(delays, now);
}

void link_watch::expire(const link_delays &delays, time_ms now) noexcept
{
	// Compares durations, not points in time: a sum could pass the end of the clock. A `now` before the
	// state began is a caller's mistake and must not end a delay.
	const time_ms elapsed = now > since_ ? now - since_ : 0;
	if (!delayed() || elapsed < delay_ms(delays))
		return;
	if (state_ == link_state::going_down) {
		failures_++;
		enter(link_state::down, now);
	} else {
		enter(link_state::up, now);
	}
}

void link_watch::skip_up_delay(time_ms now) noexcept
{
	if (state_ == link_state::coming_up)
		enter(link_state::up, now);
}

time_ms link_watch::deadline(const link_delays &delays) const noexcept
{
	const std::uint32_t delay = delay_ms(delays);
	return !delayed() || since_ > never - delay ? never : since_ + delay;
}

std::uint32_t link_watch::delay_ms(const link_delays &delays) const noexcept
{
	return state_ == link_state::going_down ? delays.down_ms : delays.up_ms;
}

void link_watch::enter(link_state next, time_ms now) noexcept
{
	state_ = next;
	since_ = now;
}

} // namespace braid
