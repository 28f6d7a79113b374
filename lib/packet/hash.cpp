/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/hash.hpp"

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

} // namespace braid
