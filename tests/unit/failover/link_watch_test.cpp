/* SPDX-License-Identifier: BSD-3-Clause */
#include "failover/link_watch.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

constexpr link_report up{.up = true, .speed_mbps = 10000, .full_duplex = true};
constexpr link_report down{};
constexpr link_delays no_delays{};
constexpr link_delays delays{.up_ms = 300, .down_ms = 100};

TEST(LinkWatch, FirstReportOfALinkThatIsDownIsNoFailure)
{
	const link_watch w(down, delays, 5);
	EXPECT_EQ(w.state(), link_state::down);
	EXPECT_EQ(w.since(), 5u);
	EXPECT_EQ(w.failures(), 0u);
	EXPECT_EQ(w.deadline(delays), never);
}

TEST(LinkWatch, FirstReportOfALinkThatIsUpWaitsForTheUpDelay)
{
	link_watch w(up, delays, 1000);
	EXPECT_EQ(w.state(), link_state::coming_up);
	EXPECT_FALSE(w.usable());
	EXPECT_EQ(w.deadline(delays), 1300u);
	w.expire(delays, 1299);
	EXPECT_EQ(w.state(), link_state::coming_up);
	w.expire(delays, 1300);
	EXPECT_EQ(w.state(), link_state::up);
	EXPECT_EQ(w.since(), 1300u);
	EXPECT_EQ(w.deadline(delays), never);
}

TEST(LinkWatch, WithoutDelaysAReportActsAtOnce)
{
	link_watch w(up, no_delays, 0);
	EXPECT_EQ(w.state(), link_state::up);
	w.report(down, no_delays, 1);
	EXPECT_EQ(w.state(), link_state::down);
	EXPECT_EQ(w.failures(), 1u);
	w.report(up, no_delays, 2);
	EXPECT_EQ(w.state(), link_state::up);
}

TEST(LinkWatch, LinkGoingDownIsUsedUntilTheDownDelayIsOver)
{
	link_watch w(up, no_delays, 0);
	w.report(down, delays, 1000);
	EXPECT_EQ(w.state(), link_state::going_down);
	EXPECT_TRUE(w.usable());
	EXPECT_EQ(w.deadline(delays), 1100u);
	w.expire(delays, 1099);
	EXPECT_TRUE(w.usable());
	EXPECT_EQ(w.failures(), 0u);
	w.expire(delays, 1100);
	EXPECT_EQ(w.state(), link_state::down);
	EXPECT_FALSE(w.usable());
	EXPECT_EQ(w.failures(), 1u);
}

TEST(LinkWatch, BounceWithinTheDownDelayIsNoFailure)
{
	link_watch w(up, no_delays, 0);
	w.report(down, delays, 1000);
	w.report(up, delays, 1099);
	EXPECT_EQ(w.state(), link_state::up);
	w.expire(delays, 5000);
	EXPECT_EQ(w.state(), link_state::up);
	EXPECT_EQ(w.failures(), 0u);
}

TEST(LinkWatch, BounceWithinTheUpDelayIsNoFailureAndStartsTheDelayAgain)
{
	link_watch w(down, delays, 0);
	w.report(up, delays, 1000);
	w.report(down, delays, 1299);
	EXPECT_EQ(w.state(), link_state::down);
	EXPECT_EQ(w.failures(), 0u);
	w.report(up, delays, 1299);
	EXPECT_EQ(w.deadline(delays), 1599u);
}

TEST(LinkWatch, PollingTheSameStateProlongsNoDelay)
{
	link_watch w(up, no_delays, 0);
	for (time_ms now = 1000; now < 1100; now += 10)
		w.report(down, delays, now);
	EXPECT_EQ(w.deadline(delays), 1100u);
	w.report(down, delays, 1100);
	EXPECT_EQ(w.state(), link_state::down);
	EXPECT_EQ(w.since(), 1100u);

	for (time_ms now = 2000; now < 2300; now += 10)
		w.report(up, delays, now);
	EXPECT_EQ(w.deadline(delays), 2300u);
	w.report(up, delays, 2300);
	EXPECT_EQ(w.state(), link_state::up);
}

TEST(LinkWatch, LinkThatIsBackBeforeTheOverdueDelayWasEvaluatedNeverFailed)
{
	link_watch w(up, no_delays, 0);
	w.report(down, delays, 1000);
	w.report(up, delays, 9000);
	EXPECT_EQ(w.state(), link_state::up);
	EXPECT_EQ(w.failures(), 0u);
}

TEST(LinkWatch, OnlyALinkThatIsComingUpCanSkipTheUpDelay)
{
	link_watch w(down, delays, 0);
	w.skip_up_delay(1);
	EXPECT_EQ(w.state(), link_state::down);
	w.report(up, delays, 2);
	w.skip_up_delay(3);
	EXPECT_EQ(w.state(), link_state::up);
	EXPECT_EQ(w.since(), 3u);
	w.report(down, delays, 4);
	w.skip_up_delay(5);
	EXPECT_EQ(w.state(), link_state::going_down);
	EXPECT_EQ(w.since(), 4u);
}

TEST(LinkWatch, RemembersTheSpeedOfTheLinkThatWentDown)
{
	link_watch w({.up = true, .speed_mbps = 25000, .full_duplex = true}, no_delays, 0);
	w.report(down, no_delays, 1);
	EXPECT_EQ(w.speed_mbps(), 25000u);
	EXPECT_TRUE(w.full_duplex());
	w.report({.up = true, .speed_mbps = 100, .full_duplex = false}, no_delays, 2);
	EXPECT_EQ(w.speed_mbps(), 100u);
	EXPECT_FALSE(w.full_duplex());
}

TEST(LinkWatch, ARunningDelayTakesItsNewLengthFromWhereItBegan)
{
	link_watch w(up, {.up_ms = 600000, .down_ms = 0}, 1000);
	EXPECT_EQ(w.deadline({.up_ms = 1000, .down_ms = 0}), 2000u);
	w.expire({.up_ms = 1000, .down_ms = 0}, 2000);
	EXPECT_EQ(w.state(), link_state::up);

	w.report(down, {.up_ms = 0, .down_ms = 50}, 3000);
	w.expire({.up_ms = 0, .down_ms = 500}, 3050);
	EXPECT_EQ(w.state(), link_state::going_down);
	w.expire({.up_ms = 0, .down_ms = 500}, 3500);
	EXPECT_EQ(w.state(), link_state::down);
}

TEST(LinkWatch, LongestDelayEndsOnTheMillisecond)
{
	constexpr link_delays longest{.up_ms = UINT32_MAX, .down_ms = UINT32_MAX};
	link_watch w(up, longest, 7);
	EXPECT_EQ(w.deadline(longest), 7u + time_ms{UINT32_MAX});
	w.expire(longest, 6u + time_ms{UINT32_MAX});
	EXPECT_EQ(w.state(), link_state::coming_up);
	w.expire(longest, 7u + time_ms{UINT32_MAX});
	EXPECT_EQ(w.state(), link_state::up);
}

TEST(LinkWatch, DelayThatWouldPassTheEndOfTheClockNeverEnds)
{
	link_watch w(up, delays, never - 100);
	EXPECT_EQ(w.deadline(delays), never);
	w.expire(delays, never);
	EXPECT_EQ(w.state(), link_state::coming_up);
}

TEST(LinkWatch, ClockThatWentBackEndsNoDelay)
{
	link_watch w(up, delays, 1000);
	w.expire(delays, 0);
	EXPECT_EQ(w.state(), link_state::coming_up);
	w.expire(delays, 1300);
	EXPECT_EQ(w.state(), link_state::up);
}

TEST(LinkWatch, EveryStateHasItsWords)
{
	EXPECT_STREQ(to_string(link_state::down), "down");
	EXPECT_STREQ(to_string(link_state::coming_up), "coming up");
	EXPECT_STREQ(to_string(link_state::up), "up");
	EXPECT_STREQ(to_string(link_state::going_down), "going down");
}

} // namespace
} // namespace braid
