/* SPDX-License-Identifier: BSD-3-Clause */
// Who becomes active when members have roles, priorities and a will to stay; and min_links.
#include "members.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace braid {
namespace {

constexpr member_id d{4};
constexpr link_report faster{.up = true, .speed_mbps = 25000, .full_duplex = true};

ids transmitting(const decision &d) { return {d.may_transmit().begin(), d.may_transmit().end()}; }

// The link of the active member fails and comes back; who is active then.
member_id after_a_bounce(failover &f, time_ms now)
{
	const member_id active = f.evaluate(now).active;
	f.report(active, down, now);
	f.evaluate(now);
	f.report(active, up, now + 1);
	return f.evaluate(now + 1).active;
}

why_not reason(const failover &f, member_id id) { return f.member_view(id, 0)->reason; }

// --- roles

TEST(Roles, AMemberHasNoRoleUntilItIsGivenOne)
{
	failover f = with_members_up({a, b});
	EXPECT_EQ(f.role_of(a), member_role::none);
	EXPECT_EQ(f.role_of(member_id::none), member_role::none);
	f.set_primary(a);
	f.set_standby(b);
	EXPECT_EQ(f.role_of(a), member_role::primary);
	EXPECT_EQ(f.role_of(b), member_role::standby);
	EXPECT_EQ(f.member_view(b, 0)->role, member_role::standby);
}

TEST(Roles, NobodyIsPrimaryAndStandby)
{
	failover f = with_members_up({a, b});
	f.set_standby(a);
	f.set_primary(a);
	EXPECT_EQ(f.role_of(a), member_role::primary);
	EXPECT_EQ(f.standby(), member_id::none);
	f.set_standby(a);
	EXPECT_EQ(f.role_of(a), member_role::standby);
	EXPECT_EQ(f.primary(), member_id::none);
}

TEST(Roles, AMemberThatLeavesGivesUpItsRole)
{
	failover f = with_members_up({a, b});
	f.set_standby(a);
	f.leave(a);
	EXPECT_EQ(f.standby(), member_id::none);
	f.join(a, up, 1);
	EXPECT_EQ(f.role_of(a), member_role::none);
}

TEST(Roles, AMemberThatDoesNotRunKeepsRolePriorityAndWill)
{
	failover f = with_members_up({a, b, c});
	f.set_primary(b);
	f.set_priority(b, 7);
	f.set_sticky(b, true);
	ASSERT_EQ(f.evaluate(1).active, b);
	f.set_running(b, false); // unplugged
	f.report(b, down, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
	f.set_running(b, true);
	f.restart_link(b, 3);
	f.report(b, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b);
	EXPECT_EQ(f.member_view(b, 3)->role, member_role::primary);
	EXPECT_EQ(f.member_view(b, 3)->priority, 7);
	EXPECT_TRUE(f.member_view(b, 3)->sticky);
}

TEST(Roles, ARoleMayBeKeptForAMemberThatHasNotJoined)
{
	failover f = with_members_up({a});
	f.set_standby(b);
	f.set_primary(c);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.join(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
	f.join(c, up, 3);
	EXPECT_EQ(f.evaluate(3).active, c);
}

// --- standby

TEST(Standby, IsChosenLast)
{
	failover f;
	f.set_standby(a);
	f.join(a, up, 0);
	f.join(b, up, 0);
	f.join(c, up, 0);
	EXPECT_EQ(f.evaluate(0).active, b);
	f.report(b, down, 1);
	EXPECT_EQ(f.evaluate(1).active, c);
	f.report(c, down, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
}

// net_failover: the standby works only while the primary cannot.
TEST(Standby, GivesWayToWhoeverComesUp)
{
	failover f = with_members_up({a, b});
	f.set_standby(a);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(b, down, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
	f.report(b, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b);
}

TEST(Standby, NoPriorityLiftsItAboveOthers)
{
	failover f = with_members_up({a, b});
	f.set_standby(a);
	f.set_priority(a, INT32_MAX);
	f.set_priority(b, INT32_MIN);
	EXPECT_EQ(f.evaluate(1).active, b);
}

TEST(Standby, AStickyStandbyStaysOnceItIsActive)
{
	failover f = with_members_up({a, b});
	f.set_standby(b);
	f.set_sticky(b, true);
	EXPECT_EQ(after_a_bounce(f, 1), b);
}

TEST(Standby, GivesWayToThePrimaryAsThePolicySays)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_standby(b);
	EXPECT_EQ(f.evaluate(1).active, a);
	EXPECT_EQ(after_a_bounce(f, 2), a) << "always";
	f.set_reselect(primary_reselect::failure);
	EXPECT_EQ(after_a_bounce(f, 3), b) << "failure";
	f.report(b, down, 5);
	EXPECT_EQ(f.evaluate(5).active, a);
}

TEST(Standby, OfLinksThatComeUpTogetherItIsNotTheOneThatIsNeededEarly)
{
	failover f;
	f.set_delays(1000, 0);
	f.set_standby(a);
	f.join(a, up, 0);
	f.join(b, up, 0);
	const decision now = f.evaluate(0);
	EXPECT_EQ(transmitting(now), ids{b});
	EXPECT_EQ(reason(f, a), why_not::up_delay);
}

// A link that is being lost is better than none, the standby's after the others'.
TEST(Standby, IsAlsoLastAmongLinksThatAreGoingDown)
{
	failover f = with_members_up({a, b, c});
	f.set_delays(0, 1000);
	f.set_standby(a);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(a, down, 2);
	f.report(b, down, 2);
	f.report(c, down, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
	f.leave(b);
	EXPECT_EQ(f.evaluate(3).active, c);
	f.leave(c);
	EXPECT_EQ(f.evaluate(4).active, a);
}

// --- priority

TEST(Priority, TheHighestIsChosen)
{
	failover f;
	for (member_id id : {a, b, c})
		f.join(id, up, 0);
	f.set_priority(a, -1);
	f.set_priority(c, 5);
	EXPECT_EQ(f.evaluate(0).active, c);
	f.report(c, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(b, down, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
}

TEST(Priority, AHigherOneTakesOver)
{
	failover f = with_members_up({a, b});
	f.set_priority(b, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	EXPECT_EQ(after_a_bounce(f, 2), b) << "and again when it comes back";
}

TEST(Priority, AnEqualOneDoesNot)
{
	failover f = with_members_up({a, b});
	f.set_priority(a, 3);
	f.set_priority(b, 3);
	EXPECT_EQ(after_a_bounce(f, 1), b);
	EXPECT_EQ(after_a_bounce(f, 3), a);
}

TEST(Priority, AnActiveMemberThatLosesItsPriorityGivesWay)
{
	failover f = with_members_up({a, b});
	f.set_priority(a, 2);
	f.set_priority(b, 1);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.set_priority(a, 0);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(Priority, WaitsForItsUpDelay)
{
	failover f = with_members_up({a});
	f.set_delays(100, 0);
	f.join(b, up, 10);
	f.set_priority(b, 1);
	decision now = f.evaluate(10);
	EXPECT_EQ(now.active, a);
	EXPECT_EQ(now.deadline, 110u);
	EXPECT_EQ(f.evaluate(110).active, b);
}

TEST(Priority, DisplacesNoPrimary)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_priority(b, INT32_MAX);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.set_primary(member_id::none);
	EXPECT_EQ(f.evaluate(2).active, b) << "no primary any more";
}

// With `failure` the operator has said that the primary waits: its priority does not say otherwise.
TEST(Priority, OfThePrimaryDoesNotCount)
{
	failover f = with_members_up({a, b, c});
	f.set_primary(a);
	f.set_priority(a, 10);
	f.set_reselect(primary_reselect::failure);
	f.evaluate(1);
	EXPECT_EQ(after_a_bounce(f, 2), b);
	f.set_priority(c, 1);
	EXPECT_EQ(f.evaluate(4).active, c) << "others still follow theirs";
}

TEST(Priority, OfAnUnknownMemberIsIgnored)
{
	failover f = with_members_up({a});
	f.set_priority(b, 1);
	f.set_sticky(b, true);
	f.set_running(b, false);
	EXPECT_EQ(f.evaluate(1).active, a);
	EXPECT_EQ(f.reason(b), why_not::stopped);
}

// --- sticky

TEST(Sticky, OnceActiveItGivesWayToNoPriority)
{
	failover f = with_members_up({a, b});
	f.set_sticky(a, true);
	f.set_priority(b, 1);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.report(a, down, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
	f.report(a, up, 3);
	EXPECT_EQ(f.evaluate(3).active, b) << "stickiness takes nothing back";
}

TEST(Sticky, IsNoPreference)
{
	failover f;
	f.join(a, up, 0);
	f.join(b, up, 0);
	f.set_sticky(b, true);
	EXPECT_EQ(f.evaluate(0).active, a);
}

TEST(Sticky, WhenItEndsTheBetterOneTakesOver)
{
	failover f = with_members_up({a, b});
	f.set_sticky(a, true);
	f.set_priority(b, 1);
	ASSERT_EQ(f.evaluate(1).active, a);
	f.set_sticky(a, false);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(Sticky, GivesWayToThePrimary)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_sticky(b, true);
	f.evaluate(1);
	EXPECT_EQ(after_a_bounce(f, 2), a);
	f.set_reselect(primary_reselect::failure);
	EXPECT_EQ(after_a_bounce(f, 4), b);
	f.set_primary(a);
	EXPECT_EQ(f.evaluate(6).active, a) << "an order";
}

TEST(Sticky, HoldsWhileItsLinkIsGoingDown)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 100);
	f.set_sticky(a, true);
	f.set_priority(b, 1);
	f.report(a, down, 10);
	EXPECT_EQ(f.evaluate(10).active, a);
	EXPECT_EQ(f.evaluate(109).active, a);
	EXPECT_EQ(f.evaluate(110).active, b);
}

// --- reselect and the others

TEST(Reselect, BetterComparesThePrimaryWithWhoeverIsActive)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_reselect(primary_reselect::better);
	f.evaluate(1);
	EXPECT_EQ(after_a_bounce(f, 2), b) << "as fast";
	f.report(a, faster, 4);
	EXPECT_EQ(f.evaluate(4).active, a);
}

// Two changes would be one too many: the primary is compared with the one who would be active otherwise.
TEST(Reselect, BetterComparesThePrimaryWithWhoeverWouldBeActiveWithoutIt)
{
	failover f = with_members_up({a, b, c});
	f.set_primary(a);
	f.set_reselect(primary_reselect::better);
	f.evaluate(1);
	f.report(b, faster, 1);
	ASSERT_EQ(after_a_bounce(f, 2), b);
	f.report(c, {.up = true, .speed_mbps = 1000, .full_duplex = true}, 4);
	f.set_priority(c, 1);
	const decision now = f.evaluate(4);
	EXPECT_EQ(now.active, a) << "c would displace b, and a is faster than c";
	EXPECT_FALSE(f.evaluate(4).active_changed);
}

// --- min_links

TEST(MinLinks, WithFewerNobodyTransmits)
{
	failover f = with_members_up({a, b, c});
	f.set_min_links(2);
	EXPECT_EQ(transmitting(f.evaluate(1)), (ids{a, b, c}));
	f.report(a, down, 2);
	EXPECT_EQ(transmitting(f.evaluate(2)), (ids{b, c}));
	f.report(b, down, 3);
	const decision held = f.evaluate(3);
	EXPECT_TRUE(transmitting(held).empty());
	EXPECT_EQ(held.usable_count, 1u);
	EXPECT_EQ(held.active, member_id::none);
	EXPECT_EQ(held.chosen, c) << "it receives";
	EXPECT_FALSE(held.carrier);
	EXPECT_TRUE(held.carrier_changed && held.active_changed && held.usable_changed);
	EXPECT_EQ(reason(f, c), why_not::min_links);
	EXPECT_EQ(reason(f, a), why_not::link_down);
	f.report(a, up, 4);
	const decision again = f.evaluate(4);
	EXPECT_EQ(transmitting(again), (ids{a, c}));
	EXPECT_EQ(again.active, c) << "who was chosen stays";
	EXPECT_TRUE(again.carrier && again.carrier_changed);
}

TEST(MinLinks, NoneAndOneAreTheSame)
{
	for (unsigned n : {0u, 1u}) {
		failover f;
		f.set_min_links(n);
		EXPECT_FALSE(f.evaluate(0).carrier);
		f.join(a, up, 1);
		EXPECT_TRUE(f.evaluate(1).carrier) << n;
		f.report(a, down, 2);
		EXPECT_FALSE(f.evaluate(2).carrier) << n;
	}
}

TEST(MinLinks, ChangedWhileItWorks)
{
	failover f = with_members_up({a, b});
	f.set_min_links(3);
	const decision held = f.evaluate(1);
	EXPECT_FALSE(held.carrier);
	EXPECT_TRUE(held.carrier_changed && !held.usable_changed);
	EXPECT_EQ(reason(f, a), why_not::min_links);
	f.set_min_links(2);
	EXPECT_TRUE(f.evaluate(2).carrier);
	EXPECT_EQ(reason(f, a), why_not::none);
	EXPECT_EQ(reason(f, b), why_not::standby);
}

TEST(MinLinks, CountsWhoIsDisabledOrDoesNotRunAsMissing)
{
	failover f = with_members_up({a, b});
	f.set_min_links(2);
	f.set_enabled(a, false);
	EXPECT_FALSE(f.evaluate(1).carrier);
	EXPECT_EQ(reason(f, a), why_not::disabled);
	EXPECT_EQ(reason(f, b), why_not::min_links);
	f.set_enabled(a, true);
	f.set_running(b, false);
	EXPECT_FALSE(f.evaluate(2).carrier);
	EXPECT_EQ(reason(f, b), why_not::stopped);
}

TEST(MinLinks, ALinkThatIsGoingDownStillCounts)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 100);
	f.set_min_links(2);
	f.report(a, down, 10);
	EXPECT_TRUE(f.evaluate(10).carrier);
	EXPECT_FALSE(f.evaluate(110).carrier);
}

// PEERS 10, for more than one: an up delay must not keep the bond down while links that would do wait for it.
TEST(MinLinks, UpDelaysEndEarlyWhenThatReachesTheNumber)
{
	failover f = with_members_up({a, b, c});
	f.set_delays(1000, 0);
	f.set_min_links(2);
	f.report(a, down, 1);
	f.report(b, down, 1);
	EXPECT_FALSE(f.evaluate(1).carrier);
	f.report(a, up, 2);
	f.report(b, up, 3);
	const decision now = f.evaluate(3);
	EXPECT_TRUE(now.carrier);
	EXPECT_EQ(transmitting(now), (ids{a, c})) << "as many as are needed, who waited longest first";
	EXPECT_EQ(reason(f, b), why_not::up_delay);
	EXPECT_EQ(now.deadline, 1003u);
}

TEST(MinLinks, UpDelaysAreNotSpentInVain)
{
	failover f = with_members_up({a, b, c});
	f.set_delays(1000, 0);
	f.set_min_links(3);
	f.report(a, down, 1);
	f.report(b, down, 1);
	f.evaluate(1);
	f.report(a, up, 2);
	const decision now = f.evaluate(2);
	EXPECT_FALSE(now.carrier);
	EXPECT_EQ(reason(f, a), why_not::up_delay);
	EXPECT_EQ(now.deadline, 1002u);
}

// --- why not

TEST(WhyNot, TheNearestHindranceIsNamed)
{
	failover f = with_members_up({a, b, c, d});
	EXPECT_EQ(reason(f, a), why_not::none);
	EXPECT_EQ(reason(f, b), why_not::standby);
	f.report(c, down, 1);
	f.set_enabled(d, false);
	f.evaluate(1);
	EXPECT_EQ(reason(f, c), why_not::link_down);
	EXPECT_EQ(reason(f, d), why_not::disabled);
	f.report(d, down, 2);
	EXPECT_EQ(reason(f, d), why_not::disabled) << "a link alone would not help it";
	f.set_running(d, false);
	EXPECT_EQ(reason(f, d), why_not::stopped);
	f.set_delays(10, 0);
	f.report(c, up, 3);
	f.evaluate(3);
	EXPECT_EQ(reason(f, c), why_not::up_delay);
	EXPECT_EQ(f.member_view(c, 7)->remaining_ms, 6u);
}

TEST(WhyNot, EachHasAWordOfItsOwn)
{
	std::vector<std::string_view> words;
	for (unsigned i = 0; i < why_not_count; i++) {
		const std::string_view word = to_string(static_cast<why_not>(i));
		EXPECT_EQ(word.empty(), i == 0);
		for (std::string_view other : words)
			EXPECT_NE(word, other);
		words.push_back(word);
	}
	EXPECT_STREQ(to_string(member_role::none), "none");
	EXPECT_STREQ(to_string(member_role::primary), "primary");
	EXPECT_STREQ(to_string(member_role::standby), "standby");
}

} // namespace
} // namespace braid
