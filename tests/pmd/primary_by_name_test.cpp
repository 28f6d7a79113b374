/* SPDX-License-Identifier: BSD-3-Clause */
// The primary that is wished for by a name: kept for whoever gets the name, once, however that comes about.
#include "member_states.hpp"
#include "preferences.hpp"
#include "telemetry_client.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace braid {
namespace {

class PrimaryByName : public preferences {};

TEST_F(PrimaryByName, APrimaryThatIsNamedBeforeItExistsKeepsThePlace)
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

TEST_F(PrimaryByName, APrimaryIsFoundByTheNameOfAMember)
{
	test_bond bond(exactly{line(";name=lan", ";name=wan") + ",primary=wan"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), "wan");
	ASSERT_EQ(bond.rename("wan", "dsl"), 0);
	EXPECT_EQ(bond.active(), "dsl") << "bound to the member, whatever it is called";
	EXPECT_EQ(bond.info().primary, bond.id_of("dsl"));
}

TEST_F(PrimaryByName, APrimaryThatIsNamedKeepsThePlaceForAMemberOfThatName)
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

TEST_F(PrimaryByName, APrimaryThatIsNamedMayBePending)
{
	fake_port late({.plugged = false});
	test_bond bond(exactly{line("", "") + ",primary=B\xc3\xbcro,member=" + late.name() + ";name=B\xc3\xbcro"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().primary, bond.id_of("B\xc3\xbcro"));
	ASSERT_EQ(bond.rename("B\xc3\xbcro", "office"), 0);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(becomes(bond, "office", BRAID_MEMBER_RUNNING));
	EXPECT_TRUE(eventually([&] { return bond.active() == "office"; }));
}

// The one that is waited for has appeared, by another way than an addition.
TEST_F(PrimaryByName, APrimaryThatIsNamedIsTheMemberThatGetsTheName)
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
TEST_F(PrimaryByName, APrimaryThatIsNamedIsNoMemberThatLeaves)
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

TEST_F(PrimaryByName, APrimaryIsSetByAnyNameThatAMemberCanHave)
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

} // namespace
} // namespace braid
