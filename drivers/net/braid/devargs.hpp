/* SPDX-License-Identifier: BSD-3-Clause */
// From text to settings. Pure functions: no port is looked at, nothing is allocated, any thread may call them.
// docs/devargs.md is the operator's page of the same.
#pragma once

#include "base/result.hpp"
#include "settings.hpp"

#include <cstdint>
#include <string_view>

namespace braid {

// Parses `key=value,key=value,...`. Null or empty args are all defaults and no member. `bond_name` is the bond's
// own device name, which no member may have.
// Strict: what is not understood as a whole is refused. The error is one line of printable ASCII that names the key,
// the value and the reason. Its code is ENOTSUP for a mode that is not supported yet, EEXIST for a member given twice,
// ENOSPC for more than max_members members, else EINVAL.
result<bond_settings> parse_devargs(const char *args, const char *bond_name) noexcept;

// One key and its value, as in the devargs. Changes nothing but the key's field, and that only on success.
result<void> parse_option(bond_settings &into, std::string_view key, std::string_view value,
                          std::string_view bond_name) noexcept;

// "device;key=value;key=value": what follows `member=`. The error is EINVAL, one line that names the key if it is about one.
result<wanted_member> parse_wanted_member(std::string_view text) noexcept;

// The same for one key of a member.
result<void> parse_member_option(member_options &into, std::string_view key, std::string_view value) noexcept;

// Understands a port id (decimal, below RTE_MAX_ETHPORTS), a PCI address with or without its domain, and a device
// name of 1 to 63 printable characters. Says nothing about whether such a port exists. The error is EINVAL, one line.
result<member_spec> parse_member(std::string_view text) noexcept;

// A template for names of members: a valid name with one "%d" in it. The error is EINVAL, one line.
result<name> parse_member_name(std::string_view text) noexcept;

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
