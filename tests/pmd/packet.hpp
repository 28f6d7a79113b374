/* SPDX-License-Identifier: BSD-3-Clause */
// Packets for tests, built from a description, each with a sequence number at its end by which it is known
// again.
#pragma once

#include "harness.hpp"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace braid {

// A packet as a test writes it down. Numbers are in host order. With l3::none the payload follows the
// Ethernet (or VLAN) header under `ether_type`; with l4::none it follows the IP header under protocol 253.
struct packet_spec {
	enum class l3 : std::uint8_t { none, ipv4, ipv6 };
	enum class l4 : std::uint8_t { none, udp, tcp };

	rte_ether_addr dst_mac = {{0x02, 0, 0, 0, 0, 0x02}};
	rte_ether_addr src_mac = {{0x02, 0, 0, 0, 0, 0x01}};
	std::vector<std::uint16_t> vlans;  // outermost first; two or more: the outermost is 802.1ad
	std::uint16_t ether_type = 0x88b5; // "local experimental"
	l3 network = l3::ipv4;
	l4 transport = l4::udp;
	std::uint32_t src_ip = 0x0a000001; // IPv6: fd00:: with this in the last four bytes
	std::uint32_t dst_ip = 0x0a000002;
	std::uint16_t src_port = 1024;
	std::uint16_t dst_port = 4096;
	std::uint16_t payload = 32; // Bytes; at least trailer_size.
	std::uint32_t sequence = 0;
};

// What the payload ends with: a mark, and the sequence number.
inline constexpr std::uint32_t trailer_mark = 0xb4a1d5e0;
inline constexpr std::uint16_t trailer_size = 8;

// `spec` as one mbuf of eal_mempool(), checksums right, no offload flags, no lengths or packet type set, as a
// driver that offers nothing would deliver it. Aborts when the pool is empty: a test that leaks so much is no
// test.
rte_mbuf *make_packet(const packet_spec &spec);

// The sequence number of a packet that make_packet() made, however it was segmented since; UINT32_MAX for any
// other packet.
inline std::uint32_t sequence_of(const rte_mbuf *packet)
{
	std::uint32_t buffer[2];
	if (packet->pkt_len < trailer_size)
		return UINT32_MAX;
	const void *const trailer = rte_pktmbuf_read(packet, packet->pkt_len - trailer_size, trailer_size, buffer);
	std::uint32_t words[2];
	std::memcpy(words, trailer, sizeof words);
	return words[0] == trailer_mark ? words[1] : UINT32_MAX;
}

// IPv4 UDP of flow number `flow`: the source address and port follow from it.
inline packet_spec udp_flow(std::uint32_t flow, std::uint32_t sequence = 0)
{
	packet_spec spec;
	spec.src_ip = 0x0a010000 + flow / 32768;
	spec.src_port = static_cast<std::uint16_t>(1024 + flow % 32768);
	spec.sequence = sequence;
	return spec;
}

// n packets with sequence numbers from `first` on, spread over `flows` flows in turn.
inline std::vector<rte_mbuf *> make_burst(unsigned n, std::uint32_t first = 0, std::uint32_t flows = 1)
{
	std::vector<rte_mbuf *> packets;
	for (std::uint32_t i = first; i < first + n; i++)
		packets.push_back(make_packet(udp_flow(i % flows, i)));
	return packets;
}

inline std::vector<std::uint32_t> sequences_of(const std::vector<rte_mbuf *> &packets)
{
	std::vector<std::uint32_t> numbers;
	for (const rte_mbuf *packet : packets)
		numbers.push_back(sequence_of(packet));
	return numbers;
}

inline void free_all(std::vector<rte_mbuf *> &packets)
{
	for (rte_mbuf *packet : packets)
		rte_pktmbuf_free(packet);
	packets.clear();
}

} // namespace braid
