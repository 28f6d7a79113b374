/* SPDX-License-Identifier: BSD-3-Clause */
// The primary is active when it can be, and is a wish: it may be named before it joins, and is forgotten when it leaves.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverPrimary, PrimaryBecomesActive)
{
	failover f = with_members_up({a, b});
	f.set_primary(b);
	const decision d = f.evaluate(1);
	EXPECT_EQ(d.active, b);
	EXPECT_TRUE(d.active_changed);
	EXPECT_FALSE(d.usable_changed);
}

TEST(FailoverPrimary, PrimaryMayBeNamedBeforeItJoins)
{
	failover f = with_members_up({a});
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.join(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(FailoverPrimary, PrimaryReturnsAtOnceWithoutAnUpDelay)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.report(a, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(a, up, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
}

TEST(FailoverPrimary, PrimaryReturnsAfterUpDelay)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_delays(500, 0);
	f.report(a, down, 1000);
	EXPECT_EQ(f.evaluate(1000).active, b);
	f.report(a, up, 2000);
	EXPECT_EQ(f.evaluate(2000).deadline, 2500u);
	EXPECT_EQ(f.evaluate(2499).active, b);
	const decision d = f.evaluate(2500);
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(d.deadline, never);
}

TEST(FailoverPrimary, PrimaryThatLeavesIsForgottenAndTheActiveMemberStays)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.report(a, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.leave(a);
	const decision d = f.evaluate(2);
	EXPECT_EQ(d.active, b);
	EXPECT_FALSE(d.active_changed || d.usable_changed);
	EXPECT_EQ(f.primary(), member_id::none);
}

// PEERS 8: net_bonding kept the first-added member as primary after its removal.
TEST(FailoverPrimary, FirstAddedMemberDoesNotStayPrimaryAfterItsRemoval)
{
	failover f = with_members_up({a, b, c});
	f.set_primary(a);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.leave(a);
	EXPECT_EQ(f.evaluate(2).active, b);
	EXPECT_EQ(f.primary(), member_id::none);

	// The same port comes again; without an order it is a member like any other.
	f.join(a, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b);
}

TEST(FailoverPrimary, ClearingThePrimaryLeavesTheActiveMember)
{
	failover f = with_members_up({a, b});
	f.set_primary(b);
	f.evaluate(1);
	f.set_primary(member_id::none);
	const decision d = f.evaluate(2);
	EXPECT_EQ(d.active, b);
	EXPECT_FALSE(d.active_changed);
	EXPECT_EQ(f.primary(), member_id::none);
}

TEST(FailoverPrimary, DisabledPrimaryIsNotChosenAndReturnsWhenEnabled)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_enabled(a, false);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.set_enabled(a, true);
	EXPECT_EQ(f.evaluate(2).active, a);
}

TEST(FailoverPrimary, UnpluggedMemberThatStaysKeepsItsPlaceItsRoleAndItsFailures)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_delays(0, 100);
	f.evaluate(1);
	f.set_enabled(a, false);
	f.report(a, down, 2);
	EXPECT_EQ(usable(f.evaluate(2)), ids{b}); // at once, whatever the down delay
	f.evaluate(102);
	f.set_enabled(a, true);
	f.report(a, up, 5000);
	const decision d = f.evaluate(5000);
	EXPECT_EQ(usable(d), (ids{a, b}));
	EXPECT_EQ(d.active, a);
	EXPECT_EQ(f.member_view(a, 5000)->link_failures, 1u);
}

} // namespace
} // namespace braid
