/* SPDX-License-Identifier: BSD-3-Clause */
// What a bond tells of itself and of its members, copied in one moment: for the C API and telemetry.
#pragma once

#include "announce/address.hpp"
#include "base/mode.hpp"
#include "base/options.hpp"
#include "base/result.hpp"
#include "failover/failover.hpp"
#include "failover/mac_policy.hpp"
#include "member.hpp"
#include "names/name.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

#include <rte_ethdev.h>

namespace braid {

struct member_facts {
	member_id id;
	name label;
	char device[RTE_ETH_NAME_MAX_LEN];
	std::uint16_t port;
	member_state state;
	member_status status;
	bool link_up; // as the port last said
	bool polled;  // bursts ask it for packets; not if its link has been down for a while
	rte_ether_addr mac; // as the port had it after the bond's last change
	bool announces;     // it can send the bond's announcements
	bool primary;
	bool transmits;
	why_not why;         // it does not transmit
	time_ms why_for_ms;  // and for how long; 0 if it does
	std::uint32_t weight; // as the operator gave it
	unsigned buckets;     // of mode balance that it holds now
	std::optional<error> refusal; // of the last attempt to join, until one succeeds
};

// What publications took, from holding the state lock to the exchange of the pointer.
struct publish_times {
	std::uint64_t last_ns = 0;
	std::uint64_t longest_ns = 0;
};

// An address that the bond has seen itself send from.
struct known_address {
	sighting what;
	time_ms age_ms; // since it was last seen
};

struct bond_facts {
	braid::mode mode;
	hash_policy policy;
	member_id primary;
	member_id active;
	std::uint32_t up_delay_ms;
	std::uint32_t down_delay_ms;
	std::uint32_t lsc_poll_period_ms;
	braid::mac_policy mac_policy;
	rte_ether_addr mac;
	unsigned announce_times;
	std::uint32_t announce_interval_ms;
	unsigned members;
	unsigned usable;
	std::uint64_t generation;
	publish_times publishing;
	std::size_t retired; // of all bonds: not yet destroyed, since a burst may still read it
	bool started;
	member_id standby;
	braid::primary_reselect primary_reselect;
	unsigned min_links;
	bool all_members_active;
	bool live_rename;
	bool lsc_on_failover;
	name member_name;          // template for members without a name of their own; empty: their device's name
	std::uint64_t next_event;  // number of the next event
	std::uint64_t events_lost; // that listeners were too slow for
	weigh_by weights;
	bool pinning;
	std::optional<member_spec> primary_wish; // of one that is no member yet
	std::uint64_t seed;                      // also one that was made up
};

} // namespace braid
