/* SPDX-License-Identifier: BSD-3-Clause */
// Starts one EAL without huge pages, devices or files of its own, and runs the tests in it.
#include "fake_port.hpp"
#include "harness.hpp"
#include "mbuf_handover.hpp"

#include <gtest/gtest.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace braid {

int log_type = RTE_LOGTYPE_USER1; // of lock_order.cpp, which is compiled in

namespace {

constexpr unsigned mempool_size = 16383;

// The log is a string that only grows during a test. The stream that fills it is never closed, since control
// threads of a driver may log at any moment.
std::mutex log_lock;
std::string log_text; // guarded by log_lock

ssize_t append_to_log(void *, const char *data, std::size_t size)
{
	const std::lock_guard guard(log_lock);
	log_text.append(data, size);
	return static_cast<ssize_t>(size);
}

bool catch_the_log()
{
	cookie_io_functions_t io{};
	io.write = append_to_log;
	FILE *const stream = fopencookie(nullptr, "w", io);
	return stream != nullptr && rte_openlog_stream(stream) == 0;
}

class log_printer : public testing::EmptyTestEventListener {
	void OnTestStart(const testing::TestInfo &) override
	{
		const std::lock_guard guard(log_lock);
		log_text.clear();
	}
	void OnTestEnd(const testing::TestInfo &test) override
	{
		const std::lock_guard guard(log_lock);
		// Each place is reported once in a process, so it is this test that brought it about.
		if (log_text.find("lock order:") != std::string::npos)
			ADD_FAILURE() << "locks were taken in the wrong order";
		if (test.result()->Failed() && !log_text.empty())
			std::fprintf(stderr, "--- log of %s.%s\n%s---\n", test.test_suite_name(), test.name(),
			             log_text.c_str());
	}
};

// Looks at the end for bursts that reached ports whose tests were over.
class late_check : public testing::Environment {
	void TearDown() override
	{
		for (const auto &text : fake_port::take_late_violations())
			ADD_FAILURE() << "after its test: " << text;
	}
};

// One lcore that floats over every CPU we may use. With `-l 0` each thread of a test would inherit CPU 0.
std::string lcores()
{
	cpu_set_t allowed;
	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof allowed, &allowed);
	std::string set = "0@";
	char before = '(';
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &allowed))
			continue;
		set += before;
		set += std::to_string(i);
		before = ',';
	}
	return set += ')';
}

// EAL leaves its directory behind, and our prefix makes it a new one each time. Telemetry takes its socket
// out of it in an exit handler, so ours is registered before EAL's, to run after it.
std::string runtime_dir;

void remove_runtime_dir()
{
	if (!runtime_dir.empty())
		rmdir(runtime_dir.c_str());
}

int start_eal(const char *program)
{
	std::vector<std::string> args = {program,
	                                 "--no-huge",
	                                 "-m",
	                                 "256",
	                                 "--no-pci",
	                                 "--no-shconf",
	                                 "--file-prefix",
	                                 "pmd_tests_" + std::to_string(getpid()),
	                                 "--lcores",
	                                 lcores(),
	                                 "--log-level",
	                                 "lib.eal:warning"};
	std::atexit(remove_runtime_dir);
	std::vector<char *> argv;
	for (auto &arg : args)
		argv.push_back(arg.data());
	const int status = rte_eal_init(static_cast<int>(argv.size()), argv.data());
	if (status >= 0)
		runtime_dir = rte_eal_get_runtime_dir();
	return status;
}

} // namespace

rte_mempool *eal_mempool()
{
	// The threads of a test are not EAL's and more than there are CPUs: on the usual ring, one that is preempted in the
	// middle of it leaves the others spinning until it runs again. (ring_mt_rts of 22.11 loses mbufs here.)
	static rte_mempool *const pool = [] {
		rte_mempool *const made =
			rte_pktmbuf_pool_create_by_ops("pmd_tests", mempool_size, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
		                                       static_cast<int>(rte_socket_id()), "lf_stack");
		if (made == nullptr) {
			std::fprintf(stderr, "pmd_tests: no mempool of %u mbufs: %s\n", mempool_size, rte_strerror(rte_errno));
			std::abort();
		}
		mbuf_handover::show(*made);
		return made;
	}();
	return pool;
}

void forget_log()
{
	const std::lock_guard guard(log_lock);
	log_text.clear();
}

log_capture::log_capture() { clear(); }

void log_capture::clear()
{
	const std::lock_guard guard(log_lock);
	start_ = log_text.size();
}

std::string log_capture::text() const
{
	const std::lock_guard guard(log_lock);
	return log_text.substr(std::min(start_, log_text.size()));
}

std::size_t log_capture::count(const std::string &part) const
{
	const auto all = text();
	std::size_t lines = 0;
	for (std::size_t begin = 0; begin < all.size();) {
		const auto end = std::min(all.find('\n', begin), all.size());
		lines += all.substr(begin, end - begin).find(part) != std::string::npos;
		begin = end + 1;
	}
	return lines;
}

} // namespace braid

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	if (argc > 1) {
		std::fprintf(stderr, "pmd_tests: %s is not an option of GoogleTest\n", argv[1]);
		return EXIT_FAILURE;
	}
	if (testing::GTEST_FLAG(list_tests))
		return RUN_ALL_TESTS();
	if (braid::start_eal(argv[0]) < 0) {
		std::fprintf(stderr, "pmd_tests: the EAL did not start: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	if (!braid::catch_the_log()) {
		std::fprintf(stderr, "pmd_tests: the log cannot be redirected\n");
		return EXIT_FAILURE;
	}
	testing::UnitTest::GetInstance()->listeners().Append(new braid::log_printer);
	testing::AddGlobalTestEnvironment(new braid::late_check);
	const int result = RUN_ALL_TESTS();
	rte_openlog_stream(nullptr);
	rte_eal_cleanup();
	return result;
}
