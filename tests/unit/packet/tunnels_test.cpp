/* SPDX-License-Identifier: BSD-3-Clause */
// What encap23 and encap34 see of packets within packets. The hash speaks for the key: `hash(encap34, tunnel + packet) ==
// hash(l34, packet)` says that the packet inside was found and read.
#include "packet/tunnels.hpp"

#include "packet/hash.hpp"
#include "test_tunnels.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

using enum hash_policy;

template <hash_policy P> std::uint32_t hash(const bytes &data)
{
	const test_packet packet(data);
	return flow_hash<P>(*packet, 0x5eed);
}

// Inner packets, as frames.
const bytes inner_packets[] = {ipv4_tcp, ipv4_udp,      ipv4_icmp,       ipv4_options_tcp, ipv6_tcp,
                               ipv6_udp, ipv6_fragment, ipv4_icmp_error, ipv6_icmp_error,  ipv6_extensions_tcp};

TEST(Tunnels, Encap34IsL34OfThePacketInside)
{
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : inner_packets)
			if (may_carry(t, inner)) {
				EXPECT_EQ(hash<encap34>(through(t, inner)), hash<l34>(inner)) << t.name;
				EXPECT_EQ(hash<encap34_sym>(through(t, inner)), hash<l34_sym>(inner)) << t.name;
			}
}

TEST(Tunnels, FramesInsideMayBeTagged)
{
	for (const tunnel_kind &t : tunnel_kinds)
		if (t.what == carries::frames) {
			EXPECT_EQ(hash<encap34>(through(t, tagged(ipv6_tcp, {0x8100}))), hash<l34>(ipv6_tcp)) << t.name;
			EXPECT_EQ(hash<encap34>(through(t, tagged(ipv4_udp, {0x88a8, 0x8100}))), hash<l34>(ipv4_udp));
		}
}

TEST(Tunnels, Encap23IsTheMacsOutsideAndTheAddressesInside)
{
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : {ipv4_tcp, ipv6_tcp}) {
			if (!may_carry(t, inner))
				continue;
			const std::uint32_t original = hash<encap23>(through(t, inner));
			const std::size_t address = ethernet + (inner[12] == 0x08 ? 12 : 8);
			const std::size_t port = inner.size() - 20;
			EXPECT_EQ(hash<encap23>(through(t, with_byte(inner, port, 0x11))), original) << t.name;
			EXPECT_NE(hash<encap23>(through(t, with_byte(inner, address, 0x11))), original) << t.name;
			EXPECT_NE(hash<encap23>(with_byte(through(t, inner), 5, 0x77)), original) << t.name;
			if (t.what == carries::frames) {
				EXPECT_EQ(hash<encap23>(through(t, with_byte(inner, 5, 0x77))), original) << t.name;
			}
		}
}

TEST(Tunnels, PoliciesWithoutEncapDoNotLookInside)
{
	for (const tunnel_kind &t : tunnel_kinds)
		for (const bytes &inner : inner_packets)
			if (may_carry(t, inner)) {
				EXPECT_EQ(hash<l34>(through(t, inner)), hash<l34>(through(t, join({inner, {1}})))) << t.name;
				EXPECT_EQ(hash<l34>(through(t, inner)), hash<l34>(join({t.head, bytes(100, 0x45)}))) << t.name;
			}
}

TEST(Tunnels, WithoutATunnelEncapIsAsItsNamesake)
{
	for (const packet_kind &kind : packet_kinds) {
		EXPECT_EQ(hash<encap34>(kind.data), hash<l34>(kind.data)) << kind.name;
		EXPECT_EQ(hash<encap23>(kind.data), hash<l23>(kind.data)) << kind.name;
		EXPECT_EQ(hash<encap34_sym>(kind.data), hash<l34_sym>(kind.data)) << kind.name;
		EXPECT_EQ(hash<encap23_sym>(kind.data), hash<l23_sym>(kind.data)) << kind.name;
	}
}

// The inner packet is cut at each length. Once its addresses are whole they count, before that the tunnel's own do: never
// anything in between.
TEST(Tunnels, ATruncatedInsideGoesByWhatIsWhole)
{
	for (const tunnel_kind &t : tunnel_kinds) {
		const bytes inner = t.what == carries::ipv6 ? ipv6_udp : ipv4_udp;
		const std::size_t ip = ethernet + (t.what == carries::ipv6 ? 40 : 20);
		const std::size_t skipped = t.what == carries::frames ? 0 : ethernet;
		const std::uint32_t outside = hash<encap34>(t.head);
		const std::uint32_t addresses = hash<l34>(prefix(inner, ip));
		for (std::size_t length = skipped; length < inner.size(); length++) {
			const std::uint32_t expected = length < ip       ? outside
			                               : length < ip + 4 ? addresses
			                                                 : hash<l34>(inner);
			const bytes cut = join({t.head, {inner.begin() + static_cast<std::ptrdiff_t>(skipped),
			                                 inner.begin() + static_cast<std::ptrdiff_t>(length)}});
			EXPECT_EQ(hash<encap34>(cut), expected) << t.name << ", " << length;
		}
	}
}

// The head of the tunnel is cut: its own headers, as far as they go, and nothing beyond. (Without labels: +sym.)
TEST(Tunnels, ATruncatedHeadGoesByTheOuterHeaders)
{
	for (const tunnel_kind &t : tunnel_kinds)
		for (std::size_t length = 0; length <= t.head.size() && !t.nested; length++) {
			const bytes cut = prefix(t.head, length);
			EXPECT_EQ(hash<encap34_sym>(cut), hash<l34_sym>(cut)) << t.name << ", " << length;
			EXPECT_EQ(hash<encap23_sym>(cut), hash<l23_sym>(cut)) << t.name << ", " << length;
		}
}

TEST(Tunnels, FragmentsOfATunnelStayTogether)
{
	const bytes whole = through(tunnel_kinds[0], ipv4_tcp);
	const bytes first = with_byte(whole, ethernet + 6, 0x20);
	const bytes last = join({with_byte(prefix(whole, ethernet + 20), ethernet + 6, 0x01), {0x22, 0x33}});
	EXPECT_EQ(hash<encap34>(first), hash<encap34>(last));
	EXPECT_EQ(hash<encap23>(first), hash<encap23>(last));
	EXPECT_NE(hash<encap34>(first), hash<encap34>(whole));
}

TEST(Tunnels, FragmentsInsideATunnelStayTogether)
{
	for (const tunnel_kind &t : tunnel_kinds)
		if (may_carry(t, ipv4_udp)) {
			const bytes first = with_byte(ipv4_udp, ethernet + 6, 0x20);
			const bytes last = join({with_byte(prefix(first, ethernet + 20), ethernet + 6, 1), {9}});
			EXPECT_EQ(hash<encap34>(through(t, first)), hash<encap34>(through(t, last))) << t.name;
		}
}

TEST(Tunnels, WhatIsInsideAnInnerTunnelIsFoundUpToTheLimitOfLayers)
{
	for (unsigned layers = 1; layers <= max_layers + 3; layers++) {
		bytes packet = join({outer_macs, ipv4_type});
		for (unsigned i = 1; i < layers; i++)
			packet = join({packet, outer_ipv4(ipip)});
		packet = join({packet, without_ethernet(ipv4_tcp)});
		EXPECT_EQ(hash<encap34>(packet) == hash<l34>(ipv4_tcp), layers <= max_layers) << layers;
	}
}

// Not VXLAN without its flag, not GENEVE or GRE of another version, not GTP': the outer ports, or none, decide.
TEST(Tunnels, AnUnsoundHeaderHidesTheInside)
{
	struct row {
		const char *name;
		bytes head;
		unsigned protocol;
	};
	const auto vxlan = [](const bytes &header) { return over_ipv4(udp, {outer_udp(4789), header}); };
	const auto geneve = [](const bytes &header) { return over_ipv4(udp, {outer_udp(6081), header}); };
	const auto gtpu = [](const bytes &header) { return over_ipv4(udp, {outer_udp(2152), header}); };
	for (const row &r : {
		     row{"VXLAN without a network", vxlan(with_byte(vxlan_header, 0, 0xf7)), udp},
		     row{"GENEVE 1", geneve(with_byte(geneve_header(0x6558), 0, 0x40)), udp},
		     row{"GENEVE of ARP", geneve(geneve_header(0x0806)), udp},
		     row{"GTP'", gtpu(with_byte(gtpu_header(), 0, 0x20)), udp},
		     row{"GTP 2", gtpu(with_byte(gtpu_header(), 0, 0x50)), udp},
		     row{"another port", over_ipv4(udp, {outer_udp(4790), vxlan_header}), udp},
		     row{"GRE 1", over_ipv4(gre, {with_byte(gre_header(0x0800), 1, 1)}), gre},
		     row{"GRE with routing", over_ipv4(gre, {gre_header(0x0800, 0x40)}), gre},
	     }) {
		for (const bytes &inner : {ipv4_tcp, without_ethernet(ipv4_tcp)}) { // whichever it would carry
			const bytes packet = join({r.head, inner});
			EXPECT_EQ(hash<encap34>(packet), hash<l34>(packet)) << r.name;
			EXPECT_NE(hash<encap34>(packet), hash<l34>(ipv4_tcp)) << r.name;
		}
	}
}

TEST(Tunnels, GreOfAnotherVersionHidesTheInside)
{
	for (unsigned version = 1; version < 8; version++) {
		const bytes packet = join({over_ipv4(gre, {with_byte(gre_header(0x0800), 1, version)}), without_ethernet(ipv4_tcp)});
		EXPECT_EQ(hash<encap34>(packet), hash<l34>(packet)) << version;
	}
}

TEST(Tunnels, TheDestinationPortMakesATunnelAndTheSourcePortDoesNot)
{
	const bytes packet = join({over_ipv4(udp, {outer_udp(53, 4789), vxlan_header}), ipv4_tcp});
	EXPECT_EQ(hash<encap34>(packet), hash<l34>(packet));
}

// A frame without IP: the outer ports, in which VXLAN and GENEVE put what tells flows apart.
TEST(Tunnels, AnInsideThatIsNotIpGoesByTheOuterPorts)
{
	for (const unsigned port : {4789u, 6081u}) {
		const bytes header = port == 4789 ? vxlan_header : geneve_header(0x6558);
		const bytes one = join({over_ipv4(udp, {outer_udp(port, 50000), header}), arp});
		const bytes other = join({over_ipv4(udp, {outer_udp(port, 50001), header}), arp});
		EXPECT_EQ(hash<encap34>(one), hash<l34>(one));
		EXPECT_NE(hash<encap34>(one), hash<encap34>(other));
	}
}

TEST(Tunnels, GtpuWithoutIpInsideGoesByItsTeid)
{
	const auto packet = [](const bytes &header) { return over_ipv4(udp, {outer_udp(2152, 2152), header}); };
	for (const bytes &header : {
		     join({gtpu_header(), bytes(60, 0)}),                        // an Ethernet PDU session
		     gtpu_header({}, 0, 254),                                    // an end marker
		     gtpu_header({0, 0, 0, 0x85, 0, 0x10, 9, 0}, 4),             // an extension of no length
		     gtpu_header({0, 0, 0, 0x85, 9, 0x10, 9, 0}, 4),             // one that is cut short
		     gtpu_header({0, 0}, 2),                                     // optional fields cut short
		     gtpu_header(join({{0, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 0},
		                       without_ethernet(ipv4_tcp)}), 4),         // more extensions than are skipped
	     }) {
		const std::uint32_t original = hash<encap34>(packet(header));
		EXPECT_NE(hash<encap34>(packet(with_byte(header, 7, 0x77))), original);
		EXPECT_EQ(hash<encap34_sym>(packet(with_byte(header, 7, 0x77))), hash<encap34_sym>(packet(header)));
		EXPECT_EQ(hash<encap23>(packet(with_byte(header, 7, 0x77))), hash<encap23>(packet(header)));
	}
}

TEST(Tunnels, GtpuWithIpInsideDoesNotGoByItsTeid)
{
	const bytes packet = through({"", carries::ipv4, over_ipv4(udp, {outer_udp(2152), gtpu_header()})}, ipv4_tcp);
	EXPECT_EQ(hash<encap34>(with_byte(packet, ethernet + 20 + 8 + 7, 0x77)), hash<encap34>(packet));
}

TEST(Tunnels, GreWithoutIpInsideGoesByItsKey)
{
	const bytes keyed = over_ipv4(gre, {gre_header(0x88be, 0xb0), bytes(40, 0x11)});
	EXPECT_NE(hash<encap34>(with_byte(keyed, ethernet + 20 + 8 + 3, 0x56)), hash<encap34>(keyed));
	EXPECT_EQ(hash<encap34>(with_byte(keyed, ethernet + 20 + 12 + 3, 0x56)), hash<encap34>(keyed)) << "sequence number";
	EXPECT_EQ(hash<encap34>(with_byte(keyed, ethernet + 20 + 4, 0x56)), hash<encap34>(keyed)) << "checksum";
	EXPECT_EQ(hash<encap34_sym>(with_byte(keyed, ethernet + 20 + 8 + 3, 0x56)), hash<encap34_sym>(keyed));
	const bytes plain = over_ipv4(gre, {gre_header(0x88be), bytes(40, 0x11)});
	EXPECT_EQ(hash<encap34>(plain), hash<l34>(plain));
}

// ---- MPLS

bytes mpls(std::initializer_list<bytes> stack, const bytes &inside) { return join({over_mpls(stack), inside}); }

// RFC 6790: the indicator (7), then the entropy label, anywhere in the stack.
TEST(Mpls, TheEntropyLabelAloneDecides)
{
	const auto packet = [](unsigned transport, unsigned entropy, const bytes &inner) {
		return mpls({mpls_entry(transport), mpls_entry(7), mpls_entry(entropy), mpls_entry(500, true)},
		            without_ethernet(inner));
	};
	const std::uint32_t one = hash<encap34>(packet(1000, 0xabcde, ipv4_tcp));
	EXPECT_EQ(hash<encap34>(packet(1001, 0xabcde, ipv4_tcp)), one);
	EXPECT_EQ(hash<encap34>(packet(1000, 0xabcde, ipv6_udp)), one);
	EXPECT_NE(hash<encap34>(packet(1000, 0xabcdf, ipv4_tcp)), one);
	EXPECT_NE(hash<encap23>(packet(1000, 0xabcdf, ipv4_tcp)), hash<encap23>(packet(1000, 0xabcde, ipv4_tcp)));
	EXPECT_EQ(hash<encap34_sym>(packet(1000, 0xabcdf, ipv4_tcp)), hash<l34_sym>(ipv4_tcp)) << "belongs to one direction";
}

TEST(Mpls, TrafficClassAndTimeToLiveDoNotCount)
{
	const bytes packet = mpls({mpls_entry(1000), mpls_entry(7), mpls_entry(0xabcde, true)}, bytes(60, 0));
	for (const std::size_t entry : {0u, 8u}) {
		EXPECT_EQ(hash<encap34>(with_byte(packet, ethernet + entry + 3, 1)), hash<encap34>(packet));
		EXPECT_EQ(hash<encap34>(with_byte(packet, ethernet + entry + 2, packet[ethernet + entry + 2] ^ 0x0e)),
		          hash<encap34>(packet));
	}
}

TEST(Mpls, WithoutIpAllLabelsCountButTheSpecialOnes)
{
	const bytes pseudowire(64, 0); // its control word begins with 0
	const std::uint32_t one = hash<encap34>(mpls({mpls_entry(1000), mpls_entry(2000, true)}, pseudowire));
	EXPECT_NE(hash<encap34>(mpls({mpls_entry(1001), mpls_entry(2000, true)}, pseudowire)), one);
	EXPECT_NE(hash<encap34>(mpls({mpls_entry(1000), mpls_entry(2001, true)}, pseudowire)), one);
	EXPECT_NE(hash<encap34>(mpls({mpls_entry(2000), mpls_entry(1000, true)}, pseudowire)), one);
	EXPECT_EQ(hash<encap34>(mpls({mpls_entry(1), mpls_entry(1000), mpls_entry(2000, true)}, pseudowire)), one);
	EXPECT_EQ(hash<encap34>(mpls({mpls_entry(1000), mpls_entry(2000, true)}, bytes(200, 0x33))), one);
	EXPECT_EQ(hash<encap34_sym>(mpls({mpls_entry(1000, true)}, pseudowire)),
	          hash<encap34_sym>(mpls({mpls_entry(2000, true)}, pseudowire)));
}

TEST(Mpls, TheFirstSixteenLabelsAreTheSpecialOnes)
{
	const auto hash_behind = [](unsigned label) {
		return hash<encap34>(mpls({mpls_entry(label), mpls_entry(1000, true)}, bytes(64, 0)));
	};
	for (unsigned label = 0; label < 40; label++)
		if (label != 7) { // announces an entropy label
			EXPECT_EQ(hash_behind(label) == hash_behind(0), label < 16) << label;
		}
}

// A stack that says nothing leaves what was known before it.
TEST(Mpls, SpecialLabelsAloneDoNotHideTheKeyOfGre)
{
	const auto packet = [](std::uint8_t key) {
		return over_ipv4(gre, {{0x20, 0, 0x88, 0x47}, {0, 0, 0, key}, mpls_entry(0, true), bytes(40, 0)});
	};
	EXPECT_NE(hash<encap34>(packet(1)), hash<encap34>(packet(2)));
}

TEST(Mpls, AStackDeeperThanTheLimitOrCutShortGoesByTheLabelsRead)
{
	bytes deep = over_mpls({});
	for (unsigned n = 0; n < max_mpls_labels; n++)
		deep = join({deep, mpls_entry(1000 + n)});
	const bytes bottom = join({mpls_entry(5000, true), without_ethernet(ipv4_tcp)});
	EXPECT_EQ(hash<encap34>(join({deep, bottom})), hash<encap34>(deep));
	EXPECT_NE(hash<encap34>(deep), hash<encap34>(prefix(deep, deep.size() - 1)));
	EXPECT_EQ(hash<encap34>(prefix(deep, deep.size() - 3)), hash<encap34>(prefix(deep, deep.size() - 4)));
	EXPECT_EQ(hash<encap34>(over_mpls({})), hash<l2>(over_mpls({}))) << "no label at all";
}

TEST(Mpls, AnIndicatorWithoutAnEntropyLabelSaysNothing)
{
	const bytes cut = over_mpls({mpls_entry(1000), mpls_entry(7)});
	EXPECT_EQ(hash<encap34>(cut), hash<encap34>(over_mpls({mpls_entry(1000)})));
}

// ---- the flow label of IPv6

TEST(FlowLabel, StandsForPortsWhereThereAreNone)
{
	const auto esp = [](unsigned flow_label) { return over_ipv6(50, {bytes(60, 0x99)}, flow_label); };
	EXPECT_NE(hash<encap34>(esp(1)), hash<encap34>(esp(2)));
	EXPECT_NE(hash<encap34>(esp(0x80001)), hash<encap34>(esp(1)));
	EXPECT_EQ(hash<l34>(esp(1)), hash<l34>(esp(2)));
	EXPECT_EQ(hash<encap23>(esp(1)), hash<encap23>(esp(2)));
	EXPECT_EQ(hash<encap34_sym>(esp(1)), hash<encap34_sym>(esp(2))) << "belongs to one direction";
	const auto tcp = [](unsigned flow_label) { return over_ipv6(6, {ports, ack_after_ports}, flow_label); };
	EXPECT_EQ(hash<encap34>(tcp(1)), hash<encap34>(tcp(2)));
}

TEST(FlowLabel, FragmentsOfADatagramHaveTheSame)
{
	const bytes first = over_ipv6(44, {{17, 0, 0, 1, 0, 0, 0, 7}, ports}, 0x12345);
	const bytes last = over_ipv6(44, {{17, 0, 0x05, 0xb0, 0, 0, 0, 7}, {1, 2}}, 0x12345);
	EXPECT_EQ(hash<encap34>(first), hash<encap34>(last));
}

// The traffic class stands next to it.
TEST(FlowLabel, TheTrafficClassDoesNotCount)
{
	const bytes packet = over_ipv6(50, {bytes(60, 0x99)}, 0x12345);
	EXPECT_EQ(hash<encap34>(with_byte(packet, ethernet + 1, 0xf1)), hash<encap34>(packet));
	EXPECT_NE(hash<encap34>(with_byte(packet, ethernet + 1, 0x02)), hash<encap34>(packet));
}

TEST(FlowLabel, OfAQuotedPacketDoesNotCountSinceItsAnswersHaveAnother)
{
	const bytes about_esp = with_byte(ipv6_icmp_error, ethernet + 48 + 6, 50);
	EXPECT_EQ(hash<encap34>(with_byte(about_esp, ethernet + 48 + 3, 0x33)), hash<encap34>(about_esp));
}

} // namespace
} // namespace braid
