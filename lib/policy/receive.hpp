/* SPDX-License-Identifier: BSD-3-Clause */
// Receives a burst from all members that are polled, and runs their tx_prepare; the same in every mode.
#pragma once

#include "base/options.hpp"
#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <rte_mbuf_core.h>

#include <algorithm>

namespace braid {

// Vector receive functions return nothing for less room than this (DPDK e1110e9776): those of SSE and NEON work on 4
// descriptors at a time, those of AVX2, AVX-512 and SVE and virtio's simple ones on 8. With less left over, stop and begin
// the next burst at the member that was not asked.
inline constexpr unsigned rx_min_room = 8;

// Polls members in turn until the array is full. Each burst begins at the member after the one that began the last burst,
// or at the first that was not asked, so that a busy member starves nobody.
template <member_port Port, rx_port Owner>
std::uint16_t receive(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	const unsigned count = s.rx_count;
	if (count == 0) [[unlikely]]
		return 0;
	// In a shorter burst no member can be given more than all of it.
	const unsigned least_room = std::min<unsigned>(n, rx_min_room);
	const unsigned start = lane.next < count ? lane.next : 0;
	unsigned at = start;
	unsigned total = 0;
	unsigned asked = 0;

	do {
		const rx_source &member = s.rx_member[at];
		const auto room = static_cast<std::uint16_t>(n - total);
		const unsigned got = Port::receive(member.port, lane.queue, pkts + total, room);
		if (member.draining) [[unlikely]] {
			lane.from_leaving.add(got);
			// With less room, nothing received does not mean that nothing waits.
			if (got == 0 && room >= rx_min_room)
				lane.dry_looks.add(1);
		}
		if (member.deliver) [[likely]] {
			if constexpr (Owner == rx_port::bond)
				for (unsigned k = total; k < total + got; k++)
					pkts[k]->port = s.bond_port;
			total += got;
		} else if (got > 0) {
			for (unsigned k = total; k < total + got; k++)
				Port::drop(pkts[k]);
			lane.backup_dropped.add(got);
		}
		at = at + 1 < count ? at + 1 : 0;
	} while (++asked < count && n - total >= least_room);

	if (asked == count)
		at = start + 1 < count ? start + 1 : 0;
	lane.next = static_cast<std::uint16_t>(at);
	return static_cast<std::uint16_t>(total);
}

// No member to poll.
inline std::uint16_t receive_nothing(const snapshot &, rx_lane &, rte_mbuf **, std::uint16_t) noexcept { return 0; }

// Runs each distinct tx_prepare of the members that may transmit: which of them sends a packet is known only at the send.
// Returns how many packets, from the front, all of them accept; rte_errno is that of the one that accepts least.
template <member_port Port>
std::uint16_t prepare(const snapshot &s, const tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	for (unsigned p = 0; p < s.prepare_count; p++)
		n = std::min(n, Port::prepare(s.prepare_port[p], lane.queue, pkts, n));
	return n;
}

} // namespace braid
