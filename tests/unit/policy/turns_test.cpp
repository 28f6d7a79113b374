/* SPDX-License-Identifier: BSD-3-Clause */
// Round-robin with weights: how many turns each member has, how far apart they are, and who gets which packet.
#include "policy/turns.hpp"

#include "scripted_port.hpp"

#include <algorithm>
#include <random>
#include <string>

namespace braid {
namespace {

using weights = std::vector<std::uint32_t>;

struct order {
	turn_counts turns{};
	unsigned length;
	std::array<std::uint8_t, most_turns> members;

	explicit order(const weights &w) : length(count_turns(w, turns))
	{
		members.fill(UINT8_MAX);
		if (length <= most_turns)
			arrange_turns({turns.data(), w.size()}, members);
	}

	std::string text() const
	{
		std::string letters;
		for (unsigned k = 0; k < length; k++)
			letters += static_cast<char>('a' + members[k]);
		return letters;
	}

	// The longest run of one member, over the end of the order too.
	unsigned longest_run() const
	{
		unsigned longest = 0, run = 0;
		for (unsigned k = 0; k < 2 * length; k++) {
			run = k > 0 && members[k % length] == members[(k - 1) % length] ? run + 1 : 1;
			longest = std::max(longest, run);
		}
		return std::min(longest, length);
	}
};

TEST(Turns, AreAsFarApartAsTheOthersAllow)
{
	EXPECT_EQ(order({1, 1, 1}).text(), "abc");
	EXPECT_EQ(order({1, 2}).text(), "bba");
	EXPECT_EQ(order({2, 1, 1}).text(), "abac");
	EXPECT_EQ(order({3, 2, 2}).text(), "abacabc");
	EXPECT_EQ(order({5, 1, 1}).text(), "aaabaac");
	EXPECT_EQ(order({1, 1, 4}).text(), "ccacc"
	                                   "b");
}

TEST(Turns, WeightsInTheSameProportionGiveTheSameOrder)
{
	EXPECT_EQ(order({1000, 500, 500}).text(), "abac");
	EXPECT_EQ(order({100000, 50000, 50000}).text(), "abac") << "speeds in Mbit/s";
	EXPECT_EQ(order(weights(64, 1000)).length, 64u);
}

// Every member has turns, and its share is within 1 % of what the weights say, however they are.
TEST(Turns, FollowWeightsWithinAPercent)
{
	std::mt19937 random(8);
	for (int round = 0; round < 2000; round++) {
		weights w(2 + random() % (max_members - 1));
		const std::uint32_t top = round % 3 == 0 ? 10 : round % 3 == 1 ? 1000 : UINT32_MAX;
		std::uint64_t sum = 0;
		for (std::uint32_t &each : w)
			sum += each = 1 + random() % top;
		const order o(w);
		ASSERT_LE(o.length, most_turns);
		for (unsigned m = 0; m < w.size(); m++) {
			const auto had = static_cast<unsigned>(std::count(o.members.begin(), o.members.begin() + o.length, m));
			ASSERT_GE(had, 1u);
			ASSERT_EQ(had, o.turns[m]);
			// What is not whole, and at least one turn for each of 64, of some 4000.
			const double share = static_cast<double>(had) / o.length;
			ASSERT_NEAR(share, static_cast<double>(w[m]) / static_cast<double>(sum), 0.01);
		}
		ASSERT_EQ(std::count(o.members.begin(), o.members.end(), UINT8_MAX), most_turns - o.length) << "one turn each";
	}
}

// The member with the most turns has runs as short as its number of turns allows.
TEST(Turns, TheHeaviestMemberNeverHasMoreInARowThanItMust)
{
	for (std::uint32_t heavy = 1; heavy <= 40; heavy++)
		for (std::uint32_t others = 1; others <= 20; others++) {
			weights w(1 + others, 1);
			w[0] = heavy;
			EXPECT_EQ(order(w).longest_run(), (heavy + others - 1) / others) << heavy << " to " << others << " of one";
		}
}

// Packet k of all that were ever sent belongs to the member of turn k / limit.
TEST(Turns, EachTurnIsOfSoManyPacketsAndGoesOnFromBurstToBurst)
{
	std::mt19937 random(9);
	wire members;
	for (unsigned limit : {1u, 2u, 7u, 64u, 1000u})
		for (const weights &w : {weights{3, 1}, weights{2, 5, 3}, weights{1, 2, 3, 4, 5, 6, 7, 8, 9}}) {
			const auto count = static_cast<unsigned>(w.size());
			const auto s = transmit_snapshot(
				{.members = first_members(count), .rr_limit = static_cast<std::uint16_t>(limit), .weights = w});
			const order o(w);
			tx_lane lane;
			unsigned offered = 0;
			for (int round = 0; round < 40; round++) {
				for (unsigned m = 0; m < count; m++)
					members[m] = {};
				burst b(random() % 301);
				ASSERT_EQ(transmit::send(*s, lane, b), b.size());
				std::vector<std::vector<unsigned>> expected(count), sent(count);
				for (unsigned k = 0; k < b.size(); k++)
					expected[o.members[(offered + k) / limit % o.length]].push_back(k);
				offered += b.size();
				for (unsigned m = 0; m < count; m++)
					for (const rte_mbuf *pkt : members[m].sent)
						sent[m].push_back(b.number_of(pkt));
				ASSERT_EQ(sent, expected) << "limit " << limit << ", " << count << " members";
			}
		}
}

TEST(Turns, AnyStoredTurnIsSafeForAnyOrder)
{
	wire members;
	const auto s = transmit_snapshot({.members = first_members(3), .rr_limit = 2, .weights = {1, 2, 3}});
	for (unsigned stale : {0u, 5u, 6u, 4095u, 65535u}) {
		tx_lane lane;
		lane.next = lane.used = static_cast<std::uint16_t>(stale);
		burst b(65);
		EXPECT_EQ(transmit::send(*s, lane, b), 65u) << stale;
		EXPECT_LT(lane.next, 6u);
	}
}

} // namespace
} // namespace braid
