/* SPDX-License-Identifier: BSD-3-Clause */
// Mode broadcast: every member sends every packet.
//
// The members share the mbuf, each with a reference of its own on every segment. A packet counts as sent when one member took
// it. Members take packets from the front, so the one that took most decides how many are consumed; where another
// took fewer, its missing copies are freed and counted. What no member took is the caller's again, with its one
// reference, also when no member took anything. Sharing is why the bond does not offer MBUF_FAST_FREE in this mode.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <algorithm>

namespace braid {

template <member_port Port> struct broadcast {
	static std::uint16_t send(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		for (unsigned first = 0; first < n; first += batch_size) {
			const unsigned count = std::min<unsigned>(batch_size, n - first);
			const unsigned taken = send_batch(s, lane, pkts + first, count);
			// Every member is full: the rest of the burst would meet the same.
			if (taken < count)
				return static_cast<std::uint16_t>(first + taken);
		}
		return n;
	}

private:
	static unsigned send_batch(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
	{
		const auto others = static_cast<std::int16_t>(s.tx_count - 1);
		for (unsigned k = 0; k < n; k++)
			Port::reference(pkts[k], others);

		std::uint8_t sent[max_members];
		unsigned most = 0;
		for (unsigned m = 0; m < s.tx_count; m++) {
			// A copy for each: a driver may reorder or overwrite the array that it is given.
			rte_mbuf *offered[batch_size];
			std::copy_n(pkts, n, offered);
			sent[m] = static_cast<std::uint8_t>(
				Port::send(s.tx_port[m], lane.queue, offered, static_cast<std::uint16_t>(n)));
			most = std::max<unsigned>(most, sent[m]);
		}

		unsigned missing = 0;
		for (unsigned m = 0; m < s.tx_count; m++)
			for (unsigned k = sent[m]; k < most; k++, missing++)
				Port::drop(pkts[k]);
		if (missing > 0)
			lane.dropped.add(missing);
		for (unsigned k = most; k < n; k++)
			Port::reference(pkts[k], static_cast<std::int16_t>(-others));
		return most;
	}
};

} // namespace braid
