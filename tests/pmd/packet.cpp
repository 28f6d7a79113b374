/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.hpp"

#include <rte_byteorder.h>

#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace braid {
namespace {

constexpr std::uint8_t experimental_protocol = 253;
constexpr std::uint8_t hop_limit = 64;

// Zeroed bytes at the end of the packet.
void *append(rte_mbuf *packet, std::uint16_t size)
{
	void *const bytes = rte_pktmbuf_append(packet, size);
	if (bytes == nullptr) {
		std::fprintf(stderr, "pmd_tests: %u bytes more do not fit an mbuf\n", size);
		std::abort();
	}
	return std::memset(bytes, 0, size);
}

template <typename Header> Header *append(rte_mbuf *packet)
{
	return static_cast<Header *>(append(packet, sizeof(Header)));
}

// What stands in front of tag number `tag`, or of the payload if there is no such tag.
std::uint16_t type_before(const packet_spec &spec, std::size_t tag)
{
	if (tag < spec.vlans.size())
		return tag == 0 && spec.vlans.size() > 1 ? RTE_ETHER_TYPE_QINQ : RTE_ETHER_TYPE_VLAN;
	switch (spec.network) {
	case packet_spec::l3::none:
		return spec.ether_type;
	case packet_spec::l3::ipv4:
		return RTE_ETHER_TYPE_IPV4;
	case packet_spec::l3::ipv6:
		return RTE_ETHER_TYPE_IPV6;
	}
	return 0;
}

std::uint8_t protocol_of(const packet_spec &spec)
{
	switch (spec.transport) {
	case packet_spec::l4::none:
		return experimental_protocol;
	case packet_spec::l4::udp:
		return IPPROTO_UDP;
	case packet_spec::l4::tcp:
		return IPPROTO_TCP;
	}
	return 0;
}

std::uint16_t transport_length(const packet_spec &spec)
{
	switch (spec.transport) {
	case packet_spec::l4::none:
		return spec.payload;
	case packet_spec::l4::udp:
		return static_cast<std::uint16_t>(sizeof(rte_udp_hdr) + spec.payload);
	case packet_spec::l4::tcp:
		return static_cast<std::uint16_t>(sizeof(rte_tcp_hdr) + spec.payload);
	}
	return 0;
}

void append_ethernet(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const ether = append<rte_ether_hdr>(packet);
	ether->dst_addr = spec.dst_mac;
	ether->src_addr = spec.src_mac;
	ether->ether_type = rte_cpu_to_be_16(type_before(spec, 0));
	for (std::size_t tag = 0; tag < spec.vlans.size(); tag++) {
		auto *const vlan = append<rte_vlan_hdr>(packet);
		vlan->vlan_tci = rte_cpu_to_be_16(spec.vlans[tag]);
		vlan->eth_proto = rte_cpu_to_be_16(type_before(spec, tag + 1));
	}
}

rte_ipv4_hdr *append_ipv4(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const ip = append<rte_ipv4_hdr>(packet);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16(static_cast<std::uint16_t>(sizeof *ip + transport_length(spec)));
	ip->time_to_live = hop_limit;
	ip->next_proto_id = protocol_of(spec);
	ip->src_addr = rte_cpu_to_be_32(spec.src_ip);
	ip->dst_addr = rte_cpu_to_be_32(spec.dst_ip);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return ip;
}

// Addresses are written as bytes: their type differs between DPDK releases.
void write_ipv6_address(void *where, std::uint32_t last)
{
	std::uint8_t address[16] = {0xfd};
	const auto big_endian = rte_cpu_to_be_32(last);
	std::memcpy(address + 12, &big_endian, sizeof big_endian);
	std::memcpy(where, address, sizeof address);
}

rte_ipv6_hdr *append_ipv6(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const ip = append<rte_ipv6_hdr>(packet);
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16(transport_length(spec));
	ip->proto = protocol_of(spec);
	ip->hop_limits = hop_limit;
	write_ipv6_address(&ip->src_addr, spec.src_ip);
	write_ipv6_address(&ip->dst_addr, spec.dst_ip);
	return ip;
}

rte_udp_hdr *append_udp(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const udp = append<rte_udp_hdr>(packet);
	udp->src_port = rte_cpu_to_be_16(spec.src_port);
	udp->dst_port = rte_cpu_to_be_16(spec.dst_port);
	udp->dgram_len = rte_cpu_to_be_16(transport_length(spec));
	return udp;
}

rte_tcp_hdr *append_tcp(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const tcp = append<rte_tcp_hdr>(packet);
	tcp->src_port = rte_cpu_to_be_16(spec.src_port);
	tcp->dst_port = rte_cpu_to_be_16(spec.dst_port);
	tcp->data_off = sizeof *tcp / 4 << 4;
	tcp->tcp_flags = RTE_TCP_ACK_FLAG;
	return tcp;
}

void append_payload(rte_mbuf *packet, const packet_spec &spec)
{
	auto *const payload = static_cast<char *>(append(packet, spec.payload));
	const std::uint32_t trailer[2] = {trailer_mark, spec.sequence};
	std::memcpy(payload + spec.payload - trailer_size, trailer, sizeof trailer);
}

// `checksum` is the checksum of a transport header and what follows it, under the IP header that is there.
template <typename Checksum> void append_transport(rte_mbuf *packet, const packet_spec &spec, Checksum checksum)
{
	switch (spec.transport) {
	case packet_spec::l4::none:
		append_payload(packet, spec);
		return;
	case packet_spec::l4::udp: {
		auto *const udp = append_udp(packet, spec);
		append_payload(packet, spec);
		udp->dgram_cksum = checksum(udp);
		return;
	}
	case packet_spec::l4::tcp: {
		auto *const tcp = append_tcp(packet, spec);
		append_payload(packet, spec);
		tcp->cksum = checksum(tcp);
		return;
	}
	}
}

} // namespace

rte_mbuf *make_packet(const packet_spec &spec)
{
	assert(spec.payload >= trailer_size);
	rte_mbuf *const packet = rte_pktmbuf_alloc(eal_mempool());
	if (packet == nullptr) {
		std::fprintf(stderr, "pmd_tests: the mempool is empty\n");
		std::abort();
	}
	append_ethernet(packet, spec);
	switch (spec.network) {
	case packet_spec::l3::none:
		append_payload(packet, spec);
		break;
	case packet_spec::l3::ipv4: {
		const auto *const ip = append_ipv4(packet, spec);
		append_transport(packet, spec, [&](const void *l4) { return rte_ipv4_udptcp_cksum(ip, l4); });
		break;
	}
	case packet_spec::l3::ipv6: {
		const auto *const ip = append_ipv6(packet, spec);
		append_transport(packet, spec, [&](const void *l4) { return rte_ipv6_udptcp_cksum(ip, l4); });
		break;
	}
	}
	return packet;
}

} // namespace braid
