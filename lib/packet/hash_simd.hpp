/* SPDX-License-Identifier: BSD-3-Clause */
// flow_hash_burst() with wider instructions. The same hashes, sooner.
//
// Whether the processor has the instructions, and whether they are wanted, the caller must know.
#pragma once

#include "packet/hash.hpp"

#include <rte_config.h>

namespace braid {

#ifdef RTE_ARCH_X86_64
// Of l2, l23, l34 and encap34, with +sym as well, and of vlan+srcmac.
template <hash_policy P>
void flow_hash_burst_avx2(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;
template <hash_policy P>
void flow_hash_burst_avx512(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;

// flow_hash_burst<hash_policy::flow>().
void rss_hash_burst_avx2(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;
#endif

} // namespace braid
