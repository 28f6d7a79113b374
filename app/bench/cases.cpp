/* SPDX-License-Identifier: BSD-3-Clause */
#include "cases.hpp"

#include <iterator>
#include <set>
#include <utility>

namespace braid::bench {
namespace {

using braid::mode;

constexpr unsigned cold = 32768;
constexpr unsigned member_counts[] = {1, 2, 3, 4, 8, 16};
constexpr std::uint16_t burst_sizes[] = {1, 4, 8, 32, 64, 256};

// A mode and, in mode balance, what it hashes.
struct way_to_send {
	braid::mode mode;
	const char *policy;
};
constexpr way_to_send round_robin = {mode::round_robin, "l34"};
constexpr way_to_send active_backup = {mode::active_backup, "l34"};
constexpr way_to_send l2 = {mode::balance, "l2"};
constexpr way_to_send l23 = {mode::balance, "l23"};
constexpr way_to_send l34 = {mode::balance, "l34"};
constexpr way_to_send flow = {mode::balance, "flow"};
constexpr way_to_send encap34 = {mode::balance, "encap34"};
constexpr way_to_send vlan_srcmac = {mode::balance, "vlan+srcmac"};
constexpr way_to_send l34_sym = {mode::balance, "l34+sym"};
constexpr way_to_send broadcast = {mode::broadcast, "l34"};
constexpr way_to_send ways[] = {round_robin, active_backup, l2, l23, l34, broadcast};

bench_case tx(way_to_send way, unsigned members, bound must = {})
{
	bench_case c;
	c.mode = way.mode;
	c.policy = way.policy;
	c.members = members;
	c.must = must;
	return c;
}

bench_case rx(unsigned members, unsigned busy, const char *rx_port, bound must = {})
{
	bench_case c;
	c.way = direction::rx;
	c.mode = mode::round_robin;
	c.members = members;
	c.busy = busy;
	c.rx_port = rx_port;
	c.must = must;
	return c;
}

bench_case of(traffic kind, bench_case c)
{
	c.kind = kind;
	return c;
}

bench_case in_bursts(std::uint16_t burst, bench_case c)
{
	c.burst = burst;
	return c;
}

bench_case over(unsigned packets, bench_case c)
{
	c.packets = packets;
	return c;
}

bench_case under(churn change, unsigned per_s, bench_case c)
{
	c.change = change;
	c.changes_per_s = per_s;
	return c;
}

bench_case shared(bench_case c)
{
	c.references = 2;
	return c;
}

bench_case on_threads(unsigned threads, bench_case c)
{
	c.threads = threads;
	return c;
}

bench_case with(pinning pins, bench_case c)
{
	c.pins = pins;
	return c;
}

bench_case in_one_order(bench_case c)
{
	c.repeats_order = true;
	return c;
}

constexpr bound fewer(double times) { return {bound_kind::fewer_than_bonding, times}; }

} // namespace

const char *to_string(churn c)
{
	static constexpr const char *names[] = {"quiet", "members", "links", "modes"};
	static_assert(std::size(names) == churn_count);
	return names[static_cast<unsigned>(c)];
}

bool bench_case::reorders() const
{
	return way == direction::tx && mode == mode::balance && packets != cold && !repeats_order;
}

std::string bench_case::name() const
{
	std::string text;
	if (way == direction::tx) {
		text = std::string("tx/") + braid::to_string(mode);
		if (mode == mode::balance)
			text += "-" + policy;
		text += std::string("/") + to_string(kind);
	} else {
		text = "rx/port-" + rx_port + "/busy" + std::to_string(busy);
	}
	text += "/m" + std::to_string(members) + "/b" + std::to_string(burst) + (packets == cold ? "/cold" : "/hot");
	if (references > 1)
		text += "/shared";
	if (threads > 1)
		text += "/t" + std::to_string(threads);
	if (pins != pinning::off)
		text += pins == pinning::all ? "/pinned" : "/pinning";
	if (repeats_order)
		text += "/repeated";
	if (change != churn::none)
		text += std::string("/") + to_string(change) + std::to_string(changes_per_s);
	return text;
}

std::vector<bench_case> bounded_cases()
{
	constexpr bound one_usable = {bound_kind::over_bare_per_burst, 10};
	std::vector<bench_case> cases = {
		tx(round_robin, 2, fewer(3)),
		tx(round_robin, 8, fewer(3)),
		tx(l34, 2, fewer(2.5)),
		tx(l34, 8, fewer(2)),
		tx(l2, 2, fewer(2)),
		tx(l23, 2, fewer(2)),
		of(traffic::ipv6, tx(l34, 2, fewer(2))),
		of(traffic::vlan, tx(l34, 2, fewer(2))),
		of(traffic::qinq, tx(l34, 2, fewer(2))),
		of(traffic::mixed, tx(l34, 2, fewer(2))),
		tx(flow, 2, fewer(4)),
		tx(flow, 8, fewer(4)),
		tx(active_backup, 2, one_usable),
		tx(round_robin, 1, one_usable),
		tx(l34, 1, one_usable),
		tx(broadcast, 1, one_usable),
		tx(broadcast, 2, fewer(2)),
		shared(tx(broadcast, 2, fewer(2))),
		rx(2, 1, "member", fewer(1)),
		rx(8, 1, "member", fewer(1)),
		rx(2, 1, "bond", {bound_kind::over_bonding_per_packet, 1}),
		rx(8, 1, "bond", {bound_kind::over_bonding_per_packet, 1}),
		over(cold, tx(l34, 2, fewer(1.8))),
	};
	for (const std::uint16_t burst : {std::uint16_t{4}, std::uint16_t{8}})
		for (const auto &way : ways)
			cases.push_back(in_bursts(burst, tx(way, 2, fewer(1))));
	for (const churn change : {churn::membership, churn::links})
		cases.push_back(under(change, 1000, tx(l34, 8, {bound_kind::over_quiet, 1.03})));
	return cases;
}

std::vector<bench_case> all_cases()
{
	std::vector<bench_case> cases = bounded_cases();
	std::set<std::string> known;
	for (const auto &c : cases)
		known.insert(c.name());
	const auto add = [&](bench_case c) {
		if (known.insert(c.name()).second)
			cases.push_back(std::move(c));
	};

	for (const auto &way : ways)
		for (const unsigned members : member_counts)
			for (const std::uint16_t burst : burst_sizes)
				add(in_bursts(burst, tx(way, members)));
	for (const auto &way : ways)
		for (const unsigned members : {2u, 8u})
			add(over(cold, tx(way, members)));
	for (const auto &way : {l2, l23, l34})
		for (const traffic kind : untunnelled)
			for (const unsigned members : {2u, 8u})
				add(of(kind, tx(way, members)));
	add(in_one_order(of(traffic::mixed, tx(l34, 2))));
	add(tx(encap34, 2));
	for (const traffic kind : tunnels)
		add(of(kind, tx(encap34, 2)));
	for (const traffic kind : {traffic::ipv4, traffic::vlan})
		add(of(kind, tx(vlan_srcmac, 2)));
	for (const traffic kind : {traffic::ipv4, traffic::ipv6, traffic::mixed})
		add(of(kind, tx(l34_sym, 2)));
	for (const pinning pins : {pinning::none, pinning::all})
		add(with(pins, tx(l34, 2)));
	for (const char *rx_port : {"member", "bond"})
		for (const unsigned members : member_counts)
			for (const std::uint16_t burst : burst_sizes)
				for (const unsigned busy : {0u, 1u, members})
					add(in_bursts(burst, rx(members, busy, rx_port)));
	for (const auto &way : ways)
		add(on_threads(2, tx(way, 2)));
	add(on_threads(2, rx(2, 1, "member")));
	for (const auto &way : ways)
		for (const churn change : {churn::membership, churn::links, churn::mode})
			for (const unsigned per_s : {10u, 1000u})
				add(under(change, per_s, tx(way, 8)));
	return cases;
}

} // namespace braid::bench
