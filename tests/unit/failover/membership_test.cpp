/* SPDX-License-Identifier: BSD-3-Clause */
// Who is in the set when members join, leave and are called for after they left; and the set that is empty.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverMembership, WithoutMembersThereIsNothingToDoAndNothingToWaitFor)
{
	failover f;
	const decision d = f.evaluate(1);
	EXPECT_TRUE(d.usable().empty());
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_FALSE(d.carrier);
	EXPECT_EQ(d.deadline, never);
	EXPECT_FALSE(d.usable_changed || d.active_changed || d.carrier_changed);
}

TEST(FailoverMembership, FirstMemberBringsTheCarrierAndTheLastTakesItAway)
{
	failover f;
	f.join(a, up, 1);
	decision d = f.evaluate(1);
	EXPECT_EQ(usable(d), ids{a});
	EXPECT_EQ(d.active, a);
	EXPECT_TRUE(d.carrier && d.usable_changed && d.active_changed && d.carrier_changed);

	f.leave(a);
	d = f.evaluate(2);
	EXPECT_EQ(usable(d), ids{});
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_FALSE(d.carrier);
	EXPECT_TRUE(d.usable_changed && d.active_changed && d.carrier_changed);
	EXPECT_EQ(f.member_count(), 0u);
}

// PEERS 10: net_bonding raised no event when the last links went down together (5b1b672d6b).
TEST(FailoverMembership, AllLinksGoingDownTogetherIsAnEvent)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 10);
	f.report(b, down, 10);
	const decision d = f.evaluate(10);
	EXPECT_FALSE(d.carrier);
	EXPECT_TRUE(d.usable_changed && d.active_changed && d.carrier_changed);
	EXPECT_EQ(d.active, member_id::none);
}

TEST(FailoverMembership, UsableMembersStandInTheOrderInWhichTheyJoined)
{
	failover f = with_members_up({c, a, b});
	EXPECT_EQ(usable(f.evaluate(1)), (ids{c, a, b}));
	f.leave(a);
	EXPECT_EQ(usable(f.evaluate(2)), (ids{c, b}));
	f.join(a, up, 3);
	EXPECT_EQ(usable(f.evaluate(3)), (ids{c, b, a}));
}

TEST(FailoverMembership, JoiningTwiceOrAsNobodyIsRefusedAndChangesNothing)
{
	failover f = with_members_up({a});
	EXPECT_FALSE(f.join(a, down, 1));
	EXPECT_FALSE(f.join(member_id::none, up, 1));
	EXPECT_EQ(f.member_count(), 1u);
	EXPECT_EQ(usable(f.evaluate(1)), ids{a});
}

TEST(FailoverMembership, TheSetHoldsMaxMembersAndRefusesOneMore)
{
	failover f;
	for (unsigned i = 1; i <= max_members; i++)
		EXPECT_TRUE(f.join(member_id{i}, up, 0));
	EXPECT_FALSE(f.join(member_id{max_members + 1}, up, 0));
	EXPECT_EQ(f.evaluate(0).usable_count, max_members);
	f.leave(member_id{1});
	EXPECT_TRUE(f.join(member_id{max_members + 1}, up, 1));
	EXPECT_EQ(f.evaluate(1).usable().back(), member_id{max_members + 1});
}

TEST(FailoverMembership, AnEventThatComesAfterTheMemberLeftIsIgnored)
{
	failover f = with_members_up({a, b});
	f.leave(a);
	f.report(a, up, 1);
	f.set_enabled(a, false);
	f.leave(a);
	EXPECT_EQ(usable(f.evaluate(1)), ids{b});
	EXPECT_EQ(f.member_count(), 1u);
	EXPECT_FALSE(f.member_view(a, 1));
}

TEST(FailoverMembership, TheSameSetAgainIsNoChange)
{
	failover f = with_members_up({a, b});
	f.report(a, up, 1);
	const decision d = f.evaluate(1);
	EXPECT_FALSE(d.usable_changed || d.active_changed || d.carrier_changed);
}

TEST(FailoverMembership, AStandbyThatLeavesChangesTheSetButNotTheActiveMember)
{
	failover f = with_members_up({a, b});
	f.leave(b);
	const decision d = f.evaluate(1);
	EXPECT_TRUE(d.usable_changed);
	EXPECT_FALSE(d.active_changed || d.carrier_changed);
}

} // namespace
} // namespace braid
