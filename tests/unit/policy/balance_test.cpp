/* SPDX-License-Identifier: BSD-3-Clause */
#include "../packet/processor.hpp"
#include "policy/buckets.hpp"
#include "scripted_port.hpp"

#include <random>

namespace braid {
namespace {

constexpr hash_policy policies[] = {hash_policy::l2, hash_policy::l23, hash_policy::l34};

struct balancing : transmit {
	std::unique_ptr<bucket_table> table = std::make_unique<bucket_table>();

	// Seat m is member m of the wire; indices into tx_port are given out in another order, as the driver may.
	std::unique_ptr<snapshot> with(seat_set active, hash_policy policy = hash_policy::l34)
	{
		std::vector<unsigned> order;
		std::array<std::uint8_t, max_members> index_of_seat{};
		for (unsigned seat = max_members; seat-- > 0;)
			if (active >> seat & 1) {
				index_of_seat[seat] = static_cast<std::uint8_t>(order.size());
				order.push_back(seat);
			}
		auto s = transmit_snapshot({.mode = mode::balance, .members = order, .policy = policy});
		table->set_active(active);
		for (unsigned b = 0; active != 0 && b < bucket_count; b++)
			s->bucket[b] = bucket_entry(index_of_seat[table->holder(b)], s->tx_count);
		s->between = find_borders(s->bucket, s->tx_count);
		return s;
	}

	// The member that sends each of flows 0 to n - 1.
	std::vector<unsigned> placement(const snapshot &s, unsigned n)
	{
		burst b(n);
		EXPECT_EQ(send(s, b), n);
		std::vector<unsigned> member(n, unlimited);
		for (unsigned m = 0; m < max_members; m++) {
			for (unsigned flow : sent_by(m, b))
				member[flow] = m;
			members[m].sent.clear();
		}
		return member;
	}
};
using Balance = balancing;

TEST_F(Balance, AllPacketsOfAFlowLeaveThroughOneMemberInTheirOrder)
{
	std::mt19937 random(5);
	for (hash_policy policy : policies) {
		const auto s = with(0b10111, policy);
		const std::vector<unsigned> member = placement(*s, 50);
		for (int round = 0; round < 20; round++) {
			std::vector<unsigned> flows(random() % 301);
			for (unsigned &flow : flows)
				flow = random() % 50;
			burst b(flows);
			EXPECT_EQ(send(*s, b), b.size());
			for (unsigned m = 0; m < 5; m++) {
				const std::vector<unsigned> sent = sent_by(m, b);
				EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end()));
				for (unsigned k : sent)
					EXPECT_EQ(member[flows[k]], m) << to_string(policy) << ", flow " << flows[k];
				members[m].sent.clear();
			}
		}
	}
}

// Of one flow the sent packets are the first ones, also when the burst has several batches.
TEST_F(Balance, NoPacketOvertakesARefusedOneOfItsFlow)
{
	std::mt19937 random(6);
	const auto below = [&random](unsigned end) { return static_cast<unsigned>(random() % end); };
	for (int round = 0; round < 200; round++) {
		const auto s = with(0b1111);
		for (unsigned m = 0; m < 4; m++)
			members[m].takes = {below(30), below(30), unlimited};
		std::vector<unsigned> flows(300);
		for (unsigned &flow : flows)
			flow = below(10);
		burst b(flows);
		const unsigned consumed = send(*s, b);
		std::vector<bool> refused(10);
		for (unsigned k = 0; k < b.size(); k++) {
			EXPECT_FALSE(refused[flows[k]] && b[k].sent > 0) << "packet " << k << " of flow " << flows[k];
			if (b[k].sent == 0)
				refused[flows[k]] = true;
		}
		EXPECT_LT(consumed, 300u) << "the scripts refuse something in each round";
		for (unsigned m = 0; m < 4; m++)
			members[m] = {};
	}
}

TEST_F(Balance, TheBucketIsTheHighBitsOfTheHash)
{
	auto s = with(0b11);
	burst b(200);
	for (unsigned k = 0; k < b.size(); k++) {
		const std::uint32_t hash = flow_hash<hash_policy::l34>(b[k], s->seed);
		const std::uint32_t bucket = hash / (UINT32_MAX / bucket_count + 1);
		s->bucket.fill(0);
		s->bucket[bucket] = bucket_entry(1, 2);
		rte_mbuf *pkt = &b[k];
		using by_l34 = balance<flow_hash_burst<hash_policy::l34>>;
		by_l34::workspace space;
		by_l34 batch(*s, lane, &pkt, 1, space);
		EXPECT_EQ(batch.member_of(0), 1u) << "packet " << k;
		EXPECT_EQ(batch.now().count, 0u);
		batch.go_on();
		EXPECT_EQ(batch.now().count, 1u);
	}
}

TEST_F(Balance, OnlyTheFlowsOfALeavingMemberMoveAndTheyComeBackWithIt)
{
	constexpr unsigned flows = 4000;
	for (hash_policy policy : policies)
		for (unsigned leaver : {0u, 3u, 7u}) {
			const auto before = placement(*with(0xff, policy), flows);
			const auto without = placement(*with(0xff & ~(seat_set{1} << leaver), policy), flows);
			for (unsigned f = 0; f < flows; f++) {
				EXPECT_NE(without[f], leaver);
				EXPECT_TRUE(before[f] == leaver || without[f] == before[f])
					<< to_string(policy) << ", flow " << f;
			}
			EXPECT_EQ(placement(*with(0xff, policy), flows), before) << to_string(policy);
		}
}

TEST_F(Balance, ANewMemberTakesFlowsFromTheOthersAndMovesNoneBetweenThem)
{
	constexpr unsigned flows = 4000;
	const auto before = placement(*with(0x7f), flows);
	const auto after = placement(*with(0xff), flows);
	unsigned moved = 0;
	for (unsigned f = 0; f < flows; f++) {
		EXPECT_TRUE(after[f] == before[f] || after[f] == 7u) << "flow " << f;
		moved += after[f] != before[f];
	}
	EXPECT_GT(moved, flows / 8 / 2);
	EXPECT_LT(moved, flows / 8 * 2);
}

// Mean overload of perfect random hashing is some percent at this number of flows; a third is far outside.
TEST_F(Balance, ManyFlowsSpreadOverAllMembers)
{
	constexpr unsigned flows = 8000;
	for (hash_policy policy : policies) {
		std::array<unsigned, max_members> load{};
		for (unsigned m : placement(*with(0xff, policy), flows))
			load[m]++;
		for (unsigned m = 0; m < 8; m++) {
			EXPECT_GT(load[m], flows / 8 * 2 / 3) << to_string(policy) << ", member " << m;
			EXPECT_LT(load[m], flows / 8 * 4 / 3) << to_string(policy) << ", member " << m;
		}
	}
}

// Mistake 1: balance with a count of 0, on the way to nothing and back.
TEST_F(Balance, TheSetEmptiesAndFillsAgainUnderTraffic)
{
	const auto before = placement(*with(0b11), 100);
	for (seat_set active : {seat_set{0b10}, seat_set{0}, seat_set{0b01}, seat_set{0}}) {
		burst b(100);
		EXPECT_EQ(send(*with(active), b), active == 0 ? 0u : 100u);
	}
	members[0].sent.clear();
	members[1].sent.clear();
	EXPECT_EQ(placement(*with(0b11), 100), before);
}

#ifdef RTE_ARCH_X86_64
// One burst over so many members, of which member 1 may be short of room.
struct mixture {
	hash_policy policy;
	unsigned members;
	unsigned packets;
	unsigned room_of_1;
	unsigned every_short;    // every which packet is too short for a kernel of eight; 0: none
	unsigned every_unhashed; // every which packet has no RSS hash; 0: none
	bool buckets_in_turn;
};

struct vectors : transmit {
	struct outcome {
		std::vector<std::vector<unsigned>> sent; // by each member
		std::vector<unsigned> tail;
	};

	outcome sent_with(simd wide, const mixture &of)
	{
		const auto s = transmit_snapshot({.mode = mode::balance,
		                                  .members = first_members(of.members),
		                                  .policy = of.policy,
		                                  .wide = wide,
		                                  .buckets_in_turn = of.buckets_in_turn});
		for (unsigned m = 0; m < of.members; m++)
			members[m] = {};
		members[1].room = of.room_of_1;
		burst b = packets_of(of);
		const unsigned consumed = send(*s, b);
		outcome o;
		for (unsigned m = 0; m < of.members; m++)
			o.sent.push_back(sent_by(m, b));
		o.tail = b.numbers_from(consumed);
		return o;
	}

	static burst packets_of(const mixture &of)
	{
		burst b(of.packets);
		const auto is_each = [](unsigned k, unsigned every) { return every != 0 && k % every == every - 1; };
		for (unsigned k = 0; k < of.packets; k++) {
			if (!is_each(k, of.every_short))
				b.lengthen(k);
			b[k].hash.rss = k * 0x9e3779b9;
			if (!is_each(k, of.every_unhashed))
				b[k].ol_flags = RTE_MBUF_F_RX_RSS_HASH;
		}
		return b;
	}
};
using BalanceByVectors = vectors;

// The same packets to the same members in the same order, and the same ones back, whatever the instructions. Which of them
// this processor has is for hash_simd_test.cpp to report.
TEST_F(BalanceByVectors, SendWhatScalarsSend)
{
	std::mt19937 random(5);
	constexpr unsigned every[] = {0, 11, 2}; // eights of one kind, now and then a stranger, none of one kind
	for (hash_policy policy :
	     {hash_policy::l2, hash_policy::l23, hash_policy::l34, hash_policy::flow, hash_policy::encap34})
		for (unsigned count : {2u, 3u, 8u, 9u, 64u})
			for (unsigned round = 0; round < 63; round++) {
				const unsigned room = random() % 2 == 0 ? static_cast<unsigned>(random() % 20) : unlimited;
				const mixture of{policy, count, static_cast<unsigned>(random() % 200), room,
				                 every[round % 3], every[round / 3 % 3], random() % 4 == 0};
				const outcome expected = sent_with(simd::scalar, of);
				for (simd wide : {simd::avx2, simd::avx512})
					if (processor_has(wide)) {
						const outcome sent = sent_with(wide, of);
						ASSERT_EQ(sent.sent, expected.sent) << to_string(policy) << " with " << to_string(wide)
						                                    << ", " << count << " members, burst of " << of.packets;
						ASSERT_EQ(sent.tail, expected.tail);
					}
			}
}
#endif

} // namespace
} // namespace braid
