/* SPDX-License-Identifier: BSD-3-Clause */
// Mode active-backup: one member sends, the others wait.
//
// Who is active is decided outside (failover.hpp); the snapshot holds that one member, or none. A set of one and a set of none
// are ordinary states of every mode, so these functions serve the other modes too when their members are down.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

namespace braid {

// One usable member: its own burst function, on the caller's array. Nothing to choose, to copy or to put back.
template <member_port Port>
std::uint16_t send_on_only_member(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	return Port::send(s.tx_port[0], lane.queue, pkts, n);
}

// No usable member: every packet stays the caller's. Counts packets offered, so one offered twice counts twice.
inline std::uint16_t keep_all(const snapshot &, tx_lane &lane, rte_mbuf **, std::uint16_t n) noexcept
{
	lane.empty_set.add(n);
	return 0;
}

// No usable member and tx_empty=drop: for applications that do not free what was not taken.
template <member_port Port>
std::uint16_t drop_all(const snapshot &, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	for (unsigned k = 0; k < n; k++)
		Port::drop(pkts[k]);
	lane.empty_set.add(n);
	lane.dropped.add(n);
	return n;
}

} // namespace braid
