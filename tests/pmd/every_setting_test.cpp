/* SPDX-License-Identifier: BSD-3-Clause */
// Every setting reaches all members or none, those that join later, and those that were stopped.
#include "settings_view.hpp"

namespace braid {
namespace {

// One setting, changed from what set_everything() made it.
struct setting {
	const char *title;
	fake_op op;
	const char *named;
	int (*change)(std::uint16_t port);

	friend std::ostream &operator<<(std::ostream &to, const setting &s) { return to << s.title; }
};

const setting all_settings[] = {
	{"Mac", fake_op::mac_set, "MAC address", [](std::uint16_t port) { return set_mac(port, 9); }},
	{"ExtraMac", fake_op::mac_add, "adding a MAC address", [](std::uint16_t port) { return add_mac(port, 9); }},
	{"Mtu", fake_op::mtu_set, "MTU 1300", [](std::uint16_t port) { return rte_eth_dev_set_mtu(port, 1300); }},
	{"Promiscuous", fake_op::promiscuous_off, "promiscuous off", rte_eth_promiscuous_disable},
	{"Allmulticast", fake_op::allmulticast_off, "allmulticast off", rte_eth_allmulticast_disable},
	{"VlanOn", fake_op::vlan_filter, "VLAN 9",
         [](std::uint16_t port) { return rte_eth_dev_vlan_filter(port, 9, 1); }},
	{"VlanOff", fake_op::vlan_filter, "VLAN 7",
         [](std::uint16_t port) { return rte_eth_dev_vlan_filter(port, 7, 0); }},
	{"VlanOffload", fake_op::vlan_offload, "VLAN offloads",
         [](std::uint16_t port) { return rte_eth_dev_set_vlan_offload(port, 0); }},
	{"MulticastList", fake_op::mc_list, "multicast list",
         [](std::uint16_t port) {
		 rte_ether_addr group = {{0x01, 0, 0x5e, 1, 2, 3}};
		 return rte_eth_dev_set_mc_addr_list(port, &group, 1);
	 }},
	{"Rss", fake_op::rss_hash_update, "RSS hash",
         [](std::uint16_t port) { return update_rss(port, RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP, 0x77); }},
	{"Reta", fake_op::reta_update, "redirection table", [](std::uint16_t port) { return update_reta(port, 3, 0); }},
};

class Setting : public mbuf_accounting, public testing::WithParamInterface<setting> {};

INSTANTIATE_TEST_SUITE_P(Every, Setting, testing::ValuesIn(all_settings),
                         [](const auto &info) { return info.param.title; });

TEST_P(Setting, ReachesAllMembersAndThoseThatJoinLater)
{
	fake_port a(able_port()), b(able_port()), later(able_port());
	test_bond bond("round-robin", {&a, &b});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const full_view before = all_of(a);
	const std::uint64_t calls = a.count(GetParam().op);
	ASSERT_EQ(GetParam().change(bond.port()), 0);
	EXPECT_EQ(a.count(GetParam().op), calls + 1);
	if (GetParam().op != fake_op::vlan_offload) {
		EXPECT_NE(all_of(a), before);
	}
	EXPECT_EQ(all_of(b), all_of(a));
	EXPECT_EQ(b.rx_offloads(), a.rx_offloads());
	ASSERT_EQ(bond.add(later.name()), 0) << braid_error_text();
	full_view joined = all_of(later);
	if (GetParam().op == fake_op::vlan_offload) {
		joined.port.vlans = all_of(a).port.vlans; // without the filter it needs none
	}
	EXPECT_EQ(joined, all_of(a));
	EXPECT_EQ(rte_eth_dev_get_vlan_offload(later.port_id()), rte_eth_dev_get_vlan_offload(bond.port()));
}

TEST_P(Setting, IsTakenBackFromAllWhenOneRefuses)
{
	for (std::size_t k = 0; k < 3; k++) {
		SCOPED_TRACE(k);
		fake_port ports[3] = {fake_port(able_port()), fake_port(able_port()), fake_port(able_port())};
		test_bond bond("round-robin", {&ports[0], &ports[1], &ports[2]});
		ASSERT_EQ(bond.bring_up(2, everything()), 0);
		ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
		const bond_settings_view bond_before = settings_of(bond);
		const full_view before[3] = {all_of(ports[0]), all_of(ports[1]), all_of(ports[2])};
		ports[k].fail(GetParam().op, EPERM);
		log_capture log;
		EXPECT_EQ(GetParam().change(bond.port()), -EPERM);
		EXPECT_EQ(
			log.count("member " + ports[k].name() + ": " + GetParam().named + ": Operation not permitted"),
			1u)
			<< log.text();
		for (std::size_t i = 0; i < 3; i++) {
			EXPECT_EQ(all_of(ports[i]), before[i]) << i;
			EXPECT_EQ(rte_eth_dev_get_vlan_offload(ports[i].port_id()), bond_before.vlan_offload);
		}
		EXPECT_EQ(settings_of(bond), bond_before);
		EXPECT_EQ(GetParam().change(bond.port()), 0) << "this time all agree";
	}
}

TEST_P(Setting, SurvivesARestart)
{
	fake_port a(able_port());
	test_bond bond("round-robin", {&a});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	ASSERT_EQ(GetParam().change(bond.port()), 0);
	const full_view before = all_of(a);
	const bond_settings_view bond_before = settings_of(bond);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	full_view now = all_of(a);
	if (GetParam().op == fake_op::vlan_offload) {
		now.port.vlans = before.port.vlans; // without the filter it needs none
	}
	EXPECT_EQ(now, before);
	EXPECT_EQ(settings_of(bond), bond_before);
}

TEST_P(Setting, MadeWhileStoppedReachesMembersAtStart)
{
	fake_port stopped(able_port()), running(able_port());
	test_bond one("round-robin", {&stopped}), other("mode=round-robin,member=" + running.name(), "net_braid1");
	ASSERT_EQ(one.configure(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(one.port()));
	ASSERT_EQ(GetParam().change(one.port()), 0);
	ASSERT_EQ(one.start(), 0);
	ASSERT_EQ(other.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(other.port()));
	ASSERT_EQ(GetParam().change(other.port()), 0);
	full_view a = all_of(stopped), b = all_of(running);
	a.port.owner = b.port.owner;
	if (GetParam().op == fake_op::vlan_offload) {
		a.port.vlans = b.port.vlans;
	}
	EXPECT_EQ(a, b);
}

// A port that has run keeps what it was told. What is taken back meanwhile must not come to life again at the start.
TEST_P(Setting, ChangedWhileStoppedReachesMembersAtTheNextStart)
{
	fake_port stopped(able_port()), running(able_port());
	test_bond one("round-robin", {&stopped}), other("mode=round-robin,member=" + running.name(), "net_braid1");
	for (test_bond *bond : {&one, &other}) {
		ASSERT_EQ(bond->bring_up(2, everything()), 0);
		ASSERT_NO_FATAL_FAILURE(set_everything(bond->port()));
	}
	ASSERT_EQ(one.stop(), 0);
	ASSERT_EQ(GetParam().change(one.port()), 0);
	ASSERT_EQ(one.start(), 0);
	ASSERT_EQ(GetParam().change(other.port()), 0);
	full_view a = all_of(stopped), b = all_of(running);
	a.port.owner = b.port.owner;
	if (GetParam().op == fake_op::vlan_offload) {
		a.port.vlans = b.port.vlans;
	}
	EXPECT_EQ(a, b);
}

} // namespace
} // namespace braid
