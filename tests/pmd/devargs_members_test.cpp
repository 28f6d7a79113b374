/* SPDX-License-Identifier: BSD-3-Clause */
// The members on a bond's command line: their order, their options, how many there may be, and the primary beside them.
#include "read_devargs.hpp"

#include <string>

namespace braid {
namespace {

TEST(DevargsMembers, MembersKeepTheOrderInWhichTheyWereGiven)
{
	const bond_settings settings = accepted("member=net_tap1,slave=net_tap0,member=2,slave=01:00.0");
	ASSERT_EQ(settings.members.size(), 4u);
	EXPECT_STREQ(settings.members[0].spec.text, "net_tap1");
	EXPECT_STREQ(settings.members[1].spec.text, "net_tap0");
	EXPECT_STREQ(settings.members[2].spec.text, "2");
	EXPECT_STREQ(settings.members[3].spec.text, "0000:01:00.0");
}

TEST(DevargsMembers, AMemberHasOptionsOfItsOwn)
{
	const bond_settings settings =
		accepted("member=net_tap0;role=primary;name=uplink;priority=-5;sticky=1;weight=1000;enabled=0,"
	                 "slave=01:00.0;role=standby;;name=down%d;,member=2");
	ASSERT_EQ(settings.members.size(), 3u);
	const auto &[first, one] = settings.members[0];
	EXPECT_STREQ(first.text, "net_tap0");
	EXPECT_EQ(one.name.view(), "uplink");
	EXPECT_EQ(one.role, member_role::primary);
	EXPECT_EQ(one.priority, -5);
	EXPECT_TRUE(one.sticky);
	EXPECT_EQ(one.weight, 1000u);
	EXPECT_FALSE(one.enabled);
	const auto &[second, other] = settings.members[1];
	EXPECT_STREQ(second.text, "0000:01:00.0");
	EXPECT_EQ(other.name.view(), "down%d");
	EXPECT_EQ(other.role, member_role::standby);
	const member_options &none = settings.members[2].options;
	EXPECT_TRUE(none.name.empty());
	EXPECT_EQ(none.role, member_role::none);
	EXPECT_EQ(none.priority, 0);
	EXPECT_FALSE(none.sticky);
	EXPECT_EQ(none.weight, 1u);
	EXPECT_TRUE(none.enabled);
}

TEST(DevargsMembers, APriorityIsAnyInt32)
{
	for (const std::int32_t priority : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
		const bond_settings settings = accepted("member=0;priority=" + std::to_string(priority));
		EXPECT_EQ(settings.members[0].options.priority, priority);
	}
}

TEST(DevargsMembers, SixtyFourMembersAreTheMost)
{
	std::string args;
	for (unsigned i = 0; i < max_members; i++)
		args += "member=net_null" + std::to_string(i) + ",";
	EXPECT_EQ(accepted(args).members.size(), max_members);
	EXPECT_EQ(refusal(args + "member=net_tap0"),
	          "member: \"net_tap0\" is one too many; a bond has at most 64 members");
	EXPECT_EQ(refusal_code(args + "member=net_tap0"), ENOSPC);
}

TEST(DevargsMembers, ThePrimaryNeedNotBeAmongTheMembers)
{
	bond_settings settings = accepted("primary=net_tap7,member=net_tap0");
	EXPECT_STREQ(settings.primary->text, "net_tap7");
	EXPECT_EQ(settings.members.size(), 1u);

	settings = accepted("member=net_tap0,primary=net_tap0");
	EXPECT_EQ(*settings.primary, settings.members[0].spec);
}

TEST(DevargsMembers, OnlyTheBondsWholeNameIsTheBond)
{
	const bond_settings settings =
		accepted("member=net_braid,member=net_braid01,member=net_braid1,member=Net_braid0");
	EXPECT_EQ(settings.members.size(), 4u);
}

} // namespace
} // namespace braid
