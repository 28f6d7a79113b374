/* SPDX-License-Identifier: BSD-3-Clause */
// Receiving from several members: everything arrives once, nobody starves, backups are heard and not believed.
#include "test_bond.hpp"

#include <array>
#include <atomic>
#include <thread>

namespace braid {
namespace {

void inject(fake_port &port, unsigned n, std::uint32_t first = 0, std::uint16_t queue = 0)
{
	for (rte_mbuf *packet : make_burst(n, first))
		if (!port.inject(queue, packet)) {
			ADD_FAILURE() << port.name() << " takes no packet";
			rte_pktmbuf_free(packet);
		}
}

// One burst of n, freed; the sequence numbers of what came.
std::vector<std::uint32_t> receive(const test_bond &bond, std::uint16_t n)
{
	std::vector<rte_mbuf *> packets(n);
	packets.resize(rte_eth_rx_burst(bond.port(), 0, packets.data(), n));
	std::vector<std::uint32_t> numbers = sequences_of(packets);
	free_all(packets);
	return numbers;
}

class Receive : public mbuf_accounting {};

TEST_F(Receive, PacketsOfAllMembersArriveInTheOrderOfEach)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 3; i++)
		inject(ports[i], 100, 1000 * i);
	std::array<std::uint32_t, 3> next = {0, 1000, 2000};
	for (unsigned burst = 0; burst < 100; burst++)
		for (std::uint32_t number : receive(bond, 32))
			EXPECT_EQ(number, next.at(number / 1000)++);
	EXPECT_EQ(next, (std::array<std::uint32_t, 3>{100, 1100, 2100}));
}

TEST_F(Receive, BurstsOfAnySizeGetEverything)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members("balance", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.receive(0, 0), 0);
	for (std::uint16_t n : {1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 65, 300}) {
		for (fake_port &port : ports)
			inject(port, 40);
		unsigned got = 0;
		for (unsigned burst = 0; burst < 500 && got < 120; burst++)
			got += bond.receive(0, n);
		EXPECT_EQ(got, 120u) << "by bursts of " << n;
	}
}

// Mistake 17: a receive function that works in steps gives nothing for less room than one step.
TEST_F(Receive, MembersThatReceiveInStepsAreNeverAskedForLess)
{
	for (unsigned step : {4, 8}) {
		fake_options in_steps;
		in_steps.rx_burst_step = step;
		fake_port first(in_steps), second(in_steps), third(in_steps);
		test_bond bond("round-robin", {&first, &second, &third});
		ASSERT_EQ(bond.bring_up(), 0);
		for (std::uint16_t n = static_cast<std::uint16_t>(step); n <= 40; n++) {
			for (fake_port *port : {&first, &second, &third})
				inject(*port, 41);
			unsigned got = 0;
			for (unsigned burst = 0; burst < 200 && got < 123; burst++)
				got += bond.receive(0, n);
			ASSERT_EQ(got, 123u) << "by bursts of " << n << " in steps of " << step;
		}
	}
}

// Mistake 17: what is left over of a burst is not offered to such a member, who begins the next burst instead.
TEST_F(Receive, RoomForLessThanAStepIsLeftEmpty)
{
	fake_options in_steps;
	in_steps.rx_burst_step = 8;
	fake_port first(in_steps), second(in_steps);
	test_bond bond("round-robin", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	inject(first, 40);
	inject(second, 40);
	EXPECT_EQ(bond.receive(0, 15), 8);
	EXPECT_EQ(first.count(fake_op::rx_burst), 1u);
	EXPECT_EQ(second.count(fake_op::rx_burst), 0u);
	EXPECT_EQ(bond.receive(0, 15), 8);
	EXPECT_EQ(first.count(fake_op::rx_burst), 1u);
	EXPECT_EQ(second.count(fake_op::rx_burst), 1u);
	EXPECT_EQ(bond.receive(0, 300), 64) << "with room for both";
}

// Mistake 2: where the next burst begins was shared and unfair, so that a busy member starved the others.
TEST_F(Receive, ABusyMemberStarvesNobody)
{
	for (unsigned busy : {0, 1, 2}) {
		std::array<fake_port, 3> ports;
		test_bond bond(with_members("round-robin", ports));
		ASSERT_EQ(bond.bring_up(), 0);
		for (unsigned round = 0; round < 50; round++) {
			inject(ports[busy], static_cast<unsigned>(128 - ports[busy].rx_pending()));
			for (unsigned i = 0; i < 3; i++)
				if (i != busy)
					inject(ports[i], 1);
			// As many bursts as members ask each of them.
			for (unsigned i = 0; i < 3; i++)
				bond.receive();
			for (unsigned i = 0; i < 3; i++)
				if (i != busy) {
					EXPECT_EQ(ports[i].rx_pending(), 0u) << "member " << i << ", round " << round;
				}
		}
	}
}

// Mistake 2: the member with which the next burst begins had left.
TEST_F(Receive, ABeginningBeyondAShrunkSetStartsOver)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.receive(), 0);
	EXPECT_EQ(bond.receive(), 0); // the next begins with the third member
	ASSERT_EQ(bond.remove(ports[2].name()), 0);
	inject(ports[0], 3);
	inject(ports[1], 4);
	EXPECT_EQ(bond.receive(), 7);
	ASSERT_EQ(bond.remove(ports[1].name()), 0);
	ASSERT_EQ(bond.remove(ports[0].name()), 0);
	EXPECT_EQ(bond.receive(), 0);
}

TEST_F(Receive, PacketsCarryThePortOfTheBond)
{
	fake_port first, second;
	test_bond bond("round-robin", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	inject(first, 4);
	inject(second, 4);
	std::array<rte_mbuf *, 32> packets;
	ASSERT_EQ(rte_eth_rx_burst(bond.port(), 0, packets.data(), 32), 8);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(packets[i]->port, bond.port());
	rte_pktmbuf_free_bulk(packets.data(), 8);
}

TEST_F(Receive, PacketsCarryThePortOfTheMemberIfAskedTo)
{
	fake_port first, second;
	test_bond bond("round-robin,rx_port=member", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	inject(first, 4);
	inject(second, 4);
	std::array<rte_mbuf *, 32> packets;
	ASSERT_EQ(rte_eth_rx_burst(bond.port(), 0, packets.data(), 32), 8);
	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(packets[i]->port, i < 4 ? first.port_id() : second.port_id());
	rte_pktmbuf_free_bulk(packets.data(), 8);
}

TEST_F(Receive, WhatABackupHearsIsDroppedAndCounted)
{
	fake_port active, backup;
	test_bond bond("active-backup", {&active, &backup});
	ASSERT_EQ(bond.bring_up(), 0);
	inject(active, 5, 0);
	inject(backup, 7, 100);
	std::vector<std::uint32_t> got = receive(bond, 32);
	EXPECT_EQ(got, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
	EXPECT_EQ(backup.rx_pending(), 0u) << "its ring must not fill up with old packets";
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 7u);

	ASSERT_EQ(bond.primary(backup.name()), 0);
	inject(active, 5, 0);
	inject(backup, 2, 100);
	got = receive(bond, 32);
	EXPECT_EQ(got, (std::vector<std::uint32_t>{100, 101})) << "the roles are exchanged";
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 7u + 5u);

	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	inject(active, 1, 0);
	inject(backup, 1, 100);
	EXPECT_EQ(receive(bond, 32).size(), 2u) << "there are no backups in this mode";
}

TEST_F(Receive, QueuesAreThoseOfTheMembers)
{
	fake_port first, second;
	test_bond bond("round-robin", {&first, &second});
	ASSERT_EQ(bond.bring_up(2), 0);
	inject(first, 3, 0, 0);
	inject(second, 4, 0, 1);
	EXPECT_EQ(bond.receive(0), 3);
	EXPECT_EQ(bond.receive(0), 0);
	EXPECT_EQ(bond.receive(1), 4);
}

// What stands in the rings of a member that is removed is the application's, as long as it polls; also by bursts too
// short to find out that a ring is empty.
TEST_F(Receive, AMemberThatLeavesIsEmptiedFirst)
{
	for (std::uint16_t burst : {32, 4, 1}) {
		fake_port stays, leaves;
		test_bond bond(exactly{"drain_ms=60000,lsc_poll_period_ms=1,mode=balance,member=" + stays.name() +
		                       ",member=" + leaves.name()});
		ASSERT_EQ(bond.bring_up(), 0);
		inject(leaves, 500);
		std::atomic<bool> removed{false};
		std::thread operator_hand([&] {
			EXPECT_EQ(bond.remove(leaves.name()), 0);
			removed = true;
		});
		unsigned got = 0;
		EXPECT_TRUE(eventually([&] {
			got += bond.receive(0, burst);
			return removed.load() || got == 500;
		}));
		EXPECT_EQ(got, 500u) << "by bursts of " << burst;
		EXPECT_TRUE(eventually([&] {
			EXPECT_EQ(bond.receive(0, 32), 0);
			return removed.load();
		}));
		operator_hand.join();
		EXPECT_EQ(leaves.rx_lost(), 0u);
	}
}

} // namespace
} // namespace braid
