/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.hpp"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace braid::bench {
namespace {

// Writes headers one behind the other.
class writer {
public:
	explicit writer(std::span<std::uint8_t> frame) : left_(frame) { std::fill(frame.begin(), frame.end(), std::uint8_t{0}); }

	template <typename Header> void put(const Header &header)
	{
		std::memcpy(left_.data(), &header, sizeof header);
		left_ = left_.subspan(sizeof header);
	}

	// Bytes from here to the end of the frame, all of which the next header's length counts.
	unsigned left() const { return static_cast<unsigned>(left_.size()); }

private:
	std::span<std::uint8_t> left_;
};

rte_be16_t be16(std::uint32_t v) { return rte_cpu_to_be_16(static_cast<std::uint16_t>(v)); }
rte_be32_t be32(std::uint32_t v) { return rte_cpu_to_be_32(v); }

rte_ether_addr address(random_source &random)
{
	rte_ether_addr a = {};
	for (auto &byte : a.addr_bytes)
		byte = static_cast<std::uint8_t>(random());
	a.addr_bytes[0] = 0x02;
	return a;
}

void put_ethernet(writer &frame, std::uint16_t type, random_source &random)
{
	rte_ether_hdr h = {};
	h.dst_addr = address(random);
	h.src_addr = address(random);
	h.ether_type = be16(type);
	frame.put(h);
}

void put_tag(writer &frame, std::uint16_t next, random_source &random)
{
	frame.put(rte_vlan_hdr{be16(random() % 4094 + 1), be16(next)});
}

// Without a checksum, which over IPv4 is allowed.
void put_udp(writer &frame, std::uint32_t source, std::uint32_t destination)
{
	rte_udp_hdr h = {};
	h.src_port = be16(source);
	h.dst_port = be16(destination);
	h.dgram_len = be16(frame.left());
	frame.put(h);
}

void put_udp(writer &frame, random_source &random)
{
	const auto source = static_cast<std::uint32_t>(random());
	put_udp(frame, source, static_cast<std::uint32_t>(random()));
}

void put_ipv4_header(writer &frame, std::uint8_t protocol, unsigned fragment, rte_be32_t source, rte_be32_t destination)
{
	constexpr unsigned unit = 8; // of fragments but the last
	const bool is_cut = (fragment & RTE_IPV4_HDR_MF_FLAG) != 0;
	const unsigned payload = frame.left() - unsigned{sizeof(rte_ipv4_hdr)};
	rte_ipv4_hdr h = {};
	h.version_ihl = RTE_IPV4_VHL_DEF;
	h.total_length = be16(unsigned{sizeof h} + (is_cut ? payload / unit * unit : payload));
	h.fragment_offset = be16(fragment);
	h.time_to_live = 64;
	h.next_proto_id = protocol;
	h.src_addr = source;
	h.dst_addr = destination;
	h.hdr_checksum = rte_ipv4_cksum(&h);
	frame.put(h);
}

void put_ipv4(writer &frame, unsigned fragment, random_source &random)
{
	const auto source = static_cast<rte_be32_t>(random());
	put_ipv4_header(frame, IPPROTO_UDP, fragment, source, static_cast<rte_be32_t>(random()));
	put_udp(frame, random);
}

void put_ipv6(writer &frame, random_source &random)
{
	rte_ipv6_hdr h = {};
	h.vtc_flow = be32(0x60000000);
	h.payload_len = be16(frame.left() - unsigned{sizeof h});
	h.proto = IPPROTO_UDP;
	h.hop_limits = 64;
	// By bytes: the addresses became a type of their own in 24.11.
	auto *bytes = reinterpret_cast<std::uint8_t *>(&h);
	for (std::size_t k = 8; k < sizeof h; k++)
		bytes[k] = static_cast<std::uint8_t>(random());
	frame.put(h);
	put_udp(frame, random);
}

// ---- tunnels: from one router to the next, from 192.0.2.1 to 192.0.2.2

void put_outer_ethernet(writer &frame, std::uint16_t type)
{
	frame.put(rte_ether_hdr{{{0x02, 0, 0, 0, 0, 0x02}}, {{0x02, 0, 0, 0, 0, 0x01}}, be16(type)});
}

void put_outer_ipv4(writer &frame, std::uint8_t protocol)
{
	put_outer_ethernet(frame, RTE_ETHER_TYPE_IPV4);
	put_ipv4_header(frame, protocol, RTE_IPV4_HDR_DF_FLAG, be32(RTE_IPV4(192, 0, 2, 1)), be32(RTE_IPV4(192, 0, 2, 2)));
}

void put_vxlan(writer &frame, random_source &random)
{
	constexpr std::uint32_t first_source = 49152, port = 4789, has_network = 0x08000000, network = 42;
	put_outer_ipv4(frame, IPPROTO_UDP);
	put_udp(frame, first_source + static_cast<std::uint32_t>(random()) % (65536 - first_source), port);
	frame.put(be32(has_network));
	frame.put(be32(network << 8));
	put_ethernet(frame, RTE_ETHER_TYPE_IPV4, random);
}

void put_gtpu(writer &frame, random_source &random)
{
	constexpr std::uint32_t port = 2152, version_1 = 0x30, user_data = 255, header = 8;
	put_outer_ipv4(frame, IPPROTO_UDP);
	put_udp(frame, port, port);
	frame.put(be32(version_1 << 24 | user_data << 16 | (frame.left() - header)));
	frame.put(static_cast<rte_be32_t>(random()));
}

void put_gre(writer &frame)
{
	put_outer_ipv4(frame, IPPROTO_GRE);
	frame.put(be32(RTE_ETHER_TYPE_IPV4)); // behind 16 flags that are not set
}

void put_mpls(writer &frame, random_source &random)
{
	constexpr std::uint32_t transport = 16001, entropy_follows = 7, bottom_of_stack = 0x100, time_to_live = 64;
	constexpr std::uint32_t special = 16, end = 1 << 20;
	put_outer_ethernet(frame, RTE_ETHER_TYPE_MPLS);
	frame.put(be32(transport << 12 | time_to_live));
	frame.put(be32(entropy_follows << 12 | time_to_live));
	const std::uint32_t entropy = special + static_cast<std::uint32_t>(random()) % (end - special);
	frame.put(be32(entropy << 12 | bottom_of_stack)); // which is never forwarded by, so lives for 0
}

} // namespace

const char *to_string(traffic t)
{
	static constexpr const char *names[] = {"ipv4",  "ipv6", "vlan", "qinq", "fragments", "mixed",
	                                        "vxlan", "gtpu", "gre",  "ipip", "mpls"};
	static_assert(std::size(names) == traffic_count);
	static_assert(std::size(untunnelled) + std::size(tunnels) == traffic_count);
	return names[static_cast<unsigned>(t)];
}

void write_frame(std::span<std::uint8_t, frame_size> to, traffic kind, unsigned index, random_source &random)
{
	constexpr auto dont_fragment = RTE_IPV4_HDR_DF_FLAG;
	writer frame(to);
	switch (kind) {
	case traffic::ipv4:
		put_ethernet(frame, RTE_ETHER_TYPE_IPV4, random);
		return put_ipv4(frame, dont_fragment, random);
	case traffic::ipv6:
		put_ethernet(frame, RTE_ETHER_TYPE_IPV6, random);
		return put_ipv6(frame, random);
	case traffic::vlan:
		put_ethernet(frame, RTE_ETHER_TYPE_VLAN, random);
		put_tag(frame, RTE_ETHER_TYPE_IPV4, random);
		return put_ipv4(frame, 0, random);
	case traffic::qinq:
		put_ethernet(frame, RTE_ETHER_TYPE_QINQ, random);
		put_tag(frame, RTE_ETHER_TYPE_VLAN, random);
		put_tag(frame, RTE_ETHER_TYPE_IPV4, random);
		return put_ipv4(frame, 0, random);
	case traffic::fragments:
		put_ethernet(frame, RTE_ETHER_TYPE_IPV4, random);
		return put_ipv4(frame, index % 2 == 0 ? RTE_IPV4_HDR_MF_FLAG : 8, random);
	case traffic::mixed:
		return write_frame(to, static_cast<traffic>(random() % 5), index, random);
	case traffic::vxlan:
		put_vxlan(frame, random);
		return put_ipv4(frame, dont_fragment, random);
	case traffic::gtpu:
		put_gtpu(frame, random);
		return put_ipv4(frame, dont_fragment, random);
	case traffic::gre:
		put_gre(frame);
		return put_ipv4(frame, dont_fragment, random);
	case traffic::ipip:
		put_outer_ipv4(frame, IPPROTO_IPIP);
		return put_ipv4(frame, dont_fragment, random);
	case traffic::mpls:
		put_mpls(frame, random);
		return put_ipv4(frame, dont_fragment, random);
	}
}

} // namespace braid::bench
