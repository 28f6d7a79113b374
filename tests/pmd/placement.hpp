/* SPDX-License-Identifier: BSD-3-Clause */
// Which member sends which flow.
#pragma once

#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace braid {

inline constexpr unsigned flows = 4000;

// A packet of flow number `flow`, told from others by what the policy looks at and by nothing else.
inline rte_mbuf *packet_under(braid_policy policy, std::uint32_t flow)
{
	packet_spec spec;
	spec.sequence = flow;
	std::optional<std::uint32_t> rss;
	switch (policy) {
	case BRAID_POLICY_L2:
	case BRAID_POLICY_L2_SYM:
	case BRAID_POLICY_VLAN_SRCMAC:
		spec.src_mac.addr_bytes[4] = static_cast<std::uint8_t>(flow >> 8);
		spec.src_mac.addr_bytes[5] = static_cast<std::uint8_t>(flow);
		break;
	case BRAID_POLICY_L23:
	case BRAID_POLICY_L23_SYM:
	case BRAID_POLICY_ENCAP23:
	case BRAID_POLICY_ENCAP23_SYM:
		spec.src_ip += flow;
		break;
	case BRAID_POLICY_L34:
	case BRAID_POLICY_L34_SYM:
	case BRAID_POLICY_ENCAP34:
	case BRAID_POLICY_ENCAP34_SYM:
		spec.src_port = static_cast<std::uint16_t>(1024 + flow);
		break;
	case BRAID_POLICY_FLOW:
		rss = flow;
		break;
	}
	rte_mbuf *const packet = make_packet(spec);
	if (rss) {
		packet->hash.rss = *rss;
		packet->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	}
	return packet;
}

// Sends one packet of each flow; element f of the answer is the index of the port that sent flow f.
inline std::vector<int> placement(test_bond &bond, std::span<fake_port> ports, braid_policy policy,
                                  std::uint16_t queue = 0)
{
	std::vector<int> place(flows, -1);
	for (std::uint32_t first = 0; first < flows; first += 32) {
		std::vector<rte_mbuf *> packets;
		for (std::uint32_t f = first; f < std::min(first + 32, flows); f++)
			packets.push_back(packet_under(policy, f));
		EXPECT_EQ(bond.send(packets, queue), packets.size());
	}
	for (std::size_t i = 0; i < ports.size(); i++)
		for (std::uint32_t flow : sent_by(ports[i]))
			place.at(flow) = static_cast<int>(i);
	return place;
}

inline unsigned share_of(const std::vector<int> &place, int port)
{
	return static_cast<unsigned>(std::count(place.begin(), place.end(), port));
}

} // namespace braid
