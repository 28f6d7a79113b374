/* SPDX-License-Identifier: BSD-3-Clause */
// The frames that tell a network segment where an address is: gratuitous ARP and unsolicited neighbour advertisement.
#pragma once

#include "announce/address.hpp"

#include <cstddef>
#include <span>

namespace braid {

// Ethernet with two tags, IPv6, and the advertisement with its option.
inline constexpr std::size_t announcement_room = 14 + 2 * 4 + 40 + 32;

// Writes the frame that announces `what.ip` at `what.mac` in its VLAN, and returns its length without the checksum of the
// frame: 60 bytes or more also after switches have taken the tags off.
//   IPv4: an ARP request for the address from the address, to everybody. A request, as Linux sends it: some hosts heed no
//         answer that they did not ask for.
//   IPv6: a neighbour advertisement to all nodes with the override flag and the target's link-layer address. The router flag
//         is clear only if the sender has said itself that it is none: whoever sees the flag of a router go takes the
//         router off its list of default routers (RFC 4861 section 7.2.5), and nothing comes of one too many.
std::size_t write_announcement(const sighting &what, std::span<std::byte, announcement_room> to) noexcept;

} // namespace braid
