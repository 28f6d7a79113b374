/* SPDX-License-Identifier: BSD-3-Clause */
// Which vector instructions bursts may use: what the processor has, what EAL allows, what the operator asked for.
#pragma once

#include "base/options.hpp"
#include "base/result.hpp"

namespace braid {

// A processor has instructions, and still they are illegal if the operating system does not keep their registers when it
// switches threads.
struct instructions {
	bool there = false;
	bool kept = false;

	constexpr bool usable() const noexcept { return there && kept; }
};

// What there is to choose from.
struct machine {
	bool x86_64 = false;    // the driver was built for it
	instructions avx2;      // with BMI1 and BMI2, which its units are compiled with
	instructions avx512;    // F, VL, BW and DQ
	bool wide = false;      // EAL allows registers of 256 bits, all that either of them uses
};

machine this_machine() noexcept;

// What bursts are to use when `wanted` was asked for; never simd::automatic, which becomes the widest there is. An error if
// the machine or EAL's --force-max-simd-bitwidth does not have what was asked for by name.
result<simd> resolve(simd wanted, const machine &on) noexcept;

} // namespace braid
