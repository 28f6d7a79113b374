/* SPDX-License-Identifier: BSD-3-Clause */
// Mode round-robin with weights: whose turn it is, in an order that repeats. A member of weight 3 has three turns where one of
// weight 1 has one, as far apart from each other as the others' turns allow.
#pragma once

#include "base/limits.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace braid {

// Of an order of turns.
inline constexpr unsigned most_turns = 4096;

using turn_counts = std::array<std::uint16_t, max_members>;

// How many turns each member has: its weight without the divisor that all weights share, or as many of most_turns as come
// nearest, at least one. There is a weight, and none is 0. Returns their sum.
unsigned count_turns(std::span<const std::uint32_t> weights, turn_counts &turns) noexcept;

// Puts the indices of the members into order[0, sum of turns). Every member has a turn.
void arrange_turns(std::span<const std::uint16_t> turns, std::span<std::uint8_t, most_turns> order) noexcept;

} // namespace braid
