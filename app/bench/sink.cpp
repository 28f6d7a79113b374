/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink.hpp"

#include "environment.hpp"
#include "sdk.hpp"

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_memcpy.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>
#include <type_traits>

namespace braid::bench {
namespace {

constexpr std::string_view label_key = "label", stamp_key = "stamp", silent_key = "silent";

struct alignas(RTE_CACHE_LINE_SIZE) rx_queue {
	rte_mbuf **source = nullptr;
	std::uint32_t count = 0;
	std::uint32_t at = 0;
	std::uint16_t per_burst = 0;
};

struct alignas(RTE_CACHE_LINE_SIZE) tx_queue {
	std::uint64_t sent = 0;
	std::atomic<std::uint64_t> first = 0; // when; set by the sender, put back to 0 by whoever measures
	std::uint16_t port = 0;
};

struct device {
	rte_ether_addr mac = {};
	std::array<rx_queue, sink_queues> rx;
	std::array<tx_queue, sink_queues> tx;
};

device &of(const rte_eth_dev *dev) { return sdk::private_of<device>(dev); }

std::uint16_t receive(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	auto &q = *static_cast<rx_queue *>(queue);
	n = std::min(n, q.per_burst);
	if (n == 0)
		return 0;
	if (q.at + n > q.count)
		q.at = 0;
	// In steps of 16 bytes, as drivers store them. memcpy()'s of 64 may cross cache lines, and whoever reads a pointer soon
	// after waits for both.
	rte_memcpy(pkts, q.source + q.at, n * sizeof *pkts);
	q.at += n;
	return n;
}

std::uint16_t send(void *queue, rte_mbuf **, std::uint16_t n) noexcept
{
	static_cast<tx_queue *>(queue)->sent += n;
	return n;
}

std::uint16_t send_and_label(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	auto &q = *static_cast<tx_queue *>(queue);
	for (unsigned k = 0; k < n; k++)
		pkts[k]->port = q.port;
	q.sent += n;
	return n;
}

std::uint16_t send_and_stamp(void *queue, rte_mbuf **, std::uint16_t n) noexcept
{
	auto &q = *static_cast<tx_queue *>(queue);
	if (q.first.load(std::memory_order_relaxed) == 0)
		q.first.store(rte_rdtsc(), std::memory_order_relaxed);
	q.sent += n;
	return n;
}

void show_link(rte_eth_dev *dev, bool up)
{
	rte_eth_link link = {};
	link.link_speed = RTE_ETH_SPEED_NUM_100G;
	link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	link.link_status = up ? RTE_ETH_LINK_UP : RTE_ETH_LINK_DOWN;
	sdk::set_link(dev, link);
}

int done(rte_eth_dev *) { return 0; }

int start(rte_eth_dev *dev)
{
	show_link(dev, true);
	return 0;
}

int infos_get(rte_eth_dev *, rte_eth_dev_info *info)
{
	info->max_rx_queues = sink_queues;
	info->max_tx_queues = sink_queues;
	info->max_mac_addrs = 1;
	info->min_rx_bufsize = 0;
	info->max_rx_pktlen = 9728;
	info->max_mtu = 9600;
	info->speed_capa = RTE_ETH_LINK_SPEED_100G;
	return 0;
}

int rx_queue_setup(rte_eth_dev *dev, std::uint16_t q, std::uint16_t, unsigned, const rte_eth_rxconf *, rte_mempool *)
{
	dev->data->rx_queues[q] = &of(dev).rx[q];
	return 0;
}

int tx_queue_setup(rte_eth_dev *dev, std::uint16_t q, std::uint16_t, unsigned, const rte_eth_txconf *)
{
	dev->data->tx_queues[q] = &of(dev).tx[q];
	return 0;
}

int stats_get(rte_eth_dev *dev, rte_eth_stats &stats, sdk::queue_stats &)
{
	for (const auto &q : of(dev).tx)
		stats.opackets += q.sent;
	return 0;
}

int mac_set(rte_eth_dev *, rte_ether_addr *) { return 0; }
int mtu_set(rte_eth_dev *, std::uint16_t) { return 0; }

// The status is kept by start() and sink::set_link().
int link_update(rte_eth_dev *, int) { return 0; }

int close(rte_eth_dev *dev)
{
	sdk::destroy_private<device>(dev);
	return 0;
}

// Filled by assignment: the order of its fields differs between releases.
const eth_dev_ops &ops()
{
	static const eth_dev_ops filled = [] {
		eth_dev_ops o = {};
		o.dev_configure = done;
		o.dev_start = start;
		o.dev_stop = done;
		o.dev_close = close;
		o.dev_infos_get = infos_get;
		o.rx_queue_setup = rx_queue_setup;
		o.tx_queue_setup = tx_queue_setup;
		o.stats_get = sdk::stats_get<stats_get>;
		o.link_update = link_update;
		o.promiscuous_enable = done;
		o.promiscuous_disable = done;
		o.allmulticast_enable = done;
		o.allmulticast_disable = done;
		o.mac_addr_set = mac_set;
		o.mtu_set = mtu_set;
		return o;
	}();
	return filled;
}

int probe(rte_vdev_device *vdev)
{
	sdk::probe_port<device> port(vdev);
	if (!port)
		return -ENOMEM;
	const std::uint16_t id = port->data->port_id;
	(*port).mac = {{0x02, 0x5e, 0, 0, 0, static_cast<std::uint8_t>(id)}};
	for (auto &q : (*port).tx)
		q.port = id;
	port->data->mac_addrs = &(*port).mac;
	port->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	const std::string_view args = rte_vdev_device_args(vdev);
	const auto has = [args](std::string_view key) { return args.find(key) != std::string_view::npos; };
	if (!has(silent_key))
		port->data->dev_flags |= RTE_ETH_DEV_INTR_LSC;
	port->dev_ops = &ops();
	port->rx_pkt_burst = receive;
	port->tx_pkt_burst = has(label_key) ? send_and_label : has(stamp_key) ? send_and_stamp : send;
	port.finish();
	return 0;
}

int remove(rte_vdev_device *vdev)
{
	rte_eth_dev *const dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));
	if (dev == nullptr)
		return 0;
	if (dev->data->dev_started == 0)
		return rte_eth_dev_close(dev->data->port_id);
	// Pulled out while it runs: whoever uses it lets go inside the event that this raises, before the memory goes.
	static_assert(std::is_trivially_destructible_v<device>);
	dev->data->mac_addrs = nullptr; // inside that memory
	return rte_eth_dev_release_port(dev);
}

rte_vdev_driver sink_driver = {.probe = probe, .remove = remove};

BRAID_REGISTER_VDEV("net_sink", sink_driver, "");

} // namespace

sink::sink(on_send what, link_events events) : what_(what), events_(events)
{
	// Never the same name twice: a bond may still remember the port that had it.
	static unsigned made = 0;
	name_ = "net_sink" + std::to_string(made++);
	plug();
}

sink::~sink() { unplug(); }

void sink::plug()
{
	std::string args;
	if (what_ == on_send::label)
		args += label_key;
	if (what_ == on_send::stamp)
		args += stamp_key;
	if (events_ == link_events::none)
		args += silent_key;
	if (rte_vdev_init(name_.c_str(), args.c_str()) != 0 || rte_eth_dev_get_port_by_name(name_.c_str(), &port_) != 0)
		give_up("no port for " + name_);
}

void sink::unplug() { rte_vdev_uninit(name_.c_str()); }

void sink::supply(std::span<rte_mbuf *> packets, std::uint16_t per_burst)
{
	for (auto &q : of(&rte_eth_devices[port_]).rx)
		q = {packets.data(), static_cast<std::uint32_t>(packets.size()), 0, per_burst};
}

std::uint64_t sink::sent() const
{
	rte_eth_stats stats = {};
	rte_eth_stats_get(port_, &stats);
	return stats.opackets;
}

std::uint64_t sink::first_send() const
{
	for (const auto &q : of(&rte_eth_devices[port_]).tx)
		if (const std::uint64_t at = q.first.load(std::memory_order_relaxed); at != 0)
			return at;
	return 0;
}

void sink::forget_first_send()
{
	for (auto &q : of(&rte_eth_devices[port_]).tx)
		q.first.store(0, std::memory_order_relaxed);
}

void sink::set_link(bool up)
{
	rte_eth_dev *const dev = &rte_eth_devices[port_];
	show_link(dev, up);
	if (events_ == link_events::raised)
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, nullptr);
}

} // namespace braid::bench
