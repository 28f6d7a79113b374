/* SPDX-License-Identifier: BSD-3-Clause */
// A port number is somebody else's as soon as its device has gone. Whoever remembers one while a lock is given back must not
// take the next device with this number for the one before: here the device is replaced in front of each lock in turn.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"
#include "turnstile.hpp"

#include <pthread.h>

#include <atomic>
#include <functional>
#include <thread>

namespace braid {
namespace {

// Lets the thread in a turnstile go on when the object ends, or after a while if what is done meanwhile has not got past
// `obstacle` by then: the thread has stopped with a lock that is needed there.
class patience {
public:
	explicit patience(turnstile &stile)
		: thread_([this, &stile] {
			  eventually([this] { return over_obstacle_ || over_; }, std::chrono::milliseconds(30));
			  if (over_obstacle_)
				  eventually([this] { return over_.load(); });
			  stile.open();
		  })
	{}
	~patience()
	{
		over_ = true;
		thread_.join();
	}
	patience(const patience &) = delete;
	patience &operator=(const patience &) = delete;

	void is_over_obstacle() { over_obstacle_ = true; }

private:
	std::atomic<bool> over_obstacle_{false}, over_{false};
	std::thread thread_;
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

} // namespace
} // namespace braid
