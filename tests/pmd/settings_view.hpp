/* SPDX-License-Identifier: BSD-3-Clause */
// Settings as an application makes them on a bond, and as the bond and its members show them.
#pragma once

#include "port_view.hpp"
#include "test_bond.hpp"

#include <cstdint>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

namespace braid {

// port_view and what tells queues apart.
struct full_view {
	port_view port;
	std::uint64_t rss_hf;
	std::vector<std::uint8_t> rss_key;
	std::vector<std::uint16_t> reta;

	bool operator==(const full_view &) const = default;

	friend std::ostream &operator<<(std::ostream &to, const full_view &v)
	{
		return to << v.port << ", hash types " << std::hex << v.rss_hf << ", key begins " << +v.rss_key.at(0)
		          << ", table begins " << v.reta.at(0) << v.reta.at(1) << std::dec;
	}
};

inline full_view all_of(const fake_port &port) { return {look_at(port), port.rss_hf(), port.rss_key(), port.reta()}; }

// What an application finds on the bond itself.
struct bond_settings_view {
	std::string mac;
	std::uint16_t mtu = 0;
	int promiscuous = -1, allmulticast = -1, vlan_offload = -1;
	std::uint64_t rss_hf = 0;
	std::vector<std::uint16_t> reta;

	bool operator==(const bond_settings_view &) const = default;
};

inline std::vector<std::uint16_t> reta_of(std::uint16_t port, std::uint16_t size)
{
	std::vector<rte_eth_rss_reta_entry64> table(size / RTE_ETH_RETA_GROUP_SIZE);
	for (auto &group : table)
		group.mask = UINT64_MAX;
	EXPECT_EQ(rte_eth_dev_rss_reta_query(port, table.data(), size), 0);
	std::vector<std::uint16_t> entries;
	for (const auto &group : table)
		entries.insert(entries.end(), std::begin(group.reta), std::end(group.reta));
	return entries;
}

inline bond_settings_view settings_of(const test_bond &bond)
{
	bond_settings_view v;
	v.mac = mac_of(bond.port());
	EXPECT_EQ(rte_eth_dev_get_mtu(bond.port(), &v.mtu), 0);
	v.promiscuous = rte_eth_promiscuous_get(bond.port());
	v.allmulticast = rte_eth_allmulticast_get(bond.port());
	v.vlan_offload = rte_eth_dev_get_vlan_offload(bond.port());
	rte_eth_rss_conf rss{};
	EXPECT_EQ(rte_eth_dev_rss_hash_conf_get(bond.port(), &rss), 0);
	v.rss_hf = rss.rss_hf;
	v.reta = reta_of(bond.port(), 128);
	return v;
}

inline int update_reta(std::uint16_t port, std::uint16_t entry, std::uint16_t queue, std::uint16_t size = 128)
{
	std::vector<rte_eth_rss_reta_entry64> table(size / RTE_ETH_RETA_GROUP_SIZE);
	table[entry / RTE_ETH_RETA_GROUP_SIZE].mask = std::uint64_t{1} << (entry % RTE_ETH_RETA_GROUP_SIZE);
	table[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE] = queue;
	return rte_eth_dev_rss_reta_update(port, table.data(), size);
}

inline int update_rss(std::uint16_t port, std::uint64_t types, std::uint8_t key_byte)
{
	std::vector<std::uint8_t> key(40, key_byte);
	rte_eth_rss_conf conf{};
	conf.rss_key = key.data();
	conf.rss_key_len = 40;
	conf.rss_hf = types;
	return rte_eth_dev_rss_hash_update(port, &conf);
}

inline int set_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_default_mac_addr_set(port, &mac);
}

inline int add_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_mac_addr_add(port, &mac, 0);
}

inline int remove_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_mac_addr_remove(port, &mac);
}

inline rte_eth_dev_info info_of(std::uint16_t port)
{
	rte_eth_dev_info info{};
	EXPECT_EQ(rte_eth_dev_info_get(port, &info), 0);
	return info;
}

} // namespace braid
