/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/views.hpp"

#include "test_packet.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

// 4242 and 443 as they stand in `ports`.
std::uint32_t wire_ports() { return load<std::uint32_t>(reinterpret_cast<const std::byte *>(ports.data())); }

std::optional<ip_view> ip_of(const packet_bytes &packet)
{
	const auto frame = view_frame(packet);
	return frame ? view_ip(packet, *frame) : std::nullopt;
}

// What view_upper_layer() finds in a packet that carries IP.
upper_layer_view upper_of(const bytes &data)
{
	const test_packet packet(data);
	const packet_bytes view(*packet);
	const auto ip = ip_of(view);
	EXPECT_TRUE(ip);
	return ip ? view_upper_layer(view, *ip) : upper_layer_view{};
}

TEST(PacketBytes, ReadsInPlaceWhatStandsInTheFirstSegment)
{
	const test_packet packet({1, 2, 3, 4, 5, 6});
	std::array<std::byte, 2> scratch;
	const std::byte *at = packet_bytes(*packet).at(4, scratch);
	ASSERT_NE(at, nullptr);
	EXPECT_NE(at, scratch.data());
	EXPECT_EQ(at[0], std::byte{5});
	EXPECT_EQ(at[1], std::byte{6});
}

TEST(PacketBytes, PutsTogetherWhatSpansThreeSegmentsAndAnEmptyOne)
{
	const test_packet packet({1, 2, 3, 4, 5, 6}, {2, 2, 3});
	std::array<std::byte, 4> scratch;
	const std::byte *at = packet_bytes(*packet).at(1, scratch);
	ASSERT_NE(at, nullptr);
	for (unsigned i = 0; i < scratch.size(); i++)
		EXPECT_EQ(at[i], std::byte(i + 2));
}

TEST(PacketBytes, ReadsNothingThatIsNotWhollyThere)
{
	std::array<std::byte, 4> scratch;
	for (const test_packet &packet : {test_packet({1, 2, 3, 4, 5, 6}), test_packet({1, 2, 3, 4, 5, 6}, {3})}) {
		EXPECT_NE(packet_bytes(*packet).at(2, scratch), nullptr);
		EXPECT_EQ(packet_bytes(*packet).at(3, scratch), nullptr);
		EXPECT_EQ(packet_bytes(*packet).at(6, scratch), nullptr);
		EXPECT_EQ(packet_bytes(*packet).at(70000, scratch), nullptr);
	}
	EXPECT_EQ(packet_bytes(*test_packet({})).at(0, scratch), nullptr);
}

TEST(PacketBytes, DoesNotFollowNextBeyondTheCountOfSegments)
{
	test_packet packet({1, 2, 3, 4, 5, 6}, {3});
	packet.mbuf()->nb_segs = 1;
	std::array<std::byte, 4> scratch;
	EXPECT_EQ(packet_bytes(*packet).at(0, scratch), nullptr);
}

TEST(FrameView, UntaggedTaggedAndDoubleTaggedCarryTheSame)
{
	struct row {
		std::initializer_list<std::uint16_t> tags;
		std::size_t payload;
	};
	for (const row &r : {row{{}, 14}, row{{0x8100}, 18}, row{{0x88a8}, 18}, row{{0x9100}, 18},
	                     row{{0x88a8, 0x8100}, 22}, row{{0x8100, 0x8100}, 22}, row{{0x9100, 0x9100}, 22}}) {
		const test_packet packet(tagged(ipv6_tcp, r.tags));
		const auto frame = view_frame(packet_bytes(*packet));
		ASSERT_TRUE(frame);
		EXPECT_EQ(frame->type, 0x86dd);
		EXPECT_EQ(frame->payload, r.payload);
		EXPECT_EQ(std::memcmp(&frame->macs_head, macs.data(), 8), 0);
		EXPECT_EQ(std::memcmp(&frame->macs_tail, macs.data() + 8, 4), 0);
	}
}

TEST(FrameView, AThirdTagIsNotLookedBehind)
{
	const test_packet packet(tagged(ipv4_tcp, {0x88a8, 0x8100, 0x8100}));
	const packet_bytes view(*packet);
	const auto frame = view_frame(view);
	ASSERT_TRUE(frame);
	EXPECT_EQ(frame->type, 0x8100);
	EXPECT_FALSE(view_ip(view, *frame));
}

TEST(FrameView, ATagCutShortIsNotLookedBehind)
{
	for (std::size_t length = 14; length < 18; length++) {
		const test_packet packet(prefix(tagged(ipv4_tcp, {0x8100}), length));
		const auto frame = view_frame(packet_bytes(*packet));
		ASSERT_TRUE(frame);
		EXPECT_EQ(frame->type, 0x8100);
		EXPECT_EQ(frame->payload, 14u);
	}
}

TEST(FrameView, AFrameShorterThanItsHeaderIsNone)
{
	for (std::size_t length = 0; length < ethernet; length++)
		EXPECT_FALSE(view_frame(packet_bytes(*test_packet(prefix(ipv4_tcp, length))))) << length;
}

TEST(IpView, Ipv4WithOptionsPointsBehindThem)
{
	const test_packet packet(ipv4_options_tcp);
	const auto ip = ip_of(packet_bytes(*packet));
	ASSERT_TRUE(ip);
	EXPECT_EQ(ip->version, 4u);
	EXPECT_EQ(ip->protocol, 6);
	EXPECT_EQ(ip->payload, ethernet + 28);
	EXPECT_FALSE(ip->fragment);
	EXPECT_EQ(std::memcmp(ip->addresses.data(), ipv4_addresses.data(), 8), 0);
	EXPECT_EQ(ip->addresses[1], 0u);
}

TEST(IpView, Ipv6IsReadBehindItsTag)
{
	const test_packet packet(tagged(ipv6_tcp, {0x8100}));
	const auto ip = ip_of(packet_bytes(*packet));
	ASSERT_TRUE(ip);
	EXPECT_EQ(ip->version, 6u);
	EXPECT_EQ(ip->protocol, 6);
	EXPECT_EQ(ip->payload, ethernet + 4 + 40);
	EXPECT_EQ(std::memcmp(ip->addresses.data(), ipv6_addresses.data(), 32), 0);
}

TEST(IpView, AHeaderThatDeniesItsEtherTypeIsNone)
{
	for (const unsigned version_ihl : {0x00, 0x35, 0x55, 0x65, 0x40, 0x41, 0x42, 0x43, 0x44}) {
		bytes data = ipv4_tcp;
		data[ethernet] = static_cast<std::uint8_t>(version_ihl);
		EXPECT_FALSE(ip_of(packet_bytes(*test_packet(data)))) << std::hex << version_ihl;
	}
	for (const unsigned version : {0x00, 0x40, 0x50, 0x70}) {
		bytes data = ipv6_tcp;
		data[ethernet] = static_cast<std::uint8_t>(version);
		EXPECT_FALSE(ip_of(packet_bytes(*test_packet(data)))) << std::hex << version;
	}
}

TEST(IpView, AFixedHeaderCutShortIsNone)
{
	EXPECT_FALSE(ip_of(packet_bytes(*test_packet(prefix(ipv4_tcp, ethernet + 19)))));
	EXPECT_TRUE(ip_of(packet_bytes(*test_packet(prefix(ipv4_tcp, ethernet + 20)))));
	EXPECT_FALSE(ip_of(packet_bytes(*test_packet(prefix(ipv6_tcp, ethernet + 39)))));
	EXPECT_TRUE(ip_of(packet_bytes(*test_packet(prefix(ipv6_tcp, ethernet + 40)))));
}

TEST(IpView, FragmentIsMoreFragmentsOrAnOffsetButNotDontFragment)
{
	struct row {
		std::uint8_t high, low;
		bool fragment;
	};
	for (const row &r : {row{0x00, 0, false}, row{0x40, 0, false}, row{0x80, 0, false}, row{0x20, 0, true},
	                     row{0x00, 1, true}, row{0x1f, 0xff, true}, row{0x01, 0, true}, row{0x60, 0, true}}) {
		bytes data = ipv4_udp;
		data[ethernet + 6] = r.high;
		data[ethernet + 7] = r.low;
		const test_packet packet(data);
		const auto ip = ip_of(packet_bytes(*packet));
		ASSERT_TRUE(ip);
		EXPECT_EQ(ip->fragment, r.fragment) << std::hex << +r.high << ' ' << +r.low;
	}
}

TEST(UpperLayer, PortsOfTcpUdpAndSctpOnly)
{
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		bytes data = ipv4_tcp;
		data[ethernet + 9] = static_cast<std::uint8_t>(protocol);
		const auto upper = upper_of(data);
		const bool has = protocol == 6 || protocol == 17 || protocol == 132;
		EXPECT_EQ(upper.protocol, protocol);
		EXPECT_EQ(upper.ports, has ? wire_ports() : 0) << protocol;
	}
}

TEST(UpperLayer, PortsNeedOnlyTheirOwnFourBytes)
{
	EXPECT_EQ(upper_of(prefix(ipv4_tcp, ethernet + 20 + 4)).ports, wire_ports());
	EXPECT_EQ(upper_of(prefix(ipv4_tcp, ethernet + 20 + 3)).ports, 0u);
	EXPECT_EQ(upper_of(prefix(ipv4_options_tcp, ethernet + 28 + 4)).ports, wire_ports());
	EXPECT_EQ(upper_of(prefix(ipv4_options_tcp, ethernet + 28 + 3)).ports, 0u);
	EXPECT_EQ(upper_of(prefix(ipv6_udp, ethernet + 40 + 4)).ports, wire_ports());
	EXPECT_EQ(upper_of(prefix(ipv6_udp, ethernet + 40 + 3)).ports, 0u);
}

TEST(UpperLayer, SkipsHopByHopRoutingAndDestinationOptions)
{
	const auto upper = upper_of(ipv6_extensions_tcp);
	EXPECT_EQ(upper.protocol, 6);
	EXPECT_EQ(upper.ports, wire_ports());
}

TEST(UpperLayer, StopsAtAFragmentHeader)
{
	const auto upper = upper_of(ipv6_fragment);
	EXPECT_EQ(upper.protocol, 44);
	EXPECT_EQ(upper.ports, 0u);
}

TEST(UpperLayer, StopsAtAuthenticationAndNoNextHeader)
{
	for (const unsigned next : {50, 51, 58, 59, 255}) {
		bytes data = ipv6_tcp;
		data[ethernet + 6] = static_cast<std::uint8_t>(next);
		const auto upper = upper_of(data);
		EXPECT_EQ(upper.protocol, next);
		EXPECT_EQ(upper.ports, 0u);
	}
}

TEST(UpperLayer, Ipv4ProtocolsNumberedLikeExtensionsAreNotSkipped)
{
	for (const unsigned protocol : {0, 43, 60}) {
		bytes data = join({prefix(ipv4_tcp, ethernet + 20), {6, 0, 0, 0, 0, 0, 0, 0}, ports});
		data[ethernet + 9] = static_cast<std::uint8_t>(protocol);
		EXPECT_EQ(upper_of(data).ports, 0u) << protocol;
		EXPECT_EQ(upper_of(data).protocol, protocol);
	}
}

TEST(UpperLayer, TheChainOfExtensionsIsBounded)
{
	for (unsigned count = 1; count <= max_ipv6_extensions + 2; count++) {
		bytes data = prefix(ipv6_tcp, ethernet + 40);
		data[ethernet + 6] = 60;
		for (unsigned i = 1; i <= count; i++)
			data = join({data, {static_cast<std::uint8_t>(i == count ? 6 : 60), 0, 1, 4, 0, 0, 0, 0}});
		const auto upper = upper_of(join({data, ports}));
		const bool found = count <= max_ipv6_extensions;
		EXPECT_EQ(upper.ports, found ? wire_ports() : 0) << count;
		EXPECT_EQ(upper.protocol, found ? 6 : 60) << count;
	}
}

TEST(UpperLayer, AnExtensionThatClaimsMoreThanThereIsHasNoPortsBehindIt)
{
	bytes data = ipv6_extensions_tcp;
	data[ethernet + 40 + 1] = 255;
	EXPECT_EQ(upper_of(data).ports, 0u);
}

} // namespace
} // namespace braid
