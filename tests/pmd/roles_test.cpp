/* SPDX-License-Identifier: BSD-3-Clause */
// Roles: given and taken, named after, refused to a second, kept by a member whatever becomes of its device and its name.
#include "member_states.hpp"
#include "port_view.hpp"
#include "preferences.hpp"

#include <string>
#include <tuple>
#include <vector>

namespace braid {
namespace {

class Roles : public preferences {};

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
		ASSERT_TRUE(becomes(bond, "one", BRAID_MEMBER_RUNNING));
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

} // namespace
} // namespace braid
