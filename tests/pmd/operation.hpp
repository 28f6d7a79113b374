/* SPDX-License-Identifier: BSD-3-Clause */
// An operator who stops in a turnstile, and what happens meanwhile.
#pragma once

#include "harness.hpp"
#include "turnstile.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

namespace braid {

// Lets the thread in a turnstile go on when the object ends, or after a while if what is done meanwhile has not got past
// `obstacle` by then: the thread has stopped with a lock that is needed there.
class patience {
public:
	explicit patience(turnstile &stile, std::chrono::milliseconds at_most = std::chrono::milliseconds(30))
		: thread_([this, &stile, at_most] {
			  eventually([this] { return over_obstacle_ || over_; }, at_most);
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

// Something that is asked of a bond, in a thread that a turnstile knows as "operator"; over when the object ends.
class operation {
public:
	explicit operation(std::function<void()> what)
		: thread_([this, what = std::move(what)] {
			  pthread_setname_np(pthread_self(), "operator");
			  what();
			  over_ = true;
		  })
	{}
	~operation() { thread_.join(); }
	operation(const operation &) = delete;
	operation &operator=(const operation &) = delete;

	// False if it was over before.
	bool stops_in(const turnstile &stile) const
	{
		EXPECT_TRUE(eventually([&] { return stile.is_occupied() || over_; }));
		return stile.is_occupied();
	}

private:
	std::atomic<bool> over_{false};
	std::thread thread_;
};

} // namespace braid
