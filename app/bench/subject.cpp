/* SPDX-License-Identifier: BSD-3-Clause */
#include "subject.hpp"

#include "environment.hpp"

#include <braid.h>

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>
#include <rte_version.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace braid::bench {
namespace {

constexpr std::uint16_t descriptors = 512;

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
constexpr char bonding_member_key[] = "member";
#else
constexpr char bonding_member_key[] = "slave";
#endif

// That of net_bonding which hashes most of what the policy does.
std::string closest_of_bonding(const std::string &policy)
{
	if (policy == "vlan+srcmac")
		return "l2";
	return policy == "l2" || policy == "l23" ? policy : "l34";
}

std::string devargs(driver d, const bond_options &options, const std::deque<sink> &members)
{
	const bool bonding = d == driver::net_bonding;
	const std::string policy = bonding ? closest_of_bonding(options.policy) : options.policy;
	std::string text = "mode=" + std::to_string(static_cast<unsigned>(options.mode)) + ",xmit_policy=" + policy;
	for (const auto &m : members)
		text += std::string(",") + (bonding ? bonding_member_key : "member") + "=" + m.name();
	// A fixed seed for equal runs; no draining, since nobody receives while members come and go.
	if (!bonding)
		text += ",seed=1,drain_ms=0,rx_port=" + options.rx_port + ",simd=" + options.simd +
		        (options.pinning ? ",pinning=1" : "");
	return text;
}

} // namespace

int start_port(std::uint16_t port, std::uint16_t queues)
{
	const rte_eth_conf conf = {};
	int failed = rte_eth_dev_configure(port, queues, queues, &conf);
	for (std::uint16_t q = 0; q < queues && failed == 0; q++) {
		failed = rte_eth_rx_queue_setup(port, q, descriptors, SOCKET_ID_ANY, nullptr, packet_pool());
		if (failed == 0)
			failed = rte_eth_tx_queue_setup(port, q, descriptors, SOCKET_ID_ANY, nullptr);
	}
	return failed != 0 ? failed : rte_eth_dev_start(port);
}

result<std::unique_ptr<subject>> subject::make(driver d, const bond_options &options)
{
	std::unique_ptr<subject> made(new subject);
	for (unsigned k = 0; k < (d == driver::bare ? 1 : options.members); k++)
		made->members_.emplace_back(options.on_send, options.link_events);
	if (d == driver::bare) {
		made->port_ = made->members_.front().port();
	} else {
		static unsigned number = 0; // there may be two of a driver
		const std::string name = (d == driver::net_bonding ? "net_bonding_bench" : "net_braid_bench") + std::to_string(number++);
		const std::string args = devargs(d, options, made->members_);
		if (d == driver::net_braid && braid_create(name.c_str(), args.c_str()) < 0)
			return error(EINVAL, "net_braid: %s", braid_error_text());
		if (d == driver::net_bonding && rte_vdev_init(name.c_str(), args.c_str()) != 0)
			return error(ENODEV, "net_bonding is missing, or refuses %s", args.c_str());
		made->bond_ = name;
		rte_eth_dev_get_port_by_name(name.c_str(), &made->port_);
	}
	if (const int failed = start_port(made->port_, options.queues); failed != 0)
		return error(-failed, "the port does not start: %s", std::strerror(-failed));
	return made;
}

subject::~subject()
{
	if (port_ == RTE_MAX_ETHPORTS)
		return;
	rte_eth_dev_stop(port_);
	if (bond_.empty())
		return;
	// net_bonding refuses to be removed while it has members; closed, it has none.
	rte_eth_dev_close(port_);
	rte_vdev_uninit(bond_.c_str());
}

unsigned subject::members_in_use() const
{
	return static_cast<unsigned>(
		std::count_if(members_.begin(), members_.end(), [](const sink &m) { return m.sent() > 0; }));
}

} // namespace braid::bench
