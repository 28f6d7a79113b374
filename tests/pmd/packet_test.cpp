/* SPDX-License-Identifier: BSD-3-Clause */
// The packets of these tests are what their descriptions say.
#include "packet.hpp"

#include <gtest/gtest.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

namespace braid {
namespace {

TEST(Packet, IsWhatItsDescriptionSays)
{
	packet_spec spec;
	spec.vlans = {100, 7};
	spec.network = packet_spec::l3::ipv6;
	spec.transport = packet_spec::l4::tcp;
	spec.sequence = 77;
	rte_mbuf *packet = make_packet(spec);
	EXPECT_EQ(packet->pkt_len, 14u + 4 + 4 + 40 + 20 + 32);
	const auto *bytes = rte_pktmbuf_mtod(packet, const std::uint8_t *);
	EXPECT_EQ((std::vector<std::uint8_t>(bytes + 12, bytes + 23)),
	          (std::vector<std::uint8_t>{0x88, 0xa8, 0, 100, 0x81, 0x00, 0, 7, 0x86, 0xdd, 0x60}));
	const auto *ip = reinterpret_cast<const rte_ipv6_hdr *>(bytes + 22);
	EXPECT_EQ(rte_ipv6_udptcp_cksum_verify(ip, bytes + 62), 0);
	EXPECT_EQ(sequence_of(packet), 77u);
	rte_pktmbuf_free(packet);
}

TEST(Packet, CarriesRightIpv4Checksums)
{
	for (const auto transport : {packet_spec::l4::udp, packet_spec::l4::tcp}) {
		packet_spec spec;
		spec.transport = transport;
		spec.payload = 33;
		rte_mbuf *packet = make_packet(spec);
		const auto *ip = rte_pktmbuf_mtod_offset(packet, const rte_ipv4_hdr *, 14);
		EXPECT_EQ(rte_raw_cksum(ip, sizeof *ip), 0xffff);
		EXPECT_EQ(rte_ipv4_udptcp_cksum_verify(ip, ip + 1), 0);
		rte_pktmbuf_free(packet);
	}
}

TEST(Packet, FlowsDiffer)
{
	const auto a = udp_flow(1), b = udp_flow(2), c = udp_flow(32768 + 1);
	EXPECT_NE(a.src_port, b.src_port);
	EXPECT_EQ(a.src_port, c.src_port);
	EXPECT_NE(a.src_ip, c.src_ip);
}

} // namespace
} // namespace braid
