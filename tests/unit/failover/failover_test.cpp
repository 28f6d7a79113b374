/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace braid {
namespace {


ids usable(const decision &d) { return {d.usable().begin(), d.usable().end()}; }

TEST(Failover, OwnsNoMemoryThatCouldBeAllocated)
{
	EXPECT_TRUE(std::is_trivially_copyable_v<failover>);
	EXPECT_TRUE(std::is_trivially_copyable_v<decision>);
}

// The empty set

TEST(Failover, WithoutMembersThereIsNothingToDoAndNothingToWaitFor)
{
	failover f;
	const decision d = f.evaluate(1);
	EXPECT_TRUE(d.usable().empty());
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_FALSE(d.carrier);
	EXPECT_EQ(d.deadline, never);
	EXPECT_FALSE(d.usable_changed || d.active_changed || d.carrier_changed);
}

TEST(Failover, FirstMemberBringsTheCarrierAndTheLastTakesItAway)
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
TEST(Failover, AllLinksGoingDownTogetherIsAnEvent)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 10);
	f.report(b, down, 10);
	const decision d = f.evaluate(10);
	EXPECT_FALSE(d.carrier);
	EXPECT_TRUE(d.usable_changed && d.active_changed && d.carrier_changed);
	EXPECT_EQ(d.active, member_id::none);
}

// Membership

TEST(Failover, UsableMembersStandInTheOrderInWhichTheyJoined)
{
	failover f = with_members_up({c, a, b});
	EXPECT_EQ(usable(f.evaluate(1)), (ids{c, a, b}));
	f.leave(a);
	EXPECT_EQ(usable(f.evaluate(2)), (ids{c, b}));
	f.join(a, up, 3);
	EXPECT_EQ(usable(f.evaluate(3)), (ids{c, b, a}));
}

TEST(Failover, JoiningTwiceOrAsNobodyIsRefusedAndChangesNothing)
{
	failover f = with_members_up({a});
	EXPECT_FALSE(f.join(a, down, 1));
	EXPECT_FALSE(f.join(member_id::none, up, 1));
	EXPECT_EQ(f.member_count(), 1u);
	EXPECT_EQ(usable(f.evaluate(1)), ids{a});
}

TEST(Failover, TheSetHoldsMaxMembersAndRefusesOneMore)
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

TEST(Failover, AnEventThatComesAfterTheMemberLeftIsIgnored)
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

TEST(Failover, TheSameSetAgainIsNoChange)
{
	failover f = with_members_up({a, b});
	f.report(a, up, 1);
	const decision d = f.evaluate(1);
	EXPECT_FALSE(d.usable_changed || d.active_changed || d.carrier_changed);
}

TEST(Failover, AStandbyThatLeavesChangesTheSetButNotTheActiveMember)
{
	failover f = with_members_up({a, b});
	f.leave(b);
	const decision d = f.evaluate(1);
	EXPECT_TRUE(d.usable_changed);
	EXPECT_FALSE(d.active_changed || d.carrier_changed);
}

// The active member

TEST(Failover, FirstUsableMemberInJoinOrderBecomesActive)
{
	failover f;
	f.join(c, down, 0);
	f.join(b, up, 0);
	f.join(a, up, 0);
	EXPECT_EQ(f.evaluate(0).active, b);
}

TEST(Failover, ActiveMemberThatGoesDownIsReplacedAtOnce)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 10);
	const decision d = f.evaluate(10);
	EXPECT_EQ(d.active, b);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_TRUE(d.active_changed);
	EXPECT_FALSE(d.carrier_changed);
}

TEST(Failover, ActiveMemberThatLeavesIsReplacedAtOnce)
{
	failover f = with_members_up({a, b});
	f.leave(a);
	EXPECT_EQ(f.evaluate(1).active, b);
}

TEST(Failover, WithoutAPrimaryTheActiveMemberStaysWhenAnEarlierOneReturns)
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

TEST(Failover, DisabledMemberIsNotUsedAndIsWatchedAllTheSame)
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

TEST(Failover, DisablingTheOnlyMemberLeavesAnEmptySet)
{
	failover f = with_members_up({a});
	f.set_enabled(a, false);
	const decision d = f.evaluate(1);
	EXPECT_FALSE(d.carrier);
	EXPECT_EQ(d.active, member_id::none);
	EXPECT_TRUE(d.carrier_changed);
}

// The primary

TEST(Failover, PrimaryBecomesActive)
{
	failover f = with_members_up({a, b});
	f.set_primary(b);
	const decision d = f.evaluate(1);
	EXPECT_EQ(d.active, b);
	EXPECT_TRUE(d.active_changed);
	EXPECT_FALSE(d.usable_changed);
}

TEST(Failover, PrimaryMayBeNamedBeforeItJoins)
{
	failover f = with_members_up({a});
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(1).active, a);
	f.join(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
}

TEST(Failover, PrimaryReturnsAtOnceWithoutAnUpDelay)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.report(a, down, 1);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.report(a, up, 2);
	EXPECT_EQ(f.evaluate(2).active, a);
}

TEST(Failover, PrimaryReturnsAfterUpDelay)
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

TEST(Failover, PrimaryThatLeavesIsForgottenAndTheActiveMemberStays)
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
TEST(Failover, FirstAddedMemberDoesNotStayPrimaryAfterItsRemoval)
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

TEST(Failover, ClearingThePrimaryLeavesTheActiveMember)
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

TEST(Failover, DisabledPrimaryIsNotChosenAndReturnsWhenEnabled)
{
	failover f = with_members_up({a, b});
	f.set_primary(a);
	f.set_enabled(a, false);
	EXPECT_EQ(f.evaluate(1).active, b);
	f.set_enabled(a, true);
	EXPECT_EQ(f.evaluate(2).active, a);
}

TEST(Failover, UnpluggedMemberThatStaysKeepsItsPlaceItsRoleAndItsFailures)
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

// primary_reselect

TEST(Failover, ReselectFailureLeavesTheActiveMemberUntilItFails)
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

TEST(Failover, ReselectBetterReturnsOnlyToAFasterPrimary)
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

TEST(Failover, ReselectBetterPrefersFullDuplexAtTheSameSpeed)
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

TEST(Failover, NamingThePrimaryIsAnOrderWhateverThePolicy)
{
	for (primary_reselect r : {primary_reselect::better, primary_reselect::failure}) {
		failover f = with_members_up({a, b});
		f.set_reselect(r);
		f.set_primary(b);
		EXPECT_EQ(f.evaluate(1).active, b) << to_string(r);
	}
}

TEST(Failover, TheOrderToTakeThePrimaryWaitsForItsLinkAndHoldsOnce)
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

TEST(Failover, APolicyThatChangesActsAtTheNextEvaluation)
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

TEST(PrimaryReselect, SpellingsAndLinuxNumbers)
{
	EXPECT_EQ(primary_reselect_from("0"), primary_reselect::always);
	EXPECT_EQ(primary_reselect_from("1"), primary_reselect::better);
	EXPECT_EQ(primary_reselect_from("2"), primary_reselect::failure);
	for (auto r : {primary_reselect::always, primary_reselect::better, primary_reselect::failure})
		EXPECT_EQ(primary_reselect_from(to_string(r)), r);
	for (const char *text : {"", "3", "-1", "Always", "always ", "fail"})
		EXPECT_FALSE(primary_reselect_from(text)) << '"' << text << '"';
}

// The down delay

TEST(Failover, ActiveMemberIsUsedUntilTheDownDelayIsOver)
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

TEST(Failover, LinkThatBouncesWithinTheDownDelayChangesNothing)
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

TEST(Failover, PrimaryWhoseLinkIsGoingDownDoesNotTakeOver)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 200);
	f.report(b, down, 1000);
	f.set_primary(b);
	EXPECT_EQ(f.evaluate(1000).active, a);
}

TEST(Failover, ReplacementIsAMemberWhoseLinkIsUpRatherThanOneThatIsGoingDown)
{
	failover f = with_members_up({a, b, c});
	f.set_delays(0, 200);
	f.report(b, down, 1000);
	f.leave(a);
	const decision d = f.evaluate(1000);
	EXPECT_EQ(usable(d), (ids{b, c}));
	EXPECT_EQ(d.active, c);
}

TEST(Failover, LinkThatIsGoingDownIsBetterThanNone)
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

// The up delay

TEST(Failover, MemberThatJoinsBesideAUsableOneWaitsForTheUpDelay)
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

// PEERS 10: the up delay must not be honoured when nothing else is usable (Linux e0caeb24f538).
TEST(Failover, MemberThatJoinsAnEmptySetSkipsTheUpDelay)
{
	failover f;
	f.set_delays(10000, 0);
	f.join(a, up, 5);
	const decision d = f.evaluate(5);
	EXPECT_EQ(d.active, a);
	EXPECT_TRUE(d.carrier);
	EXPECT_EQ(d.deadline, never);
}

// PEERS 10
TEST(Failover, LinkThatReturnsWhenNothingElseIsUsableSkipsTheUpDelay)
{
	failover f = with_members_up({a, b});
	f.set_delays(10000, 0);
	f.report(a, down, 1);
	f.report(b, down, 1);
	EXPECT_FALSE(f.evaluate(1).carrier);
	f.report(b, up, 2);
	EXPECT_EQ(f.evaluate(2).active, b);
}

// PEERS 10
TEST(Failover, MemberThatIsWaitingSkipsTheRestOfItsUpDelayWhenTheLastUsableOneGoesDown)
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

// PEERS 10
TEST(Failover, MemberThatIsWaitingSkipsItsUpDelayWhenTheLastUsableOneLeavesOrIsDisabled)
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

TEST(Failover, DisabledMemberIsNobodyToWaitForAndNobodyToLetIn)
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

TEST(Failover, OnlyOneOfSeveralWaitingMembersSkipsTheUpDelay)
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

TEST(Failover, TheMemberThatWaitedLongestSkipsTheRest)
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

TEST(Failover, OfMembersThatCameTogetherThePrimarySkipsTheUpDelay)
{
	failover f;
	f.set_delays(1000, 0);
	f.set_primary(b);
	for (member_id id : {a, b, c})
		f.join(id, up, 0);
	EXPECT_EQ(usable(f.evaluate(0)), ids{b});
}

TEST(Failover, StandbyThatTakesOverKeepsTheOthersWaiting)
{
	failover f = with_members_up({a, b});
	f.set_delays(1000, 0);
	f.join(c, up, 100);
	f.report(a, down, 200);
	const decision d = f.evaluate(200);
	EXPECT_EQ(usable(d), ids{b});
	EXPECT_EQ(d.deadline, 1100u);
}

TEST(Failover, ActiveMemberInItsDownDelayKeepsTheOthersWaiting)
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

TEST(Failover, WaitingLinkThatIsUpReplacesTheActiveMemberRatherThanOneThatIsGoingDown)
{
	failover f = with_members_up({a, b});
	f.set_delays(10000, 200);
	f.join(c, up, 900);
	f.report(b, down, 1000);
	f.evaluate(1000);
	f.leave(a);
	EXPECT_EQ(f.evaluate(1001).active, c);
}

TEST(Failover, LinkThatBouncesWithinTheUpDelayStartsItAgainWithoutAFailure)
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

// Time

TEST(Failover, DeadlineIsTheEarliestOfAllMembers)
{
	failover f = with_members_up({a, b});
	f.set_delays(300, 500);
	f.join(c, up, 100);
	f.report(a, down, 50);
	EXPECT_EQ(f.evaluate(100).deadline, 400u); // c comes up before a is given up
	EXPECT_EQ(f.evaluate(400).deadline, 550u);
	EXPECT_EQ(f.evaluate(550).deadline, never);
}

TEST(Failover, ShorterDelayReleasesAWaitingMemberAtTheNextEvaluation)
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

TEST(Failover, LongerDelayProlongsTheOneThatIsRunning)
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

TEST(Failover, ChangingTheOtherDelayLeavesTheRunningOneAlone)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, 100);
	f.report(a, down, 1000);
	f.set_delays(9999, 100);
	EXPECT_EQ(f.evaluate(1000).deadline, 1100u);
}

TEST(Failover, TimeMayStandStill)
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

TEST(Failover, JumpOverSeveralDeadlinesEndsWhereTheyLead)
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

TEST(Failover, LongestDelaysAtTheEndOfTheClockDoNotOverflow)
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

TEST(Failover, LongestDelayEndsOnTheMillisecond)
{
	failover f = with_members_up({a, b});
	f.set_delays(0, UINT32_MAX);
	f.report(a, down, 1000);
	const time_ms deadline = f.evaluate(1000).deadline;
	EXPECT_EQ(deadline, 1000u + time_ms{UINT32_MAX});
	EXPECT_EQ(f.evaluate(deadline - 1).active, a);
	EXPECT_EQ(f.evaluate(deadline).active, b);
}

// What is told about a member

TEST(Failover, NothingIsTakenIntoADecisionBeforeEvaluate)
{
	failover f = with_members_up({a, b});
	f.report(a, down, 1);
	f.report(a, up, 2);
	const decision d = f.evaluate(2);
	EXPECT_EQ(d.active, a);
	EXPECT_FALSE(d.usable_changed || d.active_changed);
	EXPECT_EQ(f.member_view(a, 2)->link_failures, 1u);
}

TEST(Failover, ViewNamesTheReasonWhyAMemberIsNotActive)
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

TEST(Failover, ViewCountsDownTheDelay)
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

TEST(Failover, ViewTellsSinceWhenHowOftenAndHowFast)
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

TEST(Failover, AMemberThatLeftAndJoinsAgainStartsWithoutFailures)
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
