/* SPDX-License-Identifier: BSD-3-Clause */
// Mode balance: a hash of the headers chooses a bucket, and the bucket's member sends the packet.
//
// The hash never changes with the set; only the owners of buckets do (buckets.hpp), so that a change of the set moves
// the flows of the members that changed and no others. The bucket is the hash's high bits: queue selection in a NIC and
// `hash % n` elsewhere consume the low ones, and members must not correlate with either.
#pragma once

#include "packet/hash.hpp"
#include "policy/spread.hpp"

#include <bit>
#include <cstring>

namespace braid {

// Hash is called once for a batch: hashes[i] = the hash of pkts[i] for every i < n.
using hash_function = void (*)(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;

template <hash_function Hash> class balance {
	static constexpr unsigned shift = 32 - std::countr_zero(bucket_count);
	static constexpr unsigned few = 8;

public:
	struct workspace {
		std::uint32_t hash[batch_size];
		rte_mbuf *dealt[few * batch_size];
		std::uint16_t begin[max_members]; // of a member's packets in `dealt`
		std::uint8_t count[max_members];
	};

	[[gnu::always_inline]] balance(const snapshot &s, tx_lane &, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: s_(s), space_(space)
	{
		Hash(pkts, n, s.seed, space.hash);
		if (s.tx_count == 2)
			deal_to_two(pkts, n);
		else if (s.tx_count <= few)
			deal_to_few(pkts, n);
		else
			deal_to_many(pkts, n);
	}

	std::span<rte_mbuf *> packets_of(unsigned m) noexcept
	{
		return {space_.dealt + space_.begin[m], space_.count[m]};
	}
	unsigned member_of(std::size_t k) const noexcept { return s_.bucket[space_.hash[k] >> shift]; }

private:
	// Each packet is written for both, and stays with the one whose place moves on: no branch, which a hash would make
	// unpredictable, and no count in memory, which the next packet would have to wait for.
	[[gnu::always_inline]] void deal_to_two(rte_mbuf *const *pkts, unsigned n) noexcept
	{
		std::size_t second = 0;
#pragma GCC unroll 8
		for (std::size_t k = 0; k < n; k++) {
			space_.dealt[k - second] = pkts[k];
			space_.dealt[batch_size + second] = pkts[k];
			second += member_of(k);
		}
		space_.begin[0] = 0;
		space_.begin[1] = batch_size;
		space_.count[0] = static_cast<std::uint8_t>(n - second);
		space_.count[1] = static_cast<std::uint8_t>(second);
	}

	// A row of places for each member; how many are taken stands in one register, a byte for each.
	[[gnu::always_inline]] void deal_to_few(rte_mbuf *const *pkts, unsigned n) noexcept
	{
		static_assert(batch_size <= UINT8_MAX && few == sizeof(std::uint64_t));
		std::uint64_t counts = 0;
#pragma GCC unroll 8
		for (std::size_t k = 0; k < n; k++) {
			const unsigned m = member_of(k);
			const auto taken = static_cast<std::uint8_t>(counts >> 8 * m);
			space_.dealt[batch_size * m + taken] = pkts[k];
			counts += std::uint64_t{1} << 8 * m;
		}
		for (unsigned m = 0; m < few; m++)
			space_.begin[m] = static_cast<std::uint16_t>(batch_size * m);
		for (unsigned m = 0; m < few; m++)
			space_.count[m] = static_cast<std::uint8_t>(counts >> 8 * m);
	}

	// Counts in memory: of many members, few packets follow closely on one of the same.
	void deal_to_many(rte_mbuf *const *pkts, unsigned n) noexcept
	{
		std::fill_n(space_.count, s_.tx_count, std::uint8_t{0});
		for (unsigned k = 0; k < n; k++)
			space_.count[member_of(k)]++;
		std::uint16_t end[max_members];
		std::uint16_t sum = 0;
		for (unsigned m = 0; m < s_.tx_count; m++) {
			space_.begin[m] = end[m] = sum;
			sum = static_cast<std::uint16_t>(sum + space_.count[m]);
		}
		for (unsigned k = 0; k < n; k++)
			space_.dealt[end[member_of(k)]++] = pkts[k];
	}

	const snapshot &s_;
	workspace &space_;
};
static_assert(tx_policy<balance<flow_hash_burst<hash_policy::l34>>>);

} // namespace braid
