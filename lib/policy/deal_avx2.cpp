/* SPDX-License-Identifier: BSD-3-Clause */
// Deals out to two members with AVX2: a bit for each packet by comparison with the borders, then each four pointers are permuted
// twice, once so that the first member's come first and once so that the second's do.
//
// Compiled with instructions that not every processor has: nothing here may be emitted for others to use (rss_avx2.cpp).
#include "policy/deal.hpp"

#include <immintrin.h>

#include <cstddef>

namespace braid {
namespace {

using v8 = __m256i;

// For each set of four pointers, the order that brings them to the front: two lanes of 32 bits each.
struct alignas(64) order_table {
	std::uint8_t of[16][8];

	v8 get(std::size_t set) const noexcept
	{
		return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(of[set])));
	}
};

constexpr order_table bring_to_front(bool member) noexcept
{
	order_table t = {};
	for (unsigned set = 0; set < 16; set++) {
		std::uint8_t *to = t.of[set];
		for (std::uint8_t k = 0; k < 4; k++)
			if ((set >> k & 1) == member) {
				*to++ = static_cast<std::uint8_t>(2 * k);
				*to++ = static_cast<std::uint8_t>(2 * k + 1);
			}
	}
	return t;
}
constexpr order_table first_to_front = bring_to_front(false), second_to_front = bring_to_front(true);

inline v8 all_equal(std::int32_t value) noexcept { return _mm256_set1_epi32(value); }

// What is behind the places taken is written over by the next four. Never past the end: no more places are taken than
// packets have been dealt out.
class two_rows {
public:
	two_rows(rte_mbuf **first, rte_mbuf **second) noexcept : first_(first), second_(second) {}

	// `seconds` has a bit for each that is the second's.
	[[gnu::always_inline]] inline void deal_four(rte_mbuf *const *pkts, std::size_t seconds) noexcept
	{
		const v8 four = _mm256_loadu_si256(reinterpret_cast<const v8 *>(pkts));
		put(first_ + in_first_, _mm256_permutevar8x32_epi32(four, first_to_front.get(seconds)));
		put(second_ + in_second_, _mm256_permutevar8x32_epi32(four, second_to_front.get(seconds)));
		const auto count = static_cast<std::size_t>(__builtin_popcountll(seconds));
		in_first_ += 4 - count;
		in_second_ += count;
	}
	std::size_t in_second() const noexcept { return in_second_; }

private:
	static inline void put(rte_mbuf **to, v8 pointers) noexcept { _mm256_storeu_si256(reinterpret_cast<v8 *>(to), pointers); }

	rte_mbuf **first_, **second_;
	std::size_t in_first_ = 0, in_second_ = 0; // places taken
};

} // namespace

std::size_t deal_by_borders_avx2(const borders &between, rte_mbuf *const *pkts, std::size_t n, const std::uint32_t *hash,
                                 rte_mbuf **rows) noexcept
{
	static_assert(dealt_at_once == 8);
	const v8 lowest = all_equal(between.second_comes_first ? -1 : 0);
	const v8 border = all_equal(between.last[0]);
	two_rows to(rows, rows + batch_size);
	for (rte_mbuf *const *const end = pkts + n; pkts != end; pkts += 8, hash += 8) {
		const v8 hashes = _mm256_loadu_si256(reinterpret_cast<const v8 *>(hash));
		v8 second = _mm256_xor_si256(lowest, _mm256_cmpgt_epi32(hashes, border));
#pragma GCC unroll 1
		for (unsigned i = 1; i < between.count; i++)
			second = _mm256_xor_si256(second, _mm256_cmpgt_epi32(hashes, all_equal(between.last[i])));
		const auto seconds = static_cast<std::size_t>(_mm256_movemask_ps(_mm256_castsi256_ps(second)));
		to.deal_four(pkts, seconds & 15);
		to.deal_four(pkts + 4, seconds >> 4);
	}
	return to.in_second();
}

} // namespace braid
