/* SPDX-License-Identifier: BSD-3-Clause */
// Each op of a fake port fails when it is told to, and then works.
#include "bare_port.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace braid {
namespace {

using lines = std::vector<std::string>;

class FakePortFailures : public mbuf_accounting {};

struct failing_case {
	fake_op op;
	std::function<int(std::uint16_t port)> call; // on a started port
};

std::vector<failing_case> failing_cases()
{
	static rte_ether_addr mac = {{0x02, 6, 6, 6, 6, 6}};
	static std::array<rte_eth_rss_reta_entry64, 2> table{};
	static rte_eth_stats stats;
	static rte_eth_dev_info info;
	static std::array<rte_eth_xstat, 256> xstats;
	static std::array<rte_eth_xstat_name, 256> xnames;
	return {
		{fake_op::promiscuous_on, rte_eth_promiscuous_enable},
		{fake_op::promiscuous_off,
	         [](auto p) { return rte_eth_promiscuous_enable(p) + rte_eth_promiscuous_disable(p); }},
		{fake_op::allmulticast_on, rte_eth_allmulticast_enable},
		{fake_op::allmulticast_off,
	         [](auto p) { return rte_eth_allmulticast_enable(p) + rte_eth_allmulticast_disable(p); }},
		{fake_op::mac_set, [](auto p) { return rte_eth_dev_default_mac_addr_set(p, &mac); }},
		{fake_op::mac_add, [](auto p) { return rte_eth_dev_mac_addr_add(p, &mac, 0); }},
		{fake_op::mc_list, [](auto p) { return rte_eth_dev_set_mc_addr_list(p, &mac, 1); }},
		{fake_op::mtu_set, [](auto p) { return rte_eth_dev_set_mtu(p, 1400); }},
		{fake_op::vlan_filter, [](auto p) { return rte_eth_dev_vlan_filter(p, 5, 1); }},
		{fake_op::vlan_offload, [](auto p) { return rte_eth_dev_set_vlan_offload(p, 0); }},
		{fake_op::rss_hash_update,
	         [](auto p) {
			 rte_eth_rss_conf rss{};
			 return rte_eth_dev_rss_hash_update(p, &rss);
		 }},
		{fake_op::rss_hash_conf_get,
	         [](auto p) {
			 rte_eth_rss_conf rss{};
			 return rte_eth_dev_rss_hash_conf_get(p, &rss);
		 }},
		{fake_op::reta_update,
	         [](auto p) {
			 table[0].mask = 1;
			 return rte_eth_dev_rss_reta_update(p, table.data(), 128);
		 }},
		{fake_op::reta_query,
	         [](auto p) {
			 table[0].mask = 1;
			 return rte_eth_dev_rss_reta_query(p, table.data(), 128);
		 }},
		{fake_op::stats_get, [](auto p) { return rte_eth_stats_get(p, &stats); }},
		{fake_op::stats_reset, rte_eth_stats_reset},
		{fake_op::xstats_get,
	         [](auto p) { return std::min(0, rte_eth_xstats_get(p, xstats.data(), xstats.size())); }},
		{fake_op::xstats_names,
	         [](auto p) { return std::min(0, rte_eth_xstats_get_names(p, xnames.data(), xnames.size())); }},
		{fake_op::xstats_reset, rte_eth_xstats_reset},
		{fake_op::infos_get, [](auto p) { return rte_eth_dev_info_get(p, &info); }},
		{fake_op::link_up, rte_eth_dev_set_link_up},
		{fake_op::link_down, rte_eth_dev_set_link_down},
		{fake_op::stop, rte_eth_dev_stop},
	};
}

TEST_F(FakePortFailures, EachOpFailsOnceAsScriptedAndThenWorks)
{
	fake_options options;
	options.rx_offload_capa = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	for (const auto &c : failing_cases()) {
		SCOPED_TRACE(to_string(c.op));
		fake_port port(options);
		rte_eth_conf conf{};
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		ASSERT_EQ(bring_up(port, 1, conf), 0);
		port.fail(c.op, EDOM);
		EXPECT_EQ(c.call(port.port_id()), -EDOM);
		EXPECT_EQ(c.call(port.port_id()), 0);
	}
}

TEST_F(FakePortFailures, StepsOfBringingUpFailAsScripted)
{
	for (const auto op : {fake_op::configure, fake_op::rx_queue_setup, fake_op::tx_queue_setup, fake_op::start}) {
		SCOPED_TRACE(to_string(op));
		fake_port port;
		port.fail(op, ENOMEM);
		EXPECT_EQ(bring_up(port), -ENOMEM);
		EXPECT_FALSE(port.started());
		EXPECT_EQ(port.calls().back().op, op);
		EXPECT_EQ(port.calls().back().status, -ENOMEM);
		EXPECT_EQ(bring_up(port), 0);
	}
}

TEST_F(FakePortFailures, FailsOnTheNthCallOrAlways)
{
	fake_port port;
	port.fail(fake_op::rx_queue_setup, ENOSPC, 3);
	EXPECT_EQ(bring_up(port, 4), -ENOSPC);
	EXPECT_EQ(port.history().back(), "rx_queue_setup 2 desc=64");
	EXPECT_EQ(bring_up(port, 4), 0);

	port.fail(fake_op::mtu_set, EPERM, fake_port::always);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), -EPERM);
	EXPECT_EQ(port.mtu(), RTE_ETHER_MTU);
	port.heal(fake_op::mtu_set);
	EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), 0);
	EXPECT_EQ(port.mtu(), 1400);
}

TEST_F(FakePortFailures, FailsAtThePlacesItIsToldWhateverTheOp)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_TRUE(port.counted().empty()) << "nobody has asked for it";
	const auto change_all = [&] {
		return std::array{rte_eth_dev_set_mtu(port.port_id(), 1400), rte_eth_promiscuous_enable(port.port_id()),
		                  rte_eth_allmulticast_enable(port.port_id())};
	};
	port.count_calls();
	port.fail_at(2, EDOM); // ethdev asks for the limits first
	port.fail_at(4, ERANGE);
	EXPECT_EQ(change_all(), (std::array{-EDOM, 0, -ERANGE}));
	lines counted;
	for (const fake_call &call : port.counted())
		counted.push_back(std::string(to_string(call.op)) + " " + std::to_string(call.status));
	EXPECT_EQ(counted, (lines{"infos_get 0", "mtu_set -33", "promiscuous_on 0", "allmulticast_on -34"}));
	EXPECT_EQ(rte_eth_allmulticast_enable(port.port_id()), 0) << "once each";

	port.fail_at(7, EDOM);
	port.count_calls();
	EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1500), 0);
	EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), 0);
	EXPECT_EQ(port.counted().size(), 4u) << "and the script is forgotten";
}

TEST_F(FakePortFailures, PlugUnplugAndCloseFailAsScripted)
{
	fake_port port;
	port.fail(fake_op::remove, EBUSY);
	EXPECT_EQ(port.unplug(), -EBUSY);
	EXPECT_TRUE(port.present());
	port.fail(fake_op::probe, ENODEV);
	EXPECT_EQ(port.replug(), -ENODEV);
	EXPECT_FALSE(port.present());
	ASSERT_EQ(port.plug(), 0);
	port.fail(fake_op::close, EIO);
	EXPECT_EQ(rte_eth_dev_close(port.port_id()), -EIO);
	EXPECT_FALSE(port.present());
}

TEST_F(FakePortFailures, AFailedStopLeavesItRunning)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.fail(fake_op::stop, EIO);
	EXPECT_EQ(rte_eth_dev_stop(port.port_id()), -EIO);
	EXPECT_TRUE(port.started());
	EXPECT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_FALSE(port.started());
}

} // namespace
} // namespace braid
