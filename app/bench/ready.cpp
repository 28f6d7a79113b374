/* SPDX-License-Identifier: BSD-3-Clause */
#include "ready.hpp"

#include "braid_bond.hpp"
#include "measure.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

namespace braid::bench {
namespace {

// How many members a subject sends this traffic by.
unsigned members_to_use(driver d, const bench_case &what)
{
	const bool is_one_flow = d == driver::net_bonding && is_one_flow_outside(what.kind); // it does not look inside
	return d == driver::bare || what.mode == mode::active_backup || is_one_flow ? 1 : what.members;
}

void pin_packets(packet_set &packets, subject &bond)
{
	std::vector<std::uint32_t> ids;
	for (const sink &m : bond.members())
		ids.push_back(id_of(bond.port(), m.name()));
	packets.pin(ids);
}

// Links and active members are the drivers' to find out, some on a thread of their own.
bool wait_until_ready(const station &s, subject &port, unsigned expected)
{
	const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
	rte_mbuf *packets[256];
	do {
		bool ready = false;
		if (s.what.way == direction::tx) {
			warm_up(s, port.port());
			ready = port.members_in_use() == expected;
		} else {
			ready = rte_eth_rx_burst(port.port(), s.queue, packets, s.what.burst) > 0 || s.what.busy == 0;
		}
		if (ready)
			return true;
	} while (std::chrono::steady_clock::now() < deadline);
	return false;
}

} // namespace

result<std::unique_ptr<subject>> make_ready(driver d, const station &s, const std::string &simd)
{
	bond_options options;
	options.mode = s.what.mode;
	options.policy = s.what.policy;
	options.rx_port = s.what.rx_port;
	options.simd = simd;
	options.pinning = s.what.pins != pinning::off;
	options.members = s.what.members;
	options.queues = static_cast<std::uint16_t>(s.what.threads);
	auto made = subject::make(d, options);
	if (!made)
		return made;
	subject &port = **made;
	for (unsigned k = 0; k < std::min<std::size_t>(s.what.busy, port.members().size()); k++)
		port.members()[k].supply(s.packets.all(), s.what.burst);
	if (d == driver::net_braid && s.what.pins == pinning::all)
		pin_packets(s.packets, port);
	if (!wait_until_ready(s, port, members_to_use(d, s.what)))
		return error(EIO, "%s does not use all of its members", to_string(static_cast<series>(d)));
	return made;
}

} // namespace braid::bench
