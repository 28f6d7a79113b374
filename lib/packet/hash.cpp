/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/hash.hpp"

#include <rte_prefetch.h>

#include <algorithm>

namespace braid {

template <hash_policy P> std::uint32_t flow_hash_by_key(const rte_mbuf &m, std::uint64_t seed) noexcept
{
	flow_hasher hasher(seed);
	add_flow_key<P>(m, hasher);
	return hasher.value();
}

template std::uint32_t flow_hash_by_key<hash_policy::l2>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::l23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::l34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::flow>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::encap23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::encap34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::vlan_srcmac>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::l2_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::l23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::l34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::encap23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_by_key<hash_policy::encap34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;

template <hash_policy P> std::uint32_t flow_hash_alone(const rte_mbuf &m, std::uint64_t seed) noexcept
{
	return flow_hash<P>(m, seed);
}

template std::uint32_t flow_hash_alone<hash_policy::l2>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::l23>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::l34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::flow>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::l2_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::l23_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::l34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::encap34>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::encap34_sym>(const rte_mbuf &m, std::uint64_t seed) noexcept;
template std::uint32_t flow_hash_alone<hash_policy::vlan_srcmac>(const rte_mbuf &m, std::uint64_t seed) noexcept;

template <hash_policy P>
void flow_hash_burst(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	if constexpr (P == hash_policy::flow) {
		// Mostly a field of the mbuf: no header to fetch.
#pragma GCC unroll 4
		for (unsigned i = 0; i < n; i++)
			hashes[i] = has_rss_hash(*pkts[i]) ? hash_of_rss(pkts[i]->hash.rss, seed)
			                                   : flow_hash_alone<hash_policy::l34>(*pkts[i], seed);
		return;
	}
	constexpr unsigned ahead = 4;
	const auto prefetch = [pkts](unsigned i) {
		rte_prefetch0(static_cast<const std::byte *>(pkts[i]->buf_addr) + pkts[i]->data_off);
	};
	// The first is wanted at once.
	for (unsigned i = 1; i < std::min(ahead, n); i++)
		prefetch(i);
	for (unsigned i = 0; i < n; i++) {
		// n - i, since i + ahead could wrap.
		if (n - i > ahead)
			prefetch(i + ahead);
		hashes[i] = flow_hash<P>(*pkts[i], seed);
	}
}

template void flow_hash_burst<hash_policy::l2>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::l23>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::l34>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::flow>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::encap23>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::encap34>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::vlan_srcmac>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::l2_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::l23_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::l34_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::encap23_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst<hash_policy::encap34_sym>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;

} // namespace braid
