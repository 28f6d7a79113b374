/* SPDX-License-Identifier: BSD-3-Clause */
// vlan+srcmac: the source and the outermost VLAN, wherever the tag is.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

namespace braid {
namespace {

using enum hash_policy;

TEST(FlowHashVlanSrcmac, SourceAndOutermostVlanCountAndNothingElse)
{
	const bytes packet = tagged(ipv4_tcp, {0x88a8, 0x8100}); // VLAN 5 in 5
	const std::uint32_t original = hash(vlan_srcmac, packet);
	for (std::size_t bit = 0; bit < 8 * packet.size(); bit++) {
		const std::size_t offset = bit / 8;
		const bool structure = offset == 12 || offset == 13; // the type of the outermost tag
		const bool number = (offset == 14 && bit % 8 < 4) || offset == 15;
		const bool counts = (offset >= 6 && offset < 12) || number;
		if (!structure) {
			EXPECT_EQ(hash(vlan_srcmac, with_byte(packet, offset, packet[offset] ^ 1u << bit % 8)) != original, counts)
				<< offset;
		}
	}
	EXPECT_EQ(hash(vlan_srcmac, tagged(ipv4_tcp, {0x8100})), original) << "VLAN 5 by another type of tag";
	EXPECT_NE(hash(vlan_srcmac, ipv4_tcp), original);
}

// The NIC puts the tag in: what counts is what will be on the wire.
TEST(FlowHashVlanSrcmac, ATagThatTheNicInsertsCounts)
{
	test_packet one(ipv4_tcp);
	one.mbuf()->vlan_tci = 0xe005; // priority 7
	EXPECT_EQ(hash(vlan_srcmac, one), hash(vlan_srcmac, ipv4_tcp)) << "nobody asked for it";
	one.mbuf()->ol_flags |= RTE_MBUF_F_TX_VLAN;
	EXPECT_EQ(hash(vlan_srcmac, one), hash(vlan_srcmac, tagged(ipv4_tcp, {0x8100})));

	test_packet two(ipv4_tcp);
	two.mbuf()->vlan_tci_outer = 0xe005;
	two.mbuf()->vlan_tci = 77;
	two.mbuf()->ol_flags |= RTE_MBUF_F_TX_QINQ;
	EXPECT_EQ(hash(vlan_srcmac, two), hash(vlan_srcmac, tagged(ipv4_tcp, {0x88a8, 0x8100})));
}

TEST(FlowHashVlanSrcmac, ATagCutShortIsNone)
{
	const bytes packet = tagged(ipv4_tcp, {0x8100});
	for (std::size_t length = 14; length < 16; length++)
		EXPECT_EQ(hash(vlan_srcmac, prefix(packet, length)), hash(vlan_srcmac, ipv4_tcp)) << length;
}

} // namespace
} // namespace braid
