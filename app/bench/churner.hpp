/* SPDX-License-Identifier: BSD-3-Clause */
// Changes a bond while packets flow.
#pragma once

#include "cases.hpp"
#include "environment.hpp"
#include "subject.hpp"

#include <chrono>
#include <cstdint>

namespace braid::bench {

// Makes the changes of the case at its pace on a thread of its own, at rest at first. The bond outlives every run.
class churner {
public:
	churner(const bench_case &what, subject &bond);

	void run();
	void rest(); // leaves the bond as it was before

	double per_s() const; // of all the time that it ran
	bool failed() const { return failed_; }

private:
	void step();
	void change();
	int switch_mode();
	int move_member();

	const bench_case &what_;
	std::uint16_t port_;
	sink &member_;
	// All written by the thread while it runs, by the owner while it rests.
	std::chrono::steady_clock::time_point next_, since_;
	std::chrono::steady_clock::duration running_ = {};
	std::uint64_t count_ = 0;
	bool changed_ = false;
	bool failed_ = false;
	background thread_; // last: it ends before what it uses
};

} // namespace braid::bench
