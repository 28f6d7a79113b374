/* SPDX-License-Identifier: BSD-3-Clause */
// Deals a batch out to a few members by the hashes of its packets: copies each packet to the row of the member that holds its
// bucket.
#pragma once

#include "policy/snapshot.hpp"

#include <rte_config.h>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace braid {

// From 2 to few_members members of a snapshot; n is at most batch_size, and hash[k] is the hash of pkts[k]. Member m's row is
// rows[m * batch_size] and what follows; of each, as much may be written as there are packets. Returns how many packets each
// member has got, a byte for each, the first one's lowest.
using deal_function = std::uint64_t (*)(const snapshot &s, rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hash,
                                        rte_mbuf **rows) noexcept;

inline constexpr unsigned dealt_at_once = 8;
static_assert(batch_size % dealt_at_once == 0 && batch_size <= UINT8_MAX && few_members <= sizeof(std::uint64_t));

// What stands in the bucket of a hash.
[[gnu::always_inline]] inline std::size_t entry_of(const std::uint8_t *bucket, std::uint32_t hash) noexcept
{
	constexpr unsigned shift = 32 - std::countr_zero(bucket_count);
	return bucket[hash >> shift];
}

namespace detail {

// Calls deal(k) for each k from the first to below n, in blocks whose offsets the compiler knows.
template <typename Deal> [[gnu::always_inline]] inline void for_each_packet(std::size_t k, std::size_t n, Deal deal) noexcept
{
	for (; k + dealt_at_once <= n; k += dealt_at_once)
#pragma GCC unroll 8
		for (std::size_t i = 0; i < dealt_at_once; i++)
			deal(k + i);
	for (; k < n; k++)
		deal(k);
}

[[gnu::always_inline]] inline rte_mbuf **bytes_on(rte_mbuf **from, std::size_t bytes) noexcept
{
	return reinterpret_cast<rte_mbuf **>(reinterpret_cast<std::uintptr_t>(from) + bytes);
}

// Each packet is written for both, and stays with the one whose place moves on: no branch, which a hash would make
// unpredictable, and no count in memory, which the next packet would have to wait for. Of n packets, the first `done` are
// dealt out already, `in_second` of them to the second member. Returns how many it has then.
[[gnu::always_inline]] inline std::size_t deal_to_two(const std::uint8_t *bucket, rte_mbuf *const *pkts, std::size_t n,
                                                      const std::uint32_t *hash, rte_mbuf **rows, std::size_t done = 0,
                                                      std::size_t in_second = 0) noexcept
{
	std::size_t second = sizeof *rows * in_second; // in bytes
	for_each_packet(done, n, [&](std::size_t k) __attribute__((always_inline)) {
		*bytes_on(rows + k, -second) = pkts[k];
		*bytes_on(rows + batch_size, second) = pkts[k];
		second += entry_of(bucket, hash[k]);
	});
	return second / sizeof *rows;
}

// How many places of the rows are taken stands in one register, a byte for each. entry_of(k) is bucket_entry() of packet k's row.
template <typename EntryOf>
[[gnu::always_inline]] inline std::uint64_t deal_to_few(rte_mbuf *const *pkts, std::size_t n, rte_mbuf **rows,
                                                        EntryOf entry_of) noexcept
{
	std::uint64_t counts = 0;
	for_each_packet(0, n, [&](std::size_t k) __attribute__((always_inline)) {
		const std::size_t entry = entry_of(k);
		const auto taken = static_cast<std::uint8_t>(counts >> entry);
		rows[batch_size / 8 * entry + taken] = pkts[k];
		counts += std::uint64_t{1} << entry;
	});
	return counts;
}

[[gnu::always_inline]] inline std::uint64_t counts_of_two(std::size_t n, std::size_t second) noexcept
{
	return (n - second) | second << 8;
}

} // namespace detail

// On any processor.
[[gnu::always_inline]] inline std::uint64_t deal(const snapshot &s, rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hash,
                                                 rte_mbuf **rows) noexcept
{
	const std::uint8_t *const bucket = s.bucket.data();
	if (s.tx_count == 2)
		return detail::counts_of_two(n, detail::deal_to_two(bucket, pkts, n, hash, rows));
	return detail::deal_to_few(pkts, n, rows,
	                           [=](std::size_t k) __attribute__((always_inline)) { return entry_of(bucket, hash[k]); });
}

#ifdef RTE_ARCH_X86_64
// Of a snapshot of two members with at least one border, a multiple of dealt_at_once packets. Returns how many are the second's.
std::size_t deal_by_borders_avx2(const borders &between, rte_mbuf *const *pkts, std::size_t n, const std::uint32_t *hash,
                                 rte_mbuf **rows) noexcept;

// Where the processor has AVX2. To more than two members nothing is quicker than the loop above.
[[gnu::always_inline]] inline std::uint64_t deal_with_avx2(const snapshot &s, rte_mbuf *const *pkts, unsigned n,
                                                           const std::uint32_t *hash, rte_mbuf **rows) noexcept
{
	if (s.between.count == 0 || n < dealt_at_once)
		return deal(s, pkts, n, hash, rows);
	const std::size_t done = n - n % dealt_at_once;
	const std::size_t second = deal_by_borders_avx2(s.between, pkts, done, hash, rows);
	return detail::counts_of_two(n, detail::deal_to_two(s.bucket.data(), pkts, n, hash, rows, done, second));
}
#endif

} // namespace braid
