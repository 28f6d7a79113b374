/* SPDX-License-Identifier: BSD-3-Clause */
// What an operator asks of a member, and how it is written. Pure functions: no port is looked at, any thread may call them.
#pragma once

#include "base/result.hpp"
#include "failover/failover.hpp"
#include "member_spec.hpp"
#include "names/name.hpp"

#include <cstdint>
#include <string_view>

namespace braid {

// What an operator asks of a member, when it is added or later. It belongs to the member, not to the device: a device that
// comes back finds it as it was.
struct member_options {
	braid::name name; // or a template; empty: one is made
	member_role role = member_role::none;
	std::int32_t priority = 0; // higher is preferred
	bool sticky = false;       // once active, gives way to no priority
	bool enabled = true;
	std::uint32_t weight = 1; // in modes balance and round-robin, 1 to max_weight
};

struct wanted_member {
	member_spec spec;
	member_options options;
};

// "device;key=value;key=value": what follows `member=`. The error is EINVAL, one line that names the key if it is about one.
result<wanted_member> parse_wanted_member(std::string_view text) noexcept;

// Whether a member has an option that is called so.
bool is_member_option(std::string_view key) noexcept;

// The same for one key of a member.
result<void> parse_member_option(member_options &into, std::string_view key, std::string_view value) noexcept;

} // namespace braid
