/* SPDX-License-Identifier: BSD-3-Clause */
// The addresses that the bond has seen itself send from: a table with a bound and a memory that fades.
#pragma once

#include "announce/address.hpp"
#include "base/ids.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace braid {

// Not thread-safe, allocates nothing, reads no clock.
class address_book {
public:
	static constexpr unsigned capacity = 64;

	// After this long without a sighting an address is no longer ours to announce: it may have moved to another host
	// meanwhile. Switches, whose tables an announcement corrects, forget as fast (IEEE 802.1Q's default ageing time).
	static constexpr time_ms max_age_ms = 300'000;

	struct entry {
		sighting what;
		time_ms last_seen = 0;
	};

	// The same IP address in the same VLAN is one entry. What was claimed stays so, and only another claim changes its MAC
	// address. When there is no room the oldest of the merely seen entries goes, for a claim also the oldest claimed
	// one; what is merely seen displaces no claim.
	void note(const sighting &what, time_ms now) noexcept;

	// Drops what has faded by now.
	void expire(time_ms now) noexcept;

	std::span<const entry> entries() const noexcept { return {entries_.data(), count_}; }
	void clear() noexcept { count_ = 0; }

private:
	entry *find(const sighting &what) noexcept;
	entry *place_for(const sighting &what) noexcept;

	std::array<entry, capacity> entries_{};
	unsigned count_ = 0;
};

} // namespace braid
