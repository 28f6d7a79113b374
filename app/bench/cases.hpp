/* SPDX-License-Identifier: BSD-3-Clause */
// What is measured, and what must come out.
#pragma once

#include "frames.hpp"

#include "base/mode.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace braid::bench {

enum class direction : std::uint8_t { tx, rx };

// What a background thread changes, back and forth, while packets flow.
enum class churn : std::uint8_t {
	none,
	membership, // one member is removed and added again
	links,      // the link of one member goes down and up, so that it is not used and used again
	mode,
};
inline constexpr unsigned churn_count = 4;

const char *to_string(churn c);

// What becomes of packets that name the member they are to leave through.
enum class pinning : std::uint8_t {
	off,  // nobody looks
	none, // the bond looks, and no packet does
	all,  // each does
};

enum class bound_kind : std::uint8_t {
	none,
	fewer_than_bonding,      // cycles of net_bonding over those of net_braid, at least
	over_bare_per_burst,     // cycles a burst more than the bare member, at most
	over_bonding_per_packet, // cycles a packet more than net_bonding, at most
	over_quiet,              // cycles with churn over those without, at most
};

struct bound {
	bound_kind kind = bound_kind::none;
	double value = 0;
};

struct bench_case {
	direction way = direction::tx;
	braid::mode mode = braid::mode::balance;
	std::string policy = "l34";
	traffic kind = traffic::ipv4;
	unsigned members = 2;
	std::uint16_t burst = 32;
	unsigned packets = 256;         // the working set: 256 stay in the first-level cache, 32768 do not
	unsigned busy = 1;              // rx: members that have packets; each has a whole burst
	std::string rx_port = "member"; // rx
	unsigned references = 1;        // broadcast: of each packet, before it is sent
	unsigned threads = 1;           // each on a queue of its own
	churn change = churn::none;
	unsigned changes_per_s = 0;
	pinning pins = pinning::off;
	bool repeats_order = false; // sends the set in one order, pass after pass, where it would be a new one each time
	bound must = {};

	// Whether each pass over the set is in a new order: where what becomes of a packet depends on what is in it. A processor
	// learns the order of 256 packets by heart and foresees every branch, as it never could in traffic.
	bool reorders() const;

	// Every property that tells it from others: "tx/balance-l34/ipv4/m2/b32/hot".
	std::string name() const;
};

// The cases that have a bound: what a release is held to.
std::vector<bench_case> bounded_cases();

// Those and, in every combination that says something, all others.
std::vector<bench_case> all_cases();

} // namespace braid::bench
