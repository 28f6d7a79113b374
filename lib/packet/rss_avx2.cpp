/* SPDX-License-Identifier: BSD-3-Clause */
// The hash of policy flow with AVX2: eight packets at a time that bring their RSS hash along, the others one by one.
//
// Compiled with instructions that not every processor has. What is inlined from a header shared with other units could
// be emitted here, with those instructions, and be linked in everywhere; so nothing of that kind is called here.
#include "packet/hash_simd.hpp"

#include <immintrin.h>

#include <cstddef>

namespace braid {
namespace {

using v8 = __m256i;

constexpr unsigned lanes = 8;

// 32 bytes of an mbuf hold all that is needed of it: the flags at the end of their lower half, the RSS hash at the end of
// their upper half.
constexpr std::size_t window = offsetof(rte_mbuf, ol_flags) - 8;
static_assert(offsetof(rte_mbuf, hash.rss) == window + 28 && sizeof(rte_mbuf::ol_flags) == 8);

inline v8 window_of(const rte_mbuf *m) noexcept
{
	return _mm256_loadu_si256(reinterpret_cast<const v8 *>(reinterpret_cast<const std::byte *>(m) + window));
}

// The ends of two packets' halves side by side: their flags below, what ends with their RSS hashes above.
inline v8 ends_of(rte_mbuf *const *pkts) noexcept { return _mm256_unpackhi_epi64(window_of(pkts[0]), window_of(pkts[1])); }

// The RSS hashes of four packets, above; below stands what does not matter.
inline v8 rss_of(v8 two, v8 other_two) noexcept
{
	return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(two), _mm256_castsi256_ps(other_two), 0xdd));
}

inline v8 all_equal(std::uint32_t value) noexcept { return _mm256_set1_epi32(static_cast<int>(value)); }

// What every packet is hashed with, made once for a burst.
struct constants {
	explicit constants(std::uint64_t seed) noexcept
		: low_key(all_equal(static_cast<std::uint32_t>(seed ^ flow_hash_keys[0]))),
		  high_key(all_equal(static_cast<std::uint32_t>((seed ^ flow_hash_keys[0]) >> 32))),
		  multiplier{all_equal(flow_hash_multipliers[0]), all_equal(flow_hash_multipliers[1])}
	{}

	v8 low_key, high_key;
	v8 multiplier[2];
};

// As hash_of_rss(), in each lane.
inline v8 hash_of(v8 rss, const constants &by) noexcept
{
	const v8 word = _mm256_xor_si256(rss, by.low_key);
	const v8 even = _mm256_mul_epu32(word, by.high_key);
	const v8 odd = _mm256_mul_epu32(_mm256_srli_epi64(word, 32), by.high_key);
	const v8 folded = _mm256_blend_epi32(_mm256_xor_si256(even, _mm256_srli_epi64(even, 32)),
	                                     _mm256_xor_si256(odd, _mm256_slli_epi64(odd, 32)), 0xaa);
	const v8 mixed = _mm256_mullo_epi32(folded, by.multiplier[0]);
	return _mm256_mullo_epi32(_mm256_xor_si256(mixed, _mm256_srli_epi32(mixed, 15)), by.multiplier[1]);
}

// False, and nothing done, if one of the eight has no RSS hash.
[[gnu::always_inline]] inline bool hash_eight(rte_mbuf *const *pkts, const constants &by, std::uint32_t *hashes) noexcept
{
	const v8 a = ends_of(pkts), b = ends_of(pkts + 2), c = ends_of(pkts + 4), d = ends_of(pkts + 6);
	const v8 flags = _mm256_and_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, d));
	const __m128i wanted = _mm_set1_epi64x(RTE_MBUF_F_RX_RSS_HASH);
	if (!_mm_testc_si128(_mm256_castsi256_si128(flags), wanted)) [[unlikely]]
		return false;
	const v8 rss = _mm256_permute2x128_si256(rss_of(a, b), rss_of(c, d), 0x31);
	_mm256_storeu_si256(reinterpret_cast<v8 *>(hashes), hash_of(rss, by));
	return true;
}

// Some with and some without.
[[gnu::noinline, gnu::cold]] void hash_each(rte_mbuf *const *pkts, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	for (unsigned k = 0; k < lanes; k++)
		hashes[k] = flow_hash_alone<hash_policy::flow>(*pkts[k], seed);
}

// Packets without RSS hashes come together: those of an application of its own.
[[gnu::noinline, gnu::cold]] void hash_eight_others(rte_mbuf *const *pkts, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	std::uint64_t flags = 0;
	for (unsigned k = 0; k < lanes; k++)
		flags |= pkts[k]->ol_flags;
	if ((flags & RTE_MBUF_F_RX_RSS_HASH) == 0)
		flow_hash_burst_avx2<hash_policy::l34>(pkts, lanes, seed, hashes);
	else
		hash_each(pkts, seed, hashes);
}

} // namespace

void rss_hash_burst_avx2(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	if (n < lanes)
		return flow_hash_burst<hash_policy::flow>(pkts, n, seed, hashes);
	const constants by(seed);
	const auto eight = [&](unsigned from) {
		if (!hash_eight(pkts + from, by, hashes + from)) [[unlikely]]
			hash_eight_others(pkts + from, seed, hashes + from);
	};
	unsigned done = 0;
	for (; done + lanes <= n; done += lanes)
		eight(done);
	// The last eight, of which some have their hashes already.
	if (done < n)
		eight(n - lanes);
}

} // namespace braid
