/* SPDX-License-Identifier: BSD-3-Clause */
// Each vector path against its scalar twin, of packets in tunnels, into which encap34 looks.
#include "simd_twins.hpp"

#include "random_packet.hpp"
#include "test_tunnels.hpp"

#include <algorithm>

namespace braid {
namespace {

constexpr std::size_t ethernet = 14;

void expect_equal_inside(const std::vector<rte_mbuf *> &pkts)
{
	expect_equal<hash_policy::encap34>(pkts);
	expect_equal<hash_policy::encap34_sym>(pkts);
}

// What the tunnel can carry of the commonest packets.
std::vector<bytes> inner_of(const tunnel_kind &t)
{
	std::vector<bytes> all;
	for (const bytes &inner : {ipv4_tcp, ipv4_udp, ipv6_tcp, ipv6_udp, tagged(ipv4_tcp, {0x8100}), ipv4_icmp, ipv6_fragment})
		if (may_carry(t, inner))
			all.push_back(inner);
	return all;
}

// Other stations outside, another source port, and other fields inside; encapsulated alike.
bytes packet_in(const tunnel_kind &t, const bytes &inner, random_packets &random)
{
	bytes data = through(t, random.with_random_fields(inner));
	for (std::size_t at = 0; at < 12; at++)
		data[at] = static_cast<std::uint8_t>(random.below(256));
	return data;
}

TEST(FlowHashSimdTunnels, BurstsOfOneTunnelHashAsOneByOne)
{
	random_packets random(21);
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : inner_of(t))
			for (const unsigned n : {7u, 8u, 9u, 15u, 16u, 31u, 32u, simd_batch}) {
				batch b;
				for (unsigned k = 0; k < n; k++)
					b.add(packet_in(t, inner, random));
				ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << t.name;
			}
}

// Each byte of the headers outside and of the IP header inside takes every value, in the first of eight packets, in another one,
// or in all: whichever of them decides how a packet is read, it does so here too.
TEST(FlowHashSimdTunnels, EveryValueOfEveryByteOfHeadersHashesAsOneByOne)
{
	random_packets random(22);
	for (const tunnel_kind &t : tunnel_kinds) {
		const bytes inner = inner_of(t).front();
		batch b;
		for (unsigned k = 0; k < 8; k++)
			b.add(packet_in(t, inner, random));
		const std::size_t ip_inside = t.head.size() + (t.what == carries::frames ? ethernet : 0);
		const std::size_t end = std::min<std::size_t>(b.pkts[0]->data_len, ip_inside + 28);
		for (std::size_t at = 12; at < end; at++) {
			const auto byte_of = [&](unsigned k) { return rte_pktmbuf_mtod_offset(b.pkts[k], std::uint8_t *, at); };
			std::uint8_t usual[8];
			for (unsigned k = 0; k < 8; k++)
				usual[k] = *byte_of(k);
			for (unsigned value = 0; value < 256; value++) {
				for (unsigned k = 0; k < 8; k++)
					*byte_of(k) = static_cast<std::uint8_t>(value);
				ASSERT_NO_FATAL_FAILURE(expect_equal<hash_policy::encap34>(b.pkts))
					<< t.name << ", byte " << at << ", all " << value;
				// The first packet is the one that the others are held against.
				for (const unsigned one : {0u, 1 + value % 7}) {
					for (unsigned k = 0; k < 8; k++)
						*byte_of(k) = k == one ? static_cast<std::uint8_t>(value) : usual[k];
					ASSERT_NO_FATAL_FAILURE(expect_equal<hash_policy::encap34>(b.pkts))
						<< t.name << ", byte " << at << ", " << value << " in packet " << one;
				}
			}
			for (unsigned k = 0; k < 8; k++)
				*byte_of(k) = usual[k];
		}
	}
}

TEST(FlowHashSimdTunnels, OneOfAnotherTunnelHashesAsAloneWhereverItStands)
{
	random_packets random(23);
	for (const tunnel_kind &t : tunnel_kinds) {
		batch b;
		for (unsigned k = 0; k < 16; k++)
			b.add(packet_in(t, inner_of(t).front(), random));
		for (const tunnel_kind &other : tunnel_kinds)
			for (const bytes &inner : inner_of(other)) {
				test_packet stranger(packet_in(other, inner, random));
				for (unsigned at = 0; at < b.pkts.size(); at++) {
					rte_mbuf *const usual = std::exchange(b.pkts[at], stranger.mbuf());
					ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << other.name << " among " << t.name;
					b.pkts[at] = usual;
				}
			}
	}
}

// Cut off at every length from 0, one among whole ones, or all of them.
TEST(FlowHashSimdTunnels, TruncatedPacketsHashAsOneByOne)
{
	random_packets random(24);
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : inner_of(t)) {
			const bytes whole = packet_in(t, inner, random);
			for (std::size_t length = 0; length <= whole.size(); length++)
				for (const unsigned at : {0u, 5u, 8u}) { // 8: all
					batch b;
					for (unsigned k = 0; k < 8; k++)
						b.add(k == at || at == 8 ? prefix(whole, length) : whole);
					ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << t.name << ' ' << length;
				}
		}
}

TEST(FlowHashSimdTunnels, SegmentedPacketsHashAsOneByOne)
{
	random_packets random(25);
	for (const tunnel_kind &t : tunnel_kinds) {
		const bytes whole = packet_in(t, inner_of(t).front(), random);
		for (std::size_t cut = 0; cut <= whole.size(); cut++) {
			batch b;
			for (unsigned k = 0; k < 8; k++)
				b.add(whole, k % 3 == 0 ? std::vector<std::size_t>{cut} : std::vector<std::size_t>{});
			ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << t.name << " cut at " << cut;
		}
	}
}

TEST(FlowHashSimdTunnels, TunnelsInTunnelsHashAsOneByOne)
{
	random_packets random(26);
	for (const tunnel_kind &outer : tunnel_kinds)
		for (const tunnel_kind &inner : tunnel_kinds) {
			if (!may_carry(outer, inner.head))
				continue;
			batch b;
			for (unsigned k = 0; k < 8; k++)
				b.add(through(outer, packet_in(inner, inner_of(inner).front(), random)));
			ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << inner.name << " in " << outer.name;
		}
}

// Its length would be that of the options if it were the version that is known.
TEST(FlowHashSimdTunnels, AnotherVersionOfGeneveIsNotLookedInto)
{
	bytes header = geneve_header(0x6558, 64);
	header[0] = 0x40;
	const tunnel_kind version_1{"GENEVE version 1", carries::frames, over_ipv4(udp, {outer_udp(6081), header})};
	random_packets random(28);
	batch b;
	for (unsigned k = 0; k < 8; k++)
		b.add(packet_in(version_1, ipv4_udp, random));
	ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts));
}

// Where IPv6 shows ports that are 0, its flow label counts instead, with a tunnel around it and without.
TEST(FlowHashSimdTunnels, PortsThatAreZeroLeaveItToTheFlowLabel)
{
	constexpr std::size_t label = ethernet + 1, ports = ethernet + 40;
	random_packets random(27);
	const tunnel_kind none{"no tunnel", carries::frames, {}};
	for (const tunnel_kind &t : {none, tunnel_kinds[0]})
		for (const bool in_all : {false, true}) {
			batch b;
			for (unsigned k = 0; k < 8; k++) {
				bytes inner = ipv6_udp;
				inner[label + 1] = static_cast<std::uint8_t>(k);
				if (in_all || k == 3)
					std::fill_n(inner.begin() + ports, 4, std::uint8_t{0});
				b.add(through(t, inner));
			}
			ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << t.name;
		}
}

// Half a million packets: tunnels of one kind, mostly, with bytes changed where parsers look, in segments and cut off.
TEST(FlowHashSimdTunnels, RandomBurstsHashAsOneByOne)
{
	random_packets random(20261120);
	for (unsigned round = 0; round < 16000; round++) {
		batch b;
		const unsigned n = random.below(simd_batch + 1);
		const unsigned strangeness = random.below(4); // 0: nearly all alike
		const tunnel_kind &usual = tunnel_kinds[random.below(tunnel_kinds.size())];
		const std::vector<bytes> inner = inner_of(usual);
		const bytes &carried = inner[random.below(inner.size())];
		for (unsigned k = 0; k < n; k++) {
			bytes data = packet_in(usual, carried, random);
			if (random.below(16) < strangeness)
				data[12 + random.below(data.size() - 12)] = static_cast<std::uint8_t>(random.below(256));
			if (random.below(32) < strangeness)
				data.resize(random.below(data.size() + 1));
			b.add(data, random.below(32) < strangeness ? random.cuts(data.size()) : std::vector<std::size_t>{});
		}
		ASSERT_NO_FATAL_FAILURE(expect_equal_inside(b.pkts)) << "round " << round << ", " << usual.name;
	}
}

} // namespace
} // namespace braid
