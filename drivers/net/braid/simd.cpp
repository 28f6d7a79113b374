/* SPDX-License-Identifier: BSD-3-Clause */
#include "simd.hpp"

#include <cerrno>

#include <rte_cpuflags.h>
#ifdef RTE_ARCH_X86_64
#include <immintrin.h>
extern "C" { // which 22.11 leaves out
#include <rte_vect.h>
}
#endif

namespace braid {
namespace {

// Why not, or nullptr.
const char *missing_for(simd wanted, const machine &on) noexcept
{
	if (!on.x86_64)
		return "this driver was built for another architecture";
	const bool by_avx512 = wanted == simd::avx512; // which needs AVX2 too
	if (!on.avx2.there || (by_avx512 && !on.avx512.there))
		return "this processor does not have it";
	if (!on.avx2.kept || (by_avx512 && !on.avx512.kept))
		return "the operating system does not keep its registers";
	if (!on.wide)
		return "EAL allows less than 256 bits (--force-max-simd-bitwidth)";
	return nullptr;
}

} // namespace

machine this_machine() noexcept
{
#ifdef RTE_ARCH_X86_64
	// EAL's flags are what CPUID announces. The compiler's run time asks for XCR0 as well, where a kernel that was started
	// with clearcpuid=avx512f or gather_data_sampling=force leaves the registers out.
	const auto all = [](auto... flags) { return ((rte_cpu_get_flag_enabled(flags) > 0) && ...); };
	const bool keeps_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
	return {.x86_64 = true,
	        .avx2 = {.there = all(RTE_CPUFLAG_AVX2, RTE_CPUFLAG_BMI1, RTE_CPUFLAG_BMI2),
	                 .kept = __builtin_cpu_supports("avx2") != 0},
	        .avx512 = {.there = all(RTE_CPUFLAG_AVX512F, RTE_CPUFLAG_AVX512VL, RTE_CPUFLAG_AVX512BW, RTE_CPUFLAG_AVX512DQ),
	                   .kept = keeps_avx512},
	        .wide = rte_vect_get_max_simd_bitwidth() >= RTE_VECT_SIMD_256};
#else
	return {};
#endif
}

result<simd> resolve(simd wanted, const machine &on) noexcept
{
	if (wanted == simd::automatic) {
		for (const simd widest : {simd::avx512, simd::avx2})
			if (missing_for(widest, on) == nullptr)
				return widest;
		return simd::scalar;
	}
	if (wanted == simd::scalar)
		return simd::scalar;
	if (const char *const missing = missing_for(wanted, on); missing != nullptr)
		return error(ENOTSUP, "simd: %s cannot be used: %s", to_string(wanted), missing);
	return wanted;
}

} // namespace braid
