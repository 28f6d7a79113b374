/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

#include <random>

namespace braid {
namespace {

using RoundRobin = transmit;
using numbers = std::vector<unsigned>;

TEST_F(RoundRobin, GivesEachPacketToTheNextMember)
{
	const auto s = transmit_snapshot({.members = {0, 1, 2}});
	burst b(7);
	EXPECT_EQ(send(*s, b), 7u);
	EXPECT_EQ(sent_by(0, b), (numbers{0, 3, 6}));
	EXPECT_EQ(sent_by(1, b), (numbers{1, 4}));
	EXPECT_EQ(sent_by(2, b), (numbers{2, 5}));
}

TEST_F(RoundRobin, TheTurnGoesOnFromBurstToBurst)
{
	const auto s = transmit_snapshot({.members = {0, 1, 2}});
	for (unsigned m : {0u, 1u, 2u, 0u, 1u}) {
		burst b(1);
		members[m].sent.clear();
		EXPECT_EQ(send(*s, b), 1u);
		EXPECT_EQ(sent_by(m, b), numbers{0}) << "member " << m;
	}
}

TEST_F(RoundRobin, IsPerfectlyEvenOverBurstsOfAnySize)
{
	std::mt19937 random(3);
	for (unsigned count : {2u, 3u, 4u, 5u, 8u, 63u, 64u}) {
		const auto s = transmit_snapshot({.members = first_members(count)});
		lane.next = 0;
		for (unsigned m = 0; m < count; m++)
			members[m].sent.clear();
		for (int round = 0; round < 50; round++) {
			burst b(random() % 301);
			EXPECT_EQ(send(*s, b), b.size());
			std::size_t least = SIZE_MAX, most = 0;
			for (unsigned m = 0; m < count; m++) {
				least = std::min(least, members[m].sent.size());
				most = std::max(most, members[m].sent.size());
			}
			EXPECT_LE(most - least, 1u) << count << " members, round " << round;
		}
	}
}

// Mistake 7: whoever keeps a turn outside the snapshot has to fit it to the snapshot.
TEST_F(RoundRobin, ATurnPastTheEndOfAShrunkenSetBeginsAgain)
{
	const auto eight = transmit_snapshot({.members = first_members(8)});
	const auto three = transmit_snapshot({.members = first_members(3)});
	burst before(7);
	send(*eight, before);
	ASSERT_EQ(lane.next, 7u);
	burst after(3);
	EXPECT_EQ(send(*three, after), 3u);
	for (unsigned m = 0; m < 3; m++)
		EXPECT_EQ(sent_by(m, after).back(), m);
}

TEST_F(RoundRobin, AnyStoredTurnIsSafeForAnySet)
{
	for (unsigned count = 0; count <= max_members; count++) {
		const auto s = transmit_snapshot({.members = first_members(count)});
		for (unsigned stale : {0u, 1u, 62u, 63u, 64u, 255u, 256u, 65535u}) {
			lane.next = static_cast<std::uint16_t>(stale);
			burst b(65);
			EXPECT_EQ(send(*s, b), count == 0 ? 0u : 65u) << count << " members, turn " << stale;
		}
	}
}

TEST_F(RoundRobin, EachQueueKeepsItsOwnTurn)
{
	const auto four = transmit_snapshot({.members = first_members(4)});
	tx_lane other;
	other.queue = 9;
	burst three(3), one(1);
	send(*four, lane, three);
	send(*four, other, one);
	EXPECT_EQ(lane.next, 3u);
	EXPECT_EQ(other.next, 1u);

	const auto two = transmit_snapshot({.members = first_members(2)});
	burst b(1), c(1);
	send(*two, lane, b);
	send(*two, other, c);
	EXPECT_EQ(sent_by(0, b).back(), 0u) << "a turn of 3 among 2 begins again";
	EXPECT_EQ(sent_by(1, c).back(), 0u) << "a turn of 1 among 2 stays";
	EXPECT_EQ(members[1].send_calls.back().queue, 9u);
}

// Mistake 7: a round-robin counter that did not survive a change of mode.
TEST_F(RoundRobin, SurvivesEveryChangeOfMode)
{
	const auto rr = transmit_snapshot({.mode = mode::round_robin, .members = first_members(3)});
	for (enum mode m : {mode::active_backup, mode::balance, mode::broadcast}) {
		const auto between = transmit_snapshot({.mode = m, .members = first_members(3)});
		burst before(2), other(5), after(3);
		EXPECT_EQ(send(*rr, before), 2u);
		EXPECT_EQ(send(*between, other), 5u) << to_string(m);
		EXPECT_EQ(send(*rr, after), 3u) << to_string(m);
	}
}

// A member that is full for ever must not hold up what the others could send.
TEST_F(RoundRobin, WhatAFullMemberRefusedGoesThroughTheOthersWhenOfferedAgain)
{
	const auto s = transmit_snapshot({.members = first_members(3)});
	members[1].room = 0;
	burst b(30);
	unsigned done = 0;
	for (int offer = 0; offer < 30 && done < 30; offer++)
		done += s->tx(*s, lane, b.array() + done, static_cast<std::uint16_t>(30 - done));
	EXPECT_EQ(done, 30u);
	EXPECT_TRUE(accounted_for(b, 30));
	EXPECT_EQ(members[0].sent.size() + members[2].sent.size(), 30u);
}

// A model of runs: packet k of all that were ever sent belongs to member k / limit, modulo their number.
TEST_F(RoundRobin, WithALimitEachMemberGetsSoManyPacketsInItsTurn)
{
	std::mt19937 random(6);
	for (unsigned limit : {1u, 2u, 3u, 8u, 32u, 64u, 100u, 65535u})
		for (unsigned count : {2u, 3u, 4u, 8u, 64u}) {
			const auto s = transmit_snapshot(
				{.members = first_members(count), .rr_limit = static_cast<std::uint16_t>(limit)});
			lane.next = lane.used = 0;
			unsigned offered = 0;
			for (int round = 0; round < 30; round++) {
				for (unsigned m = 0; m < count; m++)
					members[m] = {};
				burst b(random() % 301);
				EXPECT_EQ(send(*s, b), b.size());
				std::vector<numbers> expected(count);
				for (unsigned k = 0; k < b.size(); k++)
					expected[(offered + k) / limit % count].push_back(k);
				offered += b.size();
				for (unsigned m = 0; m < count; m++)
					ASSERT_EQ(sent_by(m, b), expected[m])
						<< "member " << m << " of " << count << ", limit " << limit;
			}
		}
}

// The point of a limit: nothing is copied and each member is called once.
TEST_F(RoundRobin, ARunThatIsInOnePieceIsSentFromWhereItIs)
{
	const auto s = transmit_snapshot({.members = {0, 1}, .rr_limit = 32});
	for (unsigned m : {0u, 1u, 0u}) {
		burst b(32);
		members[m] = {};
		EXPECT_EQ(send(*s, b), 32u);
		EXPECT_EQ(members[m].send_calls.size(), 1u);
		EXPECT_EQ(members[m].sent.size(), 32u);
		EXPECT_EQ(b.array()[0], nullptr) << "what the member did to the array it was given";
	}
}

TEST_F(RoundRobin, ATurnLongerThanTheLimitIsOfAnEarlierSnapshotAndBeginsAgain)
{
	const auto s = transmit_snapshot({.members = {0, 1}, .rr_limit = 4});
	lane.used = 9;
	burst b(8);
	EXPECT_EQ(send(*s, b), 8u);
	EXPECT_EQ(sent_by(0, b), (numbers{0, 1, 2, 3}));
	EXPECT_EQ(sent_by(1, b), (numbers{4, 5, 6, 7}));
}

} // namespace
} // namespace braid
