/* SPDX-License-Identifier: BSD-3-Clause */
// What control costs: the time of each operation under traffic, and how many flows a change of the set moves.
#pragma once

#include "stopwatch.hpp"

#include <vector>

namespace braid::bench {

// Each operation `rounds` times through the API while a thread sends and receives, then what interrupts traffic.
std::vector<operation_times> time_operations(unsigned rounds);

// Shares of all flows that have another member than before.
struct movement {
	unsigned members;      // before
	double leaves;         // one of them leaves; 1/members is the least that is possible
	double returns;        // the same one is back, against the time before it left
	double joins;          // one more; 1/(members + 1) would be fair
	double bonding_leaves; // the same over net_bonding; NaN without it
	double bonding_joins;
};

std::vector<movement> move_flows(unsigned most_members);

} // namespace braid::bench
