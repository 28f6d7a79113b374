/* SPDX-License-Identifier: BSD-3-Clause */
// When the next decision is due: the earliest end of a delay, while delays change and time stands still, jumps and ends.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverDeadline, DeadlineIsTheEarliestOfAllMembers)
{
	failover f = with_members_up({a, b});
	f.set_delays(300, 500);
	f.join(c, up, 100);
	f.report(a, down, 50);
	EXPECT_EQ(f.evaluate(100).deadline, 400u); // c comes up before a is given up
	EXPECT_EQ(f.evaluate(400).deadline, 550u);
	EXPECT_EQ(f.evaluate(550).deadline, never);
}

TEST(FailoverDeadline, ShorterDelayReleasesAWaitingMemberAtTheNextEvaluation)
{
	failover f = with_members_up({a});
	f.set_delays(600000, 0);
	f.join(b, up, 1000);
	EXPECT_EQ(f.evaluate(1000).deadline, 601000u);
	f.set_delays(5000, 0);
	EXPECT_EQ(f.evaluate(2000).deadline, 6000u);
	f.set_delays(0, 0);
	const decision d = f.evaluate(2001);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverDeadline, LongerDelayProlongsTheOneThatIsRunning)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 100);
	f.report(a, down, 1000);
	f.evaluate(1000);
	f.set_delays(0, 1000);
	decision d = f.evaluate(1100);
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(d.deadline, 2000u);
	d = f.evaluate(2000);
	EXPECT_EQ(d.active, b);
	EXPECT_EQ(f.member_view(a, 2000)->link_failures, 1u);
}

TEST(FailoverDeadline, ChangingTheOtherDelayLeavesTheRunningOneAlone)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 100);
	f.report(a, down, 1000);
	f.set_delays(9999, 100);
	EXPECT_EQ(f.evaluate(1000).deadline, 1100u);
}

TEST(FailoverDeadline, TimeMayStandStill)
{
	failover f = with_members_up({a, b});
	f.set_delays(100, 100);
	f.report(a, down, 10);
	const decision first = f.evaluate(10);
	const decision second = f.evaluate(10);
	EXPECT_EQ(first.deadline, 110u);
	EXPECT_EQ(second.deadline, 110u);
	EXPECT_EQ(usable(first), usable(second));
	EXPECT_FALSE(second.usable_changed || second.active_changed || second.carrier_changed);
}

TEST(FailoverDeadline, JumpOverSeveralDeadlinesEndsWhereTheyLead)
{
	failover f = with_members_up({a, b});
	f.set_delays(300, 100);
	f.report(a, down, 0);
	f.join(c, up, 0);
	f.evaluate(0);
	const decision d = f.evaluate(time_ms{1} << 62);
	EXPECT_EQ(usable(d), (ids{b, c}));
	EXPECT_EQ(d.active, b);
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverDeadline, LongestDelaysAtTheEndOfTheClockDoNotOverflow)
{
	failover f = with_members_up({a});
	f.set_delays(UINT32_MAX, UINT32_MAX);
	f.join(b, up, never - 10);
	f.report(a, down, never - 10);
	decision d = f.evaluate(never - 10);
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(d.deadline, never);
	d = f.evaluate(never - 1);
	EXPECT_EQ(usable(d), ids{a});
}

TEST(FailoverDeadline, LongestDelayEndsOnTheMillisecond)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, UINT32_MAX);
	f.report(a, down, 1000);
	const time_ms deadline = f.evaluate(1000).deadline;
	EXPECT_EQ(deadline, 1000u + time_ms{UINT32_MAX});
	EXPECT_EQ(f.evaluate(deadline - 1).active, a);
	EXPECT_EQ(f.evaluate(deadline).active, b);
}

} // namespace
} // namespace braid
