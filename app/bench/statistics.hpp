/* SPDX-License-Identifier: BSD-3-Clause */
// What is said about a series of measured values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace braid::bench {

struct summary {
	double min = 0;
	double median = 0;
	double p90 = 0;
	double p99 = 0;
	double max = 0;
	std::size_t count = 0;
};

// The value below which the share `p` (0 to 1) of `sorted` lies, by the nearest rank. `sorted` is not empty.
inline double percentile(const std::vector<double> &sorted, double p)
{
	const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size())));
	return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

// All zero for no values.
inline summary summarize(std::vector<double> values)
{
	if (values.empty())
		return {};
	std::sort(values.begin(), values.end());
	return {values.front(), percentile(values, 0.5), percentile(values, 0.9), percentile(values, 0.99), values.back(), values.size()};
}

// Mean of the values up to `times` the median. Values are durations of equal pieces of work: what took so much longer
// than most was interrupted by the machine.
inline double uninterrupted_mean(std::vector<double> values, double times)
{
	if (values.empty())
		return 0;
	std::sort(values.begin(), values.end());
	const double limit = times * percentile(values, 0.5);
	double sum = 0;
	std::size_t count = 0;
	for (const double v : values) {
		if (v > limit)
			break;
		sum += v;
		count++;
	}
	return sum / static_cast<double>(count);
}

// Counts times by powers of two: slot k holds those below 2^k microseconds and not below 2^(k-1); the last, all above.
class histogram {
public:
	static constexpr std::size_t slots = 22;

	void add(double us)
	{
		const auto whole = static_cast<std::uint64_t>(std::max(us, 0.0));
		count_[std::min<std::size_t>(std::bit_width(whole), slots - 1)]++;
	}
	const std::array<std::uint64_t, slots> &counts() const { return count_; }
	static double upper_us(std::size_t slot) { return static_cast<double>(std::uint64_t{1} << slot); }

private:
	std::array<std::uint64_t, slots> count_ = {};
};

} // namespace braid::bench
