/* SPDX-License-Identifier: BSD-3-Clause */
// Mode, policy, delays: changed by one publication, also under traffic; and what a bond tells about itself.
#include "bond.hpp"

#include "clock.hpp"

#include <string>
#include <utility>

namespace braid {

result<void> bond::set_mode(braid::mode m) noexcept
{
	const pacing pace(*this);
	rcu::bound_what_waits();
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	if (!is_supported(m))
		return error(ENOTSUP, "mode: %s is not supported yet; use round-robin, active-backup, balance or broadcast",
		             to_string(m));
	if (m == mode::broadcast)
		for (const member_ptr &member : members()) {
			const std::lock_guard device(member->device);
			if (member->claimed && member->claimed->runs() && member->claimed->frees_fast())
				return error(EBUSY,
				             "mode broadcast shares mbufs, but member %s runs with MBUF_FAST_FREE: "
				             "configure the bond without it",
				             name_of(member->id).c_str());
		}
	const std::lock_guard addresses(addresses_);
	const result<rte_ether_addr> given = prepare_macs(m, mac_policy_);
	if (!given)
		return given.error();
	wanted_.sharing = m == mode::broadcast;

	const state_guard state(state_);
	if (mode_ == m)
		return {};
	mode_ = m;
	stand_by_mac(*given);
	republish(news_list{{event_kind::mode_changed, member_id::none, std::string("mode is ") + to_string(m)}});
	return {};
}

result<void> bond::set_policy(hash_policy p) noexcept
{
	const pacing pace(*this);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (policy_ == p)
		return {};
	policy_ = p;
	republish(news_list{{event_kind::mode_changed, member_id::none, std::string("policy is ") + to_string(p)}});
	return {};
}

// A delay that is not given stays as it is.
result<void> bond::set_delays(std::optional<std::uint32_t> up_ms, std::optional<std::uint32_t> down_ms) noexcept
{
	const pacing pace(*this);
	for (const auto &[key, delay] : {std::pair("up_delay", up_ms), std::pair("down_delay", down_ms)})
		if (delay.value_or(0) > max_delay_ms)
			return error(EINVAL, "%s: %u ms is not 0 to %u", key, *delay, max_delay_ms);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	news_list cause;
	const auto set = [&cause](const char *key, std::uint32_t &delay, std::optional<std::uint32_t> wanted) {
		if (wanted && std::exchange(delay, *wanted) != *wanted)
			cause.push_back(new_value(key, std::to_string(*wanted)));
	};
	set("up_delay", up_delay_ms_, up_ms);
	set("down_delay", down_delay_ms_, down_ms);
	failover_.set_delays(up_delay_ms_, down_delay_ms_);
	reconsider(now_ms(), cause);
	return {};
}

result<void> bond::set_pinning(bool on) noexcept
{
	const pacing pace(*this);
	std::optional<pin_place> wanted;
	if (on) {
		const result<pin_place> place = reserve_pin_place();
		if (!place)
			return place.error();
		wanted = *place;
	}
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(pins_, wanted).has_value() != on)
		republish(if_new(made_, new_value("pinning", on))); // or else it was made so
	return {};
}

result<void> bond::set_all_members_active(bool on) noexcept
{
	const pacing pace(*this);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(all_members_active_, on) == on)
		return {};
	const news cause = new_value("all_members_active", on);
	if (mode_ == mode::active_backup)
		republish({&cause, 1});
	else
		tell(cause);
	return {};
}

bond_facts bond::facts() noexcept
{
	const state_guard state(state_);
	std::uint64_t next_event = 0;
	{
		const std::lock_guard inbox(inbox_);
		next_event = next_event_;
	}
	return {
		.mode = mode_,
		.policy = policy_,
		.primary = member_with(failover_.primary()) ? failover_.primary() : member_id::none, // or it is still being added
		.active = mode_ == mode::active_backup ? last_.active : member_id::none,
		.up_delay_ms = up_delay_ms_,
		.down_delay_ms = down_delay_ms_,
		.lsc_poll_period_ms = settings_.lsc_poll_period_ms,
		.mac_policy = mac_policy_,
		.mac = mac_,
		.announce_times = announce_times_,
		.announce_interval_ms = announce_interval_ms_,
		.members = static_cast<unsigned>(members_.size()),
		.usable = last_.usable_count,
		.generation = generation_,
		.publishing = publish_times_,
		.retired = rcu::waiting_for_reclaim(),
		.started = started_,
		.standby = member_with(failover_.standby()) ? failover_.standby() : member_id::none,
		.primary_reselect = failover_.reselect(),
		.min_links = failover_.min_links(),
		.all_members_active = all_members_active_,
		.live_rename = live_rename_,
		.lsc_on_failover = lsc_on_failover_,
		.member_name = member_name_,
		.next_event = next_event,
		.events_lost = events_lost_,
		.weights = weights_,
		.pinning = pins_.has_value(),
		.primary_wish = primary_wish_,
		.seed = seed_,
	};
}

std::optional<member_facts> bond::facts_of(member_id id) noexcept
{
	const state_guard state(state_);
	const member_ptr m = member_with(id);
	return m ? std::optional(facts_about(*m)) : std::nullopt;
}

// Of one moment: members that swap their names meanwhile are seen before or after that.
std::vector<member_facts> bond::facts_of_all() noexcept
{
	const state_guard state(state_);
	std::vector<member_facts> all;
	for (const member_ptr &m : members_)
		all.push_back(facts_about(*m));
	return all;
}

member_facts bond::facts_about(const member &m) const noexcept
{
	const member_id id = m.id;
	member_facts f{};
	f.id = id;
	f.label = names_.of(id);
	rte_strscpy(f.device, m.device_name[0] != '\0' ? m.device_name : m.spec.text, sizeof f.device);
	f.port = m.port;
	f.state = m.state;
	const time_ms now = now_ms();
	f.status = failover_.member_view(id, now).value_or(m.last_status);
	f.link_up = m.link_up;
	// A port is given up when no burst is in it any more, and a bond is stopped when none comes.
	f.polled = m.polled || (started_ && m.port != no_port && m.last_bursts != 0);
	f.announces = m.state == member_state::running && m.announces;
	if (m.port != no_port && !m.vanished)
		f.mac = m.port_mac;
	f.primary = failover_.primary() == id;
	f.transmits = m.why == why_not::none;
	f.why = m.why;
	f.why_for_ms = f.transmits || now < m.why_since ? 0 : now - m.why_since;
	f.refusal = m.refusal;
	f.weight = m.weight;
	f.buckets = buckets_of(m);
	return f;
}

std::vector<member_id> bond::member_ids() noexcept
{
	const state_guard state(state_);
	std::vector<member_id> ids;
	for (const member_ptr &m : members_)
		ids.push_back(m->id);
	return ids;
}

} // namespace braid
