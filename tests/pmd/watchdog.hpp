/* SPDX-License-Identifier: BSD-3-Clause */
// For tests with many threads that must not hang: says who does, and where.
#pragma once

#include "harness.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace braid {

// Ends the program with what each thread did last, if they do not end in time.
class watchdog {
public:
	static constexpr unsigned most_threads = 16;

	explicit watchdog(std::chrono::seconds patience) : thread_([this, patience] { watch(patience); }) {}
	~watchdog()
	{
		over_ = true;
		thread_.join();
	}
	watchdog(const watchdog &) = delete;
	watchdog &operator=(const watchdog &) = delete;

	// Of the calling thread; texts that live for ever.
	void now(unsigned thread, const char *who, const char *what)
	{
		last_[thread].who = who;
		last_[thread].what = what;
	}

private:
	struct step {
		std::atomic<const char *> who{nullptr}, what{nullptr};
	};

	void watch(std::chrono::seconds patience)
	{
		if (eventually([this] { return over_.load(); }, patience))
			return;
		std::fprintf(stderr, "the threads hang:\n");
		for (const step &s : last_)
			if (s.who != nullptr)
				std::fprintf(stderr, "  %s: %s\n", s.who.load(), s.what.load());
		std::abort();
	}

	std::array<step, most_threads> last_;
	std::atomic<bool> over_{false};
	std::thread thread_; // last: it uses the others
};

} // namespace braid
