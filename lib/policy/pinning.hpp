/* SPDX-License-Identifier: BSD-3-Clause */
// Pinning: an application has named, in the mbuf, the member that a packet is to leave through.
//
// Comes before whatever the mode does and knows nothing of it: pinned packets go to their members, the others to the mode's
// own burst function. A packet whose member may not transmit is one of the others, and counted. A bond without pinning has
// the mode's function in its snapshot and nothing of this.
//
// What was refused goes back to the caller at the tail, in its order, as in every mode. Nothing is sent beyond the batch in
// which somebody refused, so that no packet of a flow overtakes another on its member.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <rte_mbuf_core.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace braid {
namespace detail {

inline constexpr std::uint8_t not_pinned = max_members;

inline bool is_pinned(const snapshot &s, const rte_mbuf &m) noexcept { return (m.ol_flags & s.pin.flag) != 0; }

// Index into s.pin.port of the member that the packet names; not_pinned if that may not transmit.
inline std::uint8_t pinned_member(const snapshot &s, const rte_mbuf &m) noexcept
{
	std::uint32_t id;
	std::memcpy(&id, reinterpret_cast<const std::byte *>(&m) + s.pin.offset, sizeof id);
	const auto *const begin = s.pin.member.data();
	const auto *const end = begin + s.pin.count;
	const auto *const found = std::find(begin, end, id);
	return found != end ? static_cast<std::uint8_t>(found - begin) : not_pinned;
}

// Packets of a batch that go the same way, and how many of them are gone.
struct pin_group {
	rte_mbuf *packet[batch_size];
	unsigned count = 0;
	unsigned sent = 0;

	bool all_sent() const noexcept { return sent == count; }
};

// Sends a batch in which something is pinned. What was refused stands at its end in the order of the batch; returns how many
// those are.
template <member_port Port>
unsigned send_pinned_batch(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
{
	std::uint8_t way[batch_size];
	std::uint64_t used = 0; // members that are named, one bit each
	unsigned missed = 0;
	for (unsigned k = 0; k < n; k++) {
		way[k] = not_pinned;
		if (!is_pinned(s, *pkts[k]))
			continue;
		way[k] = pinned_member(s, *pkts[k]);
		if (way[k] != not_pinned)
			used |= std::uint64_t{1} << way[k];
		else
			missed++;
	}
	if (missed > 0)
		lane.pin_missed.add(missed);

	bool refused[batch_size] = {};
	rte_mbuf *original[batch_size];
	std::copy_n(pkts, n, original);
	unsigned kept = 0;
	const auto send = [&](std::uint8_t whose, auto burst) {
		pin_group group;
		for (unsigned k = 0; k < n; k++)
			if (way[k] == whose)
				group.packet[group.count++] = original[k];
		if (group.count == 0)
			return;
		group.sent = burst(group.packet, static_cast<std::uint16_t>(group.count));
		if (group.all_sent()) [[likely]]
			return;
		kept += group.count - group.sent;
		// What is left stands behind what was sent, in its order; of a mode with several members it need not be the last
		// packets that are left.
		for (unsigned k = 0, next = group.sent; k < n && next < group.count; k++)
			if (way[k] == whose && original[k] == group.packet[next]) {
				refused[k] = true;
				next++;
			}
	};
	for (; used != 0; used &= used - 1) {
		const auto member = static_cast<std::uint8_t>(__builtin_ctzll(used));
		send(member, [&](rte_mbuf **group, std::uint16_t count) noexcept {
			return Port::send(s.pin.port[member], lane.queue, group, count);
		});
	}
	send(not_pinned, [&](rte_mbuf **group, std::uint16_t count) noexcept { return s.pin.others(s, lane, group, count); });

	unsigned at = n - kept;
	for (unsigned k = 0; k < n; k++)
		if (refused[k])
			pkts[at++] = original[k];
	return kept;
}

} // namespace detail

// The transmit burst of any mode in a bond with pinning and at least one usable member.
template <member_port Port>
std::uint16_t send_pinned(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	if (std::none_of(pkts, pkts + n, [&s](const rte_mbuf *m) { return detail::is_pinned(s, *m); }))
		return s.pin.others(s, lane, pkts, n);
	for (unsigned first = 0; first < n; first += batch_size) {
		const unsigned count = std::min<unsigned>(batch_size, n - first);
		if (const unsigned kept = detail::send_pinned_batch<Port>(s, lane, pkts + first, count); kept > 0)
			return static_cast<std::uint16_t>(first + count - kept);
	}
	return n;
}

} // namespace braid
