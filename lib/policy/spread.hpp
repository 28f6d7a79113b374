/* SPDX-License-Identifier: BSD-3-Clause */
// Sends a burst over several members: deal the packets out, send, put back what was refused.
//
// Shared by the modes that give each packet to one of several members; which one is all that a mode says.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <algorithm>
#include <concepts>
#include <cstring>
#include <span>

namespace braid {

// A batch of n packets (1 to batch_size), dealt out. Members are indices below s.tx_count. The arrays that it needs are its
// workspace, apart from it: a member gets the address of one, and what is in the same object could not stay in registers.
template <typename Policy>
concept tx_policy = requires(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
                             typename Policy::workspace &space, Policy &batch, unsigned i) {
	{ Policy(s, lane, pkts, n, space) } noexcept;
	// The packets of member i, in their order. Asked once for each member, in the order of members; what was told stays
	// where it is as long as the batch lives.
	{ batch.packets_of(i) } noexcept -> std::same_as<std::span<rte_mbuf *>>;
	// The member that packet i was given to.
	{ batch.member_of(i) } noexcept -> std::same_as<unsigned>;
};

namespace detail {

// What a member has not taken.
struct leftovers {
	rte_mbuf **next;   // the first of them, in the array that the member was given
	std::uint8_t sent; // packets before them
};

// Puts what was refused of a batch of n, in the order of the batch, to `kept`. A member takes its packets from the front; what
// it has left is read where it left it, since a member that is a bond itself may have moved it.
template <tx_policy Policy>
[[gnu::noinline, gnu::cold]] unsigned keep_refused(Policy batch, leftovers *left, unsigned n, rte_mbuf **kept) noexcept
{
	unsigned held = 0;
	for (unsigned k = 0; k < n; k++) {
		leftovers &member = left[batch.member_of(k)];
		if (member.sent > 0)
			member.sent--;
		else
			kept[held++] = *member.next++;
	}
	return held;
}

// Sends one batch. Refused packets are moved, in their order, to `kept`, which may lie at or below pkts in the same array.
// Returns how many were refused. `refused` collects the members that refused in this burst: they get nothing more
// of it, so that no later packet of a flow overtakes a refused one.
template <tx_policy Policy, member_port Port>
[[gnu::always_inline]] inline unsigned send_batch(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
                                                  std::uint64_t &refused, rte_mbuf **kept) noexcept
{
	typename Policy::workspace space;
	Policy batch(s, lane, pkts, n, space);
	leftovers left[max_members];
	unsigned sent_in_all = 0;
	for (unsigned m = 0; m < s.tx_count; m++) {
		const std::span<rte_mbuf *> share = batch.packets_of(m);
		unsigned sent = 0;
		if (!share.empty() && (refused >> m & 1) == 0) {
			sent = Port::send(s.tx_port[m], lane.queue, share.data(), static_cast<std::uint16_t>(share.size()));
			if (sent < share.size()) [[unlikely]]
				refused |= std::uint64_t{1} << m;
		}
		left[m] = {share.data() + sent, static_cast<std::uint8_t>(sent)};
		sent_in_all += sent;
	}
	return sent_in_all == n ? 0 : keep_refused(batch, left, n, kept);
}

} // namespace detail

// The transmit burst of a mode with at least two usable members. Returns how many packets were taken; the others stand
// at the tail of pkts in their order and are still the caller's.
template <tx_policy Policy, member_port Port>
std::uint16_t spread(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	unsigned kept = 0; // refused packets so far: they stand at pkts[0, kept), over places already dealt with
	std::uint64_t refused = 0;

	for (unsigned first = 0; first < n; first += batch_size) {
		const unsigned count = std::min<unsigned>(batch_size, n - first);
		kept += detail::send_batch<Policy, Port>(s, lane, pkts + first, count, refused, pkts + kept);
	}
	const unsigned taken = n - kept;
	if (kept > 0 && taken > 0) [[unlikely]]
		std::memmove(pkts + taken, pkts, kept * sizeof *pkts);
	return static_cast<std::uint16_t>(taken);
}

} // namespace braid
