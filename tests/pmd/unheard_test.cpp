/* SPDX-License-Identifier: BSD-3-Clause */
// A member whose link stays down is not polled: its device may go before anybody says so.
#include "event_recorder.hpp"
#include "links.hpp"
#include "packet.hpp"
#include "test_bond.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace braid {
namespace {

// Polls often, and removes only what is still.
constexpr const char *unhurried = "lsc_poll_period_ms=1,drain_ms=60000";

struct unheard : mbuf_accounting {
	fake_port other;

	exactly bond_with(const fake_port &member, const char *keys = unhurried, const char *mode = "round-robin")
	{
		return {std::string(keys) + ",mode=" + mode + ",member=" + member.name() + ",member=" + other.name()};
	}

	// Its link goes, it is left alone, and then a packet comes.
	static void receives_too_late(test_bond &bond, fake_port &member)
	{
		ASSERT_EQ(bond.bring_up(), 0);
		member.set_link(false);
		ASSERT_TRUE(is_left_alone(bond, member));
		ASSERT_TRUE(member.inject(0, make_burst(1).front()));
	}
	// Bursts reach it no more.
	static bool is_left_alone(test_bond &bond, const fake_port &member)
	{
		return eventually([&] { return is_left_alone_now(bond, member); });
	}
	static bool is_left_alone_now(test_bond &bond, const fake_port &member)
	{
		const std::uint64_t before = member.count(fake_op::rx_burst);
		for (unsigned burst = 0; burst < 5; burst++)
			bond.receive();
		return member.count(fake_op::rx_burst) == before;
	}
	static bool is_polled(test_bond &bond, const fake_port &member)
	{
		const std::uint64_t before = member.count(fake_op::rx_burst);
		return eventually([&] {
			bond.receive();
			return member.count(fake_op::rx_burst) > before;
		});
	}
};
using Unheard = unheard;

TEST_F(Unheard, AMemberWhoseLinkStaysDownIsNotPolledUntilItIsBack)
{
	for (const char *mode : {"round-robin", "active-backup", "balance", "broadcast"}) {
		fake_port member;
		test_bond bond(bond_with(member, unhurried, mode));
		ASSERT_EQ(bond.bring_up(), 0);
		EXPECT_TRUE(is_polled(bond, member)) << mode;
		member.set_link(false);
		EXPECT_TRUE(is_left_alone(bond, member)) << mode;
		EXPECT_TRUE(is_polled(bond, other)) << mode;
		member.set_link(true);
		EXPECT_TRUE(is_polled(bond, member)) << mode;
	}
}

TEST_F(Unheard, AMemberThatNeverHadALinkIsPolledWhenItHasOne)
{
	fake_port member(fake_options{.link_is_up = false});
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(is_left_alone(bond, member));
	member.set_link(true);
	EXPECT_TRUE(is_polled(bond, member));
}

// Nobody polls links for an hour: what is waited for is the time, not the next poll.
TEST_F(Unheard, ItIsLeftAloneInTimeAlsoWhereLinksAreNotPolled)
{
	fake_port member(raising_lsc()), stays(raising_lsc());
	test_bond bond(patiently("round-robin", {&member, &stays}));
	ASSERT_EQ(bond.bring_up(), 0);
	member.set_link(false);
	EXPECT_TRUE(is_left_alone(bond, member));
	member.set_link(true);
	EXPECT_TRUE(is_polled(bond, member));
}

TEST_F(Unheard, WithNoLinkAtAllNobodyIsPolledAndTheFirstToComeBackIs)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	member.set_link(false);
	other.set_link(false);
	EXPECT_TRUE(is_left_alone(bond, member));
	EXPECT_TRUE(is_left_alone(bond, other));
	EXPECT_EQ(bond.receive(), 0u);
	other.set_link(true);
	EXPECT_TRUE(is_polled(bond, other));
	EXPECT_TRUE(is_left_alone(bond, member));
}

// Within its down delay a member sends, and is sent answers: its port may be wrong about the link.
TEST_F(Unheard, OneThatMayStillSendIsPolled)
{
	fake_port member, disabled;
	test_bond bond(bond_with(member, "lsc_poll_period_ms=1,down_delay=60000"));
	ASSERT_EQ(bond.add(disabled.name()), 0);
	ASSERT_EQ(braid_member_enabled_set(bond.port(), bond.id_of(disabled.name()), 0), 0) << braid_error_text();
	ASSERT_EQ(bond.bring_up(), 0);
	member.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info_of(member.name()).link_up == 0; }));
	disabled.set_link(false);
	ASSERT_TRUE(is_left_alone(bond, disabled)) << "its link was lost after the member's";
	EXPECT_EQ(bond.info_of(member.name()).is_active, 1);
	EXPECT_EQ(bond.info_of(member.name()).is_polled, 1);
	EXPECT_FALSE(is_left_alone_now(bond, member));
	ASSERT_EQ(braid_delays_set(bond.port(), 0, 1), 0) << braid_error_text();
	EXPECT_TRUE(is_left_alone(bond, member));
}

// Whoever waits for the figure before the device is taken away must not find a burst inside.
TEST_F(Unheard, OneIsPolledUntilTheLastBurstHasLeftIt)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	member.hold(fake_op::rx_burst);
	std::thread polls([&] { bond.receive(); });
	EXPECT_TRUE(eventually([&] { return member.waiting(fake_op::rx_burst) == 1; }));
	const std::uint64_t before = bond.info().generation;
	member.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.info().generation == before + 2; })) << "not usable, then left alone";
	EXPECT_EQ(bond.info_of(member.name()).is_polled, 1);
	member.release(fake_op::rx_burst);
	polls.join();
	EXPECT_TRUE(eventually([&] { return bond.info_of(member.name()).is_polled == 0; }));
}

// Time that passes changes nothing for a bond that polls nobody.
TEST_F(Unheard, AStoppedBondPublishesNothing)
{
	fake_port member, later;
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	member.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info_of(member.name()).link_up == 0; }));
	ASSERT_EQ(bond.stop(), 0);
	const std::uint64_t before = bond.info().generation;
	test_bond another("mode=round-robin,member=" + later.name(), "net_braid1");
	ASSERT_EQ(another.bring_up(), 0);
	later.set_link(false);
	ASSERT_TRUE(is_left_alone(another, later));
	EXPECT_EQ(bond.info().generation, before);
}

// What came too late to be got waits for the link.
TEST_F(Unheard, WhatStandsInItsQueuesIsDeliveredWhenTheLinkIsBack)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_NO_FATAL_FAILURE(receives_too_late(bond, member));
	EXPECT_EQ(bond.receive(), 0u);
	member.set_link(true);
	EXPECT_TRUE(eventually([&] { return bond.receive() == 1; }));
}

// A member that is removed is asked for what it still has, whatever its link says.
TEST_F(Unheard, ARemovedOneIsPolledOnceMore)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_NO_FATAL_FAILURE(receives_too_late(bond, member));
	unsigned received = 0;
	const std::uint32_t id = bond.id_of(member.name());
	std::thread remover([&] { EXPECT_EQ(braid_member_remove(bond.port(), id), 0) << braid_error_text(); });
	EXPECT_TRUE(eventually([&] {
		received += bond.receive();
		return bond.id_of(member.name()) == BRAID_NO_MEMBER;
	}));
	remover.join();
	EXPECT_EQ(received, 1u);
}

TEST_F(Unheard, WhatARemovalByForceLeavesInItIsTold)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_NO_FATAL_FAILURE(receives_too_late(bond, member));
	event_recorder events(bond);
	ASSERT_EQ(braid_member_remove_now(bond.port(), bond.id_of(member.name())), 0) << braid_error_text();
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_REMOVED).reason,
	          "1 packets were left in its receive queues and 0 descriptors in its transmit queues");
}

// Each publishes a snapshot for another reason.
TEST_F(Unheard, WhatElseChangesNeitherWakesItNorForgetsWhatItHas)
{
	fake_port member, third;
	test_bond bond(bond_with(member));
	ASSERT_NO_FATAL_FAILURE(receives_too_late(bond, member));
	ASSERT_TRUE(eventually([&] { return bond.info_of(member.name()).is_polled == 0; }));
	const std::uint32_t id = bond.id_of(member.name());
	const std::function<int()> changes[] = {
		[&] { return bond.mode(BRAID_MODE_ACTIVE_BACKUP); },
		[&] { return bond.mode(BRAID_MODE_BALANCE); },
		[&] { return bond.rename(member.name(), "other") != 0 ? -1 : bond.rename("other", member.name()); },
		[&] { return bond.add(third.name()); },
		[&] { return bond.remove(third.name()); },
		[&] { return braid_member_enabled_set(bond.port(), id, 0); },
		[&] { return braid_member_enabled_set(bond.port(), id, 1); },
		[&] { return braid_delays_set(bond.port(), 0, 60000); },
		[&] { return braid_member_role_set(bond.port(), id, BRAID_ROLE_PRIMARY); },
	};
	for (const auto &change : changes) {
		std::atomic<bool> done{false};
		std::thread operates([&] {
			EXPECT_EQ(change(), 0) << braid_error_text();
			done = true;
		});
		while (!done) // a removal waits for somebody who polls
			EXPECT_EQ(bond.receive(), 0u);
		operates.join();
		EXPECT_EQ(bond.info_of(member.name()).is_polled, 0) << &change - changes;
	}
	member.set_link(true);
	EXPECT_TRUE(eventually([&] { return bond.receive() == 1; }));
}

TEST_F(Unheard, OneThatIsStartedAnewOrComesBackIsPolledIfItHasALink)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	member.set_link(false);
	ASSERT_TRUE(is_left_alone(bond, member));
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(is_left_alone(bond, member));
	ASSERT_EQ(bond.stop(), 0);
	member.set_link(true);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(is_polled(bond, member));
	member.set_link(false);
	ASSERT_TRUE(is_left_alone(bond, member));
	ASSERT_EQ(member.replug(), 0);
	EXPECT_TRUE(is_polled(bond, member));
}

// Also if the link comes back in the moment in which the member is left alone.
TEST_F(Unheard, ALinkThatFlapsLosesNothing)
{
	fake_port member;
	test_bond bond(bond_with(member));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::function<bool()> moments[] = {
		[&] { return bond.info_of(member.name()).link_up == 0; },
		[&] { return bond.info_of(member.name()).is_polled == 0; },
	};
	std::atomic<bool> enough{false};
	std::atomic<unsigned> received{0};
	unsigned injected = 0;
	std::thread polls([&] {
		while (!enough)
			received += bond.receive();
	});
	for (unsigned round = 0; round < 12; round++) {
		member.set_link(false);
		EXPECT_TRUE(eventually(moments[round % 2]));
		for (rte_mbuf *packet : make_burst(20))
			injected += member.inject(0, packet);
		member.set_link(true);
		EXPECT_TRUE(eventually([&] { return received == injected; })) << round;
	}
	enough = true;
	polls.join();
	EXPECT_EQ(injected, 12u * 20);
}

TEST_F(Unheard, FactsTellWhoIsPolled)
{
	fake_port member;
	test_bond bond(bond_with(member));
	const auto polled = [&](const fake_port &port) {
		return bond.info_of(port.name()).is_polled;
	};
	EXPECT_EQ(polled(member), 0) << "the bond is stopped";
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(eventually([&] { return polled(member) == 1; }));
	member.set_link(false);
	EXPECT_TRUE(eventually([&] { return polled(member) == 0; }));
	EXPECT_EQ(polled(other), 1);
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(polled(other), 0);
}

} // namespace
} // namespace braid
