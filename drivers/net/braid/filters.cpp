/* SPDX-License-Identifier: BSD-3-Clause */
// Settings that all members share: each change reaches every running member, or none keeps it and the error names the one
// that refused. Members that join or start later are brought to the same by claimed_port::start.
#include "bond.hpp"

#include "log.hpp"

#include <algorithm>
#include <string_view>

namespace braid {

template <typename Change, typename Undo> result<void> bond::on_all_members(Change change, Undo undo) noexcept
{
	const member_set all = members();
	for (auto m = all.begin(); m != all.end(); ++m) {
		result<void> done;
		{
			const std::lock_guard device((*m)->device);
			if (!(*m)->claimed || !(*m)->claimed->runs() || (*m)->vanished)
				continue;
			done = change(*(*m)->claimed);
		}
		if (done || (*m)->vanished) // it is no member for now, which hinders nobody
			continue;
		const error why = done.error();
		// The one that refused is undone as well, since it may have done half; that it refuses the same again is no news.
		for (auto back = std::make_reverse_iterator(m + 1); back != std::make_reverse_iterator(all.begin()); ++back) {
			const std::lock_guard device((*back)->device);
			if (!(*back)->claimed || !(*back)->claimed->runs() || (*back)->vanished)
				continue;
			const result<void> undone = undo(*(*back)->claimed);
			if (undone || (*back == *m && std::string_view(undone.error().text()) == why.text()))
				continue;
			BRAID_LOG(ERR, "%s: member %s: taking back: %s", device_name_, name_of((*back)->id).c_str(),
			          undone.error().text());
		}
		return why.in("member %s", name_of((*m)->id).c_str());
	}
	return {};
}

result<void> bond::add_mac(const rte_ether_addr &mac) noexcept
{
	const config_guard guard(config_);
	const auto same = [&mac](const rte_ether_addr &known) { return rte_is_same_ether_addr(&known, &mac) != 0; };
	if (std::any_of(wanted_.extra_macs.begin(), wanted_.extra_macs.end(), same))
		return {};
	result<void> done = on_all_members([&](claimed_port &p) { return p.add_mac(mac); },
	                                   [&](claimed_port &p) { return p.remove_mac(mac); });
	if (done)
		wanted_.extra_macs.push_back(mac);
	return done;
}

result<void> bond::remove_mac(const rte_ether_addr &mac) noexcept
{
	const config_guard guard(config_);
	std::erase_if(wanted_.extra_macs,
	              [&mac](const rte_ether_addr &known) { return rte_is_same_ether_addr(&known, &mac) != 0; });
	// ethdev forgets the address whatever we answer, so one member that keeps it must not save it at the others.
	result<void> done;
	for (const member_ptr &m : members()) {
		const std::lock_guard device(m->device);
		if (!m->claimed || !m->claimed->runs() || m->vanished)
			continue;
		if (result<void> removed = m->claimed->remove_mac(mac); !removed)
			done = removed.error().in("member %s", name_of(m->id).c_str());
	}
	return done;
}

result<void> bond::set_mtu(std::uint16_t mtu) noexcept
{
	const config_guard guard(config_);
	const std::uint16_t before = wanted_.mtu;
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_mtu(mtu); },
	                                   [&](claimed_port &p) { return p.set_mtu(before); });
	if (done)
		wanted_.mtu = mtu;
	return done;
}

result<void> bond::set_promiscuous(bool on) noexcept
{
	const config_guard guard(config_);
	const bool before = wanted_.promiscuous;
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_promiscuous(on); },
	                                   [&](claimed_port &p) { return p.set_promiscuous(before); });
	if (done)
		wanted_.promiscuous = on;
	return done;
}

result<void> bond::set_allmulticast(bool on) noexcept
{
	const config_guard guard(config_);
	const bool before = wanted_.allmulticast;
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_allmulticast(on); },
	                                   [&](claimed_port &p) { return p.set_allmulticast(before); });
	if (done)
		wanted_.allmulticast = on;
	return done;
}

result<void> bond::set_vlan(std::uint16_t id, bool on) noexcept
{
	const config_guard guard(config_);
	const bool before = wanted_.vlans[id];
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_vlan(id, on); },
	                                   [&](claimed_port &p) { return p.set_vlan(id, before); });
	if (done)
		wanted_.vlans[id] = on;
	return done;
}

result<void> bond::set_vlan_offload(int) noexcept
{
	const config_guard guard(config_);
	const std::uint64_t before = wanted_.conf.rxmode.offloads;
	const std::uint64_t wanted = dev_->data->dev_conf.rxmode.offloads;
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_vlan_offloads(wanted, wanted_); },
	                                   [&](claimed_port &p) { return p.set_vlan_offloads(before, wanted_); });
	if (done)
		wanted_.conf.rxmode.offloads = wanted;
	return done;
}

result<void> bond::set_multicast(std::span<const rte_ether_addr> list) noexcept
{
	const config_guard guard(config_);
	const std::vector<rte_ether_addr> next(list.begin(), list.end());
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_multicast(next); },
	                                   [&](claimed_port &p) { return p.set_multicast(wanted_.multicast); });
	if (done)
		wanted_.multicast = next;
	return done;
}

result<void> bond::set_rss(const rte_eth_rss_conf &conf) noexcept
{
	const config_guard guard(config_);
	const auto given = sdk::rss_key(conf);
	const std::vector<std::uint8_t> key(given.begin(), given.end());
	result<void> done =
		on_all_members([&](claimed_port &p) { return p.set_rss(conf.rss_hf, key, wanted_); },
	                       [&](claimed_port &p) { return p.undo_rss(); });
	if (done) {
		wanted_.conf.rx_adv_conf.rss_conf.rss_hf = conf.rss_hf;
		if (!key.empty())
			wanted_.rss_key = key;
	}
	return done;
}

void bond::rss(rte_eth_rss_conf &conf) noexcept
{
	const config_guard guard(config_);
	conf.rss_hf = wanted_.conf.rx_adv_conf.rss_conf.rss_hf;
	if (conf.rss_key != nullptr && conf.rss_key_len >= wanted_.rss_key.size())
		std::copy(wanted_.rss_key.begin(), wanted_.rss_key.end(), conf.rss_key);
	conf.rss_key_len = static_cast<std::uint8_t>(wanted_.rss_key.size());
}

result<void> bond::set_reta(std::span<const rte_eth_rss_reta_entry64> table, std::uint16_t size) noexcept
{
	const config_guard guard(config_);
	// ethdev does not compare the size with the port's.
	if (size != wanted_.reta_size)
		return error(EINVAL, "%s: its redirection table has %u entries, not %u", device_name_, wanted_.reta_size,
		             size);
	member_config before = wanted_;
	if (before.reta.empty()) {
		// Entries the application leaves out keep what devices begin with: the queues in turn.
		before.reta.resize(table.size());
		for (unsigned i = 0; i < size; i++)
			before.reta[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
				static_cast<std::uint16_t>(before.rx_queues != 0 ? i % before.rx_queues : 0);
	}
	member_config next = before;
	for (unsigned i = 0; i < size; i++) {
		const auto &from = table[i / RTE_ETH_RETA_GROUP_SIZE];
		const unsigned at = i % RTE_ETH_RETA_GROUP_SIZE;
		if ((from.mask >> at & 1) != 0)
			next.reta[i / RTE_ETH_RETA_GROUP_SIZE].reta[at] = from.reta[at];
	}
	result<void> done = on_all_members([&](claimed_port &p) { return p.set_reta(next); },
	                                   [&](claimed_port &p) { return p.set_reta(before); });
	if (done)
		wanted_ = std::move(next);
	return done;
}

result<void> bond::reta(std::span<rte_eth_rss_reta_entry64> table, std::uint16_t size) noexcept
{
	const config_guard guard(config_);
	if (size != wanted_.reta_size)
		return error(EINVAL, "%s: its redirection table has %u entries, not %u", device_name_, wanted_.reta_size,
		             size);
	for (unsigned i = 0; i < size; i++) {
		auto &to = table[i / RTE_ETH_RETA_GROUP_SIZE];
		const unsigned at = i % RTE_ETH_RETA_GROUP_SIZE;
		if ((to.mask >> at & 1) == 0)
			continue;
		const unsigned in_turn = wanted_.rx_queues != 0 ? i % wanted_.rx_queues : 0;
		to.reta[at] = wanted_.reta.empty() ? static_cast<std::uint16_t>(in_turn)
		                                   : wanted_.reta[i / RTE_ETH_RETA_GROUP_SIZE].reta[at];
	}
	return {};
}

} // namespace braid
