/* SPDX-License-Identifier: BSD-3-Clause */
// One row for each option that can be set while the bond lives; the primary, which has to be there, stands above them. The value
// has been parsed by the row of the devargs with the same name (devargs.cpp), so that it means the same here and there.
#include "options.hpp"

#include "bond.hpp"
#include "devargs.hpp"
#include "member_options.hpp"
#include "names/quoted.hpp"

#include <string>

namespace braid {
namespace {

struct option_row {
	const char *name;
	result<void> (*apply)(bond &b, const bond_settings &given) noexcept;
};

result<void> apply_all_members_active(bond &b, const bond_settings &given) noexcept
{
	return b.set_all_members_active(given.all_members_active);
}

// A primary may be named before it exists only on the command line: here a slip would be waited for in vain. As everywhere, a
// member is found by its name, whatever else that might mean, or else by its device.
result<void> set_primary(bond &b, std::string_view text) noexcept
{
	const result<member_spec> device = parse_member(text);
	if (text.empty())
		return device.error().in("primary");
	std::optional<member_id> id = b.find(text);
	if (!id && device)
		id = b.find(*device);
	return id ? b.set_primary(*id) : error(ENOENT, "primary: there is no member %s", quoted(text).c_str());
}

result<void> apply_mac_policy(bond &b, const bond_settings &given) noexcept { return b.set_mac_policy(given.mac_policy); }

result<void> apply_announce(bond &b, const bond_settings &given) noexcept
{
	return b.set_announcements(given.announce, std::nullopt);
}

result<void> apply_announce_interval(bond &b, const bond_settings &given) noexcept
{
	return b.set_announcements(std::nullopt, given.announce_interval_ms);
}

constexpr option_row options[] = {
	{"mode", [](bond &b, const bond_settings &given) noexcept { return b.set_mode(given.mode); }},
	{"xmit_policy", [](bond &b, const bond_settings &given) noexcept { return b.set_policy(given.xmit_policy); }},
	{"auto", [](bond &b, const bond_settings &given) noexcept { return b.add_rule(*given.rules.begin()); }},
	{"up_delay", [](bond &b, const bond_settings &given) noexcept { return b.set_delays(given.up_delay_ms, std::nullopt); }},
	{"down_delay",
	 [](bond &b, const bond_settings &given) noexcept { return b.set_delays(std::nullopt, given.down_delay_ms); }},
	{"primary_reselect",
	 [](bond &b, const bond_settings &given) noexcept { return b.set_primary_reselect(given.primary_reselect); }},
	{"min_links", [](bond &b, const bond_settings &given) noexcept { return b.set_min_links(given.min_links); }},
	{"pinning", [](bond &b, const bond_settings &given) noexcept { return b.set_pinning(given.pinning); }},
	{"weights", [](bond &b, const bond_settings &given) noexcept { return b.set_weights(given.weights); }},
	{"all_members_active", apply_all_members_active},
	{"all_slaves_active", apply_all_members_active},
	{"failover_rx_all", apply_all_members_active},
	{"live_rename", [](bond &b, const bond_settings &given) noexcept { return b.set_live_rename(given.live_rename); }},
	{"member_name",
	 [](bond &b, const bond_settings &given) noexcept { return b.set_member_name(given.member_name.view()); }},
	{"lsc_on_failover",
	 [](bond &b, const bond_settings &given) noexcept { return b.set_lsc_on_failover(given.lsc_on_failover); }},
	{"mac_policy", apply_mac_policy},
	{"fail_over_mac", apply_mac_policy},
	{"announce", apply_announce},
	{"num_grat_arp", apply_announce},
	{"num_unsol_na", apply_announce},
	{"announce_interval_ms", apply_announce_interval},
	{"peer_notif_delay", apply_announce_interval},
};

struct member_option_row {
	const char *name;
	result<void> (*apply)(bond &b, member_id id, const member_options &given) noexcept;
};

constexpr member_option_row member_options_rows[] = {
	{"name",
	 [](bond &b, member_id id, const member_options &given) noexcept { return b.rename(id, given.name.view()); }},
	{"role", [](bond &b, member_id id, const member_options &given) noexcept { return b.set_role(id, given.role); }},
	{"priority",
	 [](bond &b, member_id id, const member_options &given) noexcept { return b.set_priority(id, given.priority); }},
	{"sticky", [](bond &b, member_id id, const member_options &given) noexcept { return b.set_sticky(id, given.sticky); }},
	{"weight", [](bond &b, member_id id, const member_options &given) noexcept { return b.set_weight(id, given.weight); }},
	{"enabled",
	 [](bond &b, member_id id, const member_options &given) noexcept { return b.set_enabled(id, given.enabled); }},
};

} // namespace

result<void> set_option(bond &b, std::string_view option, std::string_view value) noexcept
{
	if (option == "primary")
		return set_primary(b, value);
	if (option == "member" || option == "slave")
		return error(EBUSY, "%s: use /braid/member_add and /braid/member_remove", std::string(option).c_str());
	if (option == "mac")
		return error(EBUSY, "mac: use rte_eth_dev_default_mac_addr_set() (testpmd: mac_addr set <port> <address>)");
	if (is_member_option(option))
		return error(EINVAL, "%s is an option of a member; use /braid/member_set", quoted(option).c_str());
	bond_settings given;
	if (result<void> parsed = parse_option(given, option, value, b.device_name()); !parsed)
		return parsed;
	for (const option_row &row : options)
		if (option == row.name)
			return row.apply(b, given);
	return error(EBUSY, "%s is fixed when the bond is made", quoted(option).c_str());
}

result<void> set_member_option(bond &b, member_id id, std::string_view option, std::string_view value) noexcept
{
	member_options given;
	if (result<void> parsed = parse_member_option(given, option, value); !parsed)
		return parsed;
	for (const member_option_row &row : member_options_rows)
		if (option == row.name)
			return row.apply(b, id, given);
	return error(EBUSY, "%s is fixed when the member is added", quoted(option).c_str());
}

} // namespace braid
