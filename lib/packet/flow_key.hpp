/* SPDX-License-Identifier: BSD-3-Clause */
// The flow key: the fields by which a policy tells one flow from another. Packets with equal keys leave
// through the same member. What stands in the key:
//
//   l2           destination and source MAC, EtherType.
//   l23          l2, and the IPv4 or IPv6 addresses where there are any.
//   l34          IP addresses, protocol, and the ports of TCP, UDP and SCTP where every packet of the flow shows
//                them (views.hpp says when). What is not IP, or not soundly, has the key of l2.
//   flow         the RSS hash that the packet was received with, and nothing else; without one, l34.
//   encap23      l2, and the addresses of the innermost IP header that can be read (tunnels.hpp says how).
//   encap34      l34 of the innermost packet that can be read.
//   vlan+srcmac  source MAC and outermost VLAN, so that a station stays on one member.
//   ...+sym      the same for both directions of a connection.
//
// Without +sym the fields keep their direction: the two directions of a connection have different keys.
//
// The EtherType is that behind the VLAN tags, and but for vlan+srcmac the tags themselves are left out, so that a NIC
// which strips or inserts them does not move a flow. As in Linux bonding the type is in the key of l2, so that one pair
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
// Tunnels end between few addresses, and what they carry is many flows: so encap23 and encap34 go by what is inside, and
// the tunnel's own addresses and numbers do not count. Where the inside cannot be read, encap34 has a label in the place
// of ports (innermost_view::label; or else the flow label of IPv6, as RFC 6438 has it), and a packet of MPLS that is not
// known to carry IP has one after the fields of l2. A label belongs to one direction: +sym leaves it out.
//
// A packet too short for an Ethernet header has an empty key, unless its RSS hash is the key.
#pragma once

#include "base/mode.hpp"
#include "packet/tunnels.hpp"
#include "packet/views.hpp"

#include <rte_mbuf_core.h>

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

namespace braid {

// Two words of MAC addresses and EtherType, four of IPv6 addresses.
inline constexpr unsigned max_flow_key_words = 6;

// What stands in the key of a policy.
struct hash_fields {
	bool rss = false;             // the RSS hash, alone, if there is one
	bool vlan_and_source = false; // and nothing else
	bool macs = false;            // MAC addresses and EtherType also of packets with IP
	bool addresses = false;       // of IP
	bool ports = false;           // and the protocol
	bool inside = false;          // of the innermost packet
	bool symmetric = false;       // both directions alike
};

constexpr hash_fields fields_of(hash_policy p) noexcept
{
	switch (p) {
	case hash_policy::l2: return {.macs = true};
	case hash_policy::l23: return {.macs = true, .addresses = true};
	case hash_policy::l34: return {.addresses = true, .ports = true};
	case hash_policy::flow: return {.rss = true, .addresses = true, .ports = true};
	case hash_policy::encap23: return {.macs = true, .addresses = true, .inside = true};
	case hash_policy::encap34: return {.addresses = true, .ports = true, .inside = true};
	case hash_policy::vlan_srcmac: return {.vlan_and_source = true};
	case hash_policy::l2_sym: return {.macs = true, .symmetric = true};
	case hash_policy::l23_sym: return {.macs = true, .addresses = true, .symmetric = true};
	case hash_policy::l34_sym: return {.addresses = true, .ports = true, .symmetric = true};
	case hash_policy::encap23_sym:
		return {.macs = true, .addresses = true, .inside = true, .symmetric = true};
	case hash_policy::encap34_sym:
		return {.addresses = true, .ports = true, .inside = true, .symmetric = true};
	}
	__builtin_unreachable();
}

// A packet that was received keeps it, however its headers were rewritten on the way. An application that uses mbuf->hash
// for something else must clear the flag.
inline bool has_rss_hash(const rte_mbuf &m) noexcept { return (m.ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0; }

// ---- the words of a key
//
// They stand as they stand in frames, so that vector units can take them from there; in each, what is not in the key is 0.

// What stands before the source address of IPv4: time to live, protocol, checksum. Of IPv6: next header, hop limit; behind
// the first 32 bits of the source stand more of it, which are in another word.
inline constexpr std::uint64_t ipv4_protocol_and_source = 0xffffffff'0000ff00;
inline constexpr std::uint64_t ipv6_protocol_and_source = 0x0000ffff'ffff00ff;

template <typename Key> [[gnu::always_inline]] inline void add_macs(const frame_view &frame, Key &key) noexcept
{
	constexpr std::uint16_t lowest_type = 0x0600;
	const std::uint16_t type = frame.type < lowest_type ? std::uint16_t{0} : rte_cpu_to_be_16(frame.type);
	key.add(frame.macs_head);
	key.add(frame.macs_tail, type);
}

template <typename Key>
[[gnu::always_inline]] inline void add_ipv4(std::uint64_t addresses, upper_layer_view upper, Key &key) noexcept
{
	key.add(std::uint32_t{upper.protocol} << 8, static_cast<std::uint32_t>(addresses));
	key.add(static_cast<std::uint32_t>(addresses >> 32), upper.ports);
}

// Half a word apart from where the addresses stand, so that the ports are the half behind them.
template <typename Key>
[[gnu::always_inline]] inline void add_ipv6(const std::array<std::uint64_t, 4> &addresses, upper_layer_view upper,
                                            Key &key) noexcept
{
	const auto upper_half = [&](unsigned i) { return static_cast<std::uint32_t>(addresses[i] >> 32); };
	for (unsigned i = 0; i < 3; i++)
		key.add(upper_half(i), static_cast<std::uint32_t>(addresses[i + 1]));
	key.add(upper_half(3), upper.ports);
	key.add(upper.protocol | (addresses[0] & UINT32_MAX) << 16);
}

// ---- symmetry: the directions of a flow cannot be told apart
//
// Of each part of the two ends that is at the same place in them, the lesser stands before and the greater behind: parts of 32
// bits of addresses, of 16 bits of MAC addresses, and ports. So a vector unit can do it, and no branch depends on who talks to
// whom. That makes flows alike as well whose ends have exchanged parts, such as ports; they are few.

constexpr std::uint32_t ports_in_order(std::uint32_t ports) noexcept { return std::max(ports, std::rotl(ports, 16)); }

// Of IPv4.
constexpr std::uint64_t addresses_in_order(std::uint64_t addresses) noexcept
{
	const auto first = static_cast<std::uint32_t>(addresses), second = static_cast<std::uint32_t>(addresses >> 32);
	return std::min(first, second) | std::uint64_t{std::max(first, second)} << 32;
}

// Of IPv6.
inline std::array<std::uint64_t, 4> addresses_in_order(const std::array<std::uint64_t, 4> &addresses) noexcept
{
	using parts = std::uint32_t __attribute__((vector_size(16)));
	const auto first = std::bit_cast<parts>(std::array{addresses[0], addresses[1]});
	const auto second = std::bit_cast<parts>(std::array{addresses[2], addresses[3]});
	const auto lesser = std::bit_cast<std::array<std::uint64_t, 2>>(first < second ? first : second);
	const auto greater = std::bit_cast<std::array<std::uint64_t, 2>>(first < second ? second : first);
	return {lesser[0], lesser[1], greater[0], greater[1]};
}

inline frame_view in_order(frame_view frame) noexcept
{
	using parts = std::uint16_t __attribute__((vector_size(16)));
	const std::uint64_t tail = rte_cpu_to_le_64(rte_le_to_cpu_32(frame.macs_tail)); // as it would stand in memory
	const auto macs = std::bit_cast<parts>(std::array{frame.macs_head, tail});
	const auto other = __builtin_shufflevector(macs, macs, 3, 4, 5, 0, 1, 2, 6, 7);
	const parts lesser = macs < other ? macs : other, greater = macs < other ? other : macs;
	const auto ordered = __builtin_shufflevector(lesser, greater, 0, 1, 2, 11, 12, 13, 14, 15);
	const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(ordered);
	frame.macs_head = halves[0];
	frame.macs_tail = rte_cpu_to_le_32(static_cast<std::uint32_t>(rte_le_to_cpu_64(halves[1])));
	return frame;
}

// Between whom a packet travels.
struct flow_view {
	ip_view ip;
	upper_layer_view upper;
};

// The same flow's packets in the other direction. What flow label they have cannot be known.
constexpr flow_view turned_around(flow_view flow) noexcept
{
	auto &ends = flow.ip.addresses;
	if (flow.ip.version == 6)
		ends = {ends[2], ends[3], ends[0], ends[1]};
	else
		ends[0] = std::rotl(ends[0], 32);
	flow.ip.flow_label = 0;
	flow.upper.ports = std::rotl(flow.upper.ports, 16);
	return flow;
}

inline flow_view in_order(flow_view flow) noexcept
{
	if (flow.ip.version == 4)
		flow.ip.addresses[0] = addresses_in_order(flow.ip.addresses[0]);
	else
		flow.ip.addresses = addresses_in_order(flow.ip.addresses);
	flow.upper.ports = ports_in_order(flow.upper.ports);
	return flow;
}

inline constexpr std::uint16_t vlan_number = 0x0fff; // of a tag's control information

// The number in a tag that stands where the EtherType would; 0: there is none.
inline std::uint16_t vlan_of_tag(const std::byte *tag) noexcept
{
	const bool is_one = is_vlan_tag(rte_be_to_cpu_16(load<rte_be16_t>(tag)));
	return rte_be_to_cpu_16(load<rte_be16_t>(tag + 2)) & (is_one ? vlan_number : 0);
}

// The number of the outermost VLAN that the packet will have on the wire; 0: untagged.
inline std::uint16_t outermost_vlan(const rte_mbuf &m, const packet_bytes &packet) noexcept
{
	if ((m.ol_flags & RTE_MBUF_F_TX_QINQ) == RTE_MBUF_F_TX_QINQ)
		return m.vlan_tci_outer & vlan_number;
	if ((m.ol_flags & RTE_MBUF_F_TX_VLAN) != 0)
		return m.vlan_tci & vlan_number;
	std::array<std::byte, 4> scratch;
	const std::byte *tag = packet.at(offsetof(rte_ether_hdr, ether_type), scratch);
	return tag != nullptr ? vlan_of_tag(tag) : std::uint16_t{0};
}

// The word of vlan+srcmac: eight bytes of the Ethernet header end with the source address.
inline std::uint64_t station_word(const std::byte *header, std::uint16_t vlan) noexcept
{
	constexpr std::size_t source_and_before = 4;
	return rte_le_to_cpu_64(load<std::uint64_t>(header + source_and_before)) >> 16 | std::uint64_t{vlan} << 48;
}

// Nothing behind the outermost tag is looked at.
template <typename Key>
[[gnu::always_inline]] inline void add_vlan_and_source(const rte_mbuf &m, const packet_bytes &packet, Key &key) noexcept
{
	std::array<std::byte, sizeof(rte_ether_hdr)> scratch;
	if (const std::byte *header = packet.at(0, scratch); header != nullptr)
		key.add(station_word(header, outermost_vlan(m, packet)));
}

// The IP header whose packet the key is of, and a label as innermost_view's.
struct found_ip {
	std::optional<ip_view> ip;
	std::uint32_t label = 0;
};

template <hash_policy P>
[[gnu::always_inline]] inline found_ip look_for_ip(const packet_bytes &packet, const frame_view &frame) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	if constexpr (fields.inside) {
		const auto [type, offset, label] = look_inside(
			packet, frame, fields.symmetric ? entropy_labels::are_skipped : entropy_labels::end_the_search);
		return {view_ip(packet, type, offset), label};
	} else if constexpr (fields.addresses) {
		return {view_ip(packet, frame.type, frame.payload)};
	} else {
		return {};
	}
}

// What stands in the key of the flow between the addresses of `ip`.
template <hash_policy P, typename Key>
[[gnu::always_inline]] inline void add_flow(const ip_view &ip, upper_layer_view upper, Key &key) noexcept
{
	if constexpr (fields_of(P).ports && !fields_of(P).symmetric) {
		if (ip.version == 6)
			add_ipv6(ip.addresses, upper, key);
		else
			add_ipv4(ip.addresses[0], upper, key);
	} else {
		if constexpr (fields_of(P).ports)
			key.add(upper.protocol, upper.ports);
		for (unsigned i = 0; i < (ip.version == 6 ? ip.addresses.size() : 1); i++)
			key.add(ip.addresses[i]);
	}
}

// The same of a packet; `label` is what stands in the place of its ports, 0: they do.
template <hash_policy P, typename Key>
[[gnu::always_inline]] inline void add_flow(const ip_view &ip, upper_layer_view upper, std::uint32_t label, Key &key) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	if constexpr (fields.symmetric) {
		const flow_view flow = in_order({ip, upper});
		add_flow<P>(flow.ip, flow.upper, key);
	} else {
		if (label != 0)
			upper.ports = label;
		else if (fields.inside && upper.ports == 0)
			upper.ports = ip.flow_label;
		add_flow<P>(ip, upper, key);
	}
}

// Calls key.add(word) for each word of the packet's key under policy P. A key needs no place to stand: a hash
// takes the words as they come. Views are used where they were made: to copy one is to wait for the stores that made it.
template <hash_policy P, typename Key>
[[gnu::always_inline]] inline void add_flow_key(const rte_mbuf &m, Key &key) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	if (fields.rss && has_rss_hash(m)) {
		key.add(m.hash.rss);
		return;
	}
	const packet_bytes packet(m);
	if constexpr (fields.vlan_and_source)
		return add_vlan_and_source(m, packet, key);
	const auto frame = view_frame(packet);
	if (!frame)
		return;

	const found_ip found = look_for_ip<P>(packet, *frame);
	if (fields.macs || !found.ip) {
		if constexpr (fields.symmetric)
			add_macs(in_order(*frame), key);
		else
			add_macs(*frame, key);
	}
	const std::uint32_t label = fields.symmetric ? 0 : found.label;
	if (!found.ip) {
		if (label != 0)
			key.add(label);
		return;
	}
	const transport_view transport = view_transport(packet, *found.ip);
	if (const auto quoted = view_quoted_ip(packet, *found.ip, transport)) [[unlikely]] {
		const flow_view flow = turned_around({*quoted, view_upper_layer(packet, *quoted)});
		add_flow<P>(flow.ip, flow.upper, label, key);
	} else {
		add_flow<P>(*found.ip, view_upper_layer(packet, transport), label, key);
	}
}

} // namespace braid
