/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/hash.hpp"

#include "test_tunnels.hpp"
#include "traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

namespace braid {
namespace {

using enum hash_policy;

constexpr std::uint64_t seed = 0x5eed5eed5eed5eed;
constexpr std::size_t ethernet = 14;
constexpr auto all_policies = [] {
	std::array<hash_policy, hash_policy_count> all;
	for (unsigned i = 0; i < all.size(); i++)
		all[i] = static_cast<hash_policy>(i);
	return all;
}();

// All whose key has addresses or ports of headers, and no VLAN.
constexpr hash_policy header_policies[] = {l2,     l23,     l34,     flow,        encap23,    encap34,
                                           l2_sym, l23_sym, l34_sym, encap23_sym, encap34_sym};

template <hash_policy P> struct of_policy {
	static std::uint32_t hash(const rte_mbuf &m, std::uint64_t with) { return flow_hash<P>(m, with); }
	static std::uint32_t by_key(const rte_mbuf &m, std::uint64_t with) { return flow_hash_by_key<P>(m, with); }
};

// Both ways to a packet's hash, by number of the policy.
struct hash_functions {
	std::uint32_t (*hash)(const rte_mbuf &m, std::uint64_t with);
	std::uint32_t (*by_key)(const rte_mbuf &m, std::uint64_t with);
};
constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
	return std::array{hash_functions{of_policy<static_cast<hash_policy>(I)>::hash,
	                                 of_policy<static_cast<hash_policy>(I)>::by_key}...};
}(std::make_index_sequence<hash_policy_count>());

std::uint32_t hash(hash_policy policy, const test_packet &packet, std::uint64_t with = seed)
{
	return functions[static_cast<unsigned>(policy)].hash(*packet, with);
}

std::uint32_t hash(hash_policy policy, const bytes &data) { return hash(policy, test_packet(data)); }

std::uint32_t hash_by_key(hash_policy policy, const test_packet &packet)
{
	return functions[static_cast<unsigned>(policy)].by_key(*packet, seed);
}

bytes with_byte(bytes data, std::size_t offset, unsigned value)
{
	data[offset] = static_cast<std::uint8_t>(value);
	return data;
}

// Where the key's fields are in a packet. Those that say what the packet is (types, versions, lengths of
// headers, fragment fields) are `structure`: to change them makes another kind of packet, and the tests below
// look at each of them.
struct layout {
	bytes data;
	std::size_t type, addresses, addresses_end, ports;
	std::vector<std::size_t> structure;
};

const layout layouts[] = {
	{ipv4_tcp, 12, 26, 34, 34, {14, 20, 21, 23}},
	{ipv4_udp, 12, 26, 34, 34, {14, 20, 21, 23}},
	{ipv4_options_tcp, 12, 26, 34, 42, {14, 20, 21, 23}},
	{ipv6_tcp, 12, 22, 54, 54, {14, 20}},
	{ipv6_udp, 12, 22, 54, 54, {14, 20}},
	{ipv6_extensions_tcp, 12, 22, 54, 86, {14, 20, 54, 55, 62, 63, 78, 79}},
	{tagged(ipv4_tcp, {0x8100}), 16, 30, 38, 38, {12, 13, 18, 24, 25, 27}},
	{tagged(ipv6_udp, {0x88a8, 0x8100}), 20, 30, 62, 62, {12, 13, 16, 17, 22, 28}},
};

bool in_key(hash_policy policy, const layout &l, std::size_t offset)
{
	const hash_fields fields = fields_of(policy);
	if (offset < 12)
		return fields.macs;
	if (offset >= l.addresses && offset < l.addresses_end)
		return fields.addresses;
	return fields.ports && offset >= l.ports && offset < l.ports + 4;
}

bool is_structure(const layout &l, std::size_t offset)
{
	return offset == l.type || offset == l.type + 1 ||
	       std::find(l.structure.begin(), l.structure.end(), offset) != l.structure.end();
}

// Mistake 21: the lowest bit of the ports was dropped with even source ports. Here every bit of every field
// of the key counts, and no bit beside the key does: not the VLAN, the TTL, the sequence number or a
// checksum.
TEST(FlowHash, EveryBitOfTheKeyCountsAndNoOther)
{
	for (const hash_policy policy : header_policies)
		for (const layout &l : layouts) {
			const std::uint32_t original = hash(policy, l.data);
			for (std::size_t bit = 0; bit < 8 * l.data.size(); bit++) {
				const std::size_t offset = bit / 8;
				if (is_structure(l, offset))
					continue;
				const auto changed =
					hash(policy, with_byte(l.data, offset, l.data[offset] ^ 1u << bit % 8));
				EXPECT_EQ(changed != original, in_key(policy, l, offset))
					<< to_string(policy) << " layout " << &l - layouts << " byte " << offset;
			}
		}
}

TEST(FlowHash, L2CountsTheEtherTypeBehindTheTags)
{
	const bytes other = with_byte(ipv4_tcp, 13, 0x42);
	for (const hash_policy policy : header_policies) {
		EXPECT_NE(hash(policy, ipv4_tcp), hash(policy, other));
		EXPECT_NE(hash(policy, other), hash(policy, with_byte(ipv4_tcp, 13, 0x43)));
		EXPECT_EQ(hash(policy, other), hash(policy, tagged(other, {0x8100})));
		EXPECT_EQ(hash(policy, other), hash(policy, tagged(other, {0x88a8, 0x8100})));
	}
}

TEST(FlowHash, FramesOfOneLlcConversationStayTogetherWhateverTheirLength)
{
	const bytes one = join({macs, {0x00, 0x26, 0x42, 0x42, 0x03}});
	const bytes other = join({macs, {0x05, 0xdc, 0x42, 0x42, 0x03}});
	for (const hash_policy policy : all_policies)
		EXPECT_EQ(hash(policy, one), hash(policy, other));
}

TEST(FlowHash, TheLowestEtherTypeIsNoLength)
{
	const auto of_type = [](std::uint8_t high, std::uint8_t low) { return join({macs, {high, low}, bytes(46, 0x42)}); };
	EXPECT_EQ(hash(l2, of_type(0x05, 0xff)), hash(l2, of_type(0x00, 0x2e)));
	EXPECT_NE(hash(l2, of_type(0x06, 0x00)), hash(l2, of_type(0x05, 0xff)));
	EXPECT_NE(hash(l2, of_type(0x06, 0x00)), hash(l2, of_type(0x06, 0x01)));
}

TEST(FlowHash, TagsDoNotMoveAFlow)
{
	for (const hash_policy policy : header_policies)
		for (const bytes &data :
		     {ipv4_tcp, ipv4_udp, ipv4_icmp, ipv4_options_tcp, ipv6_tcp, ipv6_extensions_tcp, arp}) {
			const std::uint32_t untagged = hash(policy, data);
			for (const std::uint16_t outer : {0x8100, 0x88a8, 0x9100}) {
				EXPECT_EQ(hash(policy, tagged(data, {outer})), untagged);
				EXPECT_EQ(hash(policy, tagged(data, {outer, 0x8100})), untagged);
			}
		}
}

TEST(FlowHash, TheSeedChangesTheHash)
{
	for (const hash_policy policy : all_policies)
		for (const packet_kind &kind : packet_kinds) {
			// An empty key has nothing to blind.
			const test_packet packet(kind.data);
			EXPECT_EQ(hash(policy, packet, 1) == hash(policy, packet, 2), kind.data.empty()) << kind.name;
		}
}

// The answer to a packet: source and destination in each others places.
bytes answer_to(const layout &l)
{
	bytes back = l.data;
	const auto swap = [&](std::size_t at, std::size_t width) {
		std::swap_ranges(back.begin() + static_cast<std::ptrdiff_t>(at),
		                 back.begin() + static_cast<std::ptrdiff_t>(at + width),
		                 back.begin() + static_cast<std::ptrdiff_t>(at + width));
	};
	swap(0, 6);
	swap(l.addresses, (l.addresses_end - l.addresses) / 2);
	swap(l.ports, 2);
	return back;
}

TEST(FlowHash, TheDirectionCountsButWithSym)
{
	for (const layout &l : layouts)
		for (const hash_policy policy : header_policies) {
			const bytes back = answer_to(l);
			EXPECT_EQ(hash(policy, l.data) == hash(policy, back), fields_of(policy).symmetric)
				<< to_string(policy) << " layout " << &l - layouts;
			EXPECT_EQ(hash(policy, test_packet(back, {20})), hash(policy, back));
		}
}

// Addresses of which only the last bits differ, or the first ones; ends that are equal; ports that differ alone.
TEST(FlowHash, WithSymAnyTwoEndsCanChangePlaces)
{
	std::mt19937 random(11);
	for (unsigned round = 0; round < 20000; round++) {
		layout l = layouts[random() % std::size(layouts)];
		for (std::size_t i = 0; i < l.data.size(); i++)
			if ((i < 12 || (i >= l.addresses && i < l.addresses_end) || (i >= l.ports && i < l.ports + 4)) &&
			    random() % 4 != 0)
				l.data[i] = random() % 2 ? 0 : static_cast<std::uint8_t>(random());
		for (const hash_policy policy : {l2_sym, l23_sym, l34_sym, encap23_sym, encap34_sym})
			ASSERT_EQ(hash(policy, l.data), hash(policy, answer_to(l))) << to_string(policy);
	}
}

// A host's connection to itself: one address, and ports in both orders.
TEST(FlowHash, WithSymEqualAddressesGoByTheirPorts)
{
	for (const layout &original : layouts) {
		layout l = original;
		const std::size_t half = (l.addresses_end - l.addresses) / 2;
		std::copy_n(l.data.begin() + static_cast<std::ptrdiff_t>(l.addresses), half,
		            l.data.begin() + static_cast<std::ptrdiff_t>(l.addresses + half));
		for (const hash_policy policy : {l34_sym, encap34_sym}) {
			EXPECT_EQ(hash(policy, l.data), hash(policy, answer_to(l))) << "layout " << &original - layouts;
			EXPECT_NE(hash(policy, l.data), hash(policy, with_byte(l.data, l.ports, 0x11)));
		}
	}
}

TEST(FlowHash, WithSymAnIcmpErrorGoesWithBothDirectionsOfItsFlow)
{
	for (const hash_policy policy : {l34_sym, encap34_sym}) {
		EXPECT_EQ(hash(policy, ipv4_icmp_error), hash(policy, answer_to(layouts[0])));
		EXPECT_EQ(hash(policy, ipv6_icmp_error), hash(policy, answer_to(layouts[3])));
	}
}

TEST(FlowHashVlanSrcmac, SourceAndOutermostVlanCountAndNothingElse)
{
	const bytes packet = tagged(ipv4_tcp, {0x88a8, 0x8100}); // VLAN 5 in 5
	const std::uint32_t original = hash(vlan_srcmac, packet);
	for (std::size_t bit = 0; bit < 8 * packet.size(); bit++) {
		const std::size_t offset = bit / 8;
		const bool structure = offset == 12 || offset == 13; // the type of the outermost tag
		const bool number = (offset == 14 && bit % 8 < 4) || offset == 15;
		const bool counts = (offset >= 6 && offset < 12) || number;
		if (!structure) {
			EXPECT_EQ(hash(vlan_srcmac, with_byte(packet, offset, packet[offset] ^ 1u << bit % 8)) != original, counts)
				<< offset;
		}
	}
	EXPECT_EQ(hash(vlan_srcmac, tagged(ipv4_tcp, {0x8100})), original) << "VLAN 5 by another type of tag";
	EXPECT_NE(hash(vlan_srcmac, ipv4_tcp), original);
}

// The NIC puts the tag in: what counts is what will be on the wire.
TEST(FlowHashVlanSrcmac, ATagThatTheNicInsertsCounts)
{
	test_packet one(ipv4_tcp);
	one.mbuf()->vlan_tci = 0xe005; // priority 7
	EXPECT_EQ(hash(vlan_srcmac, one), hash(vlan_srcmac, ipv4_tcp)) << "nobody asked for it";
	one.mbuf()->ol_flags |= RTE_MBUF_F_TX_VLAN;
	EXPECT_EQ(hash(vlan_srcmac, one), hash(vlan_srcmac, tagged(ipv4_tcp, {0x8100})));

	test_packet two(ipv4_tcp);
	two.mbuf()->vlan_tci_outer = 0xe005;
	two.mbuf()->vlan_tci = 77;
	two.mbuf()->ol_flags |= RTE_MBUF_F_TX_QINQ;
	EXPECT_EQ(hash(vlan_srcmac, two), hash(vlan_srcmac, tagged(ipv4_tcp, {0x88a8, 0x8100})));
}

TEST(FlowHashVlanSrcmac, ATagCutShortIsNone)
{
	const bytes packet = tagged(ipv4_tcp, {0x8100});
	for (std::size_t length = 14; length < 16; length++)
		EXPECT_EQ(hash(vlan_srcmac, prefix(packet, length)), hash(vlan_srcmac, ipv4_tcp)) << length;
}

TEST(FlowHash, LengthDoesNotCount)
{
	for (const hash_policy policy : all_policies)
		for (const packet_kind &kind : packet_kinds) {
			// Padding turns a packet without a header into one of zeros.
			if (kind.data.empty())
				continue;
			EXPECT_EQ(hash(policy, kind.data), hash(policy, join({kind.data, bytes(1400, 0xab)})))
				<< kind.name;
		}
}

TEST(FlowHash, LengthFieldsDoNotCount)
{
	// Segmentation offloads leave them zero, and a large receive makes them anything.
	const bytes zero_total_length = with_byte(ipv4_tcp, ethernet + 3, 0);
	const bytes zero_udp_length = with_byte(ipv4_udp, ethernet + 20 + 5, 0);
	const bytes zero_payload_length = with_byte(ipv6_tcp, ethernet + 5, 0);
	EXPECT_EQ(hash(l34, zero_total_length), hash(l34, ipv4_tcp));
	EXPECT_EQ(hash(l34, zero_udp_length), hash(l34, ipv4_udp));
	EXPECT_EQ(hash(l34, zero_payload_length), hash(l34, ipv6_tcp));
}

TEST(FlowHashL34, MacsDoNotCountForIp)
{
	const bytes other_macs{0x02, 0, 0, 0, 0, 0x77, 0x02, 0, 0, 0, 0, 0x78};
	for (const bytes &data : {ipv4_tcp, ipv4_icmp, ipv6_udp}) {
		const bytes moved = join({other_macs, {data.begin() + 12, data.end()}});
		EXPECT_EQ(hash(l34, moved), hash(l34, data));
	}
}

TEST(FlowHashL34, TheProtocolCounts)
{
	const bytes udp = with_byte(ipv4_tcp, ethernet + 9, 17);
	const bytes sctp = with_byte(ipv4_tcp, ethernet + 9, 132);
	EXPECT_NE(hash(l34, ipv4_tcp), hash(l34, udp));
	EXPECT_NE(hash(l34, sctp), hash(l34, udp));
	EXPECT_EQ(hash(l23, ipv4_tcp), hash(l23, udp));
}

// Mistake 21: a pure TCP ACK was not hashed by its ports.
TEST(FlowHashL34, PureAckGoesWithItsFlow)
{
	const bytes data_segment = join({ipv4_tcp, bytes(1000, 0x55)});
	EXPECT_EQ(hash(l34, ipv4_tcp), hash(l34, data_segment));
	EXPECT_NE(hash(l34, ipv4_tcp), hash(l34, with_byte(ipv4_tcp, ethernet + 21, 0x93)));
	EXPECT_NE(hash(l34, ipv6_tcp), hash(l34, with_byte(ipv6_tcp, ethernet + 41, 0x93)));
}

// Mistake 21: UDP without payload missed its ports.
TEST(FlowHashL34, EmptyUdpGoesWithItsFlow)
{
	const bytes with_payload = with_byte(join({ipv4_udp, {1, 2, 3}}), ethernet + 25, 11);
	EXPECT_EQ(hash(l34, ipv4_udp), hash(l34, with_payload));
	EXPECT_NE(hash(l34, ipv4_udp), hash(l34, with_byte(ipv4_udp, ethernet + 23, 0xbc)));
	EXPECT_NE(hash(l34, ipv6_udp), hash(l34, with_byte(ipv6_udp, ethernet + 43, 0xbc)));
}

// Mistake 21: fragments were reordered, since the first one has ports and the others have not.
TEST(FlowHashL34, AllFragmentsOfADatagramGoTheSameWay)
{
	const bytes first = with_byte(ipv4_udp, ethernet + 6, 0x20);
	const bytes middle = join({prefix(with_byte(first, ethernet + 7, 0xb9), ethernet + 20), bytes(1480, 0x11)});
	const bytes last = join({with_byte(prefix(middle, ethernet + 20), ethernet + 6, 0x01), {0x22}});
	EXPECT_EQ(hash(l34, first), hash(l34, middle));
	EXPECT_EQ(hash(l34, first), hash(l34, last));
	EXPECT_NE(hash(l34, first), hash(l34, ipv4_udp));
	EXPECT_NE(hash(l34, first), hash(l34, with_byte(first, ethernet + 12, 11)));
}

TEST(FlowHashL34, FragmentsWithOptionsInTheFirstOnlyGoTheSameWay)
{
	const bytes first = with_byte(ipv4_options_tcp, ethernet + 6, 0x20);
	const bytes last = join({prefix(with_byte(ipv4_tcp, ethernet + 6, 0x01), ethernet + 20), {0x33, 0x44}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
}

TEST(FlowHashL34, AllIpv6FragmentsOfADatagramGoTheSameWay)
{
	const bytes header = prefix(ipv6_fragment, ethernet + 40);
	const bytes first = ipv6_fragment;
	const bytes last = join({header, {17, 0, 0x05, 0xb0, 0, 0, 0, 7}, {0x99, 0x98}});
	// RFC 8200 lets the next header of later fragments differ.
	const bytes last_otherwise = join({header, {59, 0, 0x05, 0xb0, 0, 0, 0, 7}, {0x99, 0x98}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
	EXPECT_EQ(hash(l34, first), hash(l34, last_otherwise));
	EXPECT_NE(hash(l34, first), hash(l34, ipv6_udp));
}

// Mistake 21: "don't fragment" was taken for a fragment.
TEST(FlowHashL34, DontFragmentIsNoFragment)
{
	const bytes without = with_byte(ipv4_tcp, ethernet + 6, 0x00);
	const bytes with = with_byte(ipv4_tcp, ethernet + 6, 0x40);
	EXPECT_EQ(hash(l34, with), hash(l34, without));
	EXPECT_NE(hash(l34, with), hash(l34, with_byte(with, ethernet + 21, 0x93)));
}

// Mistake 21: IPv4 options were read as ports.
TEST(FlowHashL34, OptionsDoNotMoveAFlow)
{
	EXPECT_EQ(hash(l34, ipv4_options_tcp), hash(l34, ipv4_tcp));
	EXPECT_EQ(hash(l23, ipv4_options_tcp), hash(l23, ipv4_tcp));
}

TEST(FlowHashL34, ExtensionHeadersDoNotMoveAFlow) { EXPECT_EQ(hash(l34, ipv6_extensions_tcp), hash(l34, ipv6_tcp)); }

TEST(FlowHashL34, IcmpGoesByAddresses)
{
	const bytes other_echo = with_byte(ipv4_icmp, ethernet + 20 + 5, 2);
	const bytes other_host = with_byte(ipv4_icmp, ethernet + 19, 14);
	EXPECT_EQ(hash(l34, ipv4_icmp), hash(l34, other_echo));
	EXPECT_NE(hash(l34, ipv4_icmp), hash(l34, other_host));
}

// The error's own bytes are followed by the packet that it quotes: see test_packet.hpp for who tells whom.
TEST(FlowHash, AnIcmpErrorGoesWithTheFlowThatItIsAbout)
{
	for (const hash_policy policy : {l23, l34}) {
		EXPECT_EQ(hash(policy, ipv4_icmp_error), hash(policy, ipv4_tcp));
		EXPECT_EQ(hash(policy, ipv6_icmp_error), hash(policy, ipv6_tcp));
		EXPECT_EQ(hash(policy, tagged(ipv4_icmp_error, {0x8100})), hash(policy, ipv4_tcp));
		EXPECT_NE(hash(policy, ipv4_icmp_error), hash(policy, with_byte(ipv4_icmp_error, ethernet + 28 + 15, 14)));
	}
	EXPECT_NE(hash(l34, ipv4_icmp_error), hash(l34, with_byte(ipv4_icmp_error, ethernet + 28 + 21, 0xbc)));
	EXPECT_NE(hash(l34, ipv6_icmp_error), hash(l34, with_byte(ipv6_icmp_error, ethernet + 48 + 41, 0xbc)));
}

TEST(FlowHashL34, OnlyTheErrorsOfIcmpQuoteAFlow)
{
	for (unsigned type = 0; type < 256; type++) {
		const bool v4 = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 20, type)) == hash(l34, ipv4_tcp), v4) << type;
		const bool v6 = type >= 1 && type <= 4;
		EXPECT_EQ(hash(l34, with_byte(ipv6_icmp_error, ethernet + 40, type)) == hash(l34, ipv6_tcp), v6) << type;
	}
}

TEST(FlowHashL34, AnIcmpErrorOfTheOtherVersionQuotesNothing)
{
	EXPECT_NE(hash(l34, with_byte(ipv4_icmp_error, ethernet + 9, 58)), hash(l34, ipv4_tcp));
	EXPECT_NE(hash(l34, with_byte(ipv6_icmp_error, ethernet + 6, 1)), hash(l34, ipv6_tcp));
}

TEST(FlowHashL34, AnIcmpErrorThatQuotesUnsoundlyGoesByItsOwnAddresses)
{
	const bytes echo = with_byte(ipv4_icmp_error, ethernet + 20, 8);
	EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 28, 0x44)), hash(l34, echo)) << "header of 16 bytes";
	EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 28, 0x65)), hash(l34, echo)) << "version 6";
	for (std::size_t length = ethernet + 20; length < ethernet + 28 + 20; length++)
		EXPECT_EQ(hash(l34, prefix(ipv4_icmp_error, length)), hash(l34, echo)) << length;
}

TEST(FlowHashL34, AnIcmpErrorInFragmentsGoesByItsOwnAddresses)
{
	const bytes first = with_byte(ipv4_icmp_error, ethernet + 6, 0x20);
	const bytes last = join({with_byte(prefix(first, ethernet + 20), ethernet + 6, 0x01), {0x45, 0, 0, 0}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
}

// What was quoted is itself a fragment: the flow's fragments have no ports either.
TEST(FlowHashL34, AnIcmpErrorAboutAFragmentGoesWithTheFragments)
{
	const bytes about_fragment = with_byte(ipv4_icmp_error, ethernet + 28 + 6, 0x20);
	EXPECT_EQ(hash(l34, about_fragment), hash(l34, with_byte(ipv4_tcp, ethernet + 6, 0x20)));
}

// An error about an error is against the standard; it must not make the parser go on and on.
TEST(FlowHashL34, AnErrorQuotedInAnErrorIsNotLookedInto)
{
	const bytes quoted{ipv4_icmp_error.begin() + ethernet, ipv4_icmp_error.end()};
	const bytes nested = join({prefix(ipv4_icmp_error, ethernet + 28), quoted});
	const bytes icmp_back = join({prefix(ipv4_icmp, 26), {10, 0, 0, 13, 10, 0, 0, 1}, bytes(8, 0)});
	EXPECT_EQ(hash(l34, nested), hash(l34, icmp_back));
}

test_packet received(const bytes &data, std::uint32_t rss)
{
	test_packet packet(data);
	packet.mbuf()->hash.rss = rss;
	packet.mbuf()->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	return packet;
}

TEST(FlowHashFlow, TheRssHashAloneDecides)
{
	const std::uint32_t one = hash(flow, received(ipv4_tcp, 0x12345678));
	for (const packet_kind &kind : packet_kinds)
		EXPECT_EQ(hash(flow, received(kind.data, 0x12345678)), one) << kind.name;
	for (unsigned bit = 0; bit < 32; bit++)
		EXPECT_NE(hash(flow, received(ipv4_tcp, 0x12345678 ^ 1u << bit)), one) << bit;
	EXPECT_NE(hash(flow, received(ipv4_tcp, 0x12345678), seed + 1), one);
}

TEST(FlowHashFlow, BothWaysAgree)
{
	std::mt19937 random(4);
	for (unsigned round = 0; round < 10000; round++) {
		const test_packet packet = received(ipv4_tcp, static_cast<std::uint32_t>(random()));
		ASSERT_EQ(hash(flow, packet), hash_by_key(flow, packet));
	}
}

TEST(FlowHashFlow, WithoutAnRssHashItIsL34)
{
	for (const packet_kind &kind : packet_kinds) {
		test_packet packet(kind.data);
		packet.mbuf()->hash.rss = 0x12345678; // of an earlier life: the flag is off
		EXPECT_EQ(hash(flow, packet), hash(l34, kind.data)) << kind.name;
		EXPECT_EQ(hash_by_key(flow, packet), hash(l34, kind.data)) << kind.name;
	}
}

TEST(FlowHash, WhatIsNotIpGoesByL2)
{
	for (const bytes &data : {arp, tagged(arp, {0x8100}), tagged(ipv4_tcp, {0x88a8, 0x8100, 0x8100}),
	                          tagged(ipv6_tcp, {0x8100, 0x8100, 0x8100})}) {
		EXPECT_EQ(hash(l34, data), hash(l2, data));
		EXPECT_EQ(hash(l23, data), hash(l2, data));
	}
}

TEST(FlowHash, AMalformedIpHeaderGoesByL2)
{
	for (unsigned version_ihl = 0; version_ihl < 256; version_ihl++) {
		const bytes v4 = with_byte(ipv4_tcp, ethernet, version_ihl);
		const bytes v6 = with_byte(ipv6_tcp, ethernet, version_ihl);
		const bool sound_v4 = version_ihl >= 0x45 && version_ihl <= 0x4f;
		const bool sound_v6 = version_ihl >> 4 == 6;
		for (const hash_policy policy : {l23, l34}) {
			EXPECT_EQ(hash(policy, v4) == hash(l2, v4), !sound_v4) << version_ihl;
			EXPECT_EQ(hash(policy, v6) == hash(l2, v6), !sound_v6) << version_ihl;
		}
	}
}

// Mistake 21: a truncated header. What is left of the packet decides: addresses once their header is whole,
// ports once all four bytes are there.
TEST(FlowHash, TruncatedPacketGoesByWhatIsWhole)
{
	struct row {
		bytes data;
		std::size_t addresses, ports;
	};
	for (const row &r : {row{ipv4_tcp, 34, 38}, row{ipv4_options_tcp, 34, 46}, row{ipv6_udp, 54, 58},
	                     row{ipv6_extensions_tcp, 54, 90}, row{tagged(ipv4_udp, {0x8100}), 38, 42}}) {
		const std::uint32_t nothing = hash(l34, bytes{});
		for (std::size_t length = 0; length < r.data.size(); length++) {
			const bytes cut = prefix(r.data, length);
			EXPECT_EQ(hash(l2, cut) == nothing, length < ethernet) << length;
			EXPECT_EQ(hash(l23, cut) == hash(l2, cut), length < r.addresses) << length;
			EXPECT_EQ(hash(l34, cut) == hash(l2, cut), length < r.addresses) << length;
			EXPECT_EQ(hash(l34, cut) == hash(l34, r.data), length >= r.ports) << length;
		}
	}
}

// Mistake 21: an over-read of a truncated header; AddressSanitizer watches the end of each.
TEST(FlowHash, EveryKindTruncatedAnywhereHashesAlikeOnBothWays)
{
	for (const packet_kind &kind : packet_kinds)
		for (std::size_t length = 0; length <= kind.data.size(); length++) {
			const test_packet packet(prefix(kind.data, length));
			for (const hash_policy policy : all_policies)
				EXPECT_EQ(hash(policy, packet), hash_by_key(policy, packet))
					<< kind.name << ' ' << length;
		}
}

// Mistake 21: a packet whose headers span segments.
TEST(FlowHash, EverySplitHashesAsOnePiece)
{
	for (const packet_kind &kind : packet_kinds)
		for (const hash_policy policy : all_policies) {
			const std::uint32_t whole = hash(policy, kind.data);
			for (std::size_t first = 0; first <= kind.data.size(); first++)
				for (std::size_t second = first; second <= kind.data.size(); second++)
					ASSERT_EQ(hash(policy, test_packet(kind.data, {first, second})), whole)
						<< kind.name << " cut at " << first << " and " << second;
		}
}

TEST(FlowHash, EveryTunnelTruncatedOrCutInTwoAnywhereHashesAlikeOnBothWays)
{
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : {ipv4_udp, ipv6_extensions_tcp, ipv6_icmp_error}) {
			const bytes data = through(t, inner);
			for (std::size_t length = 0; length <= data.size(); length++) {
				const test_packet truncated(prefix(data, length));
				const test_packet cut(data, {length});
				for (const hash_policy policy : all_policies) {
					ASSERT_EQ(hash(policy, truncated), hash_by_key(policy, truncated)) << t.name << length;
					ASSERT_EQ(hash(policy, cut), hash(policy, data)) << t.name << length;
				}
			}
		}
}

TEST(FlowHash, OneBytePerSegmentHashesAsOnePiece)
{
	for (const packet_kind &kind : packet_kinds) {
		std::vector<std::size_t> cuts;
		for (std::size_t i = 1; i < kind.data.size(); i++)
			cuts.push_back(i);
		for (const hash_policy policy : all_policies)
			EXPECT_EQ(hash(policy, test_packet(kind.data, cuts)), hash(policy, kind.data)) << kind.name;
	}
}

// A packet of a random kind, half of them in a tunnel, with a few random bytes, most of them where the parser looks, and
// a random end.
bytes mutated(std::mt19937_64 &random)
{
	bytes data = packet_kinds[random() % packet_kinds.size()].data;
	for (unsigned depth = 0; random() % 2 != 0 && depth < 3 && data.size() > 14; depth++)
		data = through(tunnel_kinds[random() % tunnel_kinds.size()], data);
	constexpr std::uint8_t telling[] = {0x00, 0x01, 0x03, 0x04, 0x06, 0x07, 0x08, 0x0c, 0x11, 0x12, 0x17, 0x20, 0x29, 0x2b,
	                                    0x2c, 0x2f, 0x30, 0x34, 0x3a, 0x3c, 0x40, 0x44, 0x45, 0x47, 0x4f, 0x58, 0x60, 0x65,
	                                    0x68, 0x81, 0x84, 0x86, 0x88, 0x89, 0xa8, 0xb5, 0xc1, 0xdd, 0xff};
	for (auto changes = random() % 4; changes != 0 && !data.empty(); changes--) {
		const std::size_t end = std::min<std::size_t>(data.size(), random() % 2 ? 32 : 150);
		data[random() % end] =
			random() % 4 ? telling[random() % std::size(telling)] : static_cast<std::uint8_t>(random());
	}
	if (random() % 4 == 0)
		data.resize(random() % (data.size() + 1));
	return data;
}

TEST(FlowHash, RandomPacketsHashAlikeWholeAndInSegments)
{
	static std::mt19937_64 random(20240229); // goes on when the test is repeated
	for (unsigned round = 0; round < 100000; round++) {
		const bytes data = mutated(random);
		std::vector<std::size_t> cuts(1 + random() % 4);
		for (std::size_t &cut : cuts)
			cut = random() % (data.size() + 1);
		std::sort(cuts.begin(), cuts.end());
		const test_packet whole(data);
		const test_packet cut(data, cuts);
		for (const hash_policy policy : all_policies) {
			ASSERT_EQ(hash(policy, whole), hash(policy, cut)) << "round " << round;
			ASSERT_EQ(hash(policy, whole), hash_by_key(policy, whole)) << to_string(policy) << ", round " << round;
		}
	}
}

template <hash_policy P> void expect_burst_equals_single(const std::vector<rte_mbuf *> &pkts)
{
	constexpr std::uint32_t untouched = 0xdeadbeef;
	for (unsigned n = 0; n <= pkts.size(); n++) {
		std::vector<std::uint32_t> hashes(pkts.size() + 1, untouched);
		flow_hash_burst<P>(pkts.data(), n, seed, hashes.data());
		for (unsigned i = 0; i < n; i++)
			ASSERT_EQ(hashes[i], flow_hash<P>(*pkts[i], seed)) << i << " of " << n;
		for (std::size_t i = n; i < hashes.size(); i++)
			ASSERT_EQ(hashes[i], untouched) << i << " of " << n;
	}
}

// Mistake 21: the hash of the wrong packet in an unrolled loop.
TEST(FlowHashBurst, HashesStandWithTheirPackets)
{
	std::vector<test_packet> packets;
	for (unsigned i = 0; i < 70; i++) {
		bytes data = packet_kinds[i * 7 % packet_kinds.size()].data;
		if (data.size() > 40)
			data[33] = static_cast<std::uint8_t>(i);
		packets.emplace_back(data, i % 5 == 0 ? std::vector<std::size_t>{data.size() / 2}
		                                      : std::vector<std::size_t>{});
	}
	std::vector<rte_mbuf *> pkts;
	for (test_packet &packet : packets)
		pkts.push_back(packet.mbuf());
	expect_burst_equals_single<l2>(pkts);
	expect_burst_equals_single<l23>(pkts);
	expect_burst_equals_single<l34>(pkts);
	for (std::size_t i = 0; i < pkts.size(); i += 1 + i % 3) {
		pkts[i]->hash.rss = static_cast<std::uint32_t>(i);
		pkts[i]->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	}
	expect_burst_equals_single<flow>(pkts);
	expect_burst_equals_single<encap34>(pkts);
	expect_burst_equals_single<l23_sym>(pkts);
	expect_burst_equals_single<vlan_srcmac>(pkts);
}

TEST(FlowHashSpread, OrdinaryTrafficFillsBucketsAndMembersEvenly)
{
	for (const traffic &t : traffics)
		for (bytes (*packet_of)(const tuple &) : {ipv4_of, ipv6_of}) {
			std::vector<std::uint32_t> hashes;
			for (std::uint32_t i = 0; i < 65536; i++)
				hashes.push_back(hash(l34, packet_of(t.flow(i))));
			for (const unsigned buckets : {2, 3, 4, 5, 6, 7, 8, 12, 16, 4096})
				EXPECT_LT(unevenness(hashes, buckets), too_uneven) << t.name << " over " << buckets;
		}
}

TEST(FlowHashSpread, L2AndL23FillMembersEvenly)
{
	for (const hash_policy policy : {l2, l23}) {
		std::vector<std::uint32_t> hashes;
		for (std::uint32_t i = 0; i < 65536; i++) {
			bytes data = ipv4_udp;
			put(data, 2, 4, i & 255);
			put(data, 8, 4, i >> 8);
			hashes.push_back(hash(policy, data));
		}
		for (const unsigned buckets : {2, 3, 4, 8, 16, 4096})
			EXPECT_LT(unevenness(hashes, buckets), too_uneven) << to_string(policy) << " over " << buckets;
	}
}

// The flows that one bond sent to one of its eight members must not look alike to the next bond.
TEST(FlowHashSpread, BondsBehindOneAnotherChooseIndependently)
{
	std::vector<std::uint32_t> second;
	for (std::uint32_t i = 0; i < 200000; i++) {
		const test_packet packet(ipv4_of({0x0a000000 + (i >> 14), 0xc0a80001, u16(i & 0x3fff), 443}));
		if (hash(l34, packet, 1) >> 29 == 0)
			second.push_back(hash(l34, packet, 2));
	}
	ASSERT_GT(second.size(), 20000u);
	for (const unsigned buckets : {2, 8, 256})
		EXPECT_LT(unevenness(second, buckets), too_uneven) << buckets;
}

// The flows of one receive queue must use all members alike, however the NIC chose the queue: `rss % n`, or by way of a
// table that the lowest bits index.
TEST(FlowHashSpread, MembersDoNotCorrelateWithReceiveQueues)
{
	for (const traffic &t : traffics)
		for (const unsigned queues : {2, 3, 4, 8, 16, 128}) {
			std::vector<std::vector<std::uint32_t>> of_queue(queues);
			for (std::uint32_t i = 0; i < 65536; i++) {
				const std::uint32_t rss = toeplitz(t.flow(i));
				of_queue[rss % queues].push_back(hash_of_rss(rss, seed));
			}
			for (unsigned q = 0; q < queues; q++)
				for (const unsigned members : {2, 3, 4, 8})
					if (of_queue[q].size() >= 100 * members) {
						EXPECT_LT(unevenness(of_queue[q], members), too_uneven)
							<< t.name << ", queue " << q << " of " << queues << ", " << members
							<< " members";
					}
		}
}

// Each bit of the key flips each bit of the hash half of the time, over random flows.
TEST(FlowHashSpread, EveryBitOfTheKeyAvalanches)
{
	constexpr unsigned rounds = 4000;
	std::mt19937_64 random(8);
	for (std::size_t bit = 26 * 8; bit < 38 * 8; bit++) {
		std::array<unsigned, 32> flips{};
		for (unsigned round = 0; round < rounds; round++) {
			const auto r = random();
			bytes data = ipv4_of({static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(r >> 32),
			                      u16(r >> 7), u16(r >> 39)});
			const std::uint32_t before = hash(l34, data);
			data[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
			const std::uint32_t changed = before ^ hash(l34, data);
			for (unsigned i = 0; i < flips.size(); i++)
				flips[i] += changed >> i & 1;
		}
		for (unsigned i = 0; i < flips.size(); i++)
			EXPECT_NEAR(static_cast<double>(flips[i]) / rounds, 0.5, 0.1)
				<< "key bit " << bit << " hash bit " << i;
	}
}

} // namespace
} // namespace braid
