/* SPDX-License-Identifier: BSD-3-Clause */
// What tests of membership compare and run: a port as anybody can see it, what a process has, and traffic that goes
// on meanwhile.
#pragma once

#include "fake_port.hpp"
#include "packet.hpp"

#include <rte_ethdev.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace braid {

// As in the fake port's diary.
inline std::string text_of(const rte_ether_addr &mac)
{
	const std::uint8_t *b = mac.addr_bytes;
	char text[RTE_ETHER_ADDR_FMT_SIZE];
	std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return text;
}

inline std::string mac_of(std::uint16_t port)
{
	rte_ether_addr mac{};
	EXPECT_EQ(rte_eth_macaddr_get(port, &mac), 0);
	return text_of(mac);
}

inline rte_ether_addr local_mac(std::uint8_t last) { return {{0x02, 0xb4, 0x1d, 0, 0, last}}; }

// "" for a port that nobody owns or that is not there (of which 22.11 must not be asked).
inline std::string owner_of(std::uint16_t port)
{
	rte_eth_dev_owner owner{};
	if (rte_eth_dev_is_valid_port(port) != 0)
		rte_eth_dev_owner_get(port, &owner);
	return owner.id == RTE_ETH_DEV_NO_OWNER ? "" : owner.name;
}

// Another owner, of one port, until it lets go.
class somebody {
public:
	explicit somebody(std::uint16_t port) : port_(port)
	{
		std::snprintf(owner_.name, sizeof owner_.name, "somebody");
		EXPECT_EQ(rte_eth_dev_owner_new(&owner_.id), 0);
		EXPECT_EQ(rte_eth_dev_owner_set(port_, &owner_), 0);
	}
	~somebody() { let_go(); }
	somebody(const somebody &) = delete;
	somebody &operator=(const somebody &) = delete;

	void let_go()
	{
		if (std::exchange(owns_, false)) {
			EXPECT_EQ(rte_eth_dev_owner_unset(port_, owner_.id), 0);
		}
	}

private:
	rte_eth_dev_owner owner_{};
	const std::uint16_t port_;
	bool owns_ = true;
};

// The ports that an application finds when it looks for some.
inline std::vector<std::uint16_t> visible_ports()
{
	std::vector<std::uint16_t> ports;
	std::uint16_t port;
	RTE_ETH_FOREACH_DEV(port)
	ports.push_back(port);
	return ports;
}

inline bool is_visible(std::uint16_t port)
{
	for (const std::uint16_t each : visible_ports())
		if (each == port)
			return true;
	return false;
}

// The ports there are, owned ones included.
inline unsigned port_count()
{
	unsigned ports = 0;
	for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++)
		ports += rte_eth_dev_is_valid_port(port) != 0;
	return ports;
}

inline std::ptrdiff_t thread_count()
{
	return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

// Everything of a port that a bond may change and has to give back.
struct port_view {
	std::string owner;
	std::string mac, mac_of_ethdev;
	std::vector<std::string> extra_macs, multicast;
	std::uint16_t mtu = 0, mtu_of_ethdev = 0;
	bool promiscuous = false, allmulticast = false;
	std::vector<std::uint16_t> vlans;
	bool started = false;

	bool operator==(const port_view &) const = default;

	friend std::ostream &operator<<(std::ostream &to, const port_view &v)
	{
		const auto list = [&to](const char *what, const auto &all) {
			to << ", " << what << " {";
			for (const auto &one : all)
				to << " " << one;
			to << " }";
		};
		to << "owner \"" << v.owner << "\", MAC " << v.mac << "/" << v.mac_of_ethdev << ", MTU " << v.mtu << "/"
		   << v.mtu_of_ethdev << ", promiscuous " << v.promiscuous << ", allmulticast " << v.allmulticast
		   << ", started " << v.started;
		list("extra MACs", v.extra_macs);
		list("multicast", v.multicast);
		list("VLANs", v.vlans);
		return to;
	}
};

inline port_view look_at(const fake_port &port)
{
	port_view v;
	v.owner = owner_of(port.port_id());
	v.mac = text_of(port.mac());
	v.mac_of_ethdev = mac_of(port.port_id());
	for (const rte_ether_addr &mac : port.extra_macs())
		v.extra_macs.push_back(text_of(mac));
	for (const rte_ether_addr &mac : port.mc_addresses())
		v.multicast.push_back(text_of(mac));
	v.mtu = port.mtu();
	EXPECT_EQ(rte_eth_dev_get_mtu(port.port_id(), &v.mtu_of_ethdev), 0);
	v.promiscuous = port.promiscuous();
	v.allmulticast = port.allmulticast();
	v.vlans = port.vlans();
	v.started = port.started();
	return v;
}

// The same view with what this op sets put as in `like`: for when the op was made to fail.
inline port_view except_for(port_view v, fake_op op, const port_view &like)
{
	switch (op) {
	case fake_op::stop:
		v.started = like.started;
		break;
	case fake_op::mac_set:
		v.mac = like.mac;
		v.mac_of_ethdev = like.mac_of_ethdev;
		break;
	case fake_op::mac_remove:
		v.extra_macs = like.extra_macs;
		break;
	case fake_op::mtu_set:
		v.mtu = like.mtu;
		v.mtu_of_ethdev = like.mtu_of_ethdev;
		break;
	case fake_op::promiscuous_off:
		v.promiscuous = like.promiscuous;
		break;
	case fake_op::allmulticast_off:
		v.allmulticast = like.allmulticast;
		break;
	case fake_op::vlan_filter:
		v.vlans = like.vlans;
		break;
	case fake_op::mc_list:
		v.multicast = like.multicast;
		break;
	default:
		ADD_FAILURE() << to_string(op) << " sets nothing that is seen";
	}
	return v;
}

// A bond's configuration and settings with nothing left at its default, so that a member that joins goes through every
// step there is; and a port that can follow.
inline fake_options able_port() { return {.rx_offload_capa = RTE_ETH_RX_OFFLOAD_VLAN_FILTER}; }

inline rte_eth_conf everything()
{
	rte_eth_conf conf{};
	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	return conf;
}

// On a port configured with everything() and two queues or more.
inline void set_everything(std::uint16_t port)
{
	rte_ether_addr mac = local_mac(1), extra = local_mac(2), another = local_mac(3);
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(port, &mac), 0);
	ASSERT_EQ(rte_eth_dev_mac_addr_add(port, &extra, 0), 0);
	ASSERT_EQ(rte_eth_dev_mac_addr_add(port, &another, 0), 0);
	ASSERT_EQ(rte_eth_dev_set_mtu(port, 1400), 0);
	ASSERT_EQ(rte_eth_promiscuous_enable(port), 0);
	ASSERT_EQ(rte_eth_allmulticast_enable(port), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(port, 7, 1), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(port, 4094, 1), 0);
	rte_ether_addr groups[] = {{{0x01, 0, 0x5e, 0, 0, 1}}, {{0x33, 0x33, 0, 0, 0, 1}}};
	ASSERT_EQ(rte_eth_dev_set_mc_addr_list(port, groups, 2), 0);
	rte_eth_rss_reta_entry64 table[2] = {};
	table[1].mask = 1;
	table[1].reta[0] = 1;
	ASSERT_EQ(rte_eth_dev_rss_reta_update(port, table, 128), 0);
}

// One forwarding thread: sends bursts of 8 and receives on one queue of a port, until it is stopped.
class traffic_thread {
public:
	explicit traffic_thread(std::uint16_t port, std::uint16_t queue = 0, std::uint32_t flows = 64)
		: thread_([this, port, queue, flows] { run(port, queue, flows); })
	{}
	~traffic_thread() { stop(); }
	traffic_thread(const traffic_thread &) = delete;
	traffic_thread &operator=(const traffic_thread &) = delete;

	void stop()
	{
		stop_ = true;
		if (thread_.joinable())
			thread_.join();
	}
	std::uint64_t sent() const { return sent_; }
	std::uint64_t received() const { return received_; }
	std::uint64_t rounds() const { return rounds_; }

	// Whether it goes round several times from now on: both bursts return.
	bool goes_on() const
	{
		const std::uint64_t before = rounds_;
		return eventually([&] { return rounds_ > before + 3; });
	}
	// Whether packets leave from now on.
	bool sends() const
	{
		const std::uint64_t before = sent_;
		return eventually([&] { return sent_ > before + 24; });
	}

private:
	void run(std::uint16_t port, std::uint16_t queue, std::uint32_t flows)
	{
		std::uint32_t next = 0;
		rte_mbuf *received[32];
		while (!stop_) {
			std::vector<rte_mbuf *> packets = make_burst(8, next, flows);
			next += 8;
			const std::uint16_t sent = rte_eth_tx_burst(port, queue, packets.data(), 8);
			rte_pktmbuf_free_bulk(packets.data() + sent, 8u - sent);
			sent_ += sent;
			const std::uint16_t got = rte_eth_rx_burst(port, queue, received, 32);
			rte_pktmbuf_free_bulk(received, got);
			received_ += got;
			rounds_++;
			std::this_thread::yield();
		}
	}

	std::atomic<bool> stop_{false};
	std::atomic<std::uint64_t> sent_{0}, received_{0}, rounds_{0};
	std::thread thread_; // last: it uses the others
};

// A claim about what does not happen: watches for it for a moment. Never a way to wait for a state.
template <typename Condition> bool stays_false(Condition condition)
{
	return !eventually(condition, std::chrono::milliseconds(50));
}

} // namespace braid
