/* SPDX-License-Identifier: BSD-3-Clause */
// What a bond offers is what all its members can do, and what it was configured with is asked of those that join.
#include "settings_view.hpp"

namespace braid {
namespace {

class Capabilities : public mbuf_accounting {};

// Mistake 7: an offload query without an active member (95c90e4ad89d).
TEST_F(Capabilities, OfAnEmptyBondAreWhatCanBeOffered)
{
	test_bond bond("mode=active-backup");
	const rte_eth_dev_info info = info_of(bond.port());
	EXPECT_GE(info.max_rx_queues, 16);
	EXPECT_GE(info.max_tx_queues, 16);
	EXPECT_EQ(info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM, RTE_ETH_TX_OFFLOAD_IPV4_CKSUM);
	EXPECT_EQ(info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM, RTE_ETH_RX_OFFLOAD_CHECKSUM);
	EXPECT_EQ(info.flow_type_rss_offloads & RTE_ETH_RSS_IP, RTE_ETH_RSS_IP);
	EXPECT_EQ(info.reta_size, 128);
	EXPECT_EQ(info.hash_key_size, 40);
	EXPECT_GE(info.max_mtu, 9000);
	EXPECT_STREQ(info.driver_name, "net_braid");
}

TEST_F(Capabilities, AreTheIntersectionOverMembers)
{
	constexpr std::uint64_t both_rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, both_tx = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	fake_port a({.max_rx_queues = 4,
	             .max_tx_queues = 6,
	             .min_descriptors = 32,
	             .rx_offload_capa = both_rx | RTE_ETH_RX_OFFLOAD_TCP_LRO,
	             .tx_offload_capa = both_tx | RTE_ETH_TX_OFFLOAD_TCP_TSO,
	             .reta_size = 256,
	             .hash_key_size = 52,
	             .flow_type_rss_offloads = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP});
	fake_port b({.max_rx_queues = 5,
	             .max_tx_queues = 3,
	             .min_descriptors = 64,
	             .rx_offload_capa = both_rx | RTE_ETH_RX_OFFLOAD_VLAN_STRIP,
	             .tx_offload_capa = both_tx | RTE_ETH_TX_OFFLOAD_VLAN_INSERT,
	             .reta_size = 128,
	             .hash_key_size = 40,
	             .flow_type_rss_offloads = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP});
	test_bond bond("balance", {&a, &b});
	rte_eth_dev_info info = info_of(bond.port());
	EXPECT_EQ(info.max_rx_queues, 4);
	EXPECT_EQ(info.max_tx_queues, 3);
	EXPECT_EQ(info.rx_offload_capa, both_rx);
	EXPECT_EQ(info.tx_offload_capa, both_tx);
	EXPECT_EQ(info.reta_size, 128);
	EXPECT_EQ(info.hash_key_size, 40);
	EXPECT_EQ(info.flow_type_rss_offloads, RTE_ETH_RSS_IP);
	EXPECT_EQ(info.rx_desc_lim.nb_min, 64);
	EXPECT_EQ(info.rx_desc_lim.nb_max, 4096);
	EXPECT_EQ(info.rx_desc_lim.nb_align, 8);
	ASSERT_EQ(bond.remove(b.name()), 0);
	info = info_of(bond.port());
	EXPECT_EQ(info.max_tx_queues, 6);
	EXPECT_EQ(info.tx_offload_capa, both_tx | RTE_ETH_TX_OFFLOAD_TCP_TSO);
	EXPECT_EQ(info.reta_size, 256);
}

TEST_F(Capabilities, WhatWasConfiguredIsAskedOfLaterMembers)
{
	fake_port lacks, has({.rx_offload_capa = RTE_ETH_RX_OFFLOAD_VLAN_STRIP,
	                      .tx_offload_capa = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM});
	test_bond bond;
	rte_eth_conf conf{};
	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	ASSERT_EQ(bond.bring_up(1, conf), 0);
	EXPECT_EQ(bond.add(lacks.name()), -ENOTSUP);
	EXPECT_EQ(std::string(braid_error_text()),
	          lacks.name() + ": it lacks the transmit offload IPV4_CKSUM, which the bond is configured with");
	EXPECT_EQ(lacks.count(fake_op::configure), 0u);
	ASSERT_EQ(bond.add(has.name()), 0);
	EXPECT_EQ(has.tx_offloads(), RTE_ETH_TX_OFFLOAD_IPV4_CKSUM);
	ASSERT_EQ(bond.remove(has.name()), 0);
	EXPECT_NE(info_of(bond.port()).tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM, 0u) << "it is in use";

	ASSERT_EQ(bond.stop(), 0);
	conf = {};
	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	ASSERT_EQ(bond.bring_up(1, conf), 0);
	EXPECT_EQ(bond.add(lacks.name()), -ENOTSUP);
	EXPECT_NE(std::string(braid_error_text()).find("receive offload VLAN_STRIP"), std::string::npos);
	EXPECT_EQ(bond.add(has.name()), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.add(lacks.name()), 0) << "nothing is asked any more";
}

// Mistake 16: FAST_FREE with shared mbufs (18c41457cb).
TEST_F(Capabilities, FastFreeAndBroadcastExcludeEachOther)
{
	constexpr std::uint64_t fast = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	fake_port a({.tx_offload_capa = fast}), b({.tx_offload_capa = fast});
	test_bond bond("round-robin", {&a, &b});
	ASSERT_EQ(info_of(bond.port()).tx_offload_capa, fast);
	rte_eth_conf conf{};
	conf.txmode.offloads = fast;
	ASSERT_EQ(bond.bring_up(1, conf), 0);
	EXPECT_EQ(a.tx_offloads(), fast);
	EXPECT_EQ(bond.mode(BRAID_MODE_BROADCAST), -EBUSY);
	EXPECT_NE(std::string(braid_error_text()).find("member " + a.name() + " runs with MBUF_FAST_FREE"),
	          std::string::npos)
		<< braid_error_text();
	EXPECT_EQ(bond.info().mode, BRAID_MODE_ROUND_ROBIN);
	EXPECT_EQ(bond.send(make_burst(8)), 8);

	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(a.tx_offloads(), 0u);
	ASSERT_EQ(bond.mode(BRAID_MODE_BROADCAST), 0);
	EXPECT_EQ(info_of(bond.port()).tx_offload_capa & fast, 0u);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(a.violations() + b.violations(), 0u);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	EXPECT_EQ(info_of(bond.port()).tx_offload_capa, fast);
}

TEST_F(Capabilities, FastFreeIsOfferedAgainWhenBroadcastIsLeft)
{
	constexpr std::uint64_t fast = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	fake_port a({.tx_offload_capa = fast});
	test_bond bond("broadcast", {&a});
	EXPECT_EQ(info_of(bond.port()).tx_offload_capa, 0u);
	ASSERT_EQ(bond.mode(BRAID_MODE_ROUND_ROBIN), 0);
	EXPECT_EQ(info_of(bond.port()).tx_offload_capa, fast);
	rte_eth_conf conf{};
	conf.txmode.offloads = fast;
	ASSERT_EQ(bond.configure(1, conf), 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_BROADCAST), 0) << "nothing runs with it";
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(a.tx_offloads(), 0u);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
}

TEST_F(Capabilities, SendingOnOneQueueFromSeveralThreadsIsNeverOffered)
{
	constexpr std::uint64_t lockfree = RTE_ETH_TX_OFFLOAD_MT_LOCKFREE, other = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	fake_port a({.tx_offload_capa = lockfree | other}), b({.tx_offload_capa = lockfree | other});
	test_bond empty({}, "net_braid1"), bond("round-robin", {&a, &b});
	EXPECT_EQ(info_of(bond.port()).tx_offload_capa, other);
	EXPECT_EQ(info_of(empty.port()).tx_offload_capa & lockfree, 0u);
}

TEST_F(Capabilities, PacketTypesAreThoseThatAllMembersKnow)
{
	fake_port knows, knows_too, knows_none({.absent = {fake_op::ptypes_get}});
	test_bond bond("round-robin", {&knows, &knows_too});
	std::uint32_t types[16];
	EXPECT_EQ(rte_eth_dev_get_supported_ptypes(bond.port(), RTE_PTYPE_ALL_MASK, types, 16), 5);
	EXPECT_EQ(types[0], std::uint32_t{RTE_PTYPE_L2_ETHER});
	ASSERT_EQ(bond.add(knows_none.name()), 0);
	EXPECT_EQ(rte_eth_dev_get_supported_ptypes(bond.port(), RTE_PTYPE_ALL_MASK, types, 16), 0);
	ASSERT_EQ(bond.remove(knows_none.name()), 0);
	EXPECT_EQ(rte_eth_dev_get_supported_ptypes(bond.port(), RTE_PTYPE_L4_MASK, types, 16), 2);
}

} // namespace
} // namespace braid
