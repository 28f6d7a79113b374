/* SPDX-License-Identifier: BSD-3-Clause */
// The fake port as DPDK sees it: a driver on the vdev bus and the device ops. The only file of the fake that
// knows the driver side of DPDK, through the same header as the product, which absorbs the differences
// between releases.
#include "fake_device.hpp"

#include "sdk.hpp"

#include <rte_malloc.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <span>
#include <utility>

namespace braid {
namespace {

using device = fake_port::device;

constexpr std::uint16_t max_descriptors = 4096;
constexpr std::uint16_t descriptor_step = 8;
constexpr std::uint32_t frame_overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

// Only this pointer lives in dev_private, which ethdev frees; and the ops, since each port may lack others.
struct private_data {
	device *owner;
	eth_dev_ops ops;
};

device &of(const rte_eth_dev *dev) { return *static_cast<private_data *>(dev->data->dev_private)->owner; }

// An op from its first line to its return.
class op_call {
public:
	op_call(const rte_eth_dev *dev, fake_op op, std::string args = {})
		: owner(of(dev)), op_(op), how_(owner.enter(op, std::move(args)))
	{}
	~op_call() { owner.leave(op_, how_); }
	op_call(const op_call &) = delete;
	op_call &operator=(const op_call &) = delete;

	bool refused() const { return how_.status != 0 && !how_.carried_out; }
	int status() const { return how_.status; }
	int refuse(int error)
	{
		how_.status = -error;
		return how_.status;
	}

	device &owner;

private:
	fake_op op_;
	device::entry how_;
};

template <typename... Args> std::string text(const char *format, Args... args)
{
	char buffer[96];
	std::snprintf(buffer, sizeof buffer, format, args...);
	return buffer;
}

std::string text(const rte_ether_addr &a)
{
	const auto *b = a.addr_bytes;
	return text("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

// For an op that only changes what the hardware holds: the frame, and the change under the lock.
template <typename Change> int change(rte_eth_dev *dev, fake_op op, std::string args, Change apply)
{
	const op_call call(dev, op, std::move(args));
	if (call.refused())
		return call.status();
	const std::lock_guard guard(call.owner.lock);
	apply(call.owner.hw);
	return call.status();
}

int configure(rte_eth_dev *dev)
{
	const auto *data = dev->data;
	const op_call call(dev, fake_op::configure, text("rx=%u tx=%u", data->nb_rx_queues, data->nb_tx_queues));
	if (call.refused())
		return call.status();
	const auto &conf = data->dev_conf;
	device &owner = call.owner;
	const std::lock_guard guard(owner.lock);
	auto &hw = owner.hw;
	hw.configured = true;
	hw.rx_queues = data->nb_rx_queues;
	hw.tx_queues = data->nb_tx_queues;
	hw.rx_offloads = conf.rxmode.offloads;
	hw.tx_offloads = conf.txmode.offloads;
	hw.lsc = conf.intr_conf.lsc;
	hw.rmv = conf.intr_conf.rmv;
	hw.mtu = data->mtu;
	for (std::size_t i = 0; i < hw.reta.size(); i++)
		hw.reta[i] = static_cast<std::uint16_t>(hw.rx_queues > 0 ? i % hw.rx_queues : 0);
	const auto &rss = conf.rx_adv_conf.rss_conf;
	hw.rss_hf = (conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) != 0 ? rss.rss_hf : 0;
	const auto key = sdk::rss_key(rss);
	if (hw.rss_hf != 0 && !key.empty())
		hw.rss_key.assign(key.begin(), key.end());
	owner.fast_free.store((hw.tx_offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0);
	return 0;
}

bool all_set_up(device &owner)
{
	const std::lock_guard guard(owner.lock);
	bool all = true;
	for (unsigned i = 0; i < owner.hw.rx_queues; i++)
		all = all && owner.rx[i]->descriptors.load() != 0;
	for (unsigned i = 0; i < owner.hw.tx_queues; i++)
		all = all && owner.tx[i]->descriptors.load() != 0;
	return all;
}

void mark_queues(rte_eth_dev *dev, std::uint8_t state)
{
	std::fill_n(dev->data->rx_queue_state, dev->data->nb_rx_queues, state);
	std::fill_n(dev->data->tx_queue_state, dev->data->nb_tx_queues, state);
}

int start(rte_eth_dev *dev)
{
	op_call call(dev, fake_op::start);
	if (call.refused())
		return call.status();
	device &owner = call.owner;
	if (!all_set_up(owner)) {
		owner.violate("start without all queues set up");
		return call.refuse(EINVAL);
	}
	{
		const std::lock_guard guard(owner.lock);
		owner.hw.replaying = true;
		if (owner.options.stats_reset_on_start)
			owner.reset_counters();
	}
	mark_queues(dev, RTE_ETH_QUEUE_STATE_STARTED);
	owner.run();
	fake_show_link(owner);
	return 0;
}

int stop(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::stop);
	if (call.refused())
		return call.status();
	device &owner = call.owner;
	owner.halt("stop");
	{
		const std::lock_guard guard(owner.lock);
		owner.hw.replaying = false;
	}
	mark_queues(dev, RTE_ETH_QUEUE_STATE_STOPPED);
	fake_show_link(owner);
	owner.trap_fast_path();
	return 0;
}

// ethdev gives the port away after this, whatever is returned.
int close(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::close);
	device &owner = call.owner;
	owner.presence.store(fake_presence::absent);
	owner.halt("close");
	owner.port.store(RTE_MAX_ETHPORTS);
	return call.status();
}

int link_update(rte_eth_dev *dev, int)
{
	device &owner = of(dev);
	{
		const std::lock_guard guard(owner.lock);
		owner.last_link_query = std::this_thread::get_id();
	}
	const op_call call(dev, fake_op::link_update);
	std::this_thread::sleep_for(std::chrono::milliseconds(owner.link_latency_ms.load()));
	if (call.refused())
		return call.status();
	return sdk::set_link(dev, owner.link()) ? 0 : -1;
}

int is_removed(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::is_removed);
	return call.owner.gone() || call.owner.presence.load() == fake_presence::leaving ? 1 : 0;
}

int link_up(rte_eth_dev *dev)
{
	return change(dev, fake_op::link_up, {}, [](auto &hw) { hw.administrative_up = true; });
}

int link_down(rte_eth_dev *dev)
{
	return change(dev, fake_op::link_down, {}, [](auto &hw) { hw.administrative_up = false; });
}

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

int stats_get(rte_eth_dev *dev, rte_eth_stats &stats, sdk::queue_stats &per_queue)
{
	const op_call call(dev, fake_op::stats_get);
	if (call.refused())
		return call.status();
	device &owner = call.owner;
	const std::lock_guard guard(owner.lock);
	for (std::size_t i = 0; i < std::max(owner.rx.size(), owner.tx.size()); i++) {
		sdk::queue_counters now{};
		if (i < owner.rx.size()) {
			now.rx_packets = owner.rx[i]->packets.get() - owner.rx[i]->packets_base;
			now.rx_bytes = owner.rx[i]->bytes.get() - owner.rx[i]->bytes_base;
		}
		if (i < owner.tx.size()) {
			now.tx_packets = owner.tx[i]->packets.get() - owner.tx[i]->packets_base;
			now.tx_bytes = owner.tx[i]->bytes.get() - owner.tx[i]->bytes_base;
		}
		stats.ipackets += now.rx_packets;
		stats.ibytes += now.rx_bytes;
		stats.opackets += now.tx_packets;
		stats.obytes += now.tx_bytes;
		per_queue.set(static_cast<unsigned>(i), now);
	}
	stats.imissed = owner.errors.imissed;
	stats.ierrors = owner.errors.ierrors;
	stats.oerrors = owner.errors.oerrors;
	stats.rx_nombuf = owner.errors.rx_nombuf;
	return 0;
}

int rx_queue_count(void *queue) { return static_cast<int>(static_cast<device::rx_queue *>(queue)->pending()); }

int stats_reset(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::stats_reset);
	if (call.refused())
		return call.status();
	const std::lock_guard guard(call.owner.lock);
	call.owner.reset_counters();
	return 0;
}

constexpr std::array<const char *, 3> xstat_names = {"fake_rx_bursts", "fake_tx_bursts", "fake_tx_refused"};

int xstats_get(rte_eth_dev *dev, rte_eth_xstat *values, unsigned n)
{
	const op_call call(dev, fake_op::xstats_get);
	if (call.refused())
		return call.status();
	if (values == nullptr || n < xstat_names.size())
		return static_cast<int>(xstat_names.size());
	std::array<std::uint64_t, xstat_names.size()> sums{};
	for (const auto &q : call.owner.rx)
		sums[0] += q->bursts.get();
	for (const auto &q : call.owner.tx) {
		sums[1] += q->bursts.get();
		sums[2] += q->refused.get();
	}
	for (std::size_t i = 0; i < sums.size(); i++)
		values[i] = {i, sums[i]};
	return static_cast<int>(sums.size());
}

int xstats_names(rte_eth_dev *dev, rte_eth_xstat_name *names, unsigned n)
{
	const op_call call(dev, fake_op::xstats_names);
	if (call.refused())
		return call.status();
	for (std::size_t i = 0; names != nullptr && n >= xstat_names.size() && i < xstat_names.size(); i++)
		std::snprintf(names[i].name, sizeof names[i].name, "%s", xstat_names[i]);
	return static_cast<int>(xstat_names.size());
}

int xstats_reset(rte_eth_dev *dev)
{
	return change(dev, fake_op::xstats_reset, {}, [](auto &) {});
}

int infos_get(rte_eth_dev *dev, rte_eth_dev_info *info)
{
	const op_call call(dev, fake_op::infos_get);
	if (call.refused())
		return call.status();
	const auto &o = call.owner.options;
	info->max_rx_queues = o.max_rx_queues;
	info->max_tx_queues = o.max_tx_queues;
	info->rx_offload_capa = o.rx_offload_capa | o.rx_queue_offload_capa;
	info->tx_offload_capa = o.tx_offload_capa | o.tx_queue_offload_capa;
	info->rx_queue_offload_capa = o.rx_queue_offload_capa;
	info->tx_queue_offload_capa = o.tx_queue_offload_capa;
	info->reta_size = o.reta_size;
	info->hash_key_size = o.hash_key_size;
	info->flow_type_rss_offloads = o.flow_type_rss_offloads;
	info->min_mtu = o.min_mtu;
	info->max_mtu = o.max_mtu;
	info->max_rx_pktlen = o.max_mtu + frame_overhead;
	info->max_mac_addrs = o.max_mac_addrs;
	info->speed_capa = RTE_ETH_LINK_SPEED_10G;
	info->rx_desc_lim.nb_min = o.min_descriptors;
	info->rx_desc_lim.nb_max = max_descriptors;
	info->rx_desc_lim.nb_align = descriptor_step;
	info->tx_desc_lim.nb_min = o.min_descriptors;
	info->tx_desc_lim.nb_max = max_descriptors;
	info->tx_desc_lim.nb_align = descriptor_step;
	return 0;
}

constexpr std::array<std::uint32_t, 6> ptypes = {RTE_PTYPE_L2_ETHER, RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV6,
                                                 RTE_PTYPE_L4_TCP,   RTE_PTYPE_L4_UDP,  RTE_PTYPE_UNKNOWN};

std::span<const std::uint32_t> ptypes_get(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::ptypes_get);
	return ptypes;
}

int rx_queue_setup(rte_eth_dev *dev, std::uint16_t index, std::uint16_t descriptors, unsigned, const rte_eth_rxconf *,
                   rte_mempool *)
{
	const op_call call(dev, fake_op::rx_queue_setup, text("%u desc=%u", index, descriptors));
	if (call.refused())
		return call.status();
	auto &queue = *call.owner.rx[index];
	call.owner.note_inside(queue, "rx queue setup");
	queue.descriptors.store(descriptors);
	dev->data->rx_queues[index] = &queue;
	return 0;
}

int tx_queue_setup(rte_eth_dev *dev, std::uint16_t index, std::uint16_t descriptors, unsigned, const rte_eth_txconf *)
{
	const op_call call(dev, fake_op::tx_queue_setup, text("%u desc=%u", index, descriptors));
	if (call.refused())
		return call.status();
	auto &queue = *call.owner.tx[index];
	call.owner.note_inside(queue, "tx queue setup");
	queue.descriptors.store(descriptors);
	dev->data->tx_queues[index] = &queue;
	return 0;
}

void rx_queue_release(rte_eth_dev *dev, std::uint16_t index)
{
	const op_call call(dev, fake_op::rx_queue_release);
	call.owner.note_inside(*call.owner.rx[index], "rx queue release");
	call.owner.rx[index]->descriptors.store(0);
}

void tx_queue_release(rte_eth_dev *dev, std::uint16_t index)
{
	const op_call call(dev, fake_op::tx_queue_release);
	call.owner.note_inside(*call.owner.tx[index], "tx queue release");
	call.owner.tx[index]->descriptors.store(0);
}

void rxq_info(rte_eth_dev *dev, std::uint16_t index, rte_eth_rxq_info *info)
{
	const op_call call(dev, fake_op::rxq_info);
	info->nb_desc = call.owner.rx[index]->descriptors.load();
}

void txq_info(rte_eth_dev *dev, std::uint16_t index, rte_eth_txq_info *info)
{
	const op_call call(dev, fake_op::txq_info);
	info->nb_desc = call.owner.tx[index]->descriptors.load();
	info->conf.tx_rs_thresh = call.owner.options.tx_rs_thresh;
}

int tx_done_cleanup(void *opaque, std::uint32_t)
{
	auto &queue = *static_cast<device::tx_queue *>(opaque);
	queue.owner->counts[index_of(fake_op::tx_done_cleanup)]++;
	const std::lock_guard guard(queue.kept_lock);
	queue.collect();
	return static_cast<int>(std::exchange(queue.cleaned, 0));
}

// One by one, since the order of the fields differs between releases; without those that the port is to lack.
void fill(eth_dev_ops &ops, const std::vector<fake_op> &absent)
{
	std::size_t lacking = 0;
	const auto add = [&](fake_op op, auto &slot, auto function) {
		const bool lacks = std::find(absent.begin(), absent.end(), op) != absent.end();
		lacking += lacks;
		slot = lacks ? nullptr : function;
	};
	ops.dev_configure = configure;
	ops.dev_start = start;
	ops.dev_stop = stop;
	ops.dev_close = close;
	ops.dev_infos_get = infos_get;
	ops.rx_queue_setup = rx_queue_setup;
	ops.tx_queue_setup = tx_queue_setup;
	ops.rx_queue_release = rx_queue_release;
	ops.tx_queue_release = tx_queue_release;
	add(fake_op::link_up, ops.dev_set_link_up, link_up);
	add(fake_op::link_down, ops.dev_set_link_down, link_down);
	add(fake_op::link_update, ops.link_update, link_update);
	add(fake_op::is_removed, ops.is_removed, is_removed);
	add(fake_op::promiscuous_on, ops.promiscuous_enable, promiscuous_on);
	add(fake_op::promiscuous_off, ops.promiscuous_disable, promiscuous_off);
	add(fake_op::allmulticast_on, ops.allmulticast_enable, allmulticast_on);
	add(fake_op::allmulticast_off, ops.allmulticast_disable, allmulticast_off);
	add(fake_op::mac_set, ops.mac_addr_set, mac_set);
	add(fake_op::mac_add, ops.mac_addr_add, mac_add);
	add(fake_op::mac_remove, ops.mac_addr_remove, mac_remove);
	add(fake_op::mc_list, ops.set_mc_addr_list, mc_list);
	add(fake_op::mtu_set, ops.mtu_set, mtu_set);
	add(fake_op::vlan_filter, ops.vlan_filter_set, vlan_filter);
	add(fake_op::vlan_offload, ops.vlan_offload_set, vlan_offload);
	add(fake_op::rss_hash_update, ops.rss_hash_update, rss_hash_update);
	add(fake_op::rss_hash_conf_get, ops.rss_hash_conf_get, rss_hash_conf_get);
	add(fake_op::reta_update, ops.reta_update, reta_update);
	add(fake_op::reta_query, ops.reta_query, reta_query);
	add(fake_op::stats_get, ops.stats_get, sdk::stats_get<stats_get>);
	add(fake_op::stats_reset, ops.stats_reset, stats_reset);
	add(fake_op::xstats_get, ops.xstats_get, xstats_get);
	add(fake_op::xstats_names, ops.xstats_get_names, xstats_names);
	add(fake_op::xstats_reset, ops.xstats_reset, xstats_reset);
	add(fake_op::ptypes_get, ops.dev_supported_ptypes_get, sdk::supported_ptypes_get<ptypes_get>);
	add(fake_op::rxq_info, ops.rxq_info_get, rxq_info);
	add(fake_op::txq_info, ops.txq_info_get, txq_info);
	add(fake_op::tx_done_cleanup, ops.tx_done_cleanup, tx_done_cleanup);
	assert(lacking == absent.size() && "one of the ops in `absent` is one that every driver has");
}

// All fakes there ever were, and those that probe may find.
std::mutex registry_lock;
std::map<std::string, device *> by_name;
std::vector<std::unique_ptr<device>> ever;

device *find(const char *name)
{
	const std::lock_guard guard(registry_lock);
	const auto found = by_name.find(name);
	return found != by_name.end() ? found->second : nullptr;
}

void renew_hardware(device &owner)
{
	const std::lock_guard guard(owner.lock);
	const auto &o = owner.options;
	owner.hw = {};
	owner.hw.mac = o.mac;
	owner.hw.cable = o.link_is_up;
	owner.hw.speed_mbps = o.speed_mbps;
	owner.hw.rss_key.assign(o.hash_key_size, 0x6d);
	owner.hw.reta.assign(o.reta_size, 0);
	owner.reset_counters();
	owner.for_each_queue([](device::queue &q) { q.descriptors.store(0); });
}

// dev_private and mac_addrs come from rte_malloc, for ethdev frees them.
rte_eth_dev *make_port(rte_vdev_device *vdev, device &owner)
{
	const auto &o = owner.options;
	if (vdev->device.numa_node == SOCKET_ID_ANY)
		vdev->device.numa_node = static_cast<int>(rte_socket_id());
	rte_eth_dev *const dev = rte_eth_vdev_allocate(vdev, sizeof(private_data));
	if (dev == nullptr)
		return nullptr;
	auto *const macs = rte_calloc(o.name.c_str(), o.max_mac_addrs, sizeof(rte_ether_addr), 0);
	if (macs == nullptr) {
		rte_eth_dev_release_port(dev);
		return nullptr;
	}
	auto *const mine = static_cast<private_data *>(dev->data->dev_private);
	mine->owner = &owner;
	fill(mine->ops, o.absent);
	dev->dev_ops = &mine->ops;
	dev->data->mac_addrs = static_cast<rte_ether_addr *>(macs);
	dev->data->mac_addrs[0] = o.mac;
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	if (o.announces_lsc)
		dev->data->dev_flags |= RTE_ETH_DEV_INTR_LSC;
	if (o.no_live_mac)
		dev->data->dev_flags |= RTE_ETH_DEV_NOLIVE_MAC_ADDR;
	if (o.announces_rmv)
		dev->data->dev_flags |= RTE_ETH_DEV_INTR_RMV;
	dev->rx_pkt_burst = fake_rx_burst;
	dev->tx_pkt_burst = fake_tx_burst;
	dev->rx_queue_count = sdk::rx_queue_count<rx_queue_count>;
	dev->rx_descriptor_status = fake_rx_descriptor_status;
	if (o.tells_tx_status)
		dev->tx_descriptor_status = fake_tx_descriptor_status;
	// Left alone for `none`: since 25.11 there stands a function that must not be overwritten with null.
	if (o.prepare == fake_prepare::first)
		dev->tx_pkt_prepare = fake_prepare_first;
	if (o.prepare == fake_prepare::second)
		dev->tx_pkt_prepare = fake_prepare_second;
	return dev;
}

int probe(rte_vdev_device *vdev)
{
	device *const owner = find(rte_vdev_device_name(vdev));
	if (owner == nullptr)
		return -ENODEV; // a port without an object that scripts it
	auto how = owner->enter(fake_op::probe, {});
	rte_eth_dev *dev = nullptr;
	if (how.status == 0) {
		renew_hardware(*owner);
		dev = make_port(vdev, *owner);
		if (dev == nullptr)
			how.status = -ENOMEM;
	}
	owner->leave(fake_op::probe, how);
	if (dev == nullptr)
		return how.status;
	owner->port.store(dev->data->port_id);
	owner->trap_fast_path();
	owner->on_bus.store(true);
	owner->presence.store(fake_presence::present);
	rte_eth_dev_probing_finish(dev);
	return 0;
}

// ethdev tells the listeners first and then takes the port apart, so bursts are forgiven until the listeners
// are through.
int remove(rte_vdev_device *vdev)
{
	device *const owner = find(rte_vdev_device_name(vdev));
	if (owner == nullptr)
		return -ENODEV;
	rte_eth_dev *const dev = rte_eth_dev_allocated(owner->options.name.c_str());
	if (dev != nullptr && owner->options.keeps_macs)
		rte_free(std::exchange(dev->data->mac_addrs, nullptr));
	const auto how = owner->enter(fake_op::remove, {});
	owner->leave(fake_op::remove, how);
	if (how.status != 0)
		return how.status;
	if (dev != nullptr) {
		owner->presence.store(fake_presence::leaving);
		rte_eth_dev_release_port(dev);
	}
	owner->presence.store(fake_presence::absent);
	owner->halt("removal");
	owner->port.store(RTE_MAX_ETHPORTS);
	owner->on_bus.store(false);
	return 0;
}

rte_vdev_driver fake_driver = {.probe = probe, .remove = remove};

BRAID_REGISTER_VDEV("net_fake", fake_driver, "");

} // namespace

fake_port::device *fake_register(fake_options options)
{
	const std::lock_guard guard(registry_lock);
	const auto number = ever.size();
	if (options.name.empty())
		options.name = "net_fake" + std::to_string(number);
	if (rte_is_zero_ether_addr(&options.mac))
		options.mac = {{0x02, 0xfa, 0x4e, 0x00, static_cast<std::uint8_t>(number >> 8),
		                static_cast<std::uint8_t>(number)}};
	if (by_name.count(options.name) != 0)
		return nullptr;
	ever.push_back(std::make_unique<device>(options));
	by_name[options.name] = ever.back().get();
	return ever.back().get();
}

void fake_forget(fake_port::device &device)
{
	const std::lock_guard guard(registry_lock);
	by_name.erase(device.options.name);
	device.orphan.store(true);
}

std::vector<std::string> fake_take_late_violations()
{
	const std::lock_guard guard(registry_lock);
	std::vector<std::string> all;
	for (const auto &d : ever) {
		if (!d->orphan.load())
			continue;
		const auto texts = d->take_violations();
		all.insert(all.end(), texts.begin(), texts.end());
	}
	return all;
}

int fake_plug(fake_port::device &device)
{
	// A port that was closed is gone, but its device is still on the bus and has to make room.
	if (device.on_bus.load() && device.presence.load() == fake_presence::absent)
		rte_vdev_uninit(device.options.name.c_str());
	return rte_vdev_init(device.options.name.c_str(), "");
}

int fake_unplug(fake_port::device &device) { return rte_vdev_uninit(device.options.name.c_str()); }

void fake_raise(fake_port::device &device, rte_eth_event_type event)
{
	const auto port = device.port.load();
	if (port < RTE_MAX_ETHPORTS)
		rte_eth_dev_callback_process(&rte_eth_devices[port], event, nullptr);
}

void fake_show_link(fake_port::device &device)
{
	const auto port = device.port.load();
	if (port >= RTE_MAX_ETHPORTS)
		return;
	sdk::set_link(&rte_eth_devices[port], device.link());
}

} // namespace braid
