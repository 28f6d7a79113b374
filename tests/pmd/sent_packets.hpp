/* SPDX-License-Identifier: BSD-3-Clause */
// Which packets a fake port has sent, by the numbers they carry.
#pragma once

#include "fake_port.hpp"
#include "packet.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace braid {

inline void keep_packets(std::span<fake_port> ports)
{
	for (fake_port &port : ports)
		port.tx_mode(fake_tx::keep);
}

// What the port has sent since it was last asked, by sequence number.
inline std::vector<std::uint32_t> sent_by(fake_port &port, std::uint16_t queue = fake_port::all_queues)
{
	std::vector<rte_mbuf *> packets = port.take_tx(queue);
	std::vector<std::uint32_t> numbers = sequences_of(packets);
	free_all(packets);
	return numbers;
}

// first, first + step, ... below end.
inline std::vector<std::uint32_t> every(std::uint32_t step, std::uint32_t first, std::uint32_t end)
{
	std::vector<std::uint32_t> numbers;
	for (std::uint32_t i = first; i < end; i += step)
		numbers.push_back(i);
	return numbers;
}

} // namespace braid
