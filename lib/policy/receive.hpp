/* SPDX-License-Identifier: BSD-3-Clause */
// Receives a burst from all members that are polled, and runs their tx_prepare; the same in every mode.
#pragma once

#include "base/options.hpp"
#include "policy/port.hpp"
#include "policy/snapshot.hpp"

#include <rte_mbuf_core.h>

#include <algorithm>
#include <bit>

namespace braid {

// Vector receive functions return nothing for less room than this (DPDK e1110e9776): those of SSE and NEON work on 4
// descriptors at a time, those of AVX2, AVX-512 and SVE and virtio's simple ones on 8. With less left over, stop and begin
// the next burst at the member that was not asked.
inline constexpr unsigned rx_min_room = 8;

// Receives from one member after another until the array is full.
template <member_port Port, rx_port Owner> class gathering {
public:
	[[gnu::always_inline]] gathering(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, unsigned n,
	                                 unsigned resume) noexcept
		: s_(s), lane_(lane), pkts_(pkts), whole_(n), room_(n), busy_(lane.busy), resume_(resume)
	{}

	// False when no other member can be asked: too little room is left.
	[[gnu::always_inline]] bool ask(unsigned m) noexcept
	{
		const rx_source &member = s_.rx_member[m];
		unsigned got = Port::receive(member.port, lane_.queue, pkts_, static_cast<std::uint16_t>(room_));
		busy_ = got != 0 ? busy_ | bit(m) : busy_ & ~bit(m);
		if (member.special != 0) [[unlikely]]
			got = account(member, lane_, pkts_, got, room_, whole_);
		if (got == 0)
			return true;
		if constexpr (Owner == rx_port::bond) {
			const std::uint16_t port = s_.bond_port; // which a store to an mbuf might change, for all the compiler knows
#pragma GCC unroll 8
			for (unsigned k = 0; k < got; k++)
				pkts_[k]->port = port;
		}
		pkts_ += got;
		room_ -= got;
		if (room_ >= rx_min_room)
			return true;
		resume_ = m + 1;
		return false;
	}

	// Asks the members of a set, one bit each, beginning with `first`. False as from ask().
	[[gnu::always_inline]] bool ask_all(std::uint64_t members, unsigned first) noexcept
	{
		for (members = std::rotr(members, static_cast<int>(first)); members != 0; members &= members - 1)
			if (!ask((first + static_cast<unsigned>(std::countr_zero(members))) % 64))
				return false;
		return true;
	}

	static constexpr std::uint64_t bit(unsigned m) noexcept { return std::uint64_t{1} << m; }
	unsigned room() const noexcept { return room_; }
	std::uint64_t busy() const noexcept { return busy_; }
	unsigned resume() const noexcept { return resume_; }

private:
	// Counts what a member has given that leaves or may not deliver, of which what it may not is freed. Returns how many packets
	// there are to deliver.
	[[gnu::noinline, gnu::cold]] static unsigned account(const rx_source &member, rx_lane &lane, rte_mbuf **pkts, unsigned got,
	                                                     unsigned room, unsigned whole) noexcept
	{
		if ((member.special & rx_source::draining) != 0) {
			lane.from_leaving.add(got);
			lane.widest = std::max(lane.widest, static_cast<std::uint16_t>(whole));
			// With less room, nothing received does not mean that nothing waits; unless the application never has
			// more: what a driver does not give it then, it does not give it whether the member leaves or stays.
			if (got == 0 && room != 0 && room >= std::min<unsigned>(lane.widest, rx_min_room))
				lane.dry_looks.add(1);
		}
		if ((member.special & rx_source::backup) == 0)
			return got;
		for (unsigned k = 0; k < got; k++)
			Port::drop(pkts[k]);
		lane.backup_dropped.add(got);
		return 0;
	}

	const snapshot &s_;
	rx_lane &lane_;
	rte_mbuf **pkts_;
	const unsigned whole_;
	unsigned room_;
	std::uint64_t busy_;
	unsigned resume_;
};
static_assert(max_members <= 64);

// Each burst asks another member first, so that each of n members is asked with all of the room in n bursts, whoever else
// is busy. Next come those that had packets lately, in turn, since they alone can fill the array before idle ones
// have cost anything; then the others. Under load a burst asks two members, however many there are.
template <member_port Port, rx_port Owner>
std::uint16_t receive(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	using gathering = gathering<Port, Owner>;
	const unsigned count = s.rx_count;
	if (count == 0) [[unlikely]]
		return 0;
	const unsigned first = lane.next < count ? lane.next : 0;
	const unsigned second = first + 1 < count ? first + 1 : 0;
	lane.next = static_cast<std::uint16_t>(second);
	gathering from(s, lane, pkts, n, second + 1);
	if (from.ask(first)) {
		const std::uint64_t others = (~std::uint64_t{0} >> (64 - count)) & ~gathering::bit(first);
		const std::uint64_t busy = others & from.busy();
		if (from.ask_all(busy, lane.resume))
			from.ask_all(others & ~busy, second);
	}
	lane.busy = from.busy();
	lane.resume = static_cast<std::uint16_t>(from.resume());
	return static_cast<std::uint16_t>(n - from.room());
}

// The same for one member, which leaves nothing to remember.
template <member_port Port, rx_port Owner>
std::uint16_t receive_from_one(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	gathering<Port, Owner> from(s, lane, pkts, n, 0);
	from.ask(0);
	return static_cast<std::uint16_t>(n - from.room());
}

// The same for two: the other one is whoever was not asked first, and there is nothing to remember but whose turn it is.
template <member_port Port, rx_port Owner>
std::uint16_t receive_from_two(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	const unsigned first = lane.next == 1 ? 1 : 0;
	lane.next = static_cast<std::uint16_t>(first ^ 1);
	gathering<Port, Owner> from(s, lane, pkts, n, 0);
	if (from.ask(first))
		from.ask(first ^ 1);
	return static_cast<std::uint16_t>(n - from.room());
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
