/* SPDX-License-Identifier: BSD-3-Clause */
#include "braid_bond.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <chrono>

namespace braid::bench {

constexpr std::uint16_t burst = 32;

std::unique_ptr<subject> braid_bond(const bond_options &options)
{
	auto made = subject::make(driver::net_braid, options);
	if (!made)
		give_up(made.error().text());
	return std::move(*made);
}

void succeed(int status, const char *what)
{
	if (status < 0)
		give_up(std::string(what) + ": " + braid_error_text());
}

std::uint32_t id_of(std::uint16_t bond, const std::string &name)
{
	std::uint32_t id = BRAID_NO_MEMBER;
	succeed(braid_member_find(bond, name.c_str(), &id), "find");
	return id;
}

braid_info info_of(std::uint16_t bond)
{
	braid_info info = {};
	info.size = sizeof info;
	succeed(braid_info_get(bond, &info), "info");
	return info;
}

void wait_for_usable(std::uint16_t bond, unsigned members)
{
	const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
	while (info_of(bond).usable != members)
		if (std::chrono::steady_clock::now() > deadline)
			give_up("the members did not become usable, or unusable");
}

sink &active_member(subject &bond)
{
	const std::uint32_t active = info_of(bond.port()).active;
	const auto found = std::find_if(bond.members().begin(), bond.members().end(), [&](const sink &m) {
		return id_of(bond.port(), m.name()) == active;
	});
	if (found == bond.members().end())
		give_up("no member is active");
	return *found;
}

void forwarder::round()
{
	rte_mbuf *received[burst];
	rte_eth_rx_burst(bond_, 0, received, burst);
	const auto packets = packets_.all();
	rte_eth_tx_burst(bond_, 0, packets.data() + next_, burst);
	next_ = (next_ + burst) % packets.size();
}

} // namespace braid::bench
