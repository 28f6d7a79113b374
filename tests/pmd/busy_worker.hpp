/* SPDX-License-Identifier: BSD-3-Clause */
// Keeps the worker of the only bond from attaching anything, and from saying farewell, until the object ends.
#pragma once

#include "test_bond.hpp"
#include "turnstile.hpp"

namespace braid {

class busy_worker {
public:
	// What it is attaching is waited for: that holds the lock which a change of the mode takes.
	explicit busy_worker(const test_bond &bond) { EXPECT_EQ(braid_mode_set(bond.port(), bond.info().mode), 0); }

	void let_go() { stile_.open(); }

private:
	turnstile stile_{"braid-work", turnstile::mutex::that_is_its_only_one};
};

} // namespace braid
