/* SPDX-License-Identifier: BSD-3-Clause */
// What is told about a member: its link, since when, how often it failed, and why it is not active.
#include "members.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(FailoverView, ViewNamesTheReasonWhyAMemberIsNotActive)
{
	constexpr member_id d{4};
	constexpr member_id e{5};
	failover f = with_members_up({a, b, c});
	f.set_delays(1000, 0);
	f.report(c, down, 5);
	f.join(d, up, 10);
	f.join(e, up, 10);
	f.set_enabled(e, false);
	f.evaluate(10);
	EXPECT_EQ(f.member_view(a, 10)->reason, why_not::none);
	EXPECT_EQ(f.member_view(b, 10)->reason, why_not::standby);
	EXPECT_EQ(f.member_view(c, 10)->reason, why_not::link_down);
	EXPECT_EQ(f.member_view(d, 10)->reason, why_not::up_delay);
	EXPECT_EQ(f.member_view(e, 10)->reason, why_not::disabled);
	EXPECT_FALSE(f.member_view(e, 10)->enabled);
}

TEST(FailoverView, ViewCountsDownTheDelay)
{
	failover f = with_members_up({a});
	f.set_delays(500, 100);
	f.join(b, up, 1000);
	f.evaluate(1000);
	EXPECT_EQ(f.member_view(b, 1000)->remaining_ms, 500u);
	EXPECT_EQ(f.member_view(b, 1460)->remaining_ms, 40u);
	EXPECT_EQ(f.member_view(b, 9999)->remaining_ms, 0u);
	EXPECT_EQ(f.member_view(a, 1460)->remaining_ms, 0u);
	f.report(a, down, 2000);
	EXPECT_EQ(f.member_view(a, 2030)->remaining_ms, 70u);
	EXPECT_EQ(f.member_view(a, 2030)->link, link_state::going_down);
	EXPECT_EQ(f.member_view(a, 2030)->reason, why_not::none);
}

TEST(FailoverView, ViewTellsSinceWhenHowOftenAndHowFast)
{
	failover f = with_members_up({a});
	for (time_ms now : {10u, 20u, 30u}) {
		f.report(a, down, now);
		f.report(a, {.up = true, .speed_mbps = 40000, .full_duplex = true}, now + 1);
	}
	f.report(a, down, 77);
	f.evaluate(80);
	const auto seen = f.member_view(a, 90);
	ASSERT_TRUE(seen);
	EXPECT_EQ(seen->link, link_state::down);
	EXPECT_EQ(seen->since, 77u);
	EXPECT_EQ(seen->link_failures, 4u);
	EXPECT_EQ(seen->speed_mbps, 40000u);
	EXPECT_TRUE(seen->full_duplex);
}

TEST(FailoverView, AMemberThatLeftAndJoinsAgainStartsWithoutFailures)
{
	failover f = with_members_up({a});
	f.report(a, down, 1);
	f.leave(a);
	f.join(a, up, 2);
	f.evaluate(2);
	EXPECT_EQ(f.member_view(a, 2)->link_failures, 0u);
	EXPECT_EQ(f.member_view(a, 2)->since, 2u);
}

TEST(WhyNot, EveryReasonHasItsWords)
{
	EXPECT_STREQ(to_string(why_not::none), "");
	EXPECT_STREQ(to_string(why_not::link_down), "link_down");
	EXPECT_STREQ(to_string(why_not::up_delay), "up_delay");
	EXPECT_STREQ(to_string(why_not::standby), "standby");
	EXPECT_STREQ(to_string(why_not::disabled), "disabled");
}

} // namespace
} // namespace braid
