/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/buckets.hpp"
#include "policy/snapshot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

namespace braid {
namespace {

using table_of_two = std::array<std::uint8_t, bucket_count>;

constexpr std::uint32_t hashes_of_bucket = UINT32_MAX / bucket_count + 1;

bool is_second(const table_of_two &t, std::uint32_t hash) { return t[hash / hashes_of_bucket] == bucket_entry(1, 2); }

// What the borders say of a hash.
bool is_second(const borders &b, std::uint32_t hash)
{
	const auto passed = std::count_if(b.last, b.last + b.count,
	                                  [&](std::int32_t last) { return static_cast<std::int32_t>(hash) > last; });
	return b.second_comes_first != (passed % 2 == 1);
}

// Buckets change hands before each of `changes`, which are from 1.
table_of_two changing_before(const std::vector<unsigned> &changes, bool second_holds_0 = false)
{
	table_of_two t;
	bool second = second_holds_0;
	for (unsigned b = 0; b < bucket_count; b++) {
		if (std::find(changes.begin(), changes.end(), b) != changes.end())
			second = !second;
		t[b] = bucket_entry(second ? 1 : 0, 2);
	}
	return t;
}

std::vector<unsigned> some_buckets(unsigned n, std::mt19937 &random)
{
	std::vector<unsigned> all(bucket_count - 1), some;
	std::iota(all.begin(), all.end(), 1);
	std::sample(all.begin(), all.end(), std::back_inserter(some), n, random);
	return some;
}

void expect_the_same(const borders &b, const table_of_two &t)
{
	for (unsigned bucket = 0; bucket < bucket_count; bucket++) {
		const std::uint32_t first = bucket * hashes_of_bucket;
		for (std::uint32_t hash : {first, first + 1, first + hashes_of_bucket / 2, first + hashes_of_bucket - 1})
			ASSERT_EQ(is_second(b, hash), is_second(t, hash)) << "bucket " << bucket << ", hash " << hash;
	}
}

TEST(Borders, SayOfEveryBucketsHashesWhatTheTableSays)
{
	std::mt19937 random(1);
	for (unsigned changes = 1; changes < borders::most; changes++)
		for (bool second_holds_0 : {false, true}) {
			const table_of_two t = changing_before(some_buckets(changes, random), second_holds_0);
			const borders b = find_borders(t, 2);
			ASSERT_GE(b.count, 1u);
			EXPECT_TRUE(std::is_sorted(b.last, b.last + b.count));
			expect_the_same(b, t);
		}
}

// Signed and unsigned order differ in the middle: a border there, and one between the last bucket and the first.
TEST(Borders, AreFoundAtBothEndsAndInTheMiddle)
{
	constexpr unsigned half = bucket_count / 2;
	for (const std::vector<unsigned> &changes : std::vector<std::vector<unsigned>>{
		     {half}, {1}, {bucket_count - 1}, {half - 1}, {half + 1}, {half - 1, half, half + 1}, {1, half, bucket_count - 1}}) {
		const table_of_two t = changing_before(changes);
		const borders b = find_borders(t, 2);
		EXPECT_GE(b.count, 1u);
		expect_the_same(b, t);
	}
	EXPECT_EQ(find_borders(changing_before({half}), 2).count, 1u) << "the lower half and the upper half";
}

TEST(Borders, AreOnlyThoseOfTwoMembers)
{
	const table_of_two t = changing_before({bucket_count / 2});
	for (const unsigned members : {0u, 1u, 3u, max_members})
		EXPECT_EQ(find_borders(t, members).count, 0u) << members;
}

TEST(Borders, AreNotToldIfThereAreTooMany)
{
	std::vector<unsigned> changes;
	for (unsigned k = 0; k < borders::most; k++)
		changes.push_back(bucket_count / 2 + 1 + 2 * k);
	// Behind an odd number of changes the last bucket and the first are of different members: the seam is one more.
	EXPECT_EQ(find_borders(changing_before(changes), 2).count, 0u);
	changes.pop_back();
	EXPECT_EQ(find_borders(changing_before(changes), 2).count, borders::most - 1);
	// Again an odd number, but in the middle is where the order begins.
	changes.push_back(bucket_count / 2);
	const table_of_two full = changing_before(changes);
	EXPECT_EQ(find_borders(full, 2).count, borders::most);
	expect_the_same(find_borders(full, 2), full);
	for (unsigned step : {1u, 2u, 3u}) {
		changes.clear();
		for (unsigned b = step; b < bucket_count; b += step)
			changes.push_back(b);
		EXPECT_EQ(find_borders(changing_before(changes), 2).count, 0u);
	}
}

TEST(Borders, AreNoneInATableOfOneHolder)
{
	for (bool second : {false, true})
		EXPECT_EQ(find_borders(changing_before({}, second), 2).count, 0u);
}

// The borders between the two members that are left of so many after these have left one after another.
unsigned borders_after(unsigned members, std::initializer_list<unsigned> leavers)
{
	const auto table = std::make_unique<bucket_table>();
	seat_set active = (seat_set{1} << members) - 1;
	table->set_active(active);
	for (unsigned leaver : leavers)
		table->set_active(active &= ~(seat_set{1} << leaver));
	EXPECT_EQ(std::popcount(active), 2);
	table_of_two t;
	for (unsigned b = 0; b < bucket_count; b++)
		t[b] = bucket_entry(table->holder(b) == std::countr_zero(active) ? 0 : 1, 2);
	return find_borders(t, 2).count;
}

// What makes borders worth while: that members take and give buckets side by side.
TEST(Borders, AreFewAfterMembersHaveLeft)
{
	constexpr unsigned seam = 1; // between the last bucket and the first
	EXPECT_EQ(borders_after(2, {}), 1u);
	for (unsigned a = 0; a < 4; a++)
		for (unsigned b = 0; b < 4; b++) {
			if (a == b)
				continue;
			if (a < 3 && b == 3) {
				EXPECT_GE(borders_after(3, {a}), 1u) << a;
				EXPECT_LE(borders_after(3, {a}), 3u + seam) << a;
			}
			EXPECT_GE(borders_after(4, {a, b}), 1u) << a << " and " << b;
			EXPECT_LE(borders_after(4, {a, b}), 5u + seam) << a << " and " << b;
		}
}

} // namespace
} // namespace braid
