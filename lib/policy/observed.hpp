/* SPDX-License-Identifier: BSD-3-Clause */
// Mode active-backup with somebody who looks at a burst now and then, before it is sent: what is sent is the member's.
//
// A function of its own, so that a bond which does not announce its addresses pays nothing for the question.
#pragma once

#include "policy/active_backup.hpp"

namespace braid {

template <typename Looker>
concept burst_looker = requires(tx_lane &lane, rte_mbuf *const *pkts, std::uint16_t n) {
	// Looks at n packets and gives the turn back (look_box.hpp).
	{ Looker::look(lane, pkts, n) } noexcept;
};

template <burst_looker Looker, member_port Port>
std::uint16_t look_and_send(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	// The flag is in the line that the burst reads anyway.
	if (lane.look_wanted.load(std::memory_order_acquire) && n != 0) [[unlikely]]
		Looker::look(lane, pkts, n);
	return send_on_only_member<Port>(s, lane, pkts, n);
}

} // namespace braid
