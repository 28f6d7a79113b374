/* SPDX-License-Identifier: BSD-3-Clause */
// The life of a bond: open, configure, start, stop, close. Zero members is an ordinary case of each.
#include "bond.hpp"

#include "burst.hpp"
#include "clock.hpp"
#include "log.hpp"
#include "registry.hpp"

#include <algorithm>
#include <cstring>

#include <rte_random.h>

namespace braid {

bond::bond(rte_eth_dev *dev, const bond_settings &settings) noexcept
	: settings_(settings), port_(dev->data->port_id), dev_(dev), buckets_(std::make_unique<bucket_table>()),
	  weights_(settings.weights), mode_(settings.mode), policy_(settings.xmit_policy), all_members_active_(settings.all_members_active),
	  up_delay_ms_(settings.up_delay_ms), down_delay_ms_(settings.down_delay_ms), seed_(settings.seed ? *settings.seed : rte_rand()),
	  mac_policy_(settings.mac_policy), announce_times_(settings.announce),
	  announce_interval_ms_(settings.announce_interval_ms), primary_wish_(settings.primary), rules_(settings.rules)
{
	rte_strscpy(device_name_, dev->data->name, sizeof device_name_);
	failover_.set_delays(up_delay_ms_, down_delay_ms_);
	failover_.set_reselect(settings.primary_reselect);
	failover_.set_min_links(settings.min_links);
	if (settings.mac) {
		mac_ = *settings.mac;
		mac_chosen_ = true;
		mac_made_up_ = false;
	} else {
		rte_eth_random_addr(mac_.addr_bytes);
	}
	dev->data->mac_addrs[0] = mac_;
	wanted_.sharing = mode_ == mode::broadcast;

	const state_guard guard(state_);
	publish_directory();
	publish(last_, change::same_operation);
	update_link(last_);
}

bond::~bond()
{
	rcu::retire(std::unique_ptr<rcu::retirable>(snapshot_.exchange(nullptr)));
	rcu::retire(std::unique_ptr<rcu::retirable>(directory_.exchange(nullptr)));
}

result<void> bond::still_open() const noexcept
{
	if (closing_)
		return error(ENODEV, "%s is being closed", device_name_);
	return {};
}

result<void> bond::open() noexcept
{
	if (const int failed = rte_eth_dev_owner_new(&owner_.id))
		return error(-failed, "%s: no ethdev owner id: %s", device_name_, describe(failed));
	rte_strscpy(owner_.name, device_name_, sizeof owner_.name);

	{
		// Before anything retires a snapshot, and from a control thread, whose affinity the reclaimer inherits.
		auto starter = sdk::start_control_thread<&bond::start_reclaimer>("braid-rcu", this);
		if (!starter) {
			close();
			return starter.error();
		}
	}
	auto teller = sdk::start_control_thread<&bond::talk>("braid-tell", this);
	if (!teller) {
		close();
		return teller.error();
	}
	teller_ = std::move(*teller);
	auto worker = sdk::start_control_thread<&bond::work>("braid-work", this);
	if (!worker) {
		close();
		return worker.error();
	}
	worker_ = std::move(*worker);
	auto watcher = sdk::start_control_thread<&bond::watch>("braid-watch", this);
	if (!watcher) {
		close();
		return watcher.error();
	}
	watcher_ = std::move(*watcher);
	auto follower = sdk::start_control_thread<&bond::follow>("braid-follow", this);
	if (!follower) {
		close();
		return follower.error();
	}
	follower_ = std::move(*follower);

	if (settings_.pinning)
		if (result<void> pinned = set_pinning(true); !pinned) {
			const error why = pinned.error().in("pinning");
			close();
			return why;
		}
	for (const wanted_member &wanted : settings_.members)
		if (result<member_id> added = add(wanted.spec, wanted.options); !added) {
			const error why = added.error().in("member");
			close();
			return why;
		}
	{
		const config_guard guard(config_);
		attach_by_rules(attaching::everything);
	}
	made_ = true;
	return {};
}

bool bond::begin_close() noexcept
{
	const state_guard guard(state_);
	return !closing_.exchange(true);
}

void bond::close() noexcept
{
	begin_close();
	{
		const state_guard guard(state_);
		stop_watching_ = true;
	}
	watch_wakes_.notify_all();
	follow_wakes_.notify_all();
	{
		const std::lock_guard guard(inbox_);
		stop_working_ = true;
	}
	work_wakes_.notify_all();
	tell_wakes_.notify_all();
	caught_up_.notify_all();
	guards_.close(); // they are told how it ended, and by then nobody may have given up what they use
	watcher_.join();
	follower_.join();
	worker_.join();
	// An application may close the bond from a callback, which the teller runs: then it ends after this by itself.
	if (on_teller_thread())
		teller_.detach();
	else
		teller_.join();

	stop();
	{
		const config_guard guard(config_);
		for (const member_ptr &m : members())
			let_go(m);
		give_back_unused_ports();
		const state_guard state(state_);
		members_.clear();
		publish_directory();
		dev_ = nullptr;
	}
	rcu::wait_for_reclaim();
}

void bond::start_reclaimer() noexcept { rcu::start_reclaimer(); }

result<void> bond::can_do(member &m, const member_config &next) noexcept
{
	const std::lock_guard device(m.device);
	return m.claimed && !m.vanished ? m.claimed->check(next) : result<void>();
}

result<void> bond::configure() noexcept
{
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	attach_pending(attaching::everything);

	const rte_eth_dev_data &data = *dev_->data;
	member_config next = wanted_;
	next.rx_queues = data.nb_rx_queues;
	next.tx_queues = data.nb_tx_queues;
	next.rx.resize(next.rx_queues);
	next.tx.resize(next.tx_queues);
	next.conf = data.dev_conf;
	next.mtu = data.mtu;
	const auto key = sdk::rss_key(next.conf.rx_adv_conf.rss_conf);
	next.rss_key.assign(key.begin(), key.end());
	next.conf.rx_adv_conf.rss_conf.rss_key = nullptr; // the application's memory
	next.reta.clear();
	{
		const state_guard state(state_);
		next.sharing = mode_ == mode::broadcast;
	}
	if (next.sharing && (next.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0)
		return error(ENOTSUP, "%s: MBUF_FAST_FREE cannot be used in mode broadcast, whose members share mbufs",
		             device_name_);
	for (const member_ptr &m : members())
		if (result<void> able = can_do(*m, next); !able && !has_gone(m)) // or else it is no member for now, which hinders nobody
			return able.error().in("member %s", name_of(m->id).c_str());
	wanted_ = std::move(next);
	configured_ = true;
	refresh_reta_size();
	return {};
}

result<void> bond::start() noexcept
{
	rcu::bound_what_waits();
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	attach_pending(attaching::everything);
	const member_set all = members();
	for (const member_ptr &m : all)
		if (result<void> up = bring_up(*m); !up) {
			if (has_gone(m))
				continue; // it is no member for now, which hinders nobody
			for (const member_ptr &started : all)
				take_down(*started);
			return up.error().in("member %s", name_of(m->id).c_str());
		}
	for (const member_ptr &m : all)
		ask_link(*m, asking::waits);
	mac_chosen_ = true; // the application has seen it
	runs_ = true;
	{
		const state_guard state(state_);
		started_ = true;
		const time_ms now = now_ms(); // one moment for all: of links that come up together the primary's is first
		for (const member_ptr &m : all)
			if (m->state == member_state::claimed && !m->vanished)
				let_run(*m, now);
		republish();
		announcing_.give_up(); // who is the first to be active has failed over from nobody
	}
	settle_macs(); // now, so that the application finds it done
	return {};
}

void bond::stop() noexcept
{
	rcu::bound_what_waits();
	const config_guard guard(config_);
	if (!runs_)
		return;
	runs_ = false;
	{
		const state_guard state(state_);
		started_ = false;
		for (const member_ptr &m : members_)
			if (m->state == member_state::running) {
				m->state = member_state::claimed;
				failover_.set_running(m->id, false);
			}
		republish();
	}
	rcu::wait_for_readers();
	for (const member_ptr &m : members())
		take_down(*m);
}

result<void *> bond::set_up_rx_queue(std::uint16_t queue, const rx_queue_config &config) noexcept
{
	if (config.conf.rx_deferred_start != 0)
		return error(ENOTSUP, "receive queue %u: a bond's queues cannot be started one by one", queue);
	const config_guard guard(config_);
	if (queue >= wanted_.rx.size())
		wanted_.rx.resize(queue + 1u);
	wanted_.rx[queue] = config;
	const state_guard state(state_);
	if (queue >= rx_lanes_.size())
		rx_lanes_.resize(queue + 1u);
	if (!rx_lanes_[queue]) {
		rx_lanes_[queue] = std::make_unique<rx_lane>();
		rx_lanes_[queue]->queue = queue;
		rx_lanes_[queue]->published = &snapshot_;
	}
	return static_cast<void *>(rx_lanes_[queue].get());
}

result<void *> bond::set_up_tx_queue(std::uint16_t queue, const tx_queue_config &config) noexcept
{
	if (config.conf.tx_deferred_start != 0)
		return error(ENOTSUP, "transmit queue %u: a bond's queues cannot be started one by one", queue);
	const config_guard guard(config_);
	if (queue >= wanted_.tx.size())
		wanted_.tx.resize(queue + 1u);
	wanted_.tx[queue] = config;
	const state_guard state(state_);
	if (queue >= tx_lanes_.size())
		tx_lanes_.resize(queue + 1u);
	if (!tx_lanes_[queue]) {
		tx_lanes_[queue] = std::make_unique<tx_lane>();
		tx_lanes_[queue]->queue = queue;
		tx_lanes_[queue]->published = &snapshot_;
		look_boxes_.push_back(std::make_unique<look_box>());
		tx_lanes_[queue]->looks = look_boxes_.back().get();
	}
	return static_cast<void *>(tx_lanes_[queue].get());
}

std::optional<rx_queue_config> bond::rx_queue(std::uint16_t queue) noexcept
{
	const config_guard guard(config_);
	return queue < wanted_.rx.size() ? wanted_.rx[queue] : std::nullopt;
}

std::optional<tx_queue_config> bond::tx_queue(std::uint16_t queue) noexcept
{
	const config_guard guard(config_);
	return queue < wanted_.tx.size() ? wanted_.tx[queue] : std::nullopt;
}

member_set bond::members() noexcept
{
	const state_guard guard(state_);
	return member_set(members_);
}

} // namespace braid
