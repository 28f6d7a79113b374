/* SPDX-License-Identifier: BSD-3-Clause */
// Deals a batch out to any number of members: one member's packets after another's.
#pragma once

#include "policy/spread.hpp"

#include <algorithm>

namespace braid {

// Part of a policy (spread.hpp). Counts stand in memory: of many members, few packets follow closely on one of the same.
class sorted_deal {
public:
	struct workspace {
		rte_mbuf *dealt[batch_size];
		std::uint8_t count[max_members];
	};

	// member_of(k) < members for each packet k < n.
	template <typename MemberOf>
	sorted_deal(unsigned members, rte_mbuf *const *pkts, unsigned n, workspace &space, MemberOf member_of) noexcept
		: members_(members), next_(space.dealt), count_(space.count)
	{
		std::fill_n(count_, members_, std::uint8_t{0});
		for (unsigned k = 0; k < n; k++)
			count_[member_of(k)]++;
		rte_mbuf **end[max_members];
		rte_mbuf **at = next_;
		for (unsigned m = 0; m < members_; m++) {
			end[m] = at;
			at += count_[m];
		}
		for (unsigned k = 0; k < n; k++)
			*end[member_of(k)]++ = pkts[k];
	}

	bool more() const noexcept { return member_ < members_; }
	share now() const noexcept { return {member_, next_, count_[member_]}; }
	void go_on() noexcept { next_ += count_[member_++]; }

private:
	unsigned members_;
	std::size_t member_ = 0; // whose share is that of now
	rte_mbuf **next_;        // its packets
	std::uint8_t *count_;    // of each member's packets
};

} // namespace braid
