/* SPDX-License-Identifier: BSD-3-Clause */
// From headers to members: how well the hash and the bucket table together spread traffic, over seeds and sets of members.
#include "../packet/traffic.hpp"
#include "packet/hash.hpp"
#include "policy/buckets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <memory>

namespace braid {
namespace {

constexpr std::uint32_t flows = 16384;
constexpr std::uint64_t seeds[] = {0, 1, UINT64_MAX, 0x5eed5eed5eed5eed, 0x243f6a8885a308d3, 0x13198a2e03707344};

// The tables of bonds of 2, 3, 5 and 8 members, and of one of 8 of which one has left.
struct bond_table {
	explicit bond_table(unsigned members, unsigned left = 0) : table(std::make_unique<bucket_table>())
	{
		table->set_active((seat_set{1} << members) - 1);
		if (left != 0)
			table->set_active((seat_set{1} << members) - 1 - left);
		for (unsigned b = 0; b < bucket_count; b++)
			share[table->holder(b)] += 1.0 / bucket_count;
	}

	std::uint8_t member_for(std::uint32_t hash) const
	{
		return table->holder(hash >> (32 - std::countr_zero(bucket_count)));
	}

	// How far `hashes` are from the members' shares of buckets.
	double unevenness_of(const std::vector<std::uint32_t> &hashes) const
	{
		std::array<unsigned, max_members> count{};
		for (const std::uint32_t hash : hashes)
			count[member_for(hash)]++;
		std::vector<unsigned> filled;
		std::vector<double> expected;
		for (unsigned seat = 0; seat < max_members; seat++)
			if (share[seat] > 0) {
				filled.push_back(count[seat]);
				expected.push_back(share[seat] * static_cast<double>(hashes.size()));
			}
		return unevenness(filled, expected);
	}

	std::unique_ptr<bucket_table> table;
	std::array<double, max_members> share{};
};

const std::vector<bond_table> &bonds()
{
	static const std::vector<bond_table> all = [] {
		std::vector<bond_table> made;
		for (const unsigned members : {2u, 3u, 5u, 8u})
			made.emplace_back(members);
		made.emplace_back(8u, 1u << 2);
		return made;
	}();
	return all;
}

template <hash_policy P> std::vector<std::uint32_t> hashes_of(const traffic &t, std::uint64_t seed)
{
	std::vector<std::uint32_t> hashes;
	test_packet packet(ipv4_of(t.flow(0)));
	auto *const frame = static_cast<std::uint8_t *>(packet.mbuf()->buf_addr) + packet.mbuf()->data_off;
	for (std::uint32_t i = 0; i < flows; i++) {
		const bytes data = ipv4_of(t.flow(i));
		std::copy(data.begin(), data.end(), frame);
		packet.mbuf()->hash.rss = toeplitz(t.flow(i));
		packet.mbuf()->ol_flags = RTE_MBUF_F_RX_RSS_HASH;
		hashes.push_back(flow_hash<P>(*packet, seed));
	}
	return hashes;
}

template <hash_policy P> void expect_even_shares()
{
	for (const traffic &t : traffics)
		for (const std::uint64_t seed : seeds) {
			const auto hashes = hashes_of<P>(t, seed);
			for (const bond_table &bond : bonds())
				EXPECT_LT(bond.unevenness_of(hashes), too_uneven)
					<< to_string(P) << ", " << t.name << ", seed " << seed << ", bond " << &bond - bonds().data();
		}
}

TEST(Placement, MembersGetTheirSharesOfAnyTrafficUnderAnySeed)
{
	expect_even_shares<hash_policy::l34>();
	expect_even_shares<hash_policy::l34_sym>();
	expect_even_shares<hash_policy::encap34>();
	expect_even_shares<hash_policy::flow>();
}

// Two bonds with different seeds agree on a flow's member as often as chance has it, and the member that the first chose says
// nothing about the second's choice.
template <hash_policy P> void expect_independence_of_seeds()
{
	const bond_table &bond = bonds()[3];
	for (const traffic &t : traffics)
		for (std::size_t s = 0; s + 1 < std::size(seeds); s++) {
			const auto first = hashes_of<P>(t, seeds[s]);
			const auto second = hashes_of<P>(t, seeds[s + 1]);
			std::vector<unsigned> pairs(64);
			for (std::size_t i = 0; i < first.size(); i++)
				pairs[8u * bond.member_for(first[i]) + bond.member_for(second[i])]++;
			EXPECT_LT(unevenness(pairs, std::vector<double>(64, flows / 64.0)), too_uneven)
				<< to_string(P) << ", " << t.name << ", seeds " << seeds[s] << " and " << seeds[s + 1];
		}
}

TEST(Placement, AnotherSeedPlacesFlowsIndependently)
{
	expect_independence_of_seeds<hash_policy::l34>();
	expect_independence_of_seeds<hash_policy::flow>();
}

// A NIC has chosen the queue by the low bits of the RSS hash, or by `rss % n`; the bond chooses the member.
TEST(Placement, FlowDoesNotTieMembersToReceiveQueues)
{
	const bond_table &bond = bonds()[3];
	for (const traffic &t : traffics)
		for (const unsigned queues : {2u, 3u, 4u, 8u}) {
			std::vector<unsigned> pairs(8 * queues);
			std::vector<unsigned> of_queue(queues);
			const auto hashes = hashes_of<hash_policy::flow>(t, 1);
			for (std::uint32_t i = 0; i < flows; i++) {
				const unsigned queue = toeplitz(t.flow(i)) % queues;
				of_queue[queue]++;
				pairs[8 * queue + bond.member_for(hashes[i])]++;
			}
			std::vector<double> expected;
			for (unsigned i = 0; i < 8 * queues; i++)
				expected.push_back(std::max(1.0, of_queue[i / 8] / 8.0));
			EXPECT_LT(unevenness(pairs, expected), too_uneven) << t.name << " over " << queues << " queues";
		}
}

} // namespace
} // namespace braid
