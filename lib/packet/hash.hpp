/* SPDX-License-Identifier: BSD-3-Clause */
// The hash of a packet's flow key, which chooses its bucket.
//
//   flow_hash<P>(m, seed)                      one packet
//   flow_hash_burst<P>(pkts, n, seed, hashes)  a burst, with the headers prefetched
//
// The commonest packets, untagged IPv4 without options and IPv6 without extension headers, take a short way. Every other one has
// its key gathered by flow_key.hpp. Both ways add the same words, so they give the same hash.
#pragma once

#include "base/mode.hpp"
#include "packet/flow_key.hpp"
#include "packet/views.hpp"

#include <rte_byteorder.h>
#include <rte_mbuf_core.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace braid {

// Random bits.
inline constexpr std::uint64_t flow_hash_keys[max_flow_key_words] = {
	0x691b274b0867ee6e, 0x53bdf8202b3b2acb, 0x235f165f517556c4,
	0x9e6af1a03c2ca125, 0x1a3e41eb1d51302c, 0x91589cc7c538b550,
};
inline constexpr std::uint32_t flow_hash_multipliers[] = {0xe58c7bb1, 0x85ebca6b};

// Sums the products of each blinded word's halves and stirs the sum. The multiplications are 32 by 32 bits,
// because vector units have those. The seed is the bond's, so that bonds behind one another do not choose
// alike.
class flow_hasher {
public:
	explicit flow_hasher(std::uint64_t seed) noexcept : seed_(seed) {}

	void add(std::uint64_t word) noexcept
	{
		const std::uint64_t blinded = word ^ next_key();
		sum_ += (blinded & UINT32_MAX) * (blinded >> 32);
	}

	// add(low | high << 32), for halves that come apart.
	void add(std::uint32_t low, std::uint32_t high) noexcept
	{
		const std::uint64_t key = next_key();
		sum_ += std::uint64_t{low ^ static_cast<std::uint32_t>(key)} *
		        (high ^ static_cast<std::uint32_t>(key >> 32));
	}

	// The high bits are the best ones: those of a product depend on every bit below them.
	std::uint32_t value() const noexcept
	{
		// Two multiplications with a shift between: one alone keeps even steps of a flow's fields even, and then a few
		// seeds in a thousand fill members unevenly.
		auto mixed = static_cast<std::uint32_t>(sum_ ^ sum_ >> 32) * flow_hash_multipliers[0];
		mixed ^= mixed >> 15;
		return mixed * flow_hash_multipliers[1];
	}

private:
	std::uint64_t next_key() noexcept { return seed_ ^ flow_hash_keys[count_++]; }

	std::uint64_t seed_;
	std::uint64_t sum_ = 0;
	unsigned count_ = 0;
};

// A short way: untagged IPv4 without options, not a fragment and not ICMP, which may quote another flow, whose bytes up
// to the ports stand in one piece.
namespace plain_ipv4 {

// Where the fields are, in bytes from the start of the frame.
inline constexpr std::size_t type_and_version = 12;
inline constexpr std::size_t fragment = 20;
inline constexpr std::size_t protocol = 23;
inline constexpr std::size_t addresses = 26;
inline constexpr std::size_t ports = 34;
inline constexpr std::size_t end = 38;

inline bool may_be_tunnel(const std::byte *frame) noexcept
{
	const auto number = load<std::uint8_t>(frame + protocol);
	return may_carry_tunnel(number) ||
	       (number == IPPROTO_UDP && is_tunnel_port(rte_be_to_cpu_16(load<rte_be16_t>(frame + ports + 2))));
}

// Type 0x0800, version 4, header length 5 words; the fourth byte loaded is the type of service.
template <hash_policy P> inline bool recognise(const std::byte *frame, std::size_t length) noexcept
{
	return length >= end &&
	       (load<std::uint32_t>(frame + type_and_version) & RTE_BE32(0xffffff00)) == RTE_BE32(0x08004500) &&
	       (!fields_of(P).ports || (load<std::uint16_t>(frame + fragment) & RTE_BE16(0x3fff)) == 0) &&
	       (!fields_of(P).addresses || load<std::uint8_t>(frame + protocol) != IPPROTO_ICMP) &&
	       (!fields_of(P).inside || !may_be_tunnel(frame));
}

// All ones for a protocol that has ports. A load is one instruction and no branch: a mix of TCP, UDP and ICMP
// costs what TCP alone does.
inline constexpr auto port_masks = [] {
	std::array<std::uint32_t, 256> masks{};
	for (unsigned i = 0; i < masks.size(); i++)
		masks[i] = has_ports(static_cast<std::uint8_t>(i)) ? UINT32_MAX : 0;
	return masks;
}();

template <hash_policy P> inline std::uint32_t hash(const std::byte *frame, std::uint64_t seed) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	flow_hasher hasher(seed);
	if constexpr (fields.macs) {
		const frame_view macs{load<std::uint64_t>(frame), load<std::uint32_t>(frame + 8), RTE_ETHER_TYPE_IPV4, 0};
		add_macs(fields.symmetric ? in_order(macs) : macs, hasher);
	}
	const auto ends = load<std::uint64_t>(frame + addresses);
	const auto number = load<std::uint8_t>(frame + protocol);
	const auto port_pair = load<std::uint32_t>(frame + ports) & port_masks[number];
	if constexpr (fields.ports && !fields.symmetric) {
		add_ipv4(ends, {number, port_pair}, hasher);
	} else if constexpr (fields.addresses) {
		if constexpr (fields.ports)
			hasher.add(number, ports_in_order(port_pair));
		hasher.add(fields.symmetric ? addresses_in_order(ends) : ends);
	}
	return hasher.value();
}

} // namespace plain_ipv4

// Another short way: untagged IPv6 with TCP, UDP or SCTP right behind its header.
namespace plain_ipv6 {

inline constexpr std::size_t type_and_version = 12;
inline constexpr std::size_t protocol = 20;
inline constexpr std::size_t addresses = 22;
inline constexpr std::size_t ports = 54;
inline constexpr std::size_t end = 58;

// Where tunnels do not call for more.
template <hash_policy P>
inline constexpr bool serves = fields_of(P).addresses && !fields_of(P).inside && P != hash_policy::flow;

inline bool recognise(const std::byte *frame, std::size_t length) noexcept
{
	return length >= end &&
	       (load<std::uint32_t>(frame + type_and_version) & RTE_BE32(0xfffff000)) == RTE_BE32(0x86dd6000) &&
	       has_ports(load<std::uint8_t>(frame + protocol));
}

template <hash_policy P> inline std::uint32_t hash(const std::byte *frame, std::uint64_t seed) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	flow_hasher hasher(seed);
	if constexpr (fields.macs) {
		const frame_view macs{load<std::uint64_t>(frame), load<std::uint32_t>(frame + 8), RTE_ETHER_TYPE_IPV6, 0};
		add_macs(fields.symmetric ? in_order(macs) : macs, hasher);
	}
	std::array<std::uint64_t, 4> ends{load<std::uint64_t>(frame + addresses), load<std::uint64_t>(frame + addresses + 8),
	                                  load<std::uint64_t>(frame + addresses + 16),
	                                  load<std::uint64_t>(frame + addresses + 24)};
	const auto port_pair = load<std::uint32_t>(frame + ports);
	const auto number = load<std::uint8_t>(frame + protocol);
	if constexpr (fields.symmetric)
		ends = addresses_in_order(ends);
	if constexpr (fields.ports && !fields.symmetric) {
		add_ipv6(ends, {number, port_pair}, hasher);
	} else {
		if constexpr (fields.ports)
			hasher.add(number, ports_in_order(port_pair));
		for (const std::uint64_t word : ends)
			hasher.add(word);
	}
	return hasher.value();
}

} // namespace plain_ipv6

// A short way by vlan+srcmac: what is asked for stands in one piece, and the port will not put another tag before it.
namespace plain_vlan_and_source {

inline constexpr std::size_t tag = 12;
inline constexpr std::size_t end = 16;

inline bool recognise(const rte_mbuf &m) noexcept
{
	return m.data_len >= end && (m.ol_flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ)) == 0;
}

inline std::uint32_t hash(const std::byte *frame, std::uint64_t seed) noexcept
{
	flow_hasher hasher(seed);
	hasher.add(station_word(frame, vlan_of_tag(frame + tag)));
	return hasher.value();
}

} // namespace plain_vlan_and_source

// The hash of any packet, by way of its key. flow_hash() gives the same, sooner.
template <hash_policy P> std::uint32_t flow_hash_by_key(const rte_mbuf &m, std::uint64_t seed) noexcept;

extern template std::uint32_t flow_hash_by_key<hash_policy::l2>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::l23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::l34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::flow>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::encap23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::encap34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::vlan_srcmac>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::l2_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::l23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::l34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::encap23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_by_key<hash_policy::encap34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;

// The hash of a packet that brings its RSS hash along. Queues were chosen by `rss % n` or by the low bits of it; behind two
// multiplications and a seed the high bits depend on all of its bits, so members do not correlate with queues.
inline std::uint32_t hash_of_rss(std::uint32_t rss, std::uint64_t seed) noexcept
{
	flow_hasher hasher(seed);
	hasher.add(rss);
	return hasher.value();
}

// Equal for all packets with the same flow key, whatever their length and segments. Take a bucket from the
// high bits.
template <hash_policy P>
[[gnu::always_inline]] inline std::uint32_t flow_hash(const rte_mbuf &m, std::uint64_t seed) noexcept
{
	if constexpr (P == hash_policy::flow)
		return has_rss_hash(m) ? hash_of_rss(m.hash.rss, seed) : flow_hash<hash_policy::l34>(m, seed);
	const auto *frame = static_cast<const std::byte *>(m.buf_addr) + m.data_off;
	if constexpr (fields_of(P).vlan_and_source)
		return plain_vlan_and_source::recognise(m) ? plain_vlan_and_source::hash(frame, seed) : flow_hash_by_key<P>(m, seed);
	if (plain_ipv4::recognise<P>(frame, m.data_len)) [[likely]]
		return plain_ipv4::hash<P>(frame, seed);
	if constexpr (plain_ipv6::serves<P>)
		if (plain_ipv6::recognise(frame, m.data_len))
			return plain_ipv6::hash<P>(frame, seed);
	return flow_hash_by_key<P>(m, seed);
}

// The same, never inline: for packets that are the exception, on whose account a burst is not to save registers.
template <hash_policy P> [[gnu::noinline]] std::uint32_t flow_hash_alone(const rte_mbuf &m, std::uint64_t seed) noexcept;

extern template std::uint32_t flow_hash_alone<hash_policy::l2>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::l23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::l34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::flow>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::l2_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::l23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::l34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::encap34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::encap34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
extern template std::uint32_t flow_hash_alone<hash_policy::vlan_srcmac>(const rte_mbuf &m, std::uint64_t seed) noexcept;

// hashes[i] = flow_hash<P>(*pkts[i], seed) for every i < n. The mbufs themselves are taken to be hot. Not inline either: units
// with wide instructions call it too, and must not emit it.
template <hash_policy P>
void flow_hash_burst(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;

} // namespace braid
