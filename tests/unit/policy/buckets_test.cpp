/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/buckets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace braid {
namespace {

using owners = std::vector<std::uint8_t>;

struct table : testing::Test {
	std::unique_ptr<bucket_table> buckets = std::make_unique<bucket_table>();

	owners with(seat_set active, const seat_weights &weights = equal_weights)
	{
		buckets->set_active(active, weights);
		owners o(bucket_count);
		for (unsigned b = 0; b < bucket_count; b++)
			o[b] = buckets->holder(b);
		return o;
	}
};
using Buckets = table;

seat_set first_seats(unsigned n) { return n == 64 ? ~seat_set{0} : (seat_set{1} << n) - 1; }

unsigned moved(const owners &before, const owners &after)
{
	unsigned n = 0;
	for (unsigned b = 0; b < bucket_count; b++)
		n += before[b] != after[b];
	return n;
}

void expect_level(const owners &o, seat_set active)
{
	std::vector<unsigned> load(max_members);
	for (std::uint8_t seat : o) {
		ASSERT_LT(seat, max_members);
		ASSERT_TRUE(active >> seat & 1) << "an inactive seat holds a bucket";
		load[seat]++;
	}
	const unsigned n = static_cast<unsigned>(std::popcount(active));
	for (unsigned seat = 0; seat < max_members; seat++)
		if (active >> seat & 1) {
			EXPECT_GE(load[seat], bucket_count / n);
			EXPECT_LE(load[seat], (bucket_count + n - 1) / n);
		}
}

TEST_F(Buckets, NobodyHoldsAnythingWhenNobodyIsActive)
{
	for (std::uint8_t seat : with(0))
		EXPECT_EQ(seat, bucket_table::no_seat);
	with(first_seats(3));
	for (std::uint8_t seat : with(0))
		EXPECT_EQ(seat, bucket_table::no_seat);
}

TEST_F(Buckets, LoadsDifferByAtMostOneForEveryNumberOfMembers)
{
	for (unsigned n = 1; n <= max_members; n++) {
		buckets = std::make_unique<bucket_table>();
		expect_level(with(first_seats(n)), first_seats(n));
	}
}

TEST_F(Buckets, AMemberThatLeavesMovesOnlyItsOwnBuckets)
{
	for (unsigned n = 2; n <= 16; n++)
		for (unsigned leaver = 0; leaver < n; leaver++) {
			buckets = std::make_unique<bucket_table>();
			const owners before = with(first_seats(n));
			const seat_set rest = first_seats(n) & ~(seat_set{1} << leaver);
			const owners after = with(rest);
			for (unsigned b = 0; b < bucket_count; b++)
				ASSERT_TRUE(before[b] == leaver || after[b] == before[b])
					<< "bucket " << b << " of " << n << " members";
			expect_level(after, rest);
		}
}

TEST_F(Buckets, AMemberThatReturnsGetsExactlyItsFormerBucketsBack)
{
	for (unsigned n = 2; n <= 16; n++)
		for (unsigned leaver = 0; leaver < n; leaver++) {
			buckets = std::make_unique<bucket_table>();
			const owners before = with(first_seats(n));
			with(first_seats(n) & ~(seat_set{1} << leaver));
			EXPECT_EQ(with(first_seats(n)), before) << n << " members, seat " << leaver;
		}
}

TEST_F(Buckets, ANewMemberTakesItsFairShareAndNothingElseMoves)
{
	for (unsigned n = 1; n <= 16; n++) {
		buckets = std::make_unique<bucket_table>();
		const owners before = with(first_seats(n));
		const owners after = with(first_seats(n + 1));
		for (unsigned b = 0; b < bucket_count; b++)
			ASSERT_TRUE(after[b] == before[b] || after[b] == n) << "a bucket moved between old members";
		EXPECT_LE(moved(before, after), bucket_count / (n + 1) + 1);
		expect_level(after, first_seats(n + 1));
	}
}

TEST_F(Buckets, EverybodyLeavesAndReturnsInAnyOrderAndAllIsAsBefore)
{
	std::mt19937 random(1);
	for (int round = 0; round < 50; round++) {
		buckets = std::make_unique<bucket_table>();
		const unsigned n = 2 + random() % 15;
		const owners before = with(first_seats(n));
		std::vector<unsigned> order(n);
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		seat_set active = first_seats(n);
		std::shuffle(order.begin(), order.end(), random);
		for (unsigned seat : order)
			with(active &= ~(seat_set{1} << seat));
		std::shuffle(order.begin(), order.end(), random);
		for (unsigned seat : order)
			with(active |= seat_set{1} << seat);
		EXPECT_EQ(with(active), before);
	}
}

TEST_F(Buckets, LoadsStayLevelThroughAnyHistory)
{
	std::mt19937_64 random(2);
	seat_set active = 0;
	for (int round = 0; round < 2000; round++) {
		active ^= seat_set{1} << (random() % 12);
		const owners o = with(active);
		if (active != 0)
			expect_level(o, active);
	}
}

// ---- weights

std::vector<unsigned> loads(const owners &o)
{
	std::vector<unsigned> load(max_members);
	for (std::uint8_t seat : o)
		load[seat]++;
	return load;
}

// Within 1 % of the share, or one and a half buckets; what shares below one bucket got too much is missing elsewhere.
void expect_shares(const owners &o, seat_set active, const seat_weights &weights)
{
	double sum = 0;
	for (unsigned seat = 0; seat < max_members; seat++)
		if (active >> seat & 1)
			sum += weights[seat];
	double tolerance = 1.5;
	for (unsigned seat = 0; seat < max_members; seat++)
		if (active >> seat & 1)
			tolerance += std::max(0.0, 1 - 1.0 * bucket_count * weights[seat] / sum);
	const std::vector<unsigned> load = loads(o);
	for (unsigned seat = 0; seat < max_members; seat++) {
		if ((active >> seat & 1) == 0) {
			EXPECT_EQ(load[seat], 0u) << "an inactive seat holds a bucket";
			continue;
		}
		const double exact = 1.0 * bucket_count * weights[seat] / sum;
		EXPECT_GE(load[seat], 1u);
		EXPECT_NEAR(load[seat], exact, std::max(tolerance, exact / 100)) << "seat " << seat << " of weight " << weights[seat];
		EXPECT_NEAR(load[seat], exact, bucket_count / 100.0) << "1 % of all";
	}
}

// The least that must move for one set of loads to become the other.
unsigned difference(const owners &before, const owners &after)
{
	const std::vector<unsigned> had = loads(before), has = loads(after);
	unsigned more = 0;
	for (unsigned seat = 0; seat < max_members; seat++)
		more += has[seat] > had[seat] ? has[seat] - had[seat] : 0;
	return more;
}

TEST_F(Buckets, SharesFollowWeights)
{
	const owners o = with(first_seats(3), [] {
		seat_weights w = equal_weights;
		w[0] = 10;
		w[1] = 5;
		return w;
	}());
	EXPECT_EQ(loads(o)[0], 2560u);
	EXPECT_EQ(loads(o)[1], 1280u);
	EXPECT_EQ(loads(o)[2], 256u);
}

TEST_F(Buckets, SharesFollowAnyWeightsThroughAnyHistory)
{
	std::mt19937_64 random(3);
	for (const unsigned most : {3u, 20u, 1000u, 400'000'000u}) {
		buckets = std::make_unique<bucket_table>();
		seat_weights weights = equal_weights;
		seat_set active = 0;
		for (int round = 0; round < 500; round++) {
			const seat_set changes = random() % 4 != 0 ? seat_set{1} << random() % max_members : random();
			if (random() % 2 != 0)
				active ^= changes;
			for (unsigned seat = 0; seat < max_members; seat++)
				if (random() % 8 == 0)
					weights[seat] = static_cast<std::uint32_t>(1 + random() % most);
			const owners o = with(active, weights);
			if (active != 0)
				expect_shares(o, active, weights);
		}
	}
}

// One member of weight 1 among the heaviest: less than one bucket is its share, and it gets one.
TEST_F(Buckets, AnActiveSeatIsNeverLeftWithoutABucket)
{
	for (unsigned light = 1; light < max_members; light++) {
		seat_weights weights = equal_weights;
		for (unsigned seat = light; seat < max_members; seat++)
			weights[seat] = 1000;
		expect_shares(with(first_seats(max_members), weights), first_seats(max_members), weights);
	}
}

TEST_F(Buckets, AChangeOfWeightsMovesTheDifferenceAndNoMore)
{
	std::mt19937_64 random(4);
	for (int round = 0; round < 300; round++) {
		buckets = std::make_unique<bucket_table>();
		const unsigned n = static_cast<unsigned>(2 + random() % (max_members - 1));
		seat_weights weights = equal_weights;
		owners before = with(first_seats(n), weights);
		for (int change = 0; change < 5; change++) {
			weights[random() % n] = static_cast<std::uint32_t>(1 + random() % 50);
			const owners after = with(first_seats(n), weights);
			EXPECT_EQ(moved(before, after), difference(before, after));
			before = after;
		}
	}
}

TEST_F(Buckets, AWeightThatIsSetBackMovesTheSameBucketsBack)
{
	for (unsigned n = 2; n <= 16; n++)
		for (const std::uint32_t weight : {2u, 7u, 1000u}) {
			buckets = std::make_unique<bucket_table>();
			const owners before = with(first_seats(n));
			seat_weights weights = equal_weights;
			weights[1] = weight;
			EXPECT_GT(moved(before, with(first_seats(n), weights)), 0u);
			EXPECT_EQ(with(first_seats(n)), before) << n << " members, weight " << weight;
		}
}

TEST_F(Buckets, WithWeightsAMemberThatReturnsGetsExactlyItsFormerBucketsBack)
{
	std::mt19937_64 random(5);
	for (int round = 0; round < 200; round++) {
		buckets = std::make_unique<bucket_table>();
		const unsigned n = static_cast<unsigned>(2 + random() % (max_members - 1));
		const unsigned most = round % 2 ? 20 : 1000;
		seat_weights weights = equal_weights;
		for (unsigned seat = 0; seat < n; seat++)
			weights[seat] = static_cast<std::uint32_t>(1 + random() % most);
		const owners before = with(first_seats(n), weights);
		const unsigned leaver = random() % n;
		const seat_set rest = first_seats(n) & ~(seat_set{1} << leaver);
		const owners without = with(rest, weights);
		for (unsigned b = 0; b < bucket_count; b++)
			ASSERT_TRUE(before[b] == leaver || without[b] == before[b]) << "bucket " << b;
		expect_shares(without, rest, weights);
		EXPECT_EQ(with(first_seats(n), weights), before);
	}
}

TEST_F(Buckets, AForgottenSeatStartsAnew)
{
	with(first_seats(2));
	with(first_seats(1));
	buckets->forget(1);
	const owners alone = with(first_seats(1));
	const owners again = with(first_seats(2));
	expect_level(again, first_seats(2));
	EXPECT_EQ(moved(alone, again), bucket_count / 2);
}

TEST_F(Buckets, TheSameSetAgainMovesNothing)
{
	for (unsigned n : {1u, 2u, 7u, 64u}) {
		buckets = std::make_unique<bucket_table>();
		const owners before = with(first_seats(n));
		EXPECT_EQ(with(first_seats(n)), before) << n << " members";
	}
}

// Its memory is gone although the set is the same as before: the table has to look again.
TEST_F(Buckets, AnActiveSeatThatIsForgottenIsANewcomerInTheSameSet)
{
	const owners before = with(first_seats(3));
	buckets->forget(1);
	const owners after = with(first_seats(3));
	expect_level(after, first_seats(3));
	for (unsigned b = 0; b < bucket_count; b++)
		ASSERT_TRUE(before[b] == 1 || after[b] == before[b] || after[b] == 1) << "moved between the others";
}

// What a publication makes of the table, member for member, through any history.
TEST_F(Buckets, HoldersAreDescribedByTheTableOfTheirSeats)
{
	std::mt19937_64 random(3);
	seat_set active = 0;
	std::array<std::uint8_t, bucket_count> described;
	for (int round = 0; round < 300; round++) {
		active ^= seat_set{1} << (random() % max_members);
		if (round % 16 == 0)
			active = random();
		const owners o = with(active);
		seat_table of;
		for (unsigned seat = 0; seat < max_members; seat++)
			of[seat] = static_cast<std::uint8_t>(random());
		buckets->describe_holders(of, described);
		for (unsigned b = 0; b < bucket_count; b++)
			ASSERT_EQ(described[b], active != 0 ? of[o[b]] : 0) << "bucket " << b << " in round " << round;
	}
}

TEST(SeatTable, ShufflesFindWhatOneByOneFinds)
{
	std::mt19937_64 random(4);
	for (int round = 0; round < 100000; round++) {
		seat_table table;
		for (unsigned seat = 0; seat < max_members; seat++)
			table[seat] = static_cast<std::uint8_t>(random());
		std::array<std::uint8_t, byte_block::size> seats, fast, plain;
		for (std::uint8_t &seat : seats)
			seat = static_cast<std::uint8_t>(random() % (round % 2 == 0 ? max_members : 256));
		table.look_up(byte_block::from(seats.data())).to(fast.data());
		table.look_up_plain(byte_block::from(seats.data())).to(plain.data());
		ASSERT_EQ(fast, plain) << "round " << round;
		for (unsigned k = 0; k < seats.size(); k++)
			ASSERT_EQ(plain[k], seats[k] < max_members ? table[seats[k]] : 0);
	}
}

TEST(Seats, ADeviceGetsItsFormerSeat)
{
	seat_map seats;
	const unsigned a = seats.sit("net_tap0").seat;
	const unsigned b = seats.sit("net_tap1").seat;
	EXPECT_NE(a, b);
	seats.leave(a);
	EXPECT_NE(seats.sit("net_tap2").seat, a) << "a remembered seat goes to somebody else only when none is free";
	const auto back = seats.sit("net_tap0");
	EXPECT_EQ(back.seat, a);
	EXPECT_FALSE(back.evicted);
}

TEST(Seats, PrefixIsNotIdentity)
{
	seat_map seats;
	const unsigned ten = seats.sit("net_tap10").seat;
	seats.leave(ten);
	EXPECT_NE(seats.sit("net_tap1").seat, ten);
}

TEST(Seats, TheOneLongestAwayLosesItsSeatWhenAllAreTaken)
{
	seat_map seats;
	std::vector<unsigned> seat;
	for (unsigned i = 0; i < max_members; i++)
		seat.push_back(seats.sit("dev" + std::to_string(i)).seat);
	seats.leave(seat[5]);
	seats.leave(seat[3]);
	const auto first = seats.sit("new0");
	EXPECT_EQ(first.seat, seat[5]);
	EXPECT_TRUE(first.evicted);
	const auto second = seats.sit("dev3");
	EXPECT_EQ(second.seat, seat[3]);
	EXPECT_FALSE(second.evicted);
}

} // namespace
} // namespace braid
