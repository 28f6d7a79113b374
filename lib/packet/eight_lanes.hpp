/* SPDX-License-Identifier: BSD-3-Clause */
// The vocabulary of the kernels that hash eight packets at a time: vectors of 256 bits, one packet in each lane of 32 bits.
//
// For units that are compiled with wide instructions, and for no others. Everything has internal linkage: what such a
// unit emitted for all to use could be linked into code that runs on every processor. AVX-512VL, where a unit has it,
// is more registers and one instruction in the place of two.
#pragma once

#include "packet/hash.hpp"

#include <immintrin.h>

namespace braid {
namespace {

using v8 = __m256i;

constexpr unsigned lanes = 8;

// A constant, read from memory where it is needed: there are more of them than registers, and gcc would make each anew in
// three instructions.
template <std::uint32_t Value> inline v8 all() noexcept
{
	static constexpr std::uint32_t value = Value;
	v8 vector;
	asm("vpbroadcastd %1, %0" : "=x"(vector) : "m"(value));
	return vector;
}
inline v8 zero() noexcept { return _mm256_setzero_si256(); }
inline v8 equal(v8 a, v8 b) noexcept { return _mm256_cmpeq_epi32(a, b); }
inline v8 both(v8 a, v8 b) noexcept { return _mm256_and_si256(a, b); }
inline v8 either(v8 a, v8 b) noexcept { return _mm256_or_si256(a, b); }
inline v8 without(v8 a, v8 b) noexcept { return _mm256_andnot_si256(b, a); }
inline v8 choose(v8 mask, v8 yes, v8 no) noexcept { return _mm256_blendv_epi8(no, yes, mask); }
inline v8 load_vector(const void *from) noexcept { return _mm256_loadu_si256(static_cast<const v8 *>(from)); }
inline void store_vector(void *to, v8 from) noexcept { _mm256_storeu_si256(static_cast<v8 *>(to), from); }
inline bool have_no_bit_in_common(v8 a, v8 b) noexcept { return _mm256_testz_si256(a, b) != 0; }

// A bit for each lane.
inline unsigned bits(v8 mask) noexcept { return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(mask))); }

#ifdef __AVX512VL__
inline v8 masked_xor(v8 a, v8 mask, v8 b) noexcept { return _mm256_ternarylogic_epi32(a, mask, b, 0x6a); }
inline v8 or_difference(v8 seen, v8 a, v8 b) noexcept { return _mm256_ternarylogic_epi32(seen, a, b, 0xf6); }
#else
inline v8 masked_xor(v8 a, v8 mask, v8 b) noexcept { return _mm256_xor_si256(both(a, mask), b); }
inline v8 or_difference(v8 seen, v8 a, v8 b) noexcept { return either(seen, _mm256_xor_si256(a, b)); }
#endif

// 32 bits of a frame at any address.
inline std::uint32_t word_at(const std::byte *from) noexcept
{
	std::uint32_t word;
	__builtin_memcpy(&word, from, sizeof word);
	return word;
}

// Of a word that begins with an EtherType.
inline bool is_tag(std::uint32_t word) noexcept
{
	const std::uint32_t type = word & 0xffff;
	// 0x8100 and 0x9100 differ in one bit, which the mask leaves out.
	return (type & 0xffef) == 0x0081 || type == 0xa888;
}

// EtherType and IP version fit together; IPv4 has no options.
inline bool is_ipv4(std::uint32_t head) noexcept { return (head & 0xffffff) == 0x450008; }
inline bool is_ipv6(std::uint32_t head) noexcept { return (head & 0xf0ffff) == 0x60dd86; }

// The same 16 bytes twice.
inline v8 twice(std::uint64_t first, std::uint64_t second) noexcept
{
	const auto a = static_cast<long long>(first), b = static_cast<long long>(second);
	return _mm256_setr_epi64x(a, b, a, b);
}

inline v8 two_rows(const void *low, const void *high) noexcept
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i *>(low))),
	                               _mm_loadu_si128(static_cast<const __m128i *>(high)), 1);
}

// 16 bytes of each of eight frames as they stand: those of packets i and i + 4 in vector i.
struct rows {
	v8 of[4];
};

inline rows load_rows(const std::byte *const *frames, unsigned at) noexcept
{
	const auto two = [&](unsigned i) { return two_rows(frames[i] + at, frames[i + 4] + at); };
	return {{two(0), two(1), two(2), two(3)}};
}

// The same in columns: the first 32 bits of each, the second, ...
struct columns {
	v8 of[4];
};

inline columns turned(const rows &r) noexcept
{
	const v8 ab_low = _mm256_unpacklo_epi32(r.of[0], r.of[1]), ab_high = _mm256_unpackhi_epi32(r.of[0], r.of[1]);
	const v8 cd_low = _mm256_unpacklo_epi32(r.of[2], r.of[3]), cd_high = _mm256_unpackhi_epi32(r.of[2], r.of[3]);
	return {{_mm256_unpacklo_epi64(ab_low, cd_low), _mm256_unpackhi_epi64(ab_low, cd_low),
	         _mm256_unpacklo_epi64(ab_high, cd_high), _mm256_unpackhi_epi64(ab_high, cd_high)}};
}

// A word of 64 bits for each packet, those of packets 0 1 4 5 and of packets 2 3 6 7: so they come out of unpacking.
struct words {
	v8 of_0145;
	v8 of_2367;
};

inline words operator+(const words &a, const words &b) noexcept
{
	return {_mm256_add_epi64(a.of_0145, b.of_0145), _mm256_add_epi64(a.of_2367, b.of_2367)};
}

// The first and the second word of rows of two.
inline words first_of(const v8 *row) noexcept
{
	return {_mm256_unpacklo_epi64(row[0], row[1]), _mm256_unpacklo_epi64(row[2], row[3])};
}
inline words second_of(const v8 *row) noexcept
{
	return {_mm256_unpackhi_epi64(row[0], row[1]), _mm256_unpackhi_epi64(row[2], row[3])};
}

// Of each packet, the sum of four words: row[i] is packet i's.
inline words sum_of_four(const v8 *row) noexcept
{
	const auto pair = [&](unsigned i) {
		return _mm256_add_epi64(_mm256_unpacklo_epi64(row[i], row[i + 1]), _mm256_unpackhi_epi64(row[i], row[i + 1]));
	};
	const auto four = [](v8 a, v8 b) {
		return _mm256_add_epi64(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
	};
	return {four(pair(0), pair(4)), four(pair(2), pair(6))};
}

// The lower halves, by packet.
inline v8 lower_halves(const words &w) noexcept
{
	return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(w.of_0145), _mm256_castsi256_ps(w.of_2367), 0x88));
}
inline v8 upper_halves(const words &w) noexcept
{
	return _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(w.of_0145), _mm256_castsi256_ps(w.of_2367), 0xdd));
}

// As flow_hasher::add(), of blinded words.
inline v8 products(v8 blinded) noexcept { return _mm256_mul_epu32(blinded, _mm256_shuffle_epi32(blinded, 0xf5)); }

// flow_hasher::value().
inline v8 values(const words &sums) noexcept
{
	v8 mixed = _mm256_mullo_epi32(_mm256_xor_si256(lower_halves(sums), upper_halves(sums)), all<flow_hash_multipliers[0]>());
	mixed = _mm256_xor_si256(mixed, _mm256_srli_epi32(mixed, 15));
	return _mm256_mullo_epi32(mixed, all<flow_hash_multipliers[1]>());
}

} // namespace
} // namespace braid
