/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.hpp"

#include "churner.hpp"
#include "environment.hpp"
#include "ready.hpp"

#include <braid.h>

#include <rte_config.h>
#include <rte_cycles.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace braid::bench {
namespace {

// The cost with churn is a mean over many changes, not a minimum that dodges them: this long, or that many changes.
constexpr double churn_interval_s = 0.02;
constexpr double changes_per_interval = 2;

// A piece that took so many times as long as most was interrupted by the kernel. A change costs little against a piece
// and stays in; but of two modes one may be twenty times as fast as the other.
constexpr double interrupted = 2;
constexpr double interrupted_in_two_modes = 40;

// One contestant of a round.
struct entrant {
	series what;
	std::unique_ptr<subject> port;
};

class measurement {
public:
	measurement(const bench_case &what, double seconds)
		: what_(what), unpinned_what_(without_pinning(what)), seconds_(seconds), clock_(clock_cost()),
		  packets_(what.kind, what.packets), other_packets_(what.kind, 256), here_{what_, packets_, 0},
		  unpinned_{unpinned_what_, packets_, 0}, beside_{what_, other_packets_, 1}
	{
		result_.what = what;
	}

	measured run()
	{
		std::vector<series> bonds = {series::bonding, series::braid};
		if (what_.pins != pinning::off)
			bonds.push_back(series::unpinned);
		// All bonds with members of their own, if there are ports for so many. If not, the bonds take turns, with
		// the bare member in each.
		const bool fits = bonds.size() * (what_.members + 1) + 1 <= RTE_MAX_ETHPORTS;
		constexpr unsigned turns = 5;
		if (fits)
			round(bonds, seconds_);
		else
			for (unsigned k = 0; k < turns; k++)
				for (const series bond : bonds)
					round({bond}, seconds_ / turns / static_cast<double>(bonds.size()));
		for (unsigned s = 0; s < series_count; s++)
			result_.cycles[s] = summarize(values_[s]);
		return result_;
	}

private:
	static bench_case without_pinning(bench_case what)
	{
		what.pins = pinning::off;
		return what;
	}

	// The bare member and these bonds.
	void round(const std::vector<series> &bonds, double seconds)
	{
		std::vector<entrant> entrants;
		const auto enter = [&](series s) {
			if (auto port = ready(s))
				entrants.push_back({s, std::move(port)});
		};
		enter(series::bare);
		for (const series bond : bonds)
			enter(bond);
		const auto end =
			rte_rdtsc() + static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
		do {
			for (auto &e : entrants)
				take_turn(e);
		} while (rte_rdtsc() < end);
	}

	std::unique_ptr<subject> ready(series s)
	{
		auto made = s == series::unpinned ? make_ready(driver::net_braid, unpinned_)
		                                  : make_ready(static_cast<driver>(s), here_);
		if (made)
			return std::move(*made);
		complain(made.error().text());
		return nullptr;
	}

	void take_turn(entrant &e)
	{
		const std::uint16_t port = e.port->port();
		std::optional<background> companion;
		if (what_.threads > 1) {
			companion.emplace([this, port] { one_piece(beside_, port, 0); });
			companion->run();
		}
		if (what_.change == churn::none) {
			warm_up(here_, port);
			note(e.what, one_piece(here_, port, clock_));
		} else if (e.what == series::braid) {
			with_and_without_churn(*e.port);
		} else {
			note(e.what, interval(port));
		}
	}

	void with_and_without_churn(subject &bond)
	{
		if (!churner_)
			churner_.emplace(what_, bond);
		note(series::braid, interval(bond.port()));
		churner_->run();
		note(series::churned, interval(bond.port()));
		churner_->rest();
		result_.changes_per_s = churner_->per_s();
		if (churner_->failed())
			complain(std::string("a change failed: ") + braid_error_text());
	}

	// Mean over as long as some changes take.
	piece interval(std::uint16_t port)
	{
		const double s = std::max(churn_interval_s, changes_per_interval / what_.changes_per_s);
		const auto end = rte_rdtsc() + static_cast<std::uint64_t>(s * static_cast<double>(rte_get_tsc_hz()));
		warm_up(here_, port);
		std::vector<double> pieces;
		do {
			const piece p = one_piece(here_, port, clock_);
			if (p.count == 0)
				return p;
			pieces.push_back(p.cycles / p.count);
		} while (rte_rdtsc() < end);
		return {uninterrupted_mean(std::move(pieces),
		                           what_.change == churn::mode ? interrupted_in_two_modes : interrupted),
		        1};
	}

	void note(series s, piece p)
	{
		if (p.count == 0)
			complain(std::string(to_string(s)) + " did not carry every packet");
		else
			values_[static_cast<unsigned>(s)].push_back(p.cycles / p.count);
	}

	void complain(const std::string &what)
	{
		if (result_.trouble.find(what) == std::string::npos)
			result_.trouble += (result_.trouble.empty() ? "" : "; ") + what;
	}

	const bench_case &what_;
	const bench_case unpinned_what_;
	double seconds_;
	std::uint64_t clock_;
	packet_set packets_;
	packet_set other_packets_; // of the thread beside
	station here_;
	station unpinned_; // the same without pinning
	station beside_;
	std::optional<churner> churner_;
	std::array<std::vector<double>, series_count> values_;
	measured result_;
};

} // namespace

const char *to_string(series s)
{
	static constexpr const char *names[] = {"bare", "net_bonding", "net_braid", "churned", "unpinned"};
	static_assert(std::size(names) == series_count);
	return names[static_cast<unsigned>(s)];
}

measured measure(const bench_case &what, double seconds) { return measurement(what, seconds).run(); }

} // namespace braid::bench
