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
const char *missing_for_avx2() noexcept
{
#ifdef RTE_ARCH_X86_64
	if (rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) <= 0 || rte_cpu_get_flag_enabled(RTE_CPUFLAG_BMI2) <= 0)
		return "this processor does not have it";
	if (rte_vect_get_max_simd_bitwidth() < RTE_VECT_SIMD_256)
		return "EAL allows less than 256 bits (--force-max-simd-bitwidth)";
	return nullptr;
#else
	return "this driver was built for another architecture";
#endif
}

} // namespace

result<simd> resolve(simd wanted) noexcept
{
	if (wanted == simd::scalar)
		return simd::scalar;
	const char *const missing = missing_for_avx2();
	if (missing == nullptr)
		return simd::avx2;
	if (wanted == simd::automatic)
		return simd::scalar;
	return error(ENOTSUP, "simd: %s cannot be used: %s", to_string(wanted), missing);
}

} // namespace braid
