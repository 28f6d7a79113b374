/* SPDX-License-Identifier: BSD-3-Clause */
// The vector path of policy flow against its scalar twin: bursts of every length, with and without RSS hashes.
#include "packet/hash_simd.hpp"

#include "processor.hpp"
#include "random_packet.hpp"
#include "test_packet.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include <rte_config.h>

namespace braid {
namespace {

constexpr unsigned longest = 64; // as the bursts cut it

#ifdef RTE_ARCH_X86_64
constexpr auto wide_burst = rss_hash_burst_avx2;
#else
constexpr auto wide_burst = flow_hash_burst<hash_policy::flow>;
#endif

struct received_packets {
	std::vector<std::unique_ptr<test_packet>> packets;
	random_packets random{7};

	received_packets()
	{
		for (unsigned k = 0; k < longest; k++)
			packets.push_back(std::make_unique<test_packet>(random.mutated(), std::vector<std::size_t>{}));
	}

	// n of them, each without an RSS hash with a chance of so many in 64; all other flags are set at random.
	std::vector<rte_mbuf *> burst(unsigned n, unsigned without)
	{
		std::vector<rte_mbuf *> pkts;
		for (unsigned k = 0; k < n; k++) {
			rte_mbuf *const m = packets[(k + first_) % longest]->mbuf();
			m->hash.rss = random.below(UINT32_MAX);
			m->ol_flags = (std::uint64_t{random.below(UINT32_MAX)} << 32 | random.below(UINT32_MAX)) &
			              ~std::uint64_t{RTE_MBUF_F_RX_RSS_HASH};
			if (random.below(64) >= without)
				m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
			pkts.push_back(m);
		}
		first_++;
		return pkts;
	}

private:
	unsigned first_ = 0;
};

void expect_equal(const std::vector<rte_mbuf *> &pkts, std::uint64_t seed)
{
	constexpr std::uint32_t untouched = 0xdeadbeef;
	const auto n = static_cast<unsigned>(pkts.size());
	std::array<std::uint32_t, longest + 8> hashes;
	hashes.fill(untouched);
	(processor_has(simd::avx2) ? wide_burst : flow_hash_burst<hash_policy::flow>)(pkts.data(), n, seed, hashes.data());
	for (unsigned k = 0; k < n; k++)
		ASSERT_EQ(hashes[k], flow_hash_by_key<hash_policy::flow>(*pkts[k], seed)) << "packet " << k << " of " << n;
	for (unsigned k = n; k < hashes.size(); k++)
		ASSERT_EQ(hashes[k], untouched) << "written beyond the burst";
}

// Three million packets.
TEST(RssHashSimd, BurstsOfEveryLengthHashAsOneByOne)
{
	received_packets received;
	for (unsigned round = 0; round < 500; round++)
		for (unsigned n = 0; n <= longest; n++)
			for (unsigned without : {0u, 1u, 64u})
				ASSERT_NO_FATAL_FAILURE(expect_equal(received.burst(n, without), 0x5eed * round)) << n;
}

// One packet without, at each place of each burst.
TEST(RssHashSimd, OnePacketWithoutIsHashedByItsHeadersWhereverItStands)
{
	received_packets received;
	for (unsigned n = 1; n <= longest; n++)
		for (unsigned at = 0; at < n; at++) {
			const std::vector<rte_mbuf *> pkts = received.burst(n, 0);
			pkts[at]->ol_flags &= ~std::uint64_t{RTE_MBUF_F_RX_RSS_HASH};
			ASSERT_NO_FATAL_FAILURE(expect_equal(pkts, n)) << at << " of " << n;
		}
}

} // namespace
} // namespace braid
