/* SPDX-License-Identifier: BSD-3-Clause */
// Which vector instructions bursts may use: what the processor has, what EAL allows, what the operator asked for.
#pragma once

#include "base/options.hpp"
#include "base/result.hpp"

namespace braid {

// What bursts are to use when `wanted` was asked for; never simd::automatic, which becomes the widest there is. An error if
// this machine or EAL's --force-max-simd-bitwidth does not have what was asked for by name.
result<simd> resolve(simd wanted) noexcept;

} // namespace braid
