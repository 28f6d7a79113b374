/* SPDX-License-Identifier: BSD-3-Clause */
// The hashes of a burst stand with their packets.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace braid {
namespace {

using enum hash_policy;

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

} // namespace
} // namespace braid
