/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.hpp"

#include "environment.hpp"

#include <rte_cycles.h>
#include <rte_version.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace braid::bench {
namespace {

using json = nlohmann::ordered_json;

#ifdef __clang__
constexpr char compiler[] = __VERSION__;
#else
constexpr char compiler[] = "gcc " __VERSION__;
#endif

std::string cpu_model()
{
	std::ifstream info("/proc/cpuinfo");
	for (std::string line; std::getline(info, line);)
		if (line.rfind("model name", 0) == 0)
			return line.substr(line.find(':') + 2);
	return "unknown CPU";
}

json machine()
{
	utsname os = {};
	uname(&os);
	double load = 0;
	getloadavg(&load, 1);
	return {{"cpu", cpu_model()},
	        {"cpus", std::thread::hardware_concurrency()},
	        {"measuring_cpu", measuring_cpu()},
	        {"tsc_mhz", rte_get_tsc_hz() / 1000000},
	        {"kernel", os.release},
	        {"dpdk", rte_version()},
	        {"compiler", compiler},
	        {"load", load}};
}

std::string cell(const summary &s)
{
	return s.count > 0 ? fmt::format("{:8.2f} ({:6.2f})", s.min, s.median) : fmt::format("{:>17}", "-");
}

// A line below a case, with what stands under net_braid.
void print_other_braid(const std::string &what, const summary &s)
{
	fmt::print("{:<46} {:>17} {:>17} {}\n", what, "", "", cell(s));
}

// What the case's bound is about, or what figure() says without one.
std::string text_of_figure(const measured &m)
{
	const double value = figure(m);
	if (std::isnan(value))
		return "-";
	switch (m.what.must.kind) {
	case bound_kind::none:
		if (m.what.pins != pinning::off)
			return fmt::format("{:+.1f} %", (value - 1) * 100);
		[[fallthrough]];
	case bound_kind::fewer_than_bonding:
		return fmt::format("{:.2f}x", value);
	case bound_kind::over_bare_per_burst:
		return fmt::format("{:+.1f} a burst", value);
	case bound_kind::over_bonding_per_packet:
		return fmt::format("{:+.2f} a packet", value);
	case bound_kind::over_quiet:
		return fmt::format("{:+.1f} %", (value - 1) * 100);
	}
	return "-";
}

std::string text_of_bound(const measured &m)
{
	const double value = m.what.must.value;
	switch (m.what.must.kind) {
	case bound_kind::none:
		return "";
	case bound_kind::fewer_than_bonding:
		return fmt::format(">= {:.1f}x", value);
	case bound_kind::over_bare_per_burst:
		return fmt::format("<= {:+.0f}", value);
	case bound_kind::over_bonding_per_packet:
		return fmt::format("<= {:+.0f}", value);
	case bound_kind::over_quiet:
		return fmt::format("<= {:+.0f} %", (value - 1) * 100);
	}
	return "";
}

const char *text_of(verdict v)
{
	switch (v) {
	case verdict::unbound:
		return "";
	case verdict::met:
		return "met";
	case verdict::missed:
		return "MISSED";
	}
	return "";
}

std::string text_of_bound(const operation_times &t)
{
	if (t.must.what == time_bound::on::nothing)
		return "";
	return fmt::format("{} <= {:.1f}  {}", t.must.what == time_bound::on::median ? "median" : "90 %", t.must.us,
	                   text_of(t.must.met_by(t.us) ? verdict::met : verdict::missed));
}

std::string bounds(unsigned count) { return fmt::format("{} {}", count, count == 1 ? "bound" : "bounds"); }

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.2f}", share * 100); }

json json_of(const summary &s)
{
	return {{"min", s.min}, {"median", s.median}, {"p90", s.p90}, {"p99", s.p99}, {"max", s.max}, {"count", s.count}};
}

json json_of(const measured &m)
{
	json row = {{"case", m.what.name()},
	            {"unit", m.what.way == direction::tx ? "cycles per packet" : "cycles per burst"},
	            {"members", m.what.members},
	            {"burst", m.what.burst}};
	for (unsigned s = 0; s < series_count; s++)
		if (m.has(static_cast<series>(s)))
			row[to_string(static_cast<series>(s))] = json_of(m.cycles[s]);
	if (m.what.change != churn::none)
		row["changes_per_s"] = m.changes_per_s;
	row["figure"] = figure(m); // null where there is none
	if (m.what.must.kind != bound_kind::none) {
		row["bound"] = m.what.must.value;
		row["met"] = judge(m) == verdict::met;
	}
	if (!m.trouble.empty())
		row["trouble"] = m.trouble;
	return row;
}

bool write(const std::string &file, const json &content)
{
	std::ofstream out(file);
	out << content.dump(2) << '\n';
	out.close();
	return out.good();
}

} // namespace

void print_machine()
{
	const json m = machine();
	fmt::print("{}, {} CPUs, measuring on CPU {}, TSC {} MHz, load {:.1f}; Linux {}, {}, {}\n",
	           m["cpu"].get<std::string>(), m["cpus"].get<unsigned>(), m["measuring_cpu"].get<int>(),
	           m["tsc_mhz"].get<unsigned>(), m["load"].get<double>(), m["kernel"].get<std::string>(),
	           m["dpdk"].get<std::string>(), m["compiler"].get<std::string>());
}

void print_head()
{
	fmt::print("TSC cycles, minimum (median): tx per packet, rx per burst\n"
	           "x: cycles of net_bonding over those of net_braid, more is better\n\n");
	fmt::print("{:<46} {:>17} {:>17} {:>17}  {:<15} {:<9}\n", "case", "bare member", "net_bonding", "net_braid",
	           "figure", "bound");
}

void print_row(const measured &m)
{
	fmt::print("{:<46} {} {} {}  {:<15} {:<9} {}\n", m.what.name(), cell(m.of(series::bare)),
	           cell(m.of(series::bonding)), cell(m.of(series::braid)), text_of_figure(m), text_of_bound(m),
	           text_of(judge(m)));
	if (m.has(series::churned))
		print_other_braid(fmt::format("  while {:.0f} changes a second are made", m.changes_per_s), m.of(series::churned));
	if (m.has(series::unpinned))
		print_other_braid("  without pinning", m.of(series::unpinned));
	if (!m.trouble.empty())
		fmt::print("  {}\n", m.trouble);
	std::fflush(stdout);
}

unsigned print_verdict(const std::vector<measured> &all)
{
	unsigned count[3] = {};
	for (const auto &m : all)
		count[static_cast<unsigned>(judge(m))]++;
	const unsigned met = count[static_cast<unsigned>(verdict::met)];
	const unsigned missed = count[static_cast<unsigned>(verdict::missed)];
	if (met + missed > 0)
		fmt::print("\n{} met, {} missed\n", bounds(met), missed);
	return missed;
}

unsigned print_operations(const std::vector<operation_times> &all)
{
	fmt::print("Time of an operation under traffic, microseconds\n\n");
	fmt::print("{:<36} {:>9} {:>9} {:>9} {:>9} {:>9}  {}\n", "operation", "min", "median", "90 %", "99 %", "max", "bound");
	unsigned missed = 0;
	for (const auto &t : all) {
		fmt::print("{:<36} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}  {}\n", t.operation, t.us.min, t.us.median,
		           t.us.p90, t.us.p99, t.us.max, text_of_bound(t));
		missed += !t.must.met_by(t.us);
	}
	for (const auto &t : all) {
		fmt::print("\n{}\n", t.operation);
		for (std::size_t slot = 0; slot < histogram::slots; slot++)
			if (const auto n = t.spread.counts()[slot]; n > 0)
				fmt::print("  below {:>8.0f} us {:>6} {:#<{}}\n", histogram::upper_us(slot), n, "",
				           (n * 60 + t.us.count - 1) / t.us.count);
	}
	fmt::print("\n{} missed\n", bounds(missed));
	return missed;
}

unsigned print_losses(const std::vector<removal_loss> &all)
{
	fmt::print("\nPackets lost when a member is removed under full load\n\n");
	fmt::print("{:<40} {:>9} {:>12} {:>9}  {}\n", "what", "removals", "carried", "lost", "bound");
	unsigned missed = 0;
	for (const auto &l : all) {
		const std::string bound =
			l.most ? fmt::format("<= {}  {}", *l.most, text_of(l.met() ? verdict::met : verdict::missed)) : "";
		fmt::print("{:<40} {:>9} {:>12} {:>9}  {}\n", l.what, l.removals, l.carried, l.lost, bound);
		missed += !l.met();
	}
	fmt::print("\n{} missed\n", bounds(missed));
	return missed;
}

void print_movements(const std::vector<movement> &all)
{
	static constexpr char row[] = "{:<8} | {:>7} {:>7} {:>11} | {:>7} | {:>7} {:>7} {:>11}\n";
	fmt::print("\nShare of flows that change their member, balance l34, percent\n\n");
	fmt::print(row, "members", "leaves", "least", "net_bonding", "returns", "joins", "fair", "net_bonding");
	for (const auto &m : all)
		fmt::print(row, m.members, percent(m.leaves), percent(1.0 / m.members), percent(m.bonding_leaves),
		           percent(m.returns), percent(m.joins), percent(1.0 / (m.members + 1)),
		           percent(m.bonding_joins));
}

int trouble_writing(const std::string &file)
{
	struct stat found = {};
	const bool is_new = lstat(file.c_str(), &found) != 0;
	if (!is_new && S_ISFIFO(found.st_mode))
		return 0; // who reads this pipe would take our looking for the end
	const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (opened < 0)
		return errno;
	close(opened);
	if (is_new)
		unlink(file.c_str());
	return 0;
}

bool write_json(const std::string &file, const std::vector<measured> &all)
{
	json rows = json::array();
	for (const auto &m : all)
		rows.push_back(json_of(m));
	return write(file, json{{"machine", machine()}, {"cases", rows}});
}

bool write_json(const std::string &file, const std::vector<operation_times> &times,
                const std::vector<removal_loss> &losses, const std::vector<movement> &movements)
{
	json operations = json::array();
	for (const auto &t : times) {
		operations.push_back(
			{{"operation", t.operation}, {"us", json_of(t.us)}, {"below_2^k_us", t.spread.counts()}});
		if (t.must.what == time_bound::on::nothing)
			continue;
		operations.back()["bound"] = {{"on", t.must.what == time_bound::on::median ? "median" : "p90"}, {"us", t.must.us}};
		operations.back()["met"] = t.must.met_by(t.us);
	}
	json missing = json::array();
	for (const auto &l : losses) {
		missing.push_back({{"what", l.what}, {"removals", l.removals}, {"carried", l.carried}, {"lost", l.lost}});
		if (l.most)
			missing.back()["bound"] = *l.most;
	}
	json moves = json::array();
	for (const auto &m : movements)
		moves.push_back({{"members", m.members},
		                 {"leaves", m.leaves},
		                 {"returns", m.returns},
		                 {"joins", m.joins},
		                 {"bonding_leaves", m.bonding_leaves},
		                 {"bonding_joins", m.bonding_joins}});
	return write(file, json{{"machine", machine()}, {"operations", operations}, {"losses", missing}, {"flow_movement", moves}});
}

} // namespace braid::bench
