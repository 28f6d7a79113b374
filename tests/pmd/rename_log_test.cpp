/* SPDX-License-Identifier: BSD-3-Clause */
#include "rename_log.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

TEST(RenameLog, GivesEachOfTenASecondALineAndCountsTheOthers)
{
	rename_log log;
	for (unsigned i = 0; i < rename_log::lines_per_period; i++)
		EXPECT_TRUE(log.admits(1000 + i));
	EXPECT_EQ(log.due(), never) << "there is nothing more to tell";
	for (unsigned i = 0; i < 500; i++)
		EXPECT_FALSE(log.admits(1500));
	EXPECT_EQ(log.due(), 2000u) << "a second after the first";
	EXPECT_EQ(log.take(2000), 500u);
	EXPECT_EQ(log.due(), never);
	EXPECT_TRUE(log.admits(2001));
}

TEST(RenameLog, BeginsAnewAfterAQuietTime)
{
	rename_log log;
	for (time_ms now = 0; now < 10'000; now += 250)
		EXPECT_TRUE(log.admits(now)) << now;
}

TEST(RenameLog, CountsOnUntilTheLineForTheOthersIsWritten)
{
	rename_log log;
	for (unsigned i = 0; i < 20; i++)
		log.admits(0);
	EXPECT_FALSE(log.admits(5000)) << "the worker is late: what is counted comes first";
	EXPECT_EQ(log.take(5000), 11u);
}

} // namespace
} // namespace braid
