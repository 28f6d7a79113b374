/* SPDX-License-Identifier: BSD-3-Clause */
// What braid.h's types hold of what the driver says, and the other way round.
#pragma once

#include "braid.h"

#include "bond.hpp"

#include <algorithm>
#include <cstring>

namespace braid {

// A structure of a caller that may know fewer or more fields. False if it says something in one that is not known here.
template <typename Struct> bool copy_in(Struct &to, const void *from, std::size_t size) noexcept
{
	const char *const bytes = static_cast<const char *>(from);
	std::memcpy(&to, bytes, std::min(size, sizeof to));
	return std::all_of(bytes + std::min(size, sizeof to), bytes + size, [](char c) { return c == 0; });
}

braid_member_info to_c(const member_facts &facts) noexcept;
braid_info to_c(const bond_facts &facts) noexcept;
braid_event_record to_c(const event &what) noexcept;
braid_auto_rule to_c(const auto_rule &rule) noexcept;
braid_address to_c(const known_address &known) noexcept;

// The options as this library knows them, from a caller that may know fewer or more.
result<member_options> from_c(const braid_member_options *options) noexcept;

// What the driver calls so that a function of the application is called.
listener listener_of(braid_event_callback callback, void *arg) noexcept;
rename_guard guard_of(braid_rename_guard guard, void *arg) noexcept;

} // namespace braid
