/* SPDX-License-Identifier: BSD-3-Clause */
// Packets built from bytes, without an EAL or a mempool.
#pragma once

#include <rte_mbuf_core.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

namespace braid {

using bytes = std::vector<std::uint8_t>;

inline bytes join(std::initializer_list<bytes> parts)
{
	bytes all;
	for (const bytes &part : parts)
		all.insert(all.end(), part.begin(), part.end());
	return all;
}

inline bytes prefix(const bytes &all, std::size_t length)
{
	return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(length)};
}

inline bytes with_byte(bytes data, std::size_t offset, unsigned value)
{
	data[offset] = static_cast<std::uint8_t>(value);
	return data;
}

inline constexpr std::size_t ethernet = 14; // bytes of its header

// A chain of mbufs that holds `data`, cut before each offset in `cuts` (ascending; twice the same makes an
// empty segment). Every segment ends where its allocation ends, so that AddressSanitizer sees a read of one
// byte too many.
class test_packet {
public:
	explicit test_packet(const bytes &data, std::initializer_list<std::size_t> cuts = {})
		: test_packet(data, std::vector<std::size_t>(cuts))
	{}

	test_packet(const bytes &data, std::vector<std::size_t> ends) : segments_(ends.size() + 1)
	{
		ends.push_back(data.size());
		std::size_t begin = 0;
		for (std::size_t i = 0; i < segments_.size(); i++) {
			fill(i, data.data() + begin, ends[i] - begin);
			begin = ends[i];
		}
		segments_[0].nb_segs = static_cast<std::uint16_t>(segments_.size());
		segments_[0].pkt_len = static_cast<std::uint32_t>(data.size());
	}

	rte_mbuf *mbuf() { return segments_.data(); }
	const rte_mbuf &operator*() const { return segments_[0]; }

private:
	// Odd, so that no field is aligned by luck.
	static constexpr std::uint16_t headroom = 3;

	void fill(std::size_t i, const std::uint8_t *from, std::size_t length)
	{
		buffers_.push_back(std::make_unique<std::uint8_t[]>(headroom + length));
		if (length != 0)
			std::memcpy(buffers_[i].get() + headroom, from, length);
		segments_[i].buf_addr = buffers_[i].get();
		segments_[i].data_off = headroom;
		segments_[i].data_len = static_cast<std::uint16_t>(length);
		segments_[i].nb_segs = 1;
		segments_[i].next = i + 1 < segments_.size() ? &segments_[i + 1] : nullptr;
	}

	std::vector<rte_mbuf> segments_;
	std::vector<std::unique_ptr<std::uint8_t[]>> buffers_;
};

// The parts that most packets share. Destination 02:..:0d, source 02:..:05, 10.0.0.5 to 10.0.0.13, ports 4242
// to 443.
inline const bytes macs{0x02, 0, 0, 0, 0, 0x0d, 0x02, 0, 0, 0, 0, 0x05};
inline const bytes ipv4_type{0x08, 0x00};
inline const bytes ipv6_type{0x86, 0xdd};
inline const bytes ipv4_addresses{10, 0, 0, 5, 10, 0, 0, 13};
inline const bytes ipv6_addresses{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x05,
                                  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d};
inline const bytes ports{0x10, 0x92, 0x01, 0xbb};
// Sequence number 1, acknowledges 2, header of 5 words, ACK, no payload.
inline const bytes ack_after_ports{0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0};
// Length 8: no payload.
inline const bytes empty_udp_after_ports{0, 8, 0, 0};

inline const bytes ipv4_tcp =
	join({macs, ipv4_type, {0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0}, ipv4_addresses, ports, ack_after_ports});
inline const bytes ipv4_udp = join(
	{macs, ipv4_type, {0x45, 0, 0, 28, 0, 1, 0x00, 0, 64, 17, 0, 0}, ipv4_addresses, ports, empty_udp_after_ports});
inline const bytes ipv4_icmp =
	join({macs, ipv4_type, {0x45, 0, 0, 28, 0, 1, 0x00, 0, 64, 1, 0, 0}, ipv4_addresses, {8, 0, 0, 0, 0, 1, 0, 1}});
inline const bytes ipv4_options_tcp = join({macs,
                                            ipv4_type,
                                            {0x47, 0, 0, 48, 0, 1, 0x40, 0, 64, 6, 0, 0},
                                            ipv4_addresses,
                                            {0x94, 4, 0, 0, 1, 1, 1, 0},
                                            ports,
                                            ack_after_ports});
inline const bytes ipv6_tcp =
	join({macs, ipv6_type, {0x60, 0, 0, 0, 0, 20, 6, 64}, ipv6_addresses, ports, ack_after_ports});
inline const bytes ipv6_udp =
	join({macs, ipv6_type, {0x60, 0, 0, 0, 0, 8, 17, 64}, ipv6_addresses, ports, empty_udp_after_ports});
// Hop-by-hop (8 bytes), routing (16), destination options (8), TCP.
inline const bytes ipv6_extensions_tcp = join({macs,
                                               ipv6_type,
                                               {0x60, 0, 0, 0, 0, 52, 0, 64},
                                               ipv6_addresses,
                                               {43, 0, 1, 4, 0, 0, 0, 0},
                                               {60, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                               {6, 0, 1, 4, 0, 0, 0, 0},
                                               ports,
                                               ack_after_ports});
inline const bytes ipv6_fragment = join({macs,
                                         ipv6_type,
                                         {0x60, 0, 0, 0, 0, 16, 44, 64},
                                         ipv6_addresses,
                                         {17, 0, 0, 1, 0, 0, 0, 7},
                                         ports,
                                         empty_udp_after_ports});
inline const bytes arp = join({macs,
                               {0x08, 0x06},
                               {0, 1, 8, 0, 6, 4, 0, 1},
                               {0x02, 0, 0, 0, 0, 0x05, 10, 0, 0, 5},
                               {0, 0, 0, 0, 0, 0, 10, 0, 0, 13}});

// Router 10.0.0.1 tells 10.0.0.13 that its TCP segment to 10.0.0.5 could not be delivered: the answer to what travels
// against ipv4_tcp. Quoted are the IP header and eight bytes of TCP.
inline const bytes ipv4_icmp_error = join({macs,
                                           ipv4_type,
                                           {0x45, 0, 0, 56, 0, 1, 0x00, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 13},
                                           {3, 4, 0, 0, 0, 0, 5, 0xdc},
                                           {0x45, 0, 5, 0xdc, 0, 9, 0x40, 0, 60, 6, 0, 0, 10, 0, 0, 13, 10, 0, 0, 5},
                                           {0x01, 0xbb, 0x10, 0x92, 0, 0, 0, 9}});
// The same of IPv6: a packet too big, from ...:1.
inline const bytes ipv6_icmp_error = join({macs,
                                           ipv6_type,
                                           {0x60, 0, 0, 0, 0, 56, 58, 64},
                                           {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01},
                                           {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d},
                                           {2, 0, 0, 0, 0, 0, 5, 0},
                                           {0x60, 0, 0, 0, 5, 0xb4, 6, 60},
                                           {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d},
                                           {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x05},
                                           {0x01, 0xbb, 0x10, 0x92, 0, 0, 0, 9}});

// The same packet behind tags of the given types, VLAN 5 each.
inline bytes tagged(const bytes &packet, std::initializer_list<std::uint16_t> types)
{
	bytes all = prefix(packet, 12);
	for (const std::uint16_t type : types)
		all = join({all, {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0x00, 0x05}});
	all.insert(all.end(), packet.begin() + 12, packet.end());
	return all;
}

struct packet_kind {
	const char *name;
	bytes data;
};

// One of each kind that takes a way of its own through the parser.
inline const std::vector<packet_kind> packet_kinds{
	{"IPv4 TCP", ipv4_tcp},
	{"IPv4 UDP", ipv4_udp},
	{"IPv4 ICMP", ipv4_icmp},
	{"IPv4 options TCP", ipv4_options_tcp},
	{"IPv6 TCP", ipv6_tcp},
	{"IPv6 UDP", ipv6_udp},
	{"IPv6 extensions TCP", ipv6_extensions_tcp},
	{"IPv6 fragment", ipv6_fragment},
	{"ARP", arp},
	{"ICMP error", ipv4_icmp_error},
	{"VLAN ICMP error", tagged(ipv4_icmp_error, {0x8100})},
	{"ICMPv6 error", ipv6_icmp_error},
	{"VLAN IPv4 TCP", tagged(ipv4_tcp, {0x8100})},
	{"QinQ IPv4 UDP", tagged(ipv4_udp, {0x88a8, 0x8100})},
	{"VLAN IPv6 TCP", tagged(ipv6_tcp, {0x9100})},
	{"QinQ IPv6 extensions TCP", tagged(ipv6_extensions_tcp, {0x88a8, 0x8100})},
	{"three tags", tagged(ipv4_tcp, {0x88a8, 0x8100, 0x8100})},
	{"empty", {}},
};

} // namespace braid
