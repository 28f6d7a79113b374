/* SPDX-License-Identifier: BSD-3-Clause */
// How evenly hashes spread flows, and that nothing else that spreads them does it in step.
#include "hash_cases.hpp"
#include "traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace braid {
namespace {

using enum hash_policy;

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

// Ends whose ports are in order each by itself are those of two flows at most, and what is left to tell apart is spread as evenly.
TEST(FlowHashSpread, WithSymFlowsFallTogetherInPairsAtMostAndFillMembersEvenly)
{
	for (const traffic &t : traffics)
		for (bytes (*packet_of)(const tuple &) : {ipv4_of, ipv6_of}) {
			std::vector<std::uint32_t> hashes;
			for (std::uint32_t i = 0; i < 65536; i++)
				hashes.push_back(hash(l34_sym, packet_of(t.flow(i))));
			for (const unsigned members : {2, 3, 4, 5, 6, 7, 8, 12, 16})
				EXPECT_LT(unevenness(hashes, members), too_uneven) << t.name << " over " << members;
			std::sort(hashes.begin(), hashes.end());
			hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
			// Of so many hashes of 32 bits a few are equal by chance.
			EXPECT_GT(hashes.size(), 32768u - 16) << t.name;
			EXPECT_LT(unevenness(hashes, 4096), too_uneven) << t.name;
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
