/* SPDX-License-Identifier: BSD-3-Clause */
// How the burst functions reach a member's queues. The driver gives ethdev's burst calls, a test gives a script.
#pragma once

#include <concepts>
#include <cstdint>

struct rte_mbuf;

namespace braid {

// A member's port as a member_port knows it, which alone knows what it means: whoever builds a snapshot fills in what saves
// the burst functions a look-up.
enum class port_handle : std::uintptr_t {};

template <typename Port>
concept member_port = requires(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n, rte_mbuf *pkt) {
	// Sends up to n packets and returns how many, from the front, it has taken.
	{ Port::send(port, queue, pkts, n) } noexcept -> std::same_as<std::uint16_t>;
	// Receives up to n packets.
	{ Port::receive(port, queue, pkts, n) } noexcept -> std::same_as<std::uint16_t>;
	// Checks and fixes up packets for sending; returns how many, from the front, are fit.
	{ Port::prepare(port, queue, pkts, n) } noexcept -> std::same_as<std::uint16_t>;
	// Gives up one reference to a packet and all its segments.
	{ Port::drop(pkt) } noexcept;
	// Changes the number of references to n packets, on every segment.
	{ Port::reference(pkts, unsigned{}, std::int16_t{}) } noexcept;
};

} // namespace braid
