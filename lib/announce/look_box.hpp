/* SPDX-License-Identifier: BSD-3-Clause */
// Where a transmit queue leaves the sources of one burst for the control side.
//
// The two sides own the box in turn, and lane.look_wanted says whose turn it is: the control side sets it (release) once it has
// read the box; the next burst of the queue that finds it set (acquire) writes the box and clears it (release); the
// control side that finds it clear (acquire) reads the box. So neither waits, a queue that sends little is seen whole, and
// one that sends all it can looks at one burst in each turn.
#pragma once

#include "announce/address.hpp"
#include "base/limits.hpp"

#include <rte_mbuf_core.h>

#include <array>
#include <span>

namespace braid {

struct look_box {
	// Replaces what is in it with the sources of the first batch_size packets.
	void fill(std::span<rte_mbuf *const> packets) noexcept;

	std::span<const sighting> sources() const noexcept { return {source.data(), count}; }

	unsigned count = 0;
	std::array<sighting, batch_size> source{};
};

} // namespace braid
