/* SPDX-License-Identifier: BSD-3-Clause */
// The process: its EAL, the CPU that measures, and threads beside it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <rte_mempool.h>

namespace braid::bench {

// Ends the program with one sentence: nothing was measured that could still be reported.
[[noreturn]] void give_up(const std::string &why);

// Starts an EAL without huge pages whose only lcore, the calling thread, stays on `cpu`; -1: the last that we may use.
void start_eal(int cpu);
void end_eal();

// The CPU that measures.
int measuring_cpu();

// Where packets come from and what receive queues are set up with.
rte_mempool *packet_pool();

// Puts the calling thread on the other CPUs that we may use, if there are any.
void leave_measuring_cpu();

// A thread that does one thing, not on the measuring CPU, and is waited for at the end of scope. It is there and spins when the
// constructor returns: what making a thread costs (a new stack is a new mapping, which interrupts the other CPUs) is over when
// the errand starts, and starting it is one store.
class errand {
public:
	explicit errand(std::function<void()> what);
	~errand();
	errand(const errand &) = delete;
	errand &operator=(const errand &) = delete;

	void start() { state_.store(state::started, std::memory_order_release); }
	bool done() const { return state_.load(std::memory_order_acquire) == state::done; }

private:
	enum class state : std::uint8_t { coming, ready, started, done };
	std::atomic<state> state_ = state::coming;
	std::thread thread_;
};

// A thread that repeats a step while it is wanted; at rest at first. Not on the measuring CPU if there is another.
class background {
public:
	explicit background(std::function<void()> step);
	~background();
	background(const background &) = delete;
	background &operator=(const background &) = delete;

	void run();  // returns after the first step
	void rest(); // returns after the last step

private:
	enum class want { rest, run, end };
	void loop();

	std::function<void()> step_;
	std::atomic<want> want_ = want::rest; // written by the owner
	std::atomic<bool> stepped_ = false;   // since run(); written by both, in turn
	std::mutex stepping_;                 // held by the thread from its first step to its last
	std::thread thread_;
};

} // namespace braid::bench
