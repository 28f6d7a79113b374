/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

namespace braid {
namespace {

using ActiveBackup = transmit;
using EmptySet = transmit;
using numbers = std::vector<unsigned>;

constexpr enum mode built_modes[] = {mode::round_robin, mode::active_backup, mode::balance, mode::broadcast};

TEST_F(ActiveBackup, TheActiveMemberSendsTheWholeBurstInOneCallOnTheSameQueue)
{
	const auto s = transmit_snapshot({.mode = mode::active_backup, .members = {5}});
	burst b(300);
	EXPECT_EQ(send(*s, b), 300u);
	ASSERT_EQ(members[5].send_calls.size(), 1u);
	EXPECT_EQ(members[5].send_calls[0].queue, lane.queue);
	EXPECT_EQ(sent_by(5, b).front(), 0u);
	EXPECT_EQ(sent_by(5, b).back(), 299u);
}

TEST_F(ActiveBackup, WhatTheActiveMemberRefusesStaysWhereItStands)
{
	const auto s = transmit_snapshot({.mode = mode::active_backup, .members = {0}});
	members[0].room = 2;
	burst b(4);
	EXPECT_EQ(send(*s, b), 2u);
	EXPECT_EQ(b.numbers_from(2), (numbers{2, 3}));
	EXPECT_EQ(lane.empty_set.get(), 0u);
	EXPECT_EQ(lane.dropped.get(), 0u);
}

// Mistake 1: round-robin and balance with a count of 0.
TEST_F(EmptySet, KeepsEveryPacketInEveryMode)
{
	std::uint64_t offered = 0;
	for (enum mode m : built_modes)
		for (unsigned n : {0u, 1u, 64u, 65u, 300u}) {
			const auto s = transmit_snapshot({.mode = m, .members = {}});
			burst b(n);
			EXPECT_EQ(send(*s, b), 0u) << to_string(m);
			EXPECT_EQ(b.numbers_from(0), b.untouched());
			offered += n;
			EXPECT_EQ(lane.empty_set.get(), offered);
		}
	EXPECT_EQ(lane.dropped.get(), 0u);
}

TEST_F(EmptySet, DropsEveryPacketOnceInEveryModeWhenToldTo)
{
	std::uint64_t offered = 0;
	for (enum mode m : built_modes)
		for (unsigned n : {0u, 1u, 64u, 65u, 300u}) {
			const auto s =
				transmit_snapshot({.mode = m, .members = {}, .when_empty = tx_empty::drop});
			burst b(n);
			EXPECT_EQ(send(*s, b), n) << to_string(m);
			for (unsigned k = 0; k < n; k++)
				EXPECT_EQ(b[k].dropped, 1u) << to_string(m) << ", packet " << k;
			offered += n;
			EXPECT_EQ(lane.empty_set.get(), offered);
			EXPECT_EQ(lane.dropped.get(), offered);
		}
}

TEST_F(EmptySet, TakesTheLongestBurstThereIs)
{
	burst kept(UINT16_MAX), dropped(UINT16_MAX);
	EXPECT_EQ(send(*transmit_snapshot({.members = {}}), kept), 0u);
	EXPECT_EQ(send(*transmit_snapshot({.members = {}, .when_empty = tx_empty::drop}), dropped), UINT16_MAX);
}

// Each way of being empty and not empty in turn, on one lane.
TEST_F(EmptySet, IsLeftAndEnteredWithoutATrace)
{
	const auto empty = transmit_snapshot({.members = {}});
	const auto one = transmit_snapshot({.members = {1}});
	const auto two = transmit_snapshot({.members = {1, 2}});
	for (const snapshot *s : {two.get(), empty.get(), one.get(), empty.get(), two.get()}) {
		burst b(3);
		EXPECT_EQ(send(*s, b), s->tx_count == 0 ? 0u : 3u);
	}
	EXPECT_EQ(lane.empty_set.get(), 6u);
}

} // namespace
} // namespace braid
