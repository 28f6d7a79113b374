/* SPDX-License-Identifier: BSD-3-Clause */
// Where in an mbuf a packet names its member (pinning.hpp). Reserved once for the process, by whoever asks first.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace braid {

// The same as BRAID_PIN_FIELD and BRAID_PIN_FLAG, which api.cpp checks.
inline constexpr char pin_field_name[] = "net_braid_dynfield_pin";
inline constexpr char pin_flag_name[] = "net_braid_dynflag_pinned";

struct pin_place {
	std::size_t offset;
	std::uint64_t flag;
};

// ENOSPC, EEXIST: the mbuf has no room left, or somebody else has reserved the names for something else.
result<pin_place> reserve_pin_place() noexcept;

} // namespace braid
