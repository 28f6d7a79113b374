/* SPDX-License-Identifier: BSD-3-Clause */
// The resilient hash table of mode balance, as its writer keeps it: which member holds which bucket, now and formerly.
//
// Each bucket remembers the seats (members) that have held it, the most entitled first; its holder is the first of them
// that is active. That one rule gives the properties that users see:
//   a member that leaves moves only its own buckets: in every other chain the holder is still the first active one;
//   a member that returns gets exactly its former buckets back: it stands in those chains before its stand-ins;
//   a new member takes its fair share and nothing else moves: it is put before the holder of just so many buckets;
//   a change of weights moves the difference and nothing else, and the change back moves the same buckets back.
// A load is the seat's exact share in whole buckets, 1/4096 of the flows each, and at least one: loads of equal weights differ
// by at most one.
//
// Who is remembered survives removal, until all seats are taken: a device that is added again gets its seat again.
#pragma once

#include "base/limits.hpp"
#include "policy/seat_table.hpp"
#include "policy/snapshot.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace braid {

// A set of seats, one bit each.
using seat_set = std::uint64_t;
static_assert(max_members <= 64);

// How much each seat gets, against the others; of active ones at least 1.
using seat_weights = std::array<std::uint32_t, max_members>;

inline constexpr seat_weights equal_weights = [] {
	seat_weights all;
	all.fill(1);
	return all;
}();

// Not thread-safe: belongs to the bond's single writer.
class bucket_table {
public:
	static constexpr std::uint8_t no_seat = 0xff;

	bucket_table() noexcept;

	// Makes these seats, and no others, the ones that hold buckets. With an empty set no bucket has a holder.
	void set_active(seat_set active, const seat_weights &weights = equal_weights) noexcept;

	// Erases every memory of the seat: its next user is somebody else. Who holds its buckets is open until set_active().
	void forget(unsigned seat) noexcept;

	// How many buckets the seat holds.
	unsigned load(unsigned seat) const noexcept;

	// The seat that holds the bucket, or no_seat.
	std::uint8_t holder(unsigned bucket) const noexcept { return holder_[bucket]; }

	// For each bucket what the table says of its holder; 0 without one.
	void describe_holders(const seat_table &of, std::span<std::uint8_t, bucket_count> out) const noexcept;

private:
	class shares;
	using row = std::array<std::uint8_t, bucket_count>;

	bool find_holders() noexcept;
	std::uint8_t first_active(unsigned bucket, std::uint8_t but) const noexcept;
	void append(unsigned bucket, std::uint8_t newcomer) noexcept;
	void hand_over(unsigned bucket, std::uint8_t to) noexcept;
	void erase(unsigned bucket, std::uint8_t who) noexcept;
	void give_back(shares &left) noexcept;
	void level(shares &left, bool only_stand_ins) noexcept;

	seat_set active_ = 0;
	seat_weights weights_ = equal_weights;
	bool settled_ = true; // nothing has changed since set_active()
	// The chain of bucket b is chain_[0][b], chain_[1][b], ... up to the first no_seat: seats in order of entitlement, the
	// first of them the bucket's home. No chain is longer than longest_.
	// Chains stand side by side, so that one place of many chains is read at once.
	std::array<row, max_members + 1> chain_;
	unsigned longest_ = 0;
	row holder_;
};

// Gives a device the seat it had before, or a free one. When every seat is taken, the seat of the device that has been away
// longest is given up. Identities are ethdev names, up to max_name_length bytes; longer ones count as cut there.
class seat_map {
public:
	struct seating {
		unsigned seat;
		bool evicted; // somebody else's memory of this seat must be erased (bucket_table::forget)
	};

	// At most max_members devices may be seated at a time.
	seating sit(std::string_view device) noexcept;
	void leave(unsigned seat) noexcept;

private:
	struct place {
		std::array<char, max_name_length + 1> device{};
		bool occupied = false;
		std::uint64_t left_at = 0; // order of leaving; 0: never used
	};
	std::array<place, max_members> place_{};
	std::uint64_t departures_ = 0;
};

} // namespace braid
