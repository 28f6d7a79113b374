/* SPDX-License-Identifier: BSD-3-Clause */
// Settings reach every member or none, and each that joins later; what a bond offers is what all members can do.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <thread>

namespace braid {
namespace {

// port_view and what tells queues apart.
struct full_view {
	port_view port;
	std::uint64_t rss_hf;
	std::vector<std::uint8_t> rss_key;
	std::vector<std::uint16_t> reta;

	bool operator==(const full_view &) const = default;

	friend std::ostream &operator<<(std::ostream &to, const full_view &v)
	{
		return to << v.port << ", hash types " << std::hex << v.rss_hf << ", key begins " << +v.rss_key.at(0)
		          << ", table begins " << v.reta.at(0) << v.reta.at(1) << std::dec;
	}
};

full_view all_of(const fake_port &port) { return {look_at(port), port.rss_hf(), port.rss_key(), port.reta()}; }

// What an application finds on the bond itself.
struct bond_settings_view {
	std::string mac;
	std::uint16_t mtu = 0;
	int promiscuous = -1, allmulticast = -1, vlan_offload = -1;
	std::uint64_t rss_hf = 0;
	std::vector<std::uint16_t> reta;

	bool operator==(const bond_settings_view &) const = default;
};

std::vector<std::uint16_t> reta_of(std::uint16_t port, std::uint16_t size)
{
	std::vector<rte_eth_rss_reta_entry64> table(size / RTE_ETH_RETA_GROUP_SIZE);
	for (auto &group : table)
		group.mask = UINT64_MAX;
	EXPECT_EQ(rte_eth_dev_rss_reta_query(port, table.data(), size), 0);
	std::vector<std::uint16_t> entries;
	for (const auto &group : table)
		entries.insert(entries.end(), std::begin(group.reta), std::end(group.reta));
	return entries;
}

bond_settings_view settings_of(const test_bond &bond)
{
	bond_settings_view v;
	v.mac = mac_of(bond.port());
	EXPECT_EQ(rte_eth_dev_get_mtu(bond.port(), &v.mtu), 0);
	v.promiscuous = rte_eth_promiscuous_get(bond.port());
	v.allmulticast = rte_eth_allmulticast_get(bond.port());
	v.vlan_offload = rte_eth_dev_get_vlan_offload(bond.port());
	rte_eth_rss_conf rss{};
	EXPECT_EQ(rte_eth_dev_rss_hash_conf_get(bond.port(), &rss), 0);
	v.rss_hf = rss.rss_hf;
	v.reta = reta_of(bond.port(), 128);
	return v;
}

int update_reta(std::uint16_t port, std::uint16_t entry, std::uint16_t queue, std::uint16_t size = 128)
{
	std::vector<rte_eth_rss_reta_entry64> table(size / RTE_ETH_RETA_GROUP_SIZE);
	table[entry / RTE_ETH_RETA_GROUP_SIZE].mask = std::uint64_t{1} << (entry % RTE_ETH_RETA_GROUP_SIZE);
	table[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE] = queue;
	return rte_eth_dev_rss_reta_update(port, table.data(), size);
}

int update_rss(std::uint16_t port, std::uint64_t types, std::uint8_t key_byte)
{
	std::vector<std::uint8_t> key(40, key_byte);
	rte_eth_rss_conf conf{};
	conf.rss_key = key.data();
	conf.rss_key_len = 40;
	conf.rss_hf = types;
	return rte_eth_dev_rss_hash_update(port, &conf);
}

int set_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_default_mac_addr_set(port, &mac);
}

int add_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_mac_addr_add(port, &mac, 0);
}

int remove_mac(std::uint16_t port, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_mac_addr_remove(port, &mac);
}

rte_eth_dev_info info_of(std::uint16_t port)
{
	rte_eth_dev_info info{};
	EXPECT_EQ(rte_eth_dev_info_get(port, &info), 0);
	return info;
}

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

// Mistake 11: one failing MAC set ended the whole operation (2d94400276).
TEST_F(Settings, ARollbackThatFailsAtOneMemberReachesTheOthers)
{
	fake_port a, stubborn, b, refuses;
	test_bond bond("round-robin", {&a, &stubborn, &b, &refuses});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string before = mac_of(bond.port());
	stubborn.fail(fake_op::mac_set, EIO, 2);
	refuses.fail(fake_op::mac_set, EPERM);
	log_capture log;
	EXPECT_EQ(set_mac(bond.port(), 1), -EPERM);
	EXPECT_TRUE(log.contains("member " + refuses.name() + ": MAC address: Operation not permitted")) << log.text();
	EXPECT_TRUE(log.contains("member " + stubborn.name() + ": taking back: MAC address: Input/output error"));
	for (const fake_port *port : {&a, &b, &refuses})
		EXPECT_EQ(text_of(port->mac()), before);
	EXPECT_EQ(mac_of(bond.port()), before);
}

// Mistake 11: the extra addresses were replayed up to the first hole only.
TEST_F(Settings, ExtraAddressesBehindAHoleAreGivenToLaterMembers)
{
	fake_port a, later;
	test_bond bond("round-robin", {&a});
	ASSERT_EQ(bond.bring_up(), 0);
	for (std::uint8_t i = 1; i <= 5; i++)
		ASSERT_EQ(add_mac(bond.port(), i), 0);
	for (const std::uint8_t i : {1, 3})
		ASSERT_EQ(remove_mac(bond.port(), i), 0);
	ASSERT_EQ(bond.add(later.name()), 0);
	for (const fake_port *port : {&a, &later}) {
		std::vector<std::string> macs;
		for (const rte_ether_addr &mac : port->extra_macs())
			macs.push_back(text_of(mac));
		std::sort(macs.begin(), macs.end());
		EXPECT_EQ(macs, (std::vector<std::string>{text_of(local_mac(2)), text_of(local_mac(4)),
		                                          text_of(local_mac(5))}));
	}
	ASSERT_EQ(bond.remove(later.name()), 0);
	EXPECT_TRUE(later.extra_macs().empty());
}

TEST_F(Settings, AnAddressIsRemovedFromTheOthersWhenOneMemberCannot)
{
	fake_port cannot({.absent = {fake_op::mac_remove}}), can;
	test_bond bond("round-robin", {&cannot, &can});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(add_mac(bond.port(), 1), 0);
	ASSERT_EQ(can.extra_macs().size(), 1u);
	log_capture log;
	ASSERT_EQ(remove_mac(bond.port(), 1), 0) << "ethdev knows no failure here";
	EXPECT_TRUE(can.extra_macs().empty());
	EXPECT_TRUE(log.contains("member " + cannot.name() + ": removing a MAC address")) << log.text();
}

TEST_F(Settings, MoreAddressesThanAMemberHasRoomForAreRefused)
{
	fake_port roomy, small({.max_mac_addrs = 3});
	test_bond bond("round-robin", {&roomy});
	ASSERT_EQ(bond.bring_up(), 0);
	for (std::uint8_t i = 1; i <= 4; i++)
		ASSERT_EQ(add_mac(bond.port(), i), 0);
	const port_view before = look_at(small);
	EXPECT_EQ(bond.add(small.name()), -ENOSPC);
	EXPECT_EQ(look_at(small), before);
	for (std::uint8_t i = 3; i <= 4; i++)
		ASSERT_EQ(remove_mac(bond.port(), i), 0);
	ASSERT_EQ(bond.add(small.name()), 0);
	EXPECT_EQ(info_of(bond.port()).max_mac_addrs, 3u);
	EXPECT_EQ(add_mac(bond.port(), 3), -ENOSPC);
	EXPECT_EQ(roomy.extra_macs().size(), 2u);
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

TEST_F(Settings, TheFirstMemberGivesTheBondItsAddressUnlessOneWasChosen)
{
	fake_port a, b;
	test_bond chosen("mac=02:00:00:00:00:77", "net_braid1"), bond;
	EXPECT_EQ(mac_of(chosen.port()), "02:00:00:00:00:77");
	const std::string random = mac_of(bond.port());
	ASSERT_EQ(bond.add(a.name()), 0);
	EXPECT_NE(mac_of(bond.port()), random);
	EXPECT_EQ(mac_of(bond.port()), text_of(a.permanent_mac()));
	ASSERT_EQ(bond.remove(a.name()), 0);
	ASSERT_EQ(bond.add(b.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), text_of(b.permanent_mac())) << "nobody has used the other one yet";
	ASSERT_EQ(chosen.add(a.name()), 0);
	EXPECT_EQ(mac_of(chosen.port()), "02:00:00:00:00:77");
	ASSERT_EQ(chosen.bring_up(), 0);
	EXPECT_EQ(text_of(a.mac()), "02:00:00:00:00:77");
	ASSERT_EQ(set_mac(bond.port(), 1), 0);
	ASSERT_EQ(bond.remove(b.name()), 0);
	ASSERT_EQ(bond.add(b.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), text_of(local_mac(1)));
}

// Mistake 13: the MTU was set before the port was configured, and the offsets of replayed VLANs were wrong.
TEST_F(Settings, MtuIsSetAfterConfigureAndVlansKeepTheirNumbers)
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

TEST_F(Settings, VlansAreKeptWhileTheFilterIsOff)
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

TEST_F(Settings, AnMtuThatNeedsAStopIsRefusedWhileRunning)
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

TEST_F(Settings, TheMtuIsBoundedByAllMembers)
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

TEST_F(Settings, AMemberThatDoesNotHashIsNotAskedTo)
{
	fake_port hashes, not_at_all({.reta_size = 0, .flow_type_rss_offloads = 0});
	test_bond bond("round-robin", {&hashes});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	ASSERT_EQ(bond.bring_up(2, conf), 0);
	ASSERT_EQ(bond.add(not_at_all.name()), 0) << braid_error_text();
	EXPECT_EQ(not_at_all.rss_hf(), 0u);
	EXPECT_EQ(hashes.rss_hf(), RTE_ETH_RSS_IP);
	EXPECT_EQ(not_at_all.count(fake_op::reta_update), 0u);
}

TEST_F(Settings, ALargerRedirectionTableRepeatsTheBonds)
{
	fake_port small({.reta_size = 64}), large({.reta_size = 512}), later({.reta_size = 128});
	test_bond bond("round-robin", {&small, &large});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	ASSERT_EQ(bond.bring_up(4, conf), 0);
	ASSERT_EQ(info_of(bond.port()).reta_size, 64);
	EXPECT_EQ(update_reta(bond.port(), 3, 0, 128), -EINVAL) << "not the size that was told";
	ASSERT_EQ(update_reta(bond.port(), 3, 0, 64), 0);
	ASSERT_EQ(bond.add(later.name()), 0);
	std::vector<std::uint16_t> expected(64);
	for (std::uint16_t i = 0; i < 64; i++)
		expected[i] = i == 3 ? 0 : i % 4;
	EXPECT_EQ(reta_of(bond.port(), 64), expected);
	for (const fake_port *port : {&small, &large, &later}) {
		const std::vector<std::uint16_t> table = port->reta();
		for (std::size_t i = 0; i < table.size(); i++)
			EXPECT_EQ(table[i], expected[i % 64]) << port->name() << " entry " << i;
	}
	EXPECT_EQ(info_of(bond.port()).reta_size, 64);
	fake_port odd({.reta_size = 0});
	EXPECT_EQ(bond.add(odd.name()), 0) << "without a table there is nothing to point elsewhere";
}

TEST_F(Settings, AShorterKeyIsRepeatedForAMemberWithALongerOne)
{
	fake_port usual, longer({.hash_key_size = 52});
	test_bond bond("round-robin", {&usual, &longer});
	EXPECT_EQ(info_of(bond.port()).hash_key_size, 40);
	std::vector<std::uint8_t> key(40);
	std::iota(key.begin(), key.end(), std::uint8_t{1});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf = {};
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	conf.rx_adv_conf.rss_conf.rss_key = key.data();
	conf.rx_adv_conf.rss_conf.rss_key_len = 40;
	ASSERT_EQ(bond.bring_up(2, conf), 0);
	EXPECT_EQ(usual.rss_key(), key);
	std::vector<std::uint8_t> repeated = key;
	repeated.insert(repeated.end(), key.begin(), key.begin() + 12);
	EXPECT_EQ(longer.rss_key(), repeated);
	std::vector<std::uint8_t> read(40);
	rte_eth_rss_conf present{};
	present.rss_key = read.data();
	present.rss_key_len = 40;
	ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(bond.port(), &present), 0);
	EXPECT_EQ(read, key);
	EXPECT_EQ(present.rss_hf, RTE_ETH_RSS_IP);
}

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

TEST_F(Capabilities, DescriptorCountsAreFittedToEachMember)
{
	fake_port coarse({.min_descriptors = 128}), fine({.min_descriptors = 32});
	test_bond bond;
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(bond.port(), 1, 1, &conf), 0);
	ASSERT_EQ(rte_eth_rx_queue_setup(bond.port(), 0, 50, SOCKET_ID_ANY, nullptr, eal_mempool()), 0);
	ASSERT_EQ(rte_eth_tx_queue_setup(bond.port(), 0, 10, SOCKET_ID_ANY, nullptr), 0);
	ASSERT_EQ(bond.start(), 0);
	ASSERT_EQ(bond.add(coarse.name()), 0);
	ASSERT_EQ(bond.add(fine.name()), 0);
	const auto has = [](const fake_port &port, const char *call) {
		const std::vector<std::string> calls = port.history();
		return std::find(calls.begin(), calls.end(), call) != calls.end();
	};
	EXPECT_TRUE(has(coarse, "rx_queue_setup 0 desc=128"));
	EXPECT_TRUE(has(coarse, "tx_queue_setup 0 desc=128"));
	EXPECT_TRUE(has(fine, "rx_queue_setup 0 desc=56")) << "rounded up to a multiple of 8";
	EXPECT_TRUE(has(fine, "tx_queue_setup 0 desc=32"));
	rte_eth_rxq_info rx{};
	rte_eth_txq_info tx{};
	ASSERT_EQ(rte_eth_rx_queue_info_get(bond.port(), 0, &rx), 0);
	ASSERT_EQ(rte_eth_tx_queue_info_get(bond.port(), 0, &tx), 0);
	EXPECT_EQ(rx.nb_desc, 50);
	EXPECT_EQ(rx.mp, eal_mempool());
	EXPECT_EQ(tx.nb_desc, 10);
}

TEST_F(Capabilities, BurstModesAndDumpTellWhatTheBondDoes)
{
	fake_port a, b;
	test_bond bond("mode=active-backup,member=" + a.name() + ",member=" + b.name() + ",member=net_fake_absent");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename(a.name(), "uplink"), 0);
	rte_eth_burst_mode mode{};
	ASSERT_EQ(rte_eth_tx_burst_mode_get(bond.port(), 0, &mode), 0);
	EXPECT_STREQ(mode.info, "braid active-backup, 2 of 3 members");
	ASSERT_EQ(rte_eth_rx_burst_mode_get(bond.port(), 0, &mode), 0);
	EXPECT_STREQ(mode.info, "braid active-backup, 2 of 3 members");

	char *text = nullptr;
	std::size_t size = 0;
	std::FILE *const stream = open_memstream(&text, &size);
	EXPECT_EQ(rte_eth_dev_priv_dump(bond.port(), stream), 0);
	std::fclose(stream);
	const std::string dump(text, size);
	std::free(text);
	for (const char *part : {"active-backup", "uplink: ", "net_fake_absent: ", "pending", "running", "transmits"})
		EXPECT_NE(dump.find(part), std::string::npos) << part << " is not in\n" << dump;
	EXPECT_NE(dump.find(a.name()), std::string::npos) << "the device of a renamed member";
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

TEST_F(Capabilities, WaitingPacketsAreCountedOverMembers)
{
	fake_port a, b;
	test_bond bond("round-robin", {&a, &b});
	ASSERT_EQ(bond.bring_up(2), 0);
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 0), 0);
	for (unsigned i = 0; i < 3; i++)
		ASSERT_TRUE(a.inject(0, make_packet({.sequence = i})));
	for (unsigned i = 0; i < 2; i++)
		ASSERT_TRUE(b.inject(0, make_packet({.sequence = i})));
	ASSERT_TRUE(b.inject(1, make_packet({})));
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 0), 5);
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 1), 1);
	EXPECT_EQ(bond.receive(0) + bond.receive(1), 6);
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
