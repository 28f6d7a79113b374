/* SPDX-License-Identifier: BSD-3-Clause */
// What an operator wants of members, and that packets follow it: roles, priority, sticky, reselect, min_links, backups that
// deliver, members that are disabled. Who ought to be active is tested in tests/unit/failover; here it is, and stays so over
// replugs, restarts and renames.
#include "event_recorder.hpp"
#include "links.hpp"
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <array>

namespace braid {
namespace {

// 0 or the negative errno of the API.
int add_as(const test_bond &bond, const fake_port &port, braid_role role, const char *name = nullptr)
{
	braid_member_options options{};
	options.size = sizeof options;
	options.name = name;
	options.role = role;
	return braid_member_add(bond.port(), port.name().c_str(), &options, nullptr);
}

int give_role(const test_bond &bond, const std::string &member, braid_role role)
{
	return braid_member_role_set(bond.port(), bond.id_of(member), role);
}

int give_priority(const test_bond &bond, const std::string &member, std::int32_t priority)
{
	return braid_member_priority_set(bond.port(), bond.id_of(member), priority);
}

int enable(const test_bond &bond, const std::string &member, int on)
{
	return braid_member_enabled_set(bond.port(), bond.id_of(member), on);
}

bool runs(const test_bond &bond, const std::string &member)
{
	return eventually([&] { return bond.info_of(member).state == BRAID_MEMBER_RUNNING; });
}

// Nothing is polled: each step is the effect of a call or of a link event.
class Roles : public mbuf_accounting {
protected:
	std::string line(const std::string &options_of_first, const std::string &options_of_second = "") const
	{
		return std::string(patient) + ",mode=active-backup,member=" + first_.name() + options_of_first +
		       ",member=" + second_.name() + options_of_second;
	}

	fake_port first_{raising_lsc()}, second_{raising_lsc()}, third_{raising_lsc()};
};

// --- roles

TEST_F(Roles, AreGivenOnTheCommandLineAndName)
{
	test_bond bond(exactly{line(";role=standby", ";role=primary")});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"net_braid0nsby", "net_braid0npri"}));
	EXPECT_EQ(bond.active(), "net_braid0npri");
	EXPECT_EQ(bond.info_of("net_braid0nsby").role, BRAID_ROLE_STANDBY);
	EXPECT_EQ(bond.info_of("net_braid0npri").role, BRAID_ROLE_PRIMARY);
	EXPECT_EQ(bond.info_of("net_braid0npri").is_primary, 1);
	EXPECT_EQ(bond.info().primary, bond.id_of("net_braid0npri"));
	EXPECT_EQ(bond.info().standby, bond.id_of("net_braid0nsby"));
	ASSERT_TRUE(second_.set_link(false));
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 8u);
	ASSERT_TRUE(second_.set_link(true));
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(second_.tx_packets(), 8u) << "the primary is back at once";
}

TEST_F(Roles, AChosenNameComesBeforeTheRolesAndATakenRoleNameBeforeNone)
{
	test_bond bond(exactly{line(";role=primary;name=ens3", ";name=net_braid0nsby")});
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"ens3", "net_braid0nsby"}));
	ASSERT_EQ(add_as(bond, third_, BRAID_ROLE_STANDBY), 0);
	EXPECT_EQ(bond.names()[2], third_.name()) << "its role's name was taken: it has its device's";
}

// net_failover: a slot that is taken is refused.
TEST_F(Roles, ATakenRoleIsRefusedAndItsHolderNamed)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";role=standby;name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t generation = bond.info().generation;
	for (const auto &[role, word, holder] : {std::tuple{BRAID_ROLE_PRIMARY, "primary", "one"},
	                                          std::tuple{BRAID_ROLE_STANDBY, "standby", "two"}}) {
		const std::string sentence = std::string("role: net_braid0 has a ") + word + " already, member " + holder;
		EXPECT_EQ(add_as(bond, third_, role), -EEXIST);
		EXPECT_EQ(braid_error_text(), sentence);
	}
	EXPECT_EQ(owner_of(third_.port_id()), "") << "it was not touched";
	EXPECT_EQ(third_.count(fake_op::configure), 0u);
	ASSERT_EQ(bond.add(third_.name(), "three"), 0);
	EXPECT_EQ(give_role(bond, "three", BRAID_ROLE_STANDBY), -EEXIST);
	EXPECT_EQ(give_role(bond, "two", BRAID_ROLE_PRIMARY), -EEXIST);
	EXPECT_EQ(bond.info_of("two").role, BRAID_ROLE_STANDBY) << "and keeps the role it had";
	EXPECT_EQ(bond.info().generation, generation + 1) << "only the addition counts";
}

TEST_F(Roles, TwoPrimariesOnOneLineMakeNoBond)
{
	const std::string args = line(";role=primary", ";role=primary");
	EXPECT_EQ(braid_create("net_braid0", args.c_str()), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "member: role: net_braid0 has a primary already, member net_braid0npri");
	EXPECT_EQ(owner_of(first_.port_id()), "");
}

TEST_F(Roles, ARoleIsFreeAgainWhenItIsTakenAwayOrItsMemberLeaves)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";role=standby;name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(give_role(bond, "one", BRAID_ROLE_NONE), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_EQ(bond.active(), "one") << "who is active stays";
	ASSERT_EQ(bond.remove("two"), 0);
	EXPECT_EQ(bond.info().standby, BRAID_NO_MEMBER);
	ASSERT_EQ(add_as(bond, second_, BRAID_ROLE_PRIMARY, "two"), 0);
	EXPECT_EQ(bond.active(), "two");
	ASSERT_EQ(give_role(bond, "one", BRAID_ROLE_STANDBY), 0);
	ASSERT_EQ(give_role(bond, "one", BRAID_ROLE_STANDBY), 0) << "the same again is a success";
}

TEST_F(Roles, ARoleThatFailedToJoinIsFreeAgain)
{
	test_bond bond(exactly{line("", "")});
	ASSERT_EQ(bond.bring_up(), 0);
	third_.fail(fake_op::start, EIO);
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY), -EIO);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_EQ(give_role(bond, first_.name(), BRAID_ROLE_PRIMARY), 0);
}

TEST_F(Roles, APrimaryThatIsNamedBeforeItExistsKeepsThePlace)
{
	fake_port late({.plugged = false});
	test_bond bond(exactly{line("", "") + ",primary=" + late.name()});
	EXPECT_EQ(give_role(bond, first_.name(), BRAID_ROLE_PRIMARY), -EEXIST);
	EXPECT_EQ(std::string(braid_error_text()),
	          "role: primary is kept for " + late.name() + ", which has not joined net_braid0 yet");
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY), -EEXIST);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	late.fail(fake_op::start, EIO);
	EXPECT_EQ(add_as(bond, late, BRAID_ROLE_PRIMARY), -EIO);
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY), -EEXIST) << "it is waited for as before";
	braid_member_options options{};
	options.size = sizeof options;
	options.role = BRAID_ROLE_PRIMARY;
	const std::string number = std::to_string(late.port_id());
	EXPECT_EQ(braid_member_add(bond.port(), number.c_str(), &options, nullptr), 0) << "by whatever it is called";
	EXPECT_EQ(bond.info().primary, bond.id_of("net_braid0npri"));
	EXPECT_EQ(bond.active(), "net_braid0npri");
}

TEST_F(Roles, APrimaryIsFoundByTheNameOfAMember)
{
	test_bond bond(exactly{line(";name=lan", ";name=wan") + ",primary=wan"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), "wan");
	ASSERT_EQ(bond.rename("wan", "dsl"), 0);
	EXPECT_EQ(bond.active(), "dsl") << "bound to the member, whatever it is called";
	EXPECT_EQ(bond.info().primary, bond.id_of("dsl"));
}

TEST_F(Roles, APrimaryThatIsNamedKeepsThePlaceForAMemberOfThatName)
{
	test_bond bond(exactly{line("", "") + ",primary=wan"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY, "dsl"), -EEXIST);
	EXPECT_STREQ(braid_error_text(), "role: primary is kept for wan, which has not joined net_braid0 yet");
	EXPECT_EQ(bond.id_of("dsl"), BRAID_NO_MEMBER);
	EXPECT_EQ(give_role(bond, second_.name(), BRAID_ROLE_PRIMARY), -EEXIST);
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY, "wan"), 0) << braid_error_text();
	EXPECT_EQ(bond.active(), "wan");
	ASSERT_EQ(bond.remove("wan"), 0);
	EXPECT_EQ(give_role(bond, second_.name(), BRAID_ROLE_PRIMARY), 0) << "the wish has been fulfilled";
}

TEST_F(Roles, APrimaryThatIsNamedMayBePending)
{
	fake_port late({.plugged = false});
	test_bond bond(exactly{line("", "") + ",primary=B\xc3\xbcro,member=" + late.name() + ";name=B\xc3\xbcro"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().primary, bond.id_of("B\xc3\xbcro"));
	ASSERT_EQ(bond.rename("B\xc3\xbcro", "office"), 0);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(runs(bond, "office"));
	EXPECT_TRUE(eventually([&] { return bond.active() == "office"; }));
}

// The one that is waited for has appeared, by another way than an addition.
TEST_F(Roles, APrimaryThatIsNamedIsTheMemberThatGetsTheName)
{
	test_bond bond(exactly{line("", "") + ",primary=wan"});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.active(), first_.name());
	ASSERT_EQ(bond.rename(second_.name(), "wan"), 0);
	EXPECT_EQ(bond.info().primary, bond.id_of("wan"));
	EXPECT_EQ(bond.active(), "wan");
	ASSERT_EQ(bond.rename("wan", "dsl"), 0);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	EXPECT_EQ(bond.active(), "dsl") << "once";
}

// Which is not one that leaves, whatever it is called meanwhile.
TEST_F(Roles, APrimaryThatIsNamedIsNoMemberThatLeaves)
{
	test_bond bond(exactly{"drain_ms=60000,announce=0,mode=active-backup,member=" + first_.name() + ",member=" +
	                       second_.name() + ",primary=wan"});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of(second_.name());
	std::atomic<bool> removed{false};
	std::thread remover([&] {
		EXPECT_EQ(braid_member_remove(bond.port(), id), 0);
		removed = true;
	});
	ASSERT_TRUE(eventually([&] { return bond.info_of(second_.name()).state == BRAID_MEMBER_LEAVING; }));
	EXPECT_EQ(bond.rename(second_.name(), "wan"), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_TRUE(eventually([&] {
		bond.receive();
		return removed.load();
	}));
	remover.join();
	EXPECT_EQ(add_as(bond, third_, BRAID_ROLE_PRIMARY, "wan"), 0) << braid_error_text();
	EXPECT_EQ(bond.active(), "wan");
}

TEST_F(Roles, APrimaryIsSetByAnyNameThatAMemberCanHave)
{
	test_bond bond(exactly{line("", "")});
	ASSERT_EQ(bond.bring_up(), 0);
	telemetry_client telemetry;
	for (const char *name : {"wan", "B\xc3\xbcro", "-x", "7", "a;b", "99999"})
		for (const char *command : {"/braid/primary,net_braid0,", "/braid/set,net_braid0,primary,"}) {
			ASSERT_EQ(braid_primary_set(bond.port(), BRAID_NO_MEMBER), 0);
			ASSERT_EQ(bond.rename(second_.name(), name), 0);
			const std::string answer = telemetry.ask(std::string(command) + name);
			EXPECT_NE(answer.find("ok"), std::string::npos) << answer;
			EXPECT_EQ(bond.info().primary, bond.id_of(name));
		}
	EXPECT_NE(telemetry.ask("/braid/set,net_braid0,primary,lan").find("primary: there is no member \\\"lan\\\""), std::string::npos);
	EXPECT_NE(telemetry.ask("/braid/set,net_braid0,primary,").find("\"errno\":22"), std::string::npos);
	EXPECT_EQ(bond.info().primary, bond.id_of("99999"));
}

TEST_F(Roles, TheOrderToBePrimaryTakesTheRoleFromWhoeverHasIt)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";role=standby;name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_primary_reselect_set(bond.port(), BRAID_PRIMARY_RESELECT_FAILURE), 0);
	ASSERT_EQ(bond.primary("two"), 0);
	EXPECT_EQ(bond.active(), "two") << "whatever the policy";
	EXPECT_EQ(bond.info_of("one").role, BRAID_ROLE_NONE);
	EXPECT_EQ(bond.info_of("two").role, BRAID_ROLE_PRIMARY);
	EXPECT_EQ(bond.info().standby, BRAID_NO_MEMBER);
}

// They belong to the member, not to its device.
TEST_F(Roles, AReturningMemberHasItsOptionsBack)
{
	test_bond bond(exactly{line(";role=primary;name=one;priority=9;sticky=1;enabled=0", ";role=standby;name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of("one");
	for (int round = 0; round < 2; round++) {
		ASSERT_EQ(first_.unplug(), 0);
		EXPECT_EQ(bond.info_of("one").state, BRAID_MEMBER_PENDING);
		ASSERT_EQ(first_.plug(), 0);
		ASSERT_TRUE(runs(bond, "one"));
		const braid_member_info info = bond.info_of("one");
		EXPECT_EQ(info.id, id);
		EXPECT_EQ(info.role, BRAID_ROLE_PRIMARY);
		EXPECT_EQ(info.priority, 9);
		EXPECT_EQ(info.sticky, 1);
		EXPECT_EQ(info.enabled, 0);
		EXPECT_EQ(bond.active(), "two") << "it is disabled still";
	}
	ASSERT_EQ(enable(bond, "one", 1), 0);
	EXPECT_EQ(bond.active(), "one");
	ASSERT_EQ(first_.unplug(), 0);
	EXPECT_EQ(bond.active(), "two");
	ASSERT_EQ(first_.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.active() == "one"; })) << "the primary is back";
}

TEST_F(Roles, ARenamedMemberKeepsItsRole)
{
	test_bond bond(exactly{line(";role=primary", ";role=standby")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename("net_braid0npri", "net_braid0"), 0);
	EXPECT_EQ(bond.info_of("net_braid0").role, BRAID_ROLE_PRIMARY);
	EXPECT_EQ(bond.active(), "net_braid0");
}

// The first member of DPDK's bond stayed its primary after it had been removed; Linux's primary is a name.
TEST_F(Roles, ARemovedMemberThatIsAddedAgainHasNoRole)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.remove("one"), 0);
	ASSERT_EQ(bond.add(first_.name(), "one"), 0);
	EXPECT_EQ(bond.info_of("one").role, BRAID_ROLE_NONE);
	EXPECT_EQ(bond.active(), "two");
}

TEST_F(Roles, InModesThatBalanceTheStandbyCarriesItsShare)
{
	test_bond bond(exactly{line(";role=standby;name=two", ";name=one")});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info_of("two").why_not, BRAID_WHY_NOT_STANDBY);
	ASSERT_EQ(bond.mode(BRAID_MODE_ROUND_ROBIN), 0);
	EXPECT_EQ(bond.info_of("two").why_not, BRAID_WHY_NOT_NONE);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 4u);
}

// --- primary_reselect, as Linux's selftests try it: the primary fails and returns under each policy

struct reselect_row {
	const char *name;
	braid_primary_reselect policy;
	std::uint32_t primary_mbps; // on its return; the other one has 10000
	bool returns;
};

class Reselect : public Roles, public testing::WithParamInterface<reselect_row> {};

TEST_P(Reselect, ThePrimaryReturnsOrWaits)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_primary_reselect_set(bond.port(), GetParam().policy), 0);
	EXPECT_EQ(bond.info().primary_reselect, GetParam().policy);
	ASSERT_EQ(bond.active(), "one");
	ASSERT_TRUE(first_.set_link(false));
	ASSERT_EQ(bond.active(), "two");
	first_.set_speed(GetParam().primary_mbps);
	ASSERT_TRUE(first_.set_link(true));
	EXPECT_EQ(bond.active(), GetParam().returns ? "one" : "two");
	EXPECT_EQ(bond.send(make_burst(3)), 3);
	EXPECT_EQ(first_.tx_packets(), GetParam().returns ? 3u : 0u);
	ASSERT_TRUE(second_.set_link(false));
	EXPECT_EQ(bond.active(), "one") << "when the other one fails it returns in any case";
}

INSTANTIATE_TEST_SUITE_P(
	Policies, Reselect,
	testing::Values(reselect_row{"always", BRAID_PRIMARY_RESELECT_ALWAYS, 1000, true},
                        reselect_row{"better_and_faster", BRAID_PRIMARY_RESELECT_BETTER, 25000, true},
                        reselect_row{"better_and_as_fast", BRAID_PRIMARY_RESELECT_BETTER, 10000, false},
                        reselect_row{"better_and_slower", BRAID_PRIMARY_RESELECT_BETTER, 1000, false},
                        reselect_row{"failure", BRAID_PRIMARY_RESELECT_FAILURE, 25000, false}),
	[](const auto &info) { return info.param.name; });

TEST_F(Roles, APolicyThatBecomesAlwaysBringsThePrimaryBack)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";name=two") + ",primary_reselect=failure"});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(first_.set_link(false));
	ASSERT_TRUE(first_.set_link(true));
	ASSERT_EQ(bond.active(), "two");
	ASSERT_EQ(braid_primary_reselect_set(bond.port(), BRAID_PRIMARY_RESELECT_ALWAYS), 0);
	EXPECT_EQ(bond.active(), "one");
}

// --- priority and sticky, as the team driver's selftests try them

TEST_F(Roles, TheHighestPriorityIsActiveUnlessASitterIsSticky)
{
	test_bond bond(exactly{line(";name=one", ";name=two;sticky=1")});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(give_priority(bond, "two", 5), 0);
	EXPECT_EQ(bond.active(), "two");
	braid_member_options options{};
	options.size = sizeof options;
	options.name = "three";
	options.priority = 10;
	ASSERT_EQ(braid_member_add(bond.port(), third_.name().c_str(), &options, nullptr), 0);
	EXPECT_EQ(bond.active(), "two") << "it is sticky";
	ASSERT_EQ(braid_member_sticky_set(bond.port(), bond.id_of("two"), 0), 0);
	EXPECT_EQ(bond.active(), "three");
	ASSERT_TRUE(third_.set_link(false));
	EXPECT_EQ(bond.active(), "two");
	ASSERT_TRUE(third_.set_link(true));
	EXPECT_EQ(bond.active(), "three");
	EXPECT_EQ(bond.info_of("three").priority, 10);
	EXPECT_EQ(bond.info_of("two").priority, 5);
}

// --- min_links

TEST_F(Roles, WithTooFewLinksNobodyTransmitsAndReceiveGoesOn)
{
	for (const char *mode : {"round-robin", "active-backup", "balance", "broadcast"}) {
		SCOPED_TRACE(mode);
		fake_port one(raising_lsc()), two(raising_lsc());
		const std::string members = ",member=" + one.name() + ",member=" + two.name();
		test_bond bond(exactly{std::string(patient) + ",min_links=2,mode=" + mode + members});
		ASSERT_EQ(bond.bring_up(), 0);
		event_recorder events(bond);
		EXPECT_TRUE(bond.link_up());
		EXPECT_EQ(bond.info().min_links, 2u);
		EXPECT_EQ(bond.send(make_burst(4)), 4);
		const std::uint64_t sent = two.tx_packets();

		ASSERT_TRUE(one.set_link(false));
		EXPECT_FALSE(bond.link_up());
		EXPECT_EQ(bond.send(make_burst(4)), 0);
		EXPECT_EQ(two.tx_packets(), sent);
		EXPECT_EQ(bond.xstat("tx_empty_set"), 4u) << "as with no member";
		EXPECT_EQ(bond.info_of(one.name()).why_not, BRAID_WHY_NOT_LINK_DOWN);
		EXPECT_EQ(bond.info_of(two.name()).why_not, BRAID_WHY_NOT_MIN_LINKS);
		EXPECT_EQ(bond.info_of(two.name()).is_active, 0);
		EXPECT_EQ(bond.info().active, BRAID_NO_MEMBER);
		EXPECT_EQ(bond.info().usable, 1u);
		for (rte_mbuf *packet : make_burst(3))
			ASSERT_TRUE(two.inject(0, packet));
		EXPECT_EQ(bond.receive(), 3);

		ASSERT_TRUE(one.set_link(true));
		EXPECT_TRUE(bond.link_up());
		EXPECT_EQ(bond.send(make_burst(4)), 4);
		events.settle();
		EXPECT_EQ(events.count(BRAID_EVENT_LINK_DOWN), 1u);
		EXPECT_EQ(events.count(BRAID_EVENT_LINK_UP), 1u);
		for (const told &e : events.all())
			if (e.kind == BRAID_EVENT_MEMBER_UNUSABLE) {
				EXPECT_EQ(e.reason, e.name == one.name() ? "link_down" : "min_links");
			}
		EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_UNUSABLE), 2u);
	}
}

TEST_F(Roles, MinLinksIsSetUnderTraffic)
{
	test_bond bond(exactly{line("", "")});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread traffic(bond.port());
	ASSERT_TRUE(traffic.sends());
	ASSERT_EQ(braid_min_links_set(bond.port(), 3), 0);
	EXPECT_FALSE(bond.link_up());
	EXPECT_TRUE(traffic.goes_on());
	ASSERT_EQ(bond.add(third_.name()), 0);
	EXPECT_TRUE(bond.link_up());
	EXPECT_TRUE(traffic.sends());
	ASSERT_EQ(bond.remove(third_.name()), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(braid_min_links_set(bond.port(), 0), 0);
	EXPECT_TRUE(traffic.sends());
	EXPECT_EQ(braid_min_links_set(bond.port(), BRAID_MAX_MEMBERS + 1), -EINVAL);
	EXPECT_EQ(bond.info().min_links, 0u);
}

// --- all_members_active

TEST_F(Roles, BackupsDeliverIfTheyAreAskedTo)
{
	test_bond bond(exactly{line(";name=one", ";name=two") + ",all_members_active=1"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().all_members_active, 1);
	const auto arrives = [&] {
		for (rte_mbuf *packet : make_burst(3))
			EXPECT_TRUE(second_.inject(0, packet));
		return bond.receive();
	};
	EXPECT_EQ(arrives(), 3);
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 0u);
	ASSERT_EQ(braid_all_members_active_set(bond.port(), 0), 0);
	EXPECT_EQ(arrives(), 0);
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 3u);
	ASSERT_EQ(braid_all_members_active_set(bond.port(), 1), 0);
	EXPECT_EQ(arrives(), 3);
	EXPECT_EQ(bond.send(make_burst(2)), 2);
	EXPECT_EQ(second_.tx_packets(), 0u) << "they still transmit nothing";
}

TEST_F(Roles, SettingWhatIsSetCostsNoGeneration)
{
	test_bond bond(exactly{line(";name=one", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t generation = bond.info().generation;
	const std::uint32_t id = bond.id_of("one");
	EXPECT_EQ(braid_all_members_active_set(bond.port(), 0), 0);
	EXPECT_EQ(braid_min_links_set(bond.port(), 1), 0);
	EXPECT_EQ(braid_primary_reselect_set(bond.port(), BRAID_PRIMARY_RESELECT_ALWAYS), 0);
	EXPECT_EQ(braid_member_role_set(bond.port(), id, BRAID_ROLE_NONE), 0);
	EXPECT_EQ(braid_member_priority_set(bond.port(), id, 3), 0);
	EXPECT_EQ(braid_member_sticky_set(bond.port(), id, 1), 0);
	EXPECT_EQ(braid_member_enabled_set(bond.port(), id, 1), 0);
	EXPECT_EQ(bond.info().generation, generation) << "nothing that bursts see has changed";
}

// --- enabled

TEST_F(Roles, ADisabledMemberLeavesTheTransmitSetAtOnce)
{
	test_bond bond(exactly{line(";name=one", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_EQ(enable(bond, "one", 0), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 0u);
	EXPECT_EQ(second_.tx_packets(), 8u);
	EXPECT_EQ(bond.info_of("one").state, BRAID_MEMBER_RUNNING) << "it is not stopped";
	EXPECT_TRUE(first_.started());
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "disabled");
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.info_of("one").link_up, 0) << "its link is watched";
	ASSERT_TRUE(first_.set_link(true));
	EXPECT_EQ(bond.active(), "two");
	EXPECT_EQ(bond.info_of("one").why_not, BRAID_WHY_NOT_DISABLED);
	ASSERT_EQ(enable(bond, "two", 0), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(enable(bond, "one", 1), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 8u);
}

TEST_F(Roles, ADisabledMemberStaysDisabledOverARestart)
{
	test_bond bond(exactly{line(";name=one;enabled=0", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), "two");
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(bond.info_of("one").why_not, BRAID_WHY_NOT_STOPPED);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), "two");
	EXPECT_EQ(bond.info_of("one").enabled, 0);
}

// In the modes that balance its flows go to the others and come back to it, no other flow moves.
TEST_F(Roles, ADisabledMemberHandsOverItsOwnFlowsOnly)
{
	std::array<fake_port, 3> ports;
	test_bond bond(exactly{std::string(patient) + "," + with_members("balance,xmit_policy=l34,seed=7", ports)});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto shares = [&] {
		std::array<std::uint64_t, 3> before{}, now{};
		for (unsigned i = 0; i < 3; i++)
			before[i] = ports[i].tx_packets();
		EXPECT_EQ(bond.send(make_burst(256, 0, 256)), 256);
		for (unsigned i = 0; i < 3; i++)
			now[i] = ports[i].tx_packets() - before[i];
		return now;
	};
	const std::array<std::uint64_t, 3> all = shares();
	ASSERT_EQ(enable(bond, ports[1].name(), 0), 0);
	const std::array<std::uint64_t, 3> two = shares();
	EXPECT_EQ(two[1], 0u);
	EXPECT_GE(two[0], all[0]);
	EXPECT_GE(two[2], all[2]);
	ASSERT_EQ(enable(bond, ports[1].name(), 1), 0);
	EXPECT_EQ(shares(), all);
}

// --- the C API

TEST_F(Roles, BadValuesAreRefusedAndChangeNothing)
{
	test_bond bond(exactly{line(";name=one", ";name=two")});
	const std::uint16_t port = bond.port();
	const std::uint32_t id = bond.id_of("one"), nobody = 77;
	EXPECT_EQ(braid_member_role_set(port, id, static_cast<braid_role>(3)), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "role: 3 is not a role");
	EXPECT_EQ(braid_member_sticky_set(port, id, 2), -EINVAL);
	EXPECT_EQ(braid_member_enabled_set(port, id, -1), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "enabled: -1 is neither 0 nor 1");
	EXPECT_EQ(braid_primary_reselect_set(port, static_cast<braid_primary_reselect>(3)), -EINVAL);
	EXPECT_EQ(braid_all_members_active_set(port, 2), -EINVAL);
	EXPECT_EQ(braid_member_role_set(port, nobody, BRAID_ROLE_NONE), -ENOENT);
	EXPECT_EQ(braid_member_priority_set(port, nobody, 1), -ENOENT);
	EXPECT_EQ(braid_member_sticky_set(port, nobody, 1), -ENOENT);
	EXPECT_EQ(braid_member_enabled_set(port, nobody, 0), -ENOENT);
	const std::uint16_t no_bond = first_.port_id();
	EXPECT_EQ(braid_member_role_set(no_bond, id, BRAID_ROLE_NONE), -ENODEV);
	EXPECT_EQ(braid_member_priority_set(no_bond, id, 1), -ENODEV);
	EXPECT_EQ(braid_member_sticky_set(no_bond, id, 1), -ENODEV);
	EXPECT_EQ(braid_member_enabled_set(no_bond, id, 0), -ENODEV);
	EXPECT_EQ(braid_primary_reselect_set(no_bond, BRAID_PRIMARY_RESELECT_ALWAYS), -ENODEV);
	EXPECT_EQ(braid_min_links_set(no_bond, 1), -ENODEV);
	EXPECT_EQ(braid_all_members_active_set(no_bond, 1), -ENODEV);
	const braid_member_info info = bond.info_of("one");
	EXPECT_EQ(info.role, BRAID_ROLE_NONE);
	EXPECT_EQ(info.enabled, 1);
	EXPECT_EQ(bond.info().all_members_active, 0);
}

// Options of a program that was built before a release had more of them, and of one that is built after.
TEST_F(Roles, OptionsGrowBySize)
{
	test_bond bond(std::string("mode=active-backup"));
	struct {
		braid_member_options known;
		std::uint64_t more;
	} options{};
	options.known.name = "one";
	options.known.role = BRAID_ROLE_PRIMARY; // beyond what the first size covers: garbage to the older program
	options.known.size = offsetof(braid_member_options, name) + sizeof options.known.name;
	ASSERT_EQ(braid_member_add(bond.port(), first_.name().c_str(), &options.known, nullptr), 0);
	EXPECT_EQ(bond.info_of("one").role, BRAID_ROLE_NONE);

	options.known.name = "two";
	options.known.size = sizeof options;
	options.more = 1;
	EXPECT_EQ(braid_member_add(bond.port(), second_.name().c_str(), &options.known, nullptr), -E2BIG);
	EXPECT_EQ(owner_of(second_.port_id()), "");
	options.more = 0; // a newer program that does not use what is new
	ASSERT_EQ(braid_member_add(bond.port(), second_.name().c_str(), &options.known, nullptr), 0);
	EXPECT_EQ(bond.info_of("two").role, BRAID_ROLE_PRIMARY);

	braid_member_options bad{};
	bad.size = sizeof bad;
	bad.sticky = 2;
	EXPECT_EQ(braid_member_add(bond.port(), third_.name().c_str(), &bad, nullptr), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "sticky: 2 is neither 0 nor 1");
	bad.sticky = 0;
	bad.role = static_cast<braid_role>(-1);
	EXPECT_EQ(braid_member_add(bond.port(), third_.name().c_str(), &bad, nullptr), -EINVAL);
}

} // namespace
} // namespace braid
