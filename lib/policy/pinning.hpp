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

#include "policy/deal.hpp"
#include "policy/port.hpp"
#include "policy/snapshot.hpp"
#include "policy/sorted_deal.hpp"

#include <rte_mbuf_core.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace braid {
namespace detail {

inline constexpr std::uint8_t not_found = max_members;

inline bool is_pinned(const snapshot &s, const rte_mbuf &m) noexcept { return (m.ol_flags & s.pin.flag) != 0; }

// A packet that names a member which is not in its id's slot: one that may not transmit or, of members whose ids are alike in
// their lowest bits, one that came to the slot before another.
[[gnu::noinline, gnu::cold]] inline std::uint8_t find_pinned(const pin_table &t, std::uint32_t id) noexcept
{
	const auto *const begin = t.member.data();
	const auto *const end = begin + t.count;
	const auto *const found = std::find(begin, end, id);
	return found != end ? static_cast<std::uint8_t>(found - begin) : not_found;
}

// Index into s.pin.port of the member that the packet is to leave through; `nobody` if it names none that may transmit, which
// is added to `missed` if it names one. No branch on what the packet names: packets of many members come in any order.
[[gnu::always_inline]] inline std::uint8_t way_of(const snapshot &s, const rte_mbuf &m, std::uint8_t nobody,
                                                  unsigned &missed) noexcept
{
	std::uint32_t id;
	std::memcpy(&id, reinterpret_cast<const std::byte *>(&m) + s.pin.offset, sizeof id);
	const std::uint8_t likely = s.pin.slot[id % pin_table::slots];
	const bool pinned = is_pinned(s, m);
	if (pinned & (s.pin.member[likely] != id)) [[unlikely]] {
		const std::uint8_t found = find_pinned(s.pin, id);
		missed += found == not_found;
		return found != not_found ? found : nobody;
	}
	const unsigned other = pinned ? 0 : 0xff;
	return static_cast<std::uint8_t>((likely & ~other) | (nobody & other));
}

// A batch dealt out by the ways that its packets go: through one of the members, or nobody's, as the mode has it.

// Fewer members than few_members: each has a row, and behind the last one's is that of nobody.
struct few_ways {
	std::uint8_t way[batch_size]; // of each packet, in the order of the batch
	const std::uint8_t nobody;
	unsigned missed = 0;

	[[gnu::always_inline]] few_ways(const snapshot &s, rte_mbuf *const *pkts, unsigned n) noexcept
		: nobody(static_cast<std::uint8_t>(s.pin.count))
	{
		counts_ = deal_to_few(pkts, n, row_[0], [&](std::size_t k) {
			way[k] = way_of(s, *pkts[k], nobody, missed);
			return std::size_t{bucket_entry(way[k], few_members)};
		});
	}

	// Calls send(way, packets, count) for each way that packets go; nobody's at last.
	template <typename Send> [[gnu::always_inline]] void for_each(Send send) noexcept
	{
		std::uint64_t counts = counts_;
		for (unsigned w = 0; w <= nobody; w++, counts >>= 8)
			if (const auto count = static_cast<std::uint8_t>(counts); count > 0)
				send(w, row_[w], count);
	}

private:
	rte_mbuf *row_[few_members][batch_size];
	std::uint64_t counts_;
};

// Any number of members.
struct many_ways {
	std::uint8_t way[batch_size];
	static constexpr std::uint8_t nobody = max_members;
	unsigned missed = 0;

	many_ways(const snapshot &s, rte_mbuf *const *pkts, unsigned n) noexcept : members_(s.pin.count)
	{
		for (unsigned k = 0; k < n; k++) {
			const std::uint8_t to = way_of(s, *pkts[k], nobody, missed);
			way[k] = to;
			// Written for both, and stays where the count moves on.
			pinned_[pinned_count_] = pkts[k];
			member_[pinned_count_] = to;
			other_[k - pinned_count_] = pkts[k];
			pinned_count_ += to != nobody;
		}
		other_count_ = n - pinned_count_;
	}

	template <typename Send> void for_each(Send send) noexcept
	{
		sorted_deal batch(members_, pinned_, pinned_count_, space_, [this](unsigned k) { return member_[k]; });
		for (; batch.more(); batch.go_on())
			send(batch.now().member, batch.now().first, batch.now().count);
		if (other_count_ > 0)
			send(nobody, other_, other_count_);
	}

private:
	const unsigned members_;
	rte_mbuf *pinned_[batch_size];
	std::uint8_t member_[batch_size]; // of each of these
	unsigned pinned_count_ = 0;
	sorted_deal::workspace space_; // in which what members have left is looked for afterwards
	rte_mbuf *other_[batch_size];
	unsigned other_count_;
};

// What is left of the packets that went one way.
struct remainder {
	rte_mbuf **next;
	rte_mbuf **end;
};

// Puts what is left, `kept` packets, to the end of a batch of n in the order of the batch. `left` is by way; of a mode with several
// members it need not be the last packets that are left.
[[gnu::noinline, gnu::cold]] inline void put_back(rte_mbuf **pkts, unsigned n, const std::uint8_t *way, remainder *left,
                                                  unsigned kept) noexcept
{
	rte_mbuf *rest[batch_size];
	unsigned count = 0;
	for (unsigned k = 0; k < n; k++) {
		remainder &r = left[way[k]];
		if (r.next != r.end && *r.next == pkts[k])
			rest[count++] = *r.next++;
	}
	// What a member has put in another packet's place, as with a tag inserted, is not found again, but is left as well.
	for (unsigned k = 0; k < n; k++)
		for (remainder &r = left[way[k]]; r.next != r.end;)
			rest[count++] = *r.next++;
	std::copy_n(rest, kept, pkts + n - kept);
}

// Sends a batch in which something is pinned. What was refused stands at its end in the order of the batch; returns how many
// those are.
template <typename Ways, member_port Port>
[[gnu::noinline]] unsigned send_ways(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n) noexcept
{
	Ways ways(s, pkts, n);
	if (ways.missed > 0)
		lane.pin_missed.add(ways.missed);
	remainder left[max_members + 1];
	unsigned kept = 0;
	ways.for_each([&](std::size_t way, rte_mbuf **first, unsigned n_of_way) {
		const auto count = static_cast<std::uint16_t>(n_of_way);
		const std::uint16_t sent = way == ways.nobody ? s.pin.others(s, lane, first, count)
		                                              : Port::send(s.pin.port[way], lane.queue, first, count);
		left[way] = {first + sent, first + count};
		kept += count - sent;
	});
	if (kept > 0) [[unlikely]]
		put_back(pkts, n, ways.way, left, kept);
	return kept;
}

template <member_port Port> std::uint16_t send_one_pinned(const snapshot &s, tx_lane &lane, rte_mbuf **pkt) noexcept
{
	unsigned missed = 0;
	const std::uint8_t way = way_of(s, **pkt, not_found, missed);
	if (missed > 0)
		lane.pin_missed.add(missed);
	return way == not_found ? s.pin.others(s, lane, pkt, 1) : Port::send(s.pin.port[way], lane.queue, pkt, 1);
}

} // namespace detail

// The transmit burst of any mode in a bond with pinning and at least one usable member.
template <member_port Port>
std::uint16_t send_pinned(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	if (n == 1)
		return detail::send_one_pinned<Port>(s, lane, pkts);
	if (std::none_of(pkts, pkts + n, [&s](const rte_mbuf *m) { return detail::is_pinned(s, *m); }))
		return s.pin.others(s, lane, pkts, n);
	const auto send = s.pin.count < few_members ? detail::send_ways<detail::few_ways, Port>
	                                            : detail::send_ways<detail::many_ways, Port>;
	for (unsigned first = 0; first < n; first += batch_size) {
		const unsigned count = std::min<unsigned>(batch_size, n - first);
		if (const unsigned kept = send(s, lane, pkts + first, count); kept > 0)
			return static_cast<std::uint16_t>(first + count - kept);
	}
	return n;
}

} // namespace braid
