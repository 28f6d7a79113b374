/* SPDX-License-Identifier: BSD-3-Clause */
// Everything that can be seen of a bond and of its ports, as facts by name: a test takes it before and after, and says
// which of the facts may differ.
#pragma once

#include "port_view.hpp"
#include "test_bond.hpp"

#include <array>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace braid {

using world = std::map<std::string, std::string>;

inline std::string fact(const fake_port &port, const char *what) { return port.name() + " " + what; }

template <typename T> std::string text_of_value(const T &value)
{
	std::ostringstream out;
	out << value;
	return out.str();
}
template <typename T> std::string text_of_list(const std::vector<T> &values)
{
	std::ostringstream out;
	for (const T &value : values)
		out << +value << ' ';
	return out.str();
}
inline std::string text_of_list(const std::vector<rte_ether_addr> &macs)
{
	std::string all;
	for (const rte_ether_addr &mac : macs)
		all += text_of(mac) + ' ';
	return all;
}

// What the hardware of a port holds, and what ethdev believes of it. How it is configured is of interest while somebody
// uses it: nobody can take a configuration back.
inline void look_at(world &w, const fake_port &port)
{
	const port_view v = look_at(static_cast<const fake_port &>(port));
	w[fact(port, "owner")] = v.owner;
	w[fact(port, "started")] = text_of_value(v.started);
	w[fact(port, "MAC")] = v.mac;
	w[fact(port, "MAC of ethdev")] = v.mac_of_ethdev;
	w[fact(port, "extra MACs")] = text_of_list(port.extra_macs());
	w[fact(port, "multicast")] = text_of_list(port.mc_addresses());
	w[fact(port, "MTU")] = text_of_value(v.mtu);
	w[fact(port, "MTU of ethdev")] = text_of_value(v.mtu_of_ethdev);
	w[fact(port, "promiscuous")] = text_of_value(v.promiscuous);
	w[fact(port, "allmulticast")] = text_of_value(v.allmulticast);
	w[fact(port, "VLANs")] = text_of_list(v.vlans);
	if (!v.started)
		return;
	w[fact(port, "queues")] = text_of_value(port.rx_queues()) + "/" + text_of_value(port.tx_queues());
	w[fact(port, "offloads")] = text_of_value(port.rx_offloads()) + "/" + text_of_value(port.tx_offloads());
	w[fact(port, "VLAN offload")] = text_of_value(rte_eth_dev_get_vlan_offload(port.port_id()));
	w[fact(port, "hash types")] = text_of_value(port.rss_hf());
	w[fact(port, "hash key")] = text_of_list(port.rss_key());
	w[fact(port, "redirection table")] = text_of_list(port.reta());
}

// Of the bond: its members and what it has told ethdev. Costs no generation.
inline void look_at(world &w, const test_bond &bond)
{
	const std::uint16_t port = bond.port();
	const braid_info info = bond.info();
	w["bond mode"] = text_of_value(info.mode) + "/" + text_of_value(info.policy);
	w["bond options"] = "mac_policy " + text_of_value(info.mac_policy) + " min_links " + text_of_value(info.min_links) +
	                    " reselect " + text_of_value(info.primary_reselect) + " standby " + text_of_value(info.standby) +
	                    " member_name " + info.member_name;
	w["bond delays"] = text_of_value(info.up_delay_ms) + "/" + text_of_value(info.down_delay_ms);
	w["bond generation"] = text_of_value(info.generation);
	w["bond primary"] = text_of_value(info.primary);
	w["bond active"] = text_of_value(info.active);
	w["bond usable"] = text_of_value(info.usable);
	w["bond link"] = text_of_value(bond.link_up());
	std::ostringstream members;
	std::vector<std::uint32_t> ids(BRAID_MAX_MEMBERS);
	ids.resize(static_cast<std::size_t>(braid_members_get(port, ids.data(), BRAID_MAX_MEMBERS)));
	for (const std::uint32_t id : ids) {
		braid_member_info m{};
		m.size = sizeof m;
		EXPECT_EQ(braid_member_info_get(port, id, &m), 0) << braid_error_text();
		std::uint32_t found = BRAID_NO_MEMBER;
		EXPECT_EQ(braid_member_find(port, m.name, &found), 0) << braid_error_text();
		members << id << (found == id ? "=" : "is not found by ") << m.name << " on " << m.device << " port "
			<< m.port_id << " state " << m.state << " why_not "
			<< (m.state == BRAID_MEMBER_PENDING ? BRAID_WHY_NOT_PENDING : m.why_not) // or refused, of late
			<< " link " << +m.link_up
			<< (m.is_primary != 0 ? " primary" : "") << (m.is_active != 0 ? " active" : "") << " role " << m.role
			<< " priority " << m.priority << " sticky " << +m.sticky << " enabled " << +m.enabled << " weight "
			<< m.weight << "; ";
	}
	w["bond members"] = members.str();
	w["bond MAC"] = mac_of(port);
	std::uint16_t mtu = 0;
	EXPECT_EQ(rte_eth_dev_get_mtu(port, &mtu), 0);
	w["bond MTU"] = text_of_value(mtu);
	std::array<rte_ether_addr, 32> macs{};
	EXPECT_GT(rte_eth_macaddrs_get(port, macs.data(), macs.size()), 0);
	w["bond MACs"] = text_of_list(std::vector(macs.begin(), macs.end()));
	w["bond promiscuous"] = text_of_value(rte_eth_promiscuous_get(port));
	w["bond allmulticast"] = text_of_value(rte_eth_allmulticast_get(port));
	w["bond VLAN offload"] = text_of_value(rte_eth_dev_get_vlan_offload(port));
	rte_eth_dev_info offers{};
	EXPECT_EQ(rte_eth_dev_info_get(port, &offers), 0);
	w["bond capabilities"] = text_of_value(offers.max_rx_queues) + "/" + text_of_value(offers.max_tx_queues) + " " +
	                         text_of_value(offers.rx_offload_capa) + "/" + text_of_value(offers.tx_offload_capa) +
	                         " " + text_of_value(offers.min_mtu) + "-" + text_of_value(offers.max_mtu) + " table " +
	                         text_of_value(offers.reta_size) + " key " + text_of_value(+offers.hash_key_size);
	std::vector<std::uint8_t> key(offers.hash_key_size);
	rte_eth_rss_conf rss{};
	rss.rss_key = key.data();
	rss.rss_key_len = offers.hash_key_size;
	EXPECT_EQ(rte_eth_dev_rss_hash_conf_get(port, &rss), 0);
	w["bond hash types"] = text_of_value(rss.rss_hf);
	w["bond hash key"] = text_of_list(key);
	std::vector<rte_eth_rss_reta_entry64> table(offers.reta_size / RTE_ETH_RETA_GROUP_SIZE);
	std::string entries;
	for (auto &group : table)
		group.mask = UINT64_MAX;
	EXPECT_EQ(rte_eth_dev_rss_reta_query(port, table.data(), offers.reta_size), 0);
	for (const auto &group : table)
		entries += text_of_list(std::vector(std::begin(group.reta), std::end(group.reta)));
	w["bond redirection table"] = entries;
}

// "net_fake3 MTU: was 1400, is 1500" for each fact that differs and is not among those that may.
inline std::vector<std::string> differences(const world &was, const world &is, const std::set<std::string> &may = {})
{
	std::vector<std::string> all;
	const auto value = [](const world &w, const std::string &key) {
		const auto found = w.find(key);
		return found != w.end() ? found->second : std::string("(nothing)");
	};
	std::set<std::string> keys;
	for (const world *w : {&was, &is})
		for (const auto &[key, text] : *w)
			keys.insert(key);
	for (const std::string &key : keys)
		if (value(was, key) != value(is, key) && may.count(key) == 0)
			all.push_back(key + ": was " + value(was, key) + ", is " + value(is, key));
	return all;
}

inline bool differ(const world &was, const world &is, const std::set<std::string> &facts)
{
	for (const std::string &key : facts)
		if ((was.count(key) != 0 ? was.at(key) : "") != (is.count(key) != 0 ? is.at(key) : ""))
			return true;
	return false;
}

// Which port sends each of a few flows. The packets are made once, so that it costs nothing to ask; ports must be sinks.
class flow_probe {
public:
	static constexpr unsigned flow_count = 32;

	flow_probe(std::uint16_t bond_port, std::uint16_t queue, std::vector<const fake_port *> ports)
		: bond_port_(bond_port), queue_(queue), ports_(std::move(ports))
	{
		for (unsigned flow = 0; flow < flow_count; flow++)
			packets_.push_back(make_packet(udp_flow(flow)));
	}
	~flow_probe() { free_all(packets_); }
	flow_probe(const flow_probe &) = delete;
	flow_probe &operator=(const flow_probe &) = delete;

	// "0 2 1 ...": for each flow the place of its port; '-' for one that nobody sends.
	std::string placement() const
	{
		std::string all;
		for (rte_mbuf *packet : packets_) {
			const std::vector<std::uint64_t> before = counts();
			rte_mbuf_refcnt_update(packet, 1); // the sink gives it up
			if (rte_eth_tx_burst(bond_port_, queue_, &packet, 1) == 0)
				rte_mbuf_refcnt_update(packet, -1);
			const std::vector<std::uint64_t> after = counts();
			std::string who;
			for (std::size_t i = 0; i < ports_.size(); i++)
				if (after[i] != before[i])
					who += std::to_string(i);
			all += (who.empty() ? "-" : who) + " ";
		}
		return all;
	}

private:
	std::vector<std::uint64_t> counts() const
	{
		std::vector<std::uint64_t> all;
		for (const fake_port *port : ports_)
			all.push_back(port->tx_packets(queue_));
		return all;
	}

	const std::uint16_t bond_port_, queue_;
	const std::vector<const fake_port *> ports_;
	std::vector<rte_mbuf *> packets_;
};

} // namespace braid
