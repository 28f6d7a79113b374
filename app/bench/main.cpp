/* SPDX-License-Identifier: BSD-3-Clause */
// braid-bench: what net_braid costs, beside the bare member and net_bonding, in one process. See docs/performance.md.
#include "cases.hpp"
#include "control.hpp"
#include "count.hpp"
#include "environment.hpp"
#include "floor.hpp"
#include "measure.hpp"
#include "pattern.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace braid::bench {
namespace {

struct arguments {
	bool all = false;
	bool check = false;
	bool list = false;
	std::string pattern; // that pattern::make() takes, or none
	std::string json_file;
	double seconds = 0; // 0: not given
	int cpu = -1;
	unsigned rounds = 200;
	unsigned most_members = 16;
	std::string counted;
};

std::vector<bench_case> chosen(const arguments &args)
{
	if (args.pattern.empty())
		return args.all ? all_cases() : bounded_cases();
	std::vector<bench_case> cases;
	const auto wanted = pattern::make(args.pattern);
	for (auto &c : all_cases())
		if (wanted->is_in(c.name()))
			cases.push_back(std::move(c));
	return cases;
}

int measure_cases(const arguments &args)
{
	const auto cases = chosen(args);
	if (cases.empty())
		give_up("no case matches " + args.pattern + "; --list names them");
	if (args.list) {
		for (const auto &c : cases)
			std::puts(c.name().c_str());
		return EXIT_SUCCESS;
	}
	start_eal(args.cpu);
	print_machine();
	print_head();
	const double seconds = args.seconds > 0 ? args.seconds : args.check ? 2.5 : 1;
	std::vector<measured> results;
	for (const auto &c : cases) {
		results.push_back(measure(c, seconds));
		print_row(results.back());
	}
	const unsigned missed = print_verdict(results);
	if (!args.json_file.empty() && !write_json(args.json_file, results))
		give_up("cannot write " + args.json_file);
	end_eal();
	return args.check && missed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int measure_control(const arguments &args)
{
	start_eal(args.cpu);
	print_machine();
	const auto times = time_operations(args.rounds);
	unsigned missed = print_operations(times);
	const auto losses = count_losses(std::min(args.rounds, 50u));
	missed += print_losses(losses);
	const auto movements = move_flows(args.most_members);
	print_movements(movements);
	if (!args.json_file.empty() && !write_json(args.json_file, times, losses, movements))
		give_up("cannot write " + args.json_file);
	end_eal();
	return args.check && missed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int count_instructions(const arguments &args)
{
	start_eal(args.cpu);
	const bool done = do_work_to_count(args.counted);
	end_eal();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int measure_floor(const arguments &args)
{
	start_eal(args.cpu);
	print_machine();
	std::printf("TSC cycles a packet, minimum, without a bond\n\n");
	for (const auto &each : measure_floors(args.seconds > 0 ? args.seconds : 0.5))
		std::printf("floor/%-24s %6.2f\n", each.what, each.cycles);
	end_eal();
	return EXIT_SUCCESS;
}

std::string why_no_pattern(const std::string &text)
{
	const auto made = pattern::make(text);
	return made ? "" : made.error().text();
}

// What strtod() reads, but for hexadecimal numbers.
std::string why_no_time(const std::string &text)
{
	char *end = nullptr;
	const double seconds = std::strtod(text.c_str(), &end);
	if (text.empty() || *end != '\0' || text.find_first_of("xX ") != std::string::npos || !(seconds > 0))
		return "\"" + text + "\" is not a number of seconds above 0";
	return seconds <= 3600 ? "" : "\"" + text + "\" is more than 3600";
}

std::string why_not_written(const std::string &file)
{
	const int code = trouble_writing(file);
	return code == 0 ? "" : "cannot write \"" + file + "\": " + std::strerror(code);
}

std::string one_sentence(const CLI::App *, const CLI::Error &why)
{
	const bool is_unknown = why.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
	return std::string("bench: ") + why.what() + (is_unknown ? " (try --help)\n" : "\n");
}

// The exit status, if reading the command line is the end of it: help was wanted, or an option is wrong. CLI11 has a status
// for each thing that can be wrong, which nobody who runs a benchmark tells apart.
std::optional<int> end_of(CLI::App &app, int argc, char **argv)
{
	const auto read = [&]() -> std::optional<int> {
		CLI11_PARSE(app, argc, argv);
		return std::nullopt;
	};
	const auto status = read();
	return status && *status != EXIT_SUCCESS ? EXIT_FAILURE : status;
}

// Options of cases that say nothing about this measurement: passed over in silence, they would seem to count.
void refuse(const CLI::App &app, const CLI::App &chosen, std::initializer_list<const char *> useless)
{
	for (const char *const option : useless)
		if (chosen.parsed() && app.count(option) > 0)
			give_up(chosen.get_name() + ": has no use for " + option);
}

} // namespace
} // namespace braid::bench

int main(int argc, char **argv)
{
	using namespace braid::bench;
	arguments args;
	CLI::App app("Measures net_braid beside the bare member and net_bonding; without options, the cases that have "
	             "a bound.");
	app.add_flag("--all", args.all, "every case");
	app.add_option("--case", args.pattern, "cases whose name matches this regular expression (grep -E), out of all")
		->check(why_no_pattern);
	app.add_flag("--list", args.list, "only name the cases");
	app.add_flag("--check", args.check, "exit status 1 if a bound is missed");
	app.add_option("--seconds", args.seconds, "time for each case, at most 3600; 1, with --check 2.5")
		->check(why_no_time);
	app.add_option("--json", args.json_file, "also write the results to this file")
		->check(why_not_written);
	app.add_option("--cpu", args.cpu, "CPU to measure on; -1: the last")
		->check(CLI::Range(-1, CPU_SETSIZE - 1))
		->capture_default_str();
	CLI::App *const control = app.add_subcommand("control", "times operations, counts packets that are lost and flows that move, instead");
	control->add_option("--rounds", args.rounds, "of each operation")
		->check(CLI::Range(1, 100000))
		->capture_default_str();
	control->add_option("--members", args.most_members, "most members of which one leaves, 2 to 16")
		->check(CLI::Range(2, 16))
		->capture_default_str();
	CLI::App *const floor = app.add_subcommand("floor", "what touching each packet costs without a bond, instead");
	floor->fallthrough();
	control->fallthrough(); // --check, --json and --cpu may stand behind it
	CLI::App *const count = app.add_subcommand("count", "does work for callgrind to count; see scripts/bench --instructions");
	count->add_option("what", args.counted, "\"SIMD CASE\", such as \"avx2 tx/balance-l34/ipv4/m2/b32/hot\"")->required();
	app.require_subcommand(0, 1);
	app.failure_message(one_sentence);
	if (const auto status = end_of(app, argc, argv))
		return *status;
	refuse(app, *control, {"--all", "--case", "--list", "--seconds"});
	refuse(app, *floor, {"--all", "--case", "--list", "--check", "--json"});
	if (count->parsed())
		return count_instructions(args);
	if (floor->parsed())
		return measure_floor(args);
	return control->parsed() ? measure_control(args) : measure_cases(args);
}
