/* SPDX-License-Identifier: BSD-3-Clause */
// primary_reselect: whether a primary that is back takes over from the member that is active.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverReselect, ReselectFailureLeavesTheActiveMemberUntilItFails)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_reselect(primary_reselect::failure);
	f.evaluate(1);
	f.report(a, down, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
	f.report(a, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b);
	f.report(b, down, 4);
	EXPECT_EQ(f.evaluate(4).active, a);
}

TEST(FailoverReselect, ReselectBetterReturnsOnlyToAFasterPrimary)
{
	failover f;
	f.set_reselect(primary_reselect::better);
	f.join(a, {.up = true, .speed_mbps = 1000, .full_duplex = true}, 0);
	f.join(b, {.up = true, .speed_mbps = 10000, .full_duplex = true}, 0);
	f.set_primary(a);
	f.evaluate(0);
	f.report(a, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(a, {.up = true, .speed_mbps = 1000, .full_duplex = true}, 2);
	EXPECT_EQ(f.evaluate(2).active, b); // slower
	f.report(a, {.up = true, .speed_mbps = 10000, .full_duplex = true}, 3);
	EXPECT_EQ(f.evaluate(3).active, b); // the same
	f.report(a, {.up = true, .speed_mbps = 25000, .full_duplex = true}, 4);
	EXPECT_EQ(f.evaluate(4).active, a);
}

TEST(FailoverReselect, ReselectBetterPrefersFullDuplexAtTheSameSpeed)
{
	failover f;
	f.set_reselect(primary_reselect::better);
	f.join(a, down, 0);
	f.join(b, {.up = true, .speed_mbps = 100, .full_duplex = false}, 0);
	f.set_primary(a);
	f.report(a, {.up = true, .speed_mbps = 100, .full_duplex = true}, 0);
	EXPECT_EQ(f.evaluate(0).active, a); // by order
	f.report(a, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(a, {.up = true, .speed_mbps = 100, .full_duplex = false}, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
	f.report(a, {.up = true, .speed_mbps = 100, .full_duplex = true}, 3);
	EXPECT_EQ(f.evaluate(3).active, a);
}

TEST(FailoverReselect, NamingThePrimaryIsAnOrderWhateverThePolicy)
{
	for (primary_reselect r : {primary_reselect::better, primary_reselect::failure}) {
		failover f = with_members_up({a, b});
		f.set_reselect(r);
		f.set_primary(b);
		EXPECT_EQ(f.evaluate(1).active, b) << to_string(r);
	}
}

TEST(FailoverReselect, TheOrderToTakeThePrimaryWaitsForItsLinkAndHoldsOnce)
{
	failover f = with_members_up({a, b});
	f.set_reselect(primary_reselect::failure);
	f.report(b, down, 1);
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.report(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, b);

	f.report(b, down, 3);
	EXPECT_EQ(f.evaluate(3).active, a);
	f.report(b, up, 4);
	EXPECT_EQ(f.evaluate(4).active, a);
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(5).active, b);
}

TEST(FailoverReselect, APolicyThatChangesActsAtTheNextEvaluation)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_reselect(primary_reselect::failure);
	f.evaluate(1);
	f.report(a, down, 2);
	f.evaluate(2);
	f.report(a, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b);
	f.set_reselect(primary_reselect::always);
	EXPECT_EQ(f.evaluate(4).active, a);
}

TEST(PrimaryReselect, IsKnownByItsWordAndByLinuxsNumber)
{
	EXPECT_EQ(primary_reselect_from("0"), primary_reselect::always);
	EXPECT_EQ(primary_reselect_from("1"), primary_reselect::better);
	EXPECT_EQ(primary_reselect_from("2"), primary_reselect::failure);
	for (auto r : {primary_reselect::always, primary_reselect::better, primary_reselect::failure})
		EXPECT_EQ(primary_reselect_from(to_string(r)), r);
	for (const char *text : {"", "3", "-1", "Always", "always ", "fail"})
		EXPECT_FALSE(primary_reselect_from(text)) << '"' << text << '"';
}

} // namespace
} // namespace braid
