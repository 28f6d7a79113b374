/* SPDX-License-Identifier: BSD-3-Clause */
// A fake port announces what its options say, and remembers what it was told, in order.
#include "bare_port.hpp"

#include <algorithm>
#include <array>

namespace braid {
namespace {

using lines = std::vector<std::string>;

class FakePortSettings : public mbuf_accounting {};

TEST_F(FakePortSettings, DiaryTellsChangesInOrderAndSetsReplaysApart)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	ASSERT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), 0);
	ASSERT_EQ(rte_eth_promiscuous_enable(port.port_id()), 0);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(port.history(),
	          (lines{"probe", "configure rx=1 tx=1", "rx_queue_setup 0 desc=64", "tx_queue_setup 0 desc=64",
	                 "start", "mtu_set 1400", "promiscuous_on", "stop"}));
	const auto calls = port.calls();
	EXPECT_TRUE(
		std::any_of(calls.begin(), calls.end(), [](auto &c) { return c.op == fake_op::mac_set && c.replay; }));
	for (std::size_t i = 1; i < calls.size(); i++)
		EXPECT_LT(calls[i - 1].order, calls[i].order);
	EXPECT_EQ(calls.back().thread, std::this_thread::get_id());
	port.clear_calls();
	EXPECT_TRUE(port.calls().empty());
	EXPECT_EQ(port.count(fake_op::start), 1u);
}

TEST_F(FakePortSettings, RemembersWhatItsHardwareWasTold)
{
	fake_options options;
	options.rx_offload_capa = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	fake_port port(options);
	rte_eth_conf conf = with_interrupts(false, false);
	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	conf.rxmode.mtu = 1600;
	ASSERT_EQ(bring_up(port, 2, conf), 0);
	const auto id = port.port_id();
	EXPECT_EQ(port.mtu(), 1600);
	EXPECT_EQ(port.rx_queues(), 2);
	EXPECT_EQ(port.rx_offloads(), RTE_ETH_RX_OFFLOAD_VLAN_FILTER);

	rte_ether_addr extra = {{0x02, 2, 2, 2, 2, 2}};
	ASSERT_EQ(rte_eth_dev_mac_addr_add(id, &extra, 0), 0);
	ASSERT_EQ(port.extra_macs().size(), 1u);
	EXPECT_TRUE(same(port.extra_macs()[0], extra));
	ASSERT_EQ(rte_eth_dev_mac_addr_remove(id, &extra), 0);
	EXPECT_TRUE(port.extra_macs().empty());
	EXPECT_EQ(port.history().back(), "mac_remove 02:02:02:02:02:02");

	std::array<rte_ether_addr, 2> groups = {{{{0x01, 0, 0x5e, 0, 0, 1}}, {{0x01, 0, 0x5e, 0, 0, 2}}}};
	ASSERT_EQ(rte_eth_dev_set_mc_addr_list(id, groups.data(), 2), 0);
	EXPECT_EQ(port.mc_addresses().size(), 2u);
	ASSERT_EQ(rte_eth_dev_vlan_filter(id, 100, 1), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(id, 7, 1), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(id, 100, 0), 0);
	EXPECT_EQ(port.vlans(), std::vector<std::uint16_t>{7});
	ASSERT_EQ(rte_eth_promiscuous_enable(id), 0);
	ASSERT_EQ(rte_eth_allmulticast_enable(id), 0);
	EXPECT_TRUE(port.promiscuous());
	EXPECT_TRUE(port.allmulticast());
}

TEST_F(FakePortSettings, KeepsHashKeyAndRedirectionTable)
{
	fake_port port;
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	ASSERT_EQ(bring_up(port, 4, conf), 0);
	const auto id = port.port_id();
	const auto initial = port.reta();
	ASSERT_EQ(initial.size(), 128u);
	EXPECT_EQ(initial[5], 5 % 4);

	std::vector<std::uint8_t> key(40, 0xab);
	rte_eth_rss_conf rss{};
	rss.rss_key = key.data();
	rss.rss_key_len = 40;
	rss.rss_hf = RTE_ETH_RSS_IPV4;
	ASSERT_EQ(rte_eth_dev_rss_hash_update(id, &rss), 0);
	EXPECT_EQ(port.rss_key(), key);
	std::vector<std::uint8_t> read(40);
	rss.rss_key = read.data();
	ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(id, &rss), 0);
	EXPECT_EQ(read, key);

	std::array<rte_eth_rss_reta_entry64, 2> table{};
	table[1].mask = 1;
	table[1].reta[0] = 3;
	ASSERT_EQ(rte_eth_dev_rss_reta_query(id, table.data(), 128), 0);
	EXPECT_EQ(table[1].reta[0], 64 % 4);
	table[1].reta[0] = 2;
	ASSERT_EQ(rte_eth_dev_rss_reta_update(id, table.data(), 128), 0);
	EXPECT_EQ(port.reta()[64], 2);
	EXPECT_EQ(port.reta()[65], 65 % 4);
	EXPECT_NE(rte_eth_dev_rss_reta_query(id, table.data(), 64), 0);
}

TEST_F(FakePortSettings, OpsThatAreAbsentAreNotSupported)
{
	fake_options options;
	options.absent = {fake_op::mac_set, fake_op::promiscuous_on, fake_op::mtu_set};
	const fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	rte_ether_addr mac = {{0x02, 3, 3, 3, 3, 3}};
	EXPECT_EQ(rte_eth_dev_default_mac_addr_set(port.port_id(), &mac), -ENOTSUP);
	EXPECT_EQ(rte_eth_promiscuous_enable(port.port_id()), -ENOTSUP);
	EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), -ENOTSUP);
	EXPECT_EQ(rte_eth_allmulticast_enable(port.port_id()), 0);
}

TEST_F(FakePortSettings, AnnouncesWhatItsOptionsSay)
{
	fake_options options;
	options.max_rx_queues = 3;
	options.max_tx_queues = 5;
	options.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	options.reta_size = 64;
	options.hash_key_size = 52;
	options.max_mtu = 2000;
	options.max_mac_addrs = 2;
	options.announces_lsc = true;
	options.announces_rmv = true;
	options.mtu_needs_stop = true;
	const fake_port port(options);
	rte_eth_dev_info info{};
	ASSERT_EQ(rte_eth_dev_info_get(port.port_id(), &info), 0);
	EXPECT_STREQ(info.driver_name, "net_fake");
	EXPECT_EQ(info.max_rx_queues, 3);
	EXPECT_EQ(info.max_tx_queues, 5);
	EXPECT_EQ(info.tx_offload_capa, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	EXPECT_EQ(info.reta_size, 64);
	EXPECT_EQ(info.hash_key_size, 52);
	EXPECT_EQ(info.max_mtu, 2000);
	EXPECT_NE(*info.dev_flags & RTE_ETH_DEV_INTR_LSC, 0u);
	EXPECT_NE(*info.dev_flags & RTE_ETH_DEV_INTR_RMV, 0u);
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), -EBUSY);
	rte_ether_addr mac = {{0x02, 4, 4, 4, 4, 4}};
	EXPECT_EQ(rte_eth_dev_mac_addr_add(port.port_id(), &mac, 0), 0);
	mac.addr_bytes[5] = 5;
	EXPECT_EQ(rte_eth_dev_mac_addr_add(port.port_id(), &mac, 0), -ENOSPC);
}

} // namespace
} // namespace braid
