/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/sources.hpp"

#include "packet/views.hpp"

#include <rte_arp.h>

#include <algorithm>
#include <cstring>

namespace braid {
namespace {

constexpr std::size_t arp_size = sizeof(rte_arp_hdr);
constexpr std::size_t ipv6_size = sizeof(rte_ipv6_hdr);
constexpr std::uint8_t icmpv6 = 58;

// RFC 4861 section 4; all of these have a fixed part of 4 bytes, then what is named here.
constexpr std::uint8_t router_advertisement = 134;
constexpr std::uint8_t neighbour_solicitation = 135;
constexpr std::uint8_t neighbour_advertisement = 136;
constexpr std::uint8_t advertises_router = 0x80; // first byte after the checksum
constexpr std::size_t neighbour_size = 24;       // up to the options
constexpr std::uint8_t source_link_layer = 1, target_link_layer = 2;
// Options that are looked at; a forged list must not hold a burst.
constexpr unsigned most_options = 8;

bool is_host_mac(const rte_ether_addr &mac) noexcept { return rte_is_valid_assigned_ether_addr(&mac) != 0; }

ip_address ipv4_at(const std::byte *from) noexcept
{
	ip_address ip{.version = 4};
	std::memcpy(ip.bytes.data(), from, 4);
	return ip;
}

ip_address ipv6_at(const std::byte *from) noexcept
{
	ip_address ip{.version = 6};
	std::memcpy(ip.bytes.data(), from, 16);
	return ip;
}

rte_ether_addr mac_at(const std::byte *from) noexcept
{
	rte_ether_addr mac;
	std::memcpy(mac.addr_bytes, from, sizeof mac.addr_bytes);
	return mac;
}

// RFC 6890: 0/8 "this network", 127/8 loopback, 224/4 multicast, 240/4 reserved and broadcast.
bool can_announce_ipv4(const ip_address &ip) noexcept
{
	const std::uint8_t first = ip.bytes[0];
	return first != 0 && first != 127 && first < 224;
}

// Neither :: nor ::1, nor an IPv4 address in either of its IPv6 spellings, nor multicast.
bool can_announce_ipv6(const ip_address &ip) noexcept
{
	const bool starts_with_zeros = std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10, [](auto b) { return b == 0; });
	return !starts_with_zeros && ip.bytes[0] != 0xff;
}

bool begins_its_way(std::uint8_t hops_left) noexcept { return hops_left == 64 || hops_left == 128 || hops_left == 255; }

// A request or an answer of Ethernet and IPv4. A probe asks from 0.0.0.0 and claims nothing yet (RFC 5227).
bool read_arp(const packet_bytes &packet, std::size_t offset, sighting &found) noexcept
{
	std::array<std::byte, arp_size> scratch;
	const std::byte *const arp = packet.at(offset, scratch);
	if (arp == nullptr)
		return false;
	const auto half = [arp](std::size_t at) { return rte_be_to_cpu_16(load<rte_be16_t>(arp + at)); };
	const auto operation = half(offsetof(rte_arp_hdr, arp_opcode));
	if (half(offsetof(rte_arp_hdr, arp_hardware)) != RTE_ARP_HRD_ETHER ||
	    half(offsetof(rte_arp_hdr, arp_protocol)) != RTE_ETHER_TYPE_IPV4 ||
	    load<std::uint8_t>(arp + offsetof(rte_arp_hdr, arp_hlen)) != RTE_ETHER_ADDR_LEN ||
	    load<std::uint8_t>(arp + offsetof(rte_arp_hdr, arp_plen)) != 4 ||
	    (operation != RTE_ARP_OP_REQUEST && operation != RTE_ARP_OP_REPLY))
		return false;
	const std::byte *const sender = arp + offsetof(rte_arp_hdr, arp_data);
	found.mac = mac_at(sender);
	found.ip = ipv4_at(sender + RTE_ETHER_ADDR_LEN);
	found.how = evidence::claimed;
	return can_announce_ipv4(found.ip);
}

bool read_ipv4(const packet_bytes &packet, std::size_t offset, sighting &found) noexcept
{
	std::array<std::byte, sizeof(rte_ipv4_hdr)> scratch;
	const std::byte *const header = packet.at(offset, scratch);
	if (header == nullptr || !view_ipv4(packet, offset))
		return false;
	found.ip = ipv4_at(header + offsetof(rte_ipv4_hdr, src_addr));
	return begins_its_way(load<std::uint8_t>(header + offsetof(rte_ipv4_hdr, time_to_live))) &&
	       can_announce_ipv4(found.ip);
}

// The link-layer address in the options from `offset` on, if that option is there. A length of 0 ends the list: it would be
// read for ever.
std::optional<rte_ether_addr> link_layer_option(const packet_bytes &packet, std::size_t offset, std::uint8_t wanted) noexcept
{
	for (unsigned i = 0; i < most_options; i++) {
		std::array<std::byte, 8> scratch;
		const std::byte *const option = packet.at(offset, scratch);
		if (option == nullptr)
			return std::nullopt;
		const auto length = 8 * std::size_t{load<std::uint8_t>(option + 1)};
		if (length == 0)
			return std::nullopt;
		if (load<std::uint8_t>(option) == wanted && length == 8)
			return mac_at(option + 2);
		offset += length;
	}
	return std::nullopt;
}

// What neighbour discovery says beyond the packet's source: an advertisement is about its target, a solicitation with a source
// link-layer address about its source, a router advertisement about a router. RFC 4861 section 7.1: the hop limit is 255.
void read_neighbour_discovery(const packet_bytes &packet, std::size_t offset, sighting &found) noexcept
{
	std::array<std::byte, neighbour_size> scratch;
	const std::byte *const message = packet.at(offset, scratch);
	std::array<std::byte, 4> head_scratch;
	const std::byte *const head = packet.at(offset, head_scratch);
	if (head == nullptr || load<std::uint8_t>(head + 1) != 0)
		return;
	const auto type = load<std::uint8_t>(head);
	if (type == router_advertisement) {
		found.router = router_flag::yes;
		found.how = evidence::claimed;
	} else if (type == neighbour_solicitation && message != nullptr) {
		if (const auto mac = link_layer_option(packet, offset + neighbour_size, source_link_layer)) {
			found.mac = *mac;
			found.how = evidence::claimed;
		}
	} else if (type == neighbour_advertisement && message != nullptr) {
		found.ip = ipv6_at(message + 8);
		found.router = (load<std::uint8_t>(message + 4) & advertises_router) != 0 ? router_flag::yes : router_flag::no;
		found.how = evidence::claimed;
		if (const auto mac = link_layer_option(packet, offset + neighbour_size, target_link_layer))
			found.mac = *mac;
	}
}

bool read_ipv6(const packet_bytes &packet, std::size_t offset, sighting &found) noexcept
{
	std::array<std::byte, ipv6_size> scratch;
	const std::byte *const header = packet.at(offset, scratch);
	if (header == nullptr || !view_ipv6(packet, offset))
		return false;
	found.ip = ipv6_at(header + offsetof(rte_ipv6_hdr, src_addr));
	const auto hops = load<std::uint8_t>(header + offsetof(rte_ipv6_hdr, hop_limits));
	if (hops == 255 && load<std::uint8_t>(header + offsetof(rte_ipv6_hdr, proto)) == icmpv6)
		read_neighbour_discovery(packet, offset + ipv6_size, found);
	return begins_its_way(hops) && can_announce_ipv6(found.ip);
}

// False when there is no room: what stands behind a third tag is not looked for.
bool add(vlan_tags &tags, std::uint16_t type, std::uint16_t control) noexcept
{
	if (tags.count == tags.tag.size())
		return false;
	tags.tag[tags.count++] = {type, static_cast<std::uint16_t>(control & 0x0fff)};
	return true;
}

// Tags that the device inserts stand outside those that are in the frame already.
bool read_tags(const rte_mbuf &m, const packet_bytes &packet, const frame_view &frame, vlan_tags &tags) noexcept
{
	if ((m.ol_flags & RTE_MBUF_F_TX_QINQ) != 0)
		add(tags, RTE_ETHER_TYPE_QINQ, m.vlan_tci_outer);
	if ((m.ol_flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ)) != 0)
		add(tags, RTE_ETHER_TYPE_VLAN, m.vlan_tci);
	for (std::size_t at = offsetof(rte_ether_hdr, ether_type); at + 2 < frame.payload; at += sizeof(rte_vlan_hdr)) {
		std::array<std::byte, 4> scratch;
		const std::byte *const tag = packet.at(at, scratch);
		if (tag == nullptr || !add(tags, rte_be_to_cpu_16(load<rte_be16_t>(tag)),
		                           rte_be_to_cpu_16(load<rte_be16_t>(tag + 2))))
			return false;
	}
	return true;
}

} // namespace

std::optional<sighting> source_of(const rte_mbuf &m) noexcept
{
	const packet_bytes packet(m);
	const std::optional<frame_view> frame = view_frame(packet);
	if (!frame)
		return std::nullopt;
	std::array<std::byte, RTE_ETHER_ADDR_LEN> scratch;
	const std::byte *const source = packet.at(offsetof(rte_ether_hdr, src_addr), scratch);
	if (source == nullptr)
		return std::nullopt;
	sighting found;
	found.mac = mac_at(source);

	bool usable = false;
	if (frame->type == RTE_ETHER_TYPE_ARP)
		usable = read_arp(packet, frame->payload, found);
	else if (frame->type == RTE_ETHER_TYPE_IPV4)
		usable = read_ipv4(packet, frame->payload, found);
	else if (frame->type == RTE_ETHER_TYPE_IPV6)
		usable = read_ipv6(packet, frame->payload, found);
	if (!usable || !is_host_mac(found.mac) || !read_tags(m, packet, *frame, found.tags))
		return std::nullopt;
	return found;
}

} // namespace braid
