/* SPDX-License-Identifier: BSD-3-Clause */
// Everybody at once: two operators, an organiser who gives names, roles, MAC policies and rules, an application that changes
// settings, a monitor on telemetry and one on the C API, one who reads the events late, links that flap, devices that are pulled
// and plugged and now and then refuse, listeners that call back, a guard that refuses names, and two forwarding threads.
//
// Afterwards: nobody hangs (or the watchdog says who, and where), each event was told once and in order, counters have not
// fallen, every member has every setting, and no packet is missing (the fixture counts mbufs, the fake ports notice whatever
// no application may do, main() looks for locks in the wrong order).
#include "chronicle.hpp"
#include "commotion_stage.hpp"

#include <map>
#include <memory>

namespace braid {
namespace {

class Commotion : public commotion_stage {};

TEST_F(Commotion, EndsWithEverybodyAliveAndEverythingInOrder)
{
	constexpr auto duration = std::chrono::seconds(2);
	test_bond bond("mode=balance,xmit_policy=l34");
	const std::uint16_t port = bond.port();
	chronicle first(chronicle::listening::from_the_beginning), second(chronicle::listening::from_the_beginning);
	ASSERT_EQ(braid_event_callback_register(port, chronicle::note, &first), 0);
	ASSERT_EQ(braid_event_callback_register(port, meddling_listener::call, nullptr), 0);
	ASSERT_EQ(braid_event_callback_register(port, chronicle::note, &second), 0);
	ASSERT_EQ(bond.bring_up(queue_count, everything()), 0);
	std::deque<traffic_thread> traffic;
	for (std::uint16_t queue = 0; queue < queue_count; queue++)
		traffic.emplace_back(port, queue);

	for (const char *who : {"operator", "other operator"})
		join_in(who, [&](auto &dice, const auto &step) { operate(port, dice, step); });
	join_in("organiser", [&](auto &dice, const auto &step) { reorganise(port, dice, step); });
	join_in("application", [&](auto &dice, const auto &step) { change_settings(port, dice, step); });
	join_in("reader", [&](auto &dice, const auto &step) { read(port, dice, step); });
	late_reader late;
	join_in("late reader", [&](auto &, const auto &step) {
		step("events_read");
		late.read(port);
	});
	moody_guard guard;
	ASSERT_EQ(braid_rename_guard_register(port, moody_guard::ask, &guard), 0);
	const auto telemetry = std::make_unique<telemetry_client>();
	let_links_flap_and_be_watched(*telemetry);
	join_in("packets", [&](auto &dice, const auto &step) {
		step("inject");
		rte_mbuf *const packet = make_packet(udp_flow(dice() % 64));
		if (!ports_[dice() % port_count].inject(static_cast<std::uint16_t>(dice() % queue_count), packet))
			rte_pktmbuf_free(packet);
	});

	// EAL makes and unmakes devices on one thread only: this one.
	std::minstd_rand dice(4711);
	static constexpr fake_op refusing[] = {fake_op::configure, fake_op::start, fake_op::mtu_set, fake_op::mac_set,
	                                       fake_op::stop,      fake_op::rx_queue_setup, fake_op::vlan_filter};
	const auto until = std::chrono::steady_clock::now() + duration;
	while (std::chrono::steady_clock::now() < until) {
		fake_port &one = ports_[dice() % port_count];
		if (dice() % 3 == 0)
			one.vanish();
		one.fail(refusing[dice() % std::size(refusing)], EIO, 1 + dice() % 3);
		EXPECT_EQ(one.unplug(), 0);
		std::this_thread::yield();
		EXPECT_EQ(one.plug(), 0);
		const std::uint64_t before = rounds_[0];
		EXPECT_TRUE(eventually([&] { return rounds_[0] > before + 5; }));
	}
	end();

	// The storm is over: everybody joins, everything works, every member has every setting.
	ASSERT_EQ(braid_rename_guard_unregister(port, moody_guard::ask, &guard), 0);
	EXPECT_GT(guard.asked(), 0u);
	ASSERT_EQ(braid_auto_clear(port), 0);
	for (fake_port &each : ports_) {
		each.heal_all();
		// Whoever has its name by now may be another device's member, so it gets one that is nobody's.
		const int status = bond.add(each.name(), ("end-" + std::to_string(each.port_id())).c_str());
		EXPECT_TRUE(status == 0 || status == -EEXIST) << braid_error_text();
		each.set_link(true);
	}
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(braid_mac_policy_set(port, BRAID_MAC_SAME), 0);
	std::array<std::uint32_t, BRAID_MAX_MEMBERS> ids; // the listener still renames
	const int members = braid_members_get(port, ids.data(), ids.size());
	for (int i = 0; i < members; i++)
		ASSERT_EQ(braid_member_enabled_set(port, ids[static_cast<std::size_t>(i)], 1), 0) << braid_error_text();
	for (traffic_thread &thread : traffic)
		EXPECT_TRUE(thread.goes_on());
	for (traffic_thread &thread : traffic)
		thread.stop();
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0); // also those that had refused
	ASSERT_EQ(braid_delays_set(port, 0, 0), 0);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == port_count; }));
	for (const fake_port &each : ports_)
		EXPECT_EQ(look_at(each), look_at(ports_[0])) << each.name();
	EXPECT_EQ(bond.send(make_burst(64, 0, 64)), 64);

	ASSERT_EQ(braid_event_callback_unregister(port, meddling_listener::call, nullptr), 0);
	ASSERT_EQ(bond.rename(ports_[0].name(), "the-end"), 0);
	EXPECT_TRUE(eventually([&] { return first.has_heard_of("the-end") && second.has_heard_of("the-end"); }));
	EXPECT_TRUE(eventually([&] {
		const std::uint64_t before = late.has_read();
		late.read(port);
		return late.has_read() == before;
	}));
	const std::vector<std::string> told = first.told_until("the-end");
	EXPECT_EQ(told, second.told_until("the-end"));
	std::map<std::uint32_t, std::string> names;
	for (const std::string &name : bond.names())
		names[bond.id_of(name)] = name;
	ASSERT_EQ(names.size(), port_count);
	EXPECT_EQ(first.names(), names);
	ASSERT_EQ(braid_event_callback_unregister(port, chronicle::note, &first), 0);
	ASSERT_EQ(braid_event_callback_unregister(port, chronicle::note, &second), 0);
	RecordProperty("events", static_cast<int>(told.size()));
}

// Operators, telemetry, links and listeners go on while the bond goes. What uses the port through ethdev has ended before, as
// ethdev wants it.
TEST_F(Commotion, DoesNotHinderADestruction)
{
	std::atomic<std::uint16_t> port{RTE_MAX_ETHPORTS};
	for (const char *who : {"operator", "other operator"})
		join_in(who, [&](auto &dice, const auto &step) {
			if (port < RTE_MAX_ETHPORTS)
				operate(port, dice, step);
		});
	const auto telemetry = std::make_unique<telemetry_client>();
	let_links_flap_and_be_watched(*telemetry);
	join_in("organiser", [&](auto &dice, const auto &step) {
		if (port < RTE_MAX_ETHPORTS)
			reorganise(port, dice, step);
	});
	std::minstd_rand dice(1);
	for (unsigned round = 0; round < 12; round++) {
		test_bond bond("mode=active-backup,member=" + ports_[0].name());
		chronicle told(chronicle::listening::from_now_on);
		ASSERT_EQ(braid_event_callback_register(bond.port(), chronicle::note, &told), 0);
		ASSERT_EQ(braid_event_callback_register(bond.port(), meddling_listener::call, nullptr), 0);
		moody_guard guard;
		ASSERT_EQ(braid_rename_guard_register(bond.port(), moody_guard::ask, &guard), 0);
		port = bond.port();
		ASSERT_EQ(bond.bring_up(queue_count), 0);
		const std::uint64_t a = rounds_[0], b = rounds_[3];
		EXPECT_TRUE(eventually([&] { return rounds_[0] > a + 10 && rounds_[3] > b; }));
		if (round % 2 == 0) {
			fake_port &one = ports_[dice() % port_count];
			EXPECT_EQ(one.unplug(), 0);
			EXPECT_EQ(one.plug(), 0);
		}
		EXPECT_EQ(bond.destroy(), 0) << braid_error_text();
		for (const fake_port &each : ports_) {
			EXPECT_EQ(owner_of(each.port_id()), "");
			EXPECT_FALSE(each.started());
		}
	}
	port = RTE_MAX_ETHPORTS;
	end();
}

} // namespace
} // namespace braid
