/* SPDX-License-Identifier: BSD-3-Clause */
// Each vector path against its scalar twin, of packets without tunnels.
#include "simd_twins.hpp"

#include "random_packet.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

namespace braid {
namespace {

using enum hash_policy;

// What this processor does not have is not compared, and the report says so. What it has is, by each policy in each burst.
TEST(FlowHashSimd, WhateverThisProcessorHasIsComparedByEachPolicy)
{
	const auto before = compared;
	constexpr unsigned bursts_made = 65, policies = 10;
	batch b;
	for (unsigned n = 0; n < bursts_made; n++) {
		ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts));
		if (n < simd_batch)
			b.add(ipv4_tcp);
	}
	for (unsigned i = 0; i < std::size(paths); i++) {
		EXPECT_EQ(compared[i] - before[i], paths[i].is_here ? bursts_made * policies : 0) << paths[i].name;
		const char *const outcome = paths[i].is_here ? "compared" : "not on this processor";
		RecordProperty(paths[i].name, outcome);
		std::printf("hashing with %s: %s\n", paths[i].name, outcome);
	}
}

// Else one of them would be held against itself.
TEST(FlowHashSimd, EachPathIsAFunctionOfItsOwn)
{
	constexpr std::size_t all = std::size(paths);
	EXPECT_EQ(std::set(std::begin(bursts<l2>), std::end(bursts<l2>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<l23>), std::end(bursts<l23>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<l34>), std::end(bursts<l34>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<l2_sym>), std::end(bursts<l2_sym>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<l23_sym>), std::end(bursts<l23_sym>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<l34_sym>), std::end(bursts<l34_sym>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<encap34>), std::end(bursts<encap34>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<encap34_sym>), std::end(bursts<encap34_sym>)).size(), all);
	EXPECT_EQ(std::set(std::begin(bursts<vlan_srcmac>), std::end(bursts<vlan_srcmac>)).size(), all);
}

// As a network has them: of one kind, so that eight packets share a way.
TEST(FlowHashSimd, BurstsOfOneKindHashAsOneByOne)
{
	random_packets random(1);
	for (const packet_kind &kind : packet_kinds)
		for (unsigned n = 0; n <= simd_batch; n++) {
			batch b;
			for (unsigned k = 0; k < n; k++)
				b.add(random.with_random_fields(kind.data));
			ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name;
		}
}

// Eight packets of each kind, of which one byte that says what they are takes every value: in one of them, whose place changes
// with the value, or in all. What kernels take for granted of eight packets is told by these bytes, wherever headers stand.
TEST(FlowHashSimd, EveryValueOfEveryStructuralByteHashesAsOneByOne)
{
	constexpr std::size_t type = 12, end = 14 + 8 + 10; // behind the protocol of IPv4 with two tags
	random_packets random(4);
	for (const packet_kind &kind : packet_kinds) {
		batch b;
		for (unsigned k = 0; k < 8; k++)
			b.add(random.with_random_fields(kind.data));
		for (std::size_t at = type; at < std::min(end, kind.data.size()); at++) {
			const auto byte_of = [&](unsigned k) { return rte_pktmbuf_mtod_offset(b.pkts[k], std::uint8_t *, at); };
			const std::uint8_t usual = *byte_of(0);
			for (unsigned value = 0; value < 256; value++) {
				for (unsigned k = 0; k < 8; k++)
					*byte_of(k) = static_cast<std::uint8_t>(value);
				ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name << ", byte " << at << ", all " << value;
				for (unsigned k = 0; k < 8; k++)
					*byte_of(k) = k == value % 8 ? static_cast<std::uint8_t>(value) : usual;
				ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name << ", byte " << at << ", one " << value;
			}
			for (unsigned k = 0; k < 8; k++)
				*byte_of(k) = usual;
		}
	}
}

// What an error quotes decides, by l23 as well, and it may stand behind each kind of extension header.
TEST(FlowHashSimd, ErrorsBehindExtensionHeadersHashAsOneByOne)
{
	constexpr std::size_t next_header = 14 + 6, ip_end = 14 + 40;
	for (const std::uint8_t extension : {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS}) {
		bytes error = join({prefix(ipv6_icmp_error, ip_end), {IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0},
		                    {ipv6_icmp_error.begin() + ip_end, ipv6_icmp_error.end()}});
		error[next_header] = extension;
		batch b;
		for (unsigned k = 0; k < 8; k++) {
			error[ip_end + 8 + 8 + 8] = static_cast<std::uint8_t>(k); // of the source that is quoted
			b.add(error);
		}
		ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << +extension;
	}
}

// At each place of the first eight, of some in the middle and of the last.
void expect_equal_with(rte_mbuf *stranger, std::vector<rte_mbuf *> pkts)
{
	const auto n = static_cast<unsigned>(pkts.size());
	for (const unsigned first : {0u, n / 16 * 8, n - 8})
		for (unsigned lane = 0; lane < 8; lane++) {
			rte_mbuf *const usual = std::exchange(pkts[first + lane], stranger);
			ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(pkts)) << "stranger at " << first + lane;
			pkts[first + lane] = usual;
		}
}

TEST(FlowHashSimd, OneOfAnotherKindHashesAsAloneWhereverItStands)
{
	random_packets random(2);
	for (const packet_kind &kind : packet_kinds)
		for (const unsigned n : {8u, 24u, 29u, simd_batch}) {
			batch b;
			for (unsigned k = 0; k < n; k++)
				b.add(random.with_random_fields(kind.data));
			for (const packet_kind &other : packet_kinds) {
				if (&other == &kind)
					continue;
				test_packet stranger(random.with_random_fields(other.data));
				ASSERT_NO_FATAL_FAILURE(expect_equal_with(stranger.mbuf(), b.pkts))
					<< other.name << " among " << n << " of " << kind.name;
			}
		}
}

// Every kind cut off at every length from 0, among whole ones of its kind.
TEST(FlowHashSimd, TruncatedPacketsHashAsOneByOne)
{
	for (const packet_kind &kind : packet_kinds)
		for (std::size_t length = 0; length <= kind.data.size(); length++)
			for (unsigned at : {0u, 3u, 5u, 7u}) {
				batch b;
				for (unsigned k = 0; k < 8; k++)
					b.add(k == at ? prefix(kind.data, length) : kind.data);
				ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name << ' ' << length;
				batch all;
				for (unsigned k = 0; k < 8; k++)
					all.add(prefix(kind.data, length));
				ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(all.pkts)) << kind.name << ' ' << length;
			}
}

// Some or all of the packets bring an RSS hash or a tag along in the mbuf; it counts only where a flag says that it is one.
TEST(FlowHashSimd, ReceivedPacketsHashAsOneByOne)
{
	random_packets random(3);
	for (unsigned round = 0; round < 4000; round++) {
		batch b;
		const unsigned n = random.below(simd_batch + 1);
		const unsigned without = round % 3 == 0 ? 9 : random.below(4) == 0 ? 1 : 0; // one in ten, or so, or none
		for (unsigned k = 0; k < n; k++) {
			b.add(random.mutated());
			b.pkts[k]->hash.rss = random.below(UINT32_MAX);
			b.pkts[k]->ol_flags = random.below(10) < without ? 0 : RTE_MBUF_F_RX_RSS_HASH;
			if (round % 5 == 0 && random.below(8) == 0) // a tag that the port is to put there
				b.pkts[k]->ol_flags |= random.below(2) == 0 ? RTE_MBUF_F_TX_VLAN : RTE_MBUF_F_TX_QINQ;
			b.pkts[k]->vlan_tci = static_cast<std::uint16_t>(random.below(65536));
			b.pkts[k]->vlan_tci_outer = static_cast<std::uint16_t>(random.below(65536));
		}
		ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << "round " << round;
	}
}

// Headers in several segments, next to packets in one piece.
TEST(FlowHashSimd, SegmentedPacketsHashAsOneByOne)
{
	for (const packet_kind &kind : packet_kinds)
		for (std::size_t cut = 0; cut <= kind.data.size(); cut++) {
			batch b;
			for (unsigned k = 0; k < 8; k++)
				b.add(kind.data, k % 3 == 0 ? std::vector<std::size_t>{cut} : std::vector<std::size_t>{});
			ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name << " cut at " << cut;
		}
}

// Two million packets, 32 a burst on average: any kind, any few bytes changed, tags, any length, any segments, any mixture.
TEST(FlowHashSimd, RandomBurstsHashAsOneByOne)
{
	random_packets random(20260101);
	for (unsigned round = 0; round < 65000; round++) {
		batch b;
		const unsigned n = random.below(simd_batch + 1);
		const unsigned strangeness = random.below(4); // 0: nearly all alike
		const bytes usual = random.tagged_or_not(packet_kinds[random.below(packet_kinds.size())].data);
		for (unsigned k = 0; k < n; k++) {
			const bool strange = random.below(8) < strangeness * 2;
			const bytes data = strange ? random.mutated() : random.with_random_fields(usual);
			b.add(data, random.below(16) == 0 ? random.cuts(data.size()) : std::vector<std::size_t>{});
		}
		ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << "round " << round;
	}
}

} // namespace
} // namespace braid
