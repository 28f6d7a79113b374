/* SPDX-License-Identifier: BSD-3-Clause */
// The work that is timed: bursts on one port.
#pragma once

#include "cases.hpp"
#include "packets.hpp"

#include <cstddef>
#include <cstdint>

namespace braid::bench {

// One thread's traffic over one queue.
struct station {
	const bench_case &what;
	packet_set &packets;
	std::uint16_t queue;
	bool reorders = what.reorders();
};

// A piece of work: its cycles, and how many packets or bursts those were for. No count: something went wrong.
struct piece {
	double cycles;
	double count;
};

// What reading the clock twice costs, in cycles.
std::uint64_t clock_cost();

// A piece on that port, by the case's direction; `clock` is taken off its cycles.
piece one_piece(const station &s, std::uint16_t port, std::uint64_t clock);

// Brings code and data of a subject back into the caches after another one's turn.
void warm_up(const station &s, std::uint16_t port);

} // namespace braid::bench
