/* SPDX-License-Identifier: BSD-3-Clause */
#include "c_types.hpp"

#include "braid_pin.h"

#include "devargs.hpp"
#include "pin_place.hpp"

#include <rte_string_fns.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace braid {
namespace {

static_assert(std::string_view(BRAID_PIN_FIELD) == pin_field_name && std::string_view(BRAID_PIN_FLAG) == pin_flag_name);
static_assert(BRAID_MAX_MEMBERS == max_members && BRAID_BUCKETS == bucket_count);
static_assert(BRAID_WEIGHTS_OPTION == static_cast<int>(weigh_by::option) &&
              BRAID_WEIGHTS_SPEED == static_cast<int>(weigh_by::speed));
static_assert(BRAID_MAX_RULES == max_auto_rules && BRAID_RULE_SIZE == sizeof auto_rule::text);
static_assert(BRAID_MAX_ADDRESSES == address_book::capacity);
static_assert(BRAID_NAME_SIZE == max_name_length + 1 && BRAID_NAME_SIZE == RTE_ETH_NAME_MAX_LEN &&
              BRAID_NAME_SIZE == sizeof member_spec::text);
static_assert(BRAID_NO_PORT == no_port && BRAID_NO_MEMBER == to_number(member_id::none));
static_assert(BRAID_MODE_ROUND_ROBIN == static_cast<int>(mode::round_robin) &&
              BRAID_MODE_ACTIVE_BACKUP == static_cast<int>(mode::active_backup) &&
              BRAID_MODE_BALANCE == static_cast<int>(mode::balance) &&
              BRAID_MODE_BROADCAST == static_cast<int>(mode::broadcast));
static_assert(BRAID_POLICY_L2 == static_cast<int>(hash_policy::l2) &&
              BRAID_POLICY_L23 == static_cast<int>(hash_policy::l23) &&
              BRAID_POLICY_L34 == static_cast<int>(hash_policy::l34) &&
              BRAID_POLICY_FLOW == static_cast<int>(hash_policy::flow) &&
              BRAID_POLICY_ENCAP23 == static_cast<int>(hash_policy::encap23) &&
              BRAID_POLICY_ENCAP34 == static_cast<int>(hash_policy::encap34) &&
              BRAID_POLICY_VLAN_SRCMAC == static_cast<int>(hash_policy::vlan_srcmac) &&
              BRAID_POLICY_L2_SYM == static_cast<int>(hash_policy::l2_sym) &&
              BRAID_POLICY_L23_SYM == static_cast<int>(hash_policy::l23_sym) &&
              BRAID_POLICY_L34_SYM == static_cast<int>(hash_policy::l34_sym) &&
              BRAID_POLICY_ENCAP23_SYM == static_cast<int>(hash_policy::encap23_sym) &&
              BRAID_POLICY_ENCAP34_SYM == static_cast<int>(hash_policy::encap34_sym));
static_assert(BRAID_EVENT_MEMBER_ADDED == static_cast<int>(event_kind::member_added) &&
              BRAID_EVENT_MEMBER_RENAMED == static_cast<int>(event_kind::member_renamed) &&
              BRAID_EVENT_ACTIVE_CHANGED == static_cast<int>(event_kind::active_changed) &&
              BRAID_EVENT_ATTACH_FAILED == static_cast<int>(event_kind::attach_failed) &&
              BRAID_EVENT_EVENTS_LOST == static_cast<int>(event_kind::events_lost) &&
              BRAID_EVENT_MAC_CHANGED == static_cast<int>(event_kind::mac_changed) &&
              BRAID_EVENT_MAC_FAILED == static_cast<int>(event_kind::mac_failed) &&
              BRAID_EVENT_OPTION_CHANGED == static_cast<int>(event_kind::option_changed) &&
              BRAID_EVENT_MEMBER_WANTED == static_cast<int>(event_kind::member_wanted));
static_assert(BRAID_RENAME_PROPOSED == static_cast<int>(rename_phase::proposed) &&
              BRAID_RENAME_REVERTED == static_cast<int>(rename_phase::reverted));
static_assert(BRAID_REASON_SIZE >= error::text_size);
static_assert(BRAID_MAC_SAME == static_cast<int>(mac_policy::same) &&
              BRAID_MAC_BY_ACTIVE == static_cast<int>(mac_policy::by_active) &&
              BRAID_MAC_FOLLOW == static_cast<int>(mac_policy::follow));

static_assert(BRAID_WHY_NOT_NONE == static_cast<int>(why_not::none) &&
              BRAID_WHY_NOT_LINK_DOWN == static_cast<int>(why_not::link_down) &&
              BRAID_WHY_NOT_UP_DELAY == static_cast<int>(why_not::up_delay) &&
              BRAID_WHY_NOT_STANDBY == static_cast<int>(why_not::standby) &&
              BRAID_WHY_NOT_STOPPED == static_cast<int>(why_not::stopped) &&
              BRAID_WHY_NOT_MIN_LINKS == static_cast<int>(why_not::min_links) &&
              BRAID_WHY_NOT_DISABLED == static_cast<int>(why_not::disabled) &&
              BRAID_WHY_NOT_DRAINING == static_cast<int>(why_not::draining) &&
              BRAID_WHY_NOT_PENDING == static_cast<int>(why_not::pending) &&
              BRAID_WHY_NOT_REFUSED == static_cast<int>(why_not::refused));
static_assert(BRAID_ROLE_NONE == static_cast<int>(member_role::none) &&
              BRAID_ROLE_PRIMARY == static_cast<int>(member_role::primary) &&
              BRAID_ROLE_STANDBY == static_cast<int>(member_role::standby));
static_assert(BRAID_PRIMARY_RESELECT_ALWAYS == static_cast<int>(primary_reselect::always) &&
              BRAID_PRIMARY_RESELECT_BETTER == static_cast<int>(primary_reselect::better) &&
              BRAID_PRIMARY_RESELECT_FAILURE == static_cast<int>(primary_reselect::failure));
static_assert(BRAID_SENTENCE_SIZE >= error::text_size);

// Programs in C were built with what their compiler takes for these.
template <typename... Enums> constexpr bool are_as_in_c = (std::is_same_v<std::underlying_type_t<Enums>, unsigned> && ...);
static_assert(are_as_in_c<braid_mode, braid_policy, braid_mac_policy, braid_member_state, braid_why_not, braid_role,
                          braid_primary_reselect, braid_weights, braid_event_kind, braid_rename_phase>);

braid_member_state to_c(member_state s) noexcept
{
	switch (s) {
	case member_state::pending: return BRAID_MEMBER_PENDING;
	case member_state::claimed: return BRAID_MEMBER_CLAIMED;
	case member_state::running: return BRAID_MEMBER_RUNNING;
	case member_state::leaving:
	case member_state::gone: return BRAID_MEMBER_LEAVING;
	}
	__builtin_unreachable();
}

// The listener's face to C: `callback` is the application's function.
void call_listener(std::uint16_t port, const event &what, void *callback, void *arg)
{
	braid_event e{};
	e.size = sizeof e;
	e.kind = static_cast<braid_event_kind>(what.kind);
	e.member_id = to_number(what.id);
	e.time_ns = what.time_ns;
	e.generation = what.generation;
	e.name = what.after.c_str();
	e.old_name = what.before.c_str();
	e.reason = what.reason.c_str();
	e.number = what.number;
	reinterpret_cast<braid_event_callback>(callback)(port, &e, arg);
}

// The guard's face to C, likewise.
int call_guard(std::uint16_t port, rename_phase phase, std::span<const rename_outcome> what, void *callback, void *arg)
{
	std::array<braid_rename, max_members> renames;
	std::array<const braid_rename *, max_members> shown; // so that a guard need not know how large one is
	for (std::size_t i = 0; i < what.size(); i++) {
		renames[i] = {to_number(what[i].id), what[i].before.c_str(), what[i].after.c_str()};
		shown[i] = &renames[i];
	}
	return reinterpret_cast<braid_rename_guard>(callback)(port, static_cast<braid_rename_phase>(phase),
	                                                      shown.data(), static_cast<unsigned>(what.size()), arg);
}

} // namespace

result<member_options> from_c(const braid_member_options *options) noexcept
{
	member_options wanted;
	if (options == nullptr)
		return wanted;
	if (options->size < offsetof(braid_member_options, name) + sizeof options->name)
		return error(EINVAL, "the size of the options is %zu, too small; set it to sizeof their struct", options->size);
	braid_member_options given{};
	if (!copy_in(given, options, options->size))
		return error(E2BIG, "the options hold one that this release does not know");
	if (given.name != nullptr) {
		const result<name> label = name::parse(given.name);
		if (!label)
			return label.error().in("name");
		wanted.name = *label;
	}
	if (static_cast<unsigned>(given.role) >= member_role_count)
		return error(EINVAL, "role: %u is not a role", static_cast<unsigned>(given.role));
	if (given.sticky > 1 || given.disabled > 1)
		return error(EINVAL, "%s: %u is neither 0 nor 1", given.sticky > 1 ? "sticky" : "disabled",
		             given.sticky > 1 ? given.sticky : given.disabled);
	if (given.weight > max_weight)
		return error(EINVAL, "weight: %u is not 1 to %u", given.weight, max_weight);
	wanted.weight = given.weight != 0 ? given.weight : 1;
	wanted.role = static_cast<member_role>(given.role);
	wanted.priority = given.priority;
	wanted.sticky = given.sticky != 0;
	wanted.enabled = given.disabled == 0;
	return wanted;
}

listener listener_of(braid_event_callback callback, void *arg) noexcept
{
	return {call_listener, reinterpret_cast<void *>(callback), arg};
}

rename_guard guard_of(braid_rename_guard guard, void *arg) noexcept
{
	return {call_guard, reinterpret_cast<void *>(guard), arg};
}

braid_event_record to_c(const event &what) noexcept
{
	braid_event_record r{};
	r.kind = static_cast<braid_event_kind>(what.kind);
	r.member_id = to_number(what.id);
	r.number = what.number;
	r.time_ns = what.time_ns;
	r.generation = what.generation;
	rte_strscpy(r.name, what.after.c_str(), sizeof r.name);
	rte_strscpy(r.old_name, what.before.c_str(), sizeof r.old_name);
	rte_strscpy(r.reason, what.reason.c_str(), sizeof r.reason);
	return r;
}

braid_auto_rule to_c(const auto_rule &rule) noexcept
{
	braid_auto_rule r{};
	rte_strscpy(r.rule, rule.text, sizeof r.rule);
	return r;
}

braid_address to_c(const known_address &known) noexcept
{
	const sighting &what = known.what;
	braid_address a{};
	a.ip_version = what.ip.version;
	a.vlan_count = what.tags.count;
	a.is_claimed = what.how == evidence::claimed;
	std::memcpy(a.mac, what.mac.addr_bytes, sizeof a.mac);
	std::memcpy(a.ip, what.ip.bytes.data(), sizeof a.ip);
	for (unsigned i = 0; i < what.tags.count; i++)
		a.vlan_id[i] = what.tags.tag[i].id;
	a.age_ms = known.age_ms;
	return a;
}

braid_member_info to_c(const member_facts &facts) noexcept
{
	braid_member_info out{};
	out.id = to_number(facts.id);
	out.port_id = facts.port;
	out.link_up = facts.link_up;
	out.is_primary = facts.primary;
	out.is_active = facts.transmits;
	out.state = to_c(facts.state);
	out.why_not = static_cast<braid_why_not>(facts.why);
	out.link_speed_mbps = facts.status.speed_mbps;
	out.delay_remaining_ms = static_cast<std::uint32_t>(facts.status.remaining_ms);
	out.link_failures = facts.status.link_failures;
	rte_strscpy(out.name, facts.label.c_str(), sizeof out.name);
	rte_strscpy(out.device, facts.device, sizeof out.device);
	out.role = static_cast<braid_role>(facts.status.role);
	out.priority = facts.status.priority;
	out.sticky = facts.status.sticky;
	out.enabled = facts.status.enabled;
	out.weight = facts.weight;
	out.buckets = facts.buckets;
	out.why_not_ms = facts.why_for_ms;
	if (facts.refusal) {
		out.refused_errno = facts.refusal->code();
		rte_strscpy(out.refused_step, facts.refusal->step(), sizeof out.refused_step);
		rte_strscpy(out.refused_reason, facts.refusal->text(), sizeof out.refused_reason);
	}
	std::memcpy(out.mac, facts.mac.addr_bytes, sizeof out.mac);
	out.announces = facts.announces;
	out.is_polled = facts.polled;
	return out;
}

braid_info to_c(const bond_facts &facts) noexcept
{
	braid_info out{};
	out.mode = static_cast<braid_mode>(facts.mode);
	out.policy = static_cast<braid_policy>(facts.policy);
	out.primary = to_number(facts.primary);
	out.active = to_number(facts.active);
	out.up_delay_ms = facts.up_delay_ms;
	out.down_delay_ms = facts.down_delay_ms;
	out.lsc_poll_period_ms = facts.lsc_poll_period_ms;
	out.members = facts.members;
	out.usable = facts.usable;
	out.generation = facts.generation;
	out.standby = to_number(facts.standby);
	out.primary_reselect = static_cast<braid_primary_reselect>(facts.primary_reselect);
	out.min_links = facts.min_links;
	out.all_members_active = facts.all_members_active;
	out.live_rename = facts.live_rename;
	out.lsc_on_failover = facts.lsc_on_failover;
	rte_strscpy(out.member_name, facts.member_name.c_str(), sizeof out.member_name);
	out.next_event = facts.next_event;
	out.events_lost = facts.events_lost;
	out.publish_last_ns = facts.publishing.last_ns;
	out.publish_longest_ns = facts.publishing.longest_ns;
	out.retired = facts.retired;
	out.mac_policy = static_cast<braid_mac_policy>(facts.mac_policy);
	std::memcpy(out.mac, facts.mac.addr_bytes, sizeof out.mac);
	out.announce = facts.announce_times;
	out.announce_interval_ms = facts.announce_interval_ms;
	out.weights = static_cast<braid_weights>(facts.weights);
	out.pinning = facts.pinning;
	rte_strscpy(out.primary_awaited, facts.primary_wish ? facts.primary_wish->text : "", sizeof out.primary_awaited);
	return out;
}

} // namespace braid
