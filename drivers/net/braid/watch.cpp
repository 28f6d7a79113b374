/* SPDX-License-Identifier: BSD-3-Clause */
// What happens to ports by itself: links that change, ports that appear and vanish, and two of the threads that see to it.
//
//   watcher  asks links every lsc_poll_period_ms and ends delays. Takes the state lock for moments only, so that a control
//            operation that takes long on another thread delays no failover.
//   worker   attaches members that appear; may take as long as a device takes, for which the one that tells listeners
//            (events.cpp) does not wait.
#include "bond.hpp"

#include "clock.hpp"
#include "log.hpp"
#include "registry.hpp"

#include <algorithm>

namespace braid {
namespace {

// How long a port that has been announced is waited for: its driver announces it just before it can be used.
constexpr time_ms announced_ms = 2000;
constexpr time_ms scan_period_ms = 5;

// How long a new port is left alone, for whoever has plugged it in and sets it up right after, owned or not: `port attach`
// of testpmd ends the process if the port has been configured by then.
constexpr time_ms settling_ms = 100;

// How often a device that works is asked whether it is still there.
constexpr time_ms presence_period_ms = 1000;

// Counters are read now and then, so that a device that vanishes takes no more than this with it.
constexpr time_ms sample_period_ms = 1000;

} // namespace

// LSC is a claim: a driver may announce it, write the new status and never raise the event (net_tap of 22.11). So what it has
// written is read at every poll, and a driver without LSC is asked. False if the member is busy with a control operation
// or does not run.
bool bond::ask_link(member &m, asking how) noexcept
{
	std::unique_lock device(m.device, std::defer_lock);
	if (how == asking::waits)
		device.lock();
	else if (!device.try_lock())
		return false;
	if (!m.claimed || !m.claimed->runs() || m.vanished)
		return false;
	rte_eth_dev &dev = rte_eth_devices[m.claimed->port()];
	sdk::refresh_link(&dev);
	const bool up = sdk::link_of(&dev).link_status == RTE_ETH_LINK_UP;
	const bool went_down = std::exchange(m.seen_up, up) && !up;
	if (went_down)
		take_sample(m); // it may be the last chance
	// A device may vanish without a word; a question to it is a register read for some.
	if (const time_ms now = now_ms(); went_down || now >= m.next_presence_check) {
		m.next_presence_check = now + presence_period_ms;
		m.found_missing = rte_eth_dev_is_removed(m.claimed->port()) == 1;
	}
	return !m.found_missing;
}

void bond::poll_links() noexcept
{
	for (const member_ptr &m : members()) {
		if (!ask_link(*m, asking::if_free)) {
			if (m->found_missing)
				tell_missing(m);
			continue;
		}
		// Read again where it counts: an interrupt may have told of a later change meanwhile.
		const state_guard state(state_);
		if (m->state == member_state::running && !m->vanished)
			report(*m, sdk::link_of(&rte_eth_devices[m->port]), now_ms());
	}
	const state_guard state(state_);
	if (!closing_)
		reconsider(now_ms());
}

// From the interrupt thread of EAL. A port configured for LSC has its new link in memory; of another one the driver is asked
// by the watcher, since that may take long.
void bond::on_link_change(std::uint16_t port) noexcept
{
	const state_guard state(state_);
	const member_ptr m = member_on(port);
	if (!m || m->state != member_state::running || m->vanished)
		return;
	const rte_eth_dev &dev = rte_eth_devices[port];
	if (dev.data->dev_conf.intr_conf.lsc != 0) {
		const time_ms now = now_ms();
		report(*m, sdk::link_of(&dev), now);
		reconsider(now);
	} else {
		look_now_ = true;
		watch_wakes_.notify_all();
	}
}

void bond::watch() noexcept
{
	time_ms next_poll = now_ms();
	time_ms next_sample = now_ms();
	std::unique_lock state(state_);
	while (!stop_watching_) {
		const time_ms now = now_ms();
		const bool poll = started_ && (look_now_ || now >= next_poll);
		if (!poll && now < last_.deadline) {
			const time_ms wake = std::min(started_ ? next_poll : never, last_.deadline);
			watcher_sleeps_until_ = wake;
			watcher_polls_ = started_;
			if (wake == never)
				watch_wakes_.wait(state);
			else
				watch_wakes_.wait_until(state, to_time_point(wake));
			continue;
		}
		if (now >= last_.deadline)
			reconsider(now);
		if (!poll)
			continue;
		look_now_ = false;
		state.unlock();
		poll_links();
		collect_sources();
		if (now >= next_sample) {
			sample_counters();
			next_sample = now + sample_period_ms;
		}
		next_poll = now_ms() + settings_.lsc_poll_period_ms;
		state.lock();
	}
}

void bond::sample_counters() noexcept
{
	for (const member_ptr &m : members()) {
		const std::unique_lock device(m->device, std::try_to_lock);
		if (device && m->claimed && m->claimed->runs())
			take_sample(*m);
	}
}

// The port is not usable yet, but it can be owned, and must be: an application that lists its ports right after this must not
// find it. The rest is the worker's. (rte_eth_dev_owner_set takes a spinlock and calls nobody.)
void bond::on_new_port(std::uint16_t port) noexcept
{
	const port_facts facts = facts_of_port(port);
	dead_[port] = false; // another device has its number now
	{
		const state_guard state(state_);
		if (closing_ || port == port_)
			return;
		bool wanted = false;
		for (const member_ptr &m : members_) {
			// Of one that is lost, the farewell is still to come; it looks for what has been announced.
			const bool waits = m->state == member_state::pending || m->lost;
			if (!waits || !matches(m->spec, facts))
				continue;
			m->refused_port = no_port;
			m->announced_port = port;
			wanted = true;
		}
		if (wanted)
			note_reasons(now_ms());
		if (wanted && !is_braid_port(port) && rte_eth_devices[port].data->owner.id == RTE_ETH_DEV_NO_OWNER)
			rte_eth_dev_owner_set(port, &owner_);
		if (!reserve_for_rules(port, facts) && !wanted)
			return;
	}
	look_for_ports();
}

void bond::look_for_ports() noexcept
{
	{
		const std::lock_guard inbox(inbox_);
		look_for_ports_ = true;
	}
	work_wakes_.notify_all();
}

bool bond::expects_a_port() noexcept
{
	const state_guard state(state_);
	return by_rule_.announced.any() || std::any_of(members_.begin(), members_.end(), [](const member_ptr &m) {
		return m->state == member_state::pending && m->announced_port != no_port;
	});
}

// As if its driver had told. A finding is about the device that the member had when it was asked: attach() forgets it with the
// state lock held, so that it is not held against the next one.
void bond::tell_missing(const member_ptr &m) noexcept
{
	{
		const state_guard state(state_);
		if (!m->found_missing.exchange(false) || m->state != member_state::running || m->vanished)
			return;
		dead_[m->port] = true;
		lose(*m);
	}
	forget_device_later(m);
}

// The device is going: nothing is sent to it from here on. Forgetting it waits for bursts, which this thread must not.
void bond::on_port_removed(std::uint16_t port) noexcept
{
	member_ptr m;
	{
		const state_guard state(state_);
		m = member_on(port);
		if (!m)
			return;
		dead_[port] = true;
		lose(*m);
	}
	forget_device_later(m);
}

void bond::forget_device_later(const member_ptr &m) noexcept
{
	{
		const std::lock_guard inbox(inbox_);
		lost_.push_back(m);
	}
	work_wakes_.notify_all();
}

// Its memory goes when this returns, so everything is done here.
void bond::on_port_destroyed(std::uint16_t port) noexcept
{
	member_ptr m;
	dead_[port] = false;
	{
		const state_guard state(state_);
		for (const member_ptr &each : members_) {
			if (each->announced_port == port)
				each->announced_port = no_port;
			if (each->refused_port == port)
				each->refused_port = no_port;
		}
		by_rule_.announced[port] = false;
		by_rule_.since[port]++;
		note_reasons(now_ms());
		m = member_on(port);
		if (!m)
			return;
		lose(*m);
	}
	forget_device(m);
}

void bond::work() noexcept
{
	worker_id_ = pthread_self();
	time_ms next_look = never;
	time_ms look_until = 0;
	std::unique_lock inbox(inbox_);
	while (!stop_working_) {
		const time_ms now = now_ms();
		if (std::exchange(look_for_ports_, false)) {
			next_look = now + settling_ms;
			look_until = next_look + announced_ms;
		}
		if (!lost_.empty()) {
			const member_ptr m = std::move(lost_.front());
			lost_.pop_front();
			inbox.unlock();
			forget_device(m);
			inbox.lock();
		} else if (now >= next_look) {
			inbox.unlock();
			{
				const config_guard guard(config_);
				attach_pending(attaching::what_is_new);
			}
			next_look = now < look_until || expects_a_port() ? now_ms() + scan_period_ms : never;
			inbox.lock();
		} else if (next_look != never) {
			work_wakes_.wait_until(inbox, to_time_point(next_look));
		} else {
			work_wakes_.wait(inbox);
		}
	}
}

} // namespace braid
