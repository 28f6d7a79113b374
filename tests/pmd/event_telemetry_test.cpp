/* SPDX-License-Identifier: BSD-3-Clause */
// The events of a bond as telemetry and the log tell them: in pages of which none is lost, and in lines of which there are not
// too many.
#include "event_recorder.hpp"
#include "event_stage.hpp"
#include "telemetry_client.hpp"

#include <rte_log.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace braid {
namespace {

class EventTelemetry : public event_stage {};

TEST_F(EventTelemetry, IsPagedByTelemetryWithoutLosingAny)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	// Quotes take twice their room in JSON: the longest that an event can be.
	const std::string longest(63, '"');
	for (unsigned i = 0; i < 500; i++)
		ASSERT_EQ(braid_member_rename(bond.port(), 1, i % 2 == 0 ? longest.c_str() : "short"), 0);
	telemetry_client telemetry;
	std::uint64_t next = 0, seen = 0, left = 1;
	unsigned pages = 0;
	while (left != 0) {
		const std::string answer = telemetry.ask("/braid/events,net_braid0," + std::to_string(next));
		ASSERT_TRUE(answer.ends_with("}}}")) << answer;
		const std::uint64_t begin = next;
		next = number_in(answer, "next");
		left = number_in(answer, "left");
		ASSERT_GT(next, begin);
		EXPECT_EQ(number_in(answer, "missed"), 0u);
		EXPECT_EQ(next + left, 501u);
		for (std::uint64_t n = begin; n < next; n++, seen++)
			EXPECT_NE(answer.find("\"" + std::to_string(n) + "\":{\"kind\":"), std::string::npos) << n;
		pages++;
	}
	EXPECT_EQ(seen, 501u);
	EXPECT_GE(pages, 5u);
	EXPECT_EQ(number_in(telemetry.ask("/braid/events,net_braid0,501"), "next"), 501u);
}

TEST_F(EventTelemetry, RefusesOddQuestionsInTelemetry)
{
	test_bond bond(devargs("balance"));
	telemetry_client telemetry;
	const auto refused = [&](const std::string &parameters) {
		return number_in(telemetry.ask("/braid/events" + parameters), "errno");
	};
	EXPECT_EQ(refused(""), unsigned{EINVAL});
	EXPECT_EQ(refused(",net_braid7"), unsigned{ENODEV});
	for (const char *odd : {",net_braid0,", ",net_braid0,x", ",net_braid0,-1", ",net_braid0,1x", ",net_braid0,0,1",
	                        ",net_braid0,1", ",net_braid0,99999999999999999999"})
		EXPECT_EQ(refused(odd), unsigned{EINVAL}) << odd;
}

TEST_F(EventTelemetry, AStormOfRenamesDoesNotFloodTheLog)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	event_recorder events(bond);
	events.settle();
	rte_log_set_level_pattern("pmd.net.braid", RTE_LOG_INFO);
	log_capture log;
	const auto start = std::chrono::steady_clock::now();
	rename_times(bond, 5000);
	EXPECT_TRUE(eventually([&] { return log.count("more renames") > 0 && events.count(BRAID_EVENT_MEMBER_RENAMED) == 5000; }));
	const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
	const auto logged = [&] {
		std::uint64_t sum = log.count(" is now ");
		const std::string text = log.text();
		for (std::size_t at = text.find("and "); at != std::string::npos; at = text.find("and ", at + 1))
			sum += std::strtoull(text.c_str() + at + 4, nullptr, 10);
		return sum;
	};
	EXPECT_TRUE(eventually([&] { return logged() == 5000; })) << "each has a line or is counted in one";
	EXPECT_LE(log.count("BRAID: "), 12u * static_cast<unsigned>(seconds + 3));
	rte_log_set_level_pattern("pmd.net.braid", RTE_LOG_NOTICE);
}

} // namespace
} // namespace braid
