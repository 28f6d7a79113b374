/* SPDX-License-Identifier: BSD-3-Clause */
// Mode broadcast: every member sends every packet.
//
// The members share the mbuf, each with a reference of its own on every segment. A packet counts as sent when one member took
// it. The member that took most decides how many are consumed; what it refused is the caller's again, each packet with
// the one reference that this member did not use up. What any other member refused of the rest is freed and counted: copies
// that are missing there. Sharing is why the bond does not offer MBUF_FAST_FREE in this mode.
#pragma once

#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>

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
	// Packets that a member has refused. It finds them at the end of the array that it was given. Their places in the batch
	// tell nothing: a member that is a bond itself takes packets from the middle.
	struct refusal {
		rte_mbuf *pkts[batch_size];
		unsigned count;

		void take(std::span<rte_mbuf *const> from) noexcept
		{
			std::copy(from.begin(), from.end(), pkts);
			count = static_cast<unsigned>(from.size());
		}
		bool contains(const rte_mbuf *pkt) const noexcept { return std::find(pkts, pkts + count, pkt) != pkts + count; }
	};

	static unsigned send_batch(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
	{
		Port::reference(pkts, n, static_cast<std::int16_t>(s.tx_count - 1));
		for (unsigned m = 0; m < s.tx_count; m++) {
			rte_mbuf *copies[batch_size];
			rte_mbuf **const offered = array_for(m, s, pkts, n, copies);
			const unsigned sent =
				Port::send(s.tx_port[m], lane.queue, offered, static_cast<std::uint16_t>(n));
			if (sent < n) [[unlikely]]
				return send_rest(s, lane, pkts, n, m, {offered + sent, n - sent});
		}
		return n;
	}

	// A copy for each member but the last: a driver may reorder or overwrite the array that it is given.
	static rte_mbuf **array_for(unsigned m, const snapshot &s, rte_mbuf **pkts, unsigned n, rte_mbuf **copies) noexcept
	{
		if (m + 1u == s.tx_count)
			return pkts;
		// In pieces whose size the compiler knows: a call of memmove() would cost a burst more than the copy.
		unsigned k = 0;
		const auto copy = [&](auto pointers) __attribute__((always_inline)) {
			std::memcpy(copies + k, pkts + k, pointers * sizeof *pkts);
			k += pointers;
		};
		while (k + 8 <= n)
			copy(std::integral_constant<unsigned, 8>());
		if ((n & 4) != 0)
			copy(std::integral_constant<unsigned, 4>());
		if ((n & 2) != 0)
			copy(std::integral_constant<unsigned, 2>());
		if ((n & 1) != 0)
			copy(std::integral_constant<unsigned, 1>());
		return copies;
	}

	// Goes on when member m has refused some, and all before it took everything.
	[[gnu::noinline, gnu::cold]] static unsigned send_rest(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
	                                                       unsigned m, std::span<rte_mbuf *> refused) noexcept
	{
		refusal of_member[max_members]; // 32 KiB: only who has taken most is known when all have been asked
		for (unsigned before = 0; before < m; before++)
			of_member[before].count = 0;
		of_member[m].take(refused);
		while (++m < s.tx_count) {
			rte_mbuf *copies[batch_size];
			rte_mbuf **const offered = array_for(m, s, pkts, n, copies);
			const unsigned sent =
				Port::send(s.tx_port[m], lane.queue, offered, static_cast<std::uint16_t>(n));
			of_member[m].take({offered + sent, n - sent});
		}

		refusal *const end = of_member + s.tx_count;
		const refusal &least = *std::min_element(
			of_member, end, [](const refusal &a, const refusal &b) { return a.count < b.count; });
		unsigned missing = 0;
		for (refusal *member = of_member; member != end; member++)
			if (member != &least)
				missing += give_up(*member, least);
		lane.dropped.add(missing);
		std::copy_n(least.pkts, least.count, pkts + n - least.count);
		return n - least.count;
	}

	// A member's references to what it refused. What `least` holds is the caller's again, by another reference; of
	// everything else a copy is missing. Returns how many.
	static unsigned give_up(refusal &member, const refusal &least) noexcept
	{
		unsigned missing = 0;
		for (rte_mbuf **pkt = member.pkts; pkt != member.pkts + member.count; pkt++) {
			if (least.contains(*pkt)) {
				Port::reference(pkt, 1, -1);
			} else {
				Port::drop(*pkt);
				missing++;
			}
		}
		return missing;
	}
};

} // namespace braid
