/* SPDX-License-Identifier: BSD-3-Clause */
// Traffic as it comes from real networks, and as an adversary would make it; and how evenly it was spread.
#pragma once

#include "test_packet.hpp"

#include <rte_thash.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

namespace braid {

inline void put(bytes &data, std::size_t offset, unsigned width, std::uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		data[offset + i] = static_cast<std::uint8_t>(value >> 8 * (width - 1 - i));
}

struct tuple {
	std::uint32_t source, destination;
	std::uint16_t source_port, destination_port;
};

inline bytes ipv4_of(const tuple &t)
{
	bytes data = ipv4_udp;
	put(data, 26, 4, t.source);
	put(data, 30, 4, t.destination);
	put(data, 34, 2, t.source_port);
	put(data, 36, 2, t.destination_port);
	return data;
}

inline bytes ipv6_of(const tuple &t)
{
	bytes data = ipv6_udp;
	put(data, 34, 4, t.source);
	put(data, 50, 4, t.destination);
	put(data, 54, 2, t.source_port);
	put(data, 56, 2, t.destination_port);
	return data;
}

// How far hashes are from even over the `buckets` parts of their high bits: the chi-square statistic as a standard normal
// deviate (Wilson and Hilferty's cube root), so that few and many buckets are measured alike. Chance gives more than 5.5 once
// in 50 million.
inline double unevenness(const std::vector<unsigned> &filled, const std::vector<double> &expected)
{
	double chi_square = 0;
	for (std::size_t i = 0; i < filled.size(); i++)
		chi_square += (filled[i] - expected[i]) * (filled[i] - expected[i]) / expected[i];
	const double freedom = static_cast<double>(filled.size()) - 1;
	const double spread = 2.0 / (9.0 * freedom);
	return (std::cbrt(chi_square / freedom) - (1 - spread)) / std::sqrt(spread);
}

inline double unevenness(const std::vector<std::uint32_t> &hashes, unsigned buckets)
{
	std::vector<unsigned> filled(buckets);
	for (const std::uint32_t hash : hashes)
		filled[std::uint64_t{hash >> 20} * buckets >> 12]++;
	return unevenness(filled, std::vector<double>(buckets, static_cast<double>(hashes.size()) / buckets));
}
inline constexpr double too_uneven = 5.5;

// Flows as they come from real networks, 65536 of each.
struct traffic {
	const char *name;
	tuple (*flow)(std::uint32_t i);
};

inline std::uint16_t u16(std::uint32_t value) { return static_cast<std::uint16_t>(value); }

inline const traffic traffics[] = {
	{"consecutive source ports",
         [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d, u16(i), 443};
	 }},
	{"consecutive destination ports",
         [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d, 4242, u16(i)};
	 }},
	// Mistake 21: even source ports, as Linux chooses them for connect().
	{"even source ports",
         [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d + (i >> 14), u16(i << 1 | 0x8000), 443};
	 }},
	{"consecutive sources",
         [](std::uint32_t i) {
		 return tuple{0x0a000000 + i, 0xc0a80001, 4242, 443};
	 }},
	{"consecutive destinations",
         [](std::uint32_t i) {
		 return tuple{0x0a000005, 0xc0a80000 + i, 4242, 443};
	 }},
	{"one host of each network",
         [](std::uint32_t i) {
		 return tuple{0x0a000001 + (i << 8), 0xc0a80001, 4242, 443};
	 }},
	{"every pair of two networks",
         [](std::uint32_t i) {
		 return tuple{0x0a000000 + (i >> 8), 0x0a000100 + (i & 255), 53, 53};
	 }},
	{"behind one NAT",
         [](std::uint32_t i) {
		 return tuple{0xcb007101, 0x08080800 + (i & 7), u16(1024 + (i >> 3)), 443};
	 }},
	{"equal ports",
         [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d, u16(i), u16(i)};
	 }},
	// Made to defeat hashes that combine fields by exclusive or, by sum, or by their low bits.
	{"addresses of constant exclusive or",
	 [](std::uint32_t i) {
		 return tuple{0x0a000000 + i, 0x0aff0000 ^ i, 53, 53};
	 }},
	{"addresses of constant sum",
	 [](std::uint32_t i) {
		 return tuple{0x0a000000 + i, 0x0b000000 - i, 53, 53};
	 }},
	{"ports of constant sum",
	 [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d, u16(i), u16(65535 - i)};
	 }},
	{"every 256th port",
	 [](std::uint32_t i) {
		 return tuple{0x0a000005 + (i >> 8), 0x0a00000d, u16(i << 8), 443};
	 }},
	{"one /24 to one server",
	 [](std::uint32_t i) {
		 return tuple{0x0a000000 + (i & 255), 0xc0a80001, u16(32768 + (i >> 8) * 7), 443};
	 }},
	{"every pair of two ranges of ports",
	 [](std::uint32_t i) {
		 return tuple{0x0a000005, 0x0a00000d, u16(1024 + (i & 255)), u16(1024 + (i >> 8))};
	 }},
	{"addresses in Gray code",
	 [](std::uint32_t i) {
		 return tuple{0x0a000000 + (i ^ i >> 1), 0xc0a80001, 4242, 443};
	 }},
	{"addresses that differ in their upper half",
	 [](std::uint32_t i) {
		 return tuple{i << 16 | 0x0102, 0xc0a80001, 4242, 443};
	 }},
};

// What a NIC computes with the customary key.
inline std::uint32_t toeplitz(const tuple &t)
{
	static constexpr std::uint8_t key[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
	std::uint32_t words[] = {t.source, t.destination,
	                         static_cast<std::uint32_t>(t.source_port << 16 | t.destination_port)};
	return rte_softrss(words, std::size(words), key);
}

} // namespace braid
