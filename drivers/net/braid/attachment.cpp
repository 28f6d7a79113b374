/* SPDX-License-Identifier: BSD-3-Clause */
// How a device becomes a member's and ceases to be: found, claimed, brought up, admitted; lost, forgotten, let go.
//
//   find_port -> attach (claim, check, start; nothing shows) -> admit (under the state lock: it counts)
//                   |  the device vanishes at any point: lose() at once, forget_device() once no burst is in it
#include "bond.hpp"

#include "clock.hpp"
#include "member_spec.hpp"
#include "registry.hpp"

#include <algorithm>

namespace braid {

std::optional<std::uint16_t> bond::find_port(const member &m) const noexcept
{
	return find_living_port([&](std::uint16_t port) {
		return port != port_ && !dead_[port] && matches(m.spec, facts_of_port(port));
	});
}

member_ptr bond::member_with(member_id id) const noexcept
{
	for (const member_ptr &m : members_)
		if (m->id == id)
			return m;
	return nullptr;
}

member_ptr bond::member_on(std::uint16_t port) const noexcept
{
	if (joining_ && joining_->port == port)
		return joining_;
	for (const member_ptr &m : members_)
		if (m->port == port)
			return m;
	return nullptr;
}

// Claims the port for the member and, if the bond runs, makes it run. Nothing shows of it before admit(); but from the first
// step on the member is the port's, so that a device that vanishes meanwhile is noticed. Leaves everything as it was
// on failure.
result<void> bond::attach(const member_ptr &m, std::uint16_t port) noexcept
{
	{
		const state_guard state(state_);
		const member_ptr other = member_on(port);
		if (other || is_braid_port(port)) {
			m->announced_port = no_port;
			m->refused_port = port;
			m->refusal = (other ? error(EEXIST, "port %u is member %s already", port, names_.of(other->id).c_str())
			                    : error(ELOOP, "port %u is a net_braid bond itself", port)).at("claim");
			return *m->refusal;
		}
		joining_ = m;
		m->port = port;
		m->vanished = false;
		m->found_missing = false;
	}
	// Looked at again: of a device that has begun to go before joining_ was set, on_port_destroyed() has told nobody, and
	// its number may be another one's by now.
	const bool lives = find_port(*m) == port;
	if (lives)
		is_no_more_awaited(*m);
	result<void> ready = lives ? attach_device(*m, port) : error(ENODEV, "the device is being removed").at("claim");
	if (ready && m->vanished)
		ready = error(ENODEV, "the device has vanished while it was added").at("start");
	if (ready)
		return ready;
	{
		const state_guard state(state_);
		m->refusal = ready.error();
		if (lives && !m->vanished) // or else the number may be another device's
			m->refused_port = port;
	}
	withdraw(m);
	return ready;
}

// What has been announced is here. But if the device has gone since the member is the port's, what has been announced is another
// one, which may be usable only later: it stays reserved.
void bond::is_no_more_awaited(member &m) noexcept
{
	const state_guard state(state_);
	if (!m.vanished)
		m.announced_port = no_port;
}

result<void> bond::attach_device(member &m, std::uint16_t port) noexcept
{
	rte_ether_addr own_mac{};
	{
		const std::lock_guard lock(m.device);
		if (m.vanished) // tested under the lock that whoever removes the device will wait for
			return error(ENODEV, "the device is being removed").at("claim");
		result<claimed_port> claimed = claimed_port::claim(port, owner_);
		if (!claimed)
			return claimed.error();
		if (configured_)
			if (result<void> able = claimed->check(wanted_); !able)
				return able;
		m.claimed.emplace(std::move(*claimed));
		m.seen_up = false;
		own_mac = m.claimed->own_mac();
		rte_strscpy(arriving_name_, rte_eth_devices[port].data->name, sizeof arriving_name_);
		port_counters now;
		if (read_counters(port, now) == 0)
			m.counted.begin(now);
	}
	{
		const state_guard state(state_);
		m.own_mac = m.mac = m.port_mac = own_mac;
	}
	if (result<void> able = can_follow(m); !able)
		return able;
	if (nobody_else_is_here(m))
		adopt_mac(own_mac);
	if (!runs_)
		return {};
	if (result<void> up = bring_up(m); !up)
		return up;
	ask_link(m, asking::waits);
	return {};
}

bool bond::nobody_else_is_here(const member &m) noexcept
{
	const state_guard state(state_);
	return std::all_of(members_.begin(), members_.end(),
	                   [&m](const member_ptr &other) { return other.get() == &m || other->port == no_port; });
}

result<void> bond::bring_up(member &m) noexcept
{
	wanted_.spare_tx_queue = can_announce();
	const std::lock_guard lock(m.device);
	if (!m.claimed || m.claimed->runs() || m.vanished)
		return {};
	const rte_ether_addr mac = mac_wanted_of(m);
	if (result<void> up = m.claimed->start(wanted_, mac); !up)
		return up;
	if (wanted_.spare_tx_queue)
		tell_if_silent(m);
	note_port_mac(m);
	{
		const state_guard state(state_);
		m.mac = mac;
		m.announces = m.claimed->announce_queue().has_value();
	}
	// Some devices count from zero again when they start, some do not.
	port_counters now;
	if (read_counters(m.claimed->port(), now) == 0)
		m.counted.begin(now);
	return {};
}

// A member that does not run is as it was found, so that a start that is refused leaves nothing at those that had agreed.
void bond::take_down(member &m) noexcept
{
	const std::lock_guard lock(m.device);
	if (!m.claimed || !m.claimed->runs() || m.vanished)
		return;
	take_sample(m);
	m.claimed->put_back();
	note_port_mac(m);
}

// The member that attach() has made ready shows, and counts. False if its device has vanished since: the caller withdraws it.
bool bond::admit(const member_ptr &m) noexcept
{
	if (m->vanished)
		return false;
	joining_.reset();
	m->state = member_state::claimed;
	m->refused_port = no_port;
	m->refusal.reset();
	rte_strscpy(m->device_name, arriving_name_, sizeof m->device_name);
	if (!m->seat) {
		const seat_map::seating s = seats_.sit(m->device_name);
		if (s.evicted)
			buckets_->forget(s.seat);
		m->seat = s.seat;
	}
	bind_primary(*m);
	if (runs_)
		let_run(*m, now_ms());
	return true;
}

// Takes back what attach() has made ready. Up to the end the events of its port find the member: the removal of the device must
// wait for this, since the port number may be another device's when it is over.
void bond::withdraw(const member_ptr &m) noexcept
{
	let_go(m);
	const state_guard state(state_);
	joining_.reset();
	m->port = no_port;
}

// A started member takes part. Its link begins anew, with what the port says now.
void bond::let_run(member &m, time_ms now) noexcept
{
	m.state = member_state::running;
	failover_.restart_link(m.id, now);
	failover_.set_running(m.id, true);
	report(m, sdk::link_of(&rte_eth_devices[m.port]), now);
}

// Attaches what has appeared. One that cannot join is logged once and left alone until it appears anew or the application
// configures or starts the bond. Publishes nothing while the bond does not run: there is nothing that a burst could see.
void bond::attach_pending(attaching which) noexcept
{
	bool any = false;
	for (const member_ptr &m : members()) {
		std::uint16_t refused = no_port;
		{
			const state_guard state(state_);
			if (closing_)
				break; // what is inside a device is waited for, and nothing new begins
			if (m->state != member_state::pending)
				continue;
			refused = m->refused_port;
		}
		const std::optional<std::uint16_t> port = find_port(*m);
		if (!port || (which == attaching::what_is_new && *port == refused))
			continue;
		any = true;
		const result<void> ready = attach(m, *port);
		bool joined = false;
		{
			const state_guard state(state_);
			joined = ready && admit(m);
			note_reasons(now_ms());
			if (joined) {
				publish_directory();
				if (runs_) {
					republish(m->id);
				} else {
					tell(event_kind::member_added, m->id);
					tell_of_roles(); // it may be the primary that was waited for
				}
			} else if (!ready && *port != refused) {
				tell(event_kind::attach_failed, m->id, ready.error().text());
			}
		}
		if (ready && !joined)
			withdraw(m);
	}
	any |= attach_by_rules(which);
	if (any) {
		give_back_unused_ports();
		refresh_reta_size();
	}
}

// Of ports that were reserved when they appeared, for a member that does not want them any more. Each is given back in the state
// section that finds it unused, since one that appears is reserved in such a section too: the number may be a new device's.
void bond::give_back_unused_ports() noexcept
{
	const state_guard state(state_);
	for_each_port_of(owner_.id, [this](std::uint16_t port) {
		if (!member_on(port) && !is_expected(port))
			rte_eth_dev_owner_unset(port, owner_.id);
	});
}

// Whether a member is waiting for this port, which has been reserved for it.
bool bond::is_expected(std::uint16_t port) const noexcept
{
	return !closing_ && (by_rule_.announced[port] || std::any_of(members_.begin(), members_.end(), [port](const member_ptr &m) {
		return m->announced_port == port && m->refused_port != port;
	}));
}

// The device is gone: its member leaves the snapshot at once. Nothing waits here.
void bond::lose(member &m) noexcept
{
	m.vanished = true;
	if (m.announced_port == m.port) // or else it would be looked for until its application closes it
		m.announced_port = no_port;
	if (m.state == member_state::pending || m.state == member_state::gone)
		return;
	m.link_up = false;
	m.unheard_from = never;
	m.state = member_state::gone;
	m.lost = true;
	failover_.report(m.id, {}, now_ms());
	failover_.set_running(m.id, false);
	republish();
}

// Of a device that has just refused something: whether it is gone, or going. Its driver's word may come later, or never.
bool bond::has_gone(const member_ptr &m) noexcept
{
	if (m->vanished)
		return true;
	{
		const std::lock_guard device(m->device);
		if (m->claimed && !is_dying(m->claimed->port()) && rte_eth_dev_is_removed(m->claimed->port()) != 1)
			return m->vanished;
	}
	{
		const state_guard state(state_);
		if (m->vanished || m->port == no_port)
			return true;
		dead_[m->port] = true;
		lose(*m);
	}
	forget_device_later(m);
	return true;
}

// Once no burst is in it, forgets the device without touching it. Takes only the device lock: the caller may be inside the
// removal of the device, with locks of the bus that other operations wait for.
void bond::forget_device(const member_ptr &m) noexcept
{
	rcu::wait_for_readers();
	forget_claim(*m);
	bool comes_back = false;
	{
		const state_guard state(state_);
		// Not lost: being added by somebody who sees that it has vanished, or another thread was here before. Of one that
		// is being removed the state says nothing: it is gone as well.
		if (!std::exchange(m->lost, false) || member_with(m->id) != m)
			return;
		m->state = member_state::pending;
		m->pending_since = now_ms();
		m->port = no_port;
		comes_back = m->announced_port != no_port;
		publish_directory();
		tell(event_kind::member_lost, m->id);
	}
	if (comes_back)
		look_for_ports();
}

// Tested under the lock: since the device vanished the member may have got another one, which is not to be touched.
void bond::forget_claim(member &m) noexcept
{
	const std::lock_guard lock(m.device);
	if (!m.vanished || !m.claimed)
		return;
	m.claimed->abandon();
	m.claimed.reset();
}

// Gives the port back as it was found. No burst can reach it any more.
void bond::let_go(const member_ptr &m) noexcept
{
	const std::lock_guard lock(m->device);
	if (!m->claimed)
		return;
	if (m->vanished)
		m->claimed->abandon();
	if (m->claimed->runs())
		take_sample(*m);
	m->claimed.reset();
}

} // namespace braid
