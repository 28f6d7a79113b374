/* SPDX-License-Identifier: BSD-3-Clause */
// Each vector path against its scalar twin. Packets end where their allocation ends, so that AddressSanitizer sees a read
// beyond the data; a build without it compares all the same.
#include "packet/hash_simd.hpp"

#include "random_packet.hpp"
#include "test_packet.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

#include <rte_config.h>

namespace braid {
namespace {

using enum hash_policy;

constexpr unsigned simd_batch = 64; // as the bursts cut it
constexpr std::uint64_t seed = 0x0123456789abcdef;

// The build has these; the processor that runs the tests may not.
#ifdef RTE_ARCH_X86_64
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }
template <hash_policy P> constexpr auto wide_burst = flow_hash_burst_avx2<P>;
#else
bool has_avx2() { return false; }
template <hash_policy P> constexpr auto wide_burst = flow_hash_burst<P>;
#endif

template <hash_policy P> constexpr auto burst_of(bool wide) { return wide ? wide_burst<P> : flow_hash_burst<P>; }

template <hash_policy P> void expect_equal(const std::vector<rte_mbuf *> &pkts)
{
	constexpr std::uint32_t untouched = 0xdeadbeef;
	const auto n = static_cast<unsigned>(pkts.size());
	std::array<std::uint32_t, simd_batch> hashes;
	hashes.fill(untouched);
	burst_of<P>(has_avx2())(pkts.data(), n, seed, hashes.data());
	for (unsigned k = 0; k < n; k++)
		ASSERT_EQ(hashes[k], flow_hash_by_key<P>(*pkts[k], seed)) << to_string(P) << ", packet " << k << " of " << n;
	for (unsigned k = n; k < simd_batch; k++)
		ASSERT_EQ(hashes[k], untouched) << "written beyond the burst";
}

void expect_equal_by_all(const std::vector<rte_mbuf *> &pkts)
{
	expect_equal<l2>(pkts);
	expect_equal<l23>(pkts);
	expect_equal<l34>(pkts);
	expect_equal<hash_policy::flow>(pkts);
}

// A burst of packets that live as long as it.
struct batch {
	std::vector<std::unique_ptr<test_packet>> packets;
	std::vector<rte_mbuf *> pkts;

	void add(const bytes &data, const std::vector<std::size_t> &cuts = {})
	{
		packets.push_back(std::make_unique<test_packet>(data, cuts));
		pkts.push_back(packets.back()->mbuf());
	}
};

// As a network has them: of one kind, so that eight packets share a way, with now and then a stranger among them.
TEST(FlowHashSimd, BurstsOfOneKindHashAsOneByOne)
{
	random_packets random(1);
	for (const packet_kind &kind : packet_kinds)
		for (unsigned n = 0; n <= simd_batch; n++)
			for (const bool stranger : {false, true}) {
				batch b;
				for (unsigned k = 0; k < n; k++)
					b.add(random.with_random_fields(kind.data));
				if (stranger && n > 0)
					b.pkts[random.below(n)] = b.packets[random.below(n)]->mbuf();
				ASSERT_NO_FATAL_FAILURE(expect_equal_by_all(b.pkts)) << kind.name;
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

// Some or all of the packets bring an RSS hash along; it counts only where the flag says that it is one.
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
