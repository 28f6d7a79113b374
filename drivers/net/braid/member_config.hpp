/* SPDX-License-Identifier: BSD-3-Clause */
// What the bond was asked for, and what every member is therefore brought to.
#pragma once

#include "sdk.hpp"

#include <array>
#include <bitset>
#include <optional>
#include <vector>

namespace braid {

struct rx_queue_config {
	std::uint16_t descriptors = 0;
	unsigned socket = 0;
	rte_eth_rxconf conf{};
	rte_mempool *pool = nullptr;
};

struct tx_queue_config {
	std::uint16_t descriptors = 0;
	unsigned socket = 0;
	rte_eth_txconf conf{};
};

// Most MAC addresses of the bond, the default one included.
inline constexpr unsigned max_macs = 32;

// Guarded by the bond's configuration lock. Queue q here is queue q of the bond and of every member.
struct member_config {
	std::uint16_t rx_queues = 0;
	std::uint16_t tx_queues = 0;
	rte_eth_conf conf{};
	std::vector<std::uint8_t> rss_key; // empty: each driver's own
	std::vector<std::optional<rx_queue_config>> rx;
	std::vector<std::optional<tx_queue_config>> tx;

	std::uint16_t mtu = RTE_ETHER_MTU;
	bool promiscuous = false;
	bool allmulticast = false;
	std::bitset<RTE_ETHER_MAX_VLAN_ID + 1> vlans;
	std::vector<rte_ether_addr> extra_macs;
	std::vector<rte_ether_addr> multicast;
	std::vector<rte_eth_rss_reta_entry64> reta; // of reta_size entries; empty: never set
	std::uint16_t reta_size = 0;
	bool spare_tx_queue = false; // for announcements: one more where the device has it
	bool sharing = false; // broadcast: one mbuf is sent by several members, so FAST_FREE must not reach them
};

} // namespace braid
