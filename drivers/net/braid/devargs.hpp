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

// A template for names of members: a valid name with one "%d" in it. The error is EINVAL, one line.
result<name> parse_member_name(std::string_view text) noexcept;

} // namespace braid
