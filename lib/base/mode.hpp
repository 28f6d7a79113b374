/* SPDX-License-Identifier: BSD-3-Clause */
// The modes of a bond: numbers of net_bonding and Linux bonding, and every spelling that is understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace braid {

// Numbered as in Linux bonding and rte_eth_bond.h, so that `mode=2` means the same everywhere.
enum class mode : std::uint8_t { round_robin, active_backup, balance, broadcast, lacp, tlb, alb };

inline constexpr unsigned mode_count = 7;

// Which header fields choose the member in mode balance.
enum class hash_policy : std::uint8_t {
	l2, l23, l34, flow, encap23, encap34, vlan_srcmac, l2_sym, l23_sym, l34_sym, encap23_sym, encap34_sym,
};

inline constexpr unsigned hash_policy_count = 12;

// For sentences: the canonical spellings.
inline constexpr const char *hash_policy_words =
	"l2, l23, l34, flow, encap23, encap34, vlan+srcmac, l2+sym, l23+sym, l34+sym, encap23+sym or encap34+sym";

// The canonical spelling: "round-robin", "l34".
const char *to_string(mode m) noexcept;
const char *to_string(hash_policy p) noexcept;

// Accepts a number (0 to 6), the canonical spelling, Linux's (balance-rr, balance-xor, 802.3ad, ...) and lagg's
// (roundrobin, failover, loadbalance). Nothing for any other text.
std::optional<mode> mode_from(std::string_view text) noexcept;

// Accepts the canonical spelling, Linux's (layer2, layer2+3, layer3+4, encap2+3, encap3+4, vlan+srcmac) and lagg's layers
// (l2+l3, l3+l4; l2+l3+l4 is l34, since MAC addresses do not part flows that IP addresses and ports have not parted);
// behind any of them whose directions can be made alike, "+sym". Nothing for any other text.
std::optional<hash_policy> hash_policy_from(std::string_view text) noexcept;

// False for the modes that are named but not built: lacp, tlb, alb.
bool is_supported(mode m) noexcept;

} // namespace braid
