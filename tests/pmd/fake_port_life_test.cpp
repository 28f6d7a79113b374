/* SPDX-License-Identifier: BSD-3-Clause */
// A fake port comes and goes with its object, and may be unplugged, plugged and closed meanwhile.
#include "bare_port.hpp"

#include <rte_bus_vdev.h>

#include <set>

namespace braid {
namespace {

class FakePortLife : public mbuf_accounting {};

TEST_F(FakePortLife, IsAPortWhileTheObjectLivesAgainAndAgain)
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

TEST_F(FakePortLife, SeveralLiveSideBySideWithNamesAndMacsOfTheirOwn)
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

TEST_F(FakePortLife, NoPortComesUpWithoutAnObjectThatScriptsIt) { EXPECT_LT(rte_vdev_init("net_fake_nobody", ""), 0); }

TEST_F(FakePortLife, CanBePluggedLaterUnpluggedAndReplugged)
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

TEST_F(FakePortLife, IsNewHardwareAfterAReplug)
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

TEST_F(FakePortLife, ClosedByTheApplicationItCanBePluggedAgain)
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

} // namespace
} // namespace braid
