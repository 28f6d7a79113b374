/* SPDX-License-Identifier: BSD-3-Clause */
// The one clock of the driver; lib/ is told the time.
#pragma once

#include "base/ids.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>

namespace braid {

// CLOCK_MONOTONIC.
using monotonic = std::chrono::steady_clock;

inline std::uint64_t now_ns() noexcept
{
	return static_cast<std::uint64_t>(
		std::chrono::duration_cast<std::chrono::nanoseconds>(monotonic::now().time_since_epoch()).count());
}

inline time_ms now_ms() noexcept { return now_ns() / 1'000'000; }

// The moment at which `now_ms() >= at` becomes true.
inline monotonic::time_point to_time_point(time_ms at) noexcept
{
	return monotonic::time_point(std::chrono::milliseconds(at));
}

// Sleeps so long, also while signals arrive at any rate. What nanosleep() says is left after each includes the timer's slack, so
// that std::this_thread::sleep_for() never ends under the SIGIO that net_tap raises for every packet.
inline void sleep_for_us(std::uint64_t us) noexcept
{
	const std::uint64_t until = now_ns() + us * 1000;
	timespec at{};
	at.tv_sec = static_cast<std::time_t>(until / 1'000'000'000);
	at.tv_nsec = static_cast<long>(until % 1'000'000'000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR)
		continue;
}

} // namespace braid
