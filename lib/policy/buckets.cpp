/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/buckets.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <span>

namespace braid {
namespace {

bool contains(seat_set set, unsigned seat) noexcept { return (set >> seat & 1) != 0; }

} // namespace

void bucket_table::chain::insert(unsigned position, std::uint8_t newcomer) noexcept
{
	erase(newcomer); // it can only stand behind: before the holder there is no active seat
	std::copy_backward(seat.begin() + position, seat.begin() + length, seat.begin() + length + 1);
	seat[position] = newcomer;
	length++;
}

void bucket_table::chain::erase(std::uint8_t who) noexcept
{
	const auto end = seat.begin() + length;
	length = static_cast<std::uint8_t>(std::remove(seat.begin(), end, who) - seat.begin());
}

// How many buckets each seat has too many (positive) or too few (negative) while loads are levelled.
class bucket_table::shares {
public:
	shares(seat_set active, const seat_weights &weights, const std::array<std::uint8_t, bucket_count> &holder) noexcept
	{
		for (std::uint8_t seat : holder)
			if (seat != no_seat)
				surplus_[seat]++;
		for (unsigned seat = 0; seat < max_members; seat++)
			if (contains(active, seat))
				seat_[count_++] = static_cast<std::uint8_t>(seat);
		subtract_quotas(weights);
	}

	bool has_too_many(std::uint8_t seat) const noexcept { return surplus_[seat] > 0; }
	bool has_too_few(std::uint8_t seat) const noexcept { return surplus_[seat] < 0; }

	// Takes a bucket from `seat` (or from nobody) and gives it to the next in turn that has too few.
	std::uint8_t pass_on(std::uint8_t from) noexcept
	{
		do
			turn_ = turn_ + 1 < count_ ? turn_ + 1 : 0;
		while (surplus_[seat_[turn_]] >= 0);
		move(from, seat_[turn_]);
		return seat_[turn_];
	}

	void move(std::uint8_t from, std::uint8_t to) noexcept
	{
		if (from != no_seat)
			surplus_[from]--;
		surplus_[to]++;
	}

private:
	// Sainte-Lague's method: the next bucket goes to the one with the greatest weight / (2 * buckets + 1), where everybody has
	// one bucket to begin with. Whole parts and largest fractions would be as close to the exact shares, but there somebody
	// can lose a bucket because a third one left. Here all others gain, or nothing moves between them.
	void subtract_quotas(const seat_weights &weights) noexcept
	{
		std::uint64_t sum = 0;
		for (std::uint8_t seat : seats())
			sum += weights[seat];
		std::array<std::uint64_t, max_members> quota{};
		std::uint64_t given = 0;
		for (std::uint8_t seat : seats()) {
			// What the method has given at the moment when it has given about all, so that little is left to do.
			quota[seat] = std::max<std::uint64_t>(1, (2 * bucket_count * std::uint64_t{weights[seat]} + sum - 1) / (2 * sum));
			given += quota[seat];
		}
		// Whose claim to one more bucket than `buckets` says comes first; of equal claims that of the lower seat.
		const auto before = [&](std::uint8_t a, std::uint64_t buckets_of_a, std::uint8_t b, std::uint64_t buckets_of_b) {
			const std::uint64_t claim_of_a = weights[a] * (2 * buckets_of_b + 1);
			const std::uint64_t claim_of_b = weights[b] * (2 * buckets_of_a + 1);
			return claim_of_a != claim_of_b ? claim_of_a > claim_of_b : a < b;
		};
		for (; given < bucket_count; given++) {
			std::uint8_t next = seat_[0];
			for (std::uint8_t seat : seats())
				if (before(seat, quota[seat], next, quota[next]))
					next = seat;
			quota[next]++;
		}
		for (; given > bucket_count; given--) {
			std::uint8_t last = no_seat;
			for (std::uint8_t seat : seats())
				if (quota[seat] > 1 && (last == no_seat || before(last, quota[last] - 1, seat, quota[seat] - 1)))
					last = seat;
			quota[last]--;
		}
		for (std::uint8_t seat : seats())
			surplus_[seat] -= static_cast<int>(quota[seat]);
	}

	std::span<const std::uint8_t> seats() const noexcept { return {seat_.data(), count_}; }

	std::array<int, max_members> surplus_{};
	std::array<std::uint8_t, max_members> seat_{};
	unsigned count_ = 0;
	unsigned turn_ = 0;
};

// The most entitled active seat of the bucket's chain, or of those behind `but`; no_seat if there is none.
std::uint8_t bucket_table::first_active(unsigned bucket, std::uint8_t but) const noexcept
{
	const auto *const begin = chain_[bucket].seat.data();
	const auto *const end = begin + chain_[bucket].length;
	const auto *const first = std::find_if(begin, end, [&](std::uint8_t s) { return s != but && contains(active_, s); });
	return first != end ? *first : no_seat;
}

void bucket_table::find_holders() noexcept
{
	for (unsigned b = 0; b < bucket_count; b++)
		holder_[b] = first_active(b);
}

void bucket_table::hand_over(unsigned bucket, std::uint8_t to) noexcept
{
	chain &c = chain_[bucket];
	const auto *const begin = c.seat.data();
	const auto position = static_cast<unsigned>(std::find(begin, begin + c.length, holder_[bucket]) - begin);
	c.insert(position, to); // before the present holder, or at the end where there is none
	holder_[bucket] = to;
}

// Moves buckets from seats that have too many. Stand-ins give first: a bucket that is at home stays there if it can.
void bucket_table::level(shares &left, bool only_stand_ins) noexcept
{
	for (unsigned b = 0; b < bucket_count; b++) {
		const std::uint8_t seat = holder_[b];
		const bool at_home = chain_[b].seat[0] == seat;
		if (left.has_too_many(seat) && !(only_stand_ins && at_home))
			hand_over(b, left.pass_on(seat));
	}
}

// Who got a bucket when its weight grew, or when it was new, gives it back to the one who had it.
void bucket_table::give_back(shares &left) noexcept
{
	for (unsigned b = 0; b < bucket_count; b++) {
		const std::uint8_t seat = holder_[b];
		if (!left.has_too_many(seat))
			continue;
		const std::uint8_t former = first_active(b, seat);
		if (former != no_seat && left.has_too_few(former)) {
			left.move(seat, former);
			hand_over(b, former);
		}
	}
}

void bucket_table::set_active(seat_set active, const seat_weights &weights) noexcept
{
	active_ = active;
	find_holders();
	if (active == 0)
		return;
	shares left(active, weights, holder_);
	for (unsigned b = 0; b < bucket_count; b++)
		if (holder_[b] == no_seat)
			hand_over(b, left.pass_on(no_seat));
	level(left, true);
	give_back(left);
	level(left, false);
}

void bucket_table::forget(unsigned seat) noexcept
{
	active_ &= ~(seat_set{1} << seat); // may be of an earlier set: modes that do not hash do not keep it
	for (chain &c : chain_)
		c.erase(static_cast<std::uint8_t>(seat));
}

seat_map::seating seat_map::sit(std::string_view device) noexcept
{
	const std::string_view identity = device.substr(0, max_name_length);
	place *best = nullptr;
	for (place &p : place_) {
		if (p.occupied)
			continue;
		if (p.left_at != 0 && identity == p.device.data()) {
			best = &p;
			break;
		}
		if (best == nullptr || p.left_at < best->left_at)
			best = &p; // never used (0) before longest away
	}
	assert(best != nullptr);
	const bool evicted = best->left_at != 0 && identity != best->device.data();
	best->occupied = true;
	best->device.fill('\0');
	std::memcpy(best->device.data(), identity.data(), identity.size());
	return {static_cast<unsigned>(best - place_.data()), evicted};
}

void seat_map::leave(unsigned seat) noexcept
{
	place_[seat].occupied = false;
	place_[seat].left_at = ++departures_;
}

} // namespace braid
