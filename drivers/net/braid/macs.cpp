/* SPDX-License-Identifier: BSD-3-Clause */
// MAC addresses: the bond's, and what each member has of it (lib/failover/mac_policy.hpp says which).
//
// A failover changes the snapshot, and under by_active the bond's address, and goes on. Addresses of members are changed by
// the thread at the end of this file, since devices may take their time: it sets what is wanted now, one step after the
// other, and looks again after each, so that failovers in quick succession end right.
//
// `addresses_` is held while addresses change hands. What they are is guarded by the state lock.
#include "bond.hpp"

#include "clock.hpp"
#include "log.hpp"
#include "mac_text.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace braid {
namespace {

// Nobody's.
rte_ether_addr make_spare() noexcept
{
	rte_ether_addr mac;
	rte_eth_random_addr(mac.addr_bytes);
	return mac;
}

} // namespace

mac_rule bond::present_mac_rule() const noexcept
{
	// The one that was chosen receives also while too few are usable for anybody to transmit.
	mac_rule rule{mac_policy_in(mode_), mac_, started_ ? last_.chosen : member_id::none, {}};
	if (const member_ptr active = member_with(rule.active))
		rule.active_own = active->own_mac;
	return rule;
}

rte_ether_addr bond::mac_wanted_of(const member &m) noexcept
{
	const state_guard state(state_);
	return desired_mac(present_mac_rule(), m.id, m.own_mac);
}

// With its device lock held, so that the order of notes is that of the changes.
void bond::note_mac(member &m, const rte_ether_addr &mac) noexcept
{
	const state_guard state(state_);
	m.mac = mac;
}

// Kept, so that whoever asks later need not look at the port: ethdev changes the bytes one after the other, and a driver that is
// being removed has taken them away before anybody is told. With its device lock held.
void bond::note_port_mac(member &m) noexcept
{
	const rte_ether_addr has = m.claimed->mac();
	const state_guard state(state_);
	m.port_mac = has;
}

// With the state lock held.
void bond::take_mac(const rte_ether_addr &mac) noexcept
{
	mac_ = mac;
	dev_->data->mac_addrs[0] = mac;
	mac_made_up_ = false;
}

// The first member gives the bond its address, unless somebody chose one.
void bond::adopt_mac(const rte_ether_addr &mac) noexcept
{
	if (mac_chosen_ || rte_is_valid_assigned_ether_addr(&mac) == 0)
		return;
	const state_guard state(state_);
	take_mac(mac);
}

// Whether a member that is being attached can take part in what the policy asks of it. The configuration lock is held.
result<void> bond::can_follow(member &m) noexcept
{
	{
		const state_guard state(state_);
		if (mac_policy_in(mode_) != mac_policy::follow)
			return {};
		for (const member_ptr &other : members_)
			if (other.get() != &m && other->port != no_port && same_mac(other->own_mac, m.own_mac))
				return error(EADDRINUSE,
				             "MAC address %s is also member %s's, and mac_policy follow needs each to have its own",
				             mac_text(m.own_mac).c_str(), names_.of(other->id).c_str())
					.at("mac");
	}
	const std::lock_guard device(m.device);
	if (!m.claimed || m.vanished)
		return {};
	const result<void> able = m.claimed->check_live_mac();
	return able ? able : able.error().in("mac_policy follow");
}

// The address changes of all members that run. With the state lock held.
std::vector<mac_change> bond::mac_changes(const mac_rule &rule, std::span<const member_id> stuck) const noexcept
{
	std::vector<mac_change> changes;
	for (const member_ptr &m : members_) {
		// Also of one that is leaving: it may have the address that another one is to get.
		const bool started = m->state == member_state::running || m->state == member_state::leaving ||
		                     m->state == member_state::gone;
		if (!started || m->vanished)
			continue;
		const bool refuses = std::find(stuck.begin(), stuck.end(), m->id) != stuck.end();
		changes.push_back({m->id, m->mac, desired_mac(rule, m->id, m->own_mac), m->id == rule.active, refuses});
	}
	return changes;
}

result<void> bond::give_mac(member &m, const rte_ether_addr &mac, mac_policy p) noexcept
{
	const std::lock_guard device(m.device);
	if (m.claimed && m.claimed->runs() && !m.vanished) {
		// Under the other policies a member that cannot change its address does as well with its own.
		result<void> done = p == mac_policy::follow ? m.claimed->change_mac(mac) : m.claimed->set_mac(mac);
		note_port_mac(m);
		if (!done)
			return done;
	}
	note_mac(m, mac);
	return {};
}

// All members that run get what the rule wants, or none and the error names the one that refused. With addresses_ held.
result<void> bond::move_macs(const mac_rule &rule) noexcept
{
	struct change_made {
		member_ptr m;
		rte_ether_addr before;
	};
	std::vector<change_made> made;
	const rte_ether_addr spare = make_spare();
	for (;;) {
		std::optional<mac_step> step;
		{
			const state_guard state(state_);
			step = next_mac_step(mac_changes(rule, {}), spare);
			if (!step)
				return {};
			const member_ptr m = member_with(step->id);
			made.push_back({m, m->mac});
		}
		const result<void> given = give_mac(*made.back().m, step->to, rule.policy);
		if (given || made.back().m->vanished) // it is no member for now, which hinders nobody
			continue;
		// The one that refused is undone as well, since it may have done half; that it refuses the same again is no news.
		const error why = given.error();
		for (auto back = made.rbegin(); back != made.rend(); ++back) {
			const result<void> undone = give_mac(*back->m, back->before, mac_policy::same);
			if (undone || (back->m->id == step->id && std::string_view(undone.error().text()) == why.text()))
				continue;
			BRAID_LOG(ERR, "%s: member %s: taking back: %s", device_name_, name_of(back->m->id).c_str(),
			          undone.error().text());
		}
		return why.in("member %s", name_of(step->id).c_str());
	}
}

// Gives every member what mode and policy ask for, before they are in force; tells for which address of the bond. With
// addresses_ held.
result<rte_ether_addr> bond::prepare_macs(braid::mode m, mac_policy p) noexcept
{
	mac_rule rule;
	const mac_policy next = m == mode::active_backup ? p : mac_policy::same;
	{
		const state_guard state(state_);
		rule = present_mac_rule();
	}
	if (std::exchange(rule.policy, next) == next)
		return rule.bond;
	if (next == mac_policy::follow)
		if (result<void> able = all_can_follow(); !able)
			return able.error();
	if (result<void> moved = move_macs(rule); !moved)
		return moved.error();
	return rule.bond;
}

// Once mode and policy are in force. A failover that came while members were told has changed the bond's address if by_active
// was in force until now: they have been given the one before. With the state lock held.
void bond::stand_by_mac(const rte_ether_addr &given) noexcept
{
	if (mac_policy_in(mode_) == mac_policy::by_active || same_mac(given, mac_))
		return;
	take_mac(given);
	tell_of_mac(member_id::none);
}

void bond::tell_of_mac(member_id id) noexcept
{
	tell(event_kind::mac_changed, id, std::string("the MAC address is ") + mac_text(mac_).c_str());
}

result<void> bond::all_can_follow() noexcept
{
	const member_set all = members();
	const auto same_own = [](const member_ptr &a, const member_ptr &b) {
		return a != b && a->port != no_port && b->port != no_port && same_mac(a->own_mac, b->own_mac);
	};
	for (const member_ptr &m : all) {
		for (const member_ptr &other : all) {
			const state_guard state(state_);
			if (same_own(m, other))
				return error(EADDRINUSE,
				             "members %s and %s have the same MAC address, and mac_policy follow needs each to have "
				             "its own", names_.of(m->id).c_str(), names_.of(other->id).c_str())
					.at("mac");
		}
		const std::lock_guard device(m->device);
		if (!m->claimed || m->vanished)
			continue;
		if (result<void> able = m->claimed->check_live_mac(); !able)
			return able.error().in("mac_policy follow: member %s", name_of(m->id).c_str());
	}
	return {};
}

result<void> bond::set_mac_policy(mac_policy p) noexcept
{
	const pacing pace(*this);
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	const std::lock_guard addresses(addresses_);
	const result<rte_ether_addr> given = prepare_macs(mode_, p);
	if (!given)
		return given.error();
	const state_guard state(state_);
	if (std::exchange(mac_policy_, p) != p)
		tell(new_value("mac_policy", to_string(p)));
	stand_by_mac(*given);
	macs_due_ = true; // somebody else may have become active meanwhile
	follow_up(last_, last_, false);
	return {};
}

result<void> bond::set_mac(const rte_ether_addr &mac) noexcept
{
	const config_guard guard(config_);
	const std::lock_guard addresses(addresses_);
	mac_rule rule;
	{
		const state_guard state(state_);
		rule = present_mac_rule();
	}
	if (rule.policy == mac_policy::by_active && rule.active != member_id::none) {
		if (same_mac(mac, rule.active_own))
			return {};
		return error(ENOTSUP, "under mac_policy by_active the address is the active member's own");
	}
	rule.bond = mac;
	result<void> done = move_macs(rule);
	if (done) {
		const state_guard state(state_);
		take_mac(mac);
		mac_chosen_ = true;
	}
	return done;
}

// A member that has left has its own address again. Where that is the bond's, the network may meet it twice.
void bond::warn_of_duplicate(const member &left) noexcept
{
	rte_ether_addr own;
	{
		const state_guard state(state_);
		if (!started_ || members_.size() < 2 || !same_mac(left.own_mac, mac_))
			return;
		own = mac_;
	}
	BRAID_LOG(NOTICE, "%s: member %s leaves with MAC address %s, which the bond goes on using: keep it off the same network",
	          device_name_, name_of(left.id).c_str(), mac_text(own).c_str());
}

// What a decision leaves to be done once it is published. Waits for nothing: the state lock is held.
void bond::follow_up(const decision &before, const decision &after, bool active_is_news) noexcept
{
	if (!started_ || mode_ != mode::active_backup)
		return;
	const bool moved = mac_policy_ == mac_policy::by_active && take_mac_of(after.chosen);
	// Not otherwise: this is called at every poll, and a member that refuses is asked again after a change only.
	macs_due_ |= after.chosen != before.chosen;
	if (moved || active_is_news) {
		const std::uint32_t interval = announce_interval_ms_ != 0 ? announce_interval_ms_ : settings_.lsc_poll_period_ms;
		announcing_.begin(after.active != member_id::none ? announce_times_ : 0, interval, now_ms());
	}
	if (macs_due_ || announcing_.deadline() != never)
		follow_wakes_.notify_all();
}

// by_active: the bond's address is the member's own. True if it was another one.
bool bond::take_mac_of(member_id id) noexcept
{
	const member_ptr m = member_with(id);
	if (!m || rte_is_valid_assigned_ether_addr(&m->own_mac) == 0 || same_mac(m->own_mac, mac_))
		return false;
	take_mac(m->own_mac);
	tell_of_mac(id);
	return true;
}

// Gives every member what it has to have now. A step that fails is reported and hinders no other; it is tried again after the
// next failover or change of the members.
void bond::settle_macs() noexcept
{
	const std::lock_guard addresses(addresses_);
	std::vector<member_id> stuck;
	const rte_ether_addr spare = make_spare();
	for (;;) {
		std::optional<mac_step> step;
		member_ptr m;
		{
			const state_guard state(state_);
			if (std::exchange(macs_due_, false)) // by another failover: whoever refused before it is asked again
				stuck.clear();
			const mac_rule rule = present_mac_rule();
			if (rule.policy != mac_policy::follow || !started_)
				return;
			step = next_mac_step(mac_changes(rule, stuck), spare);
			if (!step)
				return;
			m = member_with(step->id);
		}
		const result<void> given = give_mac(*m, step->to, mac_policy::follow);
		if (given)
			continue;
		stuck.push_back(step->id);
		const state_guard state(state_);
		mac_failures_++;
		tell(event_kind::mac_failed, step->id, std::string(mac_text(step->to).c_str()) + ": " + given.error().text());
	}
}

// The thread that does what a failover leaves to be done: addresses first, since announcements tell of them. It is one of its
// own because the worker may be busy for seconds with a device that it attaches, and the teller with a listener.
void bond::follow() noexcept
{
	std::unique_lock state(state_);
	while (!stop_watching_) {
		if (macs_due_) {
			state.unlock();
			settle_macs();
			state.lock();
		} else if (announcing_.is_due(now_ms())) {
			announcing_.done(now_ms()); // before: a failover meanwhile begins anew
			state.unlock();
			announce();
			state.lock();
		} else if (announcing_.deadline() != never) {
			follow_wakes_.wait_until(state, to_time_point(announcing_.deadline()));
		} else {
			follow_wakes_.wait(state);
		}
	}
}

} // namespace braid
