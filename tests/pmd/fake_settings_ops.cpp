/* SPDX-License-Identifier: BSD-3-Clause */
// What the hardware of a fake port is told: addresses, filters, MTU, VLANs, RSS.
#include "fake_ops.hpp"

#include <algorithm>
#include <utility>

namespace braid::fake {
namespace {

int promiscuous_on(rte_eth_dev *dev)
{
	return change(dev, fake_op::promiscuous_on, {}, [](auto &hw) { hw.promiscuous = true; });
}

int promiscuous_off(rte_eth_dev *dev)
{
	return change(dev, fake_op::promiscuous_off, {}, [](auto &hw) { hw.promiscuous = false; });
}

int allmulticast_on(rte_eth_dev *dev)
{
	return change(dev, fake_op::allmulticast_on, {}, [](auto &hw) { hw.allmulticast = true; });
}

int allmulticast_off(rte_eth_dev *dev)
{
	return change(dev, fake_op::allmulticast_off, {}, [](auto &hw) { hw.allmulticast = false; });
}

int mac_set(rte_eth_dev *dev, rte_ether_addr *mac)
{
	if (of(dev).options.mac_in_halves)
		std::copy_n(mac->addr_bytes, RTE_ETHER_ADDR_LEN / 2, dev->data->mac_addrs[0].addr_bytes);
	return change(dev, fake_op::mac_set, text(*mac), [&](auto &hw) { hw.mac = *mac; });
}

int mac_add(rte_eth_dev *dev, rte_ether_addr *mac, std::uint32_t index, std::uint32_t)
{
	return change(dev, fake_op::mac_add, text(*mac), [&](auto &hw) {
		if (index == 0) // how ethdev restores the default address where the driver has no mac_set
			hw.mac = *mac;
		else
			hw.extra_macs[index] = *mac;
	});
}

void mac_remove(rte_eth_dev *dev, std::uint32_t index)
{
	const auto mac = text(dev->data->mac_addrs[index]);
	change(dev, fake_op::mac_remove, mac, [&](auto &hw) { hw.extra_macs.erase(index); });
}

int mc_list(rte_eth_dev *dev, rte_ether_addr *set, std::uint32_t n)
{
	return change(dev, fake_op::mc_list, text("%u", n), [&](auto &hw) { hw.mc_addresses.assign(set, set + n); });
}

int mtu_set(rte_eth_dev *dev, std::uint16_t mtu)
{
	op_call call(dev, fake_op::mtu_set, text("%u", mtu));
	if (call.refused())
		return call.status();
	if (call.owner.options.mtu_needs_stop && call.owner.running.load())
		return call.refuse(EBUSY);
	const std::lock_guard guard(call.owner.lock);
	call.owner.hw.mtu = mtu;
	return call.status();
}

int vlan_filter(rte_eth_dev *dev, std::uint16_t id, int on)
{
	return change(dev, fake_op::vlan_filter, text("%u %s", id, on ? "on" : "off"), [&](auto &hw) {
		if (on)
			hw.vlans.insert(id);
		else
			hw.vlans.erase(id);
	});
}

int vlan_offload(rte_eth_dev *dev, int mask)
{
	return change(dev, fake_op::vlan_offload, text("0x%x", mask), [](auto &) {});
}

int rss_hash_update(rte_eth_dev *dev, rte_eth_rss_conf *conf)
{
	const auto key = sdk::rss_key(*conf);
	const auto args = text("hf=0x%llx key=%zu", static_cast<unsigned long long>(conf->rss_hf), key.size());
	return change(dev, fake_op::rss_hash_update, args, [&](auto &hw) {
		hw.rss_hf = conf->rss_hf;
		if (!key.empty())
			hw.rss_key.assign(key.begin(), key.end());
	});
}

int rss_hash_conf_get(rte_eth_dev *dev, rte_eth_rss_conf *conf)
{
	return change(dev, fake_op::rss_hash_conf_get, {}, [&](auto &hw) {
		conf->rss_hf = hw.rss_hf;
		conf->rss_key_len = static_cast<std::uint8_t>(hw.rss_key.size());
		if (conf->rss_key != nullptr)
			std::copy(hw.rss_key.begin(), hw.rss_key.end(), conf->rss_key);
	});
}

// Calls visit(slot of the table, slot of the request) for each that the request selects.
template <typename Visit>
void for_each_selected(std::vector<std::uint16_t> &table, rte_eth_rss_reta_entry64 *request, Visit visit)
{
	for (std::size_t i = 0; i < table.size(); i++) {
		auto &group = request[i / RTE_ETH_RETA_GROUP_SIZE];
		const auto slot = i % RTE_ETH_RETA_GROUP_SIZE;
		if ((group.mask >> slot & 1) != 0)
			visit(table[i], group.reta[slot]);
	}
}

int reta_update(rte_eth_dev *dev, rte_eth_rss_reta_entry64 *request, std::uint16_t size)
{
	op_call call(dev, fake_op::reta_update, text("%u", size));
	if (call.refused())
		return call.status();
	const std::lock_guard guard(call.owner.lock);
	if (size != call.owner.hw.reta.size())
		return call.refuse(EINVAL);
	for_each_selected(call.owner.hw.reta, request, [](auto &mine, auto &theirs) { mine = theirs; });
	return 0;
}

int reta_query(rte_eth_dev *dev, rte_eth_rss_reta_entry64 *request, std::uint16_t size)
{
	op_call call(dev, fake_op::reta_query);
	if (call.refused())
		return call.status();
	const std::lock_guard guard(call.owner.lock);
	if (size != call.owner.hw.reta.size())
		return call.refuse(EINVAL);
	for_each_selected(call.owner.hw.reta, request, [](auto &mine, auto &theirs) { theirs = mine; });
	return 0;
}

} // namespace

void add_settings_ops(op_table &table)
{
	eth_dev_ops &ops = table.ops;
	table.add(fake_op::promiscuous_on, ops.promiscuous_enable, promiscuous_on);
	table.add(fake_op::promiscuous_off, ops.promiscuous_disable, promiscuous_off);
	table.add(fake_op::allmulticast_on, ops.allmulticast_enable, allmulticast_on);
	table.add(fake_op::allmulticast_off, ops.allmulticast_disable, allmulticast_off);
	table.add(fake_op::mac_set, ops.mac_addr_set, mac_set);
	table.add(fake_op::mac_add, ops.mac_addr_add, mac_add);
	table.add(fake_op::mac_remove, ops.mac_addr_remove, mac_remove);
	table.add(fake_op::mc_list, ops.set_mc_addr_list, mc_list);
	table.add(fake_op::mtu_set, ops.mtu_set, mtu_set);
	table.add(fake_op::vlan_filter, ops.vlan_filter_set, vlan_filter);
	table.add(fake_op::vlan_offload, ops.vlan_offload_set, vlan_offload);
	table.add(fake_op::rss_hash_update, ops.rss_hash_update, rss_hash_update);
	table.add(fake_op::rss_hash_conf_get, ops.rss_hash_conf_get, rss_hash_conf_get);
	table.add(fake_op::reta_update, ops.reta_update, reta_update);
	table.add(fake_op::reta_query, ops.reta_query, reta_query);
}

} // namespace braid::fake
