/* SPDX-License-Identifier: BSD-3-Clause */
// flow_hash_burst() for processors with AVX2.
#include "packet/hash_eights.hpp"
#include "packet/hash_simd.hpp"

namespace braid {

template <hash_policy P>
void flow_hash_burst_avx2(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	hash_burst_by_eights<P>(pkts, n, seed, hashes);
}

template void flow_hash_burst_avx2<hash_policy::l2>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l23>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l34>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l2_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l23_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l34_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::encap34>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::encap34_sym>(rte_mbuf *const *, unsigned, std::uint64_t,
                                                             std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::vlan_srcmac>(rte_mbuf *const *, unsigned, std::uint64_t,
                                                             std::uint32_t *) noexcept;

} // namespace braid
