/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

#include <random>
#include <utility>

namespace braid {
namespace {

using numbers = std::vector<unsigned>;

constexpr std::uint16_t bond_port = 77;

struct receiving : testing::Test {
	receiving() { lane.queue = 2; }

	// Polls members [0, count), all of which may deliver.
	static std::unique_ptr<snapshot> polling(unsigned count, rx_port owner = rx_port::bond)
	{
		auto s = std::make_unique<snapshot>();
		s->bond_port = bond_port;
		s->rx_count = static_cast<std::uint16_t>(count);
		for (unsigned m = 0; m < count; m++)
			s->rx_member[m] = {wire::port_of(m), 0};
		s->tx = keep_all;
		s->rx = select_rx<scripted_port>(count, owner);
		return s;
	}

	// Lets packets [first, end) of b wait on member m.
	void arrive(unsigned m, burst &b, unsigned first, unsigned end)
	{
		for (unsigned k = first; k < end; k++)
			members[m].waiting.push_back(&b[k]);
	}

	std::vector<rte_mbuf *> receive(const snapshot &s, unsigned n) { return receive(s, lane, n); }

	// The array has exactly n places, so that AddressSanitizer sees one too many.
	static std::vector<rte_mbuf *> receive(const snapshot &s, rx_lane &on, unsigned n)
	{
		std::vector<rte_mbuf *> got(n);
		const unsigned count = s.rx(s, on, got.data(), static_cast<std::uint16_t>(n));
		EXPECT_LE(count, n);
		got.resize(count);
		return got;
	}

	static numbers numbers_of(const burst &b, const std::vector<rte_mbuf *> &pkts)
	{
		numbers all;
		for (const rte_mbuf *pkt : pkts)
			all.push_back(b.number_of(pkt));
		return all;
	}

	wire members;
	rx_lane lane;
};
using Receive = receiving;

TEST_F(Receive, NothingComesFromNobody)
{
	EXPECT_TRUE(receive(*polling(0), 32).empty());
	EXPECT_TRUE(receive(*polling(0, rx_port::member), 32).empty());
	EXPECT_EQ(lane.next, 0u);
}

TEST_F(Receive, GathersFromAllMembersUntilTheArrayIsFull)
{
	const auto s = polling(3);
	burst b(40);
	arrive(0, b, 0, 5);
	arrive(1, b, 5, 7);
	arrive(2, b, 7, 40);
	numbers expected(32);
	std::iota(expected.begin(), expected.end(), 0);
	EXPECT_EQ(numbers_of(b, receive(*s, 32)), expected);
	EXPECT_EQ(members[1].rx_queue, lane.queue);
	EXPECT_EQ(members[2].waiting.size(), 8u);
}

TEST_F(Receive, EachBurstBeginsWithTheNextMember)
{
	const auto s = polling(3);
	for (unsigned first : {0u, 1u, 2u, 0u}) {
		burst b(3);
		for (unsigned m = 0; m < 3; m++)
			arrive(m, b, m, m + 1);
		EXPECT_EQ(numbers_of(b, receive(*s, 32)), (numbers{first, (first + 1) % 3, (first + 2) % 3}));
	}
}

TEST_F(Receive, TwoMembersTakeTurnsToBeAskedFirst)
{
	const auto s = polling(2);
	burst flood(640);
	arrive(0, flood, 0, 320);
	arrive(1, flood, 320, 640);
	for (unsigned turn = 0; turn < 10; turn++) {
		const numbers got = numbers_of(flood, receive(*s, 32));
		ASSERT_EQ(got.size(), 32u);
		EXPECT_EQ(got.front(), (turn % 2) * 320 + turn / 2 * 32) << "turn " << turn;
	}
}

TEST_F(Receive, OfTwoMembersTheIdleOneHoldsNothingUp)
{
	const auto s = polling(2);
	for (unsigned turn = 0; turn < 4; turn++) {
		burst b(32);
		arrive(1, b, 0, 32);
		EXPECT_EQ(receive(*s, 32).size(), 32u) << "turn " << turn;
	}
}

TEST_F(Receive, ABusyMemberStarvesNobody)
{
	const auto s = polling(4);
	burst flood(3200), b(3);
	arrive(1, flood, 0, 3200);
	arrive(0, b, 0, 1);
	arrive(2, b, 1, 2);
	arrive(3, b, 2, 3);
	for (int turn = 0; turn < 4; turn++)
		EXPECT_LE(receive(*s, 32).size(), 32u);
	for (unsigned m : {0u, 2u, 3u})
		EXPECT_TRUE(members[m].waiting.empty()) << "member " << m << " still waits after a round";
}

TEST_F(Receive, MembersThatAreAllBusyTakeTurns)
{
	const auto s = polling(5);
	burst flood(5 * 320);
	for (unsigned m = 0; m < 5; m++)
		arrive(m, flood, m * 320, (m + 1) * 320);
	for (int turn = 0; turn < 25; turn++)
		EXPECT_EQ(receive(*s, 32).size(), 32u);
	for (unsigned m = 0; m < 5; m++)
		EXPECT_EQ(members[m].waiting.size(), 160u) << "member " << m;
}

// Mistake 2: a start index that was right before the set shrank.
TEST_F(Receive, AStartPastTheEndOfAShrunkenSetBeginsAgain)
{
	for (unsigned count = 1; count <= max_members; count++)
		for (unsigned stale : {count, 63u, 64u, 65535u}) {
			const auto s = polling(count);
			lane.next = static_cast<std::uint16_t>(stale);
			burst b(count);
			for (unsigned m = 0; m < count; m++)
				arrive(m, b, m, m + 1);
			EXPECT_EQ(receive(*s, 128).size(), count) << "started at " << stale;
			if (count > 1) { // else nothing is remembered, nor asked
				EXPECT_LT(lane.next, count);
			}
		}
}

// Mistake 2: two queues that moved one index polled the same member first for ever.
TEST_F(Receive, QueuesPolledInTurnEachReachEveryMemberFirst)
{
	const auto s = polling(2);
	rx_lane other;
	other.queue = 7;
	for (unsigned first : {0u, 1u, 0u, 1u})
		for (rx_lane *on : {&lane, &other}) {
			burst b(2);
			arrive(0, b, 0, 1);
			arrive(1, b, 1, 2);
			EXPECT_EQ(numbers_of(b, receive(*s, *on, 32)).front(), first) << "queue " << on->queue;
		}
}

// Mistake 17: a vector function given too little room says 0, and its member is taken for empty.
TEST_F(Receive, AMemberIsAskedFirstNextTimeRatherThanWithTooLittleRoom)
{
	const auto s = polling(2);
	for (unsigned left = 0; left < 8; left++) {
		for (unsigned m = 0; m < 2; m++)
			members[m] = {};
		members[1].min_room = 8;
		lane.next = 0;
		burst b(64);
		arrive(0, b, 0, 32 - left);
		arrive(1, b, 32, 64);
		EXPECT_EQ(receive(*s, 32).size(), 32 - left);
		EXPECT_TRUE(members[1].rooms.empty()) << "asked with room for " << left;
		EXPECT_EQ(numbers_of(b, receive(*s, 32)).front(), 32u) << left << " places were left";
	}
}

// Mistake 17: three members whose loads leave the second one too little room in every burst, if it is asked at all.
TEST_F(Receive, AVectorMemberBehindASteadyLoadIsNotStarved)
{
	const auto s = polling(4);
	members[1].min_room = 8;
	burst b(1000);
	unsigned next = 0;
	const auto load = [&](unsigned m, unsigned n) {
		members[m].waiting.clear();
		arrive(m, b, next, next + n);
		next += n;
	};
	arrive(1, b, 990, 991);
	for (int turn = 0; turn < 8; turn++) {
		load(0, 26);
		load(2, 4);
		load(3, 32);
		receive(*s, 32);
	}
	EXPECT_TRUE(members[1].waiting.empty());
}

TEST_F(Receive, ABurstSmallerThanTheLeastRoomIsOfOneMemberAndTheNextBeginsWithTheNext)
{
	const auto s = polling(3);
	burst b(9);
	for (unsigned m = 0; m < 3; m++)
		arrive(m, b, 3 * m, 3 * m + 3);
	EXPECT_EQ(numbers_of(b, receive(*s, 2)), (numbers{0, 1}));
	EXPECT_EQ(numbers_of(b, receive(*s, 7)), (numbers{3, 4, 5}));
	EXPECT_EQ(numbers_of(b, receive(*s, 1)), (numbers{6}));
	EXPECT_EQ(numbers_of(b, receive(*s, 7)), (numbers{2}));
}

// Else a bond of 8 members would answer an application that asks for single packets 8 times more slowly.
TEST_F(Receive, ABurstSmallerThanTheLeastRoomPassesOverEmptyMembers)
{
	const auto s = polling(8);
	burst b(1);
	arrive(7, b, 0, 1);
	EXPECT_EQ(numbers_of(b, receive(*s, 1)), numbers{0});
}

TEST_F(Receive, NoRoomGivesNoPacket)
{
	const auto s = polling(2);
	burst b(1);
	arrive(0, b, 0, 1);
	EXPECT_TRUE(receive(*s, 0).empty());
	EXPECT_EQ(members[0].waiting.size(), 1u);
}

TEST_F(Receive, WhatABackupReceivesIsFreedAndCountedAndNotDelivered)
{
	auto s = polling(3);
	s->rx_member[0].special = rx_source::backup;
	s->rx_member[2].special = rx_source::backup;
	burst b(60);
	arrive(0, b, 0, 20);
	arrive(1, b, 20, 50);
	arrive(2, b, 50, 60);
	const numbers got = numbers_of(b, receive(*s, 32));
	EXPECT_EQ(got.size(), 30u) << "what is freed takes no room";
	EXPECT_EQ(got.front(), 20u);
	for (unsigned k = 0; k < 50; k++) {
		EXPECT_EQ(b[k].references, k < 20 ? 0 : 1) << "packet " << k;
		EXPECT_EQ(b[k].dropped, k < 20 ? 1u : 0u) << "packet " << k;
	}
	EXPECT_EQ(lane.backup_dropped.get(), 20u);
	lane.next = 2;
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.backup_dropped.get(), 30u);
}

TEST_F(Receive, AFloodOnABackupDoesNotKeepTheActiveMemberFromDelivering)
{
	auto s = polling(2);
	s->rx_member[0].special = rx_source::backup;
	burst flood(320), b(10);
	arrive(0, flood, 0, 320);
	arrive(1, b, 0, 10);
	for (unsigned k = 0; k < 5; k++)
		EXPECT_EQ(receive(*s, 32).size(), k == 0 ? 10u : 0u);
	EXPECT_EQ(lane.backup_dropped.get(), 160u);
}

TEST_F(Receive, PacketsCarryThePortOfTheBond)
{
	const auto s = polling(2, rx_port::bond);
	burst b(6);
	arrive(0, b, 0, 3);
	arrive(1, b, 3, 6);
	for (const rte_mbuf *pkt : receive(*s, 32))
		EXPECT_EQ(pkt->port, bond_port);
	EXPECT_EQ(b[5].port, bond_port);
}

TEST_F(Receive, PacketsKeepThePortOfTheMemberWhenToldTo)
{
	const auto s = polling(2, rx_port::member);
	burst b(6);
	arrive(0, b, 0, 3);
	arrive(1, b, 3, 6);
	EXPECT_EQ(receive(*s, 32).size(), 6u);
	for (unsigned k = 0; k < 6; k++)
		EXPECT_EQ(b[k].port, wire::number_of(k / 3)) << "packet " << k;
}

struct draining : receiving {
	std::unique_ptr<snapshot> s = polling(2);

	draining()
	{
		s->rx_member[1].special = rx_source::draining;
	}
};
using Draining = draining;

TEST_F(Draining, IsReportedWheneverTheLeavingMemberIsFoundEmpty)
{
	burst b(40);
	arrive(1, b, 0, 40);
	EXPECT_EQ(receive(*s, 32).size(), 32u);
	EXPECT_EQ(lane.dry_looks.get(), 0u) << "8 packets still wait";
	EXPECT_EQ(receive(*s, 32).size(), 8u);
	EXPECT_EQ(lane.dry_looks.get(), 0u) << "more may have come behind them";
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 1u);
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 2u);
}

// An application that always asks for so few would never be found to have looked.
TEST_F(Draining, IsReportedByABurstThatIsSmallAsAWhole)
{
	burst b(3);
	EXPECT_TRUE(receive(*s, 0).empty());
	EXPECT_EQ(lane.dry_looks.get(), 0u) << "nothing was asked for";
	arrive(1, b, 0, 3);
	EXPECT_EQ(receive(*s, 2).size(), 2u);
	EXPECT_EQ(receive(*s, 2).size(), 1u);
	EXPECT_EQ(lane.dry_looks.get(), 0u);
	EXPECT_TRUE(receive(*s, 2).empty());
	EXPECT_EQ(lane.dry_looks.get(), 1u);
}

// What does not come in a small burst comes in the next large one.
TEST_F(Draining, IsReportedByNoSmallBurstOfAnApplicationThatAlsoAsksForMore)
{
	burst b(1);
	EXPECT_TRUE(receive(*s, 32).empty());
	ASSERT_EQ(lane.dry_looks.get(), 1u);
	members[1].min_room = 8;
	arrive(1, b, 0, 1);
	for (unsigned n = 0; n < 8; n++)
		EXPECT_TRUE(receive(*s, n).empty());
	EXPECT_EQ(lane.dry_looks.get(), 1u);
	EXPECT_EQ(receive(*s, 8).size(), 1u);
}

TEST_F(Draining, CountsWhatTheLeavingMemberStillGives)
{
	burst b(40);
	arrive(0, b, 0, 30);
	arrive(1, b, 30, 40);
	EXPECT_EQ(receive(*s, 32).size() + receive(*s, 32).size(), 40u);
	EXPECT_EQ(lane.from_leaving.get(), 10u);
}

TEST_F(Draining, IsNotReportedForAMemberThatStays)
{
	s->rx_member[1].special = 0;
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 0u);
}

TEST_F(Draining, IsNotReportedWhileTheLeavingMemberWasNotAsked)
{
	burst b(96);
	arrive(0, b, 0, 32);
	arrive(1, b, 32, 33);
	EXPECT_EQ(receive(*s, 32).size(), 32u);
	EXPECT_EQ(lane.dry_looks.get(), 0u);
}

TEST_F(Draining, WorksForABackupToo)
{
	s->rx_member[1].special |= rx_source::backup;
	burst b(3);
	arrive(1, b, 0, 3);
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 0u);
	EXPECT_EQ(lane.backup_dropped.get(), 3u);
	EXPECT_EQ(lane.from_leaving.get(), 3u);
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 1u);
}

TEST_F(Draining, IsReportedForEachQueueByItself)
{
	rx_lane other;
	EXPECT_TRUE(receive(*s, 32).empty());
	EXPECT_EQ(lane.dry_looks.get(), 1u);
	EXPECT_EQ(other.dry_looks.get(), 0u);
}

// Mistake 17: 0 from a vector function with too little room does not mean that nothing waits.
struct receive_property : receiving {
	std::mt19937 random{8};
	burst all{2000};
	unsigned arrived = 0;
	std::vector<unsigned> delivered = std::vector<unsigned>(all.size(), 0);
	std::array<unsigned, max_members> bursts_since_asked{};

	unsigned below(unsigned end) { return static_cast<unsigned>(random() % end); }

	std::unique_ptr<snapshot> begin_round(unsigned count)
	{
		all = burst(2000);
		arrived = 0;
		delivered.assign(all.size(), 0);
		bursts_since_asked = {};
		lane.next = static_cast<std::uint16_t>(below(70));
		auto s = polling(count);
		for (unsigned m = 0; m < max_members; m++) {
			members[m] = {};
			members[m].min_room = 1u << below(4);
			s->rx_member[m].special = below(5) != 0 ? 0 : rx_source::backup;
		}
		return s;
	}

	void let_some_arrive(unsigned count)
	{
		for (unsigned m = 0; m < count; m++) {
			const unsigned end = std::min<unsigned>(arrived + below(40), all.size());
			arrive(m, all, arrived, end);
			arrived = end;
		}
	}

	void receive_some(const snapshot &s)
	{
		const unsigned n = below(3) == 0 ? below(301) : 32;
		for (const rte_mbuf *pkt : receive(s, n)) {
			ASSERT_LT(all.number_of(pkt), all.size());
			delivered[all.number_of(pkt)]++;
			EXPECT_EQ(pkt->port, bond_port);
		}
		for (unsigned m = 0; m < s.rx_count; m++) {
			const numbers rooms = std::exchange(members[m].rooms, {});
			const bool asked = !rooms.empty() && rooms.back() >= std::min(n, 8u);
			bursts_since_asked[m] = asked ? 0 : bursts_since_asked[m] + 1;
			EXPECT_LT(bursts_since_asked[m], s.rx_count) << "member " << m;
		}
	}

	void expect_each_in_one_place(std::uint64_t freed_and_counted)
	{
		std::vector<unsigned> waiting(all.size(), 0);
		for (unsigned m = 0; m < max_members; m++)
			for (const rte_mbuf *pkt : members[m].waiting)
				waiting[all.number_of(pkt)]++;
		std::uint64_t freed = 0;
		for (unsigned k = 0; k < all.size(); k++) {
			EXPECT_EQ(delivered[k] + all[k].dropped + waiting[k], k < arrived ? 1u : 0u) << "packet " << k;
			EXPECT_EQ(all[k].references, all[k].dropped != 0 ? 0 : 1) << "packet " << k;
			freed += all[k].dropped;
		}
		EXPECT_EQ(freed, freed_and_counted);
	}
};
using EveryReceive = receive_property;

// Whatever arrives, whatever the vector width: all is delivered once, and as many bursts as there are members ask
// each of them with room enough.
TEST_F(EveryReceive, DeliversEveryPacketOnceAndAsksEveryMemberInEachRound)
{
	for (int round = 0; round < 400; round++) {
		SCOPED_TRACE(round);
		const unsigned count = 1 + below(round % 4 == 0 ? 64 : 8);
		const auto s = begin_round(count);
		const std::uint64_t freed_before = lane.backup_dropped.get();
		for (unsigned i = 0; i < 3 * count; i++) {
			let_some_arrive(count);
			receive_some(*s);
		}
		expect_each_in_one_place(lane.backup_dropped.get() - freed_before);
		ASSERT_FALSE(HasFailure());
	}
}

} // namespace
} // namespace braid
