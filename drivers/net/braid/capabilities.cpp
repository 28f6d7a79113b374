/* SPDX-License-Identifier: BSD-3-Clause */
// What the bond offers: what all its members can do. Without a member, whatever the bond itself does not prevent, so that an
// application can configure first and add members later; a member that cannot do what was configured is refused then.
#include "bond.hpp"

#include <algorithm>

namespace braid {
namespace {

constexpr std::uint16_t most_queues = 128;
constexpr std::uint16_t most_reta = 128;
constexpr std::uint8_t usual_key = 40;

// Whatever the members can: sessions and clocks that live in one member's hardware and mean nothing to another; receive
// buffers in several pools, which the bond does not pass on; and sending on one queue from several threads, since a
// queue of the bond has one writer.
constexpr std::uint64_t never_rx = RTE_ETH_RX_OFFLOAD_SECURITY | RTE_ETH_RX_OFFLOAD_MACSEC_STRIP |
                                   RTE_ETH_RX_OFFLOAD_TIMESTAMP | RTE_ETH_RX_OFFLOAD_BUFFER_SPLIT;
constexpr std::uint64_t never_tx = RTE_ETH_TX_OFFLOAD_SECURITY | RTE_ETH_TX_OFFLOAD_MACSEC_INSERT |
                                   RTE_ETH_TX_OFFLOAD_SEND_ON_TIMESTAMP | RTE_ETH_TX_OFFLOAD_MT_LOCKFREE;
constexpr std::uint64_t common_rx =
	RTE_ETH_RX_OFFLOAD_VLAN | RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCTP_CKSUM |
	RTE_ETH_RX_OFFLOAD_TCP_LRO | RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_KEEP_CRC | RTE_ETH_RX_OFFLOAD_RSS_HASH;
constexpr std::uint64_t common_tx =
	RTE_ETH_TX_OFFLOAD_VLAN_INSERT | RTE_ETH_TX_OFFLOAD_QINQ_INSERT | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM |
	RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_SCTP_CKSUM |
	RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_UDP_TSO | RTE_ETH_TX_OFFLOAD_OUTER_IPV4_CKSUM |
	RTE_ETH_TX_OFFLOAD_VXLAN_TNL_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS;

constexpr rte_eth_desc_lim any_descriptors{.nb_max = UINT16_MAX, .nb_min = 0, .nb_align = 1,
                                           .nb_seg_max = UINT16_MAX, .nb_mtu_seg_max = UINT16_MAX};

void narrow(rte_eth_desc_lim &all, const rte_eth_desc_lim &one) noexcept
{
	all.nb_max = std::min(all.nb_max, one.nb_max);
	all.nb_min = std::max(all.nb_min, one.nb_min);
	all.nb_align = std::max(all.nb_align, one.nb_align); // powers of two
	if (one.nb_seg_max != 0)
		all.nb_seg_max = std::min(all.nb_seg_max, one.nb_seg_max);
	if (one.nb_mtu_seg_max != 0)
		all.nb_mtu_seg_max = std::min(all.nb_mtu_seg_max, one.nb_mtu_seg_max);
}

void offer_everything(rte_eth_dev_info &info) noexcept
{
	info.max_rx_queues = most_queues;
	info.max_tx_queues = most_queues;
	info.max_mac_addrs = max_macs;
	info.min_rx_bufsize = 0;
	info.max_rx_pktlen = UINT16_MAX;
	info.min_mtu = RTE_ETHER_MIN_MTU;
	info.max_mtu = UINT16_MAX;
	info.rx_desc_lim = any_descriptors;
	info.tx_desc_lim = any_descriptors;
	info.rx_offload_capa = common_rx;
	info.tx_offload_capa = common_tx;
	info.flow_type_rss_offloads = RTE_ETH_RSS_PROTO_MASK;
	info.hash_key_size = usual_key;
	info.reta_size = most_reta;
	sdk::set_max_rx_bufsize(info, UINT32_MAX);
	sdk::set_rss_algorithms(info, 1);
}

void begin_with(rte_eth_dev_info &info, const rte_eth_dev_info &one) noexcept
{
	info.rx_offload_capa = one.rx_offload_capa & ~never_rx;
	info.tx_offload_capa = one.tx_offload_capa & ~never_tx;
	info.hash_key_size = one.hash_key_size;
	info.reta_size = one.reta_size;
	info.speed_capa = one.speed_capa;
	info.default_rxconf = one.default_rxconf;
	info.default_txconf = one.default_txconf;
	info.default_rxportconf = one.default_rxportconf;
	info.default_txportconf = one.default_txportconf;
	sdk::set_rss_algorithms(info, sdk::rss_algorithms(one));
}

void narrow(rte_eth_dev_info &all, const rte_eth_dev_info &one) noexcept
{
	all.max_rx_queues = std::min(all.max_rx_queues, one.max_rx_queues);
	all.max_tx_queues = std::min(all.max_tx_queues, one.max_tx_queues);
	all.max_mac_addrs = std::min(all.max_mac_addrs, std::max(one.max_mac_addrs, 1u));
	all.min_rx_bufsize = std::max(all.min_rx_bufsize, one.min_rx_bufsize);
	all.max_rx_pktlen = std::min(all.max_rx_pktlen, one.max_rx_pktlen);
	if (one.max_mtu != 0) {
		all.min_mtu = std::max(all.min_mtu, one.min_mtu);
		all.max_mtu = std::min(all.max_mtu, one.max_mtu);
	}
	if (one.rx_desc_lim.nb_max != 0)
		narrow(all.rx_desc_lim, one.rx_desc_lim);
	if (one.tx_desc_lim.nb_max != 0)
		narrow(all.tx_desc_lim, one.tx_desc_lim);
	all.speed_capa &= one.speed_capa;
	all.rx_offload_capa &= one.rx_offload_capa;
	all.tx_offload_capa &= one.tx_offload_capa;
	all.flow_type_rss_offloads &= one.flow_type_rss_offloads;
	all.hash_key_size = std::min(all.hash_key_size, one.hash_key_size);
	all.reta_size = std::min(all.reta_size, one.reta_size);
	sdk::set_max_rx_bufsize(all, std::min(sdk::max_rx_bufsize(all), sdk::max_rx_bufsize(one)));
	sdk::set_rss_algorithms(all, sdk::rss_algorithms(all) & sdk::rss_algorithms(one));
}

} // namespace

result<void> bond::capabilities(rte_eth_dev_info &info) noexcept
{
	const config_guard guard(config_);
	// An application that asks before it configures the bond for the first time means with the members that are there by now.
	// Later anybody may ask, while whoever has plugged a device in still sets it up: the worker lets it settle first.
	if (!configured_)
		attach_pending(attaching::what_is_new);
	offer_everything(info);
	bool first = true;
	for (const member_ptr &m : members()) {
		const std::lock_guard device(m->device);
		rte_eth_dev_info one{};
		if (!m->claimed || m->vanished || rte_eth_dev_info_get(m->claimed->port(), &one) != 0)
			continue;
		if (std::exchange(first, false))
			begin_with(info, one);
		narrow(info, one);
	}
	// What was configured stays offered: it is in use.
	if (configured_ && first) {
		info.rx_offload_capa |= wanted_.conf.rxmode.offloads;
		info.tx_offload_capa |= wanted_.conf.txmode.offloads;
	}
	if (wanted_.sharing)
		info.tx_offload_capa &= ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	// One configuration serves all queues, as the members may differ in what they can set for one.
	info.rx_queue_offload_capa = 0;
	info.tx_queue_offload_capa = 0;
	if (configured_ && wanted_.reta_size != 0)
		info.reta_size = wanted_.reta_size;
	return {};
}

// Called with the configuration lock held after the membership or the configuration changed. The size is fixed by the first
// table that the application sets, so that it cannot change under its feet.
void bond::refresh_reta_size() noexcept
{
	if (!wanted_.reta.empty())
		return;
	unsigned size = most_reta;
	bool first = true;
	for (const member_ptr &m : members()) {
		const std::lock_guard device(m->device);
		rte_eth_dev_info one{};
		if (!m->claimed || m->vanished || rte_eth_dev_info_get(m->claimed->port(), &one) != 0)
			continue;
		size = std::exchange(first, false) ? one.reta_size : std::min<unsigned>(size, one.reta_size);
	}
	wanted_.reta_size = static_cast<std::uint16_t>(size);
}

// Types that every member recognises; ends with RTE_PTYPE_UNKNOWN.
std::span<const std::uint32_t> bond::packet_types() noexcept
{
	const config_guard guard(config_);
	std::vector<std::uint32_t> common;
	bool first = true;
	for (const member_ptr &m : members()) {
		const std::lock_guard device(m->device);
		if (!m->claimed || m->vanished)
			continue;
		const std::uint16_t port = m->claimed->port();
		std::vector<std::uint32_t> known(
			static_cast<std::size_t>(std::max(rte_eth_dev_get_supported_ptypes(port, RTE_PTYPE_ALL_MASK, nullptr, 0), 0)));
		const int count = rte_eth_dev_get_supported_ptypes(port, RTE_PTYPE_ALL_MASK, known.data(),
		                                                   static_cast<int>(known.size()));
		known.resize(std::min(known.size(), static_cast<std::size_t>(std::max(count, 0))));
		if (std::exchange(first, false))
			common = known;
		std::erase_if(common, [&known](std::uint32_t type) {
			return std::find(known.begin(), known.end(), type) == known.end();
		});
	}
	common.push_back(RTE_PTYPE_UNKNOWN);
	// ethdev copies them before this thread can ask again.
	static thread_local std::vector<std::uint32_t> answer;
	answer = std::move(common);
	return answer;
}

} // namespace braid
