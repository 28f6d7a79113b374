/* SPDX-License-Identifier: BSD-3-Clause */
// Choices an operator makes about packets; the burst functions are compiled for each.
#pragma once

#include <cstdint>

namespace braid {

// What a transmit burst does with its packets while no member is active.
enum class tx_empty : std::uint8_t {
	keep, // consume nothing: the packets stay the caller's
	drop, // free and count them, for an application that frees nothing itself
};
inline constexpr unsigned tx_empty_count = 2;

// Whose port id a received mbuf carries.
enum class rx_port : std::uint8_t { bond, member };
inline constexpr unsigned rx_port_count = 2;

// Which instructions a burst uses where there is a choice; automatic: the widest that the machine has.
enum class simd : std::uint8_t {
	automatic,
	scalar,
	avx2,
	avx512, // F, VL, BW and DQ; on registers of 256 bits, so that no processor lowers its clock for them
};
inline constexpr unsigned simd_count = 4;

// What a member of mode balance weighs.
enum class weigh_by : std::uint8_t {
	option, // its option `weight`
	speed,  // the same times the speed of its link
};
inline constexpr unsigned weigh_by_count = 2;
inline constexpr std::uint32_t max_weight = 1000;

// Spelled as in the devargs.
constexpr const char *to_string(tx_empty t) noexcept { return t == tx_empty::keep ? "keep" : "drop"; }
constexpr const char *to_string(weigh_by w) noexcept { return w == weigh_by::option ? "option" : "speed"; }
constexpr const char *to_string(rx_port r) noexcept { return r == rx_port::bond ? "bond" : "member"; }

constexpr const char *to_string(simd s) noexcept
{
	switch (s) {
	case simd::automatic: return "auto";
	case simd::scalar: return "scalar";
	case simd::avx2: return "avx2";
	case simd::avx512: return "avx512";
	}
	return "?";
}

} // namespace braid
