/* SPDX-License-Identifier: BSD-3-Clause */
// What telemetry's own limits must not hide or garble: 16384 bytes an answer, 127 a string, JSON without bytes from 0x80 up.
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <set>
#include <string>

namespace braid {
namespace {

class Telemetry : public mbuf_accounting {
protected:
	fake_port first_, second_;
};

// Telemetry leaves out a dictionary that does not fit without a word: a bond of many members seemed to have none.
TEST_F(Telemetry, ShowsEveryMemberOfAFullBond)
{
	const std::string bond_name = "net_braid" + std::string(54, '\xfc');
	test_bond bond("mode=active-backup,primary=" + std::string(63, '\xfc') + ",member_name=" + std::string(60, '"') + "%d",
	               bond_name);
	for (unsigned i = 0; i < BRAID_MAX_MEMBERS; i++) {
		const std::string two_digits = std::to_string(10 + i);
		// Quotes take twice their room in JSON, these bytes five times.
		const std::string name = std::string(61, i % 2 == 0 ? '"' : '\xfc') + two_digits;
		ASSERT_EQ(bond.add("absent" + std::string(55, 'x') + two_digits, name.c_str()), 0) << braid_error_text();
	}
	telemetry_client telemetry;
	std::set<std::uint64_t> seen;
	std::uint64_t next = 0, left = 1;
	for (unsigned pages = 0; left != 0 && pages < BRAID_MAX_MEMBERS; pages++) {
		const std::string answer = telemetry.ask("/braid/show," + bond_name + "," + std::to_string(next));
		ASSERT_TRUE(answer.ends_with("}}}}")) << answer;
		const std::uint64_t begin = next;
		left = number_in(answer, "members_left");
		next = number_in(answer, "next_member");
		for (std::uint64_t id = begin; id < (left != 0 ? next : BRAID_MAX_MEMBERS + 1); id++)
			if (answer.find("\"" + std::to_string(id) + "\":{\"name\":") != std::string::npos)
				seen.insert(id);
		EXPECT_EQ(seen.size() + left, std::size_t{BRAID_MAX_MEMBERS});
	}
	EXPECT_EQ(seen.size(), std::size_t{BRAID_MAX_MEMBERS});
}

TEST_F(Telemetry, ShowsEverythingThatAnOperatorHasChosen)
{
	const test_bond bond(exactly{
		"mode=active-backup,auto=name:net_nobody*,primary=net_later,xmit_policy=l34+sym,agg_mode=bandwidth,"
		"lsc_poll_period_ms=3600000,up_delay=11,down_delay=12,mac=02:00:00:00:00:01,mac_policy=by_active,announce=3,"
		"announce_interval_ms=13,socket_id=-1,primary_reselect=better,min_links=2,all_members_active=1,pinning=1,weights=speed,"
		"tx_empty=drop,rx_port=member,rr_limit=65535,simd=scalar,drain_ms=14,seed=18446744073709551615,live_rename=0,"
		"member_name=wan%d,lsc_on_failover=1,member=" + first_.name() +
		";role=standby;priority=-5;sticky=1;weight=7;enabled=0;name=lte"});
	telemetry_client telemetry;
	const std::string answer = telemetry.ask("/braid/show,net_braid0");
	for (const char *shown :
	     {R"("mode":"active-backup")", R"("auto":["name:net_nobody*"])", R"("primary":"")", R"("primary_awaited":"net_later")",
	      R"("policy":"l34+sym")", R"("agg_mode":"bandwidth")", R"("lsc_poll_period_ms":3600000)", R"("up_delay_ms":11)",
	      R"("down_delay_ms":12)", R"("mac":"02:00:00:00:00:01")", R"("mac_policy":"by_active")", R"("announce":3)",
	      R"("announce_interval_ms":13)", R"("socket_id":-1)", R"("primary_reselect":"better")", R"("min_links":2)",
	      R"("all_members_active":1)", R"("pinning":1)", R"("weights":"speed")", R"("tx_empty":"drop")", R"("rx_port":"member")",
	      R"("rr_limit":65535)", R"("simd":"scalar")", R"("drain_ms":14)", R"("seed":"18446744073709551615")", R"("live_rename":0)",
	      R"("member_name":"wan%d")", R"("lsc_on_failover":1)", R"("standby":"lte")", R"("role":"standby")", R"("priority":-5)",
	      R"("sticky":1)", R"("weight":7)", R"("enabled":0)"})
		EXPECT_NE(answer.find(shown), std::string::npos) << shown << " in\n" << answer;
}

TEST_F(Telemetry, ShowsWhatHasBecomeOfWhatWasLeftToTheBond)
{
	const test_bond bond("mode=active-backup,primary=" + first_.name()), other("mode=balance", "net_braid1");
	telemetry_client telemetry;
	const auto show = [&](const char *name) { return telemetry.ask(std::string("/braid/show,") + name); };
	const auto seed = [&](const char *name) { // as text: readers of JSON round numbers that a double cannot hold
		const std::string answer = show(name), key = R"("seed":")";
		const std::size_t at = answer.find(key);
		EXPECT_NE(at, std::string::npos) << answer;
		return at == std::string::npos ? "" : answer.substr(at + key.size(), answer.find('"', at + key.size()) - at - key.size());
	};
	EXPECT_EQ(seed("net_braid0").find_first_not_of("0123456789"), std::string::npos) << seed("net_braid0");
	EXPECT_NE(seed("net_braid0"), seed("net_braid1")) << "made up, each for itself";
	EXPECT_EQ(show("net_braid0").find(R"("simd":"auto")"), std::string::npos) << "the widest there are has a name";
	EXPECT_NE(show("net_braid0").find(R"("socket_id":)" + std::to_string(rte_eth_dev_socket_id(bond.port()))), std::string::npos);
	EXPECT_NE(show("net_braid0").find(R"("primary_awaited":")" + first_.name()), std::string::npos);
	ASSERT_NE(telemetry.ask("/braid/member_add,net_braid0," + first_.name() + ",wan").find("ok"), std::string::npos);
	EXPECT_NE(show("net_braid0").find(R"("primary":"wan")"), std::string::npos);
	EXPECT_NE(show("net_braid0").find(R"("primary_awaited":"")"), std::string::npos);
}

TEST_F(Telemetry, TheTemplateForNamesIsTakenBackByNoValue)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	ASSERT_NE(telemetry.ask("/braid/set,net_braid0,member_name,wan%d").find("ok"), std::string::npos);
	EXPECT_STREQ(bond.info().member_name, "wan%d");
	const std::string cleared = telemetry.ask("/braid/set,net_braid0,member_name,");
	EXPECT_NE(cleared.find("ok"), std::string::npos) << cleared;
	EXPECT_STREQ(bond.info().member_name, "");
	for (const char *key : {"mode", "up_delay", "primary", "live_rename", "auto"})
		EXPECT_EQ(number_in(telemetry.ask(std::string("/braid/set,net_braid0,") + key + ","), "errno"), unsigned{EINVAL}) << key;
}

TEST_F(Telemetry, WhoWantsToSetMembersIsToldWhatToUse)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	for (const char *key : {"member", "slave"})
		for (const std::string &value : {second_.name(), std::string("no such"), std::string()}) {
			const std::string answer = telemetry.ask(std::string("/braid/set,net_braid0,") + key + "," + value);
			EXPECT_NE(answer.find(std::string(key) + ": use /braid/member_add and /braid/member_remove"), std::string::npos)
				<< answer;
			EXPECT_EQ(number_in(answer, "errno"), unsigned{EBUSY});
		}
	EXPECT_EQ(bond.names(), std::vector<std::string>{first_.name()});
}

TEST_F(Telemetry, WhoWantsToSetTheAddressIsToldWhatToUse)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	for (const char *value : {"02:00:00:00:00:01", "no such", ""}) {
		const std::string answer = telemetry.ask(std::string("/braid/set,net_braid0,mac,") + value);
		EXPECT_NE(answer.find("mac: use rte_eth_dev_default_mac_addr_set() (testpmd: mac_addr set <port> <address>)"),
		          std::string::npos)
			<< answer;
		EXPECT_EQ(number_in(answer, "errno"), unsigned{EBUSY});
	}
}

TEST_F(Telemetry, WhoSetsAnOptionOfAMemberAtTheBondIsToldWhatToUse)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	for (const std::string option : {"name", "role", "priority", "sticky", "weight", "enabled"}) {
		const std::string answer = telemetry.ask("/braid/set,net_braid0," + option + ",1");
		EXPECT_NE(answer.find(R"(\")" + option + R"(\" is an option of a member; use /braid/member_set)"), std::string::npos)
			<< answer;
		EXPECT_EQ(number_in(answer, "errno"), unsigned{EINVAL});
	}
	const std::string answer = telemetry.ask("/braid/set,net_braid0,policy,l34");
	EXPECT_NE(answer.find(R"(\"policy\" is no key; use xmit_policy,)"), std::string::npos) << answer;
}

TEST_F(Telemetry, ACommandWithoutItsParametersSaysWhichItTakes)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	const auto expect_usage = [&](const std::string &command, const std::string &sentence) {
		const std::string answer = telemetry.ask("/braid/" + command);
		EXPECT_NE(answer.find("\"the command takes the " + sentence), std::string::npos) << command << ": " << answer;
		EXPECT_EQ(number_in(answer, "errno"), unsigned{EINVAL}) << command;
	};
	for (const char *given : {"", ",", ",,"}) {
		SCOPED_TRACE(given);
		for (const std::string command : {"show", "events", "member_add", "member_set", "member_remove", "member_rename", "set",
		                                  "auto_add", "auto_remove", "mode", "policy", "primary", "delays"})
			expect_usage(command + given, "parameters <bond>");
		for (const std::string command : {"auto_clear", "addresses"})
			expect_usage(command + given, "parameter <bond>");
	}
}

TEST_F(Telemetry, WhatIsNoNumberToBeginAtIsNamed)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	for (const std::string odd : {"x", "", "-1", "1x", "18446744073709551616"})
		for (const auto &[command, what] :
		     {std::pair("show", R"(\" is no id of a member")"), std::pair("events", R"(\" is no number of an event")")}) {
			const std::string answer = telemetry.ask(std::string("/braid/") + command + ",net_braid0," + odd);
			EXPECT_NE(answer.find(R"("error":"\")" + odd + what), std::string::npos) << answer;
			EXPECT_EQ(number_in(answer, "errno"), unsigned{EINVAL});
		}
	EXPECT_NE(telemetry.ask("/braid/show,net_braid0,4294967296").find("is no id of a member"), std::string::npos);
	EXPECT_NE(telemetry.ask("/braid/events,net_braid0,18446744073709551615").find("\"events\":{}"), std::string::npos);
}

// The text under the key and those that go on, from a place in the answer on, as JSON spells it; each of them is whole.
std::string joined(const std::string &answer, const std::string &key, std::size_t from = 0)
{
	std::string all;
	for (unsigned piece = 1;; piece++) {
		const std::string number = piece > 2 ? "_" + std::to_string(piece - 1) : "";
		const std::string begin = "\"" + key + (piece > 1 ? "_goes_on" + number : "") + "\":\"";
		const std::size_t at = answer.find(begin, from);
		if (at == std::string::npos || (piece > 1 && at > from + all.size() + 200))
			return all;
		const std::size_t end = answer.find("\",\"", at);
		const std::string text = answer.substr(at + begin.size(), end - at - begin.size());
		EXPECT_EQ(text.substr(text.size() < 5 ? 0 : text.size() - 5, 3), text.size() < 5 ? text : "\\\\x") << text;
		all += text;
		from = at;
	}
}

TEST_F(Telemetry, CutsNoName)
{
	const std::string name = []() {
		std::string text;
		for (unsigned i = 0; i < 31; i++)
			text += "\xc3\xbc";
		return text;
	}();
	std::string shown; // as JSON has it
	for (unsigned i = 0; i < 31; i++)
		shown += "\\\\xc3\\\\xbc";
	test_bond bond("mode=active-backup,member=" + first_.name() + ",member_name=" + name.substr(0, 60) + "%d");
	ASSERT_EQ(bond.rename(first_.name(), name + "\xff"), 0) << braid_error_text(); // 63 bytes
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.primary(name + "\xff"), 0);
	ASSERT_TRUE(eventually([&] { return bond.active() == name + "\xff"; }));
	telemetry_client telemetry;
	const std::string answer = telemetry.ask("/braid/show,net_braid0");
	for (const char *key : {"primary", "active"})
		EXPECT_EQ(joined(answer, key), shown + "\\\\xff") << answer;
	EXPECT_EQ(joined(answer, "name", answer.find("\"members\":")), shown + "\\\\xff") << answer;
	ASSERT_EQ(bond.rename(name + "\xff", name), 0);
	const std::string events = telemetry.ask("/braid/events,net_braid0");
	const std::size_t last = events.rfind("\"member_renamed\"");
	EXPECT_EQ(joined(events, "name", last), shown);
	EXPECT_EQ(joined(events, "old_name", last), shown + "\\\\xff");
}

TEST_F(Telemetry, ShowsMembersFromAnIdOn)
{
	test_bond bond("balance", {&first_, &second_});
	telemetry_client telemetry;
	const std::string all = telemetry.ask("/braid/show,net_braid0");
	EXPECT_NE(all.find("\"1\":{\"name\":"), std::string::npos);
	EXPECT_EQ(number_in(all, "members_left"), 0u);
	EXPECT_EQ(number_in(all, "next_member"), 0u);
	const std::string second = telemetry.ask("/braid/show,net_braid0,2");
	EXPECT_EQ(second.find("\"1\":{\"name\":"), std::string::npos);
	EXPECT_NE(second.find("\"2\":{\"name\":"), std::string::npos);
	EXPECT_NE(telemetry.ask("/braid/show,net_braid0,3").find("\"members\":{}"), std::string::npos);
	for (const char *odd : {",net_braid0,", ",net_braid0,x", ",net_braid0,-1", ",net_braid0,1,2", ""})
		EXPECT_EQ(number_in(telemetry.ask(std::string("/braid/show") + odd), "errno"), unsigned{EINVAL}) << odd;
}

// A sentence may hold a name, and a name may be UTF-8, which telemetry's JSON looks up before the beginning of a table.
TEST_F(Telemetry, ANameInASentenceIsShownInAscii)
{
	test_bond bond("active-backup", {&first_, &second_});
	ASSERT_EQ(bond.rename(first_.name(), "caf\xc3\xa9"), 0);
	telemetry_client telemetry;
	const std::string give_role = "/braid/member_set,net_braid0,";
	ASSERT_NE(telemetry.ask(give_role + "caf\xc3\xa9,role,standby").find("\"ok\""), std::string::npos);
	const std::string refused = telemetry.ask(give_role + second_.name() + ",role,standby");
	EXPECT_NE(refused.find(R"(member caf\\xc3\\xa9")"), std::string::npos) << refused;
}

TEST_F(Telemetry, ABondsNameIsShownInAscii)
{
	const int bond = braid_create("net_braid\xc3\xa9", "");
	ASSERT_GE(bond, 0) << braid_error_text();
	telemetry_client telemetry;
	EXPECT_EQ(telemetry.ask("/braid/list"), R"({"/braid/list":["net_braid\\xc3\\xa9"]})");
	EXPECT_NE(telemetry.ask("/braid/show,net_braid\xc3\xa9").find(R"("name":"net_braid\\xc3\\xa9")"), std::string::npos);
	EXPECT_EQ(braid_destroy(static_cast<std::uint16_t>(bond)), 0);
}

TEST_F(Telemetry, ThePrimaryIsSetByTheNameThatIsShown)
{
	test_bond bond("active-backup", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename(second_.name(), "wan"), 0);
	telemetry_client telemetry;
	EXPECT_NE(telemetry.ask("/braid/set,net_braid0,primary,wan").find("\"ok\""), std::string::npos);
	EXPECT_EQ(bond.active(), "wan");
	EXPECT_NE(telemetry.ask("/braid/set,net_braid0,primary," + first_.name()).find("\"ok\""), std::string::npos);
	EXPECT_EQ(bond.active(), first_.name());
	EXPECT_EQ(number_in(telemetry.ask("/braid/set,net_braid0,primary,lan"), "errno"), unsigned{ENOENT});
}

// Of both commands that set it, as a line with a port id for its device, and no value, have it.
TEST_F(Telemetry, ThePrimaryIsFoundByOneRule)
{
	test_bond bond("active-backup", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename(first_.name(), std::to_string(second_.port_id())), 0);
	ASSERT_EQ(bond.rename(second_.name(), "wan"), 0);
	telemetry_client telemetry;
	for (const char *command : {"/braid/primary,net_braid0,", "/braid/set,net_braid0,primary,"}) {
		SCOPED_TRACE(command);
		const auto answer = [&](const std::string &text) { return telemetry.ask(command + text); };
		const auto chooses = [&](const std::string &text, const fake_port &port) {
			const std::string said = answer(text);
			EXPECT_NE(said.find("\"ok\""), std::string::npos) << said;
			EXPECT_EQ(bond.info_of(bond.active()).device, port.name()) << text;
		};
		chooses("wan", second_);
		chooses(first_.name(), first_);
		chooses(second_.name(), second_);
		chooses(std::to_string(first_.port_id()), first_);
		chooses("wan", second_);
		chooses(std::to_string(second_.port_id()), first_); // which is called so
		for (const auto &[text, code, sentence] : {std::tuple("lan", ENOENT, R"(primary: there is no member \"lan\")"),
		                                           std::tuple("31", ENOENT, R"(primary: there is no member \"31\")"),
		                                           std::tuple("", EINVAL, R"(primary: \"\" is no member;)")}) {
			const std::string refused = answer(text);
			EXPECT_NE(refused.find(sentence), std::string::npos) << refused;
			EXPECT_EQ(number_in(refused, "errno"), static_cast<unsigned>(code));
		}
		EXPECT_EQ(bond.info_of(bond.active()).device, first_.name());
	}
	EXPECT_NE(telemetry.ask("/braid/primary,net_braid0").find("\"ok\""), std::string::npos);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
}

TEST_F(Telemetry, ANewMemberHasOneName)
{
	test_bond bond("balance", {&first_});
	telemetry_client telemetry;
	const std::string add = "/braid/member_add,net_braid0," + second_.name();
	for (const char *named : {";name=wan,lan", ";name=lan;weight=2,wan%d"}) {
		const std::string refused = telemetry.ask(add + named);
		EXPECT_NE(refused.find("name: "), std::string::npos) << refused;
		EXPECT_NE(refused.find("one of them"), std::string::npos) << refused;
		EXPECT_EQ(number_in(refused, "errno"), unsigned{EINVAL});
	}
	EXPECT_EQ(bond.names(), std::vector<std::string>{first_.name()});
	const std::string added = telemetry.ask(add + ";name=wan,wan");
	EXPECT_NE(added.find("\"ok\""), std::string::npos) << added;
	EXPECT_EQ(bond.names(), (std::vector<std::string>{first_.name(), "wan"}));
}

} // namespace
} // namespace braid
