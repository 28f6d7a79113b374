/* SPDX-License-Identifier: BSD-3-Clause */
// What tests of the flow hash start from: the hash of a packet by any policy and in both ways, and packets that say where the
// fields of the key are in them.
#pragma once

#include "packet/hash.hpp"

#include "test_packet.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace braid {

inline constexpr std::uint64_t seed = 0x5eed5eed5eed5eed;
inline constexpr auto all_policies = [] {
	std::array<hash_policy, hash_policy_count> all;
	for (unsigned i = 0; i < all.size(); i++)
		all[i] = static_cast<hash_policy>(i);
	return all;
}();

// All whose key has addresses or ports of headers, and no VLAN.
inline constexpr auto header_policies = [] {
	using enum hash_policy;
	return std::array{l2, l23, l34, flow, encap23, encap34, l2_sym, l23_sym, l34_sym, encap23_sym, encap34_sym};
}();

template <hash_policy P> struct of_policy {
	static std::uint32_t hash(const rte_mbuf &m, std::uint64_t with) { return flow_hash<P>(m, with); }
	static std::uint32_t by_key(const rte_mbuf &m, std::uint64_t with) { return flow_hash_by_key<P>(m, with); }
};

// Both ways to a packet's hash, by number of the policy.
struct hash_functions {
	std::uint32_t (*hash)(const rte_mbuf &m, std::uint64_t with);
	std::uint32_t (*by_key)(const rte_mbuf &m, std::uint64_t with);
};
inline constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
	return std::array{hash_functions{of_policy<static_cast<hash_policy>(I)>::hash,
	                                 of_policy<static_cast<hash_policy>(I)>::by_key}...};
}(std::make_index_sequence<hash_policy_count>());

inline std::uint32_t hash(hash_policy policy, const test_packet &packet, std::uint64_t with = seed)
{
	return functions[static_cast<unsigned>(policy)].hash(*packet, with);
}

inline std::uint32_t hash(hash_policy policy, const bytes &data) { return hash(policy, test_packet(data)); }

inline std::uint32_t hash_by_key(hash_policy policy, const test_packet &packet)
{
	return functions[static_cast<unsigned>(policy)].by_key(*packet, seed);
}

// Where the key's fields are in a packet. Those that say what the packet is (types, versions, lengths of headers, fragment
// fields) are `structure`: to change them makes another kind of packet, and the tests look at each of them.
struct layout {
	bytes data;
	std::size_t type, addresses, addresses_end, ports;
	std::vector<std::size_t> structure;
};

inline const layout layouts[] = {
	{ipv4_tcp, 12, 26, 34, 34, {14, 20, 21, 23}},
	{ipv4_udp, 12, 26, 34, 34, {14, 20, 21, 23}},
	{ipv4_options_tcp, 12, 26, 34, 42, {14, 20, 21, 23}},
	{ipv6_tcp, 12, 22, 54, 54, {14, 20}},
	{ipv6_udp, 12, 22, 54, 54, {14, 20}},
	{ipv6_extensions_tcp, 12, 22, 54, 86, {14, 20, 54, 55, 62, 63, 78, 79}},
	{tagged(ipv4_tcp, {0x8100}), 16, 30, 38, 38, {12, 13, 18, 24, 25, 27}},
	{tagged(ipv6_udp, {0x88a8, 0x8100}), 20, 30, 62, 62, {12, 13, 16, 17, 22, 28}},
};

} // namespace braid
