/* SPDX-License-Identifier: BSD-3-Clause */
// What no bond can go below: the cost of touching every packet, without a bond.
#pragma once

#include <vector>

namespace braid::bench {

struct floor_cost {
	const char *what;
	double cycles; // a packet; the minimum of many passes over 256 hot packets
};

std::vector<floor_cost> measure_floors(double seconds);

} // namespace braid::bench
