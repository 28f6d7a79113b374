/* SPDX-License-Identifier: BSD-3-Clause */
// Whether the removal of a member under full load loses packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::bench {

struct removal_loss {
	std::string what;
	unsigned removals = 0;
	std::uint64_t carried = 0; // packets that the bond took while members were being removed
	std::uint64_t lost = 0;
	std::optional<std::uint64_t> most; // that may be lost

	bool met() const { return !most || lost <= *most; }
};

// `removals` of each kind. Over net_ring a packet that the bond takes comes back to it through the same member, so that one that
// is lost on its way out or in is missing in the end; over sinks, what the bond took is compared with what they took.
std::vector<removal_loss> count_losses(unsigned removals);

} // namespace braid::bench
