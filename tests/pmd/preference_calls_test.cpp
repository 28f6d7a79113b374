/* SPDX-License-Identifier: BSD-3-Clause */
// The calls by which an operator tells what is preferred: the same again costs nothing, a bad value changes nothing, and options
// grow by their size.
#include "port_view.hpp"
#include "preferences.hpp"

#include <cstddef>

namespace braid {
namespace {

class PreferenceCalls : public preferences {};

TEST_F(PreferenceCalls, SettingWhatIsSetCostsNoGeneration)
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

TEST_F(PreferenceCalls, BadValuesAreRefusedAndChangeNothing)
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
TEST_F(PreferenceCalls, OptionsGrowBySize)
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
