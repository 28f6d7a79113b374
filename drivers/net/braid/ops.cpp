/* SPDX-License-Identifier: BSD-3-Clause */
// ethdev's operations: each unwraps its arguments, asks the bond, logs what was refused and answers with an errno.
#include "ops.hpp"

#include "bond.hpp"
#include "burst.hpp"
#include "last_error.hpp"

namespace braid {
namespace {

static_assert(std::extent_v<decltype(port_private::macs)> == max_macs);

bond &of(const rte_eth_dev *dev) noexcept { return *sdk::private_of<port_private>(dev).bond; }

int answer(const rte_eth_dev *dev, const char *operation, const result<void> &done) noexcept
{
	if (done)
		return 0;
	return fail(dev->data->name, done.error().in("%s", operation));
}

int dev_configure(rte_eth_dev *dev) noexcept { return answer(dev, "configure", of(dev).configure()); }

// All queues of a bond run while it runs. Applications ask: testpmd forwards from started queues only.
void show_queues_as(rte_eth_dev *dev, std::uint8_t state) noexcept
{
	for (unsigned q = 0; q < dev->data->nb_rx_queues; q++)
		dev->data->rx_queue_state[q] = state;
	for (unsigned q = 0; q < dev->data->nb_tx_queues; q++)
		dev->data->tx_queue_state[q] = state;
}

int dev_start(rte_eth_dev *dev) noexcept
{
	if (const int failed = answer(dev, "start", of(dev).start()))
		return failed;
	show_queues_as(dev, RTE_ETH_QUEUE_STATE_STARTED);
	return 0;
}

int dev_stop(rte_eth_dev *dev) noexcept
{
	of(dev).stop();
	show_queues_as(dev, RTE_ETH_QUEUE_STATE_STOPPED);
	return 0;
}

int dev_close(rte_eth_dev *dev) noexcept
{
	const bond_ptr b = sdk::private_of<port_private>(dev).bond;
	// In this order: until the members are given back, their ports' events must reach the bond.
	b->close();
	unregister_bond(b.get());
	sdk::destroy_private<port_private>(dev);
	return 0;
}

int dev_infos_get(rte_eth_dev *dev, rte_eth_dev_info *info) noexcept
{
	return answer(dev, "capabilities", of(dev).capabilities(*info));
}

std::span<const std::uint32_t> packet_types(rte_eth_dev *dev) noexcept { return of(dev).packet_types(); }

int rx_queue_setup(rte_eth_dev *dev, std::uint16_t queue, std::uint16_t descriptors, unsigned socket,
                   const rte_eth_rxconf *conf, rte_mempool *pool) noexcept
{
	const result<void *> lane = of(dev).set_up_rx_queue(queue, {descriptors, socket, *conf, pool});
	if (!lane)
		return answer(dev, "queue setup", lane.error());
	dev->data->rx_queues[queue] = *lane;
	return 0;
}

int tx_queue_setup(rte_eth_dev *dev, std::uint16_t queue, std::uint16_t descriptors, unsigned socket,
                   const rte_eth_txconf *conf) noexcept
{
	const result<void *> lane = of(dev).set_up_tx_queue(queue, {descriptors, socket, *conf});
	if (!lane)
		return answer(dev, "queue setup", lane.error());
	dev->data->tx_queues[queue] = *lane;
	return 0;
}

// The bond keeps the lanes with their counters until it is closed.
void queue_release(rte_eth_dev *, std::uint16_t) noexcept {}

void rxq_info_get(rte_eth_dev *dev, std::uint16_t queue, rte_eth_rxq_info *info) noexcept
{
	if (const std::optional<rx_queue_config> q = of(dev).rx_queue(queue)) {
		info->mp = q->pool;
		info->conf = q->conf;
		info->nb_desc = q->descriptors;
		info->scattered_rx = dev->data->scattered_rx;
	}
}

void txq_info_get(rte_eth_dev *dev, std::uint16_t queue, rte_eth_txq_info *info) noexcept
{
	if (const std::optional<tx_queue_config> q = of(dev).tx_queue(queue)) {
		info->conf = q->conf;
		info->nb_desc = q->descriptors;
	}
}

int burst_mode_get(rte_eth_dev *dev, std::uint16_t, rte_eth_burst_mode *mode) noexcept
{
	const bond_facts f = of(dev).facts();
	std::snprintf(mode->info, sizeof mode->info, "braid %s, %u of %u members", to_string(f.mode), f.usable, f.members);
	return 0;
}

// ethdev calls this while the bond is not told of link changes by interrupt. dev_link is kept up by every publication.
int link_update(rte_eth_dev *dev, int) noexcept
{
	of(dev).poll_links();
	return 0;
}

int stats_get(rte_eth_dev *dev, rte_eth_stats &stats, sdk::queue_stats &queues) noexcept
{
	port_counters sum;
	if (const int failed = answer(dev, "statistics", of(dev).counters(sum)))
		return failed;
	stats.ipackets = sum[port_counters::rx_packets];
	stats.opackets = sum[port_counters::tx_packets];
	stats.ibytes = sum[port_counters::rx_bytes];
	stats.obytes = sum[port_counters::tx_bytes];
	stats.imissed = sum[port_counters::rx_missed];
	stats.ierrors = sum[port_counters::rx_errors];
	stats.oerrors = sum[port_counters::tx_errors];
	stats.rx_nombuf = sum[port_counters::rx_no_mbuf];
	for (unsigned q = 0; q < port_counters::queues; q++)
		queues.set(q, {sum.of_queue(q, port_counters::q_rx_packets), sum.of_queue(q, port_counters::q_rx_bytes),
		               sum.of_queue(q, port_counters::q_rx_errors), sum.of_queue(q, port_counters::q_tx_packets),
		               sum.of_queue(q, port_counters::q_tx_bytes)});
	return 0;
}

int stats_reset(rte_eth_dev *dev) noexcept
{
	of(dev).reset_counters();
	return 0;
}

int xstats_get(rte_eth_dev *dev, rte_eth_xstat *values, unsigned n) noexcept
{
	return static_cast<int>(of(dev).xstats(values, n));
}

int xstats_get_names(rte_eth_dev *dev, rte_eth_xstat_name *names, unsigned n) noexcept
{
	return static_cast<int>(of(dev).xstat_names(names, n));
}

int promiscuous_enable(rte_eth_dev *dev) noexcept { return answer(dev, "promiscuous", of(dev).set_promiscuous(true)); }
int promiscuous_disable(rte_eth_dev *dev) noexcept { return answer(dev, "promiscuous", of(dev).set_promiscuous(false)); }
int allmulticast_enable(rte_eth_dev *dev) noexcept { return answer(dev, "allmulticast", of(dev).set_allmulticast(true)); }
int allmulticast_disable(rte_eth_dev *dev) noexcept { return answer(dev, "allmulticast", of(dev).set_allmulticast(false)); }

int mac_addr_set(rte_eth_dev *dev, rte_ether_addr *mac) noexcept { return answer(dev, "MAC address", of(dev).set_mac(*mac)); }

int mac_addr_add(rte_eth_dev *dev, rte_ether_addr *mac, std::uint32_t, std::uint32_t) noexcept
{
	// Replayed by ethdev at start with the default address among them, which is set_mac's.
	if (rte_is_same_ether_addr(mac, &dev->data->mac_addrs[0]) != 0)
		return 0;
	return answer(dev, "MAC address", of(dev).add_mac(*mac));
}

void mac_addr_remove(rte_eth_dev *dev, std::uint32_t index) noexcept
{
	answer(dev, "MAC address", of(dev).remove_mac(dev->data->mac_addrs[index]));
}

int set_mc_addr_list(rte_eth_dev *dev, rte_ether_addr *list, std::uint32_t n) noexcept
{
	return answer(dev, "multicast list", of(dev).set_multicast({list, n}));
}

int mtu_set(rte_eth_dev *dev, std::uint16_t mtu) noexcept { return answer(dev, "MTU", of(dev).set_mtu(mtu)); }

int vlan_filter_set(rte_eth_dev *dev, std::uint16_t id, int on) noexcept
{
	return answer(dev, "VLAN filter", of(dev).set_vlan(id, on != 0));
}

int vlan_offload_set(rte_eth_dev *dev, int mask) noexcept
{
	return answer(dev, "VLAN offload", of(dev).set_vlan_offload(mask));
}

int rss_hash_update(rte_eth_dev *dev, rte_eth_rss_conf *conf) noexcept
{
	return answer(dev, "RSS hash", of(dev).set_rss(*conf));
}

int rss_hash_conf_get(rte_eth_dev *dev, rte_eth_rss_conf *conf) noexcept
{
	of(dev).rss(*conf);
	return 0;
}

std::size_t groups(std::uint16_t size) noexcept
{
	return (size + std::size_t{RTE_ETH_RETA_GROUP_SIZE} - 1) / RTE_ETH_RETA_GROUP_SIZE;
}

int reta_update(rte_eth_dev *dev, rte_eth_rss_reta_entry64 *table, std::uint16_t size) noexcept
{
	return answer(dev, "redirection table", of(dev).set_reta({table, groups(size)}, size));
}

int reta_query(rte_eth_dev *dev, rte_eth_rss_reta_entry64 *table, std::uint16_t size) noexcept
{
	return answer(dev, "redirection table", of(dev).reta({table, groups(size)}, size));
}

int priv_dump(rte_eth_dev *dev, std::FILE *to) noexcept
{
	of(dev).dump(to);
	return 0;
}

// By assignment: the order of the fields differs between releases.
eth_dev_ops make_ops() noexcept
{
	eth_dev_ops ops{};
	ops.dev_configure = dev_configure;
	ops.dev_start = dev_start;
	ops.dev_stop = dev_stop;
	ops.dev_close = dev_close;
	ops.dev_infos_get = dev_infos_get;
	ops.dev_supported_ptypes_get = sdk::supported_ptypes_get<packet_types>;
	ops.rx_queue_setup = rx_queue_setup;
	ops.rx_queue_release = queue_release;
	ops.tx_queue_setup = tx_queue_setup;
	ops.tx_queue_release = queue_release;
	ops.rxq_info_get = rxq_info_get;
	ops.txq_info_get = txq_info_get;
	ops.rx_burst_mode_get = burst_mode_get;
	ops.tx_burst_mode_get = burst_mode_get;
	ops.link_update = link_update;
	ops.stats_get = sdk::stats_get<stats_get>;
	ops.stats_reset = stats_reset;
	ops.xstats_get = xstats_get;
	ops.xstats_get_names = xstats_get_names;
	ops.xstats_reset = stats_reset; // both are sums of the same
	ops.promiscuous_enable = promiscuous_enable;
	ops.promiscuous_disable = promiscuous_disable;
	ops.allmulticast_enable = allmulticast_enable;
	ops.allmulticast_disable = allmulticast_disable;
	ops.mac_addr_set = mac_addr_set;
	ops.mac_addr_add = mac_addr_add;
	ops.mac_addr_remove = mac_addr_remove;
	ops.set_mc_addr_list = set_mc_addr_list;
	ops.mtu_set = mtu_set;
	ops.vlan_filter_set = vlan_filter_set;
	ops.vlan_offload_set = vlan_offload_set;
	ops.rss_hash_update = rss_hash_update;
	ops.rss_hash_conf_get = rss_hash_conf_get;
	ops.reta_update = reta_update;
	ops.reta_query = reta_query;
	ops.eth_dev_priv_dump = priv_dump;
	sdk::replay_configuration_ourselves(ops);
	return ops;
}

} // namespace

const eth_dev_ops braid_ops = make_ops();

} // namespace braid
