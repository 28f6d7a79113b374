/* SPDX-License-Identifier: BSD-3-Clause */
// Deals a batch out to any number of members: one member's packets after another's.
#pragma once

#include "policy/spread.hpp"

#include <algorithm>
#include <bit>

namespace braid {

// Part of a policy (spread.hpp); members that get nothing have no share. Counts stand in memory: of many members, few packets
// follow closely on one of the same.
class sorted_deal {
public:
	struct workspace {
		rte_mbuf *dealt[batch_size];
		std::uint8_t count[max_members];
	};

	// member_of(k) < members for each packet k < n.
	template <typename MemberOf>
	sorted_deal(unsigned members, rte_mbuf *const *pkts, unsigned n, workspace &space, MemberOf member_of) noexcept
		: next_(space.dealt), count_(space.count)
	{
		std::fill_n(count_, members, std::uint8_t{0});
		for (unsigned k = 0; k < n; k++) {
			const unsigned m = member_of(k);
			count_[m]++;
			waiting_ |= std::uint64_t{1} << m;
		}
		rte_mbuf **end[max_members];
		rte_mbuf **at = next_;
		for (std::uint64_t left = waiting_; left != 0; left &= left - 1) {
			const int m = std::countr_zero(left);
			end[m] = at;
			at += count_[m];
		}
		for (unsigned k = 0; k < n; k++)
			*end[member_of(k)]++ = pkts[k];
	}

	bool more() const noexcept { return waiting_ != 0; }
	share now() const noexcept { return {member(), next_, count_[member()]}; }
	void go_on() noexcept
	{
		next_ += count_[member()];
		waiting_ &= waiting_ - 1;
	}

private:
	std::size_t member() const noexcept { return static_cast<std::size_t>(std::countr_zero(waiting_)); }

	std::uint64_t waiting_ = 0; // members whose shares are that of now and those to come, one bit each; none is empty
	rte_mbuf **next_;           // packets of the share of now
	std::uint8_t *count_;       // of each member's packets
};
static_assert(max_members <= 64);

} // namespace braid
