/* SPDX-License-Identifier: BSD-3-Clause */
// A port number is somebody else's as soon as its device has gone. Whoever remembers one while a lock is given back must not
// take the next device with this number for the one before: here the device is replaced in front of each lock in turn.
#include "busy_worker.hpp"
#include "event_recorder.hpp"
#include "operation.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <atomic>
#include <thread>

namespace braid {
namespace {

// Holds whoever plugs a device in where its port has been announced to the bonds there are and cannot be used yet.
class doorstep {
public:
	doorstep() { EXPECT_EQ(rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, wait_here, this), 0); }
	~doorstep()
	{
		open();
		EXPECT_TRUE(eventually(
			[this] { return rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, wait_here, this) == 0; }));
	}
	doorstep(const doorstep &) = delete;
	doorstep &operator=(const doorstep &) = delete;

	bool is_occupied() const { return occupied_; }
	void open()
	{
		open_ = true;
		open_.notify_all();
	}

private:
	static int wait_here(std::uint16_t, rte_eth_event_type, void *arg, void *)
	{
		auto &self = *static_cast<doorstep *>(arg);
		self.occupied_ = true;
		self.open_.wait(false);
		return 0;
	}

	std::atomic<bool> occupied_{false}, open_{false};
};

class PortReuse : public mbuf_accounting {
protected:
	static bool becomes(const test_bond &bond, const fake_port &member, braid_member_state state)
	{
		return eventually([&] { return bond.info_of(member.name()).state == state; });
	}
};

// The watcher has asked the device, which is missing.
TEST_F(PortReuse, AFindingOfTheWatcherIsNotHeldAgainstTheNextDevice)
{
	for (unsigned nth = 1; nth <= 10; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes, comes({.plugged = false});
		test_bond bond("round-robin", {&goes, &comes});
		ASSERT_EQ(bond.bring_up(), 0);
		ASSERT_EQ(bond.info().usable, 1u);
		goes.hold(fake_op::is_removed);
		goes.set_link(false); // the watcher asks at once
		ASSERT_TRUE(eventually([&] { return goes.waiting(fake_op::is_removed) == 1; }));
		goes.vanish();
		const std::uint16_t port = goes.port_id();
		turnstile stile("braid-watch", nth);
		goes.release(fake_op::is_removed);
		ASSERT_TRUE(eventually([&] { return stile.is_occupied(); }));
		{
			patience meanwhile(stile);
			ASSERT_EQ(goes.unplug(), 0);
			meanwhile.is_over_obstacle();
			ASSERT_EQ(comes.plug(), 0);
			ASSERT_EQ(comes.port_id(), port);
			ASSERT_TRUE(becomes(bond, comes, BRAID_MEMBER_RUNNING));
		}
		ASSERT_TRUE(eventually([&] { return stile.was_passed() && !stile.is_occupied(); }));
		EXPECT_TRUE(eventually([&] { return bond.info().usable == 1; }));
		EXPECT_TRUE(stays_false([&] { return bond.info_of(comes.name()).state != BRAID_MEMBER_RUNNING; }));
		EXPECT_EQ(bond.send(make_burst(8)), 8);
	}
}

class PortReuseWhileAdding : public PortReuse {
protected:
	// Whatever comes of it.
	void add(const fake_port &member) { braid_member_add(bond_.port(), member.name().c_str(), nullptr, nullptr); }

	void remove_all_but_the_first()
	{
		for (const std::string &name : bond_.names())
			if (name != stays_.name()) {
				EXPECT_EQ(braid_member_remove_now(bond_.port(), bond_.id_of(name)), 0);
			}
	}

	fake_port stays_;
	test_bond bond_{"round-robin", {&stays_}};
};

TEST_F(PortReuseWhileAdding, TheNextDeviceStaysTheBonds)
{
	ASSERT_EQ(bond_.bring_up(), 0);
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes, comes({.plugged = false});
		ASSERT_EQ(bond_.add(comes.name()), 0);
		const std::uint16_t port = goes.port_id();
		{
			turnstile stile("operator", nth);
			const operation addition([&] { add(goes); });
			patience meanwhile(stile);
			stopped = addition.stops_in(stile);
			ASSERT_EQ(goes.unplug(), 0);
			meanwhile.is_over_obstacle();
			ASSERT_EQ(comes.plug(), 0);
			ASSERT_EQ(comes.port_id(), port);
		}
		EXPECT_EQ(owner_of(port), "net_braid0");
		remove_all_but_the_first();
	}
	EXPECT_EQ(bond_.send(make_burst(8)), 8);
}

// It has said that it goes, which the worker has not got round to, before it does.
TEST_F(PortReuseWhileAdding, ALateFarewellDoesNotTakeTheNextDeviceFromTheBond)
{
	ASSERT_EQ(bond_.bring_up(), 0);
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port last({.announces_rmv = true}), goes({.announces_rmv = true}), comes({.plugged = false});
		ASSERT_EQ(bond_.add(last.name()), 0);
		ASSERT_EQ(bond_.add(comes.name()), 0);
		const std::uint16_t port = goes.port_id();
		{
			const busy_worker busy(bond_);
			{
				turnstile stile("operator", nth);
				const operation addition([&] { add(goes); });
				patience meanwhile(stile);
				stopped = addition.stops_in(stile);
				goes.vanish();
				meanwhile.is_over_obstacle();
			}
			ASSERT_EQ(goes.unplug(), 0);
			ASSERT_EQ(comes.plug(), 0);
			ASSERT_EQ(comes.port_id(), port);
			ASSERT_TRUE(last.vanish());
		}
		ASSERT_TRUE(becomes(bond_, last, BRAID_MEMBER_PENDING)) << "one farewell after the other";
		EXPECT_EQ(owner_of(port), "net_braid0");
		remove_all_but_the_first();
	}
	EXPECT_EQ(bond_.send(make_burst(8)), 8);
}

// A port is reserved for a member that is given up, and given back for that.
TEST_F(PortReuse, WhatIsGivenBackIsNotTheNextDevice)
{
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes({.plugged = false}), comes({.plugged = false});
		test_bond bond("round-robin", {&goes, &comes});
		ASSERT_EQ(bond.bring_up(), 0);
		const busy_worker busy(bond); // or the worker would attach it
		ASSERT_EQ(goes.plug(), 0);
		const std::uint16_t port = goes.port_id();
		ASSERT_EQ(owner_of(port), "net_braid0");
		const std::uint32_t id = bond.id_of(goes.name());
		{
			turnstile stile("operator", nth);
			const operation removal([&] { EXPECT_EQ(braid_member_remove_now(bond.port(), id), 0); });
			patience meanwhile(stile);
			stopped = removal.stops_in(stile);
			ASSERT_EQ(goes.unplug(), 0);
			meanwhile.is_over_obstacle();
			ASSERT_EQ(comes.plug(), 0);
			ASSERT_EQ(comes.port_id(), port);
		}
		EXPECT_EQ(owner_of(port), "net_braid0");
	}
}

// A member's device is being attached when it goes and comes back, which has been announced and is not to be seen yet: whoever lists
// ports must not find it in the moment in which it is.
TEST_F(PortReuse, ADeviceThatIsAboutToAppearIsNotForgottenForTheOneBeforeIt)
{
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port stays, goes({.plugged = false});
		test_bond bond("round-robin", {&stays, &goes});
		const busy_worker busy(bond); // or the worker would attach it
		ASSERT_EQ(goes.plug(), 0);
		const std::uint16_t port = goes.port_id();
		doorstep announced;
		std::thread comes;
		{
			turnstile stile("operator", nth);
			const operation configuration([&] { EXPECT_EQ(bond.configure(), 0) << braid_error_text(); });
			patience meanwhile(stile);
			stopped = configuration.stops_in(stile);
			ASSERT_EQ(goes.unplug(), 0);
			meanwhile.is_over_obstacle();
			comes = std::thread([&] { EXPECT_EQ(goes.plug(), 0); });
			EXPECT_TRUE(eventually([&] { return announced.is_occupied(); }));
		}
		rte_eth_dev_owner owner{}; // owner_of() asks of ports that can be used
		EXPECT_EQ(rte_eth_dev_owner_get(port, &owner), 0);
		EXPECT_STREQ(owner.name, "net_braid0");
		announced.open();
		comes.join();
		EXPECT_FALSE(is_visible(port));
		ASSERT_EQ(bond.start(), 0) << "attaches what is there";
		EXPECT_EQ(bond.info_of(goes.name()).state, BRAID_MEMBER_RUNNING);
	}
}

// Two devices are about to join by a rule. While the first does, the second is replaced by another one that is meant as well.
TEST_F(PortReuse, ADeviceIsNotPassedOverForTheOneBeforeIt)
{
	fake_port first({.plugged = false}), second({.plugged = false}), third({.plugged = false});
	test_bond bond("mode=round-robin,auto=name:net_fake*");
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	first.hold(fake_op::start);
	ASSERT_EQ(first.plug(), 0);
	ASSERT_EQ(second.plug(), 0);
	const std::uint16_t port = second.port_id();
	ASSERT_TRUE(eventually([&] { return first.waiting(fake_op::start) == 1; }));
	ASSERT_EQ(second.unplug(), 0);
	ASSERT_EQ(third.plug(), 0);
	ASSERT_EQ(third.port_id(), port);
	first.release(fake_op::start);
	EXPECT_TRUE(becomes(bond, third, BRAID_MEMBER_RUNNING));
	EXPECT_EQ(bond.info().usable, 2u);
	EXPECT_EQ(events.count(BRAID_EVENT_ATTACH_FAILED), 0u) << "nobody has failed";
}

// The removal of a device has begun, and has not got to the bond, when that is started.
TEST_F(PortReuse, ADeviceOnItsWayOutDoesNotHinderTheStartOfTheOthers)
{
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes, stays;
		test_bond bond("round-robin", {&goes, &stays});
		ASSERT_EQ(bond.configure(), 0);
		{
			turnstile stile("operator", nth);
			const operation removal([&] { EXPECT_EQ(goes.unplug(), 0); });
			patience meanwhile(stile);
			stopped = removal.stops_in(stile);
			EXPECT_EQ(bond.start(), 0) << braid_error_text();
		}
		EXPECT_TRUE(becomes(bond, goes, BRAID_MEMBER_PENDING));
		EXPECT_EQ(bond.send(make_burst(8)), 8);
		EXPECT_EQ(stays.tx_packets(), 8u);
	}
}

// A device goes in the middle of the configuration, or its removal has begun before that.
TEST_F(PortReuse, ADeviceOnItsWayOutDoesNotHinderTheConfigurationOfTheOthers)
{
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes, stays;
		test_bond bond("round-robin", {&goes, &stays});
		{
			turnstile stile("operator", nth);
			const operation configuration([&] { EXPECT_EQ(bond.configure(), 0) << braid_error_text(); });
			patience meanwhile(stile);
			stopped = configuration.stops_in(stile);
			EXPECT_EQ(goes.unplug(), 0);
		}
		ASSERT_EQ(bond.start(), 0) << braid_error_text();
		EXPECT_TRUE(becomes(bond, goes, BRAID_MEMBER_PENDING));
		EXPECT_EQ(bond.send(make_burst(8)), 8);
		EXPECT_EQ(stays.tx_packets(), 8u);
	}
	stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port goes, stays;
		test_bond bond("round-robin", {&goes, &stays});
		turnstile stile("operator", nth);
		const operation removal([&] { EXPECT_EQ(goes.unplug(), 0); });
		patience meanwhile(stile);
		stopped = removal.stops_in(stile);
		EXPECT_EQ(bond.configure(), 0) << braid_error_text();
	}
}

} // namespace
} // namespace braid
