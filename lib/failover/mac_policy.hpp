/* SPDX-License-Identifier: BSD-3-Clause */
// Which MAC address each member has in mode active-backup, and in which order addresses change hands.
//
//     policy      the bond's address            a member's address
//     same        chosen, or its first member's the bond's
//     by_active   the active member's own       its own
//     follow      chosen, or its first member's the active one: the bond's; every other: its own
//
// `same` suits members that are changed before they start. The others are for members whose address cannot be changed, or that
// may not have one address twice (some multi-port adapters and hypervisors). In every other mode all members send, so all
// have the bond's address: `same`.
#pragma once

#include "base/ids.hpp"

#include <rte_ether.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace braid {

// Numbered as Linux's fail_over_mac.
enum class mac_policy : std::uint8_t { same, by_active, follow };
inline constexpr unsigned mac_policy_count = 3;

// "same", "by_active", "follow".
const char *to_string(mac_policy p) noexcept;

// Accepts the spellings above, Linux's "none", "active" and "follow", and its numbers 0, 1, 2.
std::optional<mac_policy> mac_policy_from(std::string_view text) noexcept;

bool same_mac(const rte_ether_addr &a, const rte_ether_addr &b) noexcept;

struct mac_rule {
	mac_policy policy = mac_policy::same;
	rte_ether_addr bond{};
	member_id active = member_id::none;
	rte_ether_addr active_own{}; // of the active member; without one it does not count
};

// What the member's address has to be. Under `follow` a member whose own address is the bond's (the one that gave it, while
// another is active) gets the active one's own in exchange, so that no two members have one address.
rte_ether_addr desired_mac(const mac_rule &rule, member_id id, const rte_ether_addr &own) noexcept;

// A member whose address may have to become another one.
struct mac_change {
	member_id id;
	rte_ether_addr now;
	rte_ether_addr wanted;
	bool active = false; // it carries the packets
	bool stuck = false;  // it has refused
};

struct mac_step {
	member_id id;
	rte_ether_addr to;
};

// The next thing to do, nothing when all have what they can have. An address is given only once its holder has given it up,
// so the active member that was gives the bond's up before the new one takes it. Two that exchange their addresses go by
// `spare`, an address that nobody has. What a stuck member does not give up, only the active one takes nevertheless: it
// must be reached, and the other one most likely is not.
std::optional<mac_step> next_mac_step(std::span<const mac_change> changes, const rte_ether_addr &spare) noexcept;

} // namespace braid
