/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/sources.hpp"

#include "../packet/test_packet.hpp"
#include "announce/look_box.hpp"

#include <gtest/gtest.h>

#include <random>

namespace braid {
namespace {

const bytes broadcast_from_5{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x05};
const bytes arp_type{0x08, 0x06};

// 10.0.0.5 at 02:..:06 asks for 10.0.0.13: the claim is what counts, not who sends the frame.
const bytes arp_request = join({broadcast_from_5, arp_type, {0, 1, 8, 0, 6, 4, 0, 1}, {0x02, 0, 0, 0, 0, 0x06},
                                {10, 0, 0, 5}, {0, 0, 0, 0, 0, 0}, {10, 0, 0, 13}});

bytes icmpv6_packet(const bytes &message, std::uint8_t hop_limit = 255)
{
	return join({macs, ipv6_type,
	             {0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(message.size()), 58, hop_limit},
	             ipv6_addresses, message});
}
const bytes target_7{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
const bytes target_option{2, 1, 0x02, 0, 0, 0, 0, 0x07};
const bytes source_option{1, 1, 0x02, 0, 0, 0, 0, 0x08};

std::optional<sighting> source_in(const bytes &data) { return source_of(*test_packet(data)); }

bytes changed(bytes data, std::size_t at, const bytes &to)
{
	std::copy(to.begin(), to.end(), data.begin() + static_cast<std::ptrdiff_t>(at));
	return data;
}

std::uint8_t last_of(const rte_ether_addr &mac) { return mac.addr_bytes[5]; }

TEST(SourceOf, AnArpRequestClaimsItsSender)
{
	const auto found = source_in(arp_request);
	ASSERT_TRUE(found);
	EXPECT_EQ(found->ip, (ip_address{4, {10, 0, 0, 5}}));
	EXPECT_EQ(last_of(found->mac), 6);
	EXPECT_EQ(found->how, evidence::claimed);
	EXPECT_EQ(found->tags.count, 0);
	EXPECT_TRUE(source_in(changed(arp_request, 21, {2}))) << "so does a reply";
}

TEST(SourceOf, AnArpPacketThatClaimsNothingShowsNothing)
{
	EXPECT_FALSE(source_in(changed(arp_request, 28, {0, 0, 0, 0}))) << "a probe";
	EXPECT_FALSE(source_in(changed(arp_request, 21, {3}))) << "reverse ARP";
	EXPECT_FALSE(source_in(changed(arp_request, 14, {0, 6}))) << "another hardware";
	EXPECT_FALSE(source_in(changed(arp_request, 16, {0x86, 0xdd}))) << "another protocol";
	EXPECT_FALSE(source_in(changed(arp_request, 18, {8}))) << "longer hardware addresses";
	EXPECT_FALSE(source_in(changed(arp_request, 19, {16}))) << "longer protocol addresses";
	EXPECT_FALSE(source_in(changed(arp_request, 22, {0x01}))) << "a group's MAC address";
	EXPECT_FALSE(source_in(changed(arp_request, 22, {0, 0, 0, 0, 0, 0}))) << "no MAC address";
}

TEST(SourceOf, AnIpPacketThatBeginsItsWayShowsItsSource)
{
	for (std::uint8_t hops : {64, 128, 255}) {
		const auto four = source_in(changed(ipv4_udp, 22, {hops}));
		ASSERT_TRUE(four);
		EXPECT_EQ(four->ip, (ip_address{4, {10, 0, 0, 5}}));
		EXPECT_EQ(last_of(four->mac), 5);
		EXPECT_EQ(four->how, evidence::seen);
		const auto six = source_in(changed(ipv6_udp, 21, {hops}));
		ASSERT_TRUE(six);
		EXPECT_EQ(six->ip, (ip_address{6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}}));
		EXPECT_EQ(six->how, evidence::seen);
		EXPECT_EQ(six->router, router_flag::unknown);
	}
}

TEST(SourceOf, AForwardedPacketShowsNothing)
{
	for (unsigned hops = 0; hops < 256; hops++) {
		const bool initial = hops == 64 || hops == 128 || hops == 255;
		EXPECT_EQ(source_in(changed(ipv4_udp, 22, {static_cast<std::uint8_t>(hops)})).has_value(), initial) << hops;
		EXPECT_EQ(source_in(changed(ipv6_udp, 21, {static_cast<std::uint8_t>(hops)})).has_value(), initial) << hops;
	}
}

TEST(SourceOf, OnlyAddressesOfHostsAreShown)
{
	const struct {
		bytes ip;
		bool shown;
	} v4[] = {{{0, 0, 0, 0}, false},   {{0, 1, 2, 3}, false},     {{127, 0, 0, 1}, false}, {{224, 0, 0, 1}, false},
	          {{240, 0, 0, 1}, false}, {{255, 255, 255, 255}, false}, {{169, 254, 1, 1}, true}, {{192, 0, 2, 1}, true},
	          {{223, 255, 255, 1}, true}};
	for (const auto &row : v4) {
		EXPECT_EQ(source_in(changed(ipv4_udp, 26, row.ip)).has_value(), row.shown) << +row.ip[0];
		EXPECT_EQ(source_in(changed(arp_request, 28, row.ip)).has_value(), row.shown) << +row.ip[0];
	}
	const struct {
		bytes ip;
		bool shown;
	} v6[] = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
	          {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
	          {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 5}, false},
	          {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
	          {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, true},
	          {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, true}};
	for (const auto &row : v6)
		EXPECT_EQ(source_in(changed(ipv6_udp, 22, row.ip)).has_value(), row.shown) << +row.ip[0];
}

TEST(SourceOf, TheSourceMacIsOneThatAHostCanHave)
{
	EXPECT_FALSE(source_in(changed(ipv4_udp, 6, {0, 0, 0, 0, 0, 0})));
	EXPECT_FALSE(source_in(changed(ipv4_udp, 6, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff})));
	EXPECT_FALSE(source_in(changed(ipv4_udp, 6, {0x03})));
}

TEST(SourceOf, ANeighbourAdvertisementClaimsItsTarget)
{
	const auto found = source_in(icmpv6_packet(join({{136, 0, 0, 0, 0xa0, 0, 0, 0}, target_7, target_option})));
	ASSERT_TRUE(found);
	EXPECT_EQ(found->ip.bytes[0], 0xfe);
	EXPECT_EQ(found->ip.bytes[15], 7);
	EXPECT_EQ(last_of(found->mac), 7);
	EXPECT_EQ(found->how, evidence::claimed);
	EXPECT_EQ(found->router, router_flag::yes);

	const auto host = source_in(icmpv6_packet(join({{136, 0, 0, 0, 0x60, 0, 0, 0}, target_7})));
	ASSERT_TRUE(host);
	EXPECT_EQ(last_of(host->mac), 5) << "without the option the frame's source";
	EXPECT_EQ(host->router, router_flag::no);
}

TEST(SourceOf, ANeighbourSolicitationWithALinkLayerAddressClaimsItsSource)
{
	// Behind an option that is not looked for.
	const bytes nonce{14, 1, 1, 2, 3, 4, 5, 6};
	const auto found = source_in(icmpv6_packet(join({{135, 0, 0, 0, 0, 0, 0, 0}, target_7, nonce, source_option})));
	ASSERT_TRUE(found);
	EXPECT_EQ(found->ip.bytes[15], 5);
	EXPECT_EQ(last_of(found->mac), 8);
	EXPECT_EQ(found->how, evidence::claimed);
	EXPECT_EQ(found->router, router_flag::unknown);

	const auto without = source_in(icmpv6_packet(join({{135, 0, 0, 0, 0, 0, 0, 0}, target_7})));
	ASSERT_TRUE(without);
	EXPECT_EQ(without->how, evidence::seen);
}

TEST(SourceOf, ARouterAdvertisementShowsARouter)
{
	const auto found = source_in(icmpv6_packet({134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}));
	ASSERT_TRUE(found);
	EXPECT_EQ(found->router, router_flag::yes);
	EXPECT_EQ(found->how, evidence::claimed);
}

TEST(SourceOf, NeighbourDiscoveryThatARouterCouldHavePassedOnClaimsNothing)
{
	const bytes advertisement = join({{136, 0, 0, 0, 0xa0, 0, 0, 0}, target_7, target_option});
	EXPECT_FALSE(source_in(icmpv6_packet(advertisement, 254)));
	const auto from_64 = source_in(icmpv6_packet(advertisement, 64));
	ASSERT_TRUE(from_64);
	EXPECT_EQ(from_64->how, evidence::seen);
	EXPECT_EQ(from_64->ip.bytes[15], 5);
	const auto bad_code = source_in(icmpv6_packet(changed(advertisement, 1, {1})));
	ASSERT_TRUE(bad_code);
	EXPECT_EQ(bad_code->how, evidence::seen);
}

TEST(SourceOf, AnOptionWithoutLengthEndsTheList)
{
	const auto found = source_in(icmpv6_packet(
		join({{135, 0, 0, 0, 0, 0, 0, 0}, target_7, {14, 0, 1, 2, 3, 4, 5, 6}, source_option})));
	ASSERT_TRUE(found);
	EXPECT_EQ(found->how, evidence::seen);
}

TEST(SourceOf, TagsInTheFrameAndTagsToBeInsertedAreOne)
{
	const bytes payload(ipv4_udp.begin() + 12, ipv4_udp.end());
	test_packet tagged(join({macs, {0x88, 0xa8, 0xe0, 0x64, 0x81, 0x00, 0x00, 0x07}, payload}));
	const auto inside = source_of(*tagged);
	ASSERT_TRUE(inside);
	const vlan_tags expected{{{{0x88a8, 100}, {0x8100, 7}}}, 2};
	EXPECT_EQ(inside->tags, expected) << "without the priority";

	test_packet half(join({macs, {0x81, 0x00, 0x00, 0x07}, payload}));
	half.mbuf()->ol_flags = RTE_MBUF_F_TX_VLAN;
	half.mbuf()->vlan_tci = 100;
	const auto outside = source_of(*half);
	ASSERT_TRUE(outside);
	EXPECT_EQ(outside->tags, (vlan_tags{{{{0x8100, 100}, {0x8100, 7}}}, 2}));

	test_packet both(ipv4_udp);
	both.mbuf()->ol_flags = RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ;
	both.mbuf()->vlan_tci_outer = 100;
	both.mbuf()->vlan_tci = 7;
	const auto inserted = source_of(*both);
	ASSERT_TRUE(inserted);
	EXPECT_EQ(inserted->tags, expected);

	test_packet untouched(ipv4_udp);
	untouched.mbuf()->vlan_tci = 100;
	EXPECT_EQ(source_of(*untouched)->tags.count, 0) << "without the flag the field means nothing";
}

TEST(SourceOf, WhatStandsBehindAThirdTagIsNotLookedFor)
{
	const bytes payload(ipv4_udp.begin() + 12, ipv4_udp.end());
	const bytes tag{0x81, 0x00, 0x00, 0x07};
	EXPECT_FALSE(source_in(join({macs, tag, tag, tag, payload})));
	test_packet inserted(join({macs, tag, tag, payload}));
	inserted.mbuf()->ol_flags = RTE_MBUF_F_TX_VLAN;
	EXPECT_FALSE(source_of(*inserted));
}

// Of every packet each prefix, whole and cut in two at each place: reads nothing beyond it (AddressSanitizer would see it),
// and a packet in segments shows what it shows in one piece.
TEST(SourceOf, TruncatedAndSegmentedPacketsAreReadAsFarAsTheyGo)
{
	const bytes packets[] = {arp_request, ipv4_udp, ipv4_options_tcp, ipv6_udp, ipv6_extensions_tcp,
	                         icmpv6_packet(join({{136, 0, 0, 0, 0xa0, 0, 0, 0}, target_7, target_option})),
	                         icmpv6_packet(join({{135, 0, 0, 0, 0, 0, 0, 0}, target_7, source_option}))};
	for (const bytes &whole : packets) {
		EXPECT_TRUE(source_in(whole));
		for (std::size_t length = 0; length <= whole.size(); length++) {
			const bytes part = prefix(whole, length);
			const auto in_one = source_in(part);
			for (std::size_t cut = 0; cut <= length; cut++) {
				const auto in_two = source_of(*test_packet(part, {cut}));
				ASSERT_EQ(in_one.has_value(), in_two.has_value()) << length << " cut at " << cut;
				if (in_one) {
					ASSERT_EQ(in_one->ip, in_two->ip);
					ASSERT_EQ(in_one->how, in_two->how);
				}
			}
		}
		EXPECT_FALSE(source_in(prefix(whole, 33)));
	}
}

TEST(SourceOf, BytesAtRandomAreBorne)
{
	std::mt19937 random(3);
	unsigned shown = 0;
	const bytes starts[] = {arp_request, ipv4_udp, icmpv6_packet(join({{135, 0, 0, 0, 0, 0, 0, 0}, target_7, source_option}))};
	for (unsigned round = 0; round < 200'000; round++) {
		bytes data = starts[random() % std::size(starts)];
		for (unsigned flips = random() % 8; flips-- > 0;)
			data[random() % data.size()] = static_cast<std::uint8_t>(random());
		data.resize(random() % (data.size() + 1));
		shown += source_in(data).has_value();
	}
	EXPECT_GT(shown, 0u);
}

TEST(LookBox, HoldsTheSourcesOfTheFirstPacketsOfABurst)
{
	look_box box;
	std::vector<test_packet> packets;
	for (unsigned i = 0; i < 200; i++)
		packets.emplace_back(i % 2 == 0 ? arp_request : bytes{});
	std::vector<rte_mbuf *> burst;
	for (test_packet &p : packets)
		burst.push_back(p.mbuf());
	box.fill(burst);
	EXPECT_EQ(box.sources().size(), batch_size / 2);
	box.fill(std::span(burst).first(3));
	EXPECT_EQ(box.sources().size(), 2u) << "instead of what was in it";
	box.fill({});
	EXPECT_TRUE(box.sources().empty());
}

} // namespace
} // namespace braid
