/* SPDX-License-Identifier: BSD-3-Clause */
// The down delay: a member whose link is lost is used on, in case the link is back soon.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverDownDelay, ActiveMemberIsUsedUntilTheDownDelayIsOver)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 200);
	f.report(a, down, 1000);
	decision d = f.evaluate(1000);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(d.deadline, 1200u);
	EXPECT_FALSE(d.usable_changed || d.active_changed);

	d = f.evaluate(1199);
	EXPECT_EQ(d.active, a);
	d = f.evaluate(1200);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_EQ(d.active, b);
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverDownDelay, LinkThatBouncesWithinTheDownDelayChangesNothing)
{
	failover f = with_members_up({a, b});
	f.set_delays(100, 200);
	f.report(a, down, 1000);
	f.evaluate(1000);
	f.report(a, up, 1199);
	const decision d = f.evaluate(1200);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(d.deadline, never);
	EXPECT_FALSE(d.usable_changed || d.active_changed || d.carrier_changed);
	EXPECT_EQ(f.member_view(a, 1200)->link_failures, 0u);
}

TEST(FailoverDownDelay, PrimaryWhoseLinkIsGoingDownDoesNotTakeOver)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 200);
	f.report(b, down, 1000);
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(1000).active, a);
}

TEST(FailoverDownDelay, ReplacementIsAMemberWhoseLinkIsUpRatherThanOneThatIsGoingDown)
{
	failover f = with_members_up({a, b, c});
	f.set_delays(0, 200);
	f.report(b, down, 1000);
	f.leave(a);
	const decision d = f.evaluate(1000);
	EXPECT_EQ(usable(d), (ids{b, c}));
	EXPECT_EQ(d.active, c);
}

TEST(FailoverDownDelay, LinkThatIsGoingDownIsBetterThanNone)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 200);
	f.report(b, down, 1000);
	f.leave(a);
	decision d = f.evaluate(1000);
	EXPECT_EQ(d.active, b);
	EXPECT_TRUE(d.carrier);
	d = f.evaluate(d.deadline);
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_TRUE(d.carrier_changed);
}

} // namespace
} // namespace braid
