/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/snapshot.hpp"

namespace braid {

snapshot::~snapshot()
{
	// A reader that outlived its grace period finds counts of zero, no function and a dead canary, not plausible data.
	// Volatile, since the compiler knows that nobody may look at a destroyed object.
	volatile std::uint32_t *const mark = &canary;
	*mark = poison;
	volatile tx_function *const send = &tx;
	*send = nullptr;
	volatile rx_function *const receive = &rx;
	*receive = nullptr;
}

} // namespace braid
