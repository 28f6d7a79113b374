/* SPDX-License-Identifier: BSD-3-Clause */
// Every function of braid.h that takes a bond's port, with arguments that are right: only the port may be wrong.
#pragma once

#include <braid.h>

#include <functional>
#include <ostream>
#include <vector>

namespace braid {

struct api_call {
	const char *name;
	std::function<int(std::uint16_t)> on;

	friend std::ostream &operator<<(std::ostream &to, const api_call &c) { return to << c.name; }
};

inline void no_listener(std::uint16_t, const braid_event *, void *) {}
inline int no_guard(std::uint16_t, braid_rename_phase, const braid_rename *const *, unsigned, void *) { return 0; }

template <typename Info> Info sized()
{
	Info info{};
	info.size = sizeof info;
	return info;
}

inline std::vector<api_call> api_calls()
{
	return {
		{"braid_destroy", [](auto port) { return braid_destroy(port); }},
		{"braid_member_add", [](auto port) { return braid_member_add(port, "net_x", nullptr, nullptr); }},
		{"braid_member_remove", [](auto port) { return braid_member_remove(port, 1); }},
		{"braid_member_remove_now", [](auto port) { return braid_member_remove_now(port, 1); }},
		{"braid_auto_add", [](auto port) { return braid_auto_add(port, "name:net_x*"); }},
		{"braid_auto_get", [](auto port) { return braid_auto_get(port, nullptr, 0); }},
		{"braid_auto_remove", [](auto port) { return braid_auto_remove(port, "name:net_x*"); }},
		{"braid_auto_clear", [](auto port) { return braid_auto_clear(port); }},
		{"braid_member_rename", [](auto port) { return braid_member_rename(port, 1, "x"); }},
		{"braid_members_rename", [](auto port) { return braid_members_rename(port, nullptr, 0, sizeof(braid_rename)); }},
		{"braid_rename_guard_register", [](auto port) { return braid_rename_guard_register(port, no_guard, nullptr); }},
		{"braid_rename_guard_unregister", [](auto port) { return braid_rename_guard_unregister(port, no_guard, nullptr); }},
		{"braid_live_rename_set", [](auto port) { return braid_live_rename_set(port, 1); }},
		{"braid_member_name_set", [](auto port) { return braid_member_name_set(port, nullptr); }},
		{"braid_member_find", [](auto port) { return braid_member_find(port, "x", nullptr); }},
		{"braid_members_get", [](auto port) { return braid_members_get(port, nullptr, 0); }},
		{"braid_member_info_get",
	         [](auto port) {
			 auto info = sized<braid_member_info>();
			 return braid_member_info_get(port, 1, &info);
		 }},
		{"braid_info_get",
	         [](auto port) {
			 auto info = sized<braid_info>();
			 return braid_info_get(port, &info);
		 }},
		{"braid_mode_set", [](auto port) { return braid_mode_set(port, BRAID_MODE_BALANCE); }},
		{"braid_policy_set", [](auto port) { return braid_policy_set(port, BRAID_POLICY_L2); }},
		{"braid_primary_set", [](auto port) { return braid_primary_set(port, 1); }},
		{"braid_member_role_set", [](auto port) { return braid_member_role_set(port, 1, BRAID_ROLE_STANDBY); }},
		{"braid_member_priority_set", [](auto port) { return braid_member_priority_set(port, 1, 5); }},
		{"braid_member_sticky_set", [](auto port) { return braid_member_sticky_set(port, 1, 1); }},
		{"braid_member_enabled_set", [](auto port) { return braid_member_enabled_set(port, 1, 0); }},
		{"braid_member_weight_set", [](auto port) { return braid_member_weight_set(port, 1, 2); }},
		{"braid_weights_set", [](auto port) { return braid_weights_set(port, BRAID_WEIGHTS_SPEED); }},
		{"braid_pinning_set", [](auto port) { return braid_pinning_set(port, 1); }},
		{"braid_primary_reselect_set",
	         [](auto port) { return braid_primary_reselect_set(port, BRAID_PRIMARY_RESELECT_FAILURE); }},
		{"braid_min_links_set", [](auto port) { return braid_min_links_set(port, 2); }},
		{"braid_all_members_active_set", [](auto port) { return braid_all_members_active_set(port, 1); }},
		{"braid_mac_policy_set", [](auto port) { return braid_mac_policy_set(port, BRAID_MAC_FOLLOW); }},
		{"braid_announce_set", [](auto port) { return braid_announce_set(port, 2, 10); }},
		{"braid_addresses_get", [](auto port) { return braid_addresses_get(port, nullptr, 0); }},
		{"braid_delays_set", [](auto port) { return braid_delays_set(port, 0, 0); }},
		{"braid_lsc_on_failover_set", [](auto port) { return braid_lsc_on_failover_set(port, 1); }},
		{"braid_event_callback_register", [](auto port) { return braid_event_callback_register(port, no_listener, nullptr); }},
		{"braid_event_callback_unregister",
	         [](auto port) { return braid_event_callback_unregister(port, no_listener, nullptr); }},
		{"braid_events_read",
	         [](auto port) {
			 std::uint64_t next = 0;
			 return braid_events_read(port, &next, nullptr, 0, nullptr);
		 }},
	};
}

} // namespace braid
