/* SPDX-License-Identifier: BSD-3-Clause */
// Who is active when links fail and return, how soon, and who is kept waiting by a slow device: nobody.
#include "event_recorder.hpp"
#include "link_listener.hpp"
#include "links.hpp"
#include "test_bond.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace braid {
namespace {

std::uint64_t now_ns()
{
	const auto now = std::chrono::steady_clock::now().time_since_epoch();
	return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

class Failover : public mbuf_accounting {
protected:
	// First and second raise LSC, silent announces it and is made not to raise it, plain does not know it.
	fake_port first_{raising_lsc()}, second_{raising_lsc()};
	fake_port silent_{raising_lsc()}, plain_;
};

// --- how a lost link is noticed

TEST_F(Failover, TheBurstAfterALinkEventGoesToTheOtherMember)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), first_.name());
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(first_.tx_packets(), 10u);
	EXPECT_EQ(second_.tx_packets(), 10u);
	EXPECT_EQ(bond.active(), second_.name());
	ASSERT_TRUE(first_.set_link(true));
	EXPECT_EQ(bond.active(), second_.name()) << "without a primary the active member stays";
	ASSERT_TRUE(second_.set_link(false));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(first_.tx_packets(), 20u);
}

TEST_F(Failover, ALinkEventTakesAMemberOutOfEveryMode)
{
	for (braid_mode mode : {BRAID_MODE_ROUND_ROBIN, BRAID_MODE_BALANCE, BRAID_MODE_BROADCAST}) {
		test_bond bond(patiently("active-backup,xmit_policy=l34,seed=1", {&first_, &second_}));
		ASSERT_EQ(bond.mode(mode), 0);
		ASSERT_EQ(bond.bring_up(), 0);
		const std::uint64_t first = first_.tx_packets(), second = second_.tx_packets();
		ASSERT_TRUE(first_.set_link(false));
		EXPECT_EQ(bond.send(make_burst(64, 0, 16)), 64);
		EXPECT_EQ(first_.tx_packets(), first);
		EXPECT_EQ(second_.tx_packets(), second + 64);
		ASSERT_TRUE(first_.set_link(true));
		EXPECT_EQ(bond.send(make_burst(64, 0, 16)), 64);
		EXPECT_GT(first_.tx_packets(), first);
	}
}

// LSC is a claim: net_tap of 22.11 announces it, writes its new status and raises nothing.
TEST_F(Failover, PollingFindsAMemberThatAnnouncesEventsAndRaisesNone)
{
	test_bond bond("active-backup", {&silent_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), silent_.name());
	ASSERT_FALSE(silent_.set_link(false, false));
	EXPECT_TRUE(eventually([&] { return bond.active() == second_.name(); }));
	ASSERT_FALSE(silent_.set_link(true, false));
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 2; }));
}

TEST_F(Failover, PollingFindsAMemberWithoutEvents)
{
	test_bond bond("active-backup", {&plain_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), plain_.name());
	plain_.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.active() == second_.name(); }));
}

// Mistake 8: a member without LSC that was added to a running bond was never polled, so never active.
TEST_F(Failover, AMemberAddedToARunningBondIsPolled)
{
	fake_options down;
	down.link_is_up = false;
	fake_port late(down);
	test_bond bond("mode=active-backup");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(late.name()), 0);
	EXPECT_EQ(bond.active(), "");
	late.set_link(true);
	EXPECT_TRUE(eventually([&] { return bond.active() == late.name(); }));
	late.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.active().empty(); }));
}

// Mistake 8: polling was lost when the bond was started again.
TEST_F(Failover, PollingOutlivesARestart)
{
	test_bond bond("active-backup", {&plain_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 3; i++) {
		ASSERT_EQ(bond.stop(), 0);
		ASSERT_EQ(bond.start(), 0);
		plain_.set_link(false);
		EXPECT_TRUE(eventually([&] { return bond.info().usable == 1; }));
		plain_.set_link(true);
		EXPECT_TRUE(eventually([&] { return bond.info().usable == 2; }));
	}
}

TEST_F(Failover, AskingForTheLinkOfTheBondAsksItsMembers)
{
	test_bond bond(patiently("active-backup", {&plain_}));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(bond.link_up());
	// More than once, since the bond may be looking itself, for the first time and the last within an hour.
	for (bool up : {false, true, false, true}) {
		plain_.set_link(up);
		EXPECT_TRUE(eventually([&] { return bond.link_up() == up; }));
		EXPECT_EQ(bond.active(), up ? plain_.name() : "");
	}
}

// --- the primary

TEST_F(Failover, ThePrimaryTakesOverWhenItReturns)
{
	test_bond bond(patiently("active-backup,primary=" + second_.name(), {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_TRUE(bond.info_of(second_.name()).is_primary);
	second_.set_link(false);
	EXPECT_EQ(bond.active(), first_.name());
	second_.set_link(true);
	EXPECT_EQ(bond.active(), second_.name());
}

TEST_F(Failover, ThePrimaryCanBeSetClearedAndRemoved)
{
	test_bond bond(patiently("active-backup", {&first_, &second_, &plain_}));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	ASSERT_EQ(bond.primary(plain_.name()), 0);
	EXPECT_EQ(bond.active(), plain_.name()) << "at once";
	EXPECT_EQ(bond.info().primary, bond.id_of(plain_.name()));

	ASSERT_EQ(braid_primary_set(bond.port(), BRAID_NO_MEMBER), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_FALSE(bond.info_of(plain_.name()).is_primary);
	EXPECT_EQ(bond.active(), plain_.name()) << "no reason to change";

	ASSERT_EQ(bond.primary(second_.name()), 0);
	ASSERT_EQ(bond.remove(second_.name()), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_NE(bond.active(), "");
	ASSERT_EQ(bond.add(second_.name()), 0);
	EXPECT_NE(bond.active(), second_.name()) << "it comes back as a member like any other";
	EXPECT_EQ(braid_primary_set(bond.port(), 4711), -ENOENT);
}

// Mistake 8: after the first member had been removed, a restart still preferred it.
TEST_F(Failover, ARemovedFirstMemberIsNotPreferredAfterARestart)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.remove(first_.name()), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
}

// --- delays

TEST_F(Failover, ThePrimaryReturnsAfterTheUpDelay)
{
	test_bond bond(patiently("active-backup,up_delay=40,primary=" + first_.name(), {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	// Whichever was let in first at the start: from here on both are up.
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 2 && bond.active() == first_.name(); }));
	event_recorder events(bond);
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.active(), second_.name()) << "no delay on the way down";
	events.settle();
	const std::uint64_t up_at = now_ns();
	ASSERT_TRUE(first_.set_link(true));
	EXPECT_TRUE(eventually([&] { return bond.active() == first_.name(); }));
	const told usable = events.last(BRAID_EVENT_MEMBER_USABLE);
	EXPECT_EQ(usable.name, first_.name());
	EXPECT_GE(usable.time_ns - up_at, 39'000'000u) << "in whole milliseconds of the clock";
}

TEST_F(Failover, TheDownDelayKeepsAMemberForItsTime)
{
	test_bond bond(patiently("active-backup,down_delay=40", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	const std::uint64_t down_at = now_ns();
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_TRUE(eventually([&] { return bond.active() == second_.name(); }));
	const told unusable = events.last(BRAID_EVENT_MEMBER_UNUSABLE);
	EXPECT_EQ(unusable.name, first_.name());
	EXPECT_GE(unusable.time_ns - down_at, 39'000'000u) << "in whole milliseconds of the clock";
	EXPECT_EQ(bond.info_of(first_.name()).link_failures, 1u);
}

TEST_F(Failover, ALinkThatReturnsWithinTheDownDelayWasNeverLost)
{
	test_bond bond(patiently("active-backup,down_delay=3600000", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t generation = bond.info().generation;
	ASSERT_TRUE(first_.set_link(false));
	const braid_member_info meanwhile = bond.info_of(first_.name());
	EXPECT_TRUE(meanwhile.is_active);
	EXPECT_FALSE(meanwhile.link_up);
	EXPECT_GT(meanwhile.delay_remaining_ms, an_hour_ms - 60'000);
	EXPECT_LE(meanwhile.delay_remaining_ms, an_hour_ms);
	ASSERT_TRUE(first_.set_link(true));
	const braid_member_info after = bond.info_of(first_.name());
	EXPECT_TRUE(after.is_active);
	EXPECT_TRUE(after.link_up);
	EXPECT_EQ(after.delay_remaining_ms, 0u);
	EXPECT_EQ(after.link_failures, 0u);
	EXPECT_EQ(bond.info().generation, generation);
}

// Mistake 10: with nothing else usable the up delay only prolonged the outage.
TEST_F(Failover, TheUpDelayIsSkippedWhenNothingElseIsUsable)
{
	test_bond bond(patiently("active-backup,up_delay=3600000", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_NE(bond.active(), "") << "also at the start";
	first_.set_link(false);
	second_.set_link(false);
	EXPECT_EQ(bond.active(), "");
	ASSERT_TRUE(second_.set_link(true));
	EXPECT_EQ(bond.active(), second_.name());
	ASSERT_TRUE(first_.set_link(true));
	const braid_member_info waiting = bond.info_of(first_.name());
	EXPECT_EQ(waiting.why_not, BRAID_WHY_NOT_UP_DELAY) << "the next one waits";
	EXPECT_GT(waiting.delay_remaining_ms, 0u);
	ASSERT_TRUE(second_.set_link(false));
	EXPECT_EQ(bond.active(), first_.name()) << "until it is needed";
}

TEST_F(Failover, ADelayThatRunsGoesOnWithItsNewLength)
{
	test_bond bond(patiently("active-backup,up_delay=3600000,down_delay=3600000", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string active = bond.active();
	fake_port &carries = active == first_.name() ? first_ : second_;
	fake_port &waits = active == first_.name() ? second_ : first_;
	EXPECT_EQ(bond.info_of(waits.name()).why_not, BRAID_WHY_NOT_UP_DELAY);
	ASSERT_EQ(braid_delays_set(bond.port(), 0, an_hour_ms), 0);
	EXPECT_EQ(bond.info().up_delay_ms, 0u);
	EXPECT_EQ(bond.info().usable, 2u);
	EXPECT_EQ(bond.info_of(waits.name()).why_not, BRAID_WHY_NOT_STANDBY);

	carries.set_link(false);
	EXPECT_EQ(bond.active(), carries.name());
	ASSERT_EQ(braid_delays_set(bond.port(), 0, 1), 0);
	EXPECT_TRUE(eventually([&] { return bond.active() == waits.name(); })) << "nothing but the clock ends it";
	EXPECT_EQ(braid_delays_set(bond.port(), an_hour_ms + 1, 0), -EINVAL);
	EXPECT_EQ(braid_delays_set(bond.port(), 0, an_hour_ms + 1), -EINVAL);
	EXPECT_EQ(bond.info().down_delay_ms, 1u);
}

// --- what is told

TEST_F(Failover, TheMemberSaysWhyItDoesNotTransmit)
{
	fake_options absent;
	absent.plugged = false;
	fake_port pending(absent);
	test_bond bond(patiently("active-backup", {&first_, &second_, &pending}));
	const auto why = [&](const fake_port &port) { return bond.info_of(port.name()).why_not; };
	EXPECT_EQ(why(first_), BRAID_WHY_NOT_STOPPED);
	EXPECT_EQ(bond.info_of(first_.name()).state, BRAID_MEMBER_CLAIMED);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(why(first_), BRAID_WHY_NOT_NONE);
	EXPECT_EQ(why(second_), BRAID_WHY_NOT_STANDBY);
	EXPECT_EQ(why(pending), BRAID_WHY_NOT_PENDING);
	EXPECT_EQ(bond.info_of(pending.name()).state, BRAID_MEMBER_PENDING);
	EXPECT_EQ(bond.info_of(pending.name()).port_id, BRAID_NO_PORT);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	EXPECT_EQ(why(second_), BRAID_WHY_NOT_NONE) << "in this mode nobody stands by";
	first_.set_link(false);
	EXPECT_EQ(why(first_), BRAID_WHY_NOT_LINK_DOWN);
	ASSERT_EQ(braid_delays_set(bond.port(), an_hour_ms, 0), 0);
	first_.set_link(true);
	EXPECT_EQ(why(first_), BRAID_WHY_NOT_UP_DELAY);
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(why(second_), BRAID_WHY_NOT_STOPPED);
}

TEST_F(Failover, LostLinksAreCounted)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 3; i++) {
		first_.set_link(false);
		first_.set_link(false);
		first_.set_link(true);
	}
	EXPECT_EQ(bond.info_of(first_.name()).link_failures, 3u);
	EXPECT_EQ(bond.info_of(second_.name()).link_failures, 0u);
	EXPECT_EQ(bond.xstat(first_.name() + "_link_failures"), 3u);
}

// Mistake 10: no event when all links went down.
TEST_F(Failover, TheApplicationIsToldOfTheFirstLinkUpAndTheLastDown)
{
	test_bond bond(patiently("balance", {&first_, &second_}));
	rte_eth_conf conf{};
	conf.intr_conf.lsc = 1;
	ASSERT_EQ(bond.configure(1, conf), 0);
	const link_listener told(bond);
	event_recorder events(bond);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(eventually([&] { return told.count() == 1; }));
	EXPECT_TRUE(bond.link_up());

	first_.set_link(false); // one is left
	first_.set_link(true);
	second_.set_link(false);
	EXPECT_TRUE(bond.link_up());
	first_.set_link(false);
	EXPECT_FALSE(bond.link_up());
	EXPECT_TRUE(eventually([&] { return told.count() == 2; }));

	first_.set_link(true);
	EXPECT_TRUE(bond.link_up());
	second_.set_link(true); // one was there
	EXPECT_TRUE(eventually([&] { return told.count() == 3; }));
	events.settle();
	EXPECT_EQ(told.count(), 3u);
	EXPECT_EQ(events.count(BRAID_EVENT_LINK_UP), 2u);
	EXPECT_EQ(events.count(BRAID_EVENT_LINK_DOWN), 1u);
}

TEST_F(Failover, TheSpeedOfTheBondIsThatOfWhatCarriesPackets)
{
	first_.set_speed(RTE_ETH_SPEED_NUM_25G);
	test_bond bond(patiently("balance", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	const auto speed = [&] {
		rte_eth_link link;
		EXPECT_EQ(rte_eth_link_get_nowait(bond.port(), &link), 0);
		return link.link_speed;
	};
	EXPECT_EQ(speed(), 35000u);
	ASSERT_EQ(bond.mode(BRAID_MODE_BROADCAST), 0);
	EXPECT_EQ(speed(), 10000u);
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	EXPECT_EQ(speed(), 25000u);
	first_.set_link(false);
	EXPECT_EQ(speed(), 10000u);
}

// Mistake 9: two threads that saw the same link activated its member twice.
TEST_F(Failover, EventsFromManyThreadsActivateAMemberOnce)
{
	test_bond bond("active-backup", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	std::atomic<bool> stop{false};
	const auto shout = [&](fake_port &port) {
		while (!stop)
			port.raise_lsc();
	};
	std::thread one(shout, std::ref(first_)), two(shout, std::ref(first_));
	for (unsigned i = 0; i < 200; i++) {
		first_.set_link(false);
		EXPECT_TRUE(eventually([&] { return bond.active() == second_.name(); }));
		first_.set_link(true);
		EXPECT_TRUE(eventually([&] { return bond.info().usable == 2; }));
		EXPECT_EQ(bond.primary(first_.name()), 0);
		EXPECT_TRUE(eventually([&] { return bond.active() == first_.name(); }));
		EXPECT_EQ(braid_primary_set(bond.port(), BRAID_NO_MEMBER), 0);
	}
	stop = true;
	one.join();
	two.join();
	events.settle();
	bool usable = true;
	for (const told &e : events.all()) {
		if (e.kind != BRAID_EVENT_MEMBER_USABLE && e.kind != BRAID_EVENT_MEMBER_UNUSABLE)
			continue;
		EXPECT_EQ(e.name, first_.name());
		EXPECT_EQ(e.kind == BRAID_EVENT_MEMBER_USABLE, !usable) << "each change is told once, in turn";
		usable = !usable;
	}
	EXPECT_TRUE(usable);
	EXPECT_GE(events.count(BRAID_EVENT_MEMBER_UNUSABLE), 200u);
	EXPECT_GE(events.count(BRAID_EVENT_ACTIVE_CHANGED), 400u);
}

// --- a bond that is stopped

TEST_F(Failover, AStoppedBondHasNoLinkAndStartsWithTheLinksOfTheMoment)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.configure(), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), first_.name());
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_FALSE(bond.link_up());
	EXPECT_EQ(bond.active(), "");
	EXPECT_EQ(bond.info().usable, 0u);
	first_.set_link(false);
	first_.raise_lsc(); // for whoever still believes it
	EXPECT_EQ(bond.active(), "");
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_TRUE(bond.link_up());
	EXPECT_EQ(bond.info_of(first_.name()).link_failures, 0u) << "stopping is no failure";
}

// --- nobody waits for a slow device

TEST_F(Failover, ASlowLinkQueryDelaysNeitherFailoverNorBursts)
{
	test_bond bond("active-backup", {&first_, &second_, &plain_});
	ASSERT_EQ(bond.bring_up(), 0);
	plain_.hold(fake_op::link_update);
	ASSERT_TRUE(eventually([&] { return plain_.waiting(fake_op::link_update) == 1; }));
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
	// Nor does it delay what only needs to be published.
	EXPECT_EQ(bond.primary(plain_.name()), 0);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(plain_.tx_packets(), 10u);
	EXPECT_EQ(bond.rename(plain_.name(), "slow"), 0);
	EXPECT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0);
	EXPECT_EQ(braid_delays_set(bond.port(), 0, 5), 0);
	EXPECT_EQ(bond.info().down_delay_ms, 5u);
	EXPECT_EQ(plain_.waiting(fake_op::link_update), 1u) << "all the while";
	plain_.release(fake_op::link_update);
}

TEST_F(Failover, AnOperationThatTakesLongDelaysNoFailover)
{
	fake_port late;
	late.hold(fake_op::start);
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	std::thread operator_hand([&] { EXPECT_EQ(bond.add(late.name()), 0); });
	ASSERT_TRUE(eventually([&] { return late.waiting(fake_op::start) == 1; }));
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
	EXPECT_EQ(late.waiting(fake_op::start), 1u) << "all the while";
	late.release(fake_op::start);
	operator_hand.join();
	EXPECT_EQ(bond.info().usable, 2u);
}

TEST_F(Failover, PollingGoesOnDuringAnOperationThatTakesLong)
{
	fake_port late;
	late.hold(fake_op::start);
	test_bond bond("active-backup", {&plain_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::thread operator_hand([&] { EXPECT_EQ(bond.add(late.name()), 0); });
	ASSERT_TRUE(eventually([&] { return late.waiting(fake_op::start) == 1; }));
	plain_.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.active() == second_.name(); }));
	EXPECT_EQ(late.waiting(fake_op::start), 1u) << "all the while";
	late.release(fake_op::start);
	operator_hand.join();
}

// Whoever asks is held; bursts are not.
TEST_F(Failover, NoBurstAsksForALink)
{
	test_bond bond(patiently("active-backup", {&plain_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	plain_.hold(fake_op::link_update);
	std::atomic<bool> done{false};
	std::thread forwarding([&] {
		for (unsigned i = 0; i < 1000; i++) {
			bond.send(make_burst(4));
			bond.receive();
		}
		done = true;
	});
	EXPECT_TRUE(eventually([&] { return done.load(); }));
	plain_.release(fake_op::link_update);
	forwarding.join();
}

TEST_F(Failover, LinksAreAskedForByAThreadOfTheBond)
{
	test_bond bond("active-backup", {&plain_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t asked = plain_.link_queries();
	EXPECT_TRUE(eventually([&] {
		bond.send(make_burst(4));
		bond.receive();
		return plain_.link_queries() > asked + 10;
	}));
	EXPECT_NE(plain_.last_link_query_thread(), std::this_thread::get_id());
}

// Mistake 20: status asked for in a loop while bonds come and go, and links that change while a bond is destroyed.
TEST_F(Failover, StatusMayBeAskedForWhileBondsComeAndGo)
{
	const quiet_log quiet; // each question about a bond that is not there is a line
	std::atomic<bool> stop{false};
	std::atomic<unsigned> met{0};
	std::atomic<std::uint16_t> port{0};
	std::thread asking([&] {
		while (!stop) {
			braid_info info{};
			info.size = sizeof info;
			const int status = braid_info_get(port, &info);
			if (status == 0)
				EXPECT_LE(info.usable, info.members);
			else
				EXPECT_EQ(status, -ENODEV);
			std::uint32_t ids[BRAID_MAX_MEMBERS];
			const int n = braid_members_get(port, ids, BRAID_MAX_MEMBERS);
			for (int i = 0; i < n; i++) {
				braid_member_info member{};
				member.size = sizeof member;
				if (braid_member_info_get(port, ids[i], &member) == 0 && member.is_active)
					met++;
			}
		}
	});
	std::thread pulling([&] {
		for (bool up = false; !stop; up = !up) {
			first_.set_link(up);
			std::this_thread::yield();
		}
	});
	for (unsigned i = 0; i < 20; i++) {
		test_bond bond("active-backup", {&first_, &second_, &plain_});
		port = bond.port();
		EXPECT_EQ(bond.bring_up(), 0);
		const unsigned before = met;
		EXPECT_TRUE(eventually([&] { return met > before; }));
	}
	stop = true;
	asking.join();
	pulling.join();
}

} // namespace
} // namespace braid
