/* SPDX-License-Identifier: BSD-3-Clause */
// A bond is destroyed while something is going on in it: the destruction waits for what is inside a device, ends what waits for
// anything else, and leaves every port as it was. Nobody waits for ever, and who comes late is told that the bond is gone.
#include "api_calls.hpp"
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <rte_bus_vdev.h>

#include <atomic>
#include <functional>

namespace braid {
namespace {

class Destruction : public mbuf_accounting {
protected:
	// Runs `operation` on a thread of its own until it is inside `op` of `port`, destroys the bond, and lets the operation
	// go on when the destruction has been seen to wait for it.
	static void destroy_during(test_bond &bond, fake_port &port, fake_op op, const std::function<void()> &operation)
	{
		port.hold(op);
		std::thread busy(operation);
		EXPECT_TRUE(eventually([&] { return port.waiting(op) > 0; })) << to_string(op);
		destroy_while_inside(bond, port, op);
		busy.join();
	}

	static void destroy_while_inside(test_bond &bond, fake_port &port, fake_op op)
	{
		std::atomic<bool> destroyed{false};
		std::thread opener([&] {
			EXPECT_TRUE(stays_false([&] { return destroyed.load(); })) << "the device is in use";
			port.release(op);
		});
		EXPECT_EQ(bond.destroy(), 0) << braid_error_text();
		destroyed = true;
		opener.join();
	}

	static void expect_untouched(const fake_port &port, const port_view &before)
	{
		EXPECT_EQ(look_at(port), before);
		EXPECT_EQ(port.violations(), 0u);
	}
};

class InEachStep : public Destruction, public testing::WithParamInterface<fake_op> {};

INSTANTIATE_TEST_SUITE_P(OfBringingUp, InEachStep,
                         testing::Values(fake_op::infos_get, fake_op::configure, fake_op::rx_queue_setup,
                                         fake_op::tx_queue_setup, fake_op::mtu_set, fake_op::mac_set, fake_op::start,
                                         fake_op::mac_add, fake_op::vlan_filter, fake_op::mc_list,
                                         fake_op::promiscuous_on, fake_op::allmulticast_on, fake_op::reta_update,
                                         fake_op::stats_get, fake_op::link_update),
                         [](const auto &info) { return to_string(info.param); });

TEST_P(InEachStep, OfAnAddWaitsForTheDevice)
{
	fake_port stays(able_port()), joins(able_port());
	const port_view stays_before = look_at(stays), joins_before = look_at(joins);
	test_bond bond("balance", {&stays});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const std::uint16_t port = bond.port();
	std::atomic<int> added{1};
	destroy_during(bond, joins, GetParam(),
	               [&] { added = braid_member_add(port, joins.name().c_str(), nullptr, nullptr); });
	EXPECT_TRUE(added == 0 || added == -ENODEV) << added;
	expect_untouched(stays, stays_before);
	expect_untouched(joins, joins_before);
}

TEST_P(InEachStep, OfAnAttachmentByItselfWaitsForTheDevice)
{
	fake_options options = able_port();
	options.plugged = false;
	fake_port stays(able_port()), comes(options);
	test_bond bond("balance", {&stays, &comes});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	comes.hold(GetParam());
	ASSERT_EQ(comes.plug(), 0);
	ASSERT_TRUE(eventually([&] { return comes.waiting(GetParam()) > 0; }));
	destroy_while_inside(bond, comes, GetParam());
	fake_port fresh(able_port());
	port_view as_new = look_at(fresh);
	as_new.mac = as_new.mac_of_ethdev = text_of(comes.permanent_mac());
	expect_untouched(comes, as_new);
}

class InEachStepOfARemoval : public Destruction, public testing::WithParamInterface<fake_op> {};

INSTANTIATE_TEST_SUITE_P(OfGivingBack, InEachStepOfARemoval,
                         testing::Values(fake_op::stop, fake_op::mac_remove, fake_op::vlan_filter, fake_op::mc_list,
                                         fake_op::promiscuous_off, fake_op::allmulticast_off, fake_op::mac_set,
                                         fake_op::mtu_set),
                         [](const auto &info) { return to_string(info.param); });

TEST_P(InEachStepOfARemoval, WaitsForTheDevice)
{
	fake_port stays(able_port()), leaves(able_port());
	const port_view stays_before = look_at(stays), leaves_before = look_at(leaves);
	test_bond bond("balance", {&stays, &leaves});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const std::uint16_t port = bond.port();
	const std::uint32_t id = bond.id_of(leaves.name());
	destroy_during(bond, leaves, GetParam(), [&] { EXPECT_EQ(braid_member_remove(port, id), 0); });
	expect_untouched(stays, stays_before);
	expect_untouched(leaves, leaves_before);
}

// Nobody polls any more, so the drain would go on for its whole minute.
TEST_F(Destruction, EndsADrain)
{
	fake_port stays, leaves;
	const port_view before = look_at(leaves);
	test_bond bond(exactly{"drain_ms=60000,member=" + stays.name() + ",member=" + leaves.name()});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(leaves.inject(0, make_packet({})));
	const std::uint16_t port = bond.port();
	const std::uint32_t id = bond.id_of(leaves.name());
	std::thread remover([&] { EXPECT_EQ(braid_member_remove(port, id), 0); });
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 1; }));
	const auto begin = std::chrono::steady_clock::now();
	EXPECT_EQ(bond.destroy(), 0);
	remover.join();
	EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40)) << "not after the drain";
	EXPECT_EQ(leaves.rx_lost(), 1u);
	expect_untouched(leaves, before);
}

// ethdev itself goes on for a moment when an operation of its own returns, so the bond has to be there until then: here it is,
// since its destruction is held up by a device until the operation has returned.
TEST_F(Destruction, WaitsForAChangeOfMtuThatIsInADevice)
{
	fake_port first, second;
	const port_view first_before = look_at(first), second_before = look_at(second);
	test_bond bond("balance", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint16_t port = bond.port();
	second.hold(fake_op::mtu_set);
	first.hold(fake_op::stop);
	std::thread operator_thread([&] { EXPECT_EQ(rte_eth_dev_set_mtu(port, 1400), 0); });
	ASSERT_TRUE(eventually([&] { return second.waiting(fake_op::mtu_set) == 1; }));
	std::thread opener([&] {
		EXPECT_TRUE(stays_false([&] { return first.waiting(fake_op::stop) != 0; })) << "one after the other";
		second.release(fake_op::mtu_set);
		operator_thread.join();
		first.release(fake_op::stop);
	});
	EXPECT_EQ(bond.destroy(), 0);
	opener.join();
	expect_untouched(first, first_before);
	expect_untouched(second, second_before);
}

// What is inside a device is waited for; of what else has appeared, nothing is begun.
TEST_F(Destruction, BeginsWithNoOtherDeviceThatHasAppeared)
{
	fake_port first({.plugged = false}), second({.plugged = false});
	test_bond bond("balance", {&first, &second});
	ASSERT_EQ(bond.bring_up(), 0);
	first.hold(fake_op::start);
	ASSERT_EQ(first.plug(), 0);
	ASSERT_EQ(second.plug(), 0);
	ASSERT_TRUE(eventually([&] { return first.waiting(fake_op::start) == 1; }));
	ASSERT_FALSE(second.configured()) << "one after the other";
	destroy_while_inside(bond, first, fake_op::start);
	EXPECT_FALSE(second.configured());
}

TEST_F(Destruction, WaitsForAQuestionAboutALink)
{
	fake_port port;
	const port_view before = look_at(port);
	test_bond bond("balance", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	port.hold(fake_op::link_update); // the watcher asks every millisecond
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::link_update) == 1; }));
	destroy_while_inside(bond, port, fake_op::link_update);
	expect_untouched(port, before);
}

// The listener that holds it up calls back into the bond, which is on its way out and says so.
TEST_F(Destruction, WaitsForAListenerThatIsToldOfARenameAndRefusesWhatItAsks)
{
	struct slow_listener {
		std::string device;
		std::atomic<bool> inside{false}, may_go_on{false};
		std::vector<int> answers;

		static void call(std::uint16_t port, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<slow_listener *>(arg);
			if (e->kind != BRAID_EVENT_MEMBER_RENAMED)
				return;
			self.inside = true;
			self.may_go_on.wait(false);
			self.answers = {braid_member_rename(port, e->member_id, "again"),
			                braid_member_add(port, self.device.c_str(), nullptr, nullptr),
			                braid_member_remove(port, e->member_id),
			                braid_mode_set(port, BRAID_MODE_BROADCAST),
			                braid_policy_set(port, BRAID_POLICY_L2),
			                braid_primary_set(port, e->member_id),
			                braid_delays_set(port, 1, 1),
			                braid_event_callback_register(port, call, nullptr),
			                braid_destroy(port)};
		}
	};
	fake_port member, other;
	const port_view member_before = look_at(member), other_before = look_at(other);
	slow_listener listener{.device = other.name()};
	test_bond bond("balance", {&member});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), slow_listener::call, &listener), 0);
	ASSERT_EQ(bond.rename(member.name(), "uplink"), 0);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); }));
	const std::uint16_t port = bond.port();
	std::atomic<bool> destroyed{false};
	std::thread opener([&] {
		EXPECT_TRUE(eventually([&] { return braid_policy_set(port, BRAID_POLICY_L23) == -ENODEV; }));
		EXPECT_TRUE(stays_false([&] { return destroyed.load(); })) << "its listener is running";
		listener.may_go_on = true;
		listener.may_go_on.notify_all();
	});
	EXPECT_EQ(bond.destroy(), 0);
	destroyed = true;
	opener.join();
	ASSERT_EQ(listener.answers.size(), 9u);
	for (std::size_t i = 0; i + 1 < listener.answers.size(); i++)
		EXPECT_EQ(listener.answers[i], -ENODEV) << i;
	EXPECT_EQ(listener.answers.back(), -EDEADLK);
	expect_untouched(member, member_before);
	expect_untouched(other, other_before);
}

TEST_F(Destruction, HappensOnce)
{
	fake_port slow;
	const port_view before = look_at(slow);
	test_bond bond("balance", {&slow});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint16_t port = bond.port();
	slow.hold(fake_op::stop);
	std::thread second([&] {
		EXPECT_TRUE(eventually([&] { return slow.waiting(fake_op::stop) == 1; }));
		EXPECT_EQ(braid_destroy(port), -ENODEV);
		EXPECT_NE(std::string(braid_error_text()).find("net_braid0 is being closed"), std::string::npos)
			<< braid_error_text();
		slow.release(fake_op::stop);
	});
	EXPECT_EQ(bond.destroy(), 0);
	second.join();
	EXPECT_EQ(braid_destroy(port), -ENODEV);
	expect_untouched(slow, before);
}

// "From the call on they fail": those that only read, too, and at once.
TEST_F(Destruction, EveryOtherCallIsRefusedFromItsBeginningOn)
{
	fake_port slow;
	test_bond bond("balance", {&slow});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint16_t port = bond.port();
	ASSERT_EQ(braid_event_callback_register(port, no_listener, nullptr), 0);
	ASSERT_EQ(braid_rename_guard_register(port, no_guard, nullptr), 0);
	slow.hold(fake_op::stop);
	std::thread second([&] {
		EXPECT_TRUE(eventually([&] { return slow.waiting(fake_op::stop) == 1; }));
		for (const api_call &call : api_calls()) {
			EXPECT_EQ(call.on(port), -ENODEV) << call;
			EXPECT_STREQ(braid_error_text(), "net_braid0 is being closed") << call;
		}
		telemetry_client telemetry;
		for (const char *command : {"show", "events", "addresses", "auto_clear"})
			EXPECT_NE(telemetry.ask(std::string("/braid/") + command + ",net_braid0").find("net_braid0 is being closed"),
			          std::string::npos) << command;
		EXPECT_EQ(telemetry.ask("/braid/list").find("net_braid0"), std::string::npos);
		slow.release(fake_op::stop);
	});
	EXPECT_EQ(bond.destroy(), 0);
	second.join();
}

// Runs until it may go on; before that, it may have closed the bond's port.
struct held_listener {
	bool closes_port = false;
	std::atomic<bool> inside{false}, may_go_on{false}, done{false};

	static void call(std::uint16_t port, const braid_event *, void *arg)
	{
		auto &self = *static_cast<held_listener *>(arg);
		if (self.closes_port) {
			EXPECT_EQ(rte_eth_dev_close(port), 0);
		}
		self.inside = true;
		self.may_go_on.wait(false);
		self.done = true;
	}
};

// Whoever takes a listener back may then free what it uses, also while the bond goes.
TEST_F(Destruction, AListenerThatIsTakenBackMeanwhileIsNotRunningAfterwards)
{
	held_listener listener;
	fake_port member;
	test_bond bond("balance", {&member});
	const std::uint16_t port = bond.port();
	ASSERT_EQ(braid_event_callback_register(port, held_listener::call, &listener), 0);
	ASSERT_EQ(bond.rename(member.name(), "uplink"), 0);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); }));
	std::thread taker([&] {
		EXPECT_TRUE(eventually([&] { return braid_policy_set(port, BRAID_POLICY_L23) == -ENODEV; }));
		EXPECT_EQ(braid_event_callback_unregister(port, held_listener::call, &listener), -ENODEV);
		EXPECT_TRUE(listener.done);
	});
	std::thread opener([&] {
		EXPECT_TRUE(eventually([&] { return braid_policy_set(port, BRAID_POLICY_L23) == -ENODEV; }));
		EXPECT_TRUE(stays_false([&] { return listener.done.load(); }));
		listener.may_go_on = true;
		listener.may_go_on.notify_all();
	});
	EXPECT_EQ(bond.destroy(), 0);
	taker.join();
	opener.join();
}

// The same when the listener itself has closed the bond's port, which is no bond's any more.
TEST_F(Destruction, AListenerThatHasClosedThePortIsNotRunningWhenItIsTakenBack)
{
	held_listener listener{.closes_port = true};
	fake_port member;
	test_bond bond("balance", {&member});
	const std::uint16_t port = bond.port();
	ASSERT_EQ(braid_event_callback_register(port, held_listener::call, &listener), 0);
	ASSERT_EQ(bond.rename(member.name(), "uplink"), 0);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); }));
	std::thread taker([&] {
		EXPECT_EQ(braid_event_callback_unregister(port, held_listener::call, &listener), -ENODEV);
		EXPECT_TRUE(listener.done);
	});
	EXPECT_TRUE(stays_false([&] { return listener.done.load(); }));
	listener.may_go_on = true;
	listener.may_go_on.notify_all();
	taker.join();
	EXPECT_EQ(rte_vdev_uninit("net_braid0"), 0);
	bond.is_destroyed();
}

// A monitoring program asks for everything while bonds come and go; each answer is of a bond that is there, or says that none is.
TEST_F(Destruction, LeavesTelemetryAnAnswer)
{
	fake_port a, b;
	std::atomic<bool> stop{false};
	std::atomic<unsigned> shown{0}, missed{0};
	std::thread monitor([&] {
		telemetry_client telemetry;
		while (!stop) {
			const std::string answer = telemetry.ask("/braid/show,net_braid0");
			const bool is_there = answer.find("\"members\"") != std::string::npos;
			const bool is_not = answer.find("there is no bond") != std::string::npos ||
			                    answer.find("is being closed") != std::string::npos;
			EXPECT_TRUE(is_there != is_not) << answer;
			(is_there ? shown : missed)++;
			EXPECT_NE(telemetry.ask("/braid/list").find("/braid/list"), std::string::npos);
			EXPECT_NE(telemetry.ask("/braid/member_rename,net_braid0," + a.name() + ",up%d"), "");
			EXPECT_NE(telemetry.ask("/braid/mode,net_braid0,active-backup"), "");
			EXPECT_NE(telemetry.ask("/braid/member_add,net_braid0," + b.name()), "");
			EXPECT_NE(telemetry.ask("/braid/primary,net_braid0," + b.name()), "");
			EXPECT_NE(telemetry.ask("/braid/member_remove,net_braid0," + b.name()), "");
		}
	});
	for (unsigned round = 0; round < 20; round++) {
		test_bond bond("balance", {&a});
		ASSERT_EQ(bond.bring_up(), 0);
		const unsigned before = shown;
		EXPECT_TRUE(eventually([&] { return shown > before; }));
	}
	const unsigned before = missed;
	EXPECT_TRUE(eventually([&] { return missed > before; }));
	stop = true;
	monitor.join();
	EXPECT_EQ(owner_of(a.port_id()), "");
	EXPECT_EQ(owner_of(b.port_id()), "");
}

TEST_F(Destruction, WaitsForATelemetryCommandThatIsInADevice)
{
	fake_port stays, joins;
	const port_view before = look_at(joins);
	test_bond bond("balance", {&stays});
	ASSERT_EQ(bond.bring_up(), 0);
	destroy_during(bond, joins, fake_op::start, [&] {
		telemetry_client telemetry;
		const std::string answer = telemetry.ask("/braid/member_add,net_braid0," + joins.name());
		EXPECT_NE(answer.find("\"ok\""), std::string::npos) << answer;
	});
	expect_untouched(joins, before);
}

} // namespace
} // namespace braid
