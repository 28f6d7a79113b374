/* SPDX-License-Identifier: BSD-3-Clause */
// The flow key: the fields by which a policy tells one flow from another. Packets with equal keys leave
// through the same member. What stands in the key:
//
//   l2   destination and source MAC, EtherType.
//   l23  l2, and the IPv4 or IPv6 addresses where there are any.
//   l34  IP addresses, protocol, and the ports of TCP, UDP and SCTP where every packet of the flow shows them
//        (views.hpp says when). What is not IP, or not soundly, has the key of l2.
//   flow the RSS hash that the packet was received with, and nothing else; without one, l34.
//
// The fields keep their direction: the two directions of a connection have different keys.
//
// The EtherType is that behind the VLAN tags, and the tags themselves are left out, so that a NIC which
// strips or inserts them does not move a flow. As in Linux bonding it is in the key of l2, so that one pair
// of stations with several network protocols can use several members. The length that 802.3 frames have in
// its place is left out: the frames of one LLC conversation differ in it and must not overtake one another.
//
// Linux leaves the protocol out of layer3+4; here it is in, so that TCP and UDP between the same ports need
// not share a member. All fragments of a datagram have the same: those of IPv6 have the number of the
// fragment header. Everything else without ports goes by addresses and protocol.
//
// An ICMP error is a packet of the flow that it is about, as in Linux bonding: it has the key of those packets of
// that flow which travel its own way, back to the sender of what it quotes. So it reaches the host behind several
// paths that the flow reaches.
//
// A packet too short for an Ethernet header has an empty key, unless its RSS hash is the key.
#pragma once

#include "base/mode.hpp"
#include "packet/views.hpp"

#include <rte_mbuf_core.h>

#include <bit>
#include <cstdint>
#include <optional>

namespace braid {

// Two words of MAC addresses and EtherType, four of IPv6 addresses.
inline constexpr unsigned max_flow_key_words = 6;

// What stands in the key of a policy.
struct hash_fields {
	bool rss = false;       // the RSS hash, alone, if there is one
	bool macs = false;      // MAC addresses and EtherType also of packets with IP
	bool addresses = false; // of IP
	bool ports = false;     // and the protocol
};

constexpr hash_fields fields_of(hash_policy p) noexcept
{
	switch (p) {
	case hash_policy::l2: return {.macs = true};
	case hash_policy::l23: return {.macs = true, .addresses = true};
	case hash_policy::l34: return {.addresses = true, .ports = true};
	case hash_policy::flow: return {.rss = true, .addresses = true, .ports = true};
	}
	__builtin_unreachable();
}

// A packet that was received keeps it, however its headers were rewritten on the way. An application that uses mbuf->hash
// for something else must clear the flag.
inline bool has_rss_hash(const rte_mbuf &m) noexcept { return (m.ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0; }

// A word of the key, as two halves of 32 bits.
constexpr std::uint64_t mac_tail_word(std::uint32_t macs_tail, std::uint16_t type) noexcept
{
	constexpr std::uint16_t lowest_type = 0x0600;
	return macs_tail | std::uint64_t{type < lowest_type ? std::uint16_t{0} : type} << 32;
}

constexpr std::uint64_t upper_layer_word(upper_layer_view upper) noexcept
{
	return upper.ports | std::uint64_t{upper.protocol} << 32;
}

// Between whom a packet travels.
struct flow_view {
	ip_view ip;
	upper_layer_view upper;
};

// The same flow's packets in the other direction.
constexpr flow_view turned_around(flow_view flow) noexcept
{
	auto &ends = flow.ip.addresses;
	if (flow.ip.version == 6)
		ends = {ends[2], ends[3], ends[0], ends[1]};
	else
		ends[0] = std::rotl(ends[0], 32);
	flow.upper.ports = std::rotl(flow.upper.ports, 16);
	return flow;
}

inline flow_view view_flow(const packet_bytes &packet, const ip_view &ip) noexcept
{
	const transport_view transport = view_transport(packet, ip);
	if (const auto quoted = view_quoted_ip(packet, ip, transport)) [[unlikely]]
		return turned_around({*quoted, view_upper_layer(packet, *quoted)});
	return {ip, view_upper_layer(packet, transport)};
}

// Calls key.add(word) for each word of the packet's key under policy P. A key needs no place to stand: a hash
// takes the words as they come.
template <hash_policy P, typename Key>
[[gnu::always_inline]] inline void add_flow_key(const rte_mbuf &m, Key &key) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	if (fields.rss && has_rss_hash(m)) {
		key.add(m.hash.rss);
		return;
	}
	const packet_bytes packet(m);
	const auto frame = view_frame(packet);
	if (!frame)
		return;

	const auto ip = fields.addresses ? view_ip(packet, *frame) : std::nullopt;
	if (fields.macs || !ip) {
		key.add(frame->macs_head);
		key.add(mac_tail_word(frame->macs_tail, frame->type));
	}
	if (!ip)
		return;
	const flow_view flow = view_flow(packet, *ip);
	key.add(flow.ip.addresses[0]);
	for (unsigned i = 1; flow.ip.version == 6 && i < flow.ip.addresses.size(); i++)
		key.add(flow.ip.addresses[i]);
	if (fields.ports)
		key.add(upper_layer_word(flow.upper));
}

} // namespace braid
