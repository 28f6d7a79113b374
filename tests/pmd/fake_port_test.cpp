/* SPDX-License-Identifier: BSD-3-Clause */
// The fake port is a witness in every other test, so here it is shown to see and to tell the truth.
#include "fake_port.hpp"
#include "harness.hpp"
#include "packet.hpp"

#include <gtest/gtest-spi.h>
#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <set>

namespace braid {
namespace {

using lines = std::vector<std::string>;

constexpr std::uint16_t descriptors = 64;

// Configures `queues` queues each way and starts. Returns the first failure.
int bring_up(const fake_port &port, std::uint16_t queues = 1, const rte_eth_conf &conf = {})
{
	const auto id = port.port_id();
	int status = rte_eth_dev_configure(id, queues, queues, &conf);
	for (std::uint16_t q = 0; q < queues && status == 0; q++) {
		status = rte_eth_rx_queue_setup(id, q, descriptors, SOCKET_ID_ANY, nullptr, eal_mempool());
		if (status == 0)
			status = rte_eth_tx_queue_setup(id, q, descriptors, SOCKET_ID_ANY, nullptr);
	}
	return status != 0 ? status : rte_eth_dev_start(id);
}

rte_eth_conf with_interrupts(bool lsc, bool rmv)
{
	rte_eth_conf conf{};
	conf.intr_conf.lsc = lsc;
	conf.intr_conf.rmv = rmv;
	return conf;
}

bool link_is_up(const fake_port &port)
{
	rte_eth_link link;
	std::memset(&link, 0, sizeof link);
	EXPECT_EQ(rte_eth_link_get_nowait(port.port_id(), &link), 0);
	return link.link_status == RTE_ETH_LINK_UP;
}

// Sends, and gives back to the pool what was refused. Returns what was accepted.
std::uint16_t send(const fake_port &port, std::vector<rte_mbuf *> packets, std::uint16_t queue = 0)
{
	const auto n = static_cast<std::uint16_t>(packets.size());
	const auto sent = rte_eth_tx_burst(port.port_id(), queue, packets.data(), n);
	packets.erase(packets.begin(), packets.begin() + sent);
	free_all(packets);
	return sent;
}

std::vector<rte_mbuf *> receive(const fake_port &port, std::uint16_t n, std::uint16_t queue = 0)
{
	std::vector<rte_mbuf *> packets(n);
	packets.resize(rte_eth_rx_burst(port.port_id(), queue, packets.data(), n));
	return packets;
}

// Counts the events of one kind on every port, from construction to destruction.
class event_counter {
public:
	explicit event_counter(rte_eth_event_type type) : type_(type)
	{
		rte_eth_dev_callback_register(RTE_ETH_ALL, type_, on_event, this);
	}
	~event_counter() { rte_eth_dev_callback_unregister(RTE_ETH_ALL, type_, on_event, this); }
	event_counter(const event_counter &) = delete;
	event_counter &operator=(const event_counter &) = delete;

	unsigned seen() const { return seen_.load(); }

private:
	static int on_event(std::uint16_t, rte_eth_event_type, void *self, void *)
	{
		static_cast<event_counter *>(self)->seen_.fetch_add(1);
		return 0;
	}

	rte_eth_event_type type_;
	std::atomic<unsigned> seen_{0};
};

bool same(const rte_ether_addr &a, const rte_ether_addr &b) { return rte_is_same_ether_addr(&a, &b) != 0; }

// Takes the one violation that is expected and says whether it speaks of `part`.
testing::AssertionResult one_violation(fake_port &port, const std::string &part)
{
	const auto texts = port.take_violations();
	if (texts.size() == 1 && texts[0].find(part) != std::string::npos)
		return testing::AssertionSuccess();
	auto result = testing::AssertionFailure() << texts.size() << " violations";
	for (const auto &text : texts)
		result << "\n" << text;
	return result;
}

class FakePort : public mbuf_accounting {};

TEST_F(FakePort, IsAPortWhileTheObjectLivesAgainAndAgain)
{
	const auto before = rte_eth_dev_count_avail();
	for (int i = 0; i < 50; i++) {
		const fake_port port;
		std::uint16_t id = RTE_MAX_ETHPORTS;
		ASSERT_EQ(rte_eth_dev_get_port_by_name(port.name().c_str(), &id), 0);
		EXPECT_EQ(id, port.port_id());
		EXPECT_EQ(rte_eth_dev_count_avail(), before + 1);
		ASSERT_EQ(bring_up(port), 0);
		EXPECT_TRUE(port.started());
	}
	EXPECT_EQ(rte_eth_dev_count_avail(), before);
}

TEST_F(FakePort, SeveralLiveSideBySideWithNamesAndMacsOfTheirOwn)
{
	std::vector<fake_port> ports;
	std::set<std::string> names;
	for (int i = 0; i < 8; i++) {
		ports.emplace_back();
		names.insert(ports.back().name());
	}
	EXPECT_EQ(names.size(), ports.size());
	EXPECT_FALSE(same(ports[0].mac(), ports[1].mac()));
	rte_ether_addr seen{};
	ASSERT_EQ(rte_eth_macaddr_get(ports[3].port_id(), &seen), 0);
	EXPECT_TRUE(same(seen, ports[3].permanent_mac()));
}

TEST_F(FakePort, NoPortComesUpWithoutAnObjectThatScriptsIt) { EXPECT_LT(rte_vdev_init("net_fake_nobody", ""), 0); }

TEST_F(FakePort, CanBePluggedLaterUnpluggedAndReplugged)
{
	fake_options options;
	options.name = "net_fake_later";
	options.plugged = false;
	fake_port port(options);
	EXPECT_FALSE(port.present());
	const event_counter born(RTE_ETH_EVENT_NEW), gone(RTE_ETH_EVENT_DESTROY);

	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(port.present());
	EXPECT_EQ(born.seen(), 1u);
	EXPECT_LT(port.plug(), 0);
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_FALSE(port.present());
	EXPECT_EQ(gone.seen(), 1u);
	EXPECT_LT(port.unplug(), 0);
	ASSERT_EQ(port.replug(), 0);
	ASSERT_EQ(port.replug(), 0);
	EXPECT_EQ(born.seen(), 3u);
	EXPECT_EQ(gone.seen(), 2u);
	EXPECT_EQ(port.name(), "net_fake_later");
	EXPECT_EQ(bring_up(port), 0);
}

TEST_F(FakePort, IsNewHardwareAfterAReplug)
{
	fake_port port;
	rte_eth_conf conf{};
	conf.rxmode.offloads = 0;
	ASSERT_EQ(bring_up(port, 2, conf), 0);
	rte_ether_addr other = {{0x02, 1, 1, 1, 1, 1}};
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(port.port_id(), &other), 0);
	EXPECT_TRUE(same(port.mac(), other));
	send(port, make_burst(3));
	ASSERT_EQ(port.replug(), 0);
	EXPECT_TRUE(same(port.mac(), port.permanent_mac()));
	EXPECT_FALSE(port.configured());
	rte_eth_stats stats;
	ASSERT_EQ(rte_eth_stats_get(port.port_id(), &stats), 0);
	EXPECT_EQ(stats.opackets, 0u);
	EXPECT_EQ(port.tx_packets(), 3u);
}

TEST_F(FakePort, ClosedByTheApplicationItCanBePluggedAgain)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	ASSERT_EQ(rte_eth_dev_close(port.port_id()), 0);
	EXPECT_FALSE(port.present());
	ASSERT_EQ(port.plug(), 0);
	EXPECT_EQ(bring_up(port), 0);
	EXPECT_EQ(port.count(fake_op::close), 1u);
}

TEST_F(FakePort, DiaryTellsChangesInOrderAndSetsReplaysApart)
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

TEST_F(FakePort, RemembersWhatItsHardwareWasTold)
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

TEST_F(FakePort, KeepsHashKeyAndRedirectionTable)
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

TEST_F(FakePort, OpsThatAreAbsentAreNotSupported)
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

TEST_F(FakePort, AnnouncesWhatItsOptionsSay)
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

// --- Injected failures ---

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

TEST_F(FakePort, EachOpFailsOnceAsScriptedAndThenWorks)
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

TEST_F(FakePort, StepsOfBringingUpFailAsScripted)
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

TEST_F(FakePort, FailsOnTheNthCallOrAlways)
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

TEST_F(FakePort, FailsAtThePlacesItIsToldWhateverTheOp)
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

TEST_F(FakePort, PlugUnplugAndCloseFailAsScripted)
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

TEST_F(FakePort, AFailedStopLeavesItRunning)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.fail(fake_op::stop, EIO);
	EXPECT_EQ(rte_eth_dev_stop(port.port_id()), -EIO);
	EXPECT_TRUE(port.started());
	EXPECT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_FALSE(port.started());
}

// --- Link ---

TEST_F(FakePort, WithoutLscALinkChangeIsFoundByAsking)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	EXPECT_TRUE(link_is_up(port));
	EXPECT_FALSE(port.set_link(false));
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(lsc.seen(), 0u);
	port.raise_lsc();
	EXPECT_EQ(lsc.seen(), 1u);
}

TEST_F(FakePort, WithLscALinkChangeIsToldAndNotAskedFor)
{
	fake_options options;
	options.announces_lsc = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(true, false)), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	const auto queries = port.link_queries();
	EXPECT_TRUE(link_is_up(port));
	EXPECT_TRUE(port.set_link(false));
	EXPECT_EQ(lsc.seen(), 1u);
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(port.link_queries(), queries);
}

TEST_F(FakePort, CanUpdateItsLinkAndKeepTheEventBack)
{
	fake_options options;
	options.announces_lsc = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(true, false)), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	EXPECT_FALSE(port.set_link(false, false));
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(lsc.seen(), 0u);
}

TEST_F(FakePort, ReportsSpeedAndTheThreadThatAsked)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.set_speed(RTE_ETH_SPEED_NUM_25G);
	rte_eth_link link;
	std::thread::id asker;
	std::thread([&] {
		asker = std::this_thread::get_id();
		EXPECT_EQ(rte_eth_link_get_nowait(port.port_id(), &link), 0);
	}).join();
	EXPECT_EQ(link.link_speed, RTE_ETH_SPEED_NUM_25G);
	EXPECT_EQ(port.last_link_query_thread(), asker);
	EXPECT_NE(asker, std::this_thread::get_id());
}

TEST_F(FakePort, ALinkQueryTakesTheTimeItIsTold)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.set_link_latency_ms(30);
	const auto begin = std::chrono::steady_clock::now();
	EXPECT_TRUE(link_is_up(port));
	EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST_F(FakePort, HoldsWhoeverComesToAnOpUntilReleased)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::link_update);
	std::atomic<bool> through{false};
	std::thread asker([&] {
		link_is_up(port);
		through.store(true);
	});
	EXPECT_TRUE(eventually([&] { return port.waiting(fake_op::link_update) == 1; }));
	EXPECT_FALSE(through.load());
	port.release(fake_op::link_update);
	asker.join();
	EXPECT_TRUE(through.load());
	EXPECT_EQ(port.waiting(fake_op::link_update), 0u);
}

// --- Traffic ---

TEST_F(FakePort, SinkFreesAndCountsPerQueue)
{
	fake_port port;
	ASSERT_EQ(bring_up(port, 2), 0);
	auto packets = make_burst(5);
	const auto bytes = packets[0]->pkt_len;
	EXPECT_EQ(send(port, packets, 1), 5);
	EXPECT_EQ(port.tx_packets(0), 0u);
	EXPECT_EQ(port.tx_packets(1), 5u);
	EXPECT_EQ(port.tx_bytes(), 5u * bytes);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(FakePort, KeepStoresPacketsInOrder)
{
	fake_port port;
	port.tx_mode(fake_tx::keep);
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(4, 10)), 4);
	EXPECT_EQ(port.kept(), 4u);
	auto packets = port.take_tx();
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{10, 11, 12, 13}));
	free_all(packets);
	// What a test leaves behind, the port frees: the fixture counts.
	EXPECT_EQ(send(port, make_burst(4)), 4);
	EXPECT_EQ(mbufs_in_use(), 4u);
}

TEST_F(FakePort, AcceptsNoMoreThanItsLimits)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.tx_accept_limit(0, 3, 5);
	EXPECT_EQ(send(port, make_burst(8)), 3);
	EXPECT_EQ(send(port, make_burst(8)), 2);
	EXPECT_EQ(send(port, make_burst(8)), 0);
	EXPECT_EQ(port.tx_refused(), 5u + 6 + 8);
	port.tx_accept_limit(fake_port::all_queues, fake_port::unlimited, fake_port::unlimited);
	EXPECT_EQ(send(port, make_burst(8)), 8);
}

TEST_F(FakePort, RefusesTheNthPacketOnceAndLeavesTheTailToTheCaller)
{
	fake_port port;
	port.tx_mode(fake_tx::keep);
	ASSERT_EQ(bring_up(port), 0);
	port.tx_refuse_once(0, 6);
	EXPECT_EQ(send(port, make_burst(3, 0)), 3);
	auto packets = make_burst(4, 3);
	ASSERT_EQ(rte_eth_tx_burst(port.port_id(), 0, packets.data(), 4), 2);
	packets.erase(packets.begin(), packets.begin() + 2);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{5, 6}));
	EXPECT_EQ(send(port, packets), 2);
	auto sent = port.take_tx();
	EXPECT_EQ(sequences_of(sent), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
	free_all(sent);
}

TEST_F(FakePort, HandsOutWhatWasInjectedAsItsOwn)
{
	fake_port port;
	ASSERT_EQ(bring_up(port, 2), 0);
	for (rte_mbuf *packet : make_burst(5))
		ASSERT_TRUE(port.inject(1, packet));
	EXPECT_EQ(port.rx_pending(1), 5u);
	EXPECT_EQ(rte_eth_rx_queue_count(port.port_id(), 1), 5);
	EXPECT_EQ(rte_eth_rx_descriptor_status(port.port_id(), 1, 4), RTE_ETH_RX_DESC_DONE);
	EXPECT_EQ(rte_eth_rx_descriptor_status(port.port_id(), 1, 5), RTE_ETH_RX_DESC_AVAIL);
	EXPECT_TRUE(receive(port, 8, 0).empty());
	auto packets = receive(port, 3, 1);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{0, 1, 2}));
	EXPECT_EQ(packets[0]->port, port.port_id());
	free_all(packets);
	packets = receive(port, 32, 1);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{3, 4}));
	free_all(packets);
	EXPECT_EQ(port.rx_packets(), 5u);
}

TEST_F(FakePort, TakesNoPacketWhenFullOrStopped)
{
	fake_options options;
	options.rx_ring = 2;
	fake_port port(options);
	auto packets = make_burst(3);
	EXPECT_FALSE(port.inject(0, packets[0]));
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_TRUE(port.inject(0, packets[0]));
	EXPECT_TRUE(port.inject(0, packets[1]));
	EXPECT_FALSE(port.inject(0, packets[2]));
	EXPECT_FALSE(port.inject(1, packets[2]));
	rte_pktmbuf_free(packets[2]);
	EXPECT_EQ(port.rx_lost(), 0u);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(port.rx_lost(), 2u);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(FakePort, VectorReceiveWantsRoomForFour)
{
	fake_options options;
	options.rx_burst_step = 4;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	for (rte_mbuf *packet : make_burst(10))
		ASSERT_TRUE(port.inject(0, packet));
	EXPECT_TRUE(receive(port, 3).empty());
	auto packets = receive(port, 7);
	EXPECT_EQ(packets.size(), 4u);
	free_all(packets);
	packets = receive(port, 32);
	EXPECT_EQ(packets.size(), 6u);
	free_all(packets);
}

TEST_F(FakePort, PrepareRefusesTheNthPacketWithItsErrno)
{
	fake_options options;
	options.prepare = fake_prepare::second;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	port.prepare_refuse_once(6, EINVAL);
	auto packets = make_burst(4);
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 4);
	rte_errno = 0;
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 1);
	EXPECT_EQ(rte_errno, EINVAL);
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 4);
	EXPECT_EQ(port.prepared(), 9u);
	EXPECT_EQ(port.count(fake_op::tx_prepare), 3u);
	free_all(packets);
}

TEST_F(FakePort, FirstAndSecondPrepareAreTwoFunctions)
{
	fake_options options;
	options.prepare = fake_prepare::first;
	const fake_port a(options), b(options);
	options.prepare = fake_prepare::second;
	const fake_port c(options);
	for (const auto *port : {&a, &b, &c})
		ASSERT_EQ(bring_up(*port), 0);
	const auto prepare_of = [](const fake_port &p) { return rte_eth_fp_ops[p.port_id()].tx_pkt_prepare; };
	EXPECT_EQ(prepare_of(a), prepare_of(b));
	EXPECT_NE(prepare_of(a), prepare_of(c));
}

TEST_F(FakePort, StatisticsAreARealDrivers)
{
	fake_options options;
	options.stats_reset_on_start = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	const auto id = port.port_id();
	send(port, make_burst(6));
	ASSERT_TRUE(port.inject(0, make_packet({})));
	auto packets = receive(port, 4);
	free_all(packets);
	port.set_errors({.imissed = 1, .ierrors = 2, .oerrors = 3, .rx_nombuf = 4});
	rte_eth_stats stats;
	ASSERT_EQ(rte_eth_stats_get(id, &stats), 0);
	EXPECT_EQ(stats.opackets, 6u);
	EXPECT_EQ(stats.ipackets, 1u);
	EXPECT_EQ(stats.imissed, 1u);
	EXPECT_EQ(stats.ierrors, 2u);
	EXPECT_EQ(stats.oerrors, 3u);
	EXPECT_EQ(stats.rx_nombuf, 4u);

	std::uint64_t xstat = 0, bursts = 0;
	ASSERT_EQ(rte_eth_xstats_get_id_by_name(id, "fake_tx_bursts", &xstat), 0);
	ASSERT_EQ(rte_eth_xstats_get_by_id(id, &xstat, &bursts, 1), 1);
	EXPECT_EQ(bursts, 1u);

	ASSERT_EQ(rte_eth_dev_stop(id), 0);
	ASSERT_EQ(rte_eth_dev_start(id), 0);
	ASSERT_EQ(rte_eth_stats_get(id, &stats), 0);
	EXPECT_EQ(stats.opackets, 0u);
	EXPECT_EQ(stats.imissed, 0u);
	EXPECT_EQ(port.tx_packets(), 6u);
}

// --- The witness ---

TEST_F(FakePort, NoticesBurstsOnAPortThatIsNotStarted)
{
	fake_port port;
	EXPECT_EQ(send(port, make_burst(1)), 0);
	EXPECT_TRUE(one_violation(port, "tx burst of queue 0 while the port is not started"));
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(1)), 1);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(port.violations(), 0u);
	EXPECT_TRUE(receive(port, 4).empty());
	EXPECT_TRUE(one_violation(port, "rx burst of queue 0 while the port is not started"));
}

// A forwarding thread that has looked the function and the queue up keeps using them, whatever ethdev shows
// by then.
struct cached_queue {
	explicit cached_queue(const fake_port &port)
		: burst(rte_eth_fp_ops[port.port_id()].tx_pkt_burst), queue(rte_eth_fp_ops[port.port_id()].txq.data[0])
	{}
	eth_tx_burst_t burst;
	void *queue;
};

TEST_F(FakePort, NoticesABurstThroughAPointerKeptTooLong)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	const cached_queue kept(port);
	auto packets = make_burst(1);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(kept.burst(kept.queue, packets.data(), 1), 0);
	EXPECT_TRUE(one_violation(port, "not started"));
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_EQ(kept.burst(kept.queue, packets.data(), 1), 0);
	EXPECT_TRUE(one_violation(port, "no more"));
	free_all(packets);
}

TEST_F(FakePort, NoticesTwoThreadsInOneQueue)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::tx_burst);
	std::thread first([&] { EXPECT_EQ(send(port, make_burst(1)), 1); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::tx_burst) == 1; }));
	EXPECT_EQ(send(port, make_burst(1)), 0);
	EXPECT_TRUE(one_violation(port, "two threads in tx burst of queue 0"));
	port.release(fake_op::tx_burst);
	first.join();
}

TEST_F(FakePort, NoticesAStopWhileABurstIsInside)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::rx_burst);
	std::thread receiver([&] { EXPECT_TRUE(receive(port, 4).empty()); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::rx_burst) == 1; }));
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_TRUE(one_violation(port, "stop while a burst is inside queue 0"));
	port.release(fake_op::rx_burst);
	receiver.join();
}

TEST_F(FakePort, NoticesARemovalWhileABurstIsInside)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::tx_burst);
	std::thread sender([&] { send(port, make_burst(1)); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::tx_burst) == 1; }));
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_TRUE(one_violation(port, "removal while a burst is inside queue 0"));
	port.release(fake_op::tx_burst);
	sender.join();
}

TEST_F(FakePort, NoticesTwoChangesAtTheSameTime)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::mtu_set);
	std::thread first([&] { EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), 0); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::mtu_set) == 1; }));
	EXPECT_TRUE(link_is_up(port)); // a question may come at any time
	EXPECT_EQ(port.violations(), 0u);
	EXPECT_EQ(rte_eth_promiscuous_enable(port.port_id()), 0);
	EXPECT_TRUE(one_violation(port, "promiscuous_on while another change is going on"));
	port.release(fake_op::mtu_set);
	first.join();
}

TEST_F(FakePort, NoticesSharedPacketsUnderFastFree)
{
	fake_options options;
	options.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	fake_port port(options);
	rte_eth_conf conf{};
	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	ASSERT_EQ(bring_up(port, 1, conf), 0);
	EXPECT_EQ(send(port, make_burst(4)), 4);
	EXPECT_EQ(port.violations(), 0u);
	auto packets = make_burst(2);
	rte_mbuf_refcnt_update(packets[1], 1);
	EXPECT_EQ(send(port, packets), 2);
	EXPECT_TRUE(one_violation(port, "FAST_FREE"));
	rte_pktmbuf_free(packets[1]);
}

TEST_F(FakePort, NoticesABrokenPacketAndLeavesItToTheCaller)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	auto packets = make_burst(2);
	packets[1]->pkt_len += 1;
	EXPECT_EQ(rte_eth_tx_burst(port.port_id(), 0, packets.data(), 2), 1);
	EXPECT_TRUE(one_violation(port, "broken mbuf"));
	packets[1]->pkt_len -= 1;
	rte_pktmbuf_free(packets[1]);
}

TEST_F(FakePort, NoticesAStartWithoutItsQueues)
{
	fake_port port;
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(port.port_id(), 1, 1, &conf), 0);
	EXPECT_LT(rte_eth_dev_start(port.port_id()), 0);
	EXPECT_FALSE(port.started());
	// Newer ethdev refuses by itself.
	const auto texts = port.take_violations();
	EXPECT_EQ(texts.size(), port.count(fake_op::start));
}

TEST_F(FakePort, VanishedItFailsQuietlyAndBuriedItAccuses)
{
	fake_options options;
	options.announces_rmv = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(false, true)), 0);
	const event_counter rmv(RTE_ETH_EVENT_INTR_RMV);
	const auto id = port.port_id();
	EXPECT_TRUE(port.vanish());
	EXPECT_EQ(rmv.seen(), 1u);
	EXPECT_EQ(send(port, make_burst(2)), 0);
	EXPECT_TRUE(receive(port, 4).empty());
	EXPECT_EQ(rte_eth_promiscuous_enable(id), -EIO);
	EXPECT_EQ(port.violations(), 0u);

	port.bury();
	EXPECT_EQ(rte_eth_dev_is_removed(id), 1);
	rte_eth_stats stats;
	EXPECT_EQ(rte_eth_stats_get(id, &stats), -EIO);
	EXPECT_TRUE(one_violation(port, "dead device touched: stats_get"));
	EXPECT_EQ(send(port, make_burst(2)), 0);
	EXPECT_TRUE(one_violation(port, "dead device touched: tx burst"));
	EXPECT_EQ(rte_eth_dev_stop(id), 0);
	EXPECT_EQ(port.violations(), 0u);

	ASSERT_EQ(port.replug(), 0);
	EXPECT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(2)), 2);
}

TEST_F(FakePort, RaisesRmvOnlyForThoseWhoAskedForIt)
{
	fake_options options;
	options.announces_rmv = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	const event_counter rmv(RTE_ETH_EVENT_INTR_RMV);
	EXPECT_FALSE(port.vanish());
	EXPECT_EQ(rmv.seen(), 0u);
}

TEST_F(FakePort, ForgivesBurstsUntilTheListenersOfItsDestructionAreThrough)
{
	struct listener {
		static int on_destroy(std::uint16_t, rte_eth_event_type, void *self, void *)
		{
			auto &kept = *static_cast<cached_queue *>(self);
			rte_mbuf *packet = make_packet({});
			EXPECT_EQ(kept.burst(kept.queue, &packet, 1), 0);
			rte_pktmbuf_free(packet);
			return 0;
		}
	};
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	cached_queue kept(port);
	ASSERT_EQ(rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, listener::on_destroy, &kept), 0);
	EXPECT_EQ(port.unplug(), 0);
	EXPECT_EQ(port.violations(), 0u);
	rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, listener::on_destroy, &kept);
}

TEST_F(FakePort, FailsTheTestThatDoesNotTakeItsViolations)
{
	EXPECT_NONFATAL_FAILURE(
		{
			const fake_port port;
			send(port, make_burst(1));
		},
		"violation: net_fake");
}

TEST_F(FakePort, RemembersWhatComesAfterItsTest)
{
	auto port = std::make_unique<fake_port>();
	ASSERT_EQ(bring_up(*port), 0);
	const cached_queue kept(*port);
	const auto name = port->name();
	port.reset();
	rte_mbuf *packet = make_packet({});
	EXPECT_EQ(kept.burst(kept.queue, &packet, 1), 0);
	rte_pktmbuf_free(packet);
	const auto texts = fake_port::take_late_violations();
	ASSERT_EQ(texts.size(), 1u);
	EXPECT_EQ(texts[0], name + ": tx burst of queue 0 of a port that is no more");
	EXPECT_TRUE(fake_port::take_late_violations().empty());
}

// --- The harness ---

TEST_F(FakePort, LogCaptureSeesWhatIsLoggedFromNowOn)
{
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "before\n");
	log_capture log;
	std::thread([] { rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "one line of %d\n", 2); }).join();
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "another line\n");
	EXPECT_FALSE(log.contains("before"));
	EXPECT_TRUE(log.contains("one line of 2\n"));
	EXPECT_EQ(log.count("line"), 2u);
	log.clear();
	EXPECT_EQ(log.text(), "");
}

TEST(MbufAccounting, FailsTheTestThatLosesAPacket)
{
	struct forgetful : mbuf_accounting {
		void TestBody() override {}
	};
	static rte_mbuf *lost;
	EXPECT_NONFATAL_FAILURE(
		{
			const forgetful test;
			lost = make_packet({});
		},
		"mbufs available after and before");
	rte_pktmbuf_free(lost);
}

TEST(Eventually, GivesUpAtItsDeadline)
{
	unsigned asked = 0;
	EXPECT_FALSE(eventually([&] { return ++asked == 0; }, std::chrono::milliseconds(5)));
	EXPECT_GT(asked, 1u);
	EXPECT_TRUE(eventually([] { return true; }, std::chrono::milliseconds(0)));
}

TEST(Packet, IsWhatItsDescriptionSays)
{
	packet_spec spec;
	spec.vlans = {100, 7};
	spec.network = packet_spec::l3::ipv6;
	spec.transport = packet_spec::l4::tcp;
	spec.sequence = 77;
	rte_mbuf *packet = make_packet(spec);
	EXPECT_EQ(packet->pkt_len, 14u + 4 + 4 + 40 + 20 + 32);
	const auto *bytes = rte_pktmbuf_mtod(packet, const std::uint8_t *);
	EXPECT_EQ((std::vector<std::uint8_t>(bytes + 12, bytes + 23)),
	          (std::vector<std::uint8_t>{0x88, 0xa8, 0, 100, 0x81, 0x00, 0, 7, 0x86, 0xdd, 0x60}));
	const auto *ip = reinterpret_cast<const rte_ipv6_hdr *>(bytes + 22);
	EXPECT_EQ(rte_ipv6_udptcp_cksum_verify(ip, bytes + 62), 0);
	EXPECT_EQ(sequence_of(packet), 77u);
	rte_pktmbuf_free(packet);
}

TEST(Packet, CarriesRightIpv4Checksums)
{
	for (const auto transport : {packet_spec::l4::udp, packet_spec::l4::tcp}) {
		packet_spec spec;
		spec.transport = transport;
		spec.payload = 33;
		rte_mbuf *packet = make_packet(spec);
		const auto *ip = rte_pktmbuf_mtod_offset(packet, const rte_ipv4_hdr *, 14);
		EXPECT_EQ(rte_raw_cksum(ip, sizeof *ip), 0xffff);
		EXPECT_EQ(rte_ipv4_udptcp_cksum_verify(ip, ip + 1), 0);
		rte_pktmbuf_free(packet);
	}
}

TEST(Packet, FlowsDiffer)
{
	const auto a = udp_flow(1), b = udp_flow(2), c = udp_flow(32768 + 1);
	EXPECT_NE(a.src_port, b.src_port);
	EXPECT_EQ(a.src_port, c.src_port);
	EXPECT_NE(a.src_ip, c.src_ip);
}

} // namespace
} // namespace braid
