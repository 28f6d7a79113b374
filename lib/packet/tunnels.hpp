/* SPDX-License-Identifier: BSD-3-Clause */
// Looks through encapsulations for the packet at their heart, by whose addresses and ports flows are told apart.
//
//   Ethernet, VLAN --+-- IPv4, IPv6 --+-- IPv4, IPv6 directly (IP in IP, 6in4, 4in6, 6in6) ---- and so on
//                    |                +-- GRE, NVGRE ---- Ethernet, IP, MPLS
//                    |                +-- UDP -- VXLAN, GENEVE, GTP-U ---- Ethernet, IP
//                    |                `-- MPLS
//                    `-- MPLS ---- IP
//
// A fragment is not looked into, not even the first one: the others would show something else. What is cut short, has a
// version that is not known or says something impossible ends the search, and what was found before it stands.
#pragma once

#include "packet/views.hpp"

#include <cstdint>
#include <optional>

namespace braid {

// Headers of Ethernet and IP, and stacks of MPLS, that are looked at in one packet. Enough for an overlay within an overlay
// over MPLS; the limit keeps a forged packet from holding a burst.
inline constexpr unsigned max_layers = 8;
inline constexpr unsigned max_mpls_labels = 16;

struct innermost_view {
	// EtherType and offset of the innermost IP header that can be read; type 0: there is none.
	std::uint16_t type = 0;
	std::size_t offset = 0;

	// What tells flows apart where nothing behind that header (or behind Ethernet, without one) does; 0: nothing. An
	// MPLS entropy label, which then is all that was looked for; the labels of a stack that carries no IP; a GRE key
	// (of NVGRE with the flow in it) or a GTP-U TEID whose tunnel carries no IP. Each belongs to one direction of a
	// connection.
	std::uint32_t label = 0;
};

// Whether an entropy label ends the search (RFC 6790): the ingress has put into it whatever tells flows apart.
enum class entropy_labels : std::uint8_t { end_the_search, are_skipped };

innermost_view look_inside(const packet_bytes &packet, const frame_view &frame, entropy_labels which) noexcept;

// Whether look_inside() might go on behind a header of this protocol. Of UDP it depends on the destination port.
constexpr bool may_carry_tunnel(std::uint8_t protocol) noexcept
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 || protocol == IPPROTO_GRE || protocol == IPPROTO_MPLS;
}

inline constexpr std::uint16_t vxlan_port = 4789;
inline constexpr std::uint16_t vxlan_port_of_old_linux = 8472;
inline constexpr std::uint16_t geneve_port = 6081;
inline constexpr std::uint16_t gtpu_port = 2152;

constexpr bool is_tunnel_port(std::uint16_t destination) noexcept
{
	return destination == vxlan_port || destination == vxlan_port_of_old_linux || destination == geneve_port ||
	       destination == gtpu_port;
}

} // namespace braid
