/* SPDX-License-Identifier: BSD-3-Clause */
// Mode round-robin: each member in turn gets `rr_limit` packets, 1 unless the operator says otherwise.
//
// Each transmit queue keeps its own turn, so that queues share nothing. The turn is clamped where it is used: the set may
// have shrunk since it was stored, and a set that shrank must neither divide by a stale count nor index past the end.
// A packet that its member refused is still the caller's; offered again, it meets the next member in turn.
//
// Among members of one weight, who gets which packet follows from where the turn stands, so nothing is counted and nothing sorted.
#pragma once

#include "policy/sorted_deal.hpp"
#include "policy/spread.hpp"

#include <span>

namespace braid {

// rr_limit=1: the packets of a member are every so many-th of the batch. They are copied to a row of its own, the rows in the
// order of turns. Members: how many there are, or 0 if that is known at run time only; where it is known when the burst
// function is chosen, a turn takes a third of the instructions.
template <unsigned Members> class round_robin {
public:
	struct workspace {
		rte_mbuf *row[batch_size + max_members];
	};

	[[gnu::always_inline]] round_robin(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n,
	                                   workspace &space) noexcept
		: members_of_any_number_(s.tx_count), first_(lane.next < members() ? lane.next : 0), rounds_(n / members()),
		  row_(space.row)
	{
		const unsigned each = members();
		rte_mbuf **column = row_;
		rte_mbuf *const *const end = pkts + n;
		for (unsigned round = 0; round < rounds_; round++, column++, pkts += each)
#pragma GCC unroll 8
			for (unsigned m = 0; m < each; m++)
				column[m * row_size()] = pkts[m];
		rte_mbuf **row = row_;
		for (; pkts != end; pkts++, column += row_size(), row += row_size())
			*column = *pkts;
		short_rows_ = row;
		lane.next = static_cast<std::uint16_t>(wrapped(first_ + n % members()));
	}

	bool more() const noexcept { return turn_ < members(); }
	share now() const noexcept
	{
		return {wrapped(first_ + turn_), row_, static_cast<std::uint16_t>(rounds_ + (row_ < short_rows_))};
	}
	void go_on() noexcept
	{
		turn_++;
		row_ += row_size();
	}

	unsigned member_of(unsigned k) const noexcept { return (first_ + k) % members(); }
	static unsigned member_for(const snapshot &s, tx_lane &lane, rte_mbuf **) noexcept
	{
		const unsigned first = lane.next < s.tx_count ? lane.next : 0;
		lane.next = static_cast<std::uint16_t>(first + 1u < s.tx_count ? first + 1 : 0);
		return first;
	}

private:
	unsigned members() const noexcept { return Members != 0 ? Members : members_of_any_number_; }
	unsigned wrapped(unsigned m) const noexcept { return m < members() ? m : m - members(); }
	// Places from one row to the next.
	std::size_t row_size() const noexcept { return Members != 0 ? batch_size / Members + 1 : rounds_ + 1; }

	unsigned members_of_any_number_;
	unsigned first_;         // the member whose turn it was at the beginning
	unsigned turn_ = 0;      // of the member whose share is that of now
	unsigned rounds_;        // packets that each member gets
	rte_mbuf **row_;         // its packets
	rte_mbuf **short_rows_;  // from here on that is all; in each row before stands one more
};
static_assert(tx_policy<round_robin<0>>);

// rr_limit=2 and more: runs of packets. With a limit not below the burst's size a member's packets stand together already,
// and are sent from where they are.
class round_robin_in_runs {
public:
	using workspace = round_robin<0>::workspace;

	round_robin_in_runs(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: pkts_(pkts), n_(n), members_(s.tx_count), limit_(s.rr_limit), first_(lane.next < members_ ? lane.next : 0),
		  used_(lane.used < limit_ ? lane.used : 0), free_(space.row)
	{
		const unsigned end = used_ + n;
		lane.next = static_cast<std::uint16_t>((first_ + end / limit_) % members_);
		lane.used = static_cast<std::uint16_t>(end % limit_);
		run_ = packets_of_turn();
	}

	bool more() const noexcept { return turn_ < members_; }
	share now() const noexcept
	{
		return {(first_ + turn_) % members_, run_.data(), static_cast<std::uint16_t>(run_.size())};
	}
	void go_on() noexcept
	{
		turn_++;
		if (more())
			run_ = packets_of_turn();
	}

	unsigned member_of(unsigned k) const noexcept { return (first_ + (used_ + k) / limit_) % members_; }
	static unsigned member_for(const snapshot &s, tx_lane &lane, rte_mbuf **pkt) noexcept
	{
		workspace space;
		return round_robin_in_runs(s, lane, pkt, 1, space).member_of(0);
	}

private:
	// The run of the first turn may have begun in an earlier batch.
	std::span<rte_mbuf *> packets_of_turn() noexcept
	{
		const unsigned start = limit_ * turn_;
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

	rte_mbuf **pkts_;
	unsigned n_;
	unsigned members_;
	unsigned limit_;
	unsigned turn_ = 0;
	unsigned first_; // the member whose turn it is
	unsigned used_;  // packets that it has had of its turn
	rte_mbuf **free_;
	std::span<rte_mbuf *> run_; // of the turn of now
};
static_assert(tx_policy<round_robin_in_runs>);

// Members that weigh differently: the snapshot has the order of their turns (turns.hpp), each of rr_limit packets. The turn is a
// place in that order.
class round_robin_by_weight : public sorted_deal {
public:
	struct workspace {
		std::uint8_t member[batch_size];
		sorted_deal::workspace sorted;
	};

	round_robin_by_weight(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: sorted_deal(s.tx_count, pkts, n, space.sorted,
	              [member = take_turns(s, lane, n, space.member)](unsigned k) { return member[k]; }),
		  member_(space.member)
	{}

	unsigned member_of(unsigned k) const noexcept { return member_[k]; }
	static unsigned member_for(const snapshot &s, tx_lane &lane, rte_mbuf **) noexcept
	{
		std::uint8_t member[1];
		return take_turns(s, lane, 1, member)[0];
	}

private:
	// Writes down whose each packet is, and moves the turn on.
	static const std::uint8_t *take_turns(const snapshot &s, tx_lane &lane, unsigned n, std::uint8_t *member) noexcept
	{
		unsigned turn = lane.next < s.turns ? lane.next : 0;
		unsigned used = lane.used < s.rr_limit ? lane.used : 0;
		for (unsigned k = 0; k < n; k++) {
			member[k] = s.bucket[turn];
			if (++used == s.rr_limit) {
				used = 0;
				turn = turn + 1 < s.turns ? turn + 1 : 0;
			}
		}
		lane.next = static_cast<std::uint16_t>(turn);
		lane.used = static_cast<std::uint16_t>(used);
		return member;
	}

	const std::uint8_t *member_;
};
static_assert(tx_policy<round_robin_by_weight>);

} // namespace braid
