/* SPDX-License-Identifier: BSD-3-Clause */
// Operators wait for listeners that are far behind, each of them, if they have something to tell, and only then.
#include "event_stage.hpp"
#include "held_listener.hpp"
#include "port_view.hpp"

#include <atomic>
#include <span>
#include <thread>

namespace braid {
namespace {

class EveryOperator : public event_stage {
protected:
	struct call {
		const char *name;
		int (*on)(std::uint16_t bond);
	};

	// Stands still from its first event on, while as many wait as may before operators do.
	void fall_behind(const test_bond &bond, held_listener &slow, const char *name)
	{
		ASSERT_EQ(braid_event_callback_register(bond.port(), held_listener::note, &slow), 0);
		ASSERT_EQ(braid_member_rename(bond.port(), 1, name), 0);
		ASSERT_TRUE(eventually([&] { return slow.inside.load(); }));
		rename_times(bond, 8191);
	}
	void expect_waits(const test_bond &bond, held_listener &slow, const call &one)
	{
		std::atomic<bool> over{false};
		std::thread operating([&] {
			EXPECT_EQ(one.on(bond.port()), 0) << braid_error_text();
			over = true;
		});
		EXPECT_TRUE(stays_false([&] { return over.load(); }));
		slow.let_go();
		operating.join();
		ASSERT_EQ(braid_event_callback_unregister(bond.port(), held_listener::note, &slow), 0);
	}

	static constexpr call calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, BRAID_MODE_BALANCE); }},
		{"policy", [](std::uint16_t b) { return braid_policy_set(b, BRAID_POLICY_L34); }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 5, 0); }},
		{"all_members_active", [](std::uint16_t b) { return braid_all_members_active_set(b, 1); }},
		{"pinning", [](std::uint16_t b) { return braid_pinning_set(b, 1); }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, 1); }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 1, BRAID_ROLE_STANDBY); }},
		{"priority", [](std::uint16_t b) { return braid_member_priority_set(b, 1, 5); }},
		{"sticky", [](std::uint16_t b) { return braid_member_sticky_set(b, 1, 1); }},
		{"enabled", [](std::uint16_t b) { return braid_member_enabled_set(b, 1, 0); }},
		{"primary_reselect", [](std::uint16_t b) { return braid_primary_reselect_set(b, BRAID_PRIMARY_RESELECT_FAILURE); }},
		{"min_links", [](std::uint16_t b) { return braid_min_links_set(b, 1); }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 3); }},
		{"weights", [](std::uint16_t b) { return braid_weights_set(b, BRAID_WEIGHTS_SPEED); }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 7, 0); }},
		{"live_rename", [](std::uint16_t b) { return braid_live_rename_set(b, 0); }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, "x%d"); }},
		{"lsc_on_failover", [](std::uint16_t b) { return braid_lsc_on_failover_set(b, 1); }},
		{"mac_policy", [](std::uint16_t b) { return braid_mac_policy_set(b, BRAID_MAC_FOLLOW); }},
		{"auto_add", [](std::uint16_t b) { return braid_auto_add(b, "mac"); }},
		{"auto_remove", [](std::uint16_t b) { return braid_auto_remove(b, "mac"); }},
	};
	// Of a bond with all at its defaults, and member 1 called "even".
	static constexpr call idle_calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, BRAID_MODE_ACTIVE_BACKUP); }},
		{"policy", [](std::uint16_t b) { return braid_policy_set(b, BRAID_POLICY_L2); }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 0, 0); }},
		{"all_members_active", [](std::uint16_t b) { return braid_all_members_active_set(b, 0); }},
		{"pinning", [](std::uint16_t b) { return braid_pinning_set(b, 0); }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, BRAID_NO_MEMBER); }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 1, BRAID_ROLE_NONE); }},
		{"priority", [](std::uint16_t b) { return braid_member_priority_set(b, 1, 0); }},
		{"sticky", [](std::uint16_t b) { return braid_member_sticky_set(b, 1, 0); }},
		{"enabled", [](std::uint16_t b) { return braid_member_enabled_set(b, 1, 1); }},
		{"primary_reselect", [](std::uint16_t b) { return braid_primary_reselect_set(b, BRAID_PRIMARY_RESELECT_ALWAYS); }},
		{"min_links", [](std::uint16_t b) { return braid_min_links_set(b, 0); }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 1); }},
		{"weights", [](std::uint16_t b) { return braid_weights_set(b, BRAID_WEIGHTS_OPTION); }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 1, 0); }},
		{"live_rename", [](std::uint16_t b) { return braid_live_rename_set(b, 1); }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, ""); }},
		{"lsc_on_failover", [](std::uint16_t b) { return braid_lsc_on_failover_set(b, 0); }},
		{"mac_policy", [](std::uint16_t b) { return braid_mac_policy_set(b, BRAID_MAC_SAME); }},
		{"auto", [](std::uint16_t b) { return braid_auto_clear(b); }},
		{"name", [](std::uint16_t b) { return braid_member_rename(b, 1, "even"); }},
	};
	static constexpr call refused_calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, static_cast<braid_mode>(4)) + ENOTSUP; }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 0, UINT32_MAX) + EINVAL; }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, 4711) + ENOENT; }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 4711, BRAID_ROLE_STANDBY) + ENOENT; }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 0) + EINVAL; }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 256, 0) + EINVAL; }},
		{"auto_remove", [](std::uint16_t b) { return braid_auto_remove(b, "mac") + ENOENT; }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, "no number") + EINVAL; }},
		{"name", [](std::uint16_t b) { return braid_member_rename(b, 1, "net_absent") + EEXIST; }},
	};
};

// Each of them tells the one event that is more than may wait.
TEST_F(EveryOperator, WaitsForListenersThatAreFarBehind)
{
	const quiet_log quiet;
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	for (const call &one : calls) {
		SCOPED_TRACE(one.name);
		held_listener slow;
		fall_behind(bond, slow, one.name);
		expect_waits(bond, slow, one);
	}
	EXPECT_EQ(bond.info().events_lost, 0u);
}

// Whoever has waited in vain for listeners that do not move, waits for nobody after that; so one that waits shows that those
// before it did not.
TEST_F(EveryOperator, WaitsForNobodyWithNothingToTell)
{
	const quiet_log quiet;
	test_bond bond(exactly{"lsc_poll_period_ms=3600000,mode=active-backup"});
	ASSERT_EQ(bond.add(first_.name()), 0);
	for (std::span<const call> all : {std::span<const call>(idle_calls), std::span<const call>(refused_calls)})
		for (const call &one : all) {
			SCOPED_TRACE(one.name);
			held_listener slow;
			fall_behind(bond, slow, one.name);
			ASSERT_EQ(bond.add("net_absent"), 0) << "which waits for no listener";
			EXPECT_EQ(one.on(bond.port()), 0) << braid_error_text();
			expect_waits(bond, slow, {"a rename", [](std::uint16_t b) { return braid_member_rename(b, 1, "odd"); }});
			ASSERT_EQ(bond.remove("net_absent"), 0);
		}
	EXPECT_EQ(bond.info().events_lost, 0u);
}

} // namespace
} // namespace braid
