/* SPDX-License-Identifier: BSD-3-Clause */
// What an operator asks of a bond before it exists. Filled by parse_devargs() or by the C API, read once by probe.
#pragma once

#include "auto_rule.hpp"
#include "base/limits.hpp"
#include "base/mode.hpp"
#include "base/options.hpp"
#include "failover/failover.hpp"
#include "member_options.hpp"
#include "names/name.hpp"
#include "failover/mac_policy.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <rte_ether.h>

namespace braid {

// Which of several aggregators mode lacp uses. Numbered as in rte_eth_bond_8023ad.h; other modes ignore it.
enum class agg_mode : std::uint8_t { bandwidth, count, stable };
inline constexpr unsigned agg_mode_count = 3;

// Spelled as in the devargs.
constexpr const char *to_string(agg_mode m) noexcept
{
	switch (m) {
	case agg_mode::bandwidth: return "bandwidth";
	case agg_mode::count: return "count";
	case agg_mode::stable: return "stable";
	}
	return "?";
}

// An hour: a longer period or delay is a slip of the keyboard.
inline constexpr std::uint32_t max_delay_ms = 3'600'000;
inline constexpr std::uint32_t max_drain_ms = 60'000;

inline constexpr unsigned most_announcements = 255;

// The wanted members, in the order in which they were given.
class member_list {
public:
	// False when the list is full.
	bool push(const wanted_member &one) noexcept
	{
		if (count_ == members_.size())
			return false;
		members_[count_++] = one;
		return true;
	}

	bool holds(const member_spec &spec) const noexcept
	{
		return std::any_of(begin(), end(), [&spec](const wanted_member &one) { return one.spec == spec; });
	}

	unsigned size() const noexcept { return count_; }
	bool empty() const noexcept { return count_ == 0; }
	const wanted_member *begin() const noexcept { return members_.data(); }
	const wanted_member *end() const noexcept { return members_.data() + count_; }
	const wanted_member &operator[](unsigned i) const noexcept { return members_[i]; }

private:
	std::array<wanted_member, max_members> members_{};
	unsigned count_ = 0;
};

struct bond_settings {
	// Down to socket_id all mean what they mean to net_bonding and have its defaults (for mode it has none).
	braid::mode mode = braid::mode::round_robin;
	member_list members;
	// Ports that join without being named.
	rule_list rules;
	// Need not be among the members: it may join later, or stand there by another spelling. Its text may be a member's name.
	std::optional<member_spec> primary;
	hash_policy xmit_policy = hash_policy::l2;
	braid::agg_mode agg_mode = braid::agg_mode::stable;
	std::uint32_t lsc_poll_period_ms = 10;
	std::uint32_t up_delay_ms = 0;
	std::uint32_t down_delay_ms = 0;
	// Without one the bond takes its first member's.
	std::optional<rte_ether_addr> mac;
	braid::mac_policy mac_policy = braid::mac_policy::same;
	// After a failover in active-backup. 0 ms: as often as links are looked at.
	std::uint32_t announce = 1;
	std::uint32_t announce_interval_ms = 0;
	// SOCKET_ID_ANY is a choice; without a choice it is the socket of the probing thread.
	std::optional<int> socket_id;

	braid::primary_reselect primary_reselect = braid::primary_reselect::always;
	// With fewer usable members the bond's link is down and nobody transmits. 0 and 1 mean the same.
	std::uint32_t min_links = 0;
	// Active-backup: what the backups receive is delivered too.
	bool all_members_active = false;

	weigh_by weights = weigh_by::option;
	// Packets may name their member.
	bool pinning = false;

	braid::tx_empty tx_empty = braid::tx_empty::keep;
	braid::rx_port rx_port = braid::rx_port::bond;
	// Round-robin: packets that a member gets in its turn.
	std::uint16_t rr_limit = 1;
	braid::simd simd = braid::simd::automatic;
	// How long a removed member's receive queues are polled at most before it is let go.
	std::uint32_t drain_ms = 100;
	// Without one it is random, so that two bonds in a row do not agree on the same half of the flows.
	std::optional<std::uint64_t> seed;

	// Template for members that are given no name; empty: after their device.
	name member_name;
	// Whether members can be renamed while the bond is started.
	bool live_rename = true;
	// Whether the application also gets RTE_ETH_EVENT_INTR_LSC of the bond when another member becomes active.
	bool lsc_on_failover = false;
};

} // namespace braid
