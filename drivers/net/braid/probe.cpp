/* SPDX-License-Identifier: BSD-3-Clause */
// The vdev driver net_braid: makes a bond from its device arguments, and takes it away again.
#include "bond.hpp"
#include "burst.hpp"
#include "devargs.hpp"
#include "last_error.hpp"
#include "log.hpp"
#include "ops.hpp"
#include "registry.hpp"
#include "simd.hpp"
#include "sockets.hpp"

#include <atomic>

namespace braid {

int log_type;

namespace {

RTE_INIT(register_log)
{
	log_type = rte_log_register("pmd.net.braid");
	if (log_type >= 0)
		rte_log_set_level(log_type, RTE_LOG_NOTICE);
}

// ---- in a secondary process: the port is there, so that its other users (captures, statistics tools) can be, but its bursts,
// whose snapshots live in the primary's memory, are not.

std::uint16_t refuse_burst(void *, rte_mbuf **, std::uint16_t) noexcept
{
	static std::atomic_flag told;
	if (!told.test_and_set())
		BRAID_LOG(ERR, "bursts of a bond work in the primary process only: nothing is sent or received here");
	return 0;
}

int attach_in_secondary(const char *device) noexcept
{
	static const eth_dev_ops no_ops{};
	rte_eth_dev *const dev = rte_eth_dev_attach_secondary(device);
	if (dev == nullptr)
		return fail(device, error(ENODEV, "the primary process has no such bond"));
	dev->dev_ops = &no_ops;
	dev->rx_pkt_burst = refuse_burst;
	dev->tx_pkt_burst = refuse_burst;
	rte_eth_dev_probing_finish(dev);
	return 0;
}

// What a failed probe answers. The bus takes EEXIST for "is there already" and goes on as if all were well, so it must not
// get that for a member that is named twice.
int refuse(const char *device, const error &why) noexcept
{
	const int answer = fail(device, why);
	return answer == -EEXIST || answer == -ENOSPC ? -EINVAL : answer;
}

// Why ethdev gave none; it says so in its own log only.
error no_port(int socket) noexcept
{
	if (rte_eth_dev_count_total() == RTE_MAX_ETHPORTS)
		return error(ENOMEM, "no free ethdev port");
	return socket == SOCKET_ID_ANY ? error(ENOMEM, "no memory for the port")
	                               : error(ENOMEM, "no memory for the port on socket %d", socket);
}

int probe(rte_vdev_device *vdev) noexcept
{
	const char *const device = rte_vdev_device_name(vdev);
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return attach_in_secondary(device);
	result<bond_settings> settings = parse_devargs(rte_vdev_device_args(vdev), device);
	if (!settings)
		return refuse(device, settings.error());
	const result<simd> instructions = resolve(settings->simd, this_machine());
	if (!instructions)
		return refuse(device, instructions.error());
	settings->simd = *instructions;
	const result<void> placed = is_a_socket_of(sockets_of_this_machine(), settings->socket_id.value_or(SOCKET_ID_ANY));
	if (!placed)
		return refuse(device, placed.error());
	if (settings->socket_id)
		vdev->device.numa_node = *settings->socket_id;
	else if (vdev->device.numa_node == SOCKET_ID_ANY)
		vdev->device.numa_node = static_cast<int>(rte_socket_id());
	settings->socket_id = vdev->device.numa_node;

	sdk::probe_port<port_private> port(vdev);
	if (!port)
		return refuse(device, no_port(vdev->device.numa_node));
	port->data->mac_addrs = (*port).macs;
	port->data->dev_flags |= RTE_ETH_DEV_INTR_LSC | RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	port->data->promiscuous = 0;
	port->data->all_multicast = 0;
	port->dev_ops = &braid_ops;
	port->rx_pkt_burst = rx_burst();
	port->tx_pkt_burst = tx_burst();
	port->tx_pkt_prepare = tx_prepare;
	port->rx_queue_count = sdk::rx_queue_count<rx_queue_count>;

	const bond_ptr b = std::make_shared<bond>(port.get(), *settings);
	(*port).bond = b;
	if (!register_bond(b))
		return refuse(device, error(ENOMEM, "ethdev does not tell about its ports"));
	if (result<void> open = b->open(); !open) {
		unregister_bond(b.get());
		return refuse(device, open.error());
	}
	port.finish();
	return 0;
}

int remove(rte_vdev_device *vdev) noexcept
{
	rte_eth_dev *const dev = rte_eth_dev_allocated(rte_vdev_device_name(vdev));
	if (dev == nullptr)
		return 0; // closed before
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return rte_eth_dev_release_port(dev);
	if (dev->data->dev_started != 0)
		rte_eth_dev_stop(dev->data->port_id);
	return rte_eth_dev_close(dev->data->port_id);
}

// Complete before any constructor runs: registration is one.
constinit rte_vdev_driver driver = [] {
	rte_vdev_driver d{};
	d.probe = probe;
	d.remove = remove;
	return d;
}();

} // namespace

bool is_braid_port(std::uint16_t port) noexcept { return rte_eth_devices[port].dev_ops == &braid_ops; }

BRAID_REGISTER_VDEV("net_braid", driver,
                    "mode=<mode> member=<device>[;name=<name>][;role=<primary|standby>][;priority=<n>][;sticky=<0|1>][;weight=<n>]"
                    "[;enabled=<0|1>] auto=<mac|name:glob|pci:glob> primary=<device> xmit_policy=<policy> "
                    "lsc_poll_period_ms=<ms> up_delay=<ms> down_delay=<ms> mac=<address> socket_id=<n> "
                    "primary_reselect=<always|better|failure> weights=<option|speed> pinning=<0|1> min_links=<n> all_members_active=<0|1> "
                    "mac_policy=<same|by_active|follow> announce=<n> announce_interval_ms=<ms> "
                    "tx_empty=<keep|drop> rx_port=<bond|member> rr_limit=<n> simd=<auto|scalar|avx2|avx512> "
                    "drain_ms=<ms> seed=<n> "
                    "live_rename=<0|1> member_name=<template> lsc_on_failover=<0|1>");

} // namespace braid
