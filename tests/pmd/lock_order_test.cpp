/* SPDX-License-Identifier: BSD-3-Clause */
// The check that every other test of this program runs under: it must be able to fail.
#include "harness.hpp"
#include "lock_order.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

// Holding `outer`, takes `inner`; the log tells what came of it.
template <lock_place Outer, lock_place Inner> std::size_t reports_of_taking() noexcept
{
	log_capture log;
	ordered_mutex<Outer> outer;
	ordered_mutex<Inner> inner;
	{
		const std::lock_guard first(outer);
		const std::lock_guard second(inner);
	}
	const std::size_t reports = log.count("lock order:");
	forget_log(); // or the check would fail this test for what it has provoked
	return reports;
}

TEST(LockOrder, FromOutermostToInnermostIsRight)
{
	EXPECT_EQ((reports_of_taking<lock_place::configuration, lock_place::device>()), 0u);
	EXPECT_EQ((reports_of_taking<lock_place::device, lock_place::state>()), 0u);
	EXPECT_EQ((reports_of_taking<lock_place::state, lock_place::inbox>()), 0u);
	EXPECT_EQ((reports_of_taking<lock_place::inbox, lock_place::ports>()), 0u);
}

TEST(LockOrder, TheOtherWayRoundIsReportedOnce)
{
	EXPECT_EQ((reports_of_taking<lock_place::state, lock_place::configuration>()), 1u);
	EXPECT_EQ((reports_of_taking<lock_place::state, lock_place::configuration>()), 0u);
}

TEST(LockOrder, TwoOfOnePlaceAreReported)
{
	EXPECT_EQ((reports_of_taking<lock_place::device, lock_place::device>()), 1u);
}

TEST(LockOrder, ALockGivenBackIsForgotten)
{
	log_capture log;
	ordered_mutex<lock_place::inbox> inbox;
	ordered_mutex<lock_place::configuration> configuration;
	inbox.lock();
	EXPECT_TRUE(holds_any_lock());
	inbox.unlock();
	EXPECT_FALSE(holds_any_lock());
	configuration.lock();
	configuration.unlock();
	EXPECT_EQ(log.count("lock order:"), 0u);
}

TEST(LockOrder, TryingIsAllowedInAnyOrder)
{
	log_capture log;
	ordered_mutex<lock_place::state> state;
	ordered_mutex<lock_place::device> device;
	const std::lock_guard held(state);
	EXPECT_TRUE(device.try_lock());
	device.unlock();
	EXPECT_TRUE(holds_any_lock()) << "state is still held";
	EXPECT_EQ(log.count("lock order:"), 0u);
}

} // namespace
} // namespace braid
