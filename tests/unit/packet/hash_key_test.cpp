/* SPDX-License-Identifier: BSD-3-Clause */
// What is in the key of a policy and what is not: bit by bit, and for frames that are not IP or not quite.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace braid {
namespace {

using enum hash_policy;

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
TEST(FlowHashKey, EveryBitOfTheKeyCountsAndNoOther)
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

TEST(FlowHashKey, L2CountsTheEtherTypeBehindTheTags)
{
	const bytes other = with_byte(ipv4_tcp, 13, 0x42);
	for (const hash_policy policy : header_policies) {
		EXPECT_NE(hash(policy, ipv4_tcp), hash(policy, other));
		EXPECT_NE(hash(policy, other), hash(policy, with_byte(ipv4_tcp, 13, 0x43)));
		EXPECT_EQ(hash(policy, other), hash(policy, tagged(other, {0x8100})));
		EXPECT_EQ(hash(policy, other), hash(policy, tagged(other, {0x88a8, 0x8100})));
	}
}

TEST(FlowHashKey, FramesOfOneLlcConversationStayTogetherWhateverTheirLength)
{
	const bytes one = join({macs, {0x00, 0x26, 0x42, 0x42, 0x03}});
	const bytes other = join({macs, {0x05, 0xdc, 0x42, 0x42, 0x03}});
	for (const hash_policy policy : all_policies)
		EXPECT_EQ(hash(policy, one), hash(policy, other));
}

TEST(FlowHashKey, TheLowestEtherTypeIsNoLength)
{
	const auto of_type = [](std::uint8_t high, std::uint8_t low) { return join({macs, {high, low}, bytes(46, 0x42)}); };
	EXPECT_EQ(hash(l2, of_type(0x05, 0xff)), hash(l2, of_type(0x00, 0x2e)));
	EXPECT_NE(hash(l2, of_type(0x06, 0x00)), hash(l2, of_type(0x05, 0xff)));
	EXPECT_NE(hash(l2, of_type(0x06, 0x00)), hash(l2, of_type(0x06, 0x01)));
}

TEST(FlowHashKey, TagsDoNotMoveAFlow)
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

TEST(FlowHashKey, TheSeedChangesTheHash)
{
	for (const hash_policy policy : all_policies)
		for (const packet_kind &kind : packet_kinds) {
			// An empty key has nothing to blind.
			const test_packet packet(kind.data);
			EXPECT_EQ(hash(policy, packet, 1) == hash(policy, packet, 2), kind.data.empty()) << kind.name;
		}
}

TEST(FlowHashKey, LengthDoesNotCount)
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

TEST(FlowHashKey, LengthFieldsDoNotCount)
{
	// Segmentation offloads leave them zero, and a large receive makes them anything.
	const bytes zero_total_length = with_byte(ipv4_tcp, ethernet + 3, 0);
	const bytes zero_udp_length = with_byte(ipv4_udp, ethernet + 20 + 5, 0);
	const bytes zero_payload_length = with_byte(ipv6_tcp, ethernet + 5, 0);
	EXPECT_EQ(hash(l34, zero_total_length), hash(l34, ipv4_tcp));
	EXPECT_EQ(hash(l34, zero_udp_length), hash(l34, ipv4_udp));
	EXPECT_EQ(hash(l34, zero_payload_length), hash(l34, ipv6_tcp));
}

TEST(FlowHashKey, WhatIsNotIpGoesByL2)
{
	for (const bytes &data : {arp, tagged(arp, {0x8100}), tagged(ipv4_tcp, {0x88a8, 0x8100, 0x8100}),
	                          tagged(ipv6_tcp, {0x8100, 0x8100, 0x8100})}) {
		EXPECT_EQ(hash(l34, data), hash(l2, data));
		EXPECT_EQ(hash(l23, data), hash(l2, data));
	}
}

TEST(FlowHashKey, AMalformedIpHeaderGoesByL2)
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

} // namespace
} // namespace braid
