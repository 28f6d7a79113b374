/* SPDX-License-Identifier: BSD-3-Clause */
// flow: the RSS hash that the NIC has computed decides, and l34 where there is none.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

#include <random>

namespace braid {
namespace {

using enum hash_policy;

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

} // namespace
} // namespace braid
