/* SPDX-License-Identifier: BSD-3-Clause */
// Options that are set by name while the bond lives: what telemetry's /braid/set and /braid/member_set do. The names and values
// are those of the devargs.
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"

#include <string_view>

namespace braid {

class bond;

// EINVAL: no such option, or not a value of it. EBUSY: an option that is fixed when the bond is made. Else what the setter
// of the option says.
result<void> set_option(bond &b, std::string_view option, std::string_view value) noexcept;
result<void> set_member_option(bond &b, member_id id, std::string_view option, std::string_view value) noexcept;

} // namespace braid
