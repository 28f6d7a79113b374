/* SPDX-License-Identifier: BSD-3-Clause */
#include "control.hpp"

#include "environment.hpp"
#include "packets.hpp"
#include "subject.hpp"

#include <braid.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>

namespace braid::bench {
namespace {

constexpr std::uint16_t burst = 32;

std::unique_ptr<subject> bond_of(driver d, mode m, unsigned members, sink::on_send on_send = sink::on_send::count)
{
	bond_options options;
	options.mode = m;
	options.members = members;
	options.on_send = on_send;
	auto made = subject::make(d, options);
	if (!made && d == driver::net_braid)
		give_up(made.error().text());
	return made ? std::move(*made) : nullptr;
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

double us_of(const std::function<void()> &operation)
{
	const std::uint64_t start = rte_rdtsc_precise();
	operation();
	return static_cast<double>(rte_rdtsc_precise() - start) * 1e6 / static_cast<double>(rte_get_tsc_hz());
}

class stopwatch {
public:
	explicit stopwatch(std::string operation) : operation_(std::move(operation)) {}
	void time(const std::function<void()> &operation)
	{
		us_.push_back(us_of(operation));
		spread_.add(us_.back());
	}
	operation_times times() const { return {operation_, summarize(us_), spread_}; }

private:
	std::string operation_;
	std::vector<double> us_;
	histogram spread_;
};

// Sends and receives on a bond until it goes out of scope.
class forwarding {
public:
	explicit forwarding(std::uint16_t bond)
		: packets_(traffic::ipv4, 256), thread_([this, bond] {
			  rte_mbuf *received[burst];
			  rte_eth_rx_burst(bond, 0, received, burst);
			  for (std::size_t k = 0; k < packets_.all().size(); k += burst)
				  rte_eth_tx_burst(bond, 0, packets_.all().data() + k, burst);
		  })
	{
		thread_.run();
	}

private:
	packet_set packets_;
	background thread_; // last: it ends before what it uses
};

void wait_for_members(std::uint16_t bond, unsigned usable)
{
	const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
	while (info_of(bond).usable != usable)
		if (std::chrono::steady_clock::now() > deadline)
			give_up("the members did not become usable");
}

std::vector<operation_times> time_membership(unsigned rounds)
{
	stopwatch publish("publish (mode set)"), rename("rename"), remove("remove"), add("add");
	const auto bond = bond_of(driver::net_braid, mode::balance, 4);
	const std::uint16_t port = bond->port();
	wait_for_members(port, 4);
	const forwarding traffic(port);
	const std::string device = bond->members().back().name();
	for (unsigned k = 0; k < rounds; k++) {
		publish.time([&] {
			succeed(braid_mode_set(port, k % 2 == 0 ? BRAID_MODE_ROUND_ROBIN : BRAID_MODE_BALANCE), "mode");
		});
		const std::uint32_t id = id_of(port, device);
		const std::string name = "uplink" + std::to_string(k);
		rename.time([&] { succeed(braid_member_rename(port, id, name.c_str()), "rename"); });
		remove.time([&] { succeed(braid_member_remove(port, id), "remove"); });
		add.time([&] { succeed(braid_member_add(port, device.c_str(), nullptr, nullptr), "add"); });
	}
	return {publish.times(), rename.times(), remove.times(), add.times()};
}

// From the interrupt of the active member's link to the snapshot without it.
operation_times time_failover(unsigned rounds)
{
	stopwatch failover("failover (link down)");
	const auto bond = bond_of(driver::net_braid, mode::active_backup, 2);
	const std::uint16_t port = bond->port();
	wait_for_members(port, 2);
	const forwarding traffic(port);
	for (unsigned k = 0; k < rounds; k++) {
		const std::uint32_t active = info_of(port).active;
		sink &broken = *std::find_if(bond->members().begin(), bond->members().end(),
		                             [&](const sink &m) { return id_of(port, m.name()) == active; });
		failover.time([&] {
			broken.set_link(false);
			while (info_of(port).active == active) {
			}
		});
		broken.set_link(true);
		wait_for_members(port, 2);
	}
	return failover.times();
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
	const auto bond = bond_of(driver::net_braid, mode::balance, m.members, sink::on_send::label);
	const std::uint16_t port = bond->port();
	wait_for_members(port, m.members);
	const auto before = placement(*bond, flows);
	const std::string leaver = bond->members()[m.members / 2].name();

	succeed(braid_member_remove(port, id_of(port, leaver)), "remove");
	m.leaves = moved(before, placement(*bond, flows));

	succeed(braid_member_add(port, leaver.c_str(), nullptr, nullptr), "add");
	wait_for_members(port, m.members);
	const auto again = placement(*bond, flows);
	m.returns = moved(before, again);

	const std::string joiner = bond->members().emplace_back(sink::on_send::label).name();
	succeed(braid_member_add(port, joiner.c_str(), nullptr, nullptr), "add");
	wait_for_members(port, m.members + 1);
	m.joins = moved(again, placement(*bond, flows));
}

// Places each flow on a member by its position; net_bonding keeps no state between two sets, so that a bond made over
// another set places flows as one that was changed to it.
std::vector<std::uint16_t> bonding_placement(unsigned members, packet_set &flows)
{
	const auto bond = bond_of(driver::net_bonding, mode::balance, members, sink::on_send::label);
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
	all.push_back(time_failover(rounds));
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
