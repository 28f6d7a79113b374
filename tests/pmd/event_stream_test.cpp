/* SPDX-License-Identifier: BSD-3-Clause */
// The stream of events as it is read: what is in it, its numbers, who comes late, and records of any size.
#include "event_recorder.hpp"
#include "event_stage.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace braid {
namespace {

// One reading of at most n events.
struct page {
	std::vector<braid_event_record> records;
	std::uint64_t missed = 77;
	int status = 0;
};

page read_events(const test_bond &bond, std::uint64_t &next, unsigned n = 4096)
{
	page p;
	p.records.resize(n);
	if (n != 0)
		p.records[0].size = sizeof(braid_event_record);
	p.status = braid_events_read(bond.port(), &next, p.records.data(), n, &p.missed);
	p.records.resize(p.status > 0 ? static_cast<std::size_t>(p.status) : 0);
	return p;
}

class EventStream : public event_stage {};

TEST_F(EventStream, IsReadByWhoComesLate)
{
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.rename("wan", "lan"), 0);
	first_.set_link(false);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(bond.remove("lan"), 0);

	std::uint64_t next = 0;
	const page all = read_events(bond, next);
	const std::vector<std::pair<braid_event_kind, std::string>> wanted = {
		{BRAID_EVENT_MEMBER_ADDED, "wan"},    {BRAID_EVENT_MEMBER_USABLE, "wan"}, {BRAID_EVENT_ACTIVE_CHANGED, "wan"},
		{BRAID_EVENT_LINK_UP, ""},            {BRAID_EVENT_MEMBER_RENAMED, "lan"}, {BRAID_EVENT_MEMBER_UNUSABLE, "lan"},
		{BRAID_EVENT_ACTIVE_CHANGED, ""},     {BRAID_EVENT_LINK_DOWN, ""},        {BRAID_EVENT_MODE_CHANGED, ""},
		{BRAID_EVENT_MEMBER_REMOVED, "lan"},
	};
	ASSERT_EQ(all.records.size(), wanted.size());
	EXPECT_EQ(all.missed, 0u);
	std::uint64_t time = 0, generation = 0;
	for (std::size_t i = 0; i < wanted.size(); i++) {
		const braid_event_record &r = all.records[i];
		EXPECT_EQ(r.kind, wanted[i].first) << i;
		EXPECT_EQ(r.name, wanted[i].second) << i;
		EXPECT_EQ(r.number, i);
		EXPECT_EQ(r.size, sizeof r);
		EXPECT_GE(r.time_ns, time);
		EXPECT_GE(r.generation, generation);
		EXPECT_EQ(r.member_id, wanted[i].second.empty() ? BRAID_NO_MEMBER : 1u) << i;
		time = r.time_ns;
		generation = r.generation;
	}
	EXPECT_STREQ(all.records[4].old_name, "wan");
	EXPECT_STREQ(all.records[8].reason, "mode is balance");
	EXPECT_EQ(next, wanted.size());
	EXPECT_EQ(bond.info().next_event, next);
	EXPECT_EQ(read_events(bond, next).status, 0) << "nothing has happened since";
}

// That one of its members is the active one is news where nobody was before, also if it would have been in that mode too.
TEST_F(EventStream, TellsWhoIsActiveWhenActiveBackupBegins)
{
	test_bond bond(devargs("round-robin"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.add(second_.name(), "lan"), 0);
	std::uint64_t next = BRAID_EVENTS_FROM_NOW;
	ASSERT_EQ(read_events(bond, next, 0).status, 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	const page begun = read_events(bond, next);
	ASSERT_EQ(begun.records.size(), 2u);
	EXPECT_EQ(begun.records[0].kind, BRAID_EVENT_MODE_CHANGED);
	EXPECT_EQ(begun.records[1].kind, BRAID_EVENT_ACTIVE_CHANGED);
	EXPECT_STREQ(begun.records[1].name, "wan");
	EXPECT_EQ(begun.records[1].generation, begun.records[0].generation) << "one publication";
	ASSERT_EQ(bond.mode(BRAID_MODE_BROADCAST), 0);
	first_.set_link(false);
	first_.set_link(true);
	EXPECT_EQ(read_events(bond, next).records.size(), 3u) << "the mode and the link: in other modes nobody is the active one";
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	EXPECT_STREQ(read_events(bond, next).records.back().name, "lan") << "which failover has kept in mind";
}

// Who counts usable and unusable has the right number in between.
TEST_F(EventStream, AStopTakesBackWhatTheStartHasTold)
{
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.add(second_.name(), "lan"), 0);
	std::uint64_t next = BRAID_EVENTS_FROM_NOW;
	ASSERT_EQ(read_events(bond, next, 0).status, 0);
	using line = std::tuple<braid_event_kind, std::string, std::string>;
	const auto lines = [&] {
		std::vector<line> all;
		for (const braid_event_record &r : read_events(bond, next).records)
			all.emplace_back(r.kind, r.name, r.reason);
		return all;
	};
	for (unsigned round = 0; round < 2; round++) {
		ASSERT_EQ(round == 0 ? bond.bring_up() : bond.start(), 0);
		EXPECT_EQ(lines(), (std::vector<line>{{BRAID_EVENT_MEMBER_USABLE, "wan", ""},
		                                      {BRAID_EVENT_MEMBER_USABLE, "lan", ""},
		                                      {BRAID_EVENT_ACTIVE_CHANGED, "wan", ""},
		                                      {BRAID_EVENT_LINK_UP, "", ""}}));
		ASSERT_EQ(bond.stop(), 0);
		EXPECT_EQ(lines(), (std::vector<line>{{BRAID_EVENT_MEMBER_UNUSABLE, "wan", "stopped"},
		                                      {BRAID_EVENT_MEMBER_UNUSABLE, "lan", "stopped"},
		                                      {BRAID_EVENT_ACTIVE_CHANGED, "", ""},
		                                      {BRAID_EVENT_LINK_DOWN, "", ""}}));
	}
}

TEST_F(EventStream, IsReadInPiecesOfAnySize)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	rename_times(bond, 300);
	for (unsigned n : {1u, 7u, 31u, 32u, 33u, 64u, 301u, 1000u}) {
		std::uint64_t next = 0, expected = 0;
		for (page p = read_events(bond, next, n); p.status > 0; p = read_events(bond, next, n)) {
			EXPECT_EQ(p.missed, 0u);
			for (const braid_event_record &r : p.records)
				EXPECT_EQ(r.number, expected++);
			EXPECT_EQ(next, expected);
		}
		EXPECT_EQ(expected, 301u) << n << " at a time";
	}
}

TEST_F(EventStream, KeepsTheLast1024AndTellsHowManyWereMissed)
{
	const quiet_log quiet;
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	event_recorder events(bond);
	std::uint64_t early = 0;
	ASSERT_EQ(read_events(bond, early, 1).status, 1);
	rename_times(bond, 3000);
	// Once everybody has been told.
	ASSERT_TRUE(eventually([&] { return events.count(BRAID_EVENT_MEMBER_RENAMED) == 3000; }));
	const page all = read_events(bond, early);
	EXPECT_EQ(all.missed, 3001u - 1 - 1024);
	ASSERT_EQ(all.records.size(), 1024u);
	EXPECT_EQ(all.records.front().number, 3001u - 1024);
	EXPECT_EQ(all.records.back().number, 3000u);
	EXPECT_EQ(early, 3001u);
	EXPECT_EQ(read_events(bond, early).missed, 0u);
}

TEST_F(EventStream, CanBeReadFromNowOnButNotFromTheFuture)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	std::uint64_t next = BRAID_EVENTS_FROM_NOW;
	EXPECT_EQ(read_events(bond, next, 0).status, 0);
	EXPECT_EQ(next, 1u);
	rename_times(bond, 1);
	EXPECT_EQ(read_events(bond, next).records.size(), 1u);
	std::uint64_t future = 3;
	EXPECT_EQ(read_events(bond, future).status, -EINVAL);
	EXPECT_STREQ(braid_error_text(), "event 3 is yet to happen: the next one is 2");
	EXPECT_EQ(future, 3u);
}

TEST_F(EventStream, RecordsMayBeSmallerOrLargerThanTheLibrarys)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	rename_times(bond, 2);
	struct larger {
		braid_event_record now;
		std::array<char, 32> later;
	};
	larger room[3];
	std::memset(room, 0xa5, sizeof room);
	room[0].now.size = sizeof(larger);
	std::uint64_t next = 0;
	ASSERT_EQ(braid_events_read(bond.port(), &next, &room[0].now, 3, nullptr), 3);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(room[i].now.number, i);
		EXPECT_EQ(room[i].now.size, sizeof(larger));
		EXPECT_EQ(static_cast<unsigned char>(room[i].later[0]), 0xa5);
	}
	next = 0;
	room[0].now.size = 0;
	EXPECT_EQ(braid_events_read(bond.port(), &next, &room[0].now, 3, nullptr), -EINVAL);
	EXPECT_EQ(braid_events_read(bond.port(), nullptr, &room[0].now, 3, nullptr), -EINVAL);
	EXPECT_EQ(braid_events_read(bond.port(), &next, nullptr, 3, nullptr), -EINVAL);
	EXPECT_EQ(next, 0u);
}

TEST_F(EventStream, HasTheSameNumbersForListeners)
{
	test_bond bond(devargs("balance"));
	struct numbers {
		static void note(std::uint16_t, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<numbers *>(arg);
			self.in_order = self.in_order && e->number == self.next;
			self.next = e->number + 1;
		}
		std::atomic<std::uint64_t> next{0};
		std::atomic<bool> in_order{true};
	} told;
	ASSERT_EQ(braid_event_callback_register(bond.port(), numbers::note, &told), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	rename_times(bond, 500);
	EXPECT_TRUE(eventually([&] { return told.next == 501; }));
	EXPECT_TRUE(told.in_order);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), numbers::note, &told), 0);
}

} // namespace
} // namespace braid
