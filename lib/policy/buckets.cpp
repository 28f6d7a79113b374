/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/buckets.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>
#include <utility>

namespace braid {
namespace {

bool contains(seat_set set, unsigned seat) noexcept { return (set >> seat & 1) != 0; }

} // namespace

// How many buckets each seat has too many (positive) or too few (negative) while loads are levelled.
class bucket_table::shares {
public:
	shares(seat_set active, const seat_weights &weights, const row &holder) noexcept
	{
		count_buckets(holder);
		for (unsigned seat = 0; seat < max_members; seat++)
			if (contains(active, seat))
				seat_[count_++] = static_cast<std::uint8_t>(seat);
		subtract_quotas(weights);
		for (int surplus : surplus_)
			excess_ += std::max(surplus, 0);
	}

	bool are_level() const noexcept { return excess_ == 0; }
	bool has_too_many(std::uint8_t seat) const noexcept { return surplus_[seat] > 0; }
	bool has_too_few(std::uint8_t seat) const noexcept { return surplus_[seat] < 0; }

	// Takes a bucket from a seat (or from nobody) and gives it to one that has too few: to the same one until it has enough, so
	// that what it gets lies side by side (borders.hpp).
	std::uint8_t pass_on(std::uint8_t from) noexcept
	{
		while (surplus_[seat_[turn_]] >= 0)
			turn_ = turn_ + 1 < count_ ? turn_ + 1 : 0;
		move(from, seat_[turn_]);
		return seat_[turn_];
	}

	void move(std::uint8_t from, std::uint8_t to) noexcept
	{
		if (from != no_seat)
			excess_ -= surplus_[from]-- > 0 ? 1 : 0;
		excess_ += ++surplus_[to] > 0 ? 1 : 0;
	}

private:
	// Neighbouring buckets often have one holder; counts of their own spare each addition the wait for the one before.
	void count_buckets(const row &holder) noexcept
	{
		std::array<std::array<std::uint16_t, no_seat + 1>, 4> count{};
		for (unsigned b = 0; b < bucket_count; b += count.size())
			for (unsigned k = 0; k < count.size(); k++)
				count[k][holder[b + k]]++;
		for (unsigned seat = 0; seat < max_members; seat++)
			for (const auto &part : count)
				surplus_[seat] += part[seat];
	}

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
	int excess_ = 0; // sum of what is above 0 there
	std::array<std::uint8_t, max_members> seat_{};
	unsigned count_ = 0;
	unsigned turn_ = 0;
};

bucket_table::bucket_table() noexcept
{
	for (row &place : chain_)
		place.fill(no_seat);
	holder_.fill(no_seat);
}

// The first active seat of each chain. False if some have none.
bool bucket_table::find_holders() noexcept
{
	seat_table active;
	for (unsigned seat = 0; seat < max_members; seat++)
		active[seat] = contains(active_, seat) ? 0xff : 0;
	bool all_found = true;
	for (unsigned b = 0; b < bucket_count; b += byte_block::size) {
		byte_block found{byte_block::lanes{} + no_seat};
		bool missing = true;
		for (unsigned place = 0; place < longest_ && missing; place++) {
			const byte_block seat = byte_block::from(chain_[place].data() + b);
			const byte_block candidate{seat.all | ~active.look_up(seat).all}; // no_seat where it is not active
			found.all = found.all == no_seat ? candidate.all : found.all;
			missing = byte_block{found.all == no_seat}.any();
		}
		found.to(holder_.data() + b);
		all_found &= !missing;
	}
	return all_found;
}

// The most entitled active seat of the bucket's chain but this one; no_seat if there is none.
std::uint8_t bucket_table::first_active(unsigned bucket, std::uint8_t but) const noexcept
{
	unsigned place = 0;
	while (chain_[place][bucket] != no_seat &&
	       (chain_[place][bucket] == but || !contains(active_, chain_[place][bucket])))
		place++;
	return chain_[place][bucket];
}

// For a chain without an active seat, so that the newcomer is not in it.
void bucket_table::append(unsigned bucket, std::uint8_t newcomer) noexcept
{
	unsigned place = 0;
	while (chain_[place][bucket] != no_seat)
		place++;
	chain_[place][bucket] = newcomer;
	longest_ = std::max(longest_, place + 1);
	holder_[bucket] = newcomer;
}

// Puts the newcomer before the present holder. It can only have stood behind it: before the holder there is no active seat.
void bucket_table::hand_over(unsigned bucket, std::uint8_t to) noexcept
{
	erase(bucket, to);
	unsigned place = 0;
	while (chain_[place][bucket] != holder_[bucket])
		place++;
	for (std::uint8_t next = to; next != no_seat; place++)
		next = std::exchange(chain_[place][bucket], next);
	longest_ = std::max(longest_, place);
	holder_[bucket] = to;
}

void bucket_table::erase(unsigned bucket, std::uint8_t who) noexcept
{
	unsigned place = 0;
	while (chain_[place][bucket] != who && chain_[place][bucket] != no_seat)
		place++;
	for (; chain_[place][bucket] != no_seat; place++)
		chain_[place][bucket] = chain_[place + 1][bucket];
}

// Moves buckets from seats that have too many. Stand-ins give first: a bucket that is at home stays there if it can.
void bucket_table::level(shares &left, bool only_stand_ins) noexcept
{
	for (unsigned b = 0; b < bucket_count && !left.are_level(); b++) {
		const std::uint8_t seat = holder_[b];
		const bool at_home = chain_[0][b] == seat;
		if (left.has_too_many(seat) && !(only_stand_ins && at_home))
			hand_over(b, left.pass_on(seat));
	}
}

// Who got a bucket when its weight grew, or when it was new, gives it back to the one who had it.
void bucket_table::give_back(shares &left) noexcept
{
	for (unsigned b = 0; b < bucket_count && !left.are_level(); b++) {
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
	if (settled_ && active == active_ && weights == weights_)
		return;
	settled_ = true;
	active_ = active;
	weights_ = weights;
	const bool all_have_holders = find_holders();
	if (active == 0)
		return;
	shares left(active, weights, holder_);
	for (unsigned b = 0; b < bucket_count && !all_have_holders; b++)
		if (holder_[b] == no_seat)
			append(b, left.pass_on(no_seat));
	level(left, true);
	give_back(left);
	level(left, false);
}

unsigned bucket_table::load(unsigned seat) const noexcept
{
	return static_cast<unsigned>(std::count(holder_.begin(), holder_.end(), static_cast<std::uint8_t>(seat)));
}

void bucket_table::forget(unsigned seat) noexcept
{
	settled_ = false;
	active_ &= ~(seat_set{1} << seat); // may be of an earlier set: modes that do not hash do not keep it
	for (unsigned b = 0; b < bucket_count; b++)
		erase(b, static_cast<std::uint8_t>(seat));
}

void bucket_table::describe_holders(const seat_table &of, std::span<std::uint8_t, bucket_count> out) const noexcept
{
	for (unsigned b = 0; b < bucket_count; b += byte_block::size)
		of.look_up(byte_block::from(holder_.data() + b)).to(out.data() + b);
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
