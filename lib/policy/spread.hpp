/* SPDX-License-Identifier: BSD-3-Clause */
// Sends a burst over several members: assign, group, send, put back what was refused.
//
// Shared by the modes that give each packet to one of several members; which one is all that a mode says.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <algorithm>
#include <concepts>
#include <cstring>

namespace braid {

// Names for each of n packets (1 to batch_size) the member, as an index below s.tx_count, that is to send it.
template <typename Policy>
concept tx_policy = requires(const snapshot &s, tx_lane &lane, rte_mbuf *const *pkts, unsigned n, std::uint8_t *choice) {
	{ Policy::assign(s, lane, pkts, n, choice) } noexcept;
};

namespace detail {

// Sends one batch. Refused packets are moved, in their order, to `kept`, which may lie at or below pkts in the same array.
// Returns how many were refused. `refused` collects the members that refused in this burst: they get nothing more
// of it, so that no later packet of a flow overtakes a refused one.
template <member_port Port>
unsigned send_batch(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n, const std::uint8_t *choice,
                    std::uint64_t &refused, rte_mbuf **kept) noexcept
{
	std::uint8_t share[max_members];
	std::uint8_t end[max_members];
	std::fill_n(share, s.tx_count, std::uint8_t{0});
	for (unsigned k = 0; k < n; k++)
		share[choice[k]]++;
	std::uint8_t sum = 0;
	for (unsigned m = 0; m < s.tx_count; m++) {
		end[m] = sum;
		sum = static_cast<std::uint8_t>(sum + share[m]);
	}
	rte_mbuf *grouped[batch_size];
	for (unsigned k = 0; k < n; k++)
		grouped[end[choice[k]]++] = pkts[k];

	unsigned sent_in_all = 0;
	std::uint8_t sent[max_members];
	for (unsigned m = 0; m < s.tx_count; m++) {
		const bool offer = share[m] != 0 && (refused >> m & 1) == 0;
		sent[m] = offer ? static_cast<std::uint8_t>(
					  Port::send(s.tx_port[m], lane.queue, grouped + end[m] - share[m], share[m]))
				: 0;
		sent_in_all += sent[m];
		if (sent[m] < share[m])
			refused |= std::uint64_t{1} << m;
	}
	if (sent_in_all == n) [[likely]]
		return 0;

	// A member takes its packets from the front, in order: the first sent[m] of those that chose m are gone.
	unsigned held = 0;
	for (unsigned k = 0; k < n; k++) {
		if (sent[choice[k]] > 0)
			sent[choice[k]]--;
		else
			kept[held++] = pkts[k];
	}
	return held;
}

} // namespace detail

// The transmit burst of a mode with at least two usable members. Returns how many packets were taken; the others stand
// at the tail of pkts in their order and are still the caller's.
template <tx_policy Policy, member_port Port>
std::uint16_t spread(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	unsigned kept = 0; // refused packets so far: they stand at pkts[0, kept), over places already dealt with
	std::uint64_t refused = 0;
	std::uint8_t choice[batch_size];

	for (unsigned first = 0; first < n; first += batch_size) {
		const unsigned count = std::min<unsigned>(batch_size, n - first);
		Policy::assign(s, lane, pkts + first, count, choice);
		kept += detail::send_batch<Port>(s, lane, pkts + first, count, choice, refused, pkts + kept);
	}
	const unsigned taken = n - kept;
	if (kept > 0 && taken > 0) [[unlikely]]
		std::memmove(pkts + taken, pkts, kept * sizeof *pkts);
	return static_cast<std::uint16_t>(taken);
}

} // namespace braid
