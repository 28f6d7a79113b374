/* SPDX-License-Identifier: BSD-3-Clause */
// What the processor that runs the tests has of what the build has.
#pragma once

#include "base/options.hpp"

#include <rte_config.h>

namespace braid {

inline bool processor_has(simd wide) noexcept
{
#ifdef RTE_ARCH_X86_64
	const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
	const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
	return wide == simd::scalar || (wide == simd::avx2 && avx2) || (wide == simd::avx512 && avx2 && avx512);
#else
	return wide == simd::scalar;
#endif
}

} // namespace braid
