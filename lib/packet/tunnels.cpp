/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/tunnels.hpp"

namespace braid {
namespace {

// What a header announces: a payload of this EtherType, and where it starts.
struct layer {
	std::uint16_t type;
	std::size_t offset;
	std::uint32_t label = 0; // as innermost_view's, should the payload say nothing
};

constexpr std::uint16_t opaque = 0; // nothing that is known

// What has no field for the type of its payload goes by its first bits, as routers do. An Ethernet pseudowire
// without a control word can be taken for IP so; RFC 8469 tells its operators to use one.
std::uint16_t type_by_version(const packet_bytes &packet, std::size_t offset) noexcept
{
	std::array<std::byte, 1> scratch;
	const std::byte *first = packet.at(offset, scratch);
	if (first == nullptr)
		return opaque;
	switch (load<std::uint8_t>(first) >> 4) {
	case 4: return RTE_ETHER_TYPE_IPV4;
	case 6: return RTE_ETHER_TYPE_IPV6;
	}
	return opaque;
}

// RFC 7348. The 24 bits of the network are everybody's who is in it, so they do not count.
std::optional<layer> behind_vxlan(const packet_bytes &packet, std::size_t offset) noexcept
{
	constexpr unsigned has_network = 0x08;
	std::array<std::byte, 8> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr || (load<std::uint8_t>(header) & has_network) == 0)
		return std::nullopt;
	return layer{RTE_ETHER_TYPE_TEB, offset + scratch.size()};
}

// RFC 8926.
std::optional<layer> behind_geneve(const packet_bytes &packet, std::size_t offset) noexcept
{
	std::array<std::byte, 8> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr)
		return std::nullopt;
	const auto version_and_length = load<std::uint8_t>(header);
	if (version_and_length >> 6 != 0)
		return std::nullopt;
	const std::size_t options = 4 * std::size_t{version_and_length & 0x3fu};
	return layer{rte_be_to_cpu_16(load<rte_be16_t>(header + 2)), offset + scratch.size() + options};
}

// 3GPP TS 29.281. Behind the eight bytes that every header has stand four more if any of three flags is set, and then
// possibly extension headers; each of these has its length in units of four bytes in front and the type of the next
// one at its end.
std::optional<layer> behind_gtpu(const packet_bytes &packet, std::size_t offset) noexcept
{
	constexpr unsigned version_1_not_prime = 0x30, optional_fields = 0x07, extension_flag = 0x04;
	constexpr std::uint8_t user_data = 255;
	constexpr unsigned max_extensions = 4;

	std::array<std::byte, 8> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr || (load<std::uint8_t>(header) & 0xf0) != version_1_not_prime)
		return std::nullopt;
	const auto flags = load<std::uint8_t>(header);
	const auto tunnel = load<std::uint32_t>(header + 4);
	const layer no_user_data{opaque, 0, tunnel};
	if (load<std::uint8_t>(header + 1) != user_data)
		return no_user_data;
	offset += scratch.size();
	if ((flags & optional_fields) == 0)
		return layer{type_by_version(packet, offset), offset, tunnel};

	std::array<std::byte, 1> one;
	const std::byte *next = packet.at(offset + 3, one);
	offset += 4;
	for (unsigned skipped = 0; next != nullptr; skipped++) {
		if ((flags & extension_flag) == 0 || load<std::uint8_t>(next) == 0)
			return layer{type_by_version(packet, offset), offset, tunnel};
		const std::byte *length = packet.at(offset, one);
		if (skipped == max_extensions || length == nullptr || load<std::uint8_t>(length) == 0)
			break;
		offset += 4 * std::size_t{load<std::uint8_t>(length)};
		next = packet.at(offset - 1, one);
	}
	return no_user_data;
}

std::optional<layer> behind_udp(const packet_bytes &packet, std::size_t offset) noexcept
{
	std::array<std::byte, 2> scratch;
	const std::byte *destination = packet.at(offset + 2, scratch);
	if (destination == nullptr)
		return std::nullopt;
	const std::size_t payload = offset + 8;
	switch (rte_be_to_cpu_16(load<rte_be16_t>(destination))) {
	case vxlan_port:
	case vxlan_port_of_old_linux: return behind_vxlan(packet, payload);
	case geneve_port: return behind_geneve(packet, payload);
	case gtpu_port: return behind_gtpu(packet, payload);
	}
	return std::nullopt;
}

// RFC 2784 and 2890; NVGRE (RFC 7637) is the same with a frame in it and the flow in its key. Version 1 is PPTP's.
std::optional<layer> behind_gre(const packet_bytes &packet, std::size_t offset) noexcept
{
	constexpr unsigned checksum = 0x8000, routing = 0x4000, key = 0x2000, sequence = 0x1000, version = 0x0007;
	std::array<std::byte, 4> scratch;
	const std::byte *header = packet.at(offset, scratch);
	if (header == nullptr)
		return std::nullopt;
	const unsigned flags = rte_be_to_cpu_16(load<rte_be16_t>(header));
	if ((flags & (routing | version)) != 0)
		return std::nullopt;
	layer next{rte_be_to_cpu_16(load<rte_be16_t>(header + 2)), offset + scratch.size()};
	if ((flags & checksum) != 0)
		next.offset += 4;
	if ((flags & key) != 0) {
		if (const std::byte *value = packet.at(next.offset, scratch); value != nullptr)
			next.label = load<std::uint32_t>(value);
		next.offset += 4;
	}
	if ((flags & sequence) != 0)
		next.offset += 4;
	return next;
}

// Of a header that is one. All that is wanted of its view: inline, the rest is not even made, and to copy a view would be to
// wait for the stores that made it.
[[gnu::always_inline]] inline std::optional<transport_view> transport_of(const packet_bytes &packet,
                                                                         const std::optional<ip_view> &ip) noexcept
{
	if (!ip)
		return std::nullopt;
	return view_transport(packet, *ip);
}

std::optional<layer> behind_ip(const packet_bytes &packet, const transport_view &transport) noexcept
{
	if (!transport.reached)
		return std::nullopt;
	switch (transport.protocol) {
	case IPPROTO_IPIP: return layer{RTE_ETHER_TYPE_IPV4, transport.offset};
	case IPPROTO_IPV6: return layer{RTE_ETHER_TYPE_IPV6, transport.offset};
	case IPPROTO_GRE: return behind_gre(packet, transport.offset);
	case IPPROTO_UDP: return behind_udp(packet, transport.offset);
	case IPPROTO_MPLS: return layer{RTE_ETHER_TYPE_MPLS, transport.offset};
	}
	return std::nullopt;
}

// The labels of a stack count together, but for those below 16, which have a meaning of their own (RFC 7325, 2.4.5.1).
layer behind_mpls(const packet_bytes &packet, std::size_t offset, entropy_labels which) noexcept
{
	constexpr std::uint32_t entropy_indicator = 7, last_special = 15, bottom_of_stack = 0x100;
	constexpr std::uint32_t odd = 0x9e3779b1;
	layer next{opaque, offset};
	bool is_entropy = false;
	for (unsigned n = 0; n < max_mpls_labels; n++) {
		std::array<std::byte, 4> scratch;
		const std::byte *at = packet.at(next.offset, scratch);
		if (at == nullptr)
			return next;
		next.offset += scratch.size();
		const std::uint32_t entry = rte_be_to_cpu_32(load<rte_be32_t>(at));
		const std::uint32_t label = entry >> 12;
		if (is_entropy && which == entropy_labels::end_the_search) {
			next.label = label;
			return next;
		}
		if (label > last_special && !is_entropy)
			next.label = next.label * odd + label;
		is_entropy = label == entropy_indicator;
		if ((entry & bottom_of_stack) != 0) {
			next.type = type_by_version(packet, next.offset);
			return next;
		}
	}
	return next;
}

} // namespace

innermost_view look_inside(const packet_bytes &packet, const frame_view &frame, entropy_labels which) noexcept
{
	innermost_view found;
	layer next{frame.type, frame.payload};
	for (unsigned depth = 0; depth < max_layers; depth++) {
		switch (next.type) {
		case RTE_ETHER_TYPE_TEB: { // a whole frame
			const auto inner = view_frame(packet, next.offset);
			if (!inner)
				return found;
			next = {inner->type, inner->payload};
			break;
		}
		case RTE_ETHER_TYPE_IPV4:
		case RTE_ETHER_TYPE_IPV6: {
			const auto transport = next.type == RTE_ETHER_TYPE_IPV4 ? transport_of(packet, view_ipv4(packet, next.offset))
			                                                        : transport_of(packet, view_ipv6(packet, next.offset));
			if (!transport)
				return found;
			found = {next.type, next.offset};
			const auto carried = behind_ip(packet, *transport);
			if (!carried)
				return found;
			next = *carried;
			found.label = next.label;
			break;
		}
		case RTE_ETHER_TYPE_MPLS:
		case RTE_ETHER_TYPE_MPLSM:
			next = behind_mpls(packet, next.offset, which);
			if (next.label != 0)
				found.label = next.label;
			break;
		default: return found;
		}
	}
	return found;
}

} // namespace braid
