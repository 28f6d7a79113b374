/* SPDX-License-Identifier: BSD-3-Clause */
// Listeners that are slow or stand still: what is lost is counted, and nobody but an operator waits for them.
#include "event_stage.hpp"
#include "held_listener.hpp"
#include "member_states.hpp"
#include "telemetry_client.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace braid {
namespace {

class SlowListener : public event_stage {};

TEST_F(SlowListener, ARenamingLoopWaitsForAListenerThatIsSlowerThanIt)
{
	const quiet_log quiet;
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	struct slow {
		static void note(std::uint16_t, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<slow *>(arg);
			self.in_order = self.in_order && e->number == self.next;
			self.next = e->number + 1;
			const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(20);
			while (std::chrono::steady_clock::now() < until)
				continue;
		}
		std::atomic<std::uint64_t> next{1};
		std::atomic<bool> in_order{true};
	} listener;
	ASSERT_TRUE(eventually([&] { return bond.info().next_event == 1; }));
	ASSERT_EQ(braid_event_callback_register(bond.port(), slow::note, &listener), 0);
	constexpr unsigned renames = 20'000; // more than may wait
	rename_times(bond, renames);
	EXPECT_TRUE(eventually([&] { return listener.next == renames + 1; }));
	EXPECT_TRUE(listener.in_order) << "none is lost";
	EXPECT_EQ(bond.info().events_lost, 0u);
	EXPECT_EQ(bond.xstat("events_lost"), 0u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), slow::note, &listener), 0);
}

TEST_F(SlowListener, WhatAListenerThatStandsStillHasMissedIsCountedAndToldToIt)
{
	const quiet_log quiet;
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	struct stuck {
		static void note(std::uint16_t, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<stuck *>(arg);
			if (!self.inside.exchange(true))
				self.go_on.wait(false);
			const std::lock_guard guard(self.lock);
			self.told.push_back({e->kind, e->number, e->reason});
		}
		struct line {
			braid_event_kind kind;
			std::uint64_t number;
			std::string reason;
		};
		std::atomic<bool> inside{false}, go_on{false};
		std::mutex lock;
		std::vector<line> told;
	} listener;
	ASSERT_EQ(braid_event_callback_register(bond.port(), stuck::note, &listener), 0);
	rename_times(bond, 2);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); })) << "in the first of the two";
	// An operator waits for it once, and then no more.
	rename_times(bond, 16'384 - 1 + 100);
	EXPECT_EQ(bond.info().events_lost, 100u);
	EXPECT_EQ(bond.xstat("events_lost"), 100u);
	telemetry_client telemetry;
	EXPECT_EQ(number_in(telemetry.ask("/braid/events,net_braid0"), "events_lost"), 100u);
	listener.go_on = true;
	listener.go_on.notify_all();
	const std::uint64_t last = bond.info().next_event - 1;
	EXPECT_TRUE(eventually([&] {
		const std::lock_guard guard(listener.lock);
		return !listener.told.empty() && listener.told.back().number == last;
	}));
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), stuck::note, &listener), 0);
	ASSERT_EQ(listener.told.size(), 1u + 1 + 16'384);
	EXPECT_EQ(listener.told[1].kind, BRAID_EVENT_EVENTS_LOST);
	EXPECT_EQ(listener.told[1].reason, "100 events were dropped: listeners are too slow for them");
	EXPECT_EQ(listener.told[1].number, listener.told[0].number + 100);
	EXPECT_EQ(listener.told[2].number, listener.told[0].number + 101);
	EXPECT_EQ(listener.told[2].kind, BRAID_EVENT_MEMBER_RENAMED);
}

TEST_F(SlowListener, ADeviceIsAttachedWhateverTimeAListenerTakes)
{
	fake_port late({.plugged = false});
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(late.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	held_listener listener;
	ASSERT_EQ(braid_event_callback_register(bond.port(), held_listener::note, &listener), 0);
	rename_times(bond, 1);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); }));
	ASSERT_EQ(late.plug(), 0);
	EXPECT_TRUE(becomes(bond, late.name(), BRAID_MEMBER_RUNNING));
	listener.let_go();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), held_listener::note, &listener), 0);
}

} // namespace
} // namespace braid
