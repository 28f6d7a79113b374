/* SPDX-License-Identifier: BSD-3-Clause */
// Reads headers out of a packet, and only what is wholly there: what the packet cuts short is not read at
// all, what lies in several segments is put together first.
//
// The segments bound what is read: nb_segs, next and data_len. pkt_len is not looked at, nor do the lengths
// in IP and UDP headers take part: segmentation offloads leave them wrong or zero.
#pragma once

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf_core.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace braid {

// The first tags of a frame that are looked behind; a third one hides what it carries.
inline constexpr unsigned max_vlan_tags = 2;

// IPv6 extension headers that are skipped on the way to the ports. RFC 8200 section 4.1 names seven places
// for one; the limit keeps a forged chain from holding a burst.
inline constexpr unsigned max_ipv6_extensions = 8;

// A value of the wire at an address that need not be aligned.
template <typename T> T load(const std::byte *from) noexcept
{
	T value;
	std::memcpy(&value, from, sizeof value);
	return value;
}

// The bytes of a packet, as if they stood in one piece. Lives no longer than the mbuf and copies nothing
// until asked.
class packet_bytes {
public:
	explicit packet_bytes(const rte_mbuf &m) noexcept
		: head_(static_cast<const std::byte *>(m.buf_addr) + m.data_off), head_length_(m.data_len), mbuf_(m)
	{}

	// The `Length` bytes that start `offset` bytes into the packet, or nullptr if the packet ends before
	// they do. They are read where they stand if they stand in the first segment, else put together in
	// `scratch`. Not aligned: use load().
	template <std::size_t Length>
	const std::byte *at(std::size_t offset, std::array<std::byte, Length> &scratch) const noexcept
	{
		if (offset + Length <= head_length_) [[likely]]
			return head_ + offset;
		return gather(offset, scratch) ? scratch.data() : nullptr;
	}

private:
	bool gather(std::size_t offset, std::span<std::byte> to) const noexcept;

	const std::byte *head_;
	std::size_t head_length_;
	const rte_mbuf &mbuf_;
};

constexpr bool is_vlan_tag(std::uint16_t type) noexcept
{
	return type == RTE_ETHER_TYPE_VLAN || type == RTE_ETHER_TYPE_QINQ || type == RTE_ETHER_TYPE_QINQ1;
}

// The Ethernet header and what follows the tags. A tag that is cut short is not looked behind.
struct frame_view {
	// Destination, then source. In wire order: bytes 0-7 of the frame, bytes 8-11 of the frame.
	std::uint64_t macs_head;
	std::uint32_t macs_tail;

	// EtherType behind at most max_vlan_tags tags (0x8100, 0x88a8, 0x9100). In host order; below 0x0600
	// it is the length of an 802.3 frame.
	std::uint16_t type;

	// Where the payload of that type starts, in bytes from the start of the packet.
	std::size_t payload;
};

// The frame that starts `offset` bytes into the packet. Nothing if the packet ends before its Ethernet header does.
inline std::optional<frame_view> view_frame(const packet_bytes &packet, std::size_t offset = 0) noexcept
{
	std::optional<frame_view> view; // filled where it stays: a copy would wait for the narrower stores that made it
	std::array<std::byte, sizeof(rte_ether_hdr)> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr)
		return view;
	view.emplace();
	view->macs_head = load<std::uint64_t>(header);
	view->macs_tail = load<std::uint32_t>(header + sizeof view->macs_head);
	view->type = rte_be_to_cpu_16(load<rte_be16_t>(header + offsetof(rte_ether_hdr, ether_type)));
	view->payload = offset + sizeof(rte_ether_hdr);
	for (unsigned tags = 0; tags < max_vlan_tags && is_vlan_tag(view->type); tags++) {
		std::array<std::byte, sizeof(rte_vlan_hdr)> tag_scratch;
		const std::byte *tag = packet.at(view->payload, tag_scratch);
		if (tag == nullptr)
			break;
		view->type = rte_be_to_cpu_16(load<rte_be16_t>(tag + offsetof(rte_vlan_hdr, eth_proto)));
		view->payload += sizeof(rte_vlan_hdr);
	}
	return view;
}

// The fixed part of an IPv4 or IPv6 header, which both of them name the same things in.
struct ip_view {
	unsigned version;

	// Source, then destination, in wire order. IPv4 fills the first word only, the others are 0.
	std::array<std::uint64_t, 4> addresses;

	// What starts at `payload`: IPv4's protocol, IPv6's next header.
	std::uint8_t protocol;
	std::size_t payload;

	// IPv4 only: a part of a larger datagram. IPv6 says so in an extension header.
	bool fragment;

	// IPv6 only: 20 bits by which the sender tells its flows apart (RFC 6437); 0: it does not.
	std::uint32_t flow_label;
};

inline std::optional<ip_view> view_ipv4(const packet_bytes &packet, std::size_t offset) noexcept
{
	std::optional<ip_view> view;
	std::array<std::byte, sizeof(rte_ipv4_hdr)> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr)
		return view;
	const auto version_ihl = load<std::uint8_t>(header);
	const std::size_t length = std::size_t{RTE_IPV4_IHL_MULTIPLIER} * (version_ihl & RTE_IPV4_HDR_IHL_MASK);
	if (version_ihl >> 4 != IPVERSION || length < sizeof(rte_ipv4_hdr))
		return view;

	constexpr auto in_a_fragment = RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	view.emplace();
	view->version = 4;
	view->addresses = {load<std::uint64_t>(header + offsetof(rte_ipv4_hdr, src_addr))};
	view->protocol = load<std::uint8_t>(header + offsetof(rte_ipv4_hdr, next_proto_id));
	view->payload = offset + length;
	view->fragment = (load<rte_be16_t>(header + offsetof(rte_ipv4_hdr, fragment_offset)) & in_a_fragment) != 0;
	view->flow_label = 0;
	return view;
}

inline std::optional<ip_view> view_ipv6(const packet_bytes &packet, std::size_t offset) noexcept
{
	std::optional<ip_view> view;
	std::array<std::byte, sizeof(rte_ipv6_hdr)> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr || load<std::uint8_t>(header) >> 4 != 6)
		return view;

	view.emplace();
	view->version = 6;
	for (unsigned i = 0; i < view->addresses.size(); i++)
		view->addresses[i] = load<std::uint64_t>(header + offsetof(rte_ipv6_hdr, src_addr) + 8 * i);
	view->protocol = load<std::uint8_t>(header + offsetof(rte_ipv6_hdr, proto));
	view->payload = offset + sizeof(rte_ipv6_hdr);
	view->fragment = false;
	view->flow_label = rte_be_to_cpu_32(load<rte_be32_t>(header)) & 0xfffff;
	return view;
}

// Nothing if the frame carries no IP, if the fixed header is not wholly there, or if the header denies what
// the EtherType claims: another version, or an IPv4 header length below the 20 bytes that every IPv4 header
// has.
inline std::optional<ip_view> view_ip(const packet_bytes &packet, std::uint16_t type, std::size_t offset) noexcept
{
	if (type == RTE_ETHER_TYPE_IPV4)
		return view_ipv4(packet, offset);
	if (type == RTE_ETHER_TYPE_IPV6)
		return view_ipv6(packet, offset);
	return std::nullopt;
}

inline std::optional<ip_view> view_ip(const packet_bytes &packet, const frame_view &frame) noexcept
{
	return view_ip(packet, frame.type, frame.payload);
}

constexpr bool is_skipped_extension(std::uint8_t next_header) noexcept
{
	return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING || next_header == IPPROTO_DSTOPTS;
}

constexpr bool has_ports(std::uint8_t protocol) noexcept
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

// What IP delivers to: the protocol behind the extension headers, and where its header starts.
struct transport_view {
	std::uint8_t protocol;
	// False where `offset` says nothing: in a fragment of IPv4, and where the search for the end of the extension
	// headers was given up.
	bool reached;
	std::size_t offset;
};

// Hop-by-hop, routing and destination options of IPv6 are skipped; at any other header, at a fragment header, at the
// limit and at the end of the packet the search stops, and `protocol` is the header it stopped at.
inline transport_view view_transport(const packet_bytes &packet, const ip_view &ip) noexcept
{
	transport_view view{ip.protocol, !ip.fragment, ip.payload};
	for (unsigned skipped = 0; ip.version == 6 && is_skipped_extension(view.protocol); skipped++) {
		// Starts with the number of the next header and its own length in units of 8 bytes, the first
		// not counted.
		std::array<std::byte, 2> scratch;
		const std::byte *extension = packet.at(view.offset, scratch);
		if (extension == nullptr || skipped == max_ipv6_extensions) {
			view.reached = false;
			break;
		}
		view.protocol = load<std::uint8_t>(extension);
		view.offset += 8 * (std::size_t{load<std::uint8_t>(extension + 1)} + 1);
	}
	return view;
}

// The protocol, and its ports (source, then destination, in wire order). The ports are 0 where there are none or
// none that every packet of the flow would show: see view_upper_layer().
struct upper_layer_view {
	std::uint8_t protocol;
	std::uint32_t ports;
};

// Finds the ports of TCP, UDP and SCTP. They need no more than their own four bytes to be there: a pure ACK
// and a datagram without payload are packets of their flow like any other.
//
// A fragment has no ports, not even the first one: the others do not carry them, and a datagram's fragments
// must stay together. "Don't fragment" does not make a fragment.
inline upper_layer_view view_upper_layer(const packet_bytes &packet, const transport_view &transport) noexcept
{
	upper_layer_view view{transport.protocol, 0};
	if (!transport.reached || !has_ports(view.protocol))
		return view;
	std::array<std::byte, sizeof view.ports> scratch;
	if (const std::byte *ports = packet.at(transport.offset, scratch); ports != nullptr)
		view.ports = load<std::uint32_t>(ports);
	return view;
}

inline upper_layer_view view_upper_layer(const packet_bytes &packet, const ip_view &ip) noexcept
{
	return view_upper_layer(packet, view_transport(packet, ip));
}

// The errors of RFC 792 and RFC 4443, which quote the packet that they are about.
constexpr bool is_icmp_error(unsigned ip_version, std::uint8_t type) noexcept
{
	constexpr std::uint8_t unreachable = 3, source_quench = 4, redirect = 5, time_exceeded = 11, bad_parameter = 12;
	constexpr std::uint8_t first_of_v6 = 1, last_of_v6 = 4; // unreachable, too big, time exceeded, bad parameter
	if (ip_version == 6)
		return type >= first_of_v6 && type <= last_of_v6;
	return type == unreachable || type == source_quench || type == redirect || type == time_exceeded ||
	       type == bad_parameter;
}

// The IP header that an ICMP or ICMPv6 error quotes. Nothing if the packet is no such error, or does not quote soundly.
inline std::optional<ip_view> view_quoted_ip(const packet_bytes &packet, const ip_view &ip,
                                             const transport_view &transport) noexcept
{
	const std::uint8_t icmp = ip.version == 6 ? +IPPROTO_ICMPV6 : +IPPROTO_ICMP;
	if (!transport.reached || transport.protocol != icmp) [[likely]]
		return std::nullopt;
	std::array<std::byte, 1> scratch;
	const std::byte *type = packet.at(transport.offset, scratch);
	if (type == nullptr || !is_icmp_error(ip.version, load<std::uint8_t>(type)))
		return std::nullopt;
	constexpr std::size_t header_of_error = 8;
	const std::size_t quoted = transport.offset + header_of_error;
	return ip.version == 6 ? view_ipv6(packet, quoted) : view_ipv4(packet, quoted);
}

} // namespace braid
