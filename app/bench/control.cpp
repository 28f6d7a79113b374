/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.hpp"

#include "braid_bond.hpp"
#include "interruption.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace braid::bench {
namespace {

constexpr std::uint16_t burst = 32;

std::unique_ptr<subject> bond_of(driver d, unsigned members)
{
	bond_options options;
	options.members = members;
	options.on_send = sink::on_send::label;
	if (d == driver::net_braid)
		return braid_bond(options);
	auto made = subject::make(d, options);
	return made ? std::move(*made) : nullptr;
}

// Names that members are given in one call.
class renaming {
public:
	renaming(std::vector<std::uint32_t> ids, std::vector<std::string> names) : names_(std::move(names))
	{
		for (std::size_t k = 0; k < ids.size(); k++) {
			wishes_.emplace_back();
			wishes_.back().member_id = ids[k];
			wishes_.back().name = names_[k].c_str();
		}
	}
	void carry_out(std::uint16_t port) const
	{
		succeed(braid_members_rename(port, wishes_.data(), static_cast<unsigned>(wishes_.size()), sizeof wishes_[0]),
		        "members_rename");
	}

private:
	const std::vector<std::string> names_;
	std::vector<braid_rename> wishes_;
};

// Two members exchange their names; then all four get new ones.
void time_renamings(std::uint16_t port, stopwatch &swap, stopwatch &all, const std::string &suffix)
{
	std::vector<std::uint32_t> ids(4);
	succeed(braid_members_get(port, ids.data(), static_cast<unsigned>(ids.size())), "members");
	const renaming names(ids, {"a" + suffix, "b" + suffix, "c" + suffix, "d" + suffix});
	all.time([&] { names.carry_out(port); });
	const renaming exchange({ids[0], ids[1]}, {"b" + suffix, "a" + suffix});
	swap.time([&] { exchange.carry_out(port); });
}

std::vector<operation_times> time_membership(unsigned rounds)
{
	stopwatch publish("mode set"), rename("rename"), swap("swap of two names"), rename_all("members_rename, 4 members"),
		remove("remove"), add("add"), remove_now("remove now");
	const auto bond = braid_bond({.members = 4});
	const std::uint16_t port = bond->port();
	wait_for_usable(port, 4);
	const forwarding traffic(port);
	const std::string device = bond->members().back().name();
	for (unsigned k = 0; k < rounds; k++) {
		publish.time([&] {
			succeed(braid_mode_set(port, k % 2 == 0 ? BRAID_MODE_ROUND_ROBIN : BRAID_MODE_BALANCE), "mode");
		});
		const std::uint32_t id = id_of(port, device);
		const std::string name = "uplink" + std::to_string(k);
		rename.time([&] { succeed(braid_member_rename(port, id, name.c_str()), "rename"); });
		time_renamings(port, swap, rename_all, std::to_string(k));
		remove.time([&] { succeed(braid_member_remove(port, id), "remove"); });
		add.time([&] { succeed(braid_member_add(port, device.c_str(), nullptr, nullptr), "add"); });
		const std::uint32_t again = id_of(port, device);
		remove_now.time([&] { succeed(braid_member_remove_now(port, again), "remove now"); });
		succeed(braid_member_add(port, device.c_str(), nullptr, nullptr), "add");
	}
	return {publish.times(), rename.times(), swap.times(), rename_all.times(), remove.times(), remove_now.times(), add.times()};
}

// Which port sends each packet. The members label what they send.
std::vector<std::uint16_t> placement(const subject &bond, packet_set &flows)
{
	const auto packets = flows.all();
	for (std::size_t k = 0; k < packets.size(); k += burst)
		if (rte_eth_tx_burst(bond.port(), 0, packets.data() + k, burst) != burst)
			give_up("a bond did not take every packet");
	std::vector<std::uint16_t> ports(packets.size());
	std::transform(packets.begin(), packets.end(), ports.begin(), [](const rte_mbuf *m) { return m->port; });
	return ports;
}

double moved(const std::vector<std::uint16_t> &before, const std::vector<std::uint16_t> &after)
{
	std::size_t count = 0;
	for (std::size_t k = 0; k < before.size(); k++)
		count += before[k] != after[k];
	return static_cast<double>(count) / static_cast<double>(before.size());
}

void move_over_braid(movement &m, packet_set &flows)
{
	const auto bond = bond_of(driver::net_braid, m.members);
	const std::uint16_t port = bond->port();
	wait_for_usable(port, m.members);
	const auto before = placement(*bond, flows);
	const std::string leaver = bond->members()[m.members / 2].name();

	succeed(braid_member_remove(port, id_of(port, leaver)), "remove");
	m.leaves = moved(before, placement(*bond, flows));

	succeed(braid_member_add(port, leaver.c_str(), nullptr, nullptr), "add");
	wait_for_usable(port, m.members);
	const auto again = placement(*bond, flows);
	m.returns = moved(before, again);

	const std::string joiner = bond->members().emplace_back(sink::on_send::label).name();
	succeed(braid_member_add(port, joiner.c_str(), nullptr, nullptr), "add");
	wait_for_usable(port, m.members + 1);
	m.joins = moved(again, placement(*bond, flows));
}

// Places each flow on a member by its position; net_bonding keeps no state between two sets, so that a bond made over
// another set places flows as one that was changed to it.
std::vector<std::uint16_t> bonding_placement(unsigned members, packet_set &flows)
{
	const auto bond = bond_of(driver::net_bonding, members);
	if (!bond)
		return {};
	auto ports = placement(*bond, flows);
	for (auto &port : ports)
		port = static_cast<std::uint16_t>(std::find_if(bond->members().begin(), bond->members().end(),
		                                               [&](const sink &m) { return m.port() == port; }) -
		                                  bond->members().begin());
	return ports;
}

void move_over_bonding(movement &m, packet_set &flows)
{
	m.bonding_leaves = m.bonding_joins = std::numeric_limits<double>::quiet_NaN();
	const auto before = bonding_placement(m.members, flows);
	auto fewer = bonding_placement(m.members - 1, flows);
	const auto more = bonding_placement(m.members + 1, flows);
	if (before.empty())
		return;
	// The member in the middle is the one that is gone: those behind it move up.
	for (auto &position : fewer)
		position = static_cast<std::uint16_t>(position + (position >= m.members / 2));
	m.bonding_leaves = moved(before, fewer);
	m.bonding_joins = moved(before, more);
}

} // namespace

std::vector<operation_times> time_operations(unsigned rounds)
{
	auto all = time_membership(rounds);
	for (auto &part : {time_failovers(rounds), time_publications(rounds), time_gaps(std::min(rounds, 50u))})
		all.insert(all.end(), part.begin(), part.end());
	return all;
}

std::vector<movement> move_flows(unsigned most_members)
{
	packet_set flows(traffic::ipv4, 32768);
	std::vector<movement> all;
	for (unsigned n = 2; n <= most_members; n++) {
		movement m = {};
		m.members = n;
		move_over_braid(m, flows);
		move_over_bonding(m, flows);
		all.push_back(m);
	}
	return all;
}

} // namespace braid::bench
