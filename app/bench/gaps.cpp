/* SPDX-License-Identifier: BSD-3-Clause */
// For how long a change interrupts the traffic of the members that it does not concern.
#include "interruption.hpp"

#include "braid_bond.hpp"

#include "rcu/retire.hpp"

#include <rte_pause.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace braid::bench {
namespace {

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
	// Until every snapshot that a change replaced is freed.
	void wait_for_reclaim()
	{
		while (info_of(port_).retired > 0)
			rte_pause();
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

window watch(forwarder &traffic, std::function<void()> meanwhile)
{
	errand other_thread(std::move(meanwhile));
	traffic.round();
	window w;
	other_thread.start();
	while (!other_thread.done())
		w.forward(traffic);
	return w;
}

// Gaps in windows in which a change is made, and in windows of the same length in which another thread does something that
// is the measure of it: nothing, or one grace period.
class gaps {
public:
	gaps(const std::string &what, std::function<void()> change, const std::string &beside, std::function<void()> measure)
		: change_(std::move(change)), measure_(std::move(measure)), changed_("gap, " + what), quiet_("gap, " + beside)
	{}

	void measure(forwarder &traffic)
	{
		const window changed = watch(traffic, change_);
		changed_.add(us_from(changed.longest));
		const window quiet = watch(traffic, [&] {
			const std::uint64_t start = rte_rdtsc();
			measure_();
			while (rte_rdtsc() - start < changed.length())
				rte_pause();
		});
		quiet_.add(us_from(quiet.longest));
		round_us_.push_back(quiet.round_us());
	}

	// What a change adds must drown in the noise of what it is held against, but for one round.
	void report(std::vector<operation_times> &to) const
	{
		const operation_times quiet = quiet_.times();
		operation_times changed = changed_.times();
		changed.must = time_bound::median(quiet.us.p90 + summarize(round_us_).median);
		to.push_back(changed);
		to.push_back(quiet);
	}

private:
	std::function<void()> change_, measure_;
	stopwatch changed_, quiet_;
	std::vector<double> round_us_;
};

} // namespace

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
	const auto nothing = [] {};
	const auto grace_period = [] { rcu::wait_for_readers(); };
	const std::string idle = "as long without", grace = "a grace period alone";
	gaps all[] = {{"member added", [&] { visitor.add(); }, idle, nothing},
	              {"... and the old set freed", [&] { visitor.wait_for_reclaim(); }, grace, grace_period},
	              {"device unplugged", [&] { visitor.unplug(); }, grace, grace_period},
	              {"device plugged in", [&] { visitor.plug(); }, idle, nothing},
	              {"member removed", [&] { visitor.remove(); }, grace, grace_period}};
	for (unsigned k = 0; k < rounds; k++)
		for (gaps &each : all) {
			each.measure(traffic);
			if (&each != &all[0]) // what the last change left to be freed is not the next one's
				visitor.wait_for_reclaim();
		}
	std::vector<operation_times> times;
	for (const gaps &each : all)
		each.report(times);
	return times;
}

} // namespace braid::bench
