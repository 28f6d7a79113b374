/* SPDX-License-Identifier: BSD-3-Clause */
// The MTU that all members can have, and VLANs, which are kept while nobody filters by them.
#include "settings_view.hpp"

#include <algorithm>

namespace braid {
namespace {

class MtuAndVlans : public mbuf_accounting {};

// Mistake 13: the MTU was set before the port was configured, and the offsets of replayed VLANs were wrong.
TEST_F(MtuAndVlans, MtuIsSetAfterConfigureAndVlansKeepTheirNumbers)
{
	fake_port port(able_port());
	test_bond bond("round-robin", {});
	rte_eth_conf conf{};
	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
	ASSERT_EQ(bond.bring_up(1, conf), 0);
	ASSERT_EQ(rte_eth_dev_set_mtu(bond.port(), 2000), 0);
	const std::vector<std::uint16_t> vlans = {0, 1, 31, 32, 63, 64, 65, 127, 128, 2047, 4094, 4095};
	for (const std::uint16_t id : vlans)
		ASSERT_EQ(rte_eth_dev_vlan_filter(bond.port(), id, 1), 0);
	port.clear_calls();
	ASSERT_EQ(bond.add(port.name()), 0);
	EXPECT_EQ(port.vlans(), vlans);
	const std::vector<std::string> calls = port.history();
	const auto place = [&](const char *call) {
		return std::find(calls.begin(), calls.end(), call) - calls.begin();
	};
	EXPECT_LT(place("configure rx=1 tx=1"), place("mtu_set 2000"));
	EXPECT_LT(place("mtu_set 2000"), place("start"));
	EXPECT_EQ(port.mtu(), 2000);
}

TEST_F(MtuAndVlans, VlansAreKeptWhileTheFilterIsOff)
{
	fake_port a(able_port()), later(able_port());
	test_bond bond("round-robin", {&a});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(bond.port(), 100, 1), 0);
	ASSERT_EQ(rte_eth_dev_set_vlan_offload(bond.port(), 0), 0);
	ASSERT_EQ(bond.add(later.name()), 0) << braid_error_text();
	ASSERT_EQ(rte_eth_dev_set_vlan_offload(bond.port(), RTE_ETH_VLAN_FILTER_OFFLOAD), 0);
	for (const fake_port *port : {&a, &later}) {
		EXPECT_EQ(port->vlans(), std::vector<std::uint16_t>{100}) << port->name();
		EXPECT_EQ(rte_eth_dev_get_vlan_offload(port->port_id()), RTE_ETH_VLAN_FILTER_OFFLOAD);
	}
	ASSERT_EQ(rte_eth_dev_set_vlan_offload(bond.port(), 0), 0);
	ASSERT_EQ(bond.remove(later.name()), 0);
	EXPECT_TRUE(later.vlans().empty());
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.bring_up(), 0) << "without the filter";
	EXPECT_EQ(bond.send(make_burst(4)), 4);
}

TEST_F(MtuAndVlans, AnMtuThatNeedsAStopIsRefusedWhileRunning)
{
	fake_port live, still({.mtu_needs_stop = true});
	test_bond bond("round-robin", {&live, &still});
	ASSERT_EQ(bond.bring_up(), 0);
	log_capture log;
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), -EBUSY);
	EXPECT_TRUE(log.contains("member " + still.name() + ": MTU 1400: ")) << log.text();
	EXPECT_EQ(live.mtu(), RTE_ETHER_MTU);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(live.mtu(), 1400);
	EXPECT_EQ(still.mtu(), 1400);
}

TEST_F(MtuAndVlans, TheMtuIsBoundedByAllMembers)
{
	fake_port wide({.min_mtu = 128, .max_mtu = 9000}), narrow({.min_mtu = 68, .max_mtu = 2000}),
		tiny({.max_mtu = 1600});
	test_bond bond("round-robin", {&wide, &narrow});
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_eth_dev_info info = info_of(bond.port());
	EXPECT_EQ(info.min_mtu, 128);
	EXPECT_EQ(info.max_mtu, 2000);
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 2001), -EINVAL);
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 127), -EINVAL);
	ASSERT_EQ(rte_eth_dev_set_mtu(bond.port(), 2000), 0);
	EXPECT_EQ(bond.add(tiny.name()), -ENOTSUP);
	EXPECT_EQ(std::string(braid_error_text()), tiny.name() + ": its MTU is 68 to 1600 and the bond's is 2000");
	ASSERT_EQ(bond.remove(narrow.name()), 0);
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 9000), 0);
	EXPECT_EQ(wide.mtu(), 9000);
	EXPECT_EQ(narrow.mtu(), RTE_ETHER_MTU);
}

} // namespace
} // namespace braid
