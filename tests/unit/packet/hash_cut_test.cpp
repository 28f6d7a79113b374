/* SPDX-License-Identifier: BSD-3-Clause */
// Packets that end too soon or stand in several segments: only whole headers count, segments never do, and both ways to a
// packet's hash agree. AddressSanitizer watches the end of each.
#include "hash_cases.hpp"
#include "test_tunnels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

namespace braid {
namespace {

using enum hash_policy;

// Mistake 21: a truncated header. What is left of the packet decides: addresses once their header is whole,
// ports once all four bytes are there.
TEST(FlowHashCut, TruncatedPacketGoesByWhatIsWhole)
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
TEST(FlowHashCut, EveryKindTruncatedAnywhereHashesAlikeOnBothWays)
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
TEST(FlowHashCut, EverySplitHashesAsOnePiece)
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

TEST(FlowHashCut, EveryTunnelTruncatedOrCutInTwoAnywhereHashesAlikeOnBothWays)
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

TEST(FlowHashCut, OneBytePerSegmentHashesAsOnePiece)
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

TEST(FlowHashCut, RandomPacketsHashAlikeWholeAndInSegments)
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

} // namespace
} // namespace braid
