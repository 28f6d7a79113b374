/* SPDX-License-Identifier: BSD-3-Clause */
// The bonds of this process, and the way of ethdev's events to them.
#pragma once

#include "member_spec.hpp"
#include "rcu/read_section.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace braid {

class bond;
using bond_ptr = std::shared_ptr<bond>;

// Makes a bond findable, and from the first one on listens to the events of all ports. False if ethdev refuses that.
bool register_bond(const bond_ptr &b) noexcept;
void unregister_bond(const bond *b) noexcept;

// Null if there is none, or one that is still being made. Whoever holds the result may call it after the bond was closed; it
// then answers ENODEV.
bond_ptr find_bond(std::uint16_t port) noexcept;
bond_ptr find_bond(std::string_view device_name) noexcept;
std::vector<bond_ptr> all_bonds() noexcept;

// Those that had the port and have been closed while somebody was inside: a callback that runs, for one, as long as it does.
std::vector<bond_ptr> closed_bonds(std::uint16_t port) noexcept;

// The same for whoever wants something of the bond: not one that is being closed, and ENODEV says which of all that it is.
result<bond_ptr> open_bond(std::uint16_t port) noexcept;
result<bond_ptr> open_bond(std::string_view device_name) noexcept;

// What find_bond() finds, for the moment in which it is looked at: null or not closed and gone before the read section ends.
const bond *bond_of(std::uint16_t port, const rcu::read_section &) noexcept;

// Looks at the bond of a port without any lock. `look` gets null if there is none, and must not wait.
template <typename Look> auto look_at_bond(std::uint16_t port, Look look) noexcept
{
	const rcu::read_section section;
	return look(bond_of(port, section));
}

// The lowest port for which `wanted` holds, or nothing. Ports that are being probed or released are left out, and none is
// released while this looks: `wanted` may read what ethdev keeps of it, and no more.
std::optional<std::uint16_t> find_living_port(const std::function<bool(std::uint16_t)> &wanted) noexcept;

// Each port that this owner has. Unlike RTE_ETH_FOREACH_DEV_OWNED_BY also one of which RTE_ETH_EVENT_NEW is being told, where owners
// are set; but none that is being taken down, of which ethdev may keep nothing any more. `act` may not wait.
void for_each_port_of(std::uint64_t owner, const std::function<void(std::uint16_t)> &act) noexcept;

// Whether what ethdev keeps of the port is being taken down, though the bonds may not have heard of it yet.
bool is_dying(std::uint16_t port) noexcept;

// What ethdev knows the port by. Only while the port cannot be released.
port_facts facts_of_port(std::uint16_t port) noexcept;

// Whether the port was made by this driver, in this process or before it was registered.
bool is_braid_port(std::uint16_t port) noexcept;

} // namespace braid
