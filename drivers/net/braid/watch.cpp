/* SPDX-License-Identifier: BSD-3-Clause */
// What happens to ports by itself: links that change, ports that appear and vanish, and the two threads that see to it.
//
//   watcher  asks links every lsc_poll_period_ms and ends delays. Takes the state lock for moments only, so that a control
//            operation that takes long on another thread delays no failover.
//   worker   attaches members that appear and tells listeners; may take as long as a device or a listener takes.
#include "bond.hpp"

#include "clock.hpp"
#include "devargs.hpp"
#include "log.hpp"
#include "registry.hpp"

#include <algorithm>

namespace braid {
namespace {

// How long a port that has been announced is waited for: its driver announces it just before it can be used.
constexpr time_ms announced_ms = 2000;
constexpr time_ms scan_period_ms = 1;

} // namespace

// LSC is a claim: a driver may announce it and never raise it (net_tap of 22.11), or raise it and be read too early. So the
// status is read through ethdev, here and at every poll. False if the member is busy with a control operation or not running.
bool bond::ask_link(member &m, rte_eth_link &link) noexcept
{
	const std::unique_lock device(m.device, std::try_to_lock);
	if (!device || !m.claimed || !m.claimed->runs() || m.vanished)
		return false;
	return rte_eth_link_get_nowait(m.claimed->port(), &link) == 0;
}

void bond::poll_links() noexcept
{
	for (const member_ptr &m : members()) {
		rte_eth_link link{};
		if (!ask_link(*m, link))
			continue;
		const state_guard state(state_);
		if (m->state == member_state::running)
			report(*m, link);
	}
	const state_guard state(state_);
	if (!closing_)
		reconsider(now_ms());
}

// From the interrupt thread of EAL. A port that raises LSC has been configured for it, so ethdev answers from memory
// and the device is not asked; its lock is not needed.
void bond::on_link_change(std::uint16_t port) noexcept
{
	{
		const state_guard state(state_);
		if (!member_on(port))
			return;
	}
	rte_eth_link link{};
	if (rte_eth_link_get_nowait(port, &link) != 0)
		return;
	const state_guard state(state_);
	const member_ptr m = member_on(port);
	if (!m || m->state != member_state::running)
		return;
	report(*m, link);
	reconsider(now_ms());
}

void bond::watch() noexcept
{
	std::unique_lock state(state_);
	time_ms next_poll = now_ms();
	while (!stop_watching_) {
		const time_ms wake = std::min(started_ ? next_poll : never, last_.deadline);
		if (wake == never)
			watch_wakes_.wait(state);
		else
			watch_wakes_.wait_until(state, to_time_point(wake));
		if (stop_watching_)
			return;
		if (now_ms() >= last_.deadline)
			reconsider(now_ms());
		if (started_ && now_ms() >= next_poll) {
			state.unlock();
			poll_links();
			state.lock();
			next_poll = now_ms() + settings_.lsc_poll_period_ms;
		}
	}
}

// The port is not usable yet, but it can be owned, and must be: an application that lists its ports right after this must not
// find it. The rest is the worker's.
void bond::on_new_port(std::uint16_t port) noexcept
{
	const rte_eth_dev &dev = rte_eth_devices[port];
	const char *device = dev.device != nullptr ? rte_dev_name(dev.device) : nullptr;
	const port_facts facts{dev.data->name, device != nullptr ? device : "", port};
	bool wanted = false;
	{
		const state_guard state(state_);
		if (closing_ || port == port_)
			return;
		for (const member_ptr &m : members_)
			if (m->state == member_state::pending && matches(m->spec, facts)) {
				m->refused_port = no_port;
				wanted = true;
			}
	}
	if (!wanted)
		return;
	if (!is_braid_port(port) && dev.data->owner.id == RTE_ETH_DEV_NO_OWNER)
		rte_eth_dev_owner_set(port, &owner_);
	{
		const std::lock_guard inbox(inbox_);
		scan_until_ = now_ms() + announced_ms;
	}
	inbox_wakes_.notify_all();
}

// The device is going: nothing is sent to it from here on. Releasing it waits for bursts, which this thread must not.
void bond::on_port_removed(std::uint16_t port) noexcept
{
	{
		const state_guard state(state_);
		const member_ptr m = member_on(port);
		if (!m)
			return;
		m->vanished = true;
		m->link_up = false;
		failover_.report(m->id, {}, now_ms());
		failover_.set_enabled(m->id, false);
		m->state = member_state::gone;
		republish();
	}
	{
		const std::lock_guard inbox(inbox_);
		lost_ports_.push_back(port);
	}
	inbox_wakes_.notify_all();
}

// Its memory goes when this returns, so everything is done here.
void bond::on_port_destroyed(std::uint16_t port) noexcept
{
	member_ptr m;
	{
		const state_guard state(state_);
		m = member_on(port);
		if (!m)
			return;
		m->vanished = true;
		if (m->state != member_state::gone) {
			m->link_up = false;
			failover_.report(m->id, {}, now_ms());
			failover_.set_enabled(m->id, false);
			m->state = member_state::gone;
			republish();
		}
	}
	const config_guard guard(config_);
	finish_loss(m);
}

bool bond::on_worker_thread() const noexcept
{
	return pthread_equal(worker_id_.load(), pthread_self()) != 0;
}

void bond::work() noexcept
{
	worker_id_ = pthread_self();
	rcu::start_reclaimer(); // here, because it inherits the affinity of a control thread
	std::unique_lock inbox(inbox_);
	while (!stop_working_) {
		if (!events_.empty()) {
			const event e = std::move(events_.front());
			events_.pop_front();
			inbox.unlock();
			deliver(e);
			inbox.lock();
		} else if (link_event_due_) {
			link_event_due_ = false;
			inbox.unlock();
			rte_eth_dev_callback_process(dev_, RTE_ETH_EVENT_INTR_LSC, nullptr);
			inbox.lock();
		} else if (!lost_ports_.empty()) {
			const std::uint16_t port = lost_ports_.back();
			lost_ports_.pop_back();
			inbox.unlock();
			on_port_destroyed(port);
			inbox.lock();
		} else if (scan_until_ > now_ms()) {
			inbox.unlock();
			{
				const config_guard guard(config_);
				attach_pending(false);
			}
			inbox.lock();
			inbox_wakes_.wait_for(inbox, std::chrono::milliseconds(scan_period_ms));
		} else {
			inbox_wakes_.wait(inbox);
		}
	}
}

void bond::deliver(const event &e) noexcept
{
	std::unique_lock inbox(inbox_);
	const std::vector<listener> told = listeners_;
	for (const listener &l : told) {
		if (std::find(listeners_.begin(), listeners_.end(), l) == listeners_.end())
			continue; // taken back while an earlier one was told
		calling_ = &l;
		inbox.unlock();
		l.call(port_, e, l.callback, l.arg);
		inbox.lock();
		calling_ = nullptr;
		call_ended_.notify_all();
	}
}

result<void> bond::add_listener(const listener &l) noexcept
{
	const std::lock_guard inbox(inbox_);
	if (std::find(listeners_.begin(), listeners_.end(), l) != listeners_.end())
		return error(EEXIST, "%s: this callback is registered already", device_name_);
	listeners_.push_back(l);
	return {};
}

result<void> bond::remove_listener(const listener &l) noexcept
{
	std::unique_lock inbox(inbox_);
	if (std::erase(listeners_, l) == 0)
		return error(ENOENT, "%s: this callback is not registered", device_name_);
	if (!on_worker_thread())
		call_ended_.wait(inbox, [&] { return calling_ == nullptr || !(*calling_ == l); });
	return {};
}

} // namespace braid
