/* SPDX-License-Identifier: BSD-3-Clause */
// An address that the bond was seen to send from, as neighbours know it: IP and MAC address and the VLAN they are in.
#pragma once

#include <rte_ether.h>

#include <array>
#include <cstdint>

namespace braid {

// Bytes in wire order, zeros behind the four of IPv4.
struct ip_address {
	std::uint8_t version = 4;
	std::array<std::uint8_t, 16> bytes{};

	bool operator==(const ip_address &) const = default;
};

// A tag without its priority bits, in host order.
struct vlan_tag {
	std::uint16_t type = RTE_ETHER_TYPE_VLAN;
	std::uint16_t id = 0;

	bool operator==(const vlan_tag &) const = default;
};

// The outermost first. What stands behind the first `count` is as constructed.
struct vlan_tags {
	std::array<vlan_tag, 2> tag{};
	std::uint8_t count = 0;

	bool operator==(const vlan_tags &) const = default;
};

// How surely the address is one of the sender's own.
enum class evidence : std::uint8_t {
	seen,    // source of an IP packet that no router had passed on
	claimed, // by ARP or neighbour discovery
};

// Whether it is a router's, as far as neighbour discovery has said.
enum class router_flag : std::uint8_t { unknown, no, yes };

struct sighting {
	ip_address ip;
	rte_ether_addr mac{};
	vlan_tags tags;
	evidence how = evidence::seen;
	router_flag router = router_flag::unknown;
};

constexpr const char *to_string(evidence e) noexcept { return e == evidence::claimed ? "claimed" : "seen"; }

} // namespace braid
