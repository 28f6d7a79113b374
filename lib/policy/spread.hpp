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

namespace braid {

// What one member gets of a batch: `count` packets, which may be none, in their order.
struct share {
	std::size_t member; // index below s.tx_count
	rte_mbuf **first;
	std::uint16_t count;
};

// A batch of n packets (1 to batch_size), dealt out. The arrays that it needs are its workspace, apart from it: a member gets
// the address of one, and what is in the same object could not stay in registers.
template <typename Policy>
concept tx_policy = requires(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
                             typename Policy::workspace &space, Policy &batch, unsigned k) {
	{ Policy(s, lane, pkts, n, space) } noexcept;
	// The share of one member after another, each that gets packets once, in any order: as long as there is one more, that of
	// now. What it was stays where it is as long as the workspace lives.
	{ batch.more() } noexcept -> std::same_as<bool>;
	{ batch.now() } noexcept -> std::same_as<share>;
	{ batch.go_on() } noexcept;
	// The member that packet k was given to.
	{ batch.member_of(k) } noexcept -> std::same_as<unsigned>;
	// The member that a burst of this one packet is for: of such a batch, what member_of(0) would say.
	{ Policy::member_for(s, lane, pkts) } noexcept -> std::same_as<unsigned>;
};

namespace detail {

// What a member has not taken.
struct leftovers {
	rte_mbuf **next;   // the first of them, in the array that the member was given
	std::uint8_t sent; // packets before them
};
inline constexpr std::uint8_t all_sent = UINT8_MAX;
static_assert(all_sent > batch_size);

// Puts what was refused of a batch of n, in the order of the batch, to `kept`. A member takes its packets from the front; what
// it has left is read where it left it, since a member that is a bond itself may have moved it.
template <tx_policy Policy>
unsigned keep_refused(const Policy &batch, leftovers *left, unsigned n, rte_mbuf **kept) noexcept
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

inline constexpr std::uint16_t not_asked = UINT16_MAX;

// Sends the rest of a batch in which a member has refused some, in this batch or an earlier one of the burst: `refused` has a
// bit for each that did. The member whose share is that of now has taken `sent` packets of it, or has not been asked; those
// before it have taken theirs.
template <tx_policy Policy, member_port Port>
[[gnu::noinline, gnu::cold]] unsigned send_rest(const snapshot &s, tx_lane &lane, Policy batch, std::uint16_t sent, unsigned n,
                                                std::uint64_t &refused, rte_mbuf **kept) noexcept
{
	leftovers left[max_members];
	for (unsigned m = 0; m < s.tx_count; m++)
		left[m].sent = all_sent;
	for (; batch.more(); batch.go_on(), sent = not_asked) {
		const share now = batch.now();
		const std::uint64_t bit = std::uint64_t{1} << now.member;
		if (sent == not_asked)
			sent = now.count != 0 && (refused & bit) == 0
			               ? Port::send(s.tx_port[now.member], lane.queue, now.first, now.count)
			               : std::uint16_t{0};
		left[now.member] = {now.first + sent, static_cast<std::uint8_t>(sent)};
		if (sent < now.count)
			refused |= bit;
	}
	return keep_refused(batch, left, n, kept);
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
	if (refused != 0) [[unlikely]]
		return send_rest<Policy, Port>(s, lane, batch, not_asked, n, refused, kept);
	const std::uint16_t queue = lane.queue;
	for (; batch.more(); batch.go_on()) {
		const share now = batch.now();
		if (now.count == 0)
			continue;
		const std::uint16_t sent = Port::send(s.tx_port[now.member], queue, now.first, now.count);
		if (sent != now.count) [[unlikely]]
			return send_rest<Policy, Port>(s, lane, batch, sent, n, refused, kept);
	}
	return 0;
}

// A burst of several batches. Refused packets so far stand at pkts[0, kept), over places already dealt with.
template <tx_policy Policy, member_port Port>
[[gnu::noinline]] unsigned send_batches(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
{
	unsigned kept = 0;
	std::uint64_t refused = 0;
	for (unsigned first = 0; first < n; first += batch_size) {
		const unsigned count = std::min<unsigned>(batch_size, n - first);
		kept += send_batch<Policy, Port>(s, lane, pkts + first, count, refused, pkts + kept);
	}
	return kept;
}

// A burst of at most one, which most bursts are: nothing but the packets has to be remembered over the calls of members.
template <tx_policy Policy, member_port Port>
[[gnu::always_inline]] inline unsigned send_short(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
{
	std::uint64_t refused = 0;
	return n != 0 ? send_batch<Policy, Port>(s, lane, pkts, n, refused, pkts) : 0;
}

// A burst of any length. Functions of their own for this and for the next, so that neither has anything to do with the other.
template <tx_policy Policy, member_port Port>
[[gnu::noinline]] std::uint16_t send_many(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	const unsigned kept = n <= batch_size ? send_short<Policy, Port>(s, lane, pkts, n)
	                                      : send_batches<Policy, Port>(s, lane, pkts, n);
	const unsigned taken = n - kept;
	if (kept > 0 && taken > 0) [[unlikely]]
		std::memmove(pkts + taken, pkts, kept * sizeof *pkts);
	return static_cast<std::uint16_t>(taken);
}

// A burst of one packet, where nothing is dealt out.
template <tx_policy Policy, member_port Port>
[[gnu::noinline]] std::uint16_t send_one(const snapshot &s, tx_lane &lane, rte_mbuf **pkt) noexcept
{
	return Port::send(s.tx_port[Policy::member_for(s, lane, pkt)], lane.queue, pkt, 1);
}

} // namespace detail

// The transmit burst of a mode with at least two usable members. Returns how many packets were taken; the others stand
// at the tail of pkts in their order and are still the caller's.
template <tx_policy Policy, member_port Port>
std::uint16_t spread(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	return n == 1 ? detail::send_one<Policy, Port>(s, lane, pkts) : detail::send_many<Policy, Port>(s, lane, pkts, n);
}

} // namespace braid
