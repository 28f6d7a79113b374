/* SPDX-License-Identifier: BSD-3-Clause */
// Ports that join because a rule means them, without anybody having named them.
//
//   a port appears -> on_new_port(): a rule means it, so it is reserved at once -> the worker attaches it when it has settled
//   a rule is added, the bond is opened, configured or started -> every port there is is looked at
//
// A member that came so is a member like any other; only a full bond sends it away while its device is gone.
#include "bond.hpp"

#include "clock.hpp"
#include "log.hpp"
#include "member_spec.hpp"
#include "names/quoted.hpp"
#include "registry.hpp"

#include <algorithm>
#include <cassert>

namespace braid {

result<void> bond::add_rule(const auto_rule &rule) noexcept
{
	const pacing pace(*this);
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	{
		const state_guard state(state_);
		if (result<void> added = rules_.push(rule); !added)
			return added.error().in("auto");
		tell(new_value("auto", rule.text));
	}
	if (attach_by_rules(attaching::everything)) {
		give_back_unused_ports();
		refresh_reta_size();
	}
	return {};
}

result<void> bond::remove_rule(std::string_view text) noexcept
{
	const pacing pace(*this);
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	{
		const state_guard state(state_);
		if (!rules_.remove(text))
			return error(ENOENT, "auto: there is no rule %s", quoted(text).c_str());
		tell(new_value("auto", std::string("-").append(text)));
		keep_what_is_meant();
	}
	give_back_unused_ports();
	return {};
}

result<void> bond::clear_rules() noexcept
{
	const pacing pace(*this);
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	{
		const state_guard state(state_);
		if (!rules_.empty())
			tell(new_value("auto", ""));
		rules_.clear();
		keep_what_is_meant();
	}
	give_back_unused_ports();
	return {};
}

std::vector<auto_rule> bond::rules() noexcept
{
	const state_guard state(state_);
	return {rules_.begin(), rules_.end()};
}

// Of the ports that have been reserved. With the state lock held: one of which RTE_ETH_EVENT_NEW is still being told is among
// them, of which only what ethdev keeps may be read.
void bond::keep_what_is_meant() noexcept
{
	std::bitset<RTE_MAX_ETHPORTS> meant;
	for_each_port_of(owner_.id, [&](std::uint16_t port) {
		meant[port] = means(rules_, port, facts_of_port(port), mac_for_rules());
	});
	by_rule_.announced &= meant;
}

// A port has appeared, which no member waits for by name. True if a rule means it; it is ours then, before anybody sees it. With
// the state lock held, inside the port's own event: only what ethdev keeps of it may be read.
bool bond::reserve_for_rules(std::uint16_t port, const port_facts &facts) noexcept
{
	by_rule_.appeared++;
	by_rule_.since[port]++;
	by_rule_.refused[port] = false;
	by_rule_.barred[port] = false;
	by_rule_.announced[port] = false;
	const rte_eth_dev_owner &present = rte_eth_devices[port].data->owner;
	if (present.id != RTE_ETH_DEV_NO_OWNER || is_braid_port(port) || !means(rules_, port, facts, mac_for_rules()))
		return false;
	by_rule_.announced[port] = rte_eth_dev_owner_set(port, &owner_) == 0;
	return by_rule_.announced[port];
}

// The address that rules compare with: none as long as it means nothing to anybody. With the state lock held.
std::optional<rte_ether_addr> bond::mac_for_rules() const noexcept
{
	return mac_made_up_ ? std::nullopt : std::optional(mac_);
}

bool bond::means(const rule_list &rules, std::uint16_t port, const port_facts &facts,
                 const std::optional<rte_ether_addr> &bond_mac) noexcept
{
	return matches(rules, facts, rte_eth_devices[port].data->mac_addrs, bond_mac ? &*bond_mac : nullptr);
}

// Attaches the ports that rules mean and nobody has, the lowest first. Members that wait for a port have had it by now. One that
// cannot join is told about once and left alone until it appears anew or the application configures or starts the bond. False
// if there was none.
bool bond::attach_by_rules(attaching which) noexcept
{
	const std::vector<found_port> all = ports_meant(which);
	for (const found_port &found : all) {
		{
			const state_guard state(state_);
			if (closing_)
				break;
			if (!is_still_there(found))
				continue;
			by_rule_.announced[found.port] = false;
		}
		const result<void> joined = found.started ? error(EBUSY, "the application has started it") : attach_by_rule(found);
		const state_guard state(state_);
		if (joined || !is_still_there(found) || by_rule_.refused[found.port])
			continue;
		by_rule_.refused[found.port] = true;
		tell(event_kind::attach_failed, member_id::none,
		     std::string(found.spec.text) + " is meant by a rule and cannot join: " + joined.error().text());
	}
	return !all.empty();
}

// Those before it may have taken long: a device that has gone since has failed at nothing, and one that has its number now has
// announced itself.
bool bond::is_still_there(const found_port &found) const noexcept { return by_rule_.since[found.port] == found.since; }

std::vector<bond::found_port> bond::ports_meant(attaching which) noexcept
{
	rule_list rules;
	decltype(by_rule_) marks;
	std::optional<rte_ether_addr> bond_mac;
	std::vector<member_spec> waited_for;
	{
		const state_guard state(state_);
		rules = rules_;
		marks = by_rule_;
		bond_mac = mac_for_rules();
		for (const member_ptr &m : members_)
			waited_for.push_back(m->spec);
	}
	std::vector<found_port> all;
	if (rules.empty())
		return all;
	decltype(marks.announced) settled; // is there, and has joined by its name or is not meant any more
	find_living_port([&](std::uint16_t port) {
		const rte_eth_dev_data &data = *rte_eth_devices[port].data;
		const port_facts facts = facts_of_port(port);
		const bool candidate = port != port_ && !dead_[port] && !marks.barred[port] &&
		                       (which == attaching::everything || marks.announced[port]) && !is_braid_port(port);
		const bool free = data.owner.id == RTE_ETH_DEV_NO_OWNER || (data.owner.id == owner_.id && marks.announced[port]);
		// Whoever names it goes first, also with a reason why it could not join.
		const bool named = std::any_of(waited_for.begin(), waited_for.end(),
		                               [&](const member_spec &spec) { return matches(spec, facts); });
		if (candidate && free && !named && means(rules, port, facts, bond_mac)) {
			found_port found{.port = port, .spec = {}, .started = data.dev_started != 0,
			                 .since = marks.since[port]};
			rte_strscpy(found.spec.text, data.name, sizeof found.spec.text);
			all.push_back(found);
		} else if (marks.announced[port]) {
			settled[port] = true;
		}
		return false; // look at all of them
	});
	if (settled.any())
		expect_no_more(settled, marks.appeared);
	return all;
}

// Or else they would be looked for, and owned, for ever. Left for the next look if a device has appeared since `appeared` was
// read: it may have one of these numbers.
void bond::expect_no_more(const std::bitset<RTE_MAX_ETHPORTS> &ports, std::uint64_t appeared) noexcept
{
	{
		const state_guard state(state_);
		if (by_rule_.appeared != appeared)
			return;
		by_rule_.announced &= ~ports;
	}
	give_back_unused_ports();
}

result<void> bond::attach_by_rule(const found_port &found) noexcept
{
	const auto m = std::make_shared<member>(static_cast<member_id>(++last_id_), found.spec, now_ms());
	m->by_rule = true;
	{
		const state_guard state(state_);
		if (members_.size() == max_members && !who_makes_room())
			return full();
		if (members_.size() < max_members)
			if (result<name> promised = promise_name_by_rule(m->id, found); !promised)
				return promised.error();
	}
	result<void> fits = attach(m, found.port);
	if (!fits) {
		const state_guard state(state_);
		names_.forget(m->id);
		return fits;
	}
	bool joined = false;
	{
		const state_guard state(state_);
		fits = make_room_for(*m, found);
		if (fits)
			joined = seat_by_rule(m);
	}
	if (!joined)
		withdraw(m);
	return fits;
}

// The newcomer, which is ready and has a name and a place, becomes a member. False if its device has vanished in this moment: it
// is pending then.
bool bond::seat_by_rule(const member_ptr &m) noexcept
{
	names_.fulfil(m->id);
	failover_.join(m->id, {}, now_ms());
	failover_.set_running(m->id, false);
	members_.push_back(m);
	const bool joined = admit(m);
	if (!joined)
		m->pending_since = now_ms();
	publish_directory();
	republish(joins_or_is_wanted(*m, joined));
	return joined;
}

result<name> bond::promise_name_by_rule(member_id id, const found_port &found) noexcept
{
	if (result<name> promised = promise_name(id, {}, found.spec.text); promised)
		return promised;
	const name label = name_from_device(found.spec.text); // which another member is called
	return names_.promise(id, std::string(label.view().substr(0, max_name_length - 5)) + "_%d");
}

// Of the members that came by a rule and whose device is gone, the one that has been away longest. Not one whose device has just
// come back and waits for its turn.
member_ptr bond::who_makes_room() const noexcept
{
	member_ptr longest;
	for (const member_ptr &m : members_)
		if (m->by_rule && m->state == member_state::pending && m->announced_port == no_port &&
		    (!longest || m->pending_since < longest->pending_since))
			longest = m;
	return longest;
}

// Only now that the newcomer is ready: one that cannot join costs nobody a place. It gets its name with the place, since there are
// no more names than members; one that begins with its device's and ends with a number of its own is always free.
result<void> bond::make_room_for(const member &newcomer, const found_port &found) noexcept
{
	if (members_.size() < max_members)
		return {};
	const member_ptr longest = who_makes_room();
	if (!longest) // whoever would have, has its device again
		return full();
	failover_.leave(longest->id);
	forget(longest, std::string("it makes room for ") + found.spec.text);
	[[maybe_unused]] const result<name> given = promise_name_by_rule(newcomer.id, found);
	assert(given);
	return {};
}

error bond::full() const noexcept
{
	return error(ENOSPC, "%s has %u members, which is the most", device_name_, max_members);
}

} // namespace braid
