/* SPDX-License-Identifier: BSD-3-Clause */
// A fake port without a bond: brought up, sent to and asked as an application would.
#pragma once

#include "fake_port.hpp"
#include "harness.hpp"
#include "packet.hpp"

#include <rte_ethdev.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace braid {

inline constexpr std::uint16_t descriptors = 64;

// Configures `queues` queues each way and starts. Returns the first failure.
inline int bring_up(const fake_port &port, std::uint16_t queues = 1, const rte_eth_conf &conf = {})
{
	const auto id = port.port_id();
	int status = rte_eth_dev_configure(id, queues, queues, &conf);
	for (std::uint16_t q = 0; q < queues && status == 0; q++) {
		status = rte_eth_rx_queue_setup(id, q, descriptors, SOCKET_ID_ANY, nullptr, eal_mempool());
		if (status == 0)
			status = rte_eth_tx_queue_setup(id, q, descriptors, SOCKET_ID_ANY, nullptr);
	}
	return status != 0 ? status : rte_eth_dev_start(id);
}

inline rte_eth_conf with_interrupts(bool lsc, bool rmv)
{
	rte_eth_conf conf{};
	conf.intr_conf.lsc = lsc;
	conf.intr_conf.rmv = rmv;
	return conf;
}

inline bool link_is_up(const fake_port &port)
{
	rte_eth_link link;
	std::memset(&link, 0, sizeof link);
	EXPECT_EQ(rte_eth_link_get_nowait(port.port_id(), &link), 0);
	return link.link_status == RTE_ETH_LINK_UP;
}

// Sends, and gives back to the pool what was refused. Returns what was accepted.
inline std::uint16_t send(const fake_port &port, std::vector<rte_mbuf *> packets, std::uint16_t queue = 0)
{
	const auto n = static_cast<std::uint16_t>(packets.size());
	const auto sent = rte_eth_tx_burst(port.port_id(), queue, packets.data(), n);
	packets.erase(packets.begin(), packets.begin() + sent);
	free_all(packets);
	return sent;
}

inline std::vector<rte_mbuf *> receive(const fake_port &port, std::uint16_t n, std::uint16_t queue = 0)
{
	std::vector<rte_mbuf *> packets(n);
	packets.resize(rte_eth_rx_burst(port.port_id(), queue, packets.data(), n));
	return packets;
}

// Counts the events of one kind on every port, from construction to destruction.
class event_counter {
public:
	explicit event_counter(rte_eth_event_type type) : type_(type)
	{
		rte_eth_dev_callback_register(RTE_ETH_ALL, type_, on_event, this);
	}
	~event_counter() { rte_eth_dev_callback_unregister(RTE_ETH_ALL, type_, on_event, this); }
	event_counter(const event_counter &) = delete;
	event_counter &operator=(const event_counter &) = delete;

	unsigned seen() const { return seen_.load(); }

private:
	static int on_event(std::uint16_t, rte_eth_event_type, void *self, void *)
	{
		static_cast<event_counter *>(self)->seen_.fetch_add(1);
		return 0;
	}

	rte_eth_event_type type_;
	std::atomic<unsigned> seen_{0};
};

inline bool same(const rte_ether_addr &a, const rte_ether_addr &b) { return rte_is_same_ether_addr(&a, &b) != 0; }

} // namespace braid
