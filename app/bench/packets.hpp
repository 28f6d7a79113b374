/* SPDX-License-Identifier: BSD-3-Clause */
// Packets to send and to receive: each a flow of its own, the same in every run.
#pragma once

#include "frames.hpp"

#include <cstdint>
#include <span>
#include <vector>

#include <rte_mbuf_core.h>

namespace braid::bench {

// Taken from the pool, given back in the end.
class packet_set {
public:
	packet_set(traffic kind, unsigned count);
	~packet_set();
	packet_set(const packet_set &) = delete;
	packet_set &operator=(const packet_set &) = delete;

	std::span<rte_mbuf *> all() { return packets_; }

	// Puts them in another order.
	void shuffle();

	// Undoes what broadcast added for members that, being sinks, never free.
	void set_references(unsigned each);

	// Names in each packet, by chance, one of these members of a net_braid to leave through.
	void pin(std::span<const std::uint32_t> member_ids);

private:
	std::vector<rte_mbuf *> packets_;
	std::minstd_rand order_; // quick: it takes turns with the work that is timed
};

} // namespace braid::bench
