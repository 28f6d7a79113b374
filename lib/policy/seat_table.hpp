/* SPDX-License-Identifier: BSD-3-Clause */
// One byte for each seat, looked up for many seats at once. A publication in mode balance asks for 4096 of them several times,
// and a failover waits for it: one by one that takes microseconds, by shuffles of 16 bytes a tenth of that.
#pragma once

#include "base/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSSE3__ // DPDK is compiled for it, and so are we by its flags
#include <tmmintrin.h>
#endif

namespace braid {

// Sixteen bytes that are compared, combined and chosen all at once; gcc's and clang's vectors, on every machine.
struct byte_block {
	static constexpr std::size_t size = 16;
	using lanes = std::uint8_t __attribute__((vector_size(size)));

	lanes all;

	static byte_block from(const std::uint8_t *bytes) noexcept
	{
		byte_block b;
		std::memcpy(&b.all, bytes, size);
		return b;
	}
	void to(std::uint8_t *bytes) const noexcept { std::memcpy(bytes, &all, size); }

	// Of comparisons, whose lanes are 0 or 0xff.
	bool any() const noexcept
	{
		std::uint64_t half[2];
		std::memcpy(half, &all, size);
		return (half[0] | half[1]) != 0;
	}
};

class seat_table {
public:
	std::uint8_t &operator[](unsigned seat) noexcept { return value_[seat]; }

	// For each seat its byte; 0 for what is no seat.
	byte_block look_up(byte_block seats) const noexcept
	{
#ifdef __SSSE3__
		byte_block found{};
		for (unsigned part = 0; part < max_members; part += byte_block::size) {
			// A shuffle takes the low four bits, and gives 0 for a byte above 0x7f: for what lies in another part.
			const auto place = reinterpret_cast<__m128i>(seats.all - static_cast<std::uint8_t>(part));
			const auto value = reinterpret_cast<__m128i>(byte_block::from(value_.data() + part).all);
			const __m128i index = _mm_adds_epu8(place, _mm_set1_epi8(0x70));
			found.all |= reinterpret_cast<byte_block::lanes>(_mm_shuffle_epi8(value, index));
		}
		return found;
#else
		return look_up_plain(seats);
#endif
	}

	// The same one by one: for other machines, and for the test that compares the two.
	byte_block look_up_plain(byte_block seats) const noexcept
	{
		byte_block found{};
		for (std::size_t k = 0; k < byte_block::size; k++)
			found.all[k] = seats.all[k] < max_members ? value_[seats.all[k]] : 0;
		return found;
	}

private:
	std::array<std::uint8_t, max_members> value_{};
};

} // namespace braid
