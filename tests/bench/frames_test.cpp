/* SPDX-License-Identifier: BSD-3-Clause */
// The frames are what they are called, and sound: read by the driver's own parser, whose tests have frames of their own.
#include "frames.hpp"

#include "packet/hash.hpp"

#include <gtest/gtest.h>

#include <rte_ip.h>

#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace braid::bench {
namespace {

struct frame {
	std::array<std::uint8_t, frame_size> data = {};
	rte_mbuf m = {};

	frame(traffic kind, unsigned index, random_source &random)
	{
		write_frame(data, kind, index, random);
		m.buf_addr = data.data();
		m.data_len = frame_size;
		m.nb_segs = 1;
	}
	frame(const frame &) = delete;
	frame &operator=(const frame &) = delete;
};

template <typename Check> void for_each_frame(traffic kind, Check check)
{
	random_source random(1);
	for (unsigned k = 0; k < 64; k++) {
		SCOPED_TRACE(std::string(to_string(kind)) + " " + std::to_string(k));
		check(frame(kind, k, random));
	}
}

// How many flows a policy tells apart in 64 frames.
template <hash_policy P> std::size_t flows(traffic kind)
{
	std::set<std::uint32_t> hashes;
	for_each_frame(kind, [&](const frame &f) { hashes.insert(flow_hash_by_key<P>(f.m, 1)); });
	return hashes.size();
}

// Of a header that starts there: its length ends with the frame, or with the last whole 8 bytes of it, and its checksum is
// right.
void expect_sound_ipv4(const frame &f, std::size_t at)
{
	rte_ipv4_hdr h;
	ASSERT_LE(at + sizeof h, f.data.size());
	std::memcpy(&h, f.data.data() + at, sizeof h);
	const std::size_t left = f.data.size() - at;
	EXPECT_LE(rte_be_to_cpu_16(h.total_length), left);
	EXPECT_GT(rte_be_to_cpu_16(h.total_length) + 8u, left);
	const std::uint16_t checksum = h.hdr_checksum;
	h.hdr_checksum = 0;
	EXPECT_EQ(rte_ipv4_cksum(&h), checksum);
}

std::optional<ip_view> outside(const frame &f)
{
	const packet_bytes packet(f.m);
	const auto found = view_frame(packet);
	return found ? view_ip(packet, *found) : std::nullopt;
}

innermost_view inside(const frame &f, entropy_labels which)
{
	const packet_bytes packet(f.m);
	const auto found = view_frame(packet);
	return found ? look_inside(packet, *found, which) : innermost_view{};
}

TEST(Frames, AreFlowsOfTheirOwn)
{
	for (const traffic kind : untunnelled) {
		EXPECT_EQ(flows<hash_policy::l34>(kind), 64u) << to_string(kind);
		EXPECT_EQ(flows<hash_policy::l2>(kind), 64u) << to_string(kind);
	}
}

TEST(Frames, OfATunnelAreOfOneFlowOutsideAndOfManyInside)
{
	for (const traffic kind : tunnels) {
		EXPECT_EQ(flows<hash_policy::l2>(kind), 1u) << to_string(kind);
		EXPECT_EQ(flows<hash_policy::l23>(kind), 1u) << to_string(kind);
		EXPECT_EQ(flows<hash_policy::l34>(kind) == 1, is_one_flow_outside(kind)) << to_string(kind);
		EXPECT_EQ(flows<hash_policy::encap34>(kind), 64u) << to_string(kind);
	}
}

TEST(Frames, OfATunnelCarryUdpOverIpv4)
{
	for (const traffic kind : tunnels)
		for_each_frame(kind, [&](const frame &f) {
			const innermost_view found = inside(f, entropy_labels::are_skipped);
			ASSERT_EQ(found.type, RTE_ETHER_TYPE_IPV4);
			EXPECT_GT(found.offset, 14u);
			const packet_bytes packet(f.m);
			const auto ip = view_ipv4(packet, found.offset);
			ASSERT_TRUE(ip);
			EXPECT_EQ(ip->protocol, IPPROTO_UDP);
			EXPECT_NE(view_upper_layer(packet, *ip).ports, 0u);
			expect_sound_ipv4(f, found.offset);
		});
}

TEST(Frames, OfATunnelHaveASoundHeaderOutside)
{
	for (const auto &[kind, protocol] : {std::pair{traffic::vxlan, IPPROTO_UDP}, std::pair{traffic::gtpu, IPPROTO_UDP},
	                                     std::pair{traffic::gre, IPPROTO_GRE}, std::pair{traffic::ipip, IPPROTO_IPIP}})
		for_each_frame(kind, [&, protocol = protocol](const frame &f) {
			const auto ip = outside(f);
			ASSERT_TRUE(ip);
			EXPECT_EQ(ip->protocol, protocol);
			expect_sound_ipv4(f, 14);
		});
}

TEST(Frames, OfMplsHaveAnEntropyLabel)
{
	for_each_frame(traffic::mpls, [](const frame &f) {
		const innermost_view found = inside(f, entropy_labels::end_the_search);
		EXPECT_EQ(found.type, 0);
		EXPECT_GT(found.label, 15u);
	});
}

TEST(Frames, OfIpv4AreSoundAndFragmentsAreCutAtEightBytes)
{
	for (const traffic kind : {traffic::ipv4, traffic::vlan, traffic::qinq, traffic::fragments})
		for_each_frame(kind, [&](const frame &f) {
			const auto ip = outside(f);
			ASSERT_TRUE(ip);
			EXPECT_EQ(ip->fragment, kind == traffic::fragments);
			expect_sound_ipv4(f, ip->payload - sizeof(rte_ipv4_hdr));
		});
}

TEST(Frames, OfMixedTrafficAreOfEachKindThatIsNoTunnel)
{
	unsigned ipv6 = 0, fragments = 0, untagged = 0, tagged = 0, twice_tagged = 0;
	for_each_frame(traffic::mixed, [&](const frame &f) {
		const auto ip = outside(f);
		ASSERT_TRUE(ip);
		const std::size_t at = ip->payload - (ip->version == 6 ? 40 : 20);
		(ip->version == 6 ? ipv6 : ip->fragment ? fragments : at == 14 ? untagged : at == 18 ? tagged : twice_tagged)++;
	});
	for (const unsigned count : {ipv6, fragments, untagged, tagged, twice_tagged})
		EXPECT_GT(count, 4u);
}

} // namespace
} // namespace braid::bench
