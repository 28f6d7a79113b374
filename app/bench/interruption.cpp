/* SPDX-License-Identifier: BSD-3-Clause */
#include "interruption.hpp"

#include "braid_bond.hpp"

#include "failover/failover.hpp"
#include "policy/buckets.hpp"

#include <atomic>
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
	std::atomic<bool> ready = false, polling = false;
	long preempted = 0, puller_preempted = 0;
	{
		const errand pull([&] {
			ready.store(true);
			ready.notify_one();
			while (!polling.load()) {
			}
			const long before = preemptions();
			lost = rte_rdtsc_precise();
			broken.set_link(false);
			puller_preempted = preemptions() - before;
		});
		ready.wait(false);
		preempted = preemptions();
		traffic.round();
		polling.store(true);
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
	return {us_from(other.first_send() - lost), preempted + puller_preempted > 0};
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

// One device beside those that carry the traffic.
class guest {
public:
	guest(subject &bond, sink &device) : port_(bond.port()), others_(info_of(port_).usable), device_(device) {}

	void add()
	{
		succeed(braid_member_add(port_, device_.name().c_str(), nullptr, nullptr), "add");
		wait_for_usable(port_, others_ + 1);
	}
	void remove() { succeed(braid_member_remove(port_, id_of(port_, device_.name())), "remove"); }
	void unplug()
	{
		device_.unplug();
		wait_for_usable(port_, others_);
	}
	void plug()
	{
		device_.plug();
		wait_for_usable(port_, others_ + 1);
	}

private:
	const std::uint16_t port_;
	const unsigned others_;
	sink &device_;
};

// The longest time between the ends of two rounds, and what a round takes, while something goes on.
struct window {
	std::uint64_t begin = rte_rdtsc(), last = begin, longest = 0, rounds = 0;

	void forward(forwarder &traffic)
	{
		traffic.round();
		const std::uint64_t now = rte_rdtsc();
		longest = std::max(longest, now - last);
		last = now;
		rounds++;
	}
	std::uint64_t length() const { return last - begin; }
	double round_us() const { return us_from(length()) / static_cast<double>(rounds); }
};

// Gaps in windows in which a change is made, and in windows of the same length in which nothing is.
class gaps {
public:
	gaps(const std::string &what, void (guest::*change)())
		: change_(change), changed_("gap, " + what), quiet_("gap, as long without")
	{}

	void measure(guest &visitor, forwarder &traffic)
	{
		window changed;
		{
			const errand change([&] { (visitor.*change_)(); });
			while (!change.done())
				changed.forward(traffic);
		}
		changed_.add(us_from(changed.longest));
		window quiet;
		while (quiet.length() < changed.length())
			quiet.forward(traffic);
		quiet_.add(us_from(quiet.longest));
		round_us_.push_back(quiet.round_us());
	}

	// What a change adds must drown in the machine's own noise, but for one round.
	void report(std::vector<operation_times> &to) const
	{
		const operation_times quiet = quiet_.times();
		operation_times changed = changed_.times();
		changed.must = time_bound::median(quiet.us.p90 + summarize(round_us_).median);
		to.push_back(changed);
		to.push_back(quiet);
	}

private:
	void (guest::*const change_)();
	stopwatch changed_, quiet_;
	std::vector<double> round_us_;
};

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

std::vector<operation_times> time_gaps(unsigned rounds)
{
	bond_options options;
	options.mode = mode::round_robin;
	options.members = 3;
	const auto bond = braid_bond(options);
	wait_for_usable(bond->port(), 3);
	sink device;
	guest visitor(*bond, device);
	forwarder traffic(bond->port());
	gaps all[] = {{"member added", &guest::add},
	              {"device unplugged", &guest::unplug},
	              {"device plugged in", &guest::plug},
	              {"member removed", &guest::remove}};
	for (unsigned k = 0; k < rounds; k++)
		for (gaps &each : all)
			each.measure(visitor, traffic);
	std::vector<operation_times> times;
	for (const gaps &each : all)
		each.report(times);
	return times;
}

} // namespace braid::bench
