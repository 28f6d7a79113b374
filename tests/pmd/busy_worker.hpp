/* SPDX-License-Identifier: BSD-3-Clause */
// Keeps the worker of a bond from attaching anything, and from saying farewell, until the object ends.
#pragma once

#include "test_bond.hpp"

#include <atomic>
#include <cstdint>

namespace braid {

class busy_worker {
public:
	explicit busy_worker(const test_bond &bond) : port_(bond.port())
	{
		EXPECT_EQ(braid_event_callback_register(port_, wait, this), 0);
		const braid_policy other = bond.info().policy == BRAID_POLICY_L34 ? BRAID_POLICY_L2 : BRAID_POLICY_L34;
		EXPECT_EQ(braid_policy_set(port_, other), 0);
		EXPECT_TRUE(eventually([&] { return inside_.load(); }));
	}
	~busy_worker()
	{
		open_ = true;
		EXPECT_EQ(braid_event_callback_unregister(port_, wait, this), 0);
	}
	busy_worker(const busy_worker &) = delete;
	busy_worker &operator=(const busy_worker &) = delete;

private:
	static void wait(std::uint16_t, const braid_event *, void *arg)
	{
		auto &self = *static_cast<busy_worker *>(arg);
		self.inside_ = true;
		EXPECT_TRUE(eventually([&] { return self.open_.load(); }));
	}

	const std::uint16_t port_;
	std::atomic<bool> inside_{false}, open_{false};
};

} // namespace braid
