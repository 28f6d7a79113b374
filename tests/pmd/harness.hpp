/* SPDX-License-Identifier: BSD-3-Clause */
// What every test of the driver finds ready: an EAL that main() started, one mempool, a leak check, the log.
#pragma once

#include <gtest/gtest.h>

#include <rte_mempool.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

namespace braid {

// The mempool of all tests: 16383 mbufs of the default size, no cache. Made at the first call, never null.
rte_mempool *eal_mempool();

// A fixture whose test has to give back every mbuf it took. The check is in the destructor: members of a
// derived fixture (fake ports that keep packets, for one) are gone by then, while at TearDown() they are not.
class mbuf_accounting : public testing::Test {
protected:
	mbuf_accounting() : at_start_(rte_mempool_avail_count(eal_mempool())) {}
	~mbuf_accounting() override
	{
		EXPECT_EQ(rte_mempool_avail_count(eal_mempool()), at_start_) << "mbufs available after and before";
	}

	// Taken since the test began and not given back yet.
	unsigned mbufs_in_use() const { return at_start_ - rte_mempool_avail_count(eal_mempool()); }

private:
	unsigned at_start_;
};

// What was logged through rte_log since the object was made (or since clear()), from any thread. Objects may
// nest, and logging may go on when one dies. Only inside a test: the log is emptied when a test begins, and a
// failed test's log is printed when it ends.
class log_capture {
public:
	log_capture();
	void clear();
	std::string text() const;
	bool contains(const std::string &part) const { return text().find(part) != std::string::npos; }

	// Lines that contain `part`.
	std::size_t count(const std::string &part) const;

private:
	std::size_t start_;
};

// Of everything logged in this test: nothing is known any more.
void forget_log();

// Polls until condition() holds. False if that did not come to pass within the deadline, which is generous
// because a loaded machine must not fail a test; a passing test does not wait for it.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds(20))
{
	const auto end = std::chrono::steady_clock::now() + deadline;
	while (!condition()) {
		if (std::chrono::steady_clock::now() >= end)
			return condition();
		std::this_thread::yield();
	}
	return true;
}

} // namespace braid
