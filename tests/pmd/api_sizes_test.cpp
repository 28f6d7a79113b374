/* SPDX-License-Identifier: BSD-3-Clause */
// Structures of other sizes: a program that is older or newer than the library gets what both know.
#include "links.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace braid {
namespace {

class ApiSizes : public two_links {};

TEST_F(ApiSizes, OptionsOfASizeThatCannotBeAreRefusedWithIt)
{
	test_bond bond("mode=balance");
	for (const std::size_t size : {std::size_t{0}, sizeof(std::size_t)}) {
		const braid_member_options options{.size = size};
		EXPECT_EQ(braid_member_add(bond.port(), first_.name().c_str(), &options, nullptr), -EINVAL);
		EXPECT_EQ(braid_error_text(),
		          "the size of the options is " + std::to_string(size) + ", too small; set it to sizeof their struct");
	}
}

template <typename Struct> struct larger {
	Struct now;
	unsigned char later[64];
};

TEST_F(ApiSizes, AStructureWithoutSizeIsRefused)
{
	test_bond bond("balance", {&first_});
	const std::uint32_t id = bond.id_of(first_.name());
	braid_info info{};
	braid_member_info member{};
	for (std::size_t size : {std::size_t{0}, sizeof(std::size_t) - 1}) {
		info.size = member.size = size;
		EXPECT_EQ(braid_info_get(bond.port(), &info), -EINVAL);
		EXPECT_EQ(braid_member_info_get(bond.port(), id, &member), -EINVAL);
		const braid_member_options options{.size = size, .name = "wan"};
		EXPECT_EQ(braid_member_add(bond.port(), second_.name().c_str(), &options, nullptr), -EINVAL);
	}
	EXPECT_EQ(bond.names(), std::vector{first_.name()});
}

TEST_F(ApiSizes, AnOlderProgramGetsWhatItKnows)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	braid_info info;
	std::memset(&info, 0xa5, sizeof info);
	info.size = offsetof(braid_info, generation);
	ASSERT_EQ(braid_info_get(bond.port(), &info), 0);
	EXPECT_EQ(info.size, offsetof(braid_info, generation));
	EXPECT_EQ(info.mode, BRAID_MODE_BALANCE);
	EXPECT_EQ(info.usable, 1u);
	EXPECT_EQ(info.generation, 0xa5a5a5a5a5a5a5a5u) << "beyond its size";

	braid_member_info member;
	std::memset(&member, 0xa5, sizeof member);
	member.size = offsetof(braid_member_info, name);
	ASSERT_EQ(braid_member_info_get(bond.port(), bond.id_of(first_.name()), &member), 0);
	EXPECT_EQ(member.port_id, first_.port_id());
	EXPECT_EQ(member.name[0], static_cast<char>(0xa5)) << "beyond its size";
}

TEST_F(ApiSizes, ANewerProgramGetsWhatThereIs)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto untouched = [](const unsigned char (&bytes)[64]) {
		return std::all_of(bytes, bytes + 64, [](unsigned char c) { return c == 0xa5 || c == 0; });
	};
	larger<braid_info> info;
	std::memset(&info, 0xa5, sizeof info);
	info.now.size = sizeof info;
	ASSERT_EQ(braid_info_get(bond.port(), &info.now), 0);
	EXPECT_EQ(info.now.members, 1u);
	EXPECT_TRUE(untouched(info.later));

	larger<braid_member_info> member;
	std::memset(&member, 0xa5, sizeof member);
	member.now.size = sizeof member;
	ASSERT_EQ(braid_member_info_get(bond.port(), bond.id_of(first_.name()), &member.now), 0);
	EXPECT_STREQ(member.now.name, first_.name().c_str());
	EXPECT_TRUE(untouched(member.later));

	larger<braid_member_options> options{{.size = sizeof options, .name = "wan"}, {}};
	ASSERT_EQ(braid_member_add(bond.port(), second_.name().c_str(), &options.now, nullptr), 0);
	EXPECT_NE(bond.id_of("wan"), BRAID_NO_MEMBER);
}

} // namespace
} // namespace braid
