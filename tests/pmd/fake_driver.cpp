/* SPDX-License-Identifier: BSD-3-Clause */
// The fake port as the vdev bus sees it: a driver that probes and removes, and those who are found by it.
#include "fake_ops.hpp"

#include <rte_malloc.h>

#include <cassert>
#include <cerrno>

namespace braid {
namespace {

using fake::device;

int rx_queue_count(void *queue) { return static_cast<int>(static_cast<device::rx_queue *>(queue)->pending()); }

// Puts all ops into the table, without those that the port is to lack.
void fill(eth_dev_ops &ops, const std::vector<fake_op> &absent)
{
	fake::op_table table(ops, absent);
	fake::add_life_ops(table);
	fake::add_settings_ops(table);
	fake::add_report_ops(table);
	assert(table.lacking() == absent.size() && "one of the ops in `absent` is one that every driver has");
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
	rte_eth_dev *const dev = rte_eth_vdev_allocate(vdev, sizeof(fake::private_data));
	if (dev == nullptr)
		return nullptr;
	auto *const macs = rte_calloc(o.name.c_str(), o.max_mac_addrs, sizeof(rte_ether_addr), 0);
	if (macs == nullptr) {
		rte_eth_dev_release_port(dev);
		return nullptr;
	}
	auto *const mine = static_cast<fake::private_data *>(dev->data->dev_private);
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
