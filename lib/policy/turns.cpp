/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/turns.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace braid {
namespace {

// The places of an order that are still free. A place that is taken knows one further on to look at.
class free_places {
public:
	explicit free_places(unsigned count) noexcept : count_(count)
	{
		std::iota(next_.begin(), next_.begin() + count, std::uint16_t{0});
	}

	// The first free place from `wanted` on, or else from the beginning. There is one.
	unsigned take(unsigned wanted) noexcept
	{
		unsigned place = find(wanted);
		if (place == count_)
			place = find(0);
		next_[place] = static_cast<std::uint16_t>(place + 1);
		return place;
	}

	unsigned first() noexcept { return find(0); }

private:
	unsigned find(unsigned place) noexcept
	{
		while (place != count_ && next_[place] != place) {
			// Shortens the way for who comes next.
			if (const unsigned beyond = next_[place]; beyond != count_)
				next_[place] = next_[beyond];
			place = next_[place];
		}
		return place;
	}

	std::array<std::uint16_t, most_turns> next_;
	unsigned count_;
};

} // namespace

unsigned count_turns(std::span<const std::uint32_t> weights, turn_counts &turns) noexcept
{
	assert(!weights.empty()); // of nobody, no divisor is common
	std::uint32_t divisor = 0;
	std::uint64_t sum = 0;
	for (const std::uint32_t weight : weights) {
		divisor = std::gcd(divisor, weight);
		sum += weight;
	}
	// Of more turns than there are, those of the members whose share is less than one are set aside.
	const bool fits = sum / divisor <= most_turns;
	const std::uint64_t whole = fits ? sum / divisor : most_turns - max_members;
	unsigned all = 0;
	for (std::size_t m = 0; m < weights.size(); m++) {
		turns[m] = static_cast<std::uint16_t>(std::max<std::uint64_t>(1, weights[m] * whole / sum));
		all += turns[m];
	}
	return all;
}

// The member with the most turns first, which finds the places that it wants; each begins at the first one that is free.
void arrange_turns(std::span<const std::uint16_t> turns, std::span<std::uint8_t, most_turns> order) noexcept
{
	std::array<std::uint8_t, max_members> by_turns;
	const auto end = by_turns.begin() + turns.size();
	std::iota(by_turns.begin(), end, std::uint8_t{0});
	std::sort(by_turns.begin(), end, [&](auto a, auto b) { return turns[a] != turns[b] ? turns[a] > turns[b] : a < b; });

	const unsigned count = std::accumulate(turns.begin(), turns.end(), 0u);
	free_places places(count);
	for (auto m = by_turns.begin(); m != end; m++) {
		const unsigned first = places.first();
		for (unsigned k = 0; k < turns[*m]; k++)
			order[places.take((first + k * count / turns[*m]) % count)] = *m;
	}
}

} // namespace braid
