/* SPDX-License-Identifier: BSD-3-Clause */
// The program vhost_peer in a process of its own.
#pragma once

#include "devices.hpp"

#include <sys/types.h>

#include <string>

namespace braid {

// A backend that sends back whatever it receives. It lives until the object does, or until told otherwise.
class peer {
public:
	// Returns when the backend listens, or connects.
	peer(const socket_dir &dir, unsigned number, listener who);
	~peer();
	peer(const peer &) = delete;
	peer &operator=(const peer &) = delete;

	// Lets it finish: its EAL is cleaned up. Fails the test if it does not exit with 0.
	void finish();
	// Ends it as a crash would.
	void kill();

private:
	bool runs() const { return pid_ > 0; }
	int wait();

	pid_t pid_ = -1;
	int stdin_ = -1;
};

} // namespace braid
