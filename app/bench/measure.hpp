/* SPDX-License-Identifier: BSD-3-Clause */
// Measures one case: all subjects in turn, again and again, so that what disturbs the machine disturbs each of them.
#pragma once

#include "cases.hpp"
#include "statistics.hpp"

#include <array>
#include <string>

namespace braid::bench {

// What is compared. `churned` is net_braid while the set or the mode changes, `unpinned` one without pinning beside one
// with it.
enum class series : std::uint8_t { bare, bonding, braid, churned, unpinned };
inline constexpr unsigned series_count = 5;

const char *to_string(series s);

struct measured {
	bench_case what;
	// TSC cycles per packet (tx) or per burst (rx), in the order of `series`; count 0 where nothing was measured.
	std::array<summary, series_count> cycles = {};
	double changes_per_s = 0; // that were really made
	std::string trouble;      // why something was not measured; "" if all was

	const summary &of(series s) const { return cycles[static_cast<unsigned>(s)]; }
	bool has(series s) const { return of(s).count > 0; }
};

measured measure(const bench_case &what, double seconds);

enum class verdict : std::uint8_t { unbound, met, missed };

// The figure that the case's bound is about, from the minima; NaN if it lacks a series. Without a bound, the cycles of
// net_bonding over those of net_braid, or with pinning those of net_braid over what it takes without.
double figure(const measured &m);
verdict judge(const measured &m);

} // namespace braid::bench
