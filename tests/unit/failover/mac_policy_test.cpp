/* SPDX-License-Identifier: BSD-3-Clause */
#include "failover/mac_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace braid {
namespace {

constexpr member_id one{1}, two{2}, three{3};

rte_ether_addr mac(std::uint8_t last) { return {{0x02, 0, 0, 0, 0, last}}; }
const rte_ether_addr spare = mac(0xee);

unsigned number_of(const rte_ether_addr &m) { return m.addr_bytes[5]; }

TEST(MacPolicy, IsSpelledAsInTheDevargsAndAsLinuxSpellsIt)
{
	const struct {
		mac_policy policy;
		const char *word, *linux_word, *number;
	} rows[] = {{mac_policy::same, "same", "none", "0"},
	            {mac_policy::by_active, "by_active", "active", "1"},
	            {mac_policy::follow, "follow", "follow", "2"}};
	for (const auto &r : rows) {
		EXPECT_STREQ(to_string(r.policy), r.word);
		for (const char *text : {r.word, r.linux_word, r.number})
			EXPECT_EQ(mac_policy_from(text), r.policy) << text;
	}
	for (const char *text : {"", "Same", "by-active", "3", "00", "follow "})
		EXPECT_FALSE(mac_policy_from(text)) << text;
}

TEST(DesiredMac, SameGivesEveryMemberTheBonds)
{
	const mac_rule rule{mac_policy::same, mac(9), one, mac(1)};
	EXPECT_EQ(number_of(desired_mac(rule, one, mac(1))), 9u);
	EXPECT_EQ(number_of(desired_mac(rule, two, mac(2))), 9u);
}

TEST(DesiredMac, ByActiveLeavesEveryMemberItsOwn)
{
	const mac_rule rule{mac_policy::by_active, mac(1), one, mac(1)};
	EXPECT_EQ(number_of(desired_mac(rule, one, mac(1))), 1u);
	EXPECT_EQ(number_of(desired_mac(rule, two, mac(2))), 2u);
}

TEST(DesiredMac, FollowGivesTheBondsToTheActiveOneOnly)
{
	const mac_rule rule{mac_policy::follow, mac(9), two, mac(2)};
	EXPECT_EQ(number_of(desired_mac(rule, one, mac(1))), 1u);
	EXPECT_EQ(number_of(desired_mac(rule, two, mac(2))), 9u);
	EXPECT_EQ(number_of(desired_mac(rule, three, mac(3))), 3u);
}

// Mistake 12: the member that gave the bond its address came back and had it a second time.
TEST(DesiredMac, FollowExchangesTheAddressesOfTheActiveOneAndTheOneThatGaveTheBondIts)
{
	const mac_rule rule{mac_policy::follow, mac(1), two, mac(2)};
	EXPECT_EQ(number_of(desired_mac(rule, one, mac(1))), 2u);
	EXPECT_EQ(number_of(desired_mac(rule, two, mac(2))), 1u);
	EXPECT_EQ(number_of(desired_mac(rule, three, mac(3))), 3u);
}

TEST(DesiredMac, FollowWithNobodyActiveLeavesEveryMemberItsOwn)
{
	const mac_rule rule{mac_policy::follow, mac(1), member_id::none, {}};
	EXPECT_EQ(number_of(desired_mac(rule, one, mac(1))), 1u);
	EXPECT_EQ(number_of(desired_mac(rule, two, mac(2))), 2u);
}

// Carries the steps out and checks at each that nobody has an address that another one has.
std::vector<std::pair<member_id, unsigned>> carry_out(std::vector<mac_change> changes)
{
	std::vector<std::pair<member_id, unsigned>> done;
	while (const auto step = next_mac_step(changes, spare)) {
		for (mac_change &c : changes) {
			if (c.id != step->id) {
				EXPECT_NE(number_of(c.now), number_of(step->to)) << "two members have one address";
				continue;
			}
			c.now = step->to;
		}
		done.emplace_back(step->id, number_of(step->to));
		if (done.size() > 3 * changes.size()) {
			ADD_FAILURE() << "no end";
			break;
		}
	}
	for (const mac_change &c : changes)
		EXPECT_EQ(number_of(c.now), number_of(c.wanted));
	return done;
}

using steps = std::vector<std::pair<member_id, unsigned>>;

TEST(MacSteps, NothingToDoNeedsNoStep)
{
	EXPECT_EQ(carry_out({}), steps{});
	EXPECT_EQ(carry_out({{one, mac(1), mac(1)}, {two, mac(2), mac(2)}}), steps{});
}

TEST(MacSteps, TheFormerActiveMemberGivesTheAddressUpBeforeTheNewOneGetsIt)
{
	EXPECT_EQ(carry_out({{two, mac(2), mac(9)}, {one, mac(9), mac(1)}}), (steps{{one, 1}, {two, 9}}));
	EXPECT_EQ(carry_out({{one, mac(9), mac(1)}, {two, mac(2), mac(9)}}), (steps{{one, 1}, {two, 9}}));
}

TEST(MacSteps, AnExchangeGoesByAnAddressThatNobodyHas)
{
	EXPECT_EQ(carry_out({{one, mac(1), mac(2)}, {two, mac(2), mac(1)}}), (steps{{one, 0xee}, {two, 1}, {one, 2}}));
}

std::optional<std::pair<member_id, unsigned>> step_of(std::vector<mac_change> changes)
{
	const auto step = next_mac_step(changes, spare);
	return step ? std::optional(std::pair(step->id, number_of(step->to))) : std::nullopt;
}

TEST(MacSteps, WhatTheFormerActiveMemberDoesNotGiveUpTheNewOneTakesNevertheless)
{
	EXPECT_EQ(step_of({{one, mac(9), mac(1), false, true}, {two, mac(2), mac(9), true}}), std::pair(two, 9u));
}

TEST(MacSteps, WhatTheActiveMemberDoesNotGiveUpNoBackupTakes)
{
	EXPECT_EQ(step_of({{one, spare, mac(2)}, {two, mac(2), mac(1), true, true}}), std::nullopt);
	EXPECT_EQ(step_of({{one, spare, mac(2)}, {two, mac(2), mac(1), true, true}, {three, mac(8), mac(3)}}),
	          std::pair(three, 3u)) << "others follow all the same";
}

TEST(MacSteps, NobodyWaitsForEverForOneThatWaitsForAStuckOne)
{
	EXPECT_EQ(step_of({{one, spare, mac(2)}, {two, mac(2), mac(3)}, {three, mac(3), mac(9), true, true}}), std::nullopt);
}

// Every exchange of up to six addresses among six members, in random order.
TEST(MacSteps, EveryPermutationIsReachedWithoutADuplicate)
{
	std::mt19937 random(1);
	for (unsigned round = 0; round < 2000; round++) {
		std::vector<std::uint8_t> wanted{1, 2, 3, 4, 5, 6, 7, 8};
		std::shuffle(wanted.begin(), wanted.end(), random);
		std::vector<mac_change> changes;
		for (std::uint8_t i = 1; i <= 6; i++)
			changes.push_back({member_id{i}, mac(i), mac(wanted[i - 1u])});
		std::shuffle(changes.begin(), changes.end(), random);
		carry_out(changes);
		ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round;
	}
}

// Failovers at random among members of which one gave the bond its address: whatever the order, all addresses differ.
TEST(MacSteps, FailoversAtRandomNeverLeadToADuplicate)
{
	std::mt19937 random(2);
	std::map<member_id, rte_ether_addr> now;
	for (std::uint8_t i = 1; i <= 5; i++)
		now[member_id{i}] = mac(i);
	for (unsigned round = 0; round < 2000; round++) {
		const auto active = member_id{static_cast<std::uint32_t>(random() % 6)}; // 0: none
		const mac_rule rule{mac_policy::follow, mac(1), active, mac(static_cast<std::uint8_t>(to_number(active)))};
		std::vector<mac_change> changes;
		for (const auto &[id, has] : now)
			changes.push_back({id, has, desired_mac(rule, id, mac(static_cast<std::uint8_t>(to_number(id))))});
		carry_out(changes);
		ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round;
		std::set<unsigned> different;
		for (const mac_change &c : changes) {
			now[c.id] = c.wanted;
			different.insert(number_of(c.wanted));
		}
		ASSERT_EQ(different.size(), now.size());
	}
}

} // namespace
} // namespace braid
