/* SPDX-License-Identifier: BSD-3-Clause */
// Mode round-robin: each member in turn gets `rr_limit` packets, 1 unless the operator says otherwise.
//
// Each transmit queue keeps its own turn, so that queues share nothing. The turn is clamped where it is used: the set may
// have shrunk since it was stored, and a set that shrank must neither divide by a stale count nor index past the end.
// A packet that its member refused is still the caller's; offered again, it meets the next member in turn.
//
// Who gets which packet follows from where the turn stands, so nothing is counted and nothing sorted.
#pragma once

#include "policy/spread.hpp"

namespace braid {

// rr_limit=1: the packets of a member are every so many-th of the batch.
class round_robin {
public:
	struct workspace {
		rte_mbuf *copies[batch_size];
	};

	[[gnu::always_inline]] round_robin(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
	                                   workspace &space) noexcept
		: pkts_(pkts), n_(n), members_(s.tx_count), first_(lane.next < members_ ? lane.next : 0), free_(space.copies)
	{
		lane.next = static_cast<std::uint16_t>((first_ + n) % members_);
	}

	[[gnu::always_inline]] std::span<rte_mbuf *> packets_of(unsigned m) noexcept
	{
		const std::size_t turn = m >= first_ ? m - first_ : m + members_ - first_;
		rte_mbuf **const begin = free_;
		if (members_ == 2) {
			// A constant stride.
			const std::size_t count = (n_ + 1 - turn) / 2;
			rte_mbuf *const *const from = pkts_ + turn;
#pragma GCC unroll 8
			for (std::size_t k = 0; k < count; k++)
				begin[k] = from[2 * k];
			free_ += count;
		} else {
#pragma GCC unroll 4
			for (std::size_t k = turn; k < n_; k += members_)
				*free_++ = pkts_[k];
		}
		return {begin, free_};
	}

	unsigned member_of(unsigned k) const noexcept { return static_cast<unsigned>((first_ + k) % members_); }

private:
	rte_mbuf **pkts_;
	std::size_t n_;
	std::size_t members_;
	std::size_t first_; // the member whose turn it is
	rte_mbuf **free_;   // the first unused place of the workspace
};
static_assert(tx_policy<round_robin>);

// rr_limit=2 and more: runs of packets. With a limit not below the burst's size a member's packets stand together already,
// and are sent from where they are.
class round_robin_in_runs {
public:
	using workspace = round_robin::workspace;

	round_robin_in_runs(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: pkts_(pkts), n_(n), members_(s.tx_count), limit_(s.rr_limit), first_(lane.next < members_ ? lane.next : 0),
		  used_(lane.used < limit_ ? lane.used : 0), free_(space.copies)
	{
		const unsigned end = used_ + n;
		lane.next = static_cast<std::uint16_t>((first_ + end / limit_) % members_);
		lane.used = static_cast<std::uint16_t>(end % limit_);
	}

	// The run of the first turn may have begun in an earlier batch.
	std::span<rte_mbuf *> packets_of(unsigned m) noexcept
	{
		const unsigned start = limit_ * (m >= first_ ? m - first_ : m + members_ - first_);
		const unsigned begin = start > used_ ? start - used_ : 0;
		if (begin >= n_)
			return {};
		const unsigned end = start + limit_ - used_;
		const unsigned pause = (members_ - 1) * limit_;
		if (end + pause >= n_)
			return {pkts_ + begin, pkts_ + std::min(end, n_)};
		rte_mbuf **const copied = free_;
		free_ = std::copy(pkts_ + begin, pkts_ + end, free_);
		for (unsigned k = end + pause; k < n_; k += limit_ + pause)
			free_ = std::copy(pkts_ + k, pkts_ + std::min(k + limit_, n_), free_);
		return {copied, free_};
	}

	unsigned member_of(unsigned k) const noexcept { return (first_ + (used_ + k) / limit_) % members_; }

private:
	rte_mbuf **pkts_;
	unsigned n_;
	unsigned members_;
	unsigned limit_;
	unsigned first_; // the member whose turn it is
	unsigned used_;  // packets that it has had of its turn
	rte_mbuf **free_;
};
static_assert(tx_policy<round_robin_in_runs>);

} // namespace braid
