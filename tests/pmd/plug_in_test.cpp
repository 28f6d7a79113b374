/* SPDX-License-Identifier: BSD-3-Clause */
// Members that are not there yet: waited for, reserved before anybody sees them, and taken when they appear.
#include "event_recorder.hpp"
#include "member_states.hpp"
#include "port_view.hpp"

namespace braid {
namespace {

class PlugIn : public mbuf_accounting {};

std::uint16_t lowest_free_port()
{
	std::uint16_t port = 0;
	while (rte_eth_dev_is_valid_port(port) != 0)
		port++;
	return port;
}

TEST_F(PlugIn, MembersMayComeAfterTheBond)
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
TEST_F(PlugIn, AMemberThatIsThereAtConfigureTakesPartInIt)
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
TEST_F(PlugIn, ADeviceThatAppearsSettlesAlsoWhileTheBondIsStopped)
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
TEST_F(PlugIn, APortThatIsWantedIsReservedBeforeAnybodySeesIt)
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
TEST_F(PlugIn, AReservedPortStaysReservedWhateverElseIsRemoved)
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
TEST_F(PlugIn, NamesMatchWholeOrNotAtAll)
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

TEST_F(PlugIn, AMemberMayBeWaitedForByItsPortId)
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

TEST_F(PlugIn, TwoBondsThatWaitForOnePortDoNotShareIt)
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

TEST_F(PlugIn, APortThatCannotJoinIsLoggedOnceAndLeftAlone)
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

TEST_F(PlugIn, APortThatCouldNotJoinIsTriedAgainAtTheNextStart)
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

TEST_F(PlugIn, ABondWithPendingMembersMayBeClosed)
{
	fake_port never({.plugged = false});
	test_bond bond("mode=balance,member=" + never.name() + ",member=net_fake_absent,primary=net_fake_other");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().members, 2u);
	EXPECT_EQ(bond.destroy(), 0);
	ASSERT_EQ(never.plug(), 0);
	EXPECT_EQ(owner_of(never.port_id()), "") << "nobody waits any more";
}

TEST_F(PlugIn, APrimaryMayBePending)
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

} // namespace
} // namespace braid
