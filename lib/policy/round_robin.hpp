/* SPDX-License-Identifier: BSD-3-Clause */
// Mode round-robin: each packet goes to the next member in turn.
//
// Each transmit queue keeps its own turn, so that queues share nothing. The turn is clamped where it is used: the set may
// have shrunk since it was stored, and a set that shrank must neither divide by a stale count nor index past the end.
// A packet that its member refused is still the caller's; offered again, it meets the next member in turn.
#pragma once

#include "policy/spread.hpp"

namespace braid {

struct round_robin {
	static void assign(const snapshot &s, tx_lane &lane, rte_mbuf *const *, unsigned n, std::uint8_t *choice) noexcept
	{
		unsigned turn = lane.next < s.tx_count ? lane.next : 0;
		for (unsigned k = 0; k < n; k++) {
			choice[k] = static_cast<std::uint8_t>(turn);
			turn = turn + 1 < s.tx_count ? turn + 1 : 0;
		}
		lane.next = static_cast<std::uint16_t>(turn);
	}
};
static_assert(tx_policy<round_robin>);

} // namespace braid
