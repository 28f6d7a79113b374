/* SPDX-License-Identifier: BSD-3-Clause */
// Starts one EAL whose memory vhost can share, and runs the tests in it.
#include "eal.hpp"
#include "harness.hpp"

#include <gtest/gtest.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace braid {
namespace {

constexpr unsigned mempool_size = 16383;
constexpr unsigned memory_mb = 128;

// The log goes to a file without a name. vhost alone writes some fifty lines for each connection, which
// interest nobody unless a test fails; then what was logged since it began is printed.
class log_printer : public testing::EmptyTestEventListener {
public:
	explicit log_printer(std::FILE *log) : log_(log) {}

private:
	void OnTestStart(const testing::TestInfo &) override { start_ = size(); }
	void OnTestEnd(const testing::TestInfo &test) override
	{
		if (test.result()->Passed())
			return;
		std::string text(static_cast<std::size_t>(size() - start_), '\0');
		// Not by the stream, which other threads are writing to.
		const ssize_t got = pread(fileno(log_), text.data(), text.size(), start_);
		text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
		std::fprintf(stderr, "--- log of %s.%s\n%s---\n", test.test_suite_name(), test.name(), text.c_str());
	}
	off_t size()
	{
		std::fflush(log_);
		return ftello(log_);
	}

	std::FILE *const log_;
	off_t start_ = 0;
};

int run_tests()
{
	std::FILE *const log = std::tmpfile();
	if (log == nullptr || rte_openlog_stream(log) != 0) {
		std::fprintf(stderr, "virtio_user_tests: the log cannot be redirected\n");
		return EXIT_FAILURE;
	}
	testing::UnitTest::GetInstance()->listeners().Append(new log_printer(log));
	const int result = RUN_ALL_TESTS();
	rte_openlog_stream(nullptr);
	return result;
}

} // namespace

rte_mempool *eal_mempool()
{
	static rte_mempool *const pool = rte_pktmbuf_pool_create(
		"virtio_user", mempool_size, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, static_cast<int>(rte_socket_id()));
	if (pool == nullptr) {
		std::fprintf(stderr, "virtio_user_tests: no mempool of %u mbufs: %s\n", mempool_size,
		             rte_strerror(rte_errno));
		std::abort();
	}
	return pool;
}

} // namespace braid

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	if (argc > 1) {
		std::fprintf(stderr, "virtio_user_tests: %s is not an option of GoogleTest\n", argv[1]);
		return EXIT_FAILURE;
	}
	if (testing::GTEST_FLAG(list_tests))
		return RUN_ALL_TESTS();
	if (braid::start_eal(argv[0], braid::memory_mb) < 0) {
		std::fprintf(stderr, "virtio_user_tests: the EAL did not start: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	const int result = braid::run_tests();
	rte_eal_cleanup();
	braid::remove_runtime_dir();
	return result;
}
