/* SPDX-License-Identifier: BSD-3-Clause */
#include "work.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <algorithm>

namespace braid::bench {
namespace {

// Long enough that reading the clock is nothing, short enough that most pieces are not interrupted.
constexpr unsigned packets_per_piece = 4096;
constexpr unsigned rx_bursts_per_piece = 512;

std::uint64_t send_once(const station &s, std::uint16_t port, std::size_t from, std::size_t to)
{
	rte_mbuf **const packets = s.packets.all().data();
	const std::uint16_t burst = s.what.burst;
	std::uint64_t sent = 0;
	for (std::size_t k = from; k < to; k += burst)
		sent += rte_eth_tx_burst(port, s.queue, packets + k, burst);
	return sent;
}

// Broadcast leaves references behind, which nobody frees here. One more is cheap for a packet that has one, and an
// atomic operation for a packet that has more, so they are put right after each pass.
bool leaves_references(const bench_case &what) { return what.mode == mode::broadcast; }

void prepare_next_pass(const station &s)
{
	if (leaves_references(s.what))
		s.packets.set_references(s.what.references);
	if (s.reorders)
		s.packets.shuffle();
}

// What there is to do between two passes is done while the clock stands.
piece send_piece(const station &s, std::uint16_t port, std::uint64_t clock)
{
	const std::size_t set = s.packets.all().size();
	const std::size_t passes = std::max<std::size_t>(1, packets_per_piece / set);
	const std::size_t together = leaves_references(s.what) || s.reorders ? 1 : passes;
	std::uint64_t cycles = 0;
	std::uint64_t sent = 0;
	for (std::size_t timed = 0; timed < passes; timed += together) {
		const std::uint64_t start = rte_rdtsc_precise();
		for (std::size_t k = 0; k < together; k++)
			sent += send_once(s, port, 0, set);
		cycles += rte_rdtsc_precise() - start - clock;
		prepare_next_pass(s);
	}
	if (sent != passes * set)
		return {};
	return {static_cast<double>(cycles), static_cast<double>(sent)};
}

piece receive_piece(const station &s, std::uint16_t port, std::uint64_t clock)
{
	rte_mbuf *packets[256];
	std::uint64_t received = 0;
	const std::uint64_t start = rte_rdtsc_precise();
	for (unsigned k = 0; k < rx_bursts_per_piece; k++)
		received += rte_eth_rx_burst(port, s.queue, packets, s.what.burst);
	const std::uint64_t cycles = rte_rdtsc_precise() - start - clock;
	if (received != (s.what.busy == 0 ? 0u : rx_bursts_per_piece * s.what.burst))
		return {};
	return {static_cast<double>(cycles), rx_bursts_per_piece};
}

} // namespace

std::uint64_t clock_cost()
{
	std::uint64_t best = UINT64_MAX;
	for (unsigned k = 0; k < 1000; k++) {
		const std::uint64_t start = rte_rdtsc_precise();
		best = std::min(best, rte_rdtsc_precise() - start);
	}
	return best;
}

piece one_piece(const station &s, std::uint16_t port, std::uint64_t clock)
{
	return s.what.way == direction::tx ? send_piece(s, port, clock) : receive_piece(s, port, clock);
}

void warm_up(const station &s, std::uint16_t port)
{
	if (s.what.way == direction::tx) {
		send_once(s, port, 0, 256);
		s.packets.set_references(s.what.references);
	} else {
		rte_mbuf *packets[256];
		for (unsigned k = 0; k < 16; k++)
			rte_eth_rx_burst(port, s.queue, packets, s.what.burst);
	}
}

} // namespace braid::bench
