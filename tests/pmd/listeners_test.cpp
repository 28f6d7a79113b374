/* SPDX-License-Identifier: BSD-3-Clause */
// What listeners may count on and do: called once each, they may call back, come and go, be slow, and are waited for.
#include "event_stage.hpp"
#include "held_listener.hpp"
#include "port_view.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace braid {
namespace {

class Listeners : public event_stage {};

// What a listener does when it is called: a function that a test gives it.
struct reaction {
	std::function<void(std::uint16_t, const braid_event &)> act;
	std::atomic<unsigned> calls{0};

	static void call(std::uint16_t port, const braid_event *e, void *arg)
	{
		auto &self = *static_cast<reaction *>(arg);
		EXPECT_EQ(e->size, sizeof *e);
		if (self.act)
			self.act(port, *e);
		self.calls++;
	}
};

TEST_F(Listeners, AreCalledOnceForEachRegistration)
{
	test_bond bond(devargs("balance"));
	reaction one, two;
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &one), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &two), 0);
	EXPECT_EQ(braid_event_callback_register(bond.port(), reaction::call, &two), -EEXIST);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return one.calls == 1 && two.calls == 1; }));
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &one), 0);
	EXPECT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &one), -ENOENT);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	EXPECT_TRUE(eventually([&] { return two.calls == 2; }));
	EXPECT_EQ(one.calls, 1u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &two), 0);
}

TEST_F(Listeners, AListenerMayCallBack)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> done{false};
	reaction react;
	react.act = [&](std::uint16_t port, const braid_event &e) {
		if (e.kind == BRAID_EVENT_MEMBER_ADDED && e.member_id == bond.id_of(first_.name())) {
			EXPECT_EQ(braid_member_rename(port, e.member_id, "wan"), 0);
			std::uint32_t id = BRAID_NO_MEMBER;
			EXPECT_EQ(braid_member_add(port, second_.name().c_str(), nullptr, &id), 0);
			EXPECT_EQ(braid_mode_set(port, BRAID_MODE_ACTIVE_BACKUP), 0);
			EXPECT_EQ(braid_primary_set(port, id), 0);
			EXPECT_EQ(braid_delays_set(port, 0, 1), 0);
			EXPECT_EQ(braid_member_remove(port, e.member_id), 0);
			EXPECT_EQ(braid_member_find(port, "wan", nullptr), -ENOENT);
			done = true;
		}
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &react), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return done.load(); }));
	EXPECT_EQ(bond.names(), std::vector{second_.name()});
	EXPECT_EQ(bond.active(), second_.name());
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &react), 0);
}

TEST_F(Listeners, AListenerMayRegisterAndUnregister)
{
	test_bond bond(devargs("balance"));
	reaction once, other, late;
	once.act = [&](std::uint16_t port, const braid_event &) {
		EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &once), 0) << "itself";
		EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &other), 0) << "one that is not told yet";
		EXPECT_EQ(braid_event_callback_register(port, reaction::call, &late), 0);
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &once), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &other), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_TRUE(eventually([&] { return once.calls == 1; }));
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.rename("wan", "lan"), 0);
	EXPECT_TRUE(eventually([&] { return late.calls == 2; })) << "from now on";
	EXPECT_EQ(once.calls, 1u);
	EXPECT_EQ(other.calls, 0u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &late), 0);
}

// Takes a callback back while it runs, after it has taken itself back or without; whoever does it gets `answer`, and not before
// the callback has returned.
void expect_waited_for(test_bond &bond, const std::string &device, bool takes_itself_back, int answer)
{
	std::atomic<bool> inside{false}, leave{false}, left{false}, returned{false};
	reaction slow;
	slow.act = [&](std::uint16_t port, const braid_event &) {
		if (takes_itself_back) {
			EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &slow), 0);
		}
		inside = true;
		leave.wait(false);
		left = true;
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &slow), 0);
	ASSERT_EQ(bond.add(device), 0);
	ASSERT_TRUE(eventually([&] { return inside.load(); }));
	std::thread taking_back([&] {
		EXPECT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &slow), answer);
		EXPECT_TRUE(left) << "the callback runs no more";
		returned = true;
	});
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT_FALSE(returned);
		std::this_thread::yield();
	}
	leave = true;
	leave.notify_all();
	taking_back.join();
	EXPECT_EQ(slow.calls, 1u);
}

TEST_F(Listeners, UnregisteringWaitsForACallThatRuns)
{
	test_bond bond(devargs("balance"));
	expect_waited_for(bond, first_.name(), false, 0);
}

TEST_F(Listeners, OneThatTookItselfBackIsWaitedForByWhoeverTakesItBackAgain)
{
	test_bond bond(devargs("balance"));
	expect_waited_for(bond, first_.name(), true, -ENOENT);
}

TEST_F(Listeners, ASlowListenerDelaysNoFailover)
{
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(second_.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	held_listener slow;
	ASSERT_EQ(braid_event_callback_register(bond.port(), held_listener::note, &slow), 0);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_TRUE(eventually([&] { return slow.inside.load(); }));
	first_.set_link(false);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
	EXPECT_EQ(bond.remove("wan"), 0) << "nor an operator";
	slow.let_go();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), held_listener::note, &slow), 0);
}

TEST_F(Listeners, ABondCannotBeDestroyedFromItsListener)
{
	test_bond bond(devargs("balance"));
	std::atomic<int> status{1};
	reaction suicidal;
	suicidal.act = [&](std::uint16_t port, const braid_event &) { status = braid_destroy(port); };
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &suicidal), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return status != 1; }));
	EXPECT_EQ(status, -EDEADLK);
	EXPECT_EQ(bond.info().members, 1u) << "it lives";
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &suicidal), 0);
}

// Mistake 18: a bond that is being closed was asked to take members, and listeners met it half gone.
TEST_F(Listeners, ABondMayBeDestroyedWithListenersAndWhileTheyAreTold)
{
	for (unsigned i = 0; i < 20; i++) {
		reaction react;
		react.act = [&](std::uint16_t port, const braid_event &e) {
			if (e.kind != BRAID_EVENT_MEMBER_ADDED)
				return;
			const int status = braid_member_add(port, second_.name().c_str(), nullptr, nullptr);
			EXPECT_TRUE(status == 0 || status == -ENODEV || status == -EEXIST) << braid_error_text();
		};
		test_bond bond(devargs("balance"));
		ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &react), 0);
		ASSERT_EQ(bond.add(first_.name()), 0);
		ASSERT_EQ(bond.destroy(), 0);
		for (const fake_port *port : {&first_, &second_})
			EXPECT_EQ(owner_of(port->port_id()), "") << port->name();
	}
}

} // namespace
} // namespace braid
