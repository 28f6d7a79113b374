/* SPDX-License-Identifier: BSD-3-Clause */
// Who takes over from the active member: primary_reselect as Linux's selftests try it, priority and sticky as the team driver's
// do.
#include "preferences.hpp"

#include <ostream>

namespace braid {
namespace {

struct reselect_row {
	const char *name;
	braid_primary_reselect policy;
	std::uint32_t primary_mbps; // on its return; the other one has 10000
	bool returns;
};

void PrintTo(const reselect_row &r, std::ostream *out) { *out << r.name; }

class PrimaryReselect : public preferences {};
class Reselect : public preferences, public testing::WithParamInterface<reselect_row> {};

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

TEST_F(PrimaryReselect, APolicyThatBecomesAlwaysBringsThePrimaryBack)
{
	test_bond bond(exactly{line(";role=primary;name=one", ";name=two") + ",primary_reselect=failure"});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(first_.set_link(false));
	ASSERT_TRUE(first_.set_link(true));
	ASSERT_EQ(bond.active(), "two");
	ASSERT_EQ(braid_primary_reselect_set(bond.port(), BRAID_PRIMARY_RESELECT_ALWAYS), 0);
	EXPECT_EQ(bond.active(), "one");
}

int give_priority(const test_bond &bond, const std::string &member, std::int32_t priority)
{
	return braid_member_priority_set(bond.port(), bond.id_of(member), priority);
}

TEST_F(PrimaryReselect, TheHighestPriorityIsActiveUnlessASitterIsSticky)
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

} // namespace
} // namespace braid
