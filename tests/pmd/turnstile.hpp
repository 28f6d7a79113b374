/* SPDX-License-Identifier: BSD-3-Clause */
// Stops a thread in front of the nth mutex that it takes, or port that it gives up. What it has learned before may have come to
// mean something else until then; a test that has that happen in front of each of them in turn finds where. Or in front of the
// first mutex that it takes while it holds none, where nobody but itself is held up.
#pragma once

#include <atomic>

namespace braid {

// Two at a time. Counts from its construction; the mutexes of tests and libraries count too, so a test tries one number
// after the other.
class turnstile {
public:
	// By the thread's name, as the system shows it: "braid-watch".
	turnstile(const char *thread, unsigned nth);
	enum class mutex { that_is_its_only_one };
	turnstile(const char *thread, mutex);
	// Opens, and returns when nobody is in it.
	~turnstile();
	turnstile(const turnstile &) = delete;
	turnstile &operator=(const turnstile &) = delete;

	bool is_occupied() const { return occupied_; }
	// Whether it has let somebody go on.
	bool was_passed() const { return passed_; }
	void open();

	// Called by every thread in front of each of them, with the number of mutexes that it holds.
	static void pass(unsigned held) noexcept;

private:
	void stand_up() noexcept;
	void meet(unsigned held) noexcept;
	bool is_for_this_thread() const noexcept;
	void stop_here() noexcept;

	const char *const thread_;
	const bool for_empty_hands_;
	std::atomic<unsigned> left_;
	std::atomic<bool> occupied_{false}, passed_{false}, open_{false};
};

} // namespace braid
