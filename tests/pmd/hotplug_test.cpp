/* SPDX-License-Identifier: BSD-3-Clause */
// Members that are not there yet, that vanish, and that come back.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <rte_bus_vdev.h>

#include <map>

namespace braid {
namespace {

class HotPlug : public mbuf_accounting {
protected:
	static bool is(const test_bond &bond, const std::string &member, braid_member_state state)
	{
		return bond.info_of(member).state == state;
	}
	static bool becomes(const test_bond &bond, const std::string &member, braid_member_state state)
	{
		return eventually([&] { return is(bond, member, state); });
	}
	static std::uint16_t lowest_free_port()
	{
		std::uint16_t port = 0;
		while (rte_eth_dev_is_valid_port(port) != 0)
			port++;
		return port;
	}
};

TEST_F(HotPlug, MembersMayComeAfterTheBond)
{
	fake_port a({.plugged = false}), b({.plugged = false});
	test_bond bond("balance", {&a, &b});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_FALSE(bond.link_up());
	EXPECT_TRUE(is(bond, a.name(), BRAID_MEMBER_PENDING));
	ASSERT_EQ(a.plug(), 0);
	ASSERT_EQ(b.plug(), 0);
	EXPECT_TRUE(becomes(bond, a.name(), BRAID_MEMBER_RUNNING));
	EXPECT_TRUE(becomes(bond, b.name(), BRAID_MEMBER_RUNNING));
	EXPECT_TRUE(bond.link_up());
	EXPECT_EQ(bond.send(make_burst(64, 0, 64)), 64);
	EXPECT_EQ(a.tx_packets() + b.tx_packets(), 64u);
}

// The command line has the members after the bond and the application configures at once.
TEST_F(HotPlug, AMemberThatIsThereAtConfigureTakesPartInIt)
{
	fake_port port({.plugged = false, .max_rx_queues = 2});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(port.plug(), 0);
	ASSERT_EQ(bond.bring_up(2), 0);
	EXPECT_TRUE(is(bond, port.name(), BRAID_MEMBER_RUNNING));
	EXPECT_EQ(bond.send(make_burst(4), 1), 4);
	EXPECT_EQ(port.tx_packets(1), 4u);
	EXPECT_EQ(mac_of(bond.port()), text_of(port.permanent_mac()));
}

// Whoever has plugged it in still sets it up, and somebody may ask what the bond can do meanwhile.
TEST_F(HotPlug, ADeviceThatAppearsSettlesAlsoWhileTheBondIsStopped)
{
	constexpr std::uint64_t settling_ns = 99'000'000; // 100 ms, counted in whole ones
	fake_port port({.plugged = false});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.configure(), 0);
	event_recorder events(bond);
	const auto now = std::chrono::steady_clock::now().time_since_epoch();
	ASSERT_EQ(port.plug(), 0);
	rte_eth_dev_info info{};
	EXPECT_TRUE(eventually([&] {
		EXPECT_EQ(rte_eth_dev_info_get(bond.port(), &info), 0);
		return is(bond, port.name(), BRAID_MEMBER_CLAIMED);
	}));
	const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
	EXPECT_GE(events.last(BRAID_EVENT_MEMBER_ADDED).time_ns, static_cast<std::uint64_t>(ns) + settling_ns);
}

// An application that lists its ports right after it plugged one in must not find the bond's.
TEST_F(HotPlug, APortThatIsWantedIsReservedBeforeAnybodySeesIt)
{
	fake_port port({.plugged = false});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<std::uint16_t> before = visible_ports();
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(port.plug(), 0);
		EXPECT_EQ(owner_of(port.port_id()), "net_braid0");
		EXPECT_EQ(visible_ports(), before);
		ASSERT_TRUE(becomes(bond, port.name(), BRAID_MEMBER_RUNNING));
		EXPECT_EQ(visible_ports(), before);
		ASSERT_EQ(port.unplug(), 0);
		EXPECT_EQ(visible_ports(), before);
	}
}

// Others come and go while a reserved port waits for its turn.
TEST_F(HotPlug, AReservedPortStaysReservedWhateverElseIsRemoved)
{
	fake_port slow({.plugged = false}), next({.plugged = false}), other;
	test_bond bond("round-robin", {&next, &slow, &other});
	ASSERT_EQ(bond.bring_up(), 0);
	for (int round = 0; round < 3; round++) {
		slow.hold(fake_op::start);
		ASSERT_EQ(slow.plug(), 0);
		ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::start) == 1; }));
		ASSERT_EQ(next.plug(), 0); // its turn was before, and comes again when the slow one is done
		const std::uint16_t port = next.port_id();
		bool seen = is_visible(port);
		slow.release(fake_op::start);
		EXPECT_TRUE(eventually([&] {
			seen |= is_visible(port);
			return is(bond, next.name(), BRAID_MEMBER_RUNNING);
		}));
		EXPECT_FALSE(seen);
		ASSERT_EQ(next.unplug(), 0);
		ASSERT_EQ(slow.unplug(), 0);
	}
}

// Mistake 14: a match by prefix took net_tap10 for net_tap1.
TEST_F(HotPlug, NamesMatchWholeOrNotAtAll)
{
	fake_port longer({.name = "net_fake_p10", .plugged = false}), wanted({.name = "net_fake_p1", .plugged = false});
	test_bond bond("round-robin", {&wanted});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(longer.plug(), 0);
	EXPECT_EQ(owner_of(longer.port_id()), "");
	EXPECT_TRUE(stays_false([&] { return longer.configured(); }));
	EXPECT_TRUE(is(bond, wanted.name(), BRAID_MEMBER_PENDING));
	ASSERT_EQ(wanted.plug(), 0);
	EXPECT_TRUE(becomes(bond, wanted.name(), BRAID_MEMBER_RUNNING));
	EXPECT_EQ(owner_of(longer.port_id()), "");
	EXPECT_EQ(bond.info_of(wanted.name()).port_id, wanted.port_id());
}

TEST_F(HotPlug, AMemberMayBeWaitedForByItsPortId)
{
	fake_port port({.plugged = false});
	test_bond bond;
	const std::string number = std::to_string(lowest_free_port());
	ASSERT_EQ(bond.add(number, "numbered"), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(port.plug(), 0);
	ASSERT_EQ(std::to_string(port.port_id()), number);
	EXPECT_TRUE(becomes(bond, "numbered", BRAID_MEMBER_RUNNING));
	EXPECT_EQ(bond.info_of("numbered").device, port.name());
}

TEST_F(HotPlug, TwoBondsThatWaitForOnePortDoNotShareIt)
{
	fake_port port({.plugged = false});
	test_bond first("round-robin", {&port}), second("mode=round-robin,member=" + port.name(), "net_braid1");
	ASSERT_EQ(first.bring_up(), 0);
	ASSERT_EQ(second.bring_up(), 0);
	log_capture log;
	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(becomes(first, port.name(), BRAID_MEMBER_RUNNING));
	EXPECT_TRUE(eventually([&] { return log.contains("is owned by net_braid0"); })) << log.text();
	EXPECT_TRUE(is(second, port.name(), BRAID_MEMBER_PENDING));
	EXPECT_EQ(owner_of(port.port_id()), "net_braid0");
}

TEST_F(HotPlug, APortThatCannotJoinIsLoggedOnceAndLeftAlone)
{
	fake_port narrow({.plugged = false, .max_rx_queues = 1}), good;
	test_bond bond("round-robin", {&good, &narrow});
	ASSERT_EQ(bond.bring_up(2), 0);
	log_capture log;
	ASSERT_EQ(narrow.plug(), 0);
	const std::string reason = "it has 1 receive queues and the bond uses 2";
	ASSERT_TRUE(eventually([&] { return log.contains(reason); }));
	EXPECT_TRUE(stays_false([&] { return log.count(reason) > 1; })) << log.text();
	EXPECT_TRUE(eventually([&] { return owner_of(narrow.port_id()).empty(); }));
	EXPECT_TRUE(is(bond, narrow.name(), BRAID_MEMBER_PENDING));
	EXPECT_FALSE(narrow.configured());
	EXPECT_EQ(bond.send(make_burst(4)), 4);
}

TEST_F(HotPlug, APortThatCouldNotJoinIsTriedAgainAtTheNextStart)
{
	fake_port port({.plugged = false});
	test_bond bond("round-robin", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	port.fail(fake_op::start, EPERM);
	log_capture log;
	const port_view as_new = [&] {
		EXPECT_EQ(port.plug(), 0);
		EXPECT_TRUE(eventually([&] { return log.contains("start: Operation not permitted"); }));
		EXPECT_TRUE(eventually([&] { return owner_of(port.port_id()).empty(); }));
		return look_at(port);
	}();
	EXPECT_EQ(as_new.mac, text_of(port.permanent_mac()));
	EXPECT_FALSE(as_new.started);
	EXPECT_TRUE(is(bond, port.name(), BRAID_MEMBER_PENDING));
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(is(bond, port.name(), BRAID_MEMBER_RUNNING));
}

TEST_F(HotPlug, AnUnpluggedMemberLeavesAtOnceAndKeepsItsIdAndName)
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

TEST_F(HotPlug, AMemberOfAStoppedBondMayBeUnpluggedAndComeBack)
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

TEST_F(HotPlug, AMemberThatComesBackGetsEverySettingOfTheBondAgain)
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

TEST_F(HotPlug, AMemberThatComesBackGetsItsFormerFlows)
{
	constexpr unsigned flows = 512;
	fake_port a, goes, b;
	test_bond bond("balance,xmit_policy=l34", {&a, &goes, &b});
	ASSERT_EQ(bond.bring_up(), 0);
	fake_port *const all[] = {&a, &goes, &b};
	for (fake_port *port : all)
		port->tx_mode(fake_tx::keep);
	const auto placement = [&] {
		for (unsigned i = 0; i < flows; i += 32)
			EXPECT_EQ(bond.send(make_burst(32, i, flows)), 32);
		std::map<std::uint32_t, const fake_port *> port_of;
		for (fake_port *port : all) {
			std::vector<rte_mbuf *> kept = port->take_tx();
			for (const rte_mbuf *packet : kept)
				port_of[sequence_of(packet)] = port;
			free_all(kept);
		}
		return port_of;
	};
	const auto before = placement();
	const std::uint16_t port_before = goes.port_id();
	ASSERT_EQ(goes.unplug(), 0);
	for (const auto &[flow, port] : placement())
		EXPECT_TRUE(port == before.at(flow) || before.at(flow) == &goes) << "flow " << flow;
	fake_port takes_its_port_id;
	ASSERT_EQ(goes.plug(), 0);
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_RUNNING));
	EXPECT_NE(goes.port_id(), port_before);
	EXPECT_EQ(placement(), before);
}

// ethdev calls a port valid until its listeners have returned. Whoever claims it in between owns freed memory.
TEST_F(HotPlug, APortOnItsWayOutIsNotTakenAgain)
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

TEST_F(HotPlug, AVanishedDeviceIsNotTouchedAnyMore)
{
	fake_port goes({.announces_rmv = true}), stays;
	test_bond bond("round-robin", {&goes, &stays});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of(goes.name());
	traffic_thread application(bond.port());
	ASSERT_TRUE(application.sends());
	const std::uint64_t counted = bond.xstat(goes.name() + "_tx_packets");
	ASSERT_GT(counted, 0u);
	ASSERT_TRUE(goes.vanish()) << "members are asked for removal interrupts";
	EXPECT_EQ(bond.info().usable, 1u) << "at once";
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_PENDING));
	goes.bury();
	EXPECT_TRUE(application.sends());
	// Whatever is asked of the bond now is not passed on.
	rte_eth_stats stats{};
	rte_eth_dev_info info{};
	EXPECT_EQ(rte_eth_stats_get(bond.port(), &stats), 0);
	EXPECT_EQ(rte_eth_dev_info_get(bond.port(), &info), 0);
	EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), 0);
	EXPECT_EQ(rte_eth_promiscuous_enable(bond.port()), 0);
	EXPECT_GE(bond.xstat(goes.name() + "_tx_packets"), counted) << "what it had told";
	application.stop();
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.configure(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(goes.violations(), 0u);

	ASSERT_EQ(goes.replug(), 0);
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_RUNNING));
	EXPECT_EQ(bond.id_of(goes.name()), id);
	EXPECT_TRUE(goes.promiscuous());
	EXPECT_EQ(bond.send(make_burst(8)), 8);
}

// Some drivers raise no RTE_ETH_EVENT_INTR_RMV: the watcher has to ask, link interrupts or not.
TEST_F(HotPlug, ADeviceThatVanishesWithoutAWordIsFoundMissing)
{
	for (const bool lsc : {false, true}) {
		SCOPED_TRACE(lsc);
		fake_port goes({.announces_lsc = lsc}), stays;
		test_bond bond("round-robin", {&goes, &stays});
		ASSERT_EQ(bond.bring_up(), 0);
		ASSERT_EQ(bond.rename(goes.name(), "uplink"), 0);
		const std::uint32_t id = bond.id_of("uplink");
		ASSERT_EQ(bond.send(make_burst(8)), 8);
		ASSERT_FALSE(goes.vanish());
		ASSERT_TRUE(becomes(bond, "uplink", BRAID_MEMBER_PENDING));
		EXPECT_EQ(bond.send(make_burst(8)), 8);
		goes.bury();
		EXPECT_EQ(bond.send(make_burst(8)), 8);
		ASSERT_EQ(goes.replug(), 0);
		ASSERT_TRUE(becomes(bond, "uplink", BRAID_MEMBER_RUNNING));
		EXPECT_EQ(bond.id_of("uplink"), id);
		EXPECT_EQ(goes.violations(), 0u);
	}
}

TEST_F(HotPlug, AVanishedMemberMayBeRemovedAndTheBondClosed)
{
	for (const bool remove_it : {false, true}) {
		fake_port goes({.announces_rmv = true}), stays;
		test_bond bond("balance", {&goes, &stays});
		ASSERT_EQ(bond.bring_up(), 0);
		ASSERT_TRUE(goes.vanish());
		ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_PENDING));
		goes.bury();
		if (remove_it) {
			EXPECT_EQ(bond.remove(goes.name()), 0);
		}
		EXPECT_EQ(bond.destroy(), 0);
		EXPECT_EQ(goes.violations(), 0u);
	}
}

TEST_F(HotPlug, AMemberMayVanishWhileItIsDrained)
{
	for (const bool unplugged : {false, true}) {
		fake_port goes({.announces_rmv = true}), stays;
		test_bond bond("round-robin", {&goes, &stays});
		ASSERT_EQ(bond.bring_up(), 0);
		ASSERT_TRUE(goes.inject(0, make_packet({})));
		const std::uint32_t id = bond.id_of(goes.name());
		std::thread remover([&] { EXPECT_EQ(braid_member_remove(bond.port(), id), 0); });
		ASSERT_TRUE(eventually([&] { return bond.info().usable == 1; }));
		if (unplugged)
			EXPECT_EQ(goes.unplug(), 0);
		else
			goes.vanish();
		remover.join();
		EXPECT_EQ(bond.names(), std::vector<std::string>{stays.name()});
		if (!unplugged)
			goes.bury();
		EXPECT_EQ(bond.send(make_burst(4)), 4);
		EXPECT_EQ(bond.destroy(), 0);
		EXPECT_EQ(goes.violations(), 0u);
	}
}

// The removal of the device has to wait for the operation that is inside it; when it returns, nobody uses the port.
TEST_F(HotPlug, ADeviceMayBeUnpluggedWhileItIsBeingAdded)
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

TEST_F(HotPlug, ADeviceMayVanishWhileItIsBeingAdded)
{
	fake_port goes({.announces_rmv = true}), stays;
	test_bond bond("round-robin", {&stays});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread application(bond.port());
	goes.hold(fake_op::start);
	std::atomic<int> added{1};
	std::thread adder([&] { added = bond.add(goes.name(), "late"); });
	ASSERT_TRUE(eventually([&] { return goes.waiting(fake_op::start) == 1; }));
	ASSERT_TRUE(goes.vanish());
	goes.release(fake_op::start);
	adder.join();
	if (added == 0) {
		EXPECT_TRUE(becomes(bond, "late", BRAID_MEMBER_PENDING));
	} else {
		EXPECT_EQ(bond.names(), std::vector<std::string>{stays.name()});
	}
	goes.bury();
	EXPECT_TRUE(application.sends());
	EXPECT_EQ(bond.info().usable, 1u);
	application.stop();
	EXPECT_EQ(bond.destroy(), 0);
	EXPECT_EQ(goes.violations(), 0u);
}

TEST_F(HotPlug, ADeviceThatVanishesWhileTheBondStartsDoesNotHinderTheOthers)
{
	fake_port goes({.announces_rmv = true}), stays;
	test_bond bond("round-robin", {&goes, &stays});
	ASSERT_EQ(bond.configure(), 0);
	goes.hold(fake_op::start);
	std::thread starter([&] { EXPECT_EQ(bond.start(), 0); });
	ASSERT_TRUE(eventually([&] { return goes.waiting(fake_op::start) == 1; }));
	ASSERT_TRUE(goes.vanish());
	goes.release(fake_op::start);
	starter.join();
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_PENDING));
	goes.bury();
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(stays.tx_packets(), 8u);
	EXPECT_EQ(bond.destroy(), 0);
	EXPECT_EQ(goes.violations(), 0u);
}

TEST_F(HotPlug, ADeviceThatIsGoneWithoutAWordDoesNotHinderTheStartOfTheOthers)
{
	fake_port goes, stays;
	test_bond bond("round-robin", {&goes, &stays});
	ASSERT_EQ(bond.configure(), 0);
	ASSERT_FALSE(goes.vanish());
	EXPECT_EQ(bond.start(), 0);
	ASSERT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_PENDING));
	goes.bury();
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(stays.tx_packets(), 8u);
	ASSERT_EQ(goes.replug(), 0);
	EXPECT_TRUE(becomes(bond, goes.name(), BRAID_MEMBER_RUNNING));
	EXPECT_EQ(goes.violations(), 0u);
}

TEST_F(HotPlug, ADeviceMayBeUnpluggedWhileItIsAttachedByItself)
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

// A listener that takes its time, and a port id that is somebody else's by the time the loss is dealt with.
TEST_F(HotPlug, ALateFarewellDoesNotHitTheNextPortWithTheSameId)
{
	struct gate {
		std::atomic<bool> inside{false}, open{false};
	} gate;
	const braid_event_callback slow = [](std::uint16_t, const braid_event *event, void *arg) {
		auto &g = *static_cast<struct gate *>(arg);
		if (event->kind != BRAID_EVENT_MEMBER_RENAMED)
			return;
		g.inside = true;
		g.open.wait(false);
	};
	fake_port goes({.announces_rmv = true}), comes({.plugged = false}), stays;
	test_bond bond("round-robin", {&stays, &goes});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), slow, &gate), 0);
	ASSERT_EQ(bond.rename(stays.name(), "first"), 0);
	ASSERT_TRUE(eventually([&] { return gate.inside.load(); }));
	const std::uint16_t port_id = goes.port_id();
	ASSERT_TRUE(goes.vanish()); // the farewell waits behind the listener
	ASSERT_EQ(bond.remove(goes.name()), 0);
	ASSERT_EQ(goes.unplug(), 0);
	ASSERT_EQ(comes.plug(), 0);
	ASSERT_EQ(comes.port_id(), port_id);
	ASSERT_EQ(bond.add(comes.name()), 0);
	gate.open = true;
	gate.open.notify_all();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), slow, &gate), 0);
	EXPECT_TRUE(stays_false([&] { return !is(bond, comes.name(), BRAID_MEMBER_RUNNING); }));
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(comes.tx_packets(), 4u);
}

TEST_F(HotPlug, ABondWithPendingMembersMayBeClosed)
{
	fake_port never({.plugged = false});
	test_bond bond("mode=balance,member=" + never.name() + ",member=net_fake_absent,primary=net_fake_other");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().members, 2u);
	EXPECT_EQ(bond.destroy(), 0);
	ASSERT_EQ(never.plug(), 0);
	EXPECT_EQ(owner_of(never.port_id()), "") << "nobody waits any more";
}

TEST_F(HotPlug, APrimaryMayBePending)
{
	fake_port main_port({.plugged = false}), spare;
	test_bond bond("mode=active-backup,member=" + spare.name() + ",member=" + main_port.name() +
	               ",primary=" + main_port.name());
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), spare.name());
	EXPECT_TRUE(bond.info_of(main_port.name()).is_primary);
	ASSERT_EQ(main_port.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.active() == main_port.name(); }));
	ASSERT_EQ(main_port.unplug(), 0);
	EXPECT_EQ(bond.active(), spare.name());
	ASSERT_EQ(main_port.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.active() == main_port.name(); })) << "the id is the same";
}

// Closing gives members back one after the other. One that goes meanwhile must not be given back under its number, which may
// be somebody else's by then.
TEST_F(HotPlug, AClosingBondHearsOfAMemberThatGoes)
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
TEST_F(HotPlug, AMemberMayBeUnpluggedWhileItsBondIsClosed)
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
