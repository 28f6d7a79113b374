/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.hpp"

#include "environment.hpp"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <cstring>
#include <random>

namespace braid::bench {
namespace {

constexpr unsigned frame_size = 128;

using random_source = std::mt19937;

// Writes headers one behind the other.
class writer {
public:
	explicit writer(rte_mbuf *m) : at_(reinterpret_cast<std::uint8_t *>(rte_pktmbuf_append(m, frame_size)))
	{
		std::memset(at_, 0, frame_size);
	}
	template <typename Header> void put(const Header &header)
	{
		std::memcpy(at_, &header, sizeof header);
		at_ += sizeof header;
	}

private:
	std::uint8_t *at_;
};

rte_be16_t be16(std::uint32_t v) { return rte_cpu_to_be_16(static_cast<std::uint16_t>(v)); }

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

void put_udp(writer &frame, random_source &random)
{
	rte_udp_hdr h = {};
	h.src_port = be16(random());
	h.dst_port = be16(random());
	h.dgram_len = be16(64);
	frame.put(h);
}

void put_ipv4(writer &frame, unsigned fragment, random_source &random)
{
	rte_ipv4_hdr h = {};
	h.version_ihl = RTE_IPV4_VHL_DEF;
	h.total_length = be16(84);
	h.fragment_offset = be16(fragment);
	h.time_to_live = 64;
	h.next_proto_id = IPPROTO_UDP;
	h.src_addr = static_cast<rte_be32_t>(random());
	h.dst_addr = static_cast<rte_be32_t>(random());
	frame.put(h);
	put_udp(frame, random);
}

void put_ipv6(writer &frame, random_source &random)
{
	rte_ipv6_hdr h = {};
	h.vtc_flow = rte_cpu_to_be_32(0x60000000);
	h.payload_len = be16(64);
	h.proto = IPPROTO_UDP;
	h.hop_limits = 64;
	// By bytes: the addresses became a type of their own in 24.11.
	auto *bytes = reinterpret_cast<std::uint8_t *>(&h);
	for (std::size_t k = 8; k < sizeof h; k++)
		bytes[k] = static_cast<std::uint8_t>(random());
	frame.put(h);
	put_udp(frame, random);
}

void fill(rte_mbuf *m, traffic kind, unsigned index, random_source &random)
{
	writer frame(m);
	switch (kind) {
	case traffic::ipv4:
		put_ethernet(frame, RTE_ETHER_TYPE_IPV4, random);
		return put_ipv4(frame, RTE_IPV4_HDR_DF_FLAG, random);
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
		break;
	}
	give_up("mixed traffic is made of the other kinds");
}

} // namespace

const char *to_string(traffic t)
{
	static constexpr const char *names[] = {"ipv4", "ipv6", "vlan", "qinq", "fragments", "mixed"};
	static_assert(std::size(names) == traffic_count);
	return names[static_cast<unsigned>(t)];
}

packet_set::packet_set(traffic kind, unsigned count) : packets_(count)
{
	if (rte_pktmbuf_alloc_bulk(packet_pool(), packets_.data(), count) != 0)
		give_up("too few packets in the pool");
	random_source random(1);
	for (unsigned k = 0; k < count; k++) {
		rte_mbuf *const m = packets_[k];
		// In random order: in turn would be a pattern that a branch predictor learns.
		fill(m, kind == traffic::mixed ? static_cast<traffic>(random() % 5) : kind, k, random);
		// As a port with RSS leaves it.
		m->hash.rss = static_cast<std::uint32_t>(random());
		m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	}
}

packet_set::~packet_set()
{
	set_references(1);
	rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(packets_.size()));
}

void packet_set::set_references(unsigned each)
{
	for (rte_mbuf *m : packets_)
		rte_mbuf_refcnt_set(m, static_cast<std::uint16_t>(each));
}

} // namespace braid::bench
