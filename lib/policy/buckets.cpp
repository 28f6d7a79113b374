/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/buckets.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

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
	shares(seat_set active, const std::array<std::uint8_t, bucket_count> &holder) noexcept
	{
		for (std::uint8_t seat : holder)
			if (seat != no_seat)
				surplus_[seat]++;
		for (unsigned seat = 0; seat < max_members; seat++)
			if (contains(active, seat))
				seat_[count_++] = static_cast<std::uint8_t>(seat);
		// 4096 rarely divides evenly. The odd buckets stay with those that have most, so that nothing moves for them.
		std::sort(seat_.begin(), seat_.begin() + count_, [this](std::uint8_t a, std::uint8_t b) {
			return surplus_[a] != surplus_[b] ? surplus_[a] > surplus_[b] : a < b;
		});
		for (unsigned i = 0; i < count_; i++)
			surplus_[seat_[i]] -= static_cast<int>(bucket_count / count_ + (i < bucket_count % count_ ? 1 : 0));
	}

	bool has_too_many(std::uint8_t seat) const noexcept { return surplus_[seat] > 0; }

	// Takes a bucket from `seat` (or from nobody) and gives it to the next in turn that has too few.
	std::uint8_t pass_on(std::uint8_t from) noexcept
	{
		if (from != no_seat)
			surplus_[from]--;
		do
			turn_ = turn_ + 1 < count_ ? turn_ + 1 : 0;
		while (surplus_[seat_[turn_]] >= 0);
		surplus_[seat_[turn_]]++;
		return seat_[turn_];
	}

private:
	std::array<int, max_members> surplus_{};
	std::array<std::uint8_t, max_members> seat_{};
	unsigned count_ = 0;
	unsigned turn_ = 0;
};

void bucket_table::find_holders() noexcept
{
	for (unsigned b = 0; b < bucket_count; b++) {
		const auto *const end = chain_[b].seat.data() + chain_[b].length;
		const auto *const first = std::find_if(static_cast<const std::uint8_t *>(chain_[b].seat.data()), end,
		                                       [this](std::uint8_t seat) { return contains(active_, seat); });
		holder_[b] = first != end ? *first : no_seat;
	}
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

void bucket_table::set_active(seat_set active) noexcept
{
	active_ = active;
	find_holders();
	if (active == 0)
		return;
	shares left(active, holder_);
	for (unsigned b = 0; b < bucket_count; b++)
		if (holder_[b] == no_seat)
			hand_over(b, left.pass_on(no_seat));
	level(left, true);
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
