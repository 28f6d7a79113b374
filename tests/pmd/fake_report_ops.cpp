/* SPDX-License-Identifier: BSD-3-Clause */
// What a fake port tells of itself: limits and abilities, statistics.
#include "fake_ops.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

namespace braid::fake {
namespace {

constexpr std::uint16_t max_descriptors = 4096;
constexpr std::uint16_t descriptor_step = 8;
constexpr std::uint32_t frame_overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

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

} // namespace

void add_report_ops(op_table &table)
{
	eth_dev_ops &ops = table.ops;
	ops.dev_infos_get = infos_get;
	table.add(fake_op::stats_get, ops.stats_get, sdk::stats_get<stats_get>);
	table.add(fake_op::stats_reset, ops.stats_reset, stats_reset);
	table.add(fake_op::xstats_get, ops.xstats_get, xstats_get);
	table.add(fake_op::xstats_names, ops.xstats_get_names, xstats_names);
	table.add(fake_op::xstats_reset, ops.xstats_reset, xstats_reset);
	table.add(fake_op::ptypes_get, ops.dev_supported_ptypes_get, sdk::supported_ptypes_get<ptypes_get>);
}

} // namespace braid::fake
