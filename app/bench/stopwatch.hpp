/* SPDX-License-Identifier: BSD-3-Clause */
// Many durations of one operation, and the bound that they have to keep.
#pragma once

#include "statistics.hpp"

#include <rte_cycles.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace braid::bench {

// What of a distribution must not exceed how much. Without a bound nothing can be missed.
struct time_bound {
	enum class on : std::uint8_t { nothing, median, p90 };
	on what = on::nothing;
	double us = 0;

	static time_bound median(double us) { return {on::median, us}; }
	static time_bound p90(double us) { return {on::p90, us}; }
	bool met_by(const summary &s) const
	{
		return what == on::nothing || (s.count > 0 && (what == on::median ? s.median : s.p90) <= us);
	}
};

struct operation_times {
	std::string operation;
	summary us;
	histogram spread;
	time_bound must;
};

inline double us_from(std::uint64_t cycles) { return static_cast<double>(cycles) * 1e6 / static_cast<double>(rte_get_tsc_hz()); }

class stopwatch {
public:
	explicit stopwatch(std::string operation, time_bound must = {}) : operation_(std::move(operation)), must_(must) {}

	void add(double us)
	{
		us_.push_back(us);
		spread_.add(us);
	}
	template <typename Operation> void time(Operation operation)
	{
		const std::uint64_t start = rte_rdtsc_precise();
		operation();
		add(us_from(rte_rdtsc_precise() - start));
	}
	operation_times times() const { return {operation_, summarize(us_), spread_, must_}; }

private:
	std::string operation_;
	time_bound must_;
	std::vector<double> us_;
	histogram spread_;
};

} // namespace braid::bench
