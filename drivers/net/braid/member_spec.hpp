/* SPDX-License-Identifier: BSD-3-Clause */
// Which port is to be a member, in the operator's words. Pure functions: no port is looked at, any thread may call them.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>

#include <rte_dev.h>

namespace braid {

// A member as the operator names it. It is a wish: the port may not exist yet, and two specs of different kinds
// may turn out to be one port, which only the claim can find.
struct member_spec {
	enum class kind : std::uint8_t { device_name, pci_address, port_id };

	kind what = kind::device_name;
	// NUL-terminated canonical spelling: the device name as given, "0000:01:00.0" or "3".
	char text[RTE_DEV_NAME_MAX_LEN] = "";
	// Only for kind port_id.
	std::uint16_t port = 0;

	bool operator==(const member_spec &other) const noexcept
	{
		return what == other.what && std::string_view(text) == other.text;
	}
};

// Understands a port id (decimal, below RTE_MAX_ETHPORTS), a PCI address with or without its domain, and a device
// name of 1 to 63 printable characters. Says nothing about whether such a port exists. The error is EINVAL, one line.
result<member_spec> parse_member(std::string_view text) noexcept;

// The same for a primary, which may also be given by the name of a member: in a spec of a device name. Which of them it is shows
// when a member joins.
result<member_spec> parse_primary(std::string_view text) noexcept;

// What a port is known by. Both names may be empty.
struct port_facts {
	std::string_view ethdev_name;
	std::string_view device_name;
	std::uint16_t port_id;
};

// True when `spec` means this port. Names match whole or not at all, so that net_tap1 never takes net_tap10. PCI
// addresses match by value, since EAL calls a device as the operator spelled it.
// One device can have several ports (representors do): its name or address then means each of them, and the caller
// takes the one with the lowest port id.
bool matches(const member_spec &spec, const port_facts &port) noexcept;

} // namespace braid
