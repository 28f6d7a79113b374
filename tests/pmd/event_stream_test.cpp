/* SPDX-License-Identifier: BSD-3-Clause */
// The stream of events: its numbers, who comes late, who is slow, and what of it ethdev's own events mirror.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <rte_log.h>

#include <array>
#include <atomic>
#include <thread>

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

class EventStream : public mbuf_accounting {
protected:
	// Nothing is polled, so that each event has one cause, made by the test.
	static exactly devargs(const std::string &mode) { return {std::string(patient) + ",mode=" + mode}; }

	void rename_times(const test_bond &bond, unsigned n)
	{
		for (unsigned i = 0; i < n; i++)
			ASSERT_EQ(braid_member_rename(bond.port(), 1, i % 2 == 0 ? "even" : "odd"), 0);
	}

	fake_port first_{{.announces_lsc = true}}, second_{{.announces_lsc = true}};
};

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

// ---- telemetry

TEST_F(EventStream, IsPagedByTelemetryWithoutLosingAny)
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

TEST_F(EventStream, RefusesOddQuestionsInTelemetry)
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

// ---- listeners that are slow

TEST_F(EventStream, ARenamingLoopWaitsForAListenerThatIsSlowerThanIt)
{
	const quiet_log quiet;
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	struct slow {
		static void note(std::uint16_t, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<slow *>(arg);
			self.in_order = self.in_order && e->number == self.next;
			self.next = e->number + 1;
			const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(20);
			while (std::chrono::steady_clock::now() < until)
				continue;
		}
		std::atomic<std::uint64_t> next{1};
		std::atomic<bool> in_order{true};
	} listener;
	ASSERT_TRUE(eventually([&] { return bond.info().next_event == 1; }));
	ASSERT_EQ(braid_event_callback_register(bond.port(), slow::note, &listener), 0);
	constexpr unsigned renames = 20'000; // more than may wait
	rename_times(bond, renames);
	EXPECT_TRUE(eventually([&] { return listener.next == renames + 1; }));
	EXPECT_TRUE(listener.in_order) << "none is lost";
	EXPECT_EQ(bond.info().events_lost, 0u);
	EXPECT_EQ(bond.xstat("events_lost"), 0u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), slow::note, &listener), 0);
}

class EveryOperator : public EventStream {
protected:
	struct listener {
		static void note(std::uint16_t, const braid_event *, void *arg)
		{
			auto &self = *static_cast<listener *>(arg);
			self.inside = true;
			self.go_on.wait(false);
		}
		void let_go()
		{
			go_on = true;
			go_on.notify_all();
		}
		std::atomic<bool> inside{false}, go_on{false};
	};
	struct call {
		const char *name;
		int (*on)(std::uint16_t bond);
	};

	// Stands still from its first event on, while as many wait as may before operators do.
	void fall_behind(const test_bond &bond, listener &slow, const char *name)
	{
		ASSERT_EQ(braid_event_callback_register(bond.port(), listener::note, &slow), 0);
		ASSERT_EQ(braid_member_rename(bond.port(), 1, name), 0);
		ASSERT_TRUE(eventually([&] { return slow.inside.load(); }));
		rename_times(bond, 8191);
	}
	void expect_waits(const test_bond &bond, listener &slow, const call &one)
	{
		std::atomic<bool> over{false};
		std::thread operating([&] {
			EXPECT_EQ(one.on(bond.port()), 0) << braid_error_text();
			over = true;
		});
		EXPECT_TRUE(stays_false([&] { return over.load(); }));
		slow.let_go();
		operating.join();
		ASSERT_EQ(braid_event_callback_unregister(bond.port(), listener::note, &slow), 0);
	}

	static constexpr call calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, BRAID_MODE_BALANCE); }},
		{"policy", [](std::uint16_t b) { return braid_policy_set(b, BRAID_POLICY_L34); }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 5, 0); }},
		{"all_members_active", [](std::uint16_t b) { return braid_all_members_active_set(b, 1); }},
		{"pinning", [](std::uint16_t b) { return braid_pinning_set(b, 1); }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, 1); }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 1, BRAID_ROLE_STANDBY); }},
		{"priority", [](std::uint16_t b) { return braid_member_priority_set(b, 1, 5); }},
		{"sticky", [](std::uint16_t b) { return braid_member_sticky_set(b, 1, 1); }},
		{"enabled", [](std::uint16_t b) { return braid_member_enabled_set(b, 1, 0); }},
		{"primary_reselect", [](std::uint16_t b) { return braid_primary_reselect_set(b, BRAID_PRIMARY_RESELECT_FAILURE); }},
		{"min_links", [](std::uint16_t b) { return braid_min_links_set(b, 1); }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 3); }},
		{"weights", [](std::uint16_t b) { return braid_weights_set(b, BRAID_WEIGHTS_SPEED); }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 7, 0); }},
		{"live_rename", [](std::uint16_t b) { return braid_live_rename_set(b, 0); }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, "x%d"); }},
		{"lsc_on_failover", [](std::uint16_t b) { return braid_lsc_on_failover_set(b, 1); }},
		{"mac_policy", [](std::uint16_t b) { return braid_mac_policy_set(b, BRAID_MAC_FOLLOW); }},
		{"auto_add", [](std::uint16_t b) { return braid_auto_add(b, "mac"); }},
		{"auto_remove", [](std::uint16_t b) { return braid_auto_remove(b, "mac"); }},
	};
	// Of a bond with all at its defaults, and member 1 called "even".
	static constexpr call idle_calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, BRAID_MODE_ACTIVE_BACKUP); }},
		{"policy", [](std::uint16_t b) { return braid_policy_set(b, BRAID_POLICY_L2); }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 0, 0); }},
		{"all_members_active", [](std::uint16_t b) { return braid_all_members_active_set(b, 0); }},
		{"pinning", [](std::uint16_t b) { return braid_pinning_set(b, 0); }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, BRAID_NO_MEMBER); }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 1, BRAID_ROLE_NONE); }},
		{"priority", [](std::uint16_t b) { return braid_member_priority_set(b, 1, 0); }},
		{"sticky", [](std::uint16_t b) { return braid_member_sticky_set(b, 1, 0); }},
		{"enabled", [](std::uint16_t b) { return braid_member_enabled_set(b, 1, 1); }},
		{"primary_reselect", [](std::uint16_t b) { return braid_primary_reselect_set(b, BRAID_PRIMARY_RESELECT_ALWAYS); }},
		{"min_links", [](std::uint16_t b) { return braid_min_links_set(b, 0); }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 1); }},
		{"weights", [](std::uint16_t b) { return braid_weights_set(b, BRAID_WEIGHTS_OPTION); }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 1, 0); }},
		{"live_rename", [](std::uint16_t b) { return braid_live_rename_set(b, 1); }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, ""); }},
		{"lsc_on_failover", [](std::uint16_t b) { return braid_lsc_on_failover_set(b, 0); }},
		{"mac_policy", [](std::uint16_t b) { return braid_mac_policy_set(b, BRAID_MAC_SAME); }},
		{"auto", [](std::uint16_t b) { return braid_auto_clear(b); }},
		{"name", [](std::uint16_t b) { return braid_member_rename(b, 1, "even"); }},
	};
	static constexpr call refused_calls[] = {
		{"mode", [](std::uint16_t b) { return braid_mode_set(b, static_cast<braid_mode>(4)) + ENOTSUP; }},
		{"delays", [](std::uint16_t b) { return braid_delays_set(b, 0, UINT32_MAX) + EINVAL; }},
		{"primary", [](std::uint16_t b) { return braid_primary_set(b, 4711) + ENOENT; }},
		{"role", [](std::uint16_t b) { return braid_member_role_set(b, 4711, BRAID_ROLE_STANDBY) + ENOENT; }},
		{"weight", [](std::uint16_t b) { return braid_member_weight_set(b, 1, 0) + EINVAL; }},
		{"announce", [](std::uint16_t b) { return braid_announce_set(b, 256, 0) + EINVAL; }},
		{"auto_remove", [](std::uint16_t b) { return braid_auto_remove(b, "mac") + ENOENT; }},
		{"member_name", [](std::uint16_t b) { return braid_member_name_set(b, "no number") + EINVAL; }},
		{"name", [](std::uint16_t b) { return braid_member_rename(b, 1, "net_absent") + EEXIST; }},
	};
};

// Each of them tells the one event that is more than may wait.
TEST_F(EveryOperator, WaitsForListenersThatAreFarBehind)
{
	const quiet_log quiet;
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	for (const call &one : calls) {
		SCOPED_TRACE(one.name);
		listener slow;
		fall_behind(bond, slow, one.name);
		expect_waits(bond, slow, one);
	}
	EXPECT_EQ(bond.info().events_lost, 0u);
}

// Whoever has waited in vain for listeners that do not move, waits for nobody after that; so one that waits shows that those
// before it did not.
TEST_F(EveryOperator, WaitsForNobodyWithNothingToTell)
{
	const quiet_log quiet;
	test_bond bond(exactly{"lsc_poll_period_ms=3600000,mode=active-backup"});
	ASSERT_EQ(bond.add(first_.name()), 0);
	for (std::span<const call> all : {std::span<const call>(idle_calls), std::span<const call>(refused_calls)})
		for (const call &one : all) {
			SCOPED_TRACE(one.name);
			listener slow;
			fall_behind(bond, slow, one.name);
			ASSERT_EQ(bond.add("net_absent"), 0) << "which waits for no listener";
			EXPECT_EQ(one.on(bond.port()), 0) << braid_error_text();
			expect_waits(bond, slow, {"a rename", [](std::uint16_t b) { return braid_member_rename(b, 1, "odd"); }});
			ASSERT_EQ(bond.remove("net_absent"), 0);
		}
	EXPECT_EQ(bond.info().events_lost, 0u);
}

TEST_F(EventStream, WhatAListenerThatStandsStillHasMissedIsCountedAndToldToIt)
{
	const quiet_log quiet;
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	struct stuck {
		static void note(std::uint16_t, const braid_event *e, void *arg)
		{
			auto &self = *static_cast<stuck *>(arg);
			if (!self.inside.exchange(true))
				self.go_on.wait(false);
			const std::lock_guard guard(self.lock);
			self.told.push_back({e->kind, e->number, e->reason});
		}
		struct line {
			braid_event_kind kind;
			std::uint64_t number;
			std::string reason;
		};
		std::atomic<bool> inside{false}, go_on{false};
		std::mutex lock;
		std::vector<line> told;
	} listener;
	ASSERT_EQ(braid_event_callback_register(bond.port(), stuck::note, &listener), 0);
	rename_times(bond, 2);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); })) << "in the first of the two";
	// An operator waits for it once, and then no more.
	rename_times(bond, 16'384 - 1 + 100);
	EXPECT_EQ(bond.info().events_lost, 100u);
	EXPECT_EQ(bond.xstat("events_lost"), 100u);
	telemetry_client telemetry;
	EXPECT_EQ(number_in(telemetry.ask("/braid/events,net_braid0"), "events_lost"), 100u);
	listener.go_on = true;
	listener.go_on.notify_all();
	const std::uint64_t last = bond.info().next_event - 1;
	EXPECT_TRUE(eventually([&] {
		const std::lock_guard guard(listener.lock);
		return !listener.told.empty() && listener.told.back().number == last;
	}));
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), stuck::note, &listener), 0);
	ASSERT_EQ(listener.told.size(), 1u + 1 + 16'384);
	EXPECT_EQ(listener.told[1].kind, BRAID_EVENT_EVENTS_LOST);
	EXPECT_EQ(listener.told[1].reason, "100 events were dropped: listeners are too slow for them");
	EXPECT_EQ(listener.told[1].number, listener.told[0].number + 100);
	EXPECT_EQ(listener.told[2].number, listener.told[0].number + 101);
	EXPECT_EQ(listener.told[2].kind, BRAID_EVENT_MEMBER_RENAMED);
}

TEST_F(EventStream, AStormOfRenamesDoesNotFloodTheLog)
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

// ---- ethdev's events

class LscOnFailover : public EventStream {
protected:
	static int count(std::uint16_t, rte_eth_event_type, void *arg, void *)
	{
		(*static_cast<std::atomic<unsigned> *>(arg))++;
		return 0;
	}
};

TEST_F(LscOnFailover, RaisesTheBondsLscWhenAnotherMemberBecomesActive)
{
	test_bond bond(devargs("active-backup"));
	EXPECT_EQ(bond.info().lsc_on_failover, 0u) << "the default";
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(second_.name()), 0);
	std::atomic<unsigned> events{0};
	ASSERT_EQ(rte_eth_dev_callback_register(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &events), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(eventually([&] { return events == 1; })) << "the first link came up";

	event_recorder told(bond);
	first_.set_link(false);
	told.settle();
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(events, 1u) << "not asked for";

	ASSERT_EQ(braid_lsc_on_failover_set(bond.port(), 1), 0);
	EXPECT_EQ(bond.info().lsc_on_failover, 1u);
	first_.set_link(true);
	ASSERT_EQ(bond.primary(first_.name()), 0);
	EXPECT_EQ(bond.active(), first_.name());
	EXPECT_TRUE(eventually([&] { return events == 2; }));
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return events == 3; }));
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	told.settle();
	EXPECT_EQ(events, 3u) << "nobody is the active one in other modes";
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	EXPECT_TRUE(eventually([&] { return events == 4; })) << "and now one is";
	EXPECT_EQ(braid_lsc_on_failover_set(bond.port(), 2), -EINVAL);
	ASSERT_EQ(rte_eth_dev_callback_unregister(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &events), 0);
}

// There is always one more event to tell: each makes the next.
TEST_F(LscOnFailover, IsNotHeldBackByEventsThatNeverEnd)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	std::atomic<unsigned> lsc{0};
	ASSERT_EQ(rte_eth_dev_callback_register(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &lsc), 0);
	static std::atomic<unsigned> renames;
	renames = 0;
	const auto rename_again = [](std::uint16_t port, const braid_event *e, void *) {
		if (e->kind == BRAID_EVENT_MEMBER_RENAMED)
			braid_member_rename(port, e->member_id, ++renames % 2 == 0 ? "even" : "odd");
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), rename_again, nullptr), 0);
	ASSERT_EQ(bond.rename(first_.name(), "even"), 0);
	ASSERT_TRUE(eventually([&] { return renames > 100; }));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(eventually([&] { return lsc == 1; })) << "the first link came up";
	const unsigned before = renames;
	EXPECT_TRUE(eventually([&] { return renames > before + 100; })) << "and the events go on";
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), rename_again, nullptr), 0);
	ASSERT_EQ(rte_eth_dev_callback_unregister(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &lsc), 0);
}

// Which may take its time.
TEST_F(LscOnFailover, AndEventsAreNotHeldUpByADeviceThatIsBeingAttached)
{
	fake_port slow({.plugged = false});
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(slow.name()), 0);
	std::atomic<unsigned> lsc{0};
	ASSERT_EQ(rte_eth_dev_callback_register(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &lsc), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(eventually([&] { return lsc == 1; })) << "the first link came up";
	event_recorder told(bond);
	slow.hold(fake_op::start);
	ASSERT_EQ(slow.plug(), 0);
	ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::start) == 1; }));
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return lsc == 2; })) << "the last link went down";
	EXPECT_TRUE(eventually([&] { return told.count(BRAID_EVENT_LINK_DOWN) == 1; }));
	EXPECT_EQ(slow.waiting(fake_op::start), 1u);
	slow.release(fake_op::start);
	EXPECT_TRUE(eventually([&] { return lsc == 3; })) << "its link is up";
	ASSERT_EQ(rte_eth_dev_callback_unregister(bond.port(), RTE_ETH_EVENT_INTR_LSC, count, &lsc), 0);
}

TEST_F(EventStream, ADeviceIsAttachedWhateverTimeAListenerTakes)
{
	fake_port late({.plugged = false});
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(late.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	struct slow {
		static void note(std::uint16_t, const braid_event *, void *arg)
		{
			auto &self = *static_cast<slow *>(arg);
			self.inside = true;
			self.go_on.wait(false);
		}
		std::atomic<bool> inside{false}, go_on{false};
	} listener;
	ASSERT_EQ(braid_event_callback_register(bond.port(), slow::note, &listener), 0);
	rename_times(bond, 1);
	ASSERT_TRUE(eventually([&] { return listener.inside.load(); }));
	ASSERT_EQ(late.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info_of(late.name()).state == BRAID_MEMBER_RUNNING; }));
	listener.go_on = true;
	listener.go_on.notify_all();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), slow::note, &listener), 0);
}

} // namespace
} // namespace braid
