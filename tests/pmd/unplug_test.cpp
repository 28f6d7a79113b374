/* SPDX-License-Identifier: BSD-3-Clause */
// Members that are unplugged and come back: gone at once, and their place, name, settings and flows are kept for them.
#include "member_states.hpp"
#include "placement.hpp"
#include "port_view.hpp"

#include <rte_bus_vdev.h>

#include <array>
#include <atomic>
#include <thread>

namespace braid {
namespace {

class Unplug : public mbuf_accounting {};

TEST_F(Unplug, AnUnpluggedMemberLeavesAtOnceAndKeepsItsIdAndName)
{
	fake_port goes, stays;
	test_bond bond("round-robin", {&goes, &stays});
	ASSERT_EQ(bond.bring_up(2), 0);
	ASSERT_EQ(bond.rename(goes.name(), "uplink"), 0);
	const std::uint32_t id = bond.id_of("uplink");
	traffic_thread first(bond.port(), 0), second(bond.port(), 1);
	for (int round = 0; round < 4; round++) {
		ASSERT_TRUE(eventually([&] { return bond.info().usable == 2; }));
		ASSERT_TRUE(first.sends() && second.sends());
		ASSERT_EQ(goes.unplug(), 0);
		EXPECT_TRUE(is(bond, "uplink", BRAID_MEMBER_PENDING)) << "when unplug() returns";
		EXPECT_EQ(bond.info_of("uplink").port_id, BRAID_NO_PORT);
		EXPECT_EQ(bond.id_of("uplink"), id);
		EXPECT_EQ(bond.info().usable, 1u);
		EXPECT_TRUE(first.sends() && second.sends());
		ASSERT_EQ(goes.plug(), 0);
	}
	first.stop();
	second.stop();
	EXPECT_EQ(goes.tx_packets() + stays.tx_packets(), first.sent() + second.sent());
	EXPECT_EQ(goes.violations() + stays.violations(), 0u);
}

TEST_F(Unplug, AMemberOfAStoppedBondMayBeUnpluggedAndComeBack)
{
	fake_port port;
	test_bond bond("active-backup", {&port});
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_TRUE(is(bond, port.name(), BRAID_MEMBER_PENDING));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(becomes(bond, port.name(), BRAID_MEMBER_CLAIMED));
	EXPECT_FALSE(port.started());
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), port.name());
}

TEST_F(Unplug, AMemberThatComesBackGetsEverySettingOfTheBondAgain)
{
	fake_port goes(able_port()), stays(able_port());
	test_bond bond("balance", {&goes, &stays});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	ASSERT_EQ(goes.unplug(), 0);
	ASSERT_EQ(rte_eth_dev_set_mtu(bond.port(), 1300), 0) << "while it is away";
	ASSERT_EQ(rte_eth_dev_vlan_filter(bond.port(), 8, 1), 0);
	ASSERT_EQ(goes.plug(), 0);
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_RUNNING));
	EXPECT_EQ(look_at(goes), look_at(stays));
	EXPECT_EQ(goes.mtu(), 1300);
	EXPECT_EQ(goes.reta(), stays.reta());
	EXPECT_EQ(goes.rss_hf(), stays.rss_hf());
	ASSERT_EQ(bond.remove(goes.name()), 0);
	EXPECT_EQ(text_of(goes.mac()), text_of(goes.permanent_mac()));
	EXPECT_EQ(goes.mtu(), RTE_ETHER_MTU);
	EXPECT_TRUE(goes.vlans().empty());
}

TEST_F(Unplug, AMemberThatComesBackGetsItsFormerFlowsUnderAnyPortId)
{
	std::array<fake_port, 3> ports;
	fake_port &goes = ports[1];
	keep_packets(ports);
	test_bond bond(with_members("balance,xmit_policy=l34", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = placement(bond, ports, BRAID_POLICY_L34);
	const std::uint16_t port_before = goes.port_id();
	ASSERT_EQ(goes.unplug(), 0);
	const std::vector<int> without = placement(bond, ports, BRAID_POLICY_L34);
	for (unsigned flow = 0; flow < flows; flow++)
		EXPECT_TRUE(without[flow] == before[flow] || before[flow] == 1) << "flow " << flow;
	fake_port takes_its_port_id;
	ASSERT_EQ(goes.plug(), 0);
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_RUNNING));
	EXPECT_NE(goes.port_id(), port_before);
	EXPECT_EQ(placement(bond, ports, BRAID_POLICY_L34), before);
}

// ethdev calls a port valid until its listeners have returned. Whoever claims it in between owns freed memory.
TEST_F(Unplug, APortOnItsWayOutIsNotTakenAgain)
{
	fake_port port({.plugged = false});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(port.plug(), 0);
	ASSERT_TRUE(becomes(bond, port.name(), BRAID_MEMBER_RUNNING)); // and the search for ports goes on for a while
	struct watch {
		const test_bond &bond;
		const fake_port &port;
		bool left_alone = false;
	} watch{bond, port};
	const auto look = [](std::uint16_t, rte_eth_event_type, void *arg, void *) {
		auto &w = *static_cast<struct watch *>(arg);
		const std::uint64_t asked = w.port.count(fake_op::infos_get);
		w.left_alone = stays_false([&] {
			return !is(w.bond, w.port.name(), BRAID_MEMBER_PENDING) ||
			       w.port.count(fake_op::infos_get) != asked;
		});
		return 0;
	};
	const std::uint16_t port_id = port.port_id();
	ASSERT_EQ(rte_eth_dev_callback_register(port_id, RTE_ETH_EVENT_DESTROY, look, &watch), 0);
	ASSERT_EQ(port.unplug(), 0);
	ASSERT_EQ(port.plug(), 0); // 22.11 keeps callbacks with the number, and takes them back of a living port only
	ASSERT_EQ(port.port_id(), port_id);
	ASSERT_EQ(rte_eth_dev_callback_unregister(port_id, RTE_ETH_EVENT_DESTROY, look, &watch), 0);
	EXPECT_TRUE(watch.left_alone);
	EXPECT_TRUE(becomes(bond, port.name(), BRAID_MEMBER_RUNNING));
}

// The removal of the device has to wait for the operation that is inside it; when it returns, nobody uses the port.
TEST_F(Unplug, ADeviceMayBeUnpluggedWhileItIsBeingAdded)
{
	for (const fake_op inside : {fake_op::configure, fake_op::start}) {
		SCOPED_TRACE(to_string(inside));
		fake_port goes, stays;
		test_bond bond("round-robin", {&stays});
		ASSERT_EQ(bond.bring_up(), 0);
		traffic_thread application(bond.port());
		goes.hold(inside);
		std::atomic<int> added{1};
		std::thread adder([&] { added = bond.add(goes.name(), "late"); });
		ASSERT_TRUE(eventually([&] { return goes.waiting(inside) == 1; }));
		std::atomic<bool> gone{false};
		std::thread unplugger([&] {
			EXPECT_EQ(goes.unplug(), 0);
			gone = true;
		});
		EXPECT_TRUE(stays_false([&] { return gone.load(); })) << "the device is in use";
		goes.release(inside);
		adder.join();
		unplugger.join();
		// Either it never was a member, or it is one that waits for its device.
		if (added == 0) {
			EXPECT_TRUE(becomes(bond, "late", BRAID_MEMBER_PENDING));
		} else {
			EXPECT_LT(added, 0);
			EXPECT_EQ(bond.names(), std::vector<std::string>{stays.name()});
		}
		EXPECT_EQ(bond.info().usable, 1u);
		EXPECT_TRUE(application.sends());
		EXPECT_EQ(goes.violations(), 0u);
	}
}

TEST_F(Unplug, ADeviceMayBeUnpluggedWhileItIsAttachedByItself)
{
	fake_port port({.plugged = false});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	port.hold(fake_op::start);
	ASSERT_EQ(port.plug(), 0);
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::start) == 1; }));
	std::thread unplugger([&] { EXPECT_EQ(port.unplug(), 0); });
	EXPECT_TRUE(stays_false([&] { return !port.present(); }));
	port.release(fake_op::start);
	unplugger.join();
	EXPECT_TRUE(is(bond, port.name(), BRAID_MEMBER_PENDING));
	EXPECT_EQ(bond.info().usable, 0u);
	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(becomes(bond, port.name(), BRAID_MEMBER_RUNNING));
}

// Closing gives members back one after the other. One that goes meanwhile must not be given back under its number, which may
// be somebody else's by then.
TEST_F(Unplug, AClosingBondHearsOfAMemberThatGoes)
{
	fake_port slow, goes, comes({.plugged = false});
	test_bond bond("mode=balance,mac=02:00:00:00:00:77,member=" + slow.name() + ",member=" + goes.name());
	ASSERT_EQ(bond.bring_up(), 0);
	slow.fail(fake_op::mac_set, EIO); // so that there is something left to give back
	ASSERT_EQ(bond.stop(), 0);
	slow.hold(fake_op::mac_set);
	std::thread closer([&] { EXPECT_EQ(rte_eth_dev_close(bond.port()), 0); });
	ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::mac_set) == 1; }));
	const std::uint16_t port = goes.port_id();
	ASSERT_EQ(goes.unplug(), 0);
	ASSERT_EQ(comes.plug(), 0);
	ASSERT_EQ(comes.port_id(), port);
	slow.release(fake_op::mac_set);
	closer.join();
	EXPECT_EQ(comes.history(), std::vector<std::string>{"probe"});
	EXPECT_EQ(text_of(slow.mac()), text_of(slow.permanent_mac()));
	EXPECT_EQ(bond.destroy(), -ENODEV) << "closed already";
	ASSERT_EQ(rte_vdev_uninit("net_braid0"), 0);
}

// EAL makes and unmakes devices on one thread only, so the bond is closed as a port here and taken off the bus later.
TEST_F(Unplug, AMemberMayBeUnpluggedWhileItsBondIsClosed)
{
	fake_port goes, stays;
	for (int round = 0; round < 20; round++) {
		test_bond bond("balance", {&goes, &stays});
		ASSERT_EQ(bond.bring_up(), 0);
		std::atomic<bool> go{false};
		std::thread unplugger([&] {
			go.wait(false);
			EXPECT_EQ(goes.unplug(), 0);
		});
		go = true;
		go.notify_one();
		EXPECT_EQ(bond.stop(), 0);
		EXPECT_EQ(rte_eth_dev_close(bond.port()), 0);
		unplugger.join();
		EXPECT_EQ(bond.destroy(), -ENODEV) << "closed already";
		ASSERT_EQ(rte_vdev_uninit("net_braid0"), 0);
		EXPECT_EQ(owner_of(stays.port_id()), "");
		EXPECT_FALSE(stays.started());
		ASSERT_EQ(goes.plug(), 0);
		EXPECT_EQ(owner_of(goes.port_id()), "");
	}
	EXPECT_EQ(goes.violations() + stays.violations(), 0u);
}

} // namespace
} // namespace braid
