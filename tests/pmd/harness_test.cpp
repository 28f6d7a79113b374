/* SPDX-License-Identifier: BSD-3-Clause */
// What every test of the driver relies on: the log is captured, a lost packet fails its test, and waiting ends.
#include "harness.hpp"
#include "packet.hpp"

#include <gtest/gtest-spi.h>
#include <rte_log.h>

namespace braid {
namespace {

TEST(LogCapture, SeesWhatIsLoggedFromNowOn)
{
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "before\n");
	log_capture log;
	std::thread([] { rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "one line of %d\n", 2); }).join();
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1, "another line\n");
	EXPECT_FALSE(log.contains("before"));
	EXPECT_TRUE(log.contains("one line of 2\n"));
	EXPECT_EQ(log.count("line"), 2u);
	log.clear();
	EXPECT_EQ(log.text(), "");
}

TEST(MbufAccounting, FailsTheTestThatLosesAPacket)
{
	struct forgetful : mbuf_accounting {
		void TestBody() override {}
	};
	static rte_mbuf *lost;
	EXPECT_NONFATAL_FAILURE(
		{
			const forgetful test;
			lost = make_packet({});
		},
		"mbufs available after and before");
	rte_pktmbuf_free(lost);
}

TEST(Eventually, GivesUpAtItsDeadline)
{
	unsigned asked = 0;
	EXPECT_FALSE(eventually([&] { return ++asked == 0; }, std::chrono::milliseconds(5)));
	EXPECT_GT(asked, 1u);
	EXPECT_TRUE(eventually([] { return true; }, std::chrono::milliseconds(0)));
}

} // namespace
} // namespace braid
