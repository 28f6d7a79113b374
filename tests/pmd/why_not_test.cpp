/* SPDX-License-Identifier: BSD-3-Clause */
// Why a member does not transmit and for how long: each reason, in the C API and in what it prints.
#include "event_recorder.hpp"
#include "links.hpp"
#include "test_bond.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace braid {
namespace {

// What the ethdev op priv_dump prints.
std::string dump_of(const test_bond &bond)
{
	char *text = nullptr;
	std::size_t size = 0;
	std::FILE *const to = open_memstream(&text, &size);
	EXPECT_EQ(rte_eth_dev_priv_dump(bond.port(), to), 0);
	std::fclose(to);
	std::string printed = text;
	std::free(text);
	return printed;
}

class WhyNot : public mbuf_accounting {
protected:
	static braid_why_not why(const test_bond &bond, const fake_port &port) { return bond.info_of(port.name()).why_not; }

	fake_port first_{raising_lsc()}, second_{raising_lsc()};
};

TEST_F(WhyNot, AMemberThatTransmitsHasNoReasonAndNoTime)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	const braid_member_info info = bond.info_of(first_.name());
	EXPECT_EQ(info.is_active, 1);
	EXPECT_EQ(info.why_not, BRAID_WHY_NOT_NONE);
	EXPECT_EQ(info.why_not_ms, 0u);
	EXPECT_EQ(info.refused_errno, 0);
	EXPECT_STREQ(info.refused_step, "");
	EXPECT_STREQ(info.refused_reason, "");
}

TEST_F(WhyNot, TheReasonsFollowEachOther)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_STOPPED);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_STANDBY);
	ASSERT_EQ(braid_member_enabled_set(bond.port(), bond.id_of(second_.name()), 0), 0);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_DISABLED);
	ASSERT_EQ(braid_member_enabled_set(bond.port(), bond.id_of(second_.name()), 1), 0);
	ASSERT_TRUE(second_.set_link(false));
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_LINK_DOWN);
	ASSERT_EQ(braid_min_links_set(bond.port(), 2), 0);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_LINK_DOWN) << "what is nearest to it";
	EXPECT_EQ(why(bond, first_), BRAID_WHY_NOT_MIN_LINKS);
	ASSERT_EQ(second_.unplug(), 0);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_PENDING);
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(why(bond, first_), BRAID_WHY_NOT_STOPPED);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_PENDING);
}

TEST_F(WhyNot, AnUpDelaySaysWhatIsLeftOfIt)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(second_.set_link(false));
	ASSERT_EQ(braid_delays_set(bond.port(), an_hour_ms, 0), 0);
	ASSERT_TRUE(second_.set_link(true));
	const braid_member_info info = bond.info_of(second_.name());
	EXPECT_EQ(info.why_not, BRAID_WHY_NOT_UP_DELAY);
	EXPECT_GT(info.delay_remaining_ms, an_hour_ms - 60'000);
	EXPECT_LE(info.delay_remaining_ms, an_hour_ms);
	EXPECT_LE(info.delay_remaining_ms + info.why_not_ms, an_hour_ms + 1u) << "read at two moments";
}

// It counts from when the reason became what it is: a poll, a setting or a rename does not begin it anew.
TEST_F(WhyNot, TheTimeGrowsUntilTheReasonChanges)
{
	test_bond bond(patiently("active-backup", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string name = second_.name();
	ASSERT_TRUE(eventually([&] { return bond.info_of(name).why_not_ms >= 20; }));
	rte_eth_link link;
	ASSERT_EQ(rte_eth_link_get(bond.port(), &link), 0);
	ASSERT_EQ(braid_member_priority_set(bond.port(), bond.id_of(name), -1), 0);
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0);
	EXPECT_GE(bond.info_of(name).why_not_ms, 20u);
	const auto before = std::chrono::steady_clock::now();
	ASSERT_TRUE(second_.set_link(false));
	const std::uint64_t told = bond.info_of(name).why_not_ms;
	const auto at_most = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
	EXPECT_LE(told, static_cast<std::uint64_t>(at_most.count()) + 1);
	EXPECT_EQ(why(bond, second_), BRAID_WHY_NOT_LINK_DOWN);
}

TEST_F(WhyNot, AMemberThatIsBeingRemovedDrains)
{
	// The application never polls, so that the removal waits for all of the time it is given.
	test_bond bond(exactly{"lsc_poll_period_ms=3600000,drain_ms=60000,mode=round-robin,member=" + first_.name() +
	                       ",member=" + second_.name()});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	const std::uint32_t id = bond.id_of(first_.name());
	std::thread remover([&] { EXPECT_EQ(braid_member_remove(bond.port(), id), 0); });
	EXPECT_TRUE(eventually([&] { return why(bond, first_) == BRAID_WHY_NOT_DRAINING; }));
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "draining");
	EXPECT_NE(dump_of(bond).find("does not transmit: draining for "), std::string::npos) << dump_of(bond);
	while (bond.id_of(first_.name()) != BRAID_NO_MEMBER) // now it is polled until it is dry
		bond.receive();
	remover.join();
}

TEST_F(WhyNot, ARefusedDeviceSaysStepErrnoAndSentenceUntilItJoins)
{
	fake_port late({.plugged = false});
	test_bond bond("active-backup", {&first_, &late});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	EXPECT_EQ(why(bond, late), BRAID_WHY_NOT_PENDING);
	late.fail(fake_op::start, EIO, fake_port::always);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(eventually([&] { return why(bond, late) == BRAID_WHY_NOT_REFUSED; }));
	braid_member_info info = bond.info_of(late.name());
	EXPECT_EQ(info.state, BRAID_MEMBER_PENDING);
	EXPECT_EQ(info.refused_errno, EIO);
	EXPECT_STREQ(info.refused_step, "start");
	EXPECT_EQ(events.last(BRAID_EVENT_ATTACH_FAILED).reason, info.refused_reason);
	EXPECT_STRNE(info.refused_reason, "");
	EXPECT_NE(dump_of(bond).find("refused in step start, errno 5: "), std::string::npos) << dump_of(bond);

	ASSERT_EQ(late.unplug(), 0);
	info = bond.info_of(late.name());
	EXPECT_EQ(info.why_not, BRAID_WHY_NOT_PENDING) << "there is no device to refuse";
	EXPECT_EQ(info.refused_errno, EIO) << "what happened last is still told";

	late.heal_all();
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(eventually([&] { return why(bond, late) == BRAID_WHY_NOT_STANDBY; }));
	info = bond.info_of(late.name());
	EXPECT_EQ(info.refused_errno, 0);
	EXPECT_STREQ(info.refused_step, "");
	EXPECT_STREQ(info.refused_reason, "");
}

// Each step of joining has its word.
TEST_F(WhyNot, TheStepIsNamed)
{
	const struct {
		fake_op op;
		const char *step;
	} rows[] = {
		{fake_op::configure, "configure"},
		{fake_op::rx_queue_setup, "rx_queue"},
		{fake_op::tx_queue_setup, "tx_queue"},
		{fake_op::start, "start"},
	};
	fake_port late({.plugged = false});
	test_bond bond("round-robin", {&first_, &late});
	ASSERT_EQ(bond.bring_up(), 0);
	for (const auto &[op, step] : rows) {
		late.fail(op, EPERM, fake_port::always);
		ASSERT_EQ(late.replug(), 0);
		EXPECT_TRUE(eventually([&, wanted = step] { return std::string(bond.info_of(late.name()).refused_step) == wanted; })) << step;
		EXPECT_EQ(bond.info_of(late.name()).refused_errno, EPERM);
		late.heal(op);
	}
	ASSERT_EQ(late.replug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info_of(late.name()).is_active == 1; }));
}

TEST_F(WhyNot, EachMemberThatCeasesToTransmitIsToldWithItsReason)
{
	test_bond bond(patiently("round-robin", {&first_, &second_}));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "link_down");
	ASSERT_TRUE(first_.set_link(true));
	events.forget();
	ASSERT_EQ(braid_member_enabled_set(bond.port(), bond.id_of(first_.name()), 0), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "disabled");
	ASSERT_EQ(braid_member_enabled_set(bond.port(), bond.id_of(first_.name()), 1), 0);
	events.forget();
	ASSERT_EQ(first_.unplug(), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "pending");
}

TEST_F(WhyNot, ItIsPrintedWithTheOptions)
{
	test_bond bond(exactly{std::string(patient) + ",mode=active-backup,min_links=1,member=" + first_.name() +
	                       ";role=primary;name=one,member=" + second_.name() + ";name=two;sticky=1;enabled=0;priority=-4"});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string text = dump_of(bond);
	for (const char *part : {"Primary reselect: always", "Min links: 1", "All members active: no", "role primary",
	                         "transmits", "priority -4, sticky, disabled", "does not transmit: disabled for "})
		EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
}

} // namespace
} // namespace braid
