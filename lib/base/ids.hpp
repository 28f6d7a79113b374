/* SPDX-License-Identifier: BSD-3-Clause */
// Identities that must not be mixed up with one another or with plain numbers.
#pragma once

#include <cstdint>

namespace braid {

// A member of a bond. Counts up from 1 and is never used again while the bond lives, so that an id kept by an
// application names the same member or nothing.
enum class member_id : std::uint32_t { none = 0 };

constexpr std::uint32_t to_number(member_id id) noexcept { return static_cast<std::uint32_t>(id); }

// Milliseconds on a clock that never goes back. The caller reads it; nothing under lib/ does.
using time_ms = std::uint64_t;

// No deadline.
inline constexpr time_ms never = UINT64_MAX;

} // namespace braid
