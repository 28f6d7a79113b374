/* SPDX-License-Identifier: BSD-3-Clause */
// Who is active while nobody has a role: the first that is usable, until it is not.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverActive, FirstUsableMemberInJoinOrderBecomesActive)
{
	failover f;
	f.join(c, down, 0);
	f.join(b, up, 0);
	f.join(a, up, 0);
	EXPECT_EQ(f.evaluate(0).active, b);
}

TEST(FailoverActive, ActiveMemberThatGoesDownIsReplacedAtOnce)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 10);
	const decision d = f.evaluate(10);
	EXPECT_EQ(d.active, b);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_TRUE(d.active_changed);
	EXPECT_FALSE(d.carrier_changed);
}

TEST(FailoverActive, ActiveMemberThatLeavesIsReplacedAtOnce)
{
	failover f = with_members_up({a, b});
	f.leave(a);
	EXPECT_EQ(f.evaluate(1).active, b);
}

TEST(FailoverActive, WithoutAPrimaryTheActiveMemberStaysWhenAnEarlierOneReturns)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 1);
	f.evaluate(1);
	f.report(a, up, 2);
	const decision d = f.evaluate(2);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.active, b);
	EXPECT_FALSE(d.active_changed);
}

TEST(FailoverActive, DisabledMemberIsNotUsedAndIsWatchedAllTheSame)
{
	failover f = with_members_up({a, b});
	f.set_enabled(a, false);
	decision d = f.evaluate(1);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_EQ(d.active, b);
	f.report(a, down, 2);
	f.evaluate(2);
	EXPECT_EQ(f.member_view(a, 2)->link, link_state::down);
	EXPECT_EQ(f.member_view(a, 2)->link_failures, 1u);

	f.report(a, up, 3);
	f.set_enabled(a, true);
	d = f.evaluate(3);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.active, b);
}

TEST(FailoverActive, DisablingTheOnlyMemberLeavesAnEmptySet)
{
	failover f = with_members_up({a});
	f.set_enabled(a, false);
	const decision d = f.evaluate(1);
	EXPECT_FALSE(d.carrier);
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_TRUE(d.carrier_changed);
}

TEST(FailoverActive, NothingIsTakenIntoADecisionBeforeEvaluate)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 1);
	f.report(a, up, 2);
	const decision d = f.evaluate(2);
	EXPECT_EQ(d.active, a);
	EXPECT_FALSE(d.usable_changed || d.active_changed);
	EXPECT_EQ(f.member_view(a, 2)->link_failures, 1u);
}

} // namespace
} // namespace braid
