/* SPDX-License-Identifier: BSD-3-Clause */
// A listener that stands still in the first event that it is told, until it is let go; the others it lets pass.
#pragma once

#include <braid.h>

#include <atomic>
#include <cstdint>

namespace braid {

struct held_listener {
	// To be registered with the listener's address.
	static void note(std::uint16_t, const braid_event *, void *arg)
	{
		auto &self = *static_cast<held_listener *>(arg);
		self.inside = true;
		self.go_on.wait(false);
	}
	void let_go()
	{
		go_on = true;
		go_on.notify_all();
	}

	std::atomic<bool> inside{false}, go_on{false};
};

} // namespace braid
