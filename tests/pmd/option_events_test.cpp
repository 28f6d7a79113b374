/* SPDX-License-Identifier: BSD-3-Clause */
// Whoever listens knows what operators have set: each option that gets another value is told once, with key and value, before
// what comes of it; and a member that is wanted is told before its device is there.
#include "event_recorder.hpp"
#include "links.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <tuple>

namespace braid {
namespace {

using line = std::tuple<braid_event_kind, std::string, std::string>; // kind, member, reason
using lines = std::vector<line>;

class OptionEvents : public mbuf_accounting {
protected:
	// What has happened since the last call.
	lines news_of(const test_bond &bond)
	{
		std::vector<braid_event_record> records(64);
		records[0].size = sizeof records[0];
		const int n = braid_events_read(bond.port(), &next_, records.data(), 64, nullptr);
		EXPECT_GE(n, 0) << braid_error_text();
		lines all;
		for (int i = 0; i < n; i++)
			all.emplace_back(records[static_cast<std::size_t>(i)].kind, records[static_cast<std::size_t>(i)].name,
			                 records[static_cast<std::size_t>(i)].reason);
		return all;
	}

	static line option(const std::string &member, const std::string &key_and_value)
	{
		return {BRAID_EVENT_OPTION_CHANGED, member, key_and_value};
	}

	std::string two_members(const std::string &mode) const
	{
		return std::string(patient) + ",mode=" + mode + ",member=" + first_.name() + ";name=wan,member=" + second_.name() +
		       ";name=lan";
	}

	fake_port first_{raising_lsc()}, second_{raising_lsc()};
	std::uint64_t next_ = 0;
};

struct setting {
	const char *key, *value, *told; // as the devargs spell it first; null: key=value

	friend std::ostream &operator<<(std::ostream &to, const setting &s) { return to << s.key << "=" << s.value; }
};

TEST_F(OptionEvents, EachOptionOfABondIsToldOnceWhenItGetsAnotherValue)
{
	constexpr setting settings[] = {
		{"up_delay", "7", nullptr},
		{"down_delay", "8", nullptr},
		{"primary_reselect", "2", "primary_reselect=failure"},
		{"weights", "speed", nullptr},
		{"weights", "option", nullptr},
		{"pinning", "1", nullptr},
		{"pinning", "0", nullptr},
		{"min_links", "1", nullptr},
		{"failover_rx_all", "1", "all_members_active=1"},
		{"all_members_active", "0", nullptr},
		{"fail_over_mac", "active", "mac_policy=by_active"},
		{"mac_policy", "same", nullptr},
		{"num_grat_arp", "3", "announce=3"},
		{"peer_notif_delay", "4", "announce_interval_ms=4"},
		{"live_rename", "0", nullptr},
		{"member_name", "up%d", nullptr},
		{"lsc_on_failover", "1", nullptr},
	};
	telemetry_client telemetry;
	for (const char *mode : {"balance", "active-backup"})
		for (const bool started : {false, true}) {
			test_bond bond(exactly{two_members(mode)});
			if (started) {
				ASSERT_EQ(bond.bring_up(), 0);
			}
			next_ = 0;
			news_of(bond);
			for (const setting &s : settings) {
				SCOPED_TRACE(testing::PrintToString(s) + " in " + mode);
				const std::string command = std::string("/braid/set,net_braid0,") + s.key + "," + s.value;
				ASSERT_NE(telemetry.ask(command).find("ok"), std::string::npos) << braid_error_text();
				lines told = news_of(bond);
				std::erase_if(told, [](const line &l) { return std::get<0>(l) == BRAID_EVENT_MAC_CHANGED; });
				EXPECT_EQ(told, (lines{option("", s.told != nullptr ? s.told : std::string(s.key) + "=" + s.value)}));
				ASSERT_NE(telemetry.ask(command).find("ok"), std::string::npos);
				EXPECT_EQ(news_of(bond), lines{}) << "it has that value";
			}
		}
}

TEST_F(OptionEvents, EachOptionOfAMemberIsToldBeforeWhatComesOfIt)
{
	test_bond bond(exactly{two_members("active-backup")});
	ASSERT_EQ(bond.bring_up(), 0);
	news_of(bond);
	const std::uint32_t lan = bond.id_of("lan");
	for (unsigned again = 0; again < 2; again++) {
		ASSERT_EQ(braid_member_priority_set(bond.port(), lan, -5), 0);
		ASSERT_EQ(braid_member_sticky_set(bond.port(), lan, 1), 0);
		ASSERT_EQ(braid_member_weight_set(bond.port(), lan, 9), 0);
	}
	EXPECT_EQ(news_of(bond), (lines{option("lan", "priority=-5"), option("lan", "sticky=1"), option("lan", "weight=9")}));
	ASSERT_EQ(braid_member_priority_set(bond.port(), lan, 5), 0);
	EXPECT_EQ(news_of(bond), (lines{option("lan", "priority=5"), {BRAID_EVENT_ACTIVE_CHANGED, "lan", ""}}));
	ASSERT_EQ(braid_member_enabled_set(bond.port(), lan, 0), 0);
	EXPECT_EQ(news_of(bond), (lines{option("lan", "enabled=0"),
	                                {BRAID_EVENT_MEMBER_UNUSABLE, "lan", "disabled"},
	                                {BRAID_EVENT_ACTIVE_CHANGED, "wan", ""}}));
}

TEST_F(OptionEvents, OfRolesTellEachMemberThatHasAnotherOne)
{
	test_bond bond(exactly{two_members("active-backup")});
	ASSERT_EQ(bond.bring_up(), 0);
	news_of(bond);
	const std::uint32_t wan = bond.id_of("wan"), lan = bond.id_of("lan");
	ASSERT_EQ(braid_member_role_set(bond.port(), wan, BRAID_ROLE_PRIMARY), 0);
	ASSERT_EQ(braid_member_role_set(bond.port(), lan, BRAID_ROLE_STANDBY), 0);
	EXPECT_EQ(news_of(bond), (lines{option("wan", "role=primary"), option("lan", "role=standby")}));
	ASSERT_EQ(braid_primary_set(bond.port(), lan), 0);
	EXPECT_EQ(news_of(bond), (lines{option("wan", "role=none"),
	                                option("lan", "role=primary"),
	                                {BRAID_EVENT_ACTIVE_CHANGED, "lan", ""}}));
	ASSERT_EQ(braid_primary_set(bond.port(), lan), 0);
	EXPECT_EQ(news_of(bond), lines{}) << "the same order again";
	EXPECT_EQ(braid_member_role_set(bond.port(), wan, BRAID_ROLE_PRIMARY), -EEXIST);
	EXPECT_EQ(news_of(bond), lines{}) << "refused";
	ASSERT_EQ(braid_member_role_set(bond.port(), lan, BRAID_ROLE_STANDBY), 0);
	EXPECT_EQ(news_of(bond), (lines{option("lan", "role=standby"), {BRAID_EVENT_ACTIVE_CHANGED, "wan", ""}}));
	ASSERT_EQ(bond.remove("lan"), 0);
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_UNUSABLE, "lan", "draining"}, {BRAID_EVENT_MEMBER_REMOVED, "lan", ""}}))
		<< "a role goes with its member";
}

TEST_F(OptionEvents, AMemberIsToldWhenItIsWantedAndWhenItJoins)
{
	fake_port late({.plugged = false});
	test_bond bond(exactly{two_members("active-backup") + ",member=" + late.name() + ";name=lte,primary=lte"});
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_ADDED, "wan", ""},
	                                {BRAID_EVENT_MEMBER_ADDED, "lan", ""},
	                                {BRAID_EVENT_MEMBER_WANTED, "lte", "member=" + late.name()},
	                                option("lte", "role=primary")}));
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info_of("lte").state == BRAID_MEMBER_CLAIMED; }));
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_ADDED, "lte", ""}}));
	ASSERT_EQ(late.unplug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info_of("lte").state == BRAID_MEMBER_PENDING; }));
	ASSERT_EQ(bond.remove("lte"), 0);
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_LOST, "lte", ""}, {BRAID_EVENT_MEMBER_REMOVED, "lte", ""}}));
}

TEST_F(OptionEvents, ThatAPrimaryIsNoLongerWaitedForIsTold)
{
	test_bond bond(exactly{two_members("active-backup") + ",primary=lte"});
	ASSERT_EQ(bond.bring_up(), 0);
	news_of(bond);
	ASSERT_EQ(bond.rename("lan", "lte"), 0);
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_RENAMED, "lte", ""},
	                                option("lte", "role=primary"),
	                                {BRAID_EVENT_ACTIVE_CHANGED, "lte", ""}}));
	test_bond other("primary=lte", "net_braid1");
	next_ = 0;
	ASSERT_EQ(braid_primary_set(other.port(), BRAID_NO_MEMBER), 0);
	EXPECT_EQ(news_of(other), lines{option("", "primary=")});
}

TEST_F(OptionEvents, WhoIsJustBeingAddedHasNoRoleYet)
{
	fake_port third(raising_lsc());
	test_bond bond(exactly{two_members("active-backup")});
	ASSERT_EQ(bond.bring_up(), 0);
	news_of(bond);
	third.hold(fake_op::start);
	std::thread adder([&] {
		braid_member_options options{};
		options.size = sizeof options;
		options.role = BRAID_ROLE_PRIMARY;
		EXPECT_EQ(braid_member_add(bond.port(), third.name().c_str(), &options, nullptr), 0) << braid_error_text();
	});
	ASSERT_TRUE(eventually([&] { return third.waiting(fake_op::start) == 1; }));
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	first_.set_link(false);
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_UNUSABLE, "wan", "link_down"}, {BRAID_EVENT_ACTIVE_CHANGED, "lan", ""}}));
	third.release(fake_op::start);
	adder.join();
	const std::string name = "net_braid0npri";
	EXPECT_EQ(news_of(bond), (lines{{BRAID_EVENT_MEMBER_ADDED, name, ""},
	                                option(name, "role=primary"),
	                                {BRAID_EVENT_MEMBER_USABLE, name, ""},
	                                {BRAID_EVENT_ACTIVE_CHANGED, name, ""}}));
	EXPECT_EQ(bond.info().primary, bond.id_of(name));
}

TEST_F(OptionEvents, AMemberThatIsBeingRemovedTakesNoOptionsAndShowsThoseItHad)
{
	test_bond bond(exactly{"lsc_poll_period_ms=3600000,drain_ms=60000,announce=0,mode=active-backup,member=" + first_.name() +
	                       ";name=wan;priority=7;sticky=1;weight=3;role=standby"});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of("wan");
	std::thread remover([&] { EXPECT_EQ(braid_member_remove(bond.port(), id), 0); }); // waits for an application that receives
	ASSERT_TRUE(eventually([&] { return bond.info_of("wan").state == BRAID_MEMBER_LEAVING; }));
	const braid_member_info leaving = bond.info_of("wan");
	EXPECT_EQ(leaving.priority, 7);
	EXPECT_EQ(leaving.sticky, 1);
	EXPECT_EQ(leaving.enabled, 1);
	EXPECT_EQ(leaving.weight, 3u);
	EXPECT_EQ(leaving.role, BRAID_ROLE_NONE) << "which is free for another one";
	EXPECT_EQ(leaving.why_not, BRAID_WHY_NOT_DRAINING);
	EXPECT_EQ(leaving.link_speed_mbps, std::uint32_t{RTE_ETH_SPEED_NUM_10G});
	EXPECT_EQ(braid_member_priority_set(bond.port(), id, 8), -ENOENT);
	EXPECT_STREQ(braid_error_text(), "member wan is being removed");
	EXPECT_EQ(braid_member_weight_set(bond.port(), id, 8), -ENOENT);
	EXPECT_EQ(braid_primary_set(bond.port(), id), -ENOENT);
	EXPECT_TRUE(eventually([&] {
		bond.receive();
		return bond.id_of("wan") == BRAID_NO_MEMBER;
	}));
	remover.join();
}

} // namespace
} // namespace braid
