/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/frames.hpp"

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_ip.h>

#include <algorithm>
#include <cstring>

namespace braid {
namespace {

// The least Ethernet carries, without the frame's checksum.
constexpr std::size_t least_untagged = RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN;

constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t neighbour_advertisement = 136;
constexpr std::uint8_t router = 0x80, override = 0x20;
constexpr std::uint8_t target_link_layer = 2;

struct advertisement {
	std::uint8_t type, code;
	rte_be16_t checksum;
	std::uint8_t flags, reserved[3];
	std::uint8_t target[16];
	std::uint8_t option, option_length; // in units of 8 bytes
	rte_ether_addr mac;
};
static_assert(sizeof(advertisement) == 32);

template <typename Header> std::byte *put(std::byte *to, const Header &header) noexcept
{
	std::memcpy(to, &header, sizeof header);
	return to + sizeof header;
}

std::byte *put_ethernet(std::byte *to, const rte_ether_addr &destination, const sighting &what, std::uint16_t type) noexcept
{
	to = put(put(to, destination), what.mac);
	for (unsigned i = 0; i < what.tags.count; i++)
		to = put(put(to, rte_cpu_to_be_16(what.tags.tag[i].type)), rte_cpu_to_be_16(what.tags.tag[i].id));
	return put(to, rte_cpu_to_be_16(type));
}

std::byte *put_arp(std::byte *to, const sighting &what) noexcept
{
	to = put_ethernet(to, {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}, what, RTE_ETHER_TYPE_ARP);
	rte_arp_hdr arp{};
	arp.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
	arp.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	arp.arp_hlen = RTE_ETHER_ADDR_LEN;
	arp.arp_plen = 4;
	arp.arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST);
	arp.arp_data.arp_sha = what.mac;
	rte_be32_t address;
	std::memcpy(&address, what.ip.bytes.data(), sizeof address);
	arp.arp_data.arp_sip = address;
	arp.arp_data.arp_tip = address;
	return put(to, arp);
}

std::byte *put_advertisement(std::byte *to, const sighting &what) noexcept
{
	constexpr std::uint8_t all_nodes[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	to = put_ethernet(to, {{0x33, 0x33, 0, 0, 0, 1}}, what, RTE_ETHER_TYPE_IPV6);

	// In one piece and aligned, as the checksum is taken over both.
	struct {
		rte_ipv6_hdr ip{};
		advertisement body{};
	} packet;
	packet.ip.vtc_flow = RTE_BE32(0x60000000);
	packet.ip.payload_len = RTE_BE16(sizeof(advertisement));
	packet.ip.proto = icmpv6;
	packet.ip.hop_limits = 255;
	std::memcpy(&packet.ip.src_addr, what.ip.bytes.data(), 16);
	std::memcpy(&packet.ip.dst_addr, all_nodes, 16);
	packet.body.type = neighbour_advertisement;
	packet.body.flags = what.router == router_flag::no ? override : override | router;
	std::memcpy(packet.body.target, what.ip.bytes.data(), 16);
	packet.body.option = target_link_layer;
	packet.body.option_length = 1;
	packet.body.mac = what.mac;
	packet.body.checksum = rte_ipv6_udptcp_cksum(&packet.ip, &packet.body);
	return put(put(to, packet.ip), packet.body);
}

} // namespace

std::size_t write_announcement(const sighting &what, std::span<std::byte, announcement_room> to) noexcept
{
	std::byte *const end = what.ip.version == 4 ? put_arp(to.data(), what) : put_advertisement(to.data(), what);
	const auto length = static_cast<std::size_t>(end - to.data());
	const std::size_t least = least_untagged + what.tags.count * sizeof(rte_vlan_hdr);
	if (length >= least)
		return length;
	std::fill(end, to.data() + least, std::byte{0});
	return least;
}

} // namespace braid
