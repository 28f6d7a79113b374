/* SPDX-License-Identifier: BSD-3-Clause */
// Reads out of a packet about to be sent which address it shows to be the sender's.
//
// ARP and neighbour discovery say it outright. The source of any other IP packet is taken if its TTL or hop limit is one that
// hosts begin with (64, 128, 255): a packet that a router has passed on has a smaller one, and its source is another host
// behind that router, whose neighbours must not be told that it moved here.
#pragma once

#include "announce/address.hpp"

#include <rte_mbuf_core.h>

#include <optional>

namespace braid {

// Nothing for a packet that is cut short, malformed, or from an address that cannot be announced: unspecified (also an ARP
// probe's), loopback, multicast, reserved; or with a source MAC address that no host can have. Link-local addresses can:
// neighbours resolve them like others. Tags that the device is to insert count as tags of the packet.
std::optional<sighting> source_of(const rte_mbuf &packet) noexcept;

} // namespace braid
