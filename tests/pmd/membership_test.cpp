/* SPDX-License-Identifier: BSD-3-Clause */
// Who may be a member, what being one means for the port, and how it is let go.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace braid {
namespace {

class Membership : public mbuf_accounting {};

int start_alone(std::uint16_t port)
{
	const rte_eth_conf conf{};
	int status = rte_eth_dev_configure(port, 1, 1, &conf);
	if (status == 0)
		status = rte_eth_rx_queue_setup(port, 0, 64, SOCKET_ID_ANY, nullptr, eal_mempool());
	if (status == 0)
		status = rte_eth_tx_queue_setup(port, 0, 64, SOCKET_ID_ANY, nullptr);
	return status != 0 ? status : rte_eth_dev_start(port);
}

TEST_F(Membership, MembersAreInvisibleToApplicationsUntilTheyAreReleased)
{
	fake_port a, b;
	const std::vector<std::uint16_t> before = visible_ports();
	{
		test_bond bond("round-robin", {&a, &b});
		EXPECT_EQ(visible_ports().size(), before.size() - 1) << "two went, the bond came";
		EXPECT_FALSE(is_visible(a.port_id()) || is_visible(b.port_id()));
		EXPECT_TRUE(is_visible(bond.port()));
		EXPECT_EQ(owner_of(a.port_id()), "net_braid0");
		ASSERT_EQ(bond.remove(a.name()), 0);
		EXPECT_TRUE(is_visible(a.port_id()));
		EXPECT_FALSE(is_visible(b.port_id()));
	}
	EXPECT_EQ(visible_ports(), before);
}

TEST_F(Membership, APortOwnedBySomebodyElseIsRefusedAndLeftAlone)
{
	fake_port port;
	somebody owner(port.port_id());
	port.clear_calls();
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.add(port.name()), -EBUSY);
	EXPECT_EQ(std::string(braid_error_text()),
	          port.name() + ": port " + std::to_string(port.port_id()) + " is owned by somebody");
	EXPECT_EQ(port.history(), std::vector<std::string>{});
	EXPECT_EQ(owner_of(port.port_id()), "somebody");
	EXPECT_EQ(bond.info().members, 0u);
	owner.let_go();
	EXPECT_EQ(bond.add(port.name()), 0);
}

// Not the member, which there will not be, by a name that a template or a role has made up.
TEST_F(Membership, ARefusalNamesTheDeviceThatWasAskedFor)
{
	fake_port port;
	somebody owner(port.port_id());
	test_bond bond("mode=active-backup,member_name=wan%d");
	const std::string number = std::to_string(port.port_id());
	const std::string why = ": port " + number + " is owned by somebody";
	const auto refused = [&](const std::string &device, const braid_member_options &options) {
		EXPECT_EQ(braid_member_add(bond.port(), device.c_str(), &options, nullptr), -EBUSY);
		return std::string(braid_error_text());
	};
	EXPECT_EQ(refused(port.name(), {.size = sizeof(braid_member_options)}), port.name() + why);
	EXPECT_EQ(refused(number, {.size = sizeof(braid_member_options)}), number + why);
	EXPECT_EQ(refused(port.name(), {.size = sizeof(braid_member_options), .role = BRAID_ROLE_PRIMARY}), port.name() + why);
	EXPECT_EQ(refused(port.name(), {.size = sizeof(braid_member_options), .name = "lan"}), port.name() + why);
}

TEST_F(Membership, ARefusalOfAMadeUpNameNamesTheDeviceToo)
{
	test_bond bond;
	ASSERT_EQ(bond.add("0000:01:00.0"), 0);
	EXPECT_EQ(bond.add("0000_01_00.0"), -EEXIST);
	EXPECT_STREQ(braid_error_text(), R"(0000_01_00.0: name "0000_01_00.0" is in use by member 1)");
	EXPECT_EQ(bond.add("net_fake_absent", "0000_01_00.0"), -EEXIST);
	EXPECT_STREQ(braid_error_text(), R"(name "0000_01_00.0" is in use by member 1)") << "which was asked for";
}

TEST_F(Membership, ABondIsNoMember)
{
	test_bond bond, other({}, "net_braid1");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.add("net_braid1"), -ELOOP);
	EXPECT_NE(std::string(braid_error_text()).find("net_braid bond"), std::string::npos);
	EXPECT_EQ(bond.add(std::to_string(other.port())), -ELOOP);
	EXPECT_EQ(bond.add("net_braid0"), -ELOOP) << "itself";
	EXPECT_EQ(bond.add(std::to_string(bond.port())), -ELOOP) << "itself, by number";
	EXPECT_EQ(bond.info().members, 0u);
	EXPECT_EQ(owner_of(other.port()), "");
}

TEST_F(Membership, APortIsAMemberOnce)
{
	fake_port port;
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(port.name(), "uplink"), 0);
	EXPECT_EQ(bond.add(port.name()), -EEXIST);
	EXPECT_EQ(std::string(braid_error_text()), port.name() + " is a member already, named uplink");
	EXPECT_EQ(bond.add(std::to_string(port.port_id()), "other"), -EEXIST) << "by its number";
	ASSERT_EQ(bond.add("net_fake_absent"), 0);
	EXPECT_EQ(bond.add("net_fake_absent"), -EEXIST) << "pending";
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"uplink", "net_fake_absent"}));
	EXPECT_TRUE(port.started());
}

TEST_F(Membership, ANameIsTakenOnceAndThePortStaysFree)
{
	fake_port a, b;
	const port_view before = look_at(b);
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(a.name(), "uplink"), 0);
	EXPECT_EQ(bond.add(b.name(), "uplink"), -EEXIST);
	EXPECT_EQ(bond.add(b.name(), "up/link"), -EINVAL);
	EXPECT_EQ(bond.add(b.name(), ""), -EINVAL);
	EXPECT_EQ(look_at(b), before);
	EXPECT_EQ(bond.names(), std::vector<std::string>{"uplink"});
	EXPECT_EQ(bond.add(b.name(), "uplink%d"), 0);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"uplink", "uplink0"}));
}

TEST_F(Membership, SixtyFourMembersAreTheMostPendingOnesIncluded)
{
	fake_port present;
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < BRAID_MAX_MEMBERS - 1; i++)
		ASSERT_EQ(bond.add("net_absent" + std::to_string(i)), 0);
	ASSERT_EQ(bond.add(present.name()), 0);
	EXPECT_EQ(bond.add("net_absent64"), -ENOSPC);
	EXPECT_EQ(bond.info().members, unsigned{BRAID_MAX_MEMBERS});
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	ASSERT_EQ(bond.remove("net_absent5"), 0);
	EXPECT_EQ(bond.add("net_absent64"), 0);
}

// As many as the DPDK at hand has ports for.
TEST_F(Membership, AllPortsThereCanBeMayBeMembers)
{
	test_bond bond("mode=balance,xmit_policy=l34");
	ASSERT_EQ(bond.bring_up(), 0);
	std::deque<fake_port> ports;
	while (port_count() < RTE_MAX_ETHPORTS) {
		ports.emplace_back();
		ASSERT_EQ(bond.add(ports.back().name()), 0);
	}
	EXPECT_EQ(bond.info().usable, ports.size());
	unsigned sent = 0;
	for (unsigned i = 0; i < 40; i++)
		sent += bond.send(make_burst(64, 64 * i, 4096));
	EXPECT_EQ(sent, 2560u);
	for (const fake_port &port : ports)
		EXPECT_GT(port.tx_packets(), 0u) << port.name();
	EXPECT_EQ(visible_ports(), std::vector<std::uint16_t>{bond.port()});
}

TEST_F(Membership, IdsAreNeverUsedAgain)
{
	fake_port port;
	test_bond bond;
	std::set<std::uint32_t> ids;
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(bond.add(port.name()), 0);
		EXPECT_TRUE(ids.insert(bond.id_of(port.name())).second);
		ASSERT_EQ(bond.remove(port.name()), 0);
	}
	EXPECT_FALSE(ids.contains(BRAID_NO_MEMBER));
}

TEST_F(Membership, AnUnknownMemberCannotBeRemoved)
{
	fake_port port;
	test_bond bond("round-robin", {&port});
	EXPECT_EQ(braid_member_remove(bond.port(), 77), -ENOENT);
	EXPECT_EQ(std::string(braid_error_text()), "net_braid0 has no member with id 77");
	EXPECT_EQ(braid_member_remove(bond.port(), BRAID_NO_MEMBER), -ENOENT);
	const std::uint32_t id = bond.id_of(port.name());
	EXPECT_EQ(braid_member_remove(bond.port(), id), 0);
	EXPECT_EQ(braid_member_remove(bond.port(), id), -ENOENT);
}

TEST_F(Membership, ARunningPortGoesOnUntilTheBondStartsIt)
{
	fake_port port;
	ASSERT_EQ(start_alone(port.port_id()), 0);
	test_bond bond;
	ASSERT_EQ(bond.add(port.name()), 0);
	EXPECT_TRUE(port.started());
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(port.tx_packets(), 4u);
}

TEST_F(Membership, ARunningPortThatDoesNotStopIsRefusedAndGoesOn)
{
	fake_port stubborn;
	ASSERT_EQ(start_alone(stubborn.port_id()), 0);
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	stubborn.fail(fake_op::stop, EPERM);
	EXPECT_EQ(bond.add(stubborn.name()), -EPERM);
	EXPECT_EQ(std::string(braid_error_text()),
	          stubborn.name() + ": stopping the port, which was running: Operation not permitted");
	EXPECT_EQ(owner_of(stubborn.port_id()), "");
	EXPECT_TRUE(stubborn.started());
	EXPECT_EQ(stubborn.count(fake_op::configure), 1u) << "by its application";
	EXPECT_EQ(rte_eth_dev_stop(stubborn.port_id()), 0);
}

class Removal : public mbuf_accounting {};

// A drain that ends when the queues are dry, however busy the machine is.
constexpr const char *unhurried = "lsc_poll_period_ms=1,drain_ms=20000";

// Mistake 11: address lists that were not removed on release.
TEST_F(Removal, GivesThePortBackAsItWas)
{
	fake_port stays(able_port()), leaves(able_port());
	ASSERT_EQ(rte_eth_promiscuous_enable(stays.port_id()), 0);
	const port_view stays_before = look_at(stays), leaves_before = look_at(leaves);
	{
		test_bond bond("balance", {&stays, &leaves});
		ASSERT_EQ(bond.bring_up(2, everything()), 0);
		set_everything(bond.port());
		port_view while_member = look_at(leaves);
		EXPECT_EQ(while_member.mac, text_of(local_mac(1)));
		EXPECT_EQ(while_member.extra_macs.size(), 2u);
		EXPECT_EQ(while_member.multicast.size(), 2u);
		EXPECT_EQ(while_member.vlans, (std::vector<std::uint16_t>{7, 4094}));
		EXPECT_EQ(while_member.mtu, 1400);
		EXPECT_TRUE(while_member.promiscuous && while_member.allmulticast && while_member.started);
		ASSERT_EQ(bond.remove(leaves.name()), 0);
		EXPECT_EQ(look_at(leaves), leaves_before);
		EXPECT_NE(look_at(stays), stays_before);
	}
	EXPECT_EQ(look_at(stays), stays_before) << "it was promiscuous before";
}

TEST_F(Removal, GoesOnRestoringWhenOneStepFails)
{
	for (const fake_op refused : {fake_op::stop, fake_op::mac_set, fake_op::mtu_set, fake_op::promiscuous_off,
	                              fake_op::allmulticast_off, fake_op::vlan_filter, fake_op::mc_list}) {
		SCOPED_TRACE(to_string(refused));
		fake_port port(able_port());
		const port_view before = look_at(port);
		test_bond bond("round-robin", {&port});
		ASSERT_EQ(bond.bring_up(2, everything()), 0);
		set_everything(bond.port());
		port.fail(refused, EPERM, fake_port::always);
		log_capture log;
		EXPECT_EQ(bond.remove(port.name()), 0);
		EXPECT_GE(log.count("BRAID: " + port.name() + ": "), 1u) << log.text();
		EXPECT_EQ(except_for(look_at(port), refused, before), before);
		port.heal_all();
		EXPECT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	}
}

TEST_F(Removal, AReleasedPortWorksOnItsOwn)
{
	fake_port port;
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.remove(port.name()), 0);
	ASSERT_EQ(start_alone(port.port_id()), 0);
	std::vector<rte_mbuf *> packets = make_burst(3);
	EXPECT_EQ(rte_eth_tx_burst(port.port_id(), 0, packets.data(), 3), 3);
	EXPECT_EQ(rte_eth_dev_stop(port.port_id()), 0);
}

TEST_F(Removal, DeliversWhatTheMemberHadReceived)
{
	constexpr unsigned waiting = 500;
	for (const char *mode : {"round-robin", "active-backup", "balance", "broadcast"}) {
		SCOPED_TRACE(mode);
		fake_port leaves, stays;
		test_bond bond(exactly{std::string(unhurried) + ",mode=" + mode + ",member=" + leaves.name() +
		                       ",member=" + stays.name()});
		ASSERT_EQ(bond.bring_up(), 0);
		for (unsigned i = 0; i < waiting; i++)
			ASSERT_TRUE(leaves.inject(0, make_packet({.sequence = i})));
		traffic_thread application(bond.port());
		ASSERT_EQ(bond.remove(leaves.name()), 0);
		EXPECT_TRUE(application.goes_on());
		EXPECT_EQ(application.received(), waiting);
		EXPECT_EQ(leaves.rx_lost(), 0u);
	}
}

TEST_F(Removal, DrainsEveryReceiveQueue)
{
	fake_port leaves, stays;
	test_bond bond(exactly{std::string(unhurried) + ",member=" + leaves.name() + ",member=" + stays.name()});
	ASSERT_EQ(bond.bring_up(2), 0);
	for (unsigned i = 0; i < 300; i++)
		ASSERT_TRUE(leaves.inject(i % 2, make_packet({.sequence = i})));
	traffic_thread first(bond.port(), 0), second(bond.port(), 1);
	ASSERT_EQ(bond.remove(leaves.name()), 0);
	EXPECT_TRUE(first.goes_on() && second.goes_on());
	EXPECT_EQ(first.received() + second.received(), 300u);
	EXPECT_EQ(leaves.rx_lost(), 0u);
}

// drain_ms is the bound; what nobody fetched goes with the port.
TEST_F(Removal, DoesNotWaitForAnApplicationThatDoesNotPoll)
{
	fake_port port;
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 10; i++)
		ASSERT_TRUE(port.inject(0, make_packet({.sequence = i})));
	ASSERT_EQ(bond.remove(port.name()), 0);
	EXPECT_EQ(port.rx_lost(), 10u);
	EXPECT_EQ(bond.receive(), 0);
}

TEST_F(Removal, SendsNothingMoreWhileItDrains)
{
	fake_port leaves, stays;
	test_bond bond("round-robin", {&leaves, &stays});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of(leaves.name());
	std::thread remover([&] { EXPECT_EQ(braid_member_remove(bond.port(), id), 0); });
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 1; }));
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	remover.join();
	EXPECT_EQ(leaves.tx_packets(), 0u);
	EXPECT_EQ(stays.tx_packets(), 10u);
}

// Mistake 4: the port was stopped while a burst still held it.
TEST_F(Removal, WaitsForABurstThatIsInside)
{
	for (const fake_op burst : {fake_op::tx_burst, fake_op::rx_burst}) {
		SCOPED_TRACE(to_string(burst));
		fake_port port, other;
		test_bond bond("round-robin", {&port, &other});
		ASSERT_EQ(bond.bring_up(), 0);
		port.hold(burst);
		traffic_thread application(bond.port());
		ASSERT_TRUE(eventually([&] { return port.waiting(burst) == 1; }));
		const std::uint32_t id = bond.id_of(port.name());
		std::atomic<bool> removed{false};
		std::thread remover([&] {
			EXPECT_EQ(braid_member_remove(bond.port(), id), 0);
			removed = true;
		});
		ASSERT_TRUE(eventually([&] { return bond.info().usable == 1; }));
		// Longer than the drain: 50 ms of watching after 50 ms of draining.
		EXPECT_TRUE(stays_false([&] { return port.count(fake_op::stop) != 0; }));
		EXPECT_TRUE(stays_false([&] { return removed || port.count(fake_op::stop) != 0; }));
		port.release(burst);
		remover.join();
		EXPECT_TRUE(application.sends());
		EXPECT_EQ(port.violations(), 0u);
	}
}

// Mistake 3: a torn copy of the members sent to a port that had been removed.
TEST_F(Removal, UnderTrafficLosesNothing)
{
	fake_port a, b, c;
	test_bond bond("balance,xmit_policy=l34", {&a, &b});
	ASSERT_EQ(bond.bring_up(2), 0);
	traffic_thread first(bond.port(), 0), second(bond.port(), 1);
	for (int round = 0; round < 15; round++) {
		ASSERT_EQ(bond.add(c.name()), 0);
		ASSERT_TRUE(first.sends());
		ASSERT_EQ(bond.remove(a.name()), 0);
		ASSERT_EQ(bond.add(a.name()), 0);
		ASSERT_TRUE(second.sends());
		ASSERT_EQ(bond.remove(c.name()), 0);
	}
	first.stop();
	second.stop();
	EXPECT_EQ(a.tx_packets() + b.tx_packets() + c.tx_packets(), first.sent() + second.sent());
	EXPECT_GT(c.tx_packets(), 0u);
	EXPECT_EQ(a.violations() + b.violations() + c.violations(), 0u);
}

TEST_F(Removal, OfTheLastMemberLeavesAnEmptySetUnderTraffic)
{
	fake_port port;
	test_bond bond("active-backup", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread application(bond.port());
	for (int round = 0; round < 5; round++) {
		ASSERT_TRUE(application.sends());
		ASSERT_EQ(bond.remove(port.name()), 0);
		EXPECT_TRUE(application.goes_on());
		ASSERT_EQ(bond.add(port.name()), 0);
	}
	application.stop();
	EXPECT_EQ(port.tx_packets(), application.sent());
}

// Mistake 12: a first member that was added again brought its address, which is the bond's as well.
TEST_F(Removal, OfTheFirstMemberLeavesTheBondItsAddress)
{
	fake_port first, second;
	test_bond bond("active-backup", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string address = text_of(first.permanent_mac());
	ASSERT_EQ(mac_of(bond.port()), address);
	ASSERT_EQ(bond.remove(first.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), address);
	EXPECT_EQ(text_of(second.mac()), address);
	ASSERT_EQ(bond.add(first.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), address);
	for (const fake_port *member : {&first, &second})
		EXPECT_EQ(text_of(member->mac()), address);
	ASSERT_EQ(bond.remove(second.name()), 0);
	EXPECT_EQ(text_of(second.mac()), text_of(second.permanent_mac()));
	ASSERT_EQ(bond.remove(first.name()), 0);
	EXPECT_EQ(text_of(first.mac()), address);
}

TEST_F(Removal, OfAMemberThatIsPendingIsOneStep)
{
	fake_port port;
	test_bond bond("mode=round-robin,member=net_fake_absent,member=" + port.name());
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info_of("net_fake_absent").state, BRAID_MEMBER_PENDING);
	EXPECT_EQ(bond.info_of("net_fake_absent").port_id, BRAID_NO_PORT);
	ASSERT_EQ(bond.remove("net_fake_absent"), 0);
	EXPECT_EQ(bond.names(), std::vector<std::string>{port.name()});
	fake_port appears({.name = "net_fake_absent"});
	EXPECT_EQ(owner_of(appears.port_id()), "");
	EXPECT_TRUE(stays_false([&] { return appears.started(); })) << "nobody wants it any more";
}

} // namespace
} // namespace braid
