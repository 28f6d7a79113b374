/* SPDX-License-Identifier: BSD-3-Clause */
// Devices that are pulled out: not touched any more, whatever the bond was about to do with them, and found again when they are
// back.
#include "held_listener.hpp"
#include "member_states.hpp"
#include "port_view.hpp"

#include <atomic>
#include <thread>

namespace braid {
namespace {

class Vanish : public mbuf_accounting {};

TEST_F(Vanish, AVanishedDeviceIsNotTouchedAnyMore)
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
TEST_F(Vanish, ADeviceThatVanishesWithoutAWordIsFoundMissing)
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

TEST_F(Vanish, AVanishedMemberMayBeRemovedAndTheBondClosed)
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

TEST_F(Vanish, AMemberMayVanishWhileItIsDrained)
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

TEST_F(Vanish, ADeviceMayVanishWhileItIsBeingAdded)
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

TEST_F(Vanish, ADeviceThatVanishesWhileTheBondStartsDoesNotHinderTheOthers)
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

TEST_F(Vanish, ADeviceThatIsGoneWithoutAWordDoesNotHinderTheStartOfTheOthers)
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

// A listener that takes its time, and a port id that is somebody else's by the time the loss is dealt with.
TEST_F(Vanish, ALateFarewellDoesNotHitTheNextPortWithTheSameId)
{
	held_listener slow;
	fake_port goes({.announces_rmv = true}), comes({.plugged = false}), stays;
	test_bond bond("round-robin", {&stays, &goes});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), held_listener::note, &slow), 0);
	ASSERT_EQ(bond.rename(stays.name(), "first"), 0);
	ASSERT_TRUE(eventually([&] { return slow.inside.load(); }));
	const std::uint16_t port_id = goes.port_id();
	ASSERT_TRUE(goes.vanish()); // the farewell waits behind the listener
	ASSERT_EQ(bond.remove(goes.name()), 0);
	ASSERT_EQ(goes.unplug(), 0);
	ASSERT_EQ(comes.plug(), 0);
	ASSERT_EQ(comes.port_id(), port_id);
	ASSERT_EQ(bond.add(comes.name()), 0);
	slow.let_go();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), held_listener::note, &slow), 0);
	EXPECT_TRUE(stays_false([&] { return !is(bond, comes.name(), BRAID_MEMBER_RUNNING); }));
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(comes.tx_packets(), 4u);
}

} // namespace
} // namespace braid
