/* SPDX-License-Identifier: BSD-3-Clause */
// The up delay: a member whose link comes up is not used yet, in case the link is lost again soon. It must not be honoured
// when nothing else is usable (Linux e0caeb24f538).
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverUpDelay, MemberThatJoinsBesideAUsableOneWaitsForTheUpDelay)
{
	failover f = with_members_up({a});
	f.set_delays(1000, 0);
	f.join(b, up, 50);
	decision d = f.evaluate(50);
	EXPECT_EQ(usable(d), ids{a});
	EXPECT_EQ(d.deadline, 1050u);
	d = f.evaluate(1050);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_TRUE(d.usable_changed);
	EXPECT_FALSE(d.active_changed);
}

TEST(FailoverUpDelay, MemberThatJoinsAnEmptySetSkipsTheUpDelay)
{
	failover f;
	f.set_delays(10000, 0);
	f.join(a, up, 5);
	const decision d = f.evaluate(5);
	EXPECT_EQ(d.active, a);
	EXPECT_TRUE(d.carrier);
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverUpDelay, LinkThatReturnsWhenNothingElseIsUsableSkipsTheUpDelay)
{
	failover f = with_members_up({a, b});
	f.set_delays(10000, 0);
	f.report(a, down, 1);
	f.report(b, down, 1);
	EXPECT_FALSE(f.evaluate(1).carrier);
	f.report(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(FailoverUpDelay, MemberThatIsWaitingSkipsTheRestOfItsUpDelayWhenTheLastUsableOneGoesDown)
{
	failover f = with_members_up({a});
	f.set_delays(10000, 0);
	f.join(b, up, 1000);
	EXPECT_EQ(usable(f.evaluate(1000)), ids{a});
	f.report(a, down, 1500);
	const decision d = f.evaluate(1500);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_EQ(d.active, b);
	EXPECT_TRUE(d.carrier);
	EXPECT_FALSE(d.carrier_changed);
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverUpDelay, MemberThatIsWaitingSkipsItsUpDelayWhenTheLastUsableOneLeavesOrIsDisabled)
{
	for (bool leaves : {true, false}) {
		failover f = with_members_up({a});
		f.set_delays(10000, 0);
		f.join(b, up, 1);
		f.evaluate(1);
		if (leaves)
			f.leave(a);
		else
			f.set_enabled(a, false);
		EXPECT_EQ(f.evaluate(2).active, b) << leaves;
	}
}

TEST(FailoverUpDelay, DisabledMemberIsNobodyToWaitForAndNobodyToLetIn)
{
	failover f = with_members_up({a});
	f.set_delays(10000, 0);
	f.set_enabled(a, false);
	f.join(b, up, 1);
	f.set_enabled(b, false);
	EXPECT_FALSE(f.evaluate(1).carrier);
	EXPECT_EQ(f.member_view(b, 1)->link, link_state::coming_up);
	f.set_enabled(b, true);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(FailoverUpDelay, OnlyOneOfSeveralWaitingMembersSkipsTheUpDelay)
{
	failover f;
	f.set_delays(1000, 0);
	f.join(a, up, 0);
	f.join(b, up, 0);
	decision d = f.evaluate(0);
	EXPECT_EQ(usable(d), ids{a});
	EXPECT_EQ(d.deadline, 1000u);
	d = f.evaluate(1000);
	EXPECT_EQ(usable(d), (ids{a, b}));
}

TEST(FailoverUpDelay, TheMemberThatWaitedLongestSkipsTheRest)
{
	failover f = with_members_up({a});
	f.set_delays(1000, 0);
	f.join(b, down, 0);
	f.join(c, up, 100);
	f.report(b, up, 200);
	f.evaluate(200);
	f.leave(a);
	EXPECT_EQ(usable(f.evaluate(300)), ids{c});
}

TEST(FailoverUpDelay, OfMembersThatCameTogetherThePrimarySkipsTheUpDelay)
{
	failover f;
	f.set_delays(1000, 0);
	f.set_primary(b);
	for (member_id id : {a, b, c})
		f.join(id, up, 0);
	EXPECT_EQ(usable(f.evaluate(0)), ids{b});
}

TEST(FailoverUpDelay, StandbyThatTakesOverKeepsTheOthersWaiting)
{
	failover f = with_members_up({a, b});
	f.set_delays(1000, 0);
	f.join(c, up, 100);
	f.report(a, down, 200);
	const decision d = f.evaluate(200);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_EQ(d.deadline, 1100u);
}

TEST(FailoverUpDelay, ActiveMemberInItsDownDelayKeepsTheOthersWaiting)
{
	failover f = with_members_up({a});
	f.set_delays(10000, 200);
	f.join(b, up, 0);
	f.report(a, down, 1000);
	decision d = f.evaluate(1000);
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(usable(d), ids{a});
	EXPECT_EQ(d.deadline, 1200u);
	d = f.evaluate(1200);
	EXPECT_EQ(d.active, b);
	EXPECT_TRUE(d.carrier);
}

TEST(FailoverUpDelay, WaitingLinkThatIsUpReplacesTheActiveMemberRatherThanOneThatIsGoingDown)
{
	failover f = with_members_up({a, b});
	f.set_delays(10000, 200);
	f.join(c, up, 900);
	f.report(b, down, 1000);
	f.evaluate(1000);
	f.leave(a);
	EXPECT_EQ(f.evaluate(1001).active, c);
}

TEST(FailoverUpDelay, LinkThatBouncesWithinTheUpDelayStartsItAgainWithoutAFailure)
{
	failover f = with_members_up({a});
	f.set_delays(1000, 0);
	f.join(b, up, 0);
	f.report(b, down, 999);
	EXPECT_EQ(f.evaluate(999).deadline, never);
	f.report(b, up, 1000);
	EXPECT_EQ(f.evaluate(1000).deadline, 2000u);
	EXPECT_EQ(f.member_view(b, 1000)->link_failures, 0u);
}

} // namespace
} // namespace braid
