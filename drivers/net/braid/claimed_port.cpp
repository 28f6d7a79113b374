/* SPDX-License-Identifier: BSD-3-Clause */
#include "claimed_port.hpp"

#include "log.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <rte_errno.h>

namespace braid {
namespace {

// Promises of the application rather than work for the device: a member that does not know them works all the same.
constexpr std::uint64_t advisory_tx = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE | RTE_ETH_TX_OFFLOAD_MT_LOCKFREE;
constexpr std::uint64_t advisory_rx = RTE_ETH_RX_OFFLOAD_RSS_HASH;

bool equal(const rte_ether_addr &a, const rte_ether_addr &b) noexcept { return rte_is_same_ether_addr(&a, &b) != 0; }

// `told` where a sentence says more than the word for the step.
error refused(int negative_errno, const char *step, const char *told = nullptr) noexcept
{
	return error(-negative_errno, "%s: %s", told != nullptr ? told : step, describe(negative_errno)).at(step);
}

// In these devices a receive queue comes with every transmit queue, or has to. One more transmit queue would have the other
// side spread packets over a receive queue that nobody polls (virtio: the pairs in use are the larger of both numbers), or
// is refused (tap: both numbers must agree; af_xdp: the socket is the receive queue's).
bool pairs_queues(std::string_view driver) noexcept
{
	return driver == "net_virtio" || driver == "net_virtio_user" || driver == "net_tap" || driver == "net_af_xdp";
}

// The other side of a memif hangs up when it is offered more rings than its application has receive queues.
bool counts_queues(std::string_view driver) noexcept { return driver == "net_memif"; }

bool has_spare_tx_queue(const member_config &wanted, const rte_eth_dev_info &info) noexcept
{
	if (!wanted.spare_tx_queue)
		return false;
	if (pairs_queues(info.driver_name) && wanted.tx_queues >= wanted.rx_queues)
		return false;
	return info.max_tx_queues > wanted.tx_queues && !counts_queues(info.driver_name);
}

constexpr std::uint16_t announce_descriptors = 128;

// The first offload named in the set, for people.
template <typename NameOf> const char *first_name(std::uint64_t offloads, NameOf name_of) noexcept
{
	return name_of(offloads & -offloads);
}

// net_tap never raises the event that it announces, and when a tap is closed that was not stopped before, as rte_dev_remove() does,
// its interrupt handler stays registered and runs into freed memory at the next change of any link (22.11). It is polled.
bool link_interrupts_do_harm(const rte_eth_dev_info &info) noexcept
{
	return info.driver_name != nullptr && std::strcmp(info.driver_name, "net_tap") == 0;
}

// The bond's key is as long as the shortest of its members'; a longer one repeats it.
void fit_key(std::vector<std::uint8_t> &key, std::size_t size) noexcept
{
	const std::size_t given = key.size();
	if (given == 0)
		return;
	key.resize(size); // to nothing for a member that takes no key

	for (std::size_t i = given; i < size; i++)
		key[i] = key[i - given];
}

// Whether a device that can do so much can follow; the error says what it lacks.
result<void> compare(const member_config &wanted, const rte_eth_dev_info &info) noexcept
{
	if (info.max_rx_queues < wanted.rx_queues)
		return error(ENOTSUP, "it has %u receive queues and the bond uses %u", info.max_rx_queues, wanted.rx_queues);
	if (info.max_tx_queues < wanted.tx_queues)
		return error(ENOTSUP, "it has %u transmit queues and the bond uses %u", info.max_tx_queues, wanted.tx_queues);

	const std::uint64_t rx = wanted.conf.rxmode.offloads & ~advisory_rx & ~info.rx_offload_capa;
	if (rx != 0)
		return error(ENOTSUP, "it lacks the receive offload %s, which the bond is configured with",
		             first_name(rx, rte_eth_dev_rx_offload_name));
	const std::uint64_t tx = wanted.conf.txmode.offloads & ~advisory_tx & ~info.tx_offload_capa;
	if (tx != 0)
		return error(ENOTSUP, "it lacks the transmit offload %s, which the bond is configured with",
		             first_name(tx, rte_eth_dev_tx_offload_name));
	if (info.max_mtu != 0 && (wanted.mtu > info.max_mtu || wanted.mtu < info.min_mtu))
		return error(ENOTSUP, "its MTU is %u to %u and the bond's is %u", info.min_mtu, info.max_mtu, wanted.mtu);
	if (!wanted.reta.empty() && info.reta_size % wanted.reta_size != 0)
		return error(ENOTSUP, "its redirection table of %u entries cannot repeat the bond's %u", info.reta_size,
		             wanted.reta_size);
	return {};
}

} // namespace

const char *describe(int negative_errno) noexcept { return rte_strerror(-negative_errno); }

result<claimed_port> claimed_port::claim(std::uint16_t port, const rte_eth_dev_owner &owner) noexcept
{
	// The port may be ours already: it is reserved as soon as it appears, before it can be used (bond::on_new_port).
	rte_eth_dev_owner present{};
	rte_eth_dev_owner_get(port, &present);
	if (present.id != owner.id) {
		if (present.id != RTE_ETH_DEV_NO_OWNER)
			return error(EBUSY, "port %u is owned by %s", port, present.name).at("claim");
		if (const int failed = rte_eth_dev_owner_set(port, &owner))
			return refused(failed, "claim", "claiming the port");
	}
	claimed_port claimed(port, owner);
	const rte_eth_dev_data *data = rte_eth_devices[port].data;
	if (data->mac_addrs != nullptr)
		claimed.saved_.mac = data->mac_addrs[0];
	claimed.saved_.mtu = data->mtu;
	claimed.device_mtu_ = data->mtu;
	claimed.saved_.promiscuous = data->promiscuous != 0;
	claimed.saved_.allmulticast = data->all_multicast != 0;
	return claimed;
}

claimed_port::claimed_port(claimed_port &&other) noexcept
	: port_(other.port_), owner_(other.owner_), claimed_(std::exchange(other.claimed_, false)), dead_(other.dead_),
	  started_(std::exchange(other.started_, false)), fast_free_(other.fast_free_),
	  announce_queue_(other.announce_queue_), mac_slots_(other.mac_slots_), device_mtu_(other.device_mtu_), saved_(other.saved_),
	  added_macs_(std::move(other.added_macs_)), added_vlans_(other.added_vlans_),
	  multicast_set_(other.multicast_set_)
{
}

claimed_port::~claimed_port()
{
	if (!claimed_)
		return;
	put_back();
	// Also of a device that is gone: whoever has to close the port must be able to see it.
	rte_eth_dev_owner_unset(port_, owner_.id);
}

rte_ether_addr claimed_port::mac() const noexcept
{
	const rte_ether_addr *const all = rte_eth_devices[port_].data->mac_addrs;
	return all != nullptr ? all[0] : saved_.mac; // a driver may have taken them away
}

result<rte_eth_dev_info> claimed_port::capabilities() const noexcept
{
	rte_eth_dev_info info{};
	if (const int failed = rte_eth_dev_info_get(port_, &info))
		return refused(failed, "capabilities", "reading its capabilities");
	return info;
}

result<void> claimed_port::check(const member_config &wanted) const noexcept
{
	const result<rte_eth_dev_info> info = capabilities();
	if (!info)
		return info.error();
	result<void> able = compare(wanted, *info);
	return able ? able : able.error().at("capabilities");
}

result<void> claimed_port::check_live_mac() noexcept
{
	const auto cannot = [] { return error(ENOTSUP, "its driver cannot change its MAC address while it runs").at("mac"); };
	if ((rte_eth_devices[port_].data->dev_flags & RTE_ETH_DEV_NOLIVE_MAC_ADDR) != 0)
		return cannot();
	rte_ether_addr present{};
	rte_eth_macaddr_get(port_, &present);
	// Some drivers have the operation and refuse it, as those of virtual functions do.
	const int failed = rte_eth_dev_default_mac_addr_set(port_, &present);
	if (failed == -ENOTSUP)
		return cannot();
	return failed == 0 ? result<void>() : refused(failed, "mac", "MAC address");
}

// With a queue for announcements where there is one. A device that is refused it has it not: the bond can do without.
result<void> claimed_port::configure_queues(const member_config &wanted, const rte_eth_dev_info &info) noexcept
{
	announce_queue_.reset();
	if (has_spare_tx_queue(wanted, info) && configure(wanted, info, true) && set_up_queues(wanted, info, true)) {
		announce_queue_ = wanted.tx_queues;
		return {};
	}
	if (result<void> done = configure(wanted, info, false); !done)
		return done;
	return set_up_queues(wanted, info, false);
}

result<void> claimed_port::configure(const member_config &wanted, const rte_eth_dev_info &info, bool spare) noexcept
{
	rte_eth_conf conf = wanted.conf;
	conf.rxmode.mtu = wanted.mtu;
	conf.rxmode.offloads &= info.rx_offload_capa;
	conf.txmode.offloads &= info.tx_offload_capa;
	if (wanted.sharing)
		conf.txmode.offloads &= ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	fast_free_ = (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
	mac_slots_ = info.max_mac_addrs;
	conf.intr_conf = {};
	conf.intr_conf.lsc = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 && !link_interrupts_do_harm(info);
	conf.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;

	// Hash types are a wish: a member hashes what it can. One that cannot hash at all uses its queues as it likes.
	std::vector<std::uint8_t> key = wanted.rss_key;
	conf.rx_adv_conf.rss_conf.rss_hf &= info.flow_type_rss_offloads;
	if (conf.rx_adv_conf.rss_conf.rss_hf == 0) {
		conf.rxmode.offloads &= ~RTE_ETH_RX_OFFLOAD_RSS_HASH;
		conf.rxmode.mq_mode = static_cast<rte_eth_rx_mq_mode>(conf.rxmode.mq_mode & ~RTE_ETH_MQ_RX_RSS_FLAG);
		key.clear();
	}
	fit_key(key, info.hash_key_size);
	sdk::set_rss_key(conf.rx_adv_conf.rss_conf, key);

	if (rte_eth_devices[port_].data->dev_started != 0)
		if (const int failed = rte_eth_dev_stop(port_))
			return refused(failed, "stop", "stopping the port, which was running");
	if (const int failed = rte_eth_dev_configure(port_, wanted.rx_queues,
	                                             static_cast<std::uint16_t>(wanted.tx_queues + spare), &conf))
		return refused(failed, "configure");
	return {};
}

result<void> claimed_port::set_up_queues(const member_config &wanted, const rte_eth_dev_info &info, bool spare) noexcept
{
	char step[48];
	for (std::uint16_t q = 0; q < wanted.rx_queues; q++) {
		std::snprintf(step, sizeof step, "receive queue %u", q);
		if (!wanted.rx[q])
			return error(EINVAL, "%s: not set up on the bond", step).at("rx_queue");
		rx_queue_config queue = *wanted.rx[q];
		queue.conf.offloads &= info.rx_queue_offload_capa | info.rx_offload_capa;
		rte_eth_dev_adjust_nb_rx_tx_desc(port_, &queue.descriptors, nullptr);
		if (const int failed = rte_eth_rx_queue_setup(port_, q, queue.descriptors, queue.socket, &queue.conf,
		                                              queue.pool))
			return refused(failed, "rx_queue", step);
	}
	for (std::uint16_t q = 0; q < wanted.tx_queues; q++) {
		std::snprintf(step, sizeof step, "transmit queue %u", q);
		if (!wanted.tx[q])
			return error(EINVAL, "%s: not set up on the bond", step).at("tx_queue");
		tx_queue_config queue = *wanted.tx[q];
		queue.conf.offloads &= info.tx_queue_offload_capa | info.tx_offload_capa;
		if (wanted.sharing)
			queue.conf.offloads &= ~RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
		fast_free_ |= (queue.conf.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
		rte_eth_dev_adjust_nb_rx_tx_desc(port_, nullptr, &queue.descriptors);
		if (const int failed = rte_eth_tx_queue_setup(port_, q, queue.descriptors, queue.socket, &queue.conf))
			return refused(failed, "tx_queue", step);
	}
	if (!spare)
		return {};
	// With the device's own thresholds: those of the application are for queues of another size.
	rte_eth_txconf conf = info.default_txconf;
	conf.offloads = 0;
	std::uint16_t descriptors = announce_descriptors;
	rte_eth_dev_adjust_nb_rx_tx_desc(port_, nullptr, &descriptors);
	if (const int failed = rte_eth_tx_queue_setup(port_, wanted.tx_queues, descriptors,
	                                              static_cast<unsigned>(rte_eth_dev_socket_id(port_)), &conf))
		return refused(failed, "tx_queue", "transmit queue for announcements");
	return {};
}

// Before the start: some devices change neither live (RTE_ETH_DEV_NOLIVE_MAC_ADDR).
result<void> claimed_port::set_addresses(const member_config &wanted, const rte_ether_addr &mac) noexcept
{
	if (result<void> done = set_mtu(wanted.mtu); !done)
		return done;
	return set_mac(mac);
}

// After the start: some devices forget them when they start, and several refuse the redirection table before.
result<void> claimed_port::set_filters(const member_config &wanted, std::uint16_t reta_size) noexcept
{
	for (const rte_ether_addr &mac : std::vector(added_macs_)) // from a former start; removed since
		if (std::none_of(wanted.extra_macs.begin(), wanted.extra_macs.end(),
		                 [&mac](const rte_ether_addr &kept) { return equal(kept, mac); }))
			if (result<void> done = remove_mac(mac); !done)
				return done;
	for (const rte_ether_addr &mac : wanted.extra_macs)
		if (result<void> done = add_mac(mac); !done)
			return done;
	if ((wanted.conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER) != 0)
		if (result<void> done = set_vlans(wanted); !done)
			return done;
	if (!wanted.multicast.empty() || multicast_set_)
		if (result<void> done = set_multicast(wanted.multicast); !done)
			return done;
	if (result<void> done = set_promiscuous(wanted.promiscuous); !done)
		return done;
	if (result<void> done = set_allmulticast(wanted.allmulticast); !done)
		return done;
	return set_reta(wanted, reta_size);
}

// Its device is asked once what it can do.
result<void> claimed_port::bring_up(const member_config &wanted, const rte_ether_addr &mac) noexcept
{
	const result<rte_eth_dev_info> info = capabilities();
	if (!info)
		return info.error();
	if (result<void> able = compare(wanted, *info); !able)
		return able.error().at("capabilities");
	if (result<void> done = configure_queues(wanted, *info); !done)
		return done;
	if (result<void> done = set_addresses(wanted, mac); !done)
		return done;
	const int failed = rte_eth_dev_start(port_);
	started_ = rte_eth_devices[port_].data->dev_started != 0; // it may have started and then failed
	if (failed != 0)
		return refused(failed, "start");
	return set_filters(wanted, info->reta_size);
}

result<void> claimed_port::start(const member_config &wanted, const rte_ether_addr &mac) noexcept
{
	result<void> done = bring_up(wanted, mac);
	if (!done)
		put_back();
	return done;
}

void claimed_port::put_back() noexcept
{
	stop();
	restore();
}

void claimed_port::stop() noexcept
{
	if (!std::exchange(started_, false) || dead_)
		return;
	if (const int failed = rte_eth_dev_stop(port_))
		BRAID_LOG(WARNING, "%s: stop: %s", device(), describe(failed));
}

// Each step on its own: one that fails must not keep the others from being restored.
void claimed_port::restore() noexcept
{
	if (dead_)
		return;
	const auto warn = [this](const result<void> &done) {
		if (!done)
			BRAID_LOG(WARNING, "%s: restoring: %s", device(), done.error().text());
	};
	for (const rte_ether_addr &mac : std::vector(added_macs_))
		warn(remove_mac(mac));
	if (const int mask = rte_eth_dev_get_vlan_offload(port_);
	    added_vlans_.any() && mask >= 0 && (mask & RTE_ETH_VLAN_FILTER_OFFLOAD) == 0)
		if (const int failed = rte_eth_dev_set_vlan_offload(port_, mask | RTE_ETH_VLAN_FILTER_OFFLOAD))
			warn(refused(failed, "vlan", "VLAN offloads"));
	for (unsigned id = 0; id < added_vlans_.size(); id++)
		if (added_vlans_[id])
			warn(set_vlan(static_cast<std::uint16_t>(id), false));
	if (std::exchange(multicast_set_, false))
		if (const int failed = rte_eth_dev_set_mc_addr_list(port_, nullptr, 0))
			warn(refused(failed, "multicast", "multicast list"));
	warn(set_promiscuous(saved_.promiscuous));
	warn(set_allmulticast(saved_.allmulticast));
	warn(set_mac(saved_.mac));
	warn(set_mtu(saved_.mtu));
}

// Whether it is certain again what the device has, once it was told to take a change back that it had refused. For a driver may
// have done what it says has failed, and ethdev believes the answer. Who refuses both for one reason has done neither, and that
// is no news.
bool claimed_port::is_taken_back(int refused, int refused_again, const char *what) const noexcept
{
	if (refused_again == 0 || refused_again == refused)
		return true;
	BRAID_LOG(ERR, "%s: taking back: %s: %s", device(), what, describe(refused_again));
	return false;
}

result<void> claimed_port::change_mac(const rte_ether_addr &mac) noexcept
{
	rte_ether_addr before{}, wanted = mac;
	const bool known = rte_eth_macaddr_get(port_, &before) == 0;
	if (known && equal(before, mac) && !mac_unsure_)
		return {};
	const int failed = rte_eth_dev_default_mac_addr_set(port_, &wanted);
	if (failed == 0) {
		mac_unsure_ = false;
		return {};
	}
	if (failed != -ENOTSUP && known)
		mac_unsure_ = !is_taken_back(failed, rte_eth_dev_default_mac_addr_set(port_, &before), "MAC address");
	return refused(failed, "mac", "MAC address");
}

result<void> claimed_port::set_mac(const rte_ether_addr &mac) noexcept
{
	result<void> done = change_mac(mac);
	if (done || done.error().code() != ENOTSUP)
		return done;
	// Rings, captures and the like have no address to filter by, so the bond's works there as well.
	BRAID_LOG(NOTICE, "%s keeps its own MAC address: its driver cannot change it", device());
	return {};
}

result<void> claimed_port::set_mtu(std::uint16_t mtu) noexcept
{
	// Configuring a port writes the number ethdev keeps, not the device, so the number alone proves nothing.
	std::uint16_t now = 0;
	if (device_mtu_ == mtu && rte_eth_dev_get_mtu(port_, &now) == 0 && now == mtu)
		return {};
	const int failed = rte_eth_dev_set_mtu(port_, mtu);
	// A driver without the operation has no limit of its own to change; what it cannot carry, check() has refused.
	if (failed == 0 || failed == -ENOTSUP) {
		device_mtu_ = mtu;
		return {};
	}
	char step[24];
	std::snprintf(step, sizeof step, "MTU %u", device_mtu_);
	if (device_mtu_ != 0 && !is_taken_back(failed, rte_eth_dev_set_mtu(port_, device_mtu_), step))
		device_mtu_ = 0;
	std::snprintf(step, sizeof step, "MTU %u", mtu);
	return refused(failed, "mtu", step);
}

// ethdev asks no driver for what it believes to be so, which is not to be relied upon after a refusal.
int claimed_port::flip(const rx_switch &s, bool on) noexcept
{
	s.believe(*rte_eth_devices[port_].data, !on);
	return on ? s.enable(port_) : s.disable(port_);
}

result<void> claimed_port::set_switch(const rx_switch &s, bool &unsure, bool on) noexcept
{
	const bool before = s.is_on(port_) == 1;
	if (before == on && !unsure)
		return {};
	const int failed = flip(s, on);
	if (failed == 0 || failed == -ENOTSUP) { // without the operation: net_null filters nothing
		unsure = false;
		return {};
	}
	char what[32];
	std::snprintf(what, sizeof what, "%s %s", s.name, before ? "on" : "off");
	if (before != on)
		unsure = !is_taken_back(failed, flip(s, before), what);
	s.believe(*rte_eth_devices[port_].data, before);
	std::snprintf(what, sizeof what, "%s %s", s.name, on ? "on" : "off");
	return refused(failed, s.name, what);
}

result<void> claimed_port::set_promiscuous(bool on) noexcept
{
	static constexpr rx_switch promiscuous = {"promiscuous", rte_eth_promiscuous_get, rte_eth_promiscuous_enable,
	                                          rte_eth_promiscuous_disable,
	                                          [](rte_eth_dev_data &data, bool is) { data.promiscuous = is; }};
	return set_switch(promiscuous, promiscuous_unsure_, on);
}

result<void> claimed_port::set_allmulticast(bool on) noexcept
{
	static constexpr rx_switch allmulticast = {"allmulticast", rte_eth_allmulticast_get, rte_eth_allmulticast_enable,
	                                           rte_eth_allmulticast_disable,
	                                           [](rte_eth_dev_data &data, bool is) { data.all_multicast = is; }};
	return set_switch(allmulticast, allmulticast_unsure_, on);
}

result<void> claimed_port::add_mac(const rte_ether_addr &mac) noexcept
{
	const auto same = [&mac](const rte_ether_addr &known) { return equal(known, mac); };
	if (std::any_of(added_macs_.begin(), added_macs_.end(), same))
		return {};
	rte_ether_addr wanted = mac;
	if (const int failed = rte_eth_dev_mac_addr_add(port_, &wanted, 0))
		return refused(failed, "mac", "adding a MAC address");
	added_macs_.push_back(mac);
	return {};
}

result<void> claimed_port::remove_mac(const rte_ether_addr &mac) noexcept
{
	const auto same = [&mac](const rte_ether_addr &known) { return equal(known, mac); };
	const auto found = std::find_if(added_macs_.begin(), added_macs_.end(), same);
	if (found == added_macs_.end())
		return {};
	rte_ether_addr wanted = mac;
	if (const int failed = rte_eth_dev_mac_addr_remove(port_, &wanted))
		return refused(failed, "mac", "removing a MAC address");
	// ethdev asks the device how many it can hold, and if that fails removes nothing and calls it a success.
	if (has_mac(mac))
		return refused(-EIO, "mac", "removing a MAC address");
	added_macs_.erase(found);
	return {};
}

bool claimed_port::has_mac(const rte_ether_addr &mac) const noexcept
{
	const rte_ether_addr *const all = rte_eth_devices[port_].data->mac_addrs;
	return std::any_of(all, all + mac_slots_, [&mac](const rte_ether_addr &one) { return equal(one, mac); });
}

result<void> claimed_port::set_vlan(std::uint16_t id, bool on) noexcept
{
	if (const int failed = rte_eth_dev_vlan_filter(port_, id, on)) {
		char step[24];
		std::snprintf(step, sizeof step, "VLAN %u", id);
		return refused(failed, "vlan", step);
	}
	added_vlans_[id] = on;
	return {};
}

// ethdev takes VLANs only while the filter is on: those of a port that joined while it was off come when it is switched on.
result<void> claimed_port::set_vlans(const member_config &wanted) noexcept
{
	for (unsigned id = 0; id < wanted.vlans.size(); id++)
		if (wanted.vlans[id] || added_vlans_[id])
			if (result<void> done = set_vlan(static_cast<std::uint16_t>(id), wanted.vlans[id]); !done)
				return done;
	return {};
}

result<void> claimed_port::set_multicast(const std::vector<rte_ether_addr> &list) noexcept
{
	std::vector<rte_ether_addr> copy = list;
	if (const int failed = rte_eth_dev_set_mc_addr_list(port_, copy.data(), static_cast<std::uint32_t>(copy.size())))
		return refused(failed, "multicast", "multicast list");
	multicast_set_ = !list.empty();
	return {};
}

result<void> claimed_port::set_vlan_offloads(std::uint64_t rx_offloads, const member_config &wanted) noexcept
{
	int mask = 0;
	if ((rx_offloads & RTE_ETH_RX_OFFLOAD_VLAN_STRIP) != 0)
		mask |= RTE_ETH_VLAN_STRIP_OFFLOAD;
	if ((rx_offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER) != 0)
		mask |= RTE_ETH_VLAN_FILTER_OFFLOAD;
	if ((rx_offloads & RTE_ETH_RX_OFFLOAD_VLAN_EXTEND) != 0)
		mask |= RTE_ETH_VLAN_EXTEND_OFFLOAD;
	if ((rx_offloads & RTE_ETH_RX_OFFLOAD_QINQ_STRIP) != 0)
		mask |= RTE_ETH_QINQ_STRIP_OFFLOAD;
	if (rte_eth_dev_get_vlan_offload(port_) == mask)
		return {};
	if (const int failed = rte_eth_dev_set_vlan_offload(port_, mask))
		return refused(failed, "vlan", "VLAN offloads");
	return (mask & RTE_ETH_VLAN_FILTER_OFFLOAD) != 0 ? set_vlans(wanted) : result<void>();
}

result<void> claimed_port::set_rss(std::uint64_t types, const std::vector<std::uint8_t> &key,
                                   const member_config &before) noexcept
{
	former_types_.reset();
	const result<rte_eth_dev_info> told = capabilities();
	if (!told)
		return told.error();
	const rte_eth_dev_info &info = *told;
	if (info.flow_type_rss_offloads == 0)
		return {}; // it does not hash
	rte_eth_rss_conf conf{};
	former_key_.assign(info.hash_key_size, 0);
	sdk::set_rss_key(conf, former_key_);
	const int failed_to_tell = rte_eth_dev_rss_hash_conf_get(port_, &conf);
	if (failed_to_tell == -ENOTSUP) {
		conf.rss_hf = before.conf.rx_adv_conf.rss_conf.rss_hf & info.flow_type_rss_offloads;
		former_key_ = before.rss_key;
		fit_key(former_key_, info.hash_key_size);
	} else if (failed_to_tell != 0) {
		return refused(failed_to_tell, "rss", "reading its RSS hash"); // it could not be taken back
	}

	std::vector<std::uint8_t> fitting = key;
	fit_key(fitting, info.hash_key_size);
	former_types_ = conf.rss_hf;
	conf = {};
	conf.rss_hf = types & info.flow_type_rss_offloads;
	sdk::set_rss_key(conf, fitting);
	if (const int failed = rte_eth_dev_rss_hash_update(port_, &conf))
		return refused(failed, "rss", "RSS hash");
	return {};
}

result<void> claimed_port::undo_rss() noexcept
{
	if (!former_types_)
		return {};
	rte_eth_rss_conf conf{};
	conf.rss_hf = *former_types_;
	sdk::set_rss_key(conf, former_key_);
	if (const int failed = rte_eth_dev_rss_hash_update(port_, &conf))
		return refused(failed, "rss", "RSS hash");
	return {};
}

result<void> claimed_port::set_reta(const member_config &wanted) noexcept
{
	const result<rte_eth_dev_info> info = capabilities();
	return info ? set_reta(wanted, info->reta_size) : info.error();
}

result<void> claimed_port::set_reta(const member_config &wanted, std::uint16_t size) noexcept
{
	if (wanted.reta.empty())
		return {}; // never set: the device's own, made when it was configured
	if (size == 0)
		return {}; // it does not spread by a table, so there is nothing to point elsewhere
	// A larger table repeats the bond's.
	std::vector<rte_eth_rss_reta_entry64> table((size + RTE_ETH_RETA_GROUP_SIZE - 1) /
	                                            RTE_ETH_RETA_GROUP_SIZE);
	for (unsigned i = 0; i < size; i++) {
		const unsigned from = i % wanted.reta_size;
		auto &group = table[i / RTE_ETH_RETA_GROUP_SIZE];
		group.mask |= std::uint64_t{1} << (i % RTE_ETH_RETA_GROUP_SIZE);
		group.reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			wanted.reta[from / RTE_ETH_RETA_GROUP_SIZE].reta[from % RTE_ETH_RETA_GROUP_SIZE];
	}
	if (const int failed = rte_eth_dev_rss_reta_update(port_, table.data(), size))
		return refused(failed, "reta", "redirection table");
	return {};
}

} // namespace braid
