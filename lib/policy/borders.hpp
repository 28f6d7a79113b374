/* SPDX-License-Identifier: BSD-3-Clause */
// Where the bucket table of two members passes from one to the other: who sends a packet can then be told by comparing its
// hash, of many packets at once, instead of looking up each.
//
// There are few such places: what a member takes or gives when members come and go are buckets side by side (buckets.hpp).
#pragma once

#include "base/limits.hpp"

#include <cstdint>
#include <span>

namespace braid {

// Hashes are ordered as signed numbers, since so vectors are compared. No std::array: deal_avx2.cpp would emit its functions
// where they are not inlined.
struct alignas(64) borders {
	static constexpr unsigned most = 15;

	std::uint16_t count = 0;         // 0: there are too many to tell, or there is none
	bool second_comes_first = false; // the lowest hashes are the second member's
	std::int32_t last[most] = {};    // before each border the last hash, ascending
};
static_assert(sizeof(borders) == 64);

// Of a table that so many members share; none unless they are two. A bucket's entry is bucket_entry(0, 2) or bucket_entry(1, 2)
// then.
borders find_borders(std::span<const std::uint8_t, bucket_count> table, unsigned members) noexcept;

} // namespace braid
