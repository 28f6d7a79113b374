/* SPDX-License-Identifier: BSD-3-Clause */
#include "interruption.hpp"

#include "braid_bond.hpp"

#include "failover/failover.hpp"
#include "policy/buckets.hpp"

#include <rte_pause.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <sys/resource.h>

namespace braid::bench {
namespace {

constexpr double failover_bound_us = 50;
constexpr double publish_bound_us = 5;
constexpr unsigned poll_period_ms = 10; // the driver's default

// The packaged DPDK has 32 ports, one of them the bond; members beyond those are pending.
constexpr unsigned most_ports = RTE_MAX_ETHPORTS - 2;

bond_options active_backup(sink::link_events events)
{
	bond_options options;
	options.mode = mode::active_backup;
	options.on_send = sink::on_send::stamp;
	options.link_events = events;
	return options;
}

// From just before the link is taken down, by a thread on another CPU, to the moment at which the other member is handed its
// first packet by this one, which does nothing but send and receive, as a data core does.
struct failover_time {
	double us;
	bool disturbed; // one of the two threads had to give its CPU to somebody else meanwhile
};

long preemptions()
{
	rusage own = {};
	getrusage(RUSAGE_THREAD, &own);
	return own.ru_nivcsw;
}

failover_time fail_over(subject &bond, forwarder &traffic)
{
	sink &broken = active_member(bond);
	sink &other = &broken == &bond.members().front() ? bond.members().back() : bond.members().front();
	other.forget_first_send();
	std::uint64_t lost = 0;
	long preempted = 0, puller_preempted = 0;
	{
		errand pull([&] {
			const long before = preemptions();
			lost = rte_rdtsc_precise();
			broken.set_link(false);
			puller_preempted = preemptions() - before;
		});
		preempted = preemptions();
		traffic.round();
		pull.start();
		const std::uint64_t deadline = rte_rdtsc() + 10 * rte_get_tsc_hz();
		while (other.first_send() == 0) {
			traffic.round();
			if (rte_rdtsc() > deadline)
				give_up("no packet reached the other member");
		}
		preempted = preemptions() - preempted;
	}
	broken.set_link(true);
	wait_for_usable(bond.port(), 2);
	// Below zero if the CPUs' clocks disagree by more than it took: to be seen, rather than a number of 2^64.
	const bool in_order = other.first_send() >= lost;
	const double us = in_order ? us_from(other.first_send() - lost) : -us_from(lost - other.first_send());
	return {us, preempted + puller_preempted > 0};
}

std::vector<operation_times> time_events(unsigned rounds)
{
	stopwatch watch("LSC event to first packet", time_bound::median(failover_bound_us));
	stopwatch all("the same, also if preempted");
	const auto bond = braid_bond(active_backup(sink::link_events::raised));
	wait_for_usable(bond->port(), 2);
	forwarder traffic(bond->port());
	constexpr unsigned patience = 20;
	for (unsigned k = 0, good = 0; good < rounds && k < patience * rounds; k++) {
		const failover_time t = fail_over(*bond, traffic);
		all.add(t.us);
		if (t.disturbed)
			continue;
		watch.add(t.us);
		good++;
	}
	return {watch.times(), all.times()};
}

// Members without LSC, at random moments between two polls.
operation_times time_polls(unsigned rounds)
{
	stopwatch watch("polled link to first packet", time_bound::p90(poll_period_ms * 1000.0));
	const auto bond = braid_bond(active_backup(sink::link_events::none));
	wait_for_usable(bond->port(), 2);
	forwarder traffic(bond->port());
	std::mt19937 random(1);
	for (unsigned k = 0; k < rounds; k++) {
		std::this_thread::sleep_for(std::chrono::microseconds(random() % (poll_period_ms * 1000)));
		watch.add(fail_over(*bond, traffic).us);
	}
	return watch.times();
}

double last_publication_us(std::uint16_t bond) { return static_cast<double>(info_of(bond).publish_last_ns) / 1000; }

// As the driver measures it: from holding the state lock to the exchange of the pointer.
operation_times time_publication(mode m, unsigned members, unsigned rounds)
{
	bond_options options;
	options.mode = m;
	options.members = std::min(members, most_ports);
	const auto bond = braid_bond(options);
	const std::uint16_t port = bond->port();
	for (unsigned k = options.members; k < members; k++)
		succeed(braid_member_add(port, ("net_absent" + std::to_string(k)).c_str(), nullptr, nullptr), "add");
	wait_for_usable(port, options.members);
	const std::string what = std::string("publish: ") + to_string(m) + ", " + std::to_string(members);
	stopwatch watch(what, time_bound::median(publish_bound_us));
	const forwarding traffic(port);
	for (unsigned k = 0; k < rounds; k++) {
		sink &broken = m == mode::active_backup ? active_member(*bond) : bond->members()[k % options.members];
		broken.set_link(false);
		watch.add(last_publication_us(port));
		broken.set_link(true);
		wait_for_usable(port, options.members);
	}
	return watch.times();
}

// What a publication does that grows with the usable members, for as many as a bond can have: the decision, and the buckets.
operation_times time_decision(unsigned members, unsigned rounds)
{
	const auto state = std::make_unique<failover>();
	const auto table = std::make_unique<bucket_table>();
	const link_report up{.up = true, .speed_mbps = 10000, .full_duplex = true};
	for (unsigned k = 1; k <= members; k++)
		state->join(static_cast<member_id>(k), up, 0);
	state->evaluate(0);
	const auto decide = [&](snapshot &to) {
		const decision d = state->evaluate(0);
		seat_set active = 0;
		seat_table index;
		std::uint8_t next = 0;
		for (member_id id : d.usable()) {
			const unsigned seat = to_number(id) - 1;
			active |= seat_set{1} << seat;
			index[seat] = next++;
		}
		table->set_active(active);
		table->describe_holders(index, to.bucket);
	};
	const auto to = std::make_unique<snapshot>();
	decide(*to);
	stopwatch watch("decide and fill: balance, " + std::to_string(members) + " usable", time_bound::median(publish_bound_us));
	for (unsigned k = 0; k < rounds; k++) {
		const auto id = static_cast<member_id>(1 + k % members);
		watch.time([&] {
			state->report(id, {}, 0);
			decide(*to);
		});
		state->report(id, up, 0);
		decide(*to);
	}
	return watch.times();
}

} // namespace

std::vector<operation_times> time_failovers(unsigned rounds)
{
	std::vector<operation_times> all = time_events(rounds);
	all.push_back(time_polls(std::min(rounds, 200u)));
	return all;
}

std::vector<operation_times> time_publications(unsigned rounds)
{
	std::vector<operation_times> all;
	for (const mode m : {mode::round_robin, mode::active_backup, mode::balance, mode::broadcast})
		for (const unsigned members : {2u, 8u, 64u})
			all.push_back(time_publication(m, members, rounds));
	all.push_back(time_decision(max_members, rounds));
	return all;
}

} // namespace braid::bench
