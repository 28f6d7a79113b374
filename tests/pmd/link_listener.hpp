/* SPDX-License-Identifier: BSD-3-Clause */
// An application that hears of its bond's link.
#pragma once

#include "test_bond.hpp"

#include <atomic>
#include <cstdint>

namespace braid {

// How often the application was told that the bond's link has changed.
class link_listener {
public:
	explicit link_listener(const test_bond &bond) : port_(bond.port())
	{
		EXPECT_EQ(rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_INTR_LSC, note, this), 0);
	}
	~link_listener()
	{
		EXPECT_TRUE(eventually([&] {
			return rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_LSC, note, this) == 0;
		}));
	}
	link_listener(const link_listener &) = delete;
	link_listener &operator=(const link_listener &) = delete;

	unsigned count() const { return count_; }

private:
	static int note(std::uint16_t, rte_eth_event_type, void *arg, void *)
	{
		static_cast<link_listener *>(arg)->count_++;
		return 0;
	}

	const std::uint16_t port_;
	std::atomic<unsigned> count_{0};
};

} // namespace braid
