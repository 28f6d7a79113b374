/* SPDX-License-Identifier: BSD-3-Clause */
// Packets at random, most of them close to what a parser looks for.
#pragma once

#include "test_packet.hpp"

#include <algorithm>
#include <iterator>
#include <random>

namespace braid {

class random_packets {
public:
	explicit random_packets(std::uint64_t seed) : random_(seed) {}

	unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

	// A packet of a random kind with a few random bytes, most of them where the parser looks, and a random end.
	bytes mutated()
	{
		bytes data = packet_kinds[below(packet_kinds.size())].data;
		constexpr std::uint8_t telling[] = {0x00, 0x01, 0x06, 0x08, 0x11, 0x20, 0x2b, 0x2c, 0x3a, 0x3c, 0x40,
		                                    0x44, 0x45, 0x4f, 0x60, 0x81, 0x84, 0x86, 0x88, 0xa8, 0xdd, 0xff};
		for (auto changes = below(4); changes != 0 && !data.empty(); changes--) {
			const std::size_t end = std::min<std::size_t>(data.size(), below(2) != 0 ? 32 : 100);
			data[below(end)] = below(4) != 0 ? telling[below(std::size(telling))] : byte();
		}
		if (below(4) == 0)
			data.resize(below(data.size() + 1));
		return data;
	}

	// Other stations and, mostly, other addresses and ports; most often still the same kind.
	bytes with_random_fields(bytes data)
	{
		constexpr std::size_t macs_end = 12, addresses = 30;
		for (std::size_t k = 0; k < data.size(); k++)
			if (k < macs_end || (k >= addresses && below(4) == 0))
				data[k] = byte();
		return data;
	}

	bytes tagged_or_not(const bytes &data)
	{
		if (data.size() < 14)
			return data;
		switch (below(4)) {
		case 0: return tagged(data, {0x8100});
		case 1: return tagged(data, {0x88a8, 0x8100});
		case 2: return tagged(data, {0x9100});
		}
		return data;
	}

	// One to four offsets, ascending.
	std::vector<std::size_t> cuts(std::size_t length)
	{
		std::vector<std::size_t> all(1 + below(4));
		for (std::size_t &cut : all)
			cut = below(length + 1);
		std::sort(all.begin(), all.end());
		return all;
	}

private:
	std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

	std::mt19937_64 random_;
};

} // namespace braid
