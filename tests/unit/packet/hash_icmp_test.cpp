/* SPDX-License-Identifier: BSD-3-Clause */
// ICMP: an error goes the way of the flow that it quotes, all else by its addresses.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

using enum hash_policy;

TEST(FlowHashIcmp, IcmpGoesByAddresses)
{
	const bytes other_echo = with_byte(ipv4_icmp, ethernet + 20 + 5, 2);
	const bytes other_host = with_byte(ipv4_icmp, ethernet + 19, 14);
	EXPECT_EQ(hash(l34, ipv4_icmp), hash(l34, other_echo));
	EXPECT_NE(hash(l34, ipv4_icmp), hash(l34, other_host));
}

// The error's own bytes are followed by the packet that it quotes: see test_packet.hpp for who tells whom.
TEST(FlowHashIcmp, AnIcmpErrorGoesWithTheFlowThatItIsAbout)
{
	for (const hash_policy policy : {l23, l34}) {
		EXPECT_EQ(hash(policy, ipv4_icmp_error), hash(policy, ipv4_tcp));
		EXPECT_EQ(hash(policy, ipv6_icmp_error), hash(policy, ipv6_tcp));
		EXPECT_EQ(hash(policy, tagged(ipv4_icmp_error, {0x8100})), hash(policy, ipv4_tcp));
		EXPECT_NE(hash(policy, ipv4_icmp_error), hash(policy, with_byte(ipv4_icmp_error, ethernet + 28 + 15, 14)));
	}
	EXPECT_NE(hash(l34, ipv4_icmp_error), hash(l34, with_byte(ipv4_icmp_error, ethernet + 28 + 21, 0xbc)));
	EXPECT_NE(hash(l34, ipv6_icmp_error), hash(l34, with_byte(ipv6_icmp_error, ethernet + 48 + 41, 0xbc)));
}

TEST(FlowHashIcmp, OnlyTheErrorsOfIcmpQuoteAFlow)
{
	for (unsigned type = 0; type < 256; type++) {
		const bool v4 = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 20, type)) == hash(l34, ipv4_tcp), v4) << type;
		const bool v6 = type >= 1 && type <= 4;
		EXPECT_EQ(hash(l34, with_byte(ipv6_icmp_error, ethernet + 40, type)) == hash(l34, ipv6_tcp), v6) << type;
	}
}

TEST(FlowHashIcmp, AnIcmpErrorOfTheOtherVersionQuotesNothing)
{
	EXPECT_NE(hash(l34, with_byte(ipv4_icmp_error, ethernet + 9, 58)), hash(l34, ipv4_tcp));
	EXPECT_NE(hash(l34, with_byte(ipv6_icmp_error, ethernet + 6, 1)), hash(l34, ipv6_tcp));
}

TEST(FlowHashIcmp, AnIcmpErrorThatQuotesUnsoundlyGoesByItsOwnAddresses)
{
	const bytes echo = with_byte(ipv4_icmp_error, ethernet + 20, 8);
	EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 28, 0x44)), hash(l34, echo)) << "header of 16 bytes";
	EXPECT_EQ(hash(l34, with_byte(ipv4_icmp_error, ethernet + 28, 0x65)), hash(l34, echo)) << "version 6";
	for (std::size_t length = ethernet + 20; length < ethernet + 28 + 20; length++)
		EXPECT_EQ(hash(l34, prefix(ipv4_icmp_error, length)), hash(l34, echo)) << length;
}

TEST(FlowHashIcmp, AnIcmpErrorInFragmentsGoesByItsOwnAddresses)
{
	const bytes first = with_byte(ipv4_icmp_error, ethernet + 6, 0x20);
	const bytes last = join({with_byte(prefix(first, ethernet + 20), ethernet + 6, 0x01), {0x45, 0, 0, 0}});
	EXPECT_EQ(hash(l34, first), hash(l34, last));
}

// What was quoted is itself a fragment: the flow's fragments have no ports either.
TEST(FlowHashIcmp, AnIcmpErrorAboutAFragmentGoesWithTheFragments)
{
	const bytes about_fragment = with_byte(ipv4_icmp_error, ethernet + 28 + 6, 0x20);
	EXPECT_EQ(hash(l34, about_fragment), hash(l34, with_byte(ipv4_tcp, ethernet + 6, 0x20)));
}

// An error about an error is against the standard; it must not make the parser go on and on.
TEST(FlowHashIcmp, AnErrorQuotedInAnErrorIsNotLookedInto)
{
	const bytes quoted{ipv4_icmp_error.begin() + ethernet, ipv4_icmp_error.end()};
	const bytes nested = join({prefix(ipv4_icmp_error, ethernet + 28), quoted});
	const bytes icmp_back = join({prefix(ipv4_icmp, 26), {10, 0, 0, 13, 10, 0, 0, 1}, bytes(8, 0)});
	EXPECT_EQ(hash(l34, nested), hash(l34, icmp_back));
}

} // namespace
} // namespace braid
