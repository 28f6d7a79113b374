/* SPDX-License-Identifier: BSD-3-Clause */
// Zero members is legal in every mode and at every moment.
#include "test_bond.hpp"

namespace braid {
namespace {

class EmptySet : public mbuf_accounting, public testing::WithParamInterface<const char *> {};

INSTANTIATE_TEST_SUITE_P(EveryMode, EmptySet, testing::Values("round-robin", "active-backup", "balance", "broadcast"));

// Mistake 1: round-robin and load balancing divided by the count of an empty set.
TEST_P(EmptySet, ABondWithoutMembersStartsAndKeepsEveryPacketTheCallers)
{
	test_bond bond(std::string("mode=") + GetParam());
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(100, 0, 10);
	const std::vector<rte_mbuf *> before = packets;
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 100), 0);
	EXPECT_EQ(packets, before) << "what is not taken stays where it was";
	EXPECT_EQ(bond.receive(), 0);
	EXPECT_EQ(bond.xstat("tx_empty_set"), 100u);
	EXPECT_EQ(bond.xstat("tx_dropped"), 0u);
	EXPECT_FALSE(bond.link_up());
	rte_pktmbuf_free_bulk(packets.data(), 100);
}

TEST_P(EmptySet, DropsAndCountsIfAskedTo)
{
	test_bond bond(std::string("tx_empty=drop,mode=") + GetParam());
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(100)), 100);
	EXPECT_EQ(mbufs_in_use(), 0u);
	EXPECT_EQ(bond.xstat("tx_empty_set"), 100u);
	EXPECT_EQ(bond.xstat("tx_dropped"), 100u);
}

TEST_P(EmptySet, TheLastMemberLeavesAndANewOneCarriesOn)
{
	fake_port first, second;
	test_bond bond(GetParam(), {&first});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(bond.link_up());
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	ASSERT_EQ(bond.remove(first.name()), 0);
	EXPECT_FALSE(bond.link_up());
	EXPECT_EQ(bond.send(make_burst(10)), 0);
	ASSERT_EQ(bond.add(second.name()), 0);
	EXPECT_TRUE(bond.link_up());
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(first.tx_packets(), 10u);
	EXPECT_EQ(second.tx_packets(), 10u);
}

TEST_P(EmptySet, AllLinksDownIsAnEmptySet)
{
	fake_port first, second;
	test_bond bond(GetParam(), {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	first.set_link(false);
	second.set_link(false);
	ASSERT_TRUE(eventually([&] { return !bond.link_up(); }));
	EXPECT_EQ(bond.send(make_burst(10)), 0);
	second.set_link(true);
	ASSERT_TRUE(eventually([&] { return bond.link_up(); }));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second.tx_packets(), 10u);
}

} // namespace
} // namespace braid
