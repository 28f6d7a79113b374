/* SPDX-License-Identifier: BSD-3-Clause */
// Settings where something is amiss: taken back while stopped, over a failover, where a member lacks the operation or vanishes.
#include "settings_view.hpp"

#include <thread>

namespace braid {
namespace {

class Settings : public mbuf_accounting {};

TEST_F(Settings, TakenBackWhileStoppedStayAway)
{
	fake_port port(able_port());
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(remove_mac(bond.port(), 2), 0);
	ASSERT_EQ(rte_eth_dev_vlan_filter(bond.port(), 4094, 0), 0);
	ASSERT_EQ(rte_eth_dev_set_mc_addr_list(bond.port(), nullptr, 0), 0);
	ASSERT_EQ(bond.start(), 0);
	const port_view now = look_at(port);
	EXPECT_EQ(now.extra_macs, std::vector<std::string>{text_of(local_mac(3))});
	EXPECT_EQ(now.vlans, std::vector<std::uint16_t>{7});
	EXPECT_EQ(now.multicast, std::vector<std::string>{});
}

// Mistake 11: a failover kept a stale MAC (edf6489ea4), and promiscuity did not follow it (ac5341f5f9).
TEST_F(Settings, FollowAFailover)
{
	fake_port a({.announces_lsc = true}), b({.announces_lsc = true});
	test_bond bond("active-backup", {&a, &b});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.active(), a.name());
	ASSERT_EQ(set_mac(bond.port(), 1), 0);
	ASSERT_EQ(rte_eth_promiscuous_enable(bond.port()), 0);
	a.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.active() == b.name(); }));
	EXPECT_EQ(text_of(b.mac()), text_of(local_mac(1)));
	EXPECT_TRUE(b.promiscuous());
	ASSERT_EQ(set_mac(bond.port(), 2), 0);
	ASSERT_EQ(rte_eth_promiscuous_disable(bond.port()), 0);
	a.set_link(true);
	b.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.active() == a.name(); }));
	EXPECT_EQ(text_of(a.mac()), text_of(local_mac(2)));
	EXPECT_FALSE(a.promiscuous());
}

// Rings and captures have neither addresses nor filters; they are members all the same.
TEST_F(Settings, AMemberWithoutTheOperationDoesNotHinderTheOthers)
{
	fake_port plain({.absent = {fake_op::mac_set, fake_op::mac_add, fake_op::mtu_set, fake_op::promiscuous_on,
	                            fake_op::promiscuous_off, fake_op::allmulticast_on, fake_op::allmulticast_off}});
	fake_port able;
	test_bond bond("round-robin", {&able, &plain});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(set_mac(bond.port(), 1), 0);
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), 0);
	EXPECT_EQ(rte_eth_promiscuous_enable(bond.port()), 0);
	EXPECT_EQ(rte_eth_allmulticast_enable(bond.port()), 0);
	EXPECT_EQ(text_of(able.mac()), text_of(local_mac(1)));
	EXPECT_EQ(able.mtu(), 1400);
	EXPECT_TRUE(able.promiscuous() && able.allmulticast());
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(plain.tx_packets(), 4u);
	ASSERT_EQ(bond.remove(plain.name()), 0);
	EXPECT_EQ(bond.add(plain.name()), 0) << braid_error_text();
}

// What would silently not work on one member is refused with its name.
TEST_F(Settings, AFilterThatOneMemberDoesNotHaveIsRefused)
{
	fake_port able(able_port());
	fake_options o = able_port();
	o.absent = {fake_op::mac_add, fake_op::mc_list, fake_op::vlan_filter};
	fake_port plain(o);
	test_bond bond("round-robin", {&able, &plain});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	rte_ether_addr group = {{0x01, 0, 0x5e, 0, 0, 1}};
	log_capture log;
	EXPECT_EQ(add_mac(bond.port(), 1), -ENOTSUP);
	EXPECT_EQ(rte_eth_dev_set_mc_addr_list(bond.port(), &group, 1), -ENOTSUP);
	EXPECT_EQ(rte_eth_dev_vlan_filter(bond.port(), 5, 1), -ENOTSUP);
	EXPECT_EQ(log.count(": member " + plain.name() + ": "), 3u) << log.text();
	EXPECT_TRUE(able.extra_macs().empty() && able.mc_addresses().empty() && able.vlans().empty());
	ASSERT_EQ(bond.remove(plain.name()), 0);
	EXPECT_EQ(add_mac(bond.port(), 1), 0);
	EXPECT_EQ(bond.add(plain.name()), -ENOTSUP);
	EXPECT_EQ(owner_of(plain.port_id()), "");
}

// It is no member for now; when it comes back it gets what the others have.
TEST_F(Settings, ADeviceThatVanishesMeanwhileHindersNoOther)
{
	fake_port goes({.announces_rmv = true}), stays;
	test_bond bond("round-robin", {&goes, &stays});
	ASSERT_EQ(bond.bring_up(), 0);
	goes.fail(fake_op::mtu_set, EIO);
	goes.hold(fake_op::mtu_set);
	std::thread operator_thread([&] { EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), 0) << braid_error_text(); });
	EXPECT_TRUE(eventually([&] { return goes.waiting(fake_op::mtu_set) == 1; }));
	EXPECT_TRUE(goes.vanish());
	goes.release(fake_op::mtu_set);
	operator_thread.join();
	EXPECT_EQ(stays.mtu(), 1400);
}

} // namespace
} // namespace braid
