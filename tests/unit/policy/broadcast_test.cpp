/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

#include <random>

namespace braid {
namespace {

using Broadcast = transmit;
using numbers = std::vector<unsigned>;

std::unique_ptr<snapshot> to_first(unsigned count)
{
	return transmit_snapshot({.mode = mode::broadcast, .members = first_members(count)});
}

TEST_F(Broadcast, EveryMemberSendsEveryPacketOnceInOrder)
{
	const auto s = to_first(3);
	burst b(4);
	EXPECT_EQ(send(*s, b), 4u);
	for (unsigned m = 0; m < 3; m++)
		EXPECT_EQ(sent_by(m, b), (numbers{0, 1, 2, 3})) << "member " << m;
	EXPECT_EQ(lane.dropped.get(), 0u);
}

TEST_F(Broadcast, WhatOneMemberTookIsConsumedAndMissingCopiesAreDroppedAndCounted)
{
	const auto s = to_first(3);
	members[0].room = 1;
	members[1].room = 3;
	members[2].room = 0;
	burst b(4);
	EXPECT_EQ(send(*s, b), 3u);
	EXPECT_EQ(lane.dropped.get(), 2u + 0u + 3u);
	EXPECT_EQ(b.numbers_from(3), numbers{3});
	EXPECT_EQ(b[3].references, 1);
}

// Mistake 6: every mbuf was freed and 0 returned, so that the caller freed them again.
TEST_F(Broadcast, WhenAllMembersSendNothingEveryPacketHasItsOneReference)
{
	const auto s = to_first(64);
	for (unsigned m = 0; m < 64; m++)
		members[m].room = 0;
	burst b(300);
	EXPECT_EQ(send(*s, b), 0u);
	for (unsigned k = 0; k < b.size(); k++)
		EXPECT_EQ(b[k].references, 1) << "packet " << k;
	EXPECT_EQ(lane.dropped.get(), 0u);
	EXPECT_EQ(members[63].send_calls.size(), 1u) << "the rest of the burst is not offered";
}

// Mistake 6: whoever is last must not be the one whose packets are freed twice.
TEST_F(Broadcast, TheLastMemberIsLikeAnyOther)
{
	for (unsigned one : {0u, 1u, 2u})
		for (unsigned room : {0u, 5u, 10u}) {
			const auto s = to_first(3);
			for (unsigned m = 0; m < 3; m++)
				members[m] = {};
			members[one].room = room;
			burst b(10);
			const std::uint64_t dropped_before = lane.dropped.get();
			EXPECT_EQ(send(*s, b), 10u) << "only member " << one << " is limited, to " << room;
			EXPECT_EQ(lane.dropped.get() - dropped_before, 10u - room);

			for (unsigned m = 0; m < 3; m++)
				members[m].room = m == one ? room : 0;
			burst c(10);
			EXPECT_EQ(send(*s, c), room) << "only member " << one << " sends, " << room;
		}
}

// Mistake 3: a torn list of members gave one of them a packet twice.
TEST_F(Broadcast, NoMemberGetsAPacketTwiceWhileTheSetShrinksAndGrows)
{
	for (unsigned count : {8u, 2u, 1u, 0u, 5u, 64u, 3u}) {
		const auto s = to_first(count);
		burst b(100);
		EXPECT_EQ(send(*s, b), count == 0 ? 0u : 100u);
		for (unsigned k = 0; k < b.size(); k++)
			EXPECT_EQ(b[k].sent, count);
		for (unsigned m = 0; m < 64; m++) {
			EXPECT_EQ(members[m].sent.size(), m < count ? 100u : 0u) << "member " << m << " of " << count;
			members[m].sent.clear();
		}
	}
}

TEST_F(Broadcast, APacketThatTheApplicationSharesKeepsItsOtherReferences)
{
	const auto s = to_first(2);
	members[0].room = 1;
	members[1].room = 1;
	burst b(2);
	b[0].references = b[1].references = 3;
	EXPECT_EQ(s->tx(*s, lane, b.array(), b.size()), 1u);
	EXPECT_EQ(b[0].references, 2);
	EXPECT_EQ(b[1].references, 3);
}

TEST_F(Broadcast, TakesTheLongestBurstThereIs)
{
	const auto s = to_first(2);
	members[1].room = 100;
	burst all(UINT16_MAX);
	EXPECT_EQ(send(*s, all), UINT16_MAX);
	EXPECT_EQ(lane.dropped.get(), UINT16_MAX - 100u);
	members[0].room = 65534;
	members[1].room = 0;
	burst most(UINT16_MAX);
	EXPECT_EQ(send(*s, most), 65534u);
}

TEST_F(Broadcast, AccountsForEveryCopyOfEveryBurstWhateverMembersAccept)
{
	std::mt19937 random(7);
	for (int round = 0; round < 1500; round++) {
		SCOPED_TRACE(round);
		const unsigned count = 2 + random() % (round % 3 == 0 ? 63 : 7);
		const auto s = to_first(count);
		for (unsigned m = 0; m < count; m++) {
			members[m] = {};
			for (unsigned calls = random() % 6; calls > 0; calls--)
				members[m].takes.push_back(random() % 2 == 0 ? 64 : random() % 65);
			members[m].each_call = random() % 3 == 0 ? unlimited : random() % 65;
		}
		burst b(random() % 301);
		const std::uint64_t dropped_before = lane.dropped.get();
		const unsigned consumed = send(*s, b);

		std::uint64_t dropped = 0;
		for (unsigned k = 0; k < b.size(); k++) {
			EXPECT_EQ(b[k].sent + b[k].dropped, k < consumed ? count : 0u) << "packet " << k;
			EXPECT_EQ(b[k].sent > 0, k < consumed) << "packet " << k;
			dropped += b[k].dropped;
		}
		EXPECT_EQ(lane.dropped.get() - dropped_before, dropped);
		for (unsigned m = 0; m < count; m++) {
			const numbers sent = sent_by(m, b);
			EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end())) << "member " << m;
			EXPECT_EQ(std::adjacent_find(sent.begin(), sent.end()), sent.end()) << "member " << m;
		}
		ASSERT_FALSE(HasFailure());
	}
}

} // namespace
} // namespace braid
