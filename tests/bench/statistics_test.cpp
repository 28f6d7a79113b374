/* SPDX-License-Identifier: BSD-3-Clause */
#include "statistics.hpp"

#include <gtest/gtest.h>

namespace braid::bench {
namespace {

TEST(Summary, OrdersValuesByItself)
{
	const summary s = summarize({5, 1, 4, 2, 3});
	EXPECT_EQ(s.min, 1);
	EXPECT_EQ(s.median, 3);
	EXPECT_EQ(s.p90, 5);
	EXPECT_EQ(s.max, 5);
	EXPECT_EQ(s.count, 5u);
}

TEST(Summary, OfNothingIsZero)
{
	const summary s = summarize({});
	EXPECT_EQ(s.count, 0u);
	EXPECT_EQ(s.min, 0);
	EXPECT_EQ(s.max, 0);
}

TEST(Summary, MedianOfAnEvenCountIsTheLowerMiddle) { EXPECT_EQ(summarize({4, 3, 2, 1}).median, 2); }

TEST(Percentile, IsAValueOfTheSeriesAtBothEnds)
{
	EXPECT_EQ(percentile({1, 2, 3}, 0), 1);
	EXPECT_EQ(percentile({1, 2, 3}, 1), 3);
	EXPECT_EQ(percentile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.9), 9);
}

TEST(UninterruptedMean, KeepsOrdinaryVariation) { EXPECT_EQ(uninterrupted_mean({10, 12, 14, 16}, 2), 13); }

TEST(UninterruptedMean, LeavesOutWhatTookSoManyTimesAsLongAsMost)
{
	EXPECT_EQ(uninterrupted_mean({10, 1000, 10, 13, 500}, 2), (10 + 10 + 13) / 3.0);
	EXPECT_EQ(uninterrupted_mean({10, 1000, 10, 10, 70}, 10), (10 + 10 + 10 + 70) / 4.0);
}

TEST(UninterruptedMean, OfNothingIsZero) { EXPECT_EQ(uninterrupted_mean({}, 2), 0); }

TEST(Histogram, SlotKHoldsWhatIsBelowTwoToTheK)
{
	histogram h;
	h.add(0.9); // below 1
	h.add(1.0); // below 2
	h.add(3.9); // below 4
	h.add(4.0); // below 8
	EXPECT_EQ(h.counts()[0], 1u);
	EXPECT_EQ(h.counts()[1], 1u);
	EXPECT_EQ(h.counts()[2], 1u);
	EXPECT_EQ(h.counts()[3], 1u);
	EXPECT_EQ(histogram::upper_us(3), 8);
}

TEST(Histogram, PutsTheLongestIntoTheLastSlot)
{
	histogram h;
	h.add(1e12);
	h.add(-1); // a clock that went back
	EXPECT_EQ(h.counts()[histogram::slots - 1], 1u);
	EXPECT_EQ(h.counts()[0], 1u);
}

} // namespace
} // namespace braid::bench
