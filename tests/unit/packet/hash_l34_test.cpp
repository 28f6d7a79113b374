/* SPDX-License-Identifier: BSD-3-Clause */
// l34: a flow keeps its way whatever its packets carry beside addresses and ports, and so does a datagram in fragments.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

using enum hash_policy;

TEST(FlowHashL34, MacsDoNotCountForIp)
{
	const bytes other_macs{0x02, 0, 0, 0, 0, 0x77, 0x02, 0, 0, 0, 0, 0x78};
	for (const bytes &data : {ipv4_tcp, ipv4_icmp, ipv6_udp}) {
		const bytes moved = join({other_macs, {data.begin() + 12, data.end()}});
		EXPECT_EQ(hash(l34, moved), hash(l34, data));
	}
}

TEST(FlowHashL34, TheProtocolCounts)
{
	const bytes udp = with_byte(ipv4_tcp, ethernet + 9, 17);
	const bytes sctp = with_byte(ipv4_tcp, ethernet + 9, 132);
	EXPECT_NE(hash(l34, ipv4_tcp), hash(l34, udp));
	EXPECT_NE(hash(l34, sctp), hash(l34, udp));
	EXPECT_EQ(hash(l23, ipv4_tcp), hash(l23, udp));
}

// Mistake 21: a pure TCP ACK was not hashed by its ports.
TEST(FlowHashL34, PureAckGoesWithItsFlow)
{
	const bytes data_segment = join({ipv4_tcp, bytes(1000, 0x55)});
	EXPECT_EQ(hash(l34, ipv4_tcp), hash(l34, data_segment));
	EXPECT_NE(hash(l34, ipv4_tcp), hash(l34, with_byte(ipv4_tcp, ethernet + 21, 0x93)));
	EXPECT_NE(hash(l34, ipv6_tcp), hash(l34, with_byte(ipv6_tcp, ethernet + 41, 0x93)));
}

// Mistake 21: UDP without payload missed its ports.
TEST(FlowHashL34, EmptyUdpGoesWithItsFlow)
{
	const bytes with_payload = with_byte(join({ipv4_udp, {1, 2, 3}}), ethernet + 25, 11);
	EXPECT_EQ(hash(l34, ipv4_udp), hash(l34, with_payload));
	EXPECT_NE(hash(l34, ipv4_udp), hash(l34, with_byte(ipv4_udp, ethernet + 23, 0xbc)));
	EXPECT_NE(hash(l34, ipv6_udp), hash(l34, with_byte(ipv6_udp, ethernet + 43, 0xbc)));
}

// Mistake 21: fragments were reordered, since the first one has ports and the others have not.
TEST(FlowHashL34, AllFragmentsOfADatagramGoTheSameWay)
{
	const bytes first = with_byte(ipv4_udp, ethernet + 6, 0x20);
	const bytes middle = join({prefix(with_byte(first, ethernet + 7, 0xb9), ethernet + 20), bytes(1480, 0x11)});
	const bytes last = join({with_byte(prefix(middle, ethernet + 20), ethernet + 6, 0x01), {0x22}});
	EXPECT_EQ(hash(l34, first), hash(l34, middle));
	EXPECT_EQ(hash(l34, first), hash(l34, last));
	EXPECT_NE(hash(l34, first), hash(l34, ipv4_udp));
	EXPECT_NE(hash(l34, first), hash(l34, with_byte(first, ethernet + 12, 11)));
}

TEST(FlowHashL34, FragmentsWithOptionsInTheFirstOnlyGoTheSameWay)
{
	const bytes first = with_byte(ipv4_options_tcp, ethernet + 6, 0x20);
	const bytes last = join({prefix(with_byte(ipv4_tcp, ethernet + 6, 0x01), ethernet + 20), {0x33, 0x44}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
}

TEST(FlowHashL34, AllIpv6FragmentsOfADatagramGoTheSameWay)
{
	const bytes header = prefix(ipv6_fragment, ethernet + 40);
	const bytes first = ipv6_fragment;
	const bytes last = join({header, {17, 0, 0x05, 0xb0, 0, 0, 0, 7}, {0x99, 0x98}});
	// RFC 8200 lets the next header of later fragments differ.
	const bytes last_otherwise = join({header, {59, 0, 0x05, 0xb0, 0, 0, 0, 7}, {0x99, 0x98}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
	EXPECT_EQ(hash(l34, first), hash(l34, last_otherwise));
	EXPECT_NE(hash(l34, first), hash(l34, ipv6_udp));
}

// Mistake 21: "don't fragment" was taken for a fragment.
TEST(FlowHashL34, DontFragmentIsNoFragment)
{
	const bytes without = with_byte(ipv4_tcp, ethernet + 6, 0x00);
	const bytes with = with_byte(ipv4_tcp, ethernet + 6, 0x40);
	EXPECT_EQ(hash(l34, with), hash(l34, without));
	EXPECT_NE(hash(l34, with), hash(l34, with_byte(with, ethernet + 21, 0x93)));
}

// Mistake 21: IPv4 options were read as ports.
TEST(FlowHashL34, OptionsDoNotMoveAFlow)
{
	EXPECT_EQ(hash(l34, ipv4_options_tcp), hash(l34, ipv4_tcp));
	EXPECT_EQ(hash(l23, ipv4_options_tcp), hash(l23, ipv4_tcp));
}

TEST(FlowHashL34, ExtensionHeadersDoNotMoveAFlow) { EXPECT_EQ(hash(l34, ipv6_extensions_tcp), hash(l34, ipv6_tcp)); }

} // namespace
} // namespace braid
