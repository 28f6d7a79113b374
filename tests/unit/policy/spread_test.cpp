/* SPDX-License-Identifier: BSD-3-Clause */
// What round-robin and balance share: each packet to one member, and order among what comes back.
#include "scripted_port.hpp"

#include <random>

namespace braid {
namespace {

using Spread = transmit;
using numbers = std::vector<unsigned>;

// Mistake 15: an unsent tail that is corrupted or out of order.
TEST_F(Spread, RefusedPacketsStandAtTheTailInTheirOrder)
{
	const auto s = transmit_snapshot({.members = {0, 1, 2}});
	members[0].room = 1; // of 0 3 6
	members[2].room = 0; // of 2 5
	burst b(8);
	EXPECT_EQ(send(*s, b), 4u);
	EXPECT_EQ(sent_by(0, b), (numbers{0}));
	EXPECT_EQ(sent_by(1, b), (numbers{1, 4, 7}));
	EXPECT_EQ(b.numbers_from(4), (numbers{2, 3, 5, 6}));
}

TEST_F(Spread, NothingIsMovedWhenEveryMemberRefusesAll)
{
	const auto s = transmit_snapshot({.members = {0, 1}});
	members[0].room = members[1].room = 0;
	burst b(200);
	EXPECT_EQ(send(*s, b), 0u);
	EXPECT_EQ(b.numbers_from(0), b.untouched());
	EXPECT_EQ(members[0].send_calls.size(), 1u) << "a member that refused is not asked again in the burst";
}

TEST_F(Spread, EveryMemberIsOfferedItsPacketsOnTheQueueOfTheBurst)
{
	const auto s = transmit_snapshot({.members = {4, 2}});
	burst b(130);
	EXPECT_EQ(send(*s, b), 130u);
	for (unsigned m : {2u, 4u})
		for (const auto &call : members[m].send_calls)
			EXPECT_EQ(call.queue, lane.queue);
}

TEST_F(Spread, AMemberWithoutPacketsIsNotCalled)
{
	const auto s = transmit_snapshot({.members = first_members(8)});
	burst b(3);
	EXPECT_EQ(send(*s, b), 3u);
	for (unsigned m = 0; m < 8; m++)
		EXPECT_EQ(members[m].send_calls.size(), m < 3 ? 1u : 0u);
}

// Refused in the first batch of 64; packets of later batches would overtake what stands at the tail.
TEST_F(Spread, AMemberThatRefusedGetsNothingMoreOfTheBurstAndTheOthersGoOn)
{
	const auto s = transmit_snapshot({.members = {0, 1}});
	members[1].takes = {31}; // of its 32 in the first batch; later it would take all
	burst b(300);
	EXPECT_EQ(send(*s, b), 150u + 31u);
	EXPECT_EQ(members[0].sent.size(), 150u);
	EXPECT_EQ(members[1].send_calls.size(), 1u);
	EXPECT_EQ(b.numbers_from(181).front(), 63u) << "the packet that was refused";
}

TEST_F(Spread, TheNextBurstAsksAMemberThatRefusedAgain)
{
	const auto s = transmit_snapshot({.members = {0, 1}});
	members[0].takes = {0};
	burst refused(2), again(2);
	EXPECT_EQ(send(*s, refused), 1u);
	EXPECT_EQ(send(*s, again), 2u);
}

// Bit 63 of the mask and index 63 of the arrays; each share of a batch is one packet.
TEST_F(Spread, TheLastOf64MembersRefusesLikeAnyOther)
{
	const auto s = transmit_snapshot({.members = first_members(64)});
	members[63].takes = {0};
	burst b(192);
	EXPECT_EQ(send(*s, b), 189u);
	EXPECT_EQ(b.numbers_from(189), (numbers{63, 127, 191}));
	EXPECT_EQ(members[63].send_calls.size(), 1u);
	for (unsigned m = 0; m < 63; m++)
		EXPECT_EQ(members[m].sent.size(), 3u) << "member " << m;
}

// A whole batch is one share: the largest number that the 8-bit counts must hold.
TEST_F(Spread, OneOf64MembersCanHaveAllOfABatch)
{
	auto s = transmit_snapshot({.mode = mode::balance, .members = first_members(64)});
	s->bucket.fill(63);
	burst b(256);
	members[63].takes = {64, 64, 63};
	EXPECT_EQ(send(*s, b), 191u);
	EXPECT_EQ(members[63].send_calls[0].offered, 64u);
	EXPECT_EQ(b.numbers_from(191).front(), 191u);
	EXPECT_EQ(b.numbers_from(191).size(), 65u);
}

TEST_F(Spread, TakesTheLongestBurstThereIs)
{
	for (unsigned refused_after : {unlimited, 10000u, 0u}) {
		const auto s = transmit_snapshot({.members = {0, 1, 2}});
		lane.next = 0;
		members[1].room = refused_after;
		burst b(UINT16_MAX);
		EXPECT_EQ(send(*s, b), 2u * 21845 + std::min(refused_after, 21845u));
	}
}

struct spread_case {
	const char *name;
	enum mode mode;
	hash_policy policy;
	std::uint16_t rr_limit = 1;
	simd wide = simd::scalar;
	std::uint32_t weight_step = 0; // round-robin: how much each member weighs more than the one before

	friend void PrintTo(const spread_case &c, std::ostream *to) { *to << c.name; }
};

struct spread_property : transmit, testing::WithParamInterface<spread_case> {
	std::mt19937 random{4};

	unsigned below(unsigned end) { return static_cast<unsigned>(random() % end); }

	// Some take everything, some are full, some take a random number at a random call.
	void script(scripted_member &m)
	{
		m = {};
		switch (below(4)) {
		case 0: break;
		case 1: m.room = below(20); break;
		case 2: m.each_call = below(70); break;
		case 3:
			for (unsigned calls = below(6); calls > 0; calls--)
				m.takes.push_back(below(2) == 0 ? unlimited : below(65));
			break;
		}
	}

	std::unique_ptr<snapshot> snapshot_of(unsigned count)
	{
		std::vector<std::uint32_t> weights;
		for (unsigned m = 0; GetParam().weight_step > 0 && m < count; m++)
			weights.push_back(1 + m * GetParam().weight_step);
		return transmit_snapshot({.mode = GetParam().mode,
		                          .members = first_members(count),
		                          .policy = GetParam().policy,
		                          .rr_limit = GetParam().rr_limit,
		                          .wide = GetParam().wide,
		                          .weights = weights});
	}

	// Also where no turn can be.
	void start_anywhere(tx_lane &at)
	{
		at.next = static_cast<std::uint16_t>(below(2) == 0 ? below(70) : below(UINT16_MAX));
		at.used = static_cast<std::uint16_t>(below(70));
	}

	// A member's packets leave in the order of the burst, and none after it has refused one.
	void expect_order(unsigned m, const burst &b)
	{
		const numbers sent = sent_by(m, b);
		EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end())) << "member " << m;
		const auto &calls = members[m].send_calls;
		for (std::size_t i = 0; i + 1 < calls.size(); i++)
			EXPECT_EQ(calls[i].taken, calls[i].offered) << "member " << m << " was asked after it refused";
	}
};
using EverySpread = spread_property;

TEST_P(EverySpread, AccountsForEveryPacketOfEveryBurstWhateverMembersAccept)
{
	for (int round = 0; round < 1500; round++) {
		SCOPED_TRACE(round);
		const unsigned count = 1 + below(round % 3 == 0 ? 64 : 8);
		const auto s = snapshot_of(count);
		for (unsigned m = 0; m < count; m++)
			script(members[m]);
		start_anywhere(lane);
		burst b(below(301));
		const unsigned consumed = send(*s, b);

		std::size_t sent = 0;
		for (unsigned m = 0; m < count; m++) {
			expect_order(m, b);
			sent += members[m].sent.size();
		}
		EXPECT_EQ(sent, consumed);
		for (unsigned k = 0; k < b.size(); k++)
			EXPECT_LE(b[k].sent, 1u) << "packet " << k << " was sent twice";
		ASSERT_FALSE(HasFailure());
	}
	EXPECT_EQ(lane.empty_set.get(), 0u);
	EXPECT_EQ(lane.dropped.get(), 0u);
}

// A burst of one has a way of its own: each packet goes to the member that it would go to among the others, and the turn is
// where it would be.
TEST_P(EverySpread, SendsOneByOneWhatItSendsTogether)
{
	for (int round = 0; round < 200; round++) {
		const unsigned count = 1 + below(round % 3 == 0 ? 64 : 8);
		const auto s = snapshot_of(count);
		tx_lane alone;
		alone.queue = lane.queue;
		start_anywhere(lane);
		alone.next = lane.next;
		alone.used = lane.used;
		burst b(below(200));
		std::vector<numbers> together;
		ASSERT_EQ(send(*s, b), b.size());
		for (unsigned m = 0; m < count; m++) {
			together.push_back(sent_by(m, b));
			members[m] = {};
		}
		burst single(b.size());
		for (unsigned k = 0; k < single.size(); k++)
			ASSERT_EQ(s->tx(*s, alone, single.array() + k, 1), 1u);
		for (unsigned m = 0; m < count; m++) {
			ASSERT_EQ(sent_by(m, single), together[m]) << "member " << m << " of " << count;
			members[m] = {};
		}
		// Where nothing was sent, a turn that cannot be is still there.
		if (b.size() > 0) {
			EXPECT_EQ(alone.next, lane.next);
			EXPECT_EQ(alone.used, lane.used);
		}
	}
}

// Refused, it is the caller's, and the next one is asked for all the same.
TEST_P(EverySpread, TheOnlyPacketOfABurstMayBeRefused)
{
	for (unsigned count : {1u, 2u, 3u, 8u, 9u, 64u}) {
		const auto s = snapshot_of(count);
		for (unsigned m = 0; m < count; m++)
			members[m].room = 0;
		for (unsigned round = 0; round < 3; round++) {
			burst b(1);
			EXPECT_EQ(send(*s, b), 0u);
		}
		std::size_t calls = 0;
		for (unsigned m = 0; m < count; m++) {
			calls += members[m].send_calls.size();
			members[m] = {};
		}
		EXPECT_EQ(calls, 3u) << "one member was asked each time";
	}
}

INSTANTIATE_TEST_SUITE_P(Policies, EverySpread,
                         testing::Values(spread_case{"RoundRobin", mode::round_robin, hash_policy::l34},
                                         spread_case{"RoundRobinBy2", mode::round_robin, hash_policy::l34, 2},
                                         spread_case{"RoundRobinBy7", mode::round_robin, hash_policy::l34, 7},
                                         spread_case{"RoundRobinBy40", mode::round_robin, hash_policy::l34, 40},
                                         spread_case{"RoundRobinBy1000", mode::round_robin, hash_policy::l34, 1000},
                                         spread_case{"RoundRobinByWeight", mode::round_robin, hash_policy::l34, 1,
                                                     simd::scalar, 1},
                                         spread_case{"RoundRobinByWeightAnd3", mode::round_robin, hash_policy::l34, 3,
                                                     simd::scalar, 5},
                                         spread_case{"BalanceL2", mode::balance, hash_policy::l2},
                                         spread_case{"BalanceL23", mode::balance, hash_policy::l23},
                                         spread_case{"BalanceL34", mode::balance, hash_policy::l34},
                                         spread_case{"BalanceFlow", mode::balance, hash_policy::flow},
                                         spread_case{"BalanceEncap34", mode::balance, hash_policy::encap34},
                                         spread_case{"ActiveBackup", mode::active_backup, hash_policy::l34}),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace braid
