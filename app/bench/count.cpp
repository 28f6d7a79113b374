/* SPDX-License-Identifier: BSD-3-Clause */
#include "count.hpp"

#include "cases.hpp"
#include "ready.hpp"
#include "work.hpp"

#include <cstdio>
#include <optional>
#include <utility>

namespace braid::bench {

// What callgrind counts: it is told this name. A function of its own, and not called elsewhere.
[[gnu::noinline]] piece counted_piece(const station &s, std::uint16_t port) { return one_piece(s, port, 0); }

namespace {

std::optional<bench_case> case_named(const std::string &name)
{
	for (auto &c : all_cases())
		if (c.name() == name && c.change == churn::none && c.threads == 1)
			return std::move(c);
	return std::nullopt;
}

bool fail(const std::string &what, const char *why)
{
	std::fprintf(stderr, "bench: %s: %s\n", what.c_str(), why);
	return false;
}

} // namespace

bool do_work_to_count(const std::string &what)
{
	const std::size_t blank = what.find(' ');
	const auto found = case_named(blank == std::string::npos ? "" : what.substr(blank + 1));
	if (!found)
		return fail(what, "is not SIMD CASE with a case of one thread and no changes");
	packet_set packets(found->kind, found->packets);
	const station here{.what = *found, .packets = packets, .queue = 0, .reorders = false}; // which would be counted, too
	const auto bond = make_ready(driver::net_braid, here, what.substr(0, blank));
	if (!bond)
		return fail(what, bond.error().text());
	warm_up(here, (*bond)->port());
	const piece done = counted_piece(here, (*bond)->port());
	if (done.count == 0)
		return fail(what, "not every packet was carried");
	std::printf("%.0f\n", done.count);
	return true;
}

} // namespace braid::bench
