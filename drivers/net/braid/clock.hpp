/* SPDX-License-Identifier: BSD-3-Clause */
// The one clock of the driver; lib/ is told the time.
#pragma once

#include "base/ids.hpp"

#include <chrono>

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

} // namespace braid
