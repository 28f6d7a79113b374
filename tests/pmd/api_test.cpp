/* SPDX-License-Identifier: BSD-3-Clause */
// The C API as a contract: what it refuses and how, and what it answers. Structures of other sizes are in api_sizes_test.cpp.
#include "api_calls.hpp"
#include "links.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include "base/mode.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>

namespace braid {
namespace {

class Api : public two_links {};

class EachFunction : public Api, public testing::WithParamInterface<api_call> {};

INSTANTIATE_TEST_SUITE_P(Api, EachFunction, testing::ValuesIn(api_calls()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST_P(EachFunction, RefusesAPortThatIsNoBond)
{
	std::uint16_t destroyed = 0;
	{
		test_bond bond;
		destroyed = bond.port();
	}
	const std::uint16_t beyond = RTE_MAX_ETHPORTS, last = UINT16_MAX;
	for (std::uint16_t port : {first_.port_id(), destroyed, beyond, last}) {
		EXPECT_EQ(GetParam().on(port), -ENODEV) << "port " << port;
		EXPECT_NE(std::string(braid_error_text()).find(std::to_string(port)), std::string::npos)
			<< braid_error_text();
	}
}

TEST_P(EachFunction, HasCLinkage)
{
	EXPECT_NE(dlsym(RTLD_DEFAULT, GetParam().name), nullptr) << "no such symbol: " << GetParam().name;
}

TEST_F(Api, CreateSaysWhatIsWrong)
{
	const auto refused = [](const char *name, const char *devargs, int status, const char *word) {
		EXPECT_EQ(braid_create(name, devargs), -status) << braid_error_text();
		EXPECT_NE(std::string(braid_error_text()).find(word), std::string::npos) << braid_error_text();
		EXPECT_EQ(std::string(braid_error_text()).find('\n'), std::string::npos);
	};
	refused(nullptr, "", EINVAL, "name");
	refused("", "", EINVAL, "name");
	refused("net_tap0", "", EINVAL, "net_tap0");
	refused(("net_braid" + std::string(RTE_ETH_NAME_MAX_LEN, '0')).c_str(), "", EINVAL, "name");
	refused("net_braid0", "mode=fast", EINVAL, "mode");
	refused("net_braid0", "mode=lacp", ENOTSUP, "mode");
	refused("net_braid0", "colour=red", EINVAL, "colour");
	refused("net_braid0", "member=net_braid0", EINVAL, "member");
	test_bond bond;
	refused("net_braid0", "", EEXIST, "net_braid0");
	const int other = braid_create("net_braid1", nullptr);
	EXPECT_GE(other, 0);
	EXPECT_EQ(braid_destroy(static_cast<std::uint16_t>(other)), 0);
}

TEST_F(Api, AddSaysWhatIsWrong)
{
	fake_options few;
	few.max_tx_queues = 1;
	fake_port owned, narrow(few);
	somebody owner(owned.port_id());
	fake_port foreign;
	test_bond other("mode=balance,member=" + foreign.name(), "net_braid1");
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(2), 0);
	const std::uint64_t generation = bond.info().generation;
	const auto refused = [&](const char *device, int status, const char *word) {
		std::uint32_t id = 4711;
		EXPECT_EQ(braid_member_add(bond.port(), device, nullptr, &id), -status) << braid_error_text();
		EXPECT_NE(std::string(braid_error_text()).find(word), std::string::npos) << braid_error_text();
		EXPECT_EQ(id, 4711u) << "untouched";
	};
	refused(nullptr, EINVAL, "");
	refused("", EINVAL, "");
	refused("no such", EINVAL, "no such");
	refused(first_.name().c_str(), EEXIST, first_.name().c_str());
	refused(std::to_string(first_.port_id()).c_str(), EEXIST, first_.name().c_str());
	refused(owned.name().c_str(), EBUSY, "somebody");
	refused(foreign.name().c_str(), EBUSY, "net_braid1");
	refused("net_braid1", ELOOP, "");
	refused("net_braid0", ELOOP, "");
	refused(std::to_string(bond.port()).c_str(), ELOOP, "");
	refused(narrow.name().c_str(), ENOTSUP, "1 transmit queue");
	EXPECT_EQ(bond.add(second_.name(), "a/b"), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "name: name \"a/b\" holds a slash") << "as on the command line";
	EXPECT_EQ(bond.names(), std::vector{first_.name()});
	EXPECT_EQ(bond.info().generation, generation);
	owner.let_go();
}

TEST_F(Api, ThereIsRoomForSixtyFourMembers)
{
	test_bond bond("mode=balance");
	for (unsigned i = 0; i < BRAID_MAX_MEMBERS; i++)
		ASSERT_EQ(bond.add("net_absent" + std::to_string(i)), 0) << braid_error_text();
	EXPECT_EQ(bond.add("net_absent64"), -ENOSPC);
	EXPECT_EQ(bond.info().members, 64u);
	ASSERT_EQ(bond.remove("net_absent5"), 0);
	EXPECT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 8u);
}

TEST_F(Api, UnknownMembersModesAndPoliciesAreRefused)
{
	test_bond bond("balance", {&first_});
	const std::uint32_t nobody = 4711;
	braid_member_info info{};
	info.size = sizeof info;
	for (std::uint32_t id : {nobody, BRAID_NO_MEMBER}) {
		EXPECT_EQ(braid_member_remove(bond.port(), id), -ENOENT);
		EXPECT_EQ(braid_member_rename(bond.port(), id, "x"), -ENOENT);
		EXPECT_EQ(braid_member_info_get(bond.port(), id, &info), -ENOENT);
	}
	EXPECT_EQ(braid_primary_set(bond.port(), nobody), -ENOENT);
	EXPECT_EQ(braid_member_find(bond.port(), "nobody", nullptr), -ENOENT);
	EXPECT_EQ(braid_member_find(bond.port(), nullptr, nullptr), -ENOENT);
	EXPECT_EQ(braid_member_rename(bond.port(), bond.id_of(first_.name()), nullptr), -EINVAL);
	for (int mode : {4, 5, 6})
		EXPECT_EQ(braid_mode_set(bond.port(), static_cast<braid_mode>(mode)), -ENOTSUP);
	EXPECT_EQ(braid_mode_set(bond.port(), static_cast<braid_mode>(7)), -EINVAL);
	EXPECT_EQ(braid_mode_set(bond.port(), static_cast<braid_mode>(-1)), -EINVAL);
	EXPECT_EQ(bond.info().mode, BRAID_MODE_BALANCE);
	EXPECT_EQ(braid_policy_set(bond.port(), static_cast<braid_policy>(hash_policy_count)), -EINVAL);
	EXPECT_EQ(braid_policy_set(bond.port(), static_cast<braid_policy>(-1)), -EINVAL);
	EXPECT_EQ(braid_event_callback_register(bond.port(), nullptr, nullptr), -EINVAL);
}

// A C program can put any number into an enum. To C++ that is an enumeration with a fixed type, or else such a value must not
// exist at all; without the type these braces do not compile.
TEST_F(Api, EnumsHoldWhateverNumberAProgramPutsIn)
{
	test_bond bond("balance", {&first_});
	const std::uint16_t port = bond.port();
	struct setter {
		const char *key;
		std::function<int(unsigned)> set;
	};
	const setter setters[] = {
		{"mode", [port](unsigned v) { return braid_mode_set(port, braid_mode{v}); }},
		{"policy", [port](unsigned v) { return braid_policy_set(port, braid_policy{v}); }},
		{"mac_policy", [port](unsigned v) { return braid_mac_policy_set(port, braid_mac_policy{v}); }},
		{"weights", [port](unsigned v) { return braid_weights_set(port, braid_weights{v}); }},
		{"primary_reselect", [port](unsigned v) { return braid_primary_reselect_set(port, braid_primary_reselect{v}); }},
		{"role", [port](unsigned v) { return braid_member_role_set(port, 1, braid_role{v}); }},
		{"role",
	         [port](unsigned v) {
			 const braid_member_options options{.size = sizeof options, .role = braid_role{v}};
			 return braid_member_add(port, "net_absent", &options, nullptr);
		 }},
	};
	for (const setter &one : setters)
		for (const unsigned value : {12u, 255u, 256u, 65536u, 0x7fffffffu, 0x80000000u, UINT32_MAX}) {
			SCOPED_TRACE(one.key + std::string("=") + std::to_string(value));
			EXPECT_EQ(one.set(value), -EINVAL);
			EXPECT_EQ(std::string(braid_error_text()).find(std::string(one.key) + ": " + std::to_string(value) + " is "), 0u)
				<< braid_error_text();
		}
	EXPECT_EQ(bond.info().mode, BRAID_MODE_BALANCE);
	EXPECT_EQ(bond.names(), std::vector{first_.name()});
}

TEST_F(Api, NullMayStandWhereTheAnswerIsNotWanted)
{
	test_bond bond("mode=balance");
	EXPECT_EQ(braid_member_add(bond.port(), first_.name().c_str(), nullptr, nullptr), 0);
	EXPECT_EQ(braid_member_find(bond.port(), first_.name().c_str(), nullptr), 0);
	EXPECT_EQ(braid_members_get(bond.port(), nullptr, 0), 1);
	EXPECT_EQ(braid_members_get(bond.port(), nullptr, 5), 1);
	EXPECT_EQ(braid_info_get(bond.port(), nullptr), -EINVAL);
	EXPECT_EQ(braid_member_info_get(bond.port(), bond.id_of(first_.name()), nullptr), -EINVAL);
}

TEST_F(Api, TheListIsCutAtItsCapacity)
{
	test_bond bond("balance", {&first_, &second_});
	std::uint32_t ids[2] = {0, 4711};
	EXPECT_EQ(braid_members_get(bond.port(), ids, 1), 2);
	EXPECT_EQ(ids[0], bond.id_of(first_.name()));
	EXPECT_EQ(ids[1], 4711u);
}

TEST_F(Api, IdsAreNeverUsedAgain)
{
	test_bond bond("mode=balance");
	std::uint32_t last = BRAID_NO_MEMBER;
	for (unsigned i = 0; i < 5; i++) {
		std::uint32_t id = BRAID_NO_MEMBER;
		ASSERT_EQ(braid_member_add(bond.port(), first_.name().c_str(), nullptr, &id), 0);
		EXPECT_GT(id, last);
		last = id;
		ASSERT_EQ(braid_member_remove(bond.port(), id), 0);
		EXPECT_EQ(braid_member_remove(bond.port(), id), -ENOENT);
	}
}

TEST_F(Api, TheErrorTextIsTheThreadsOwn)
{
	test_bond bond;
	EXPECT_EQ(bond.rename("nobody", "x"), -ENOENT);
	const std::string mine = braid_error_text();
	EXPECT_NE(mine, "");
	std::thread other([&] {
		EXPECT_STREQ(braid_error_text(), "");
		EXPECT_EQ(bond.add("no such"), -EINVAL);
		EXPECT_STRNE(braid_error_text(), mine.c_str());
	});
	other.join();
	EXPECT_EQ(braid_error_text(), mine);
}

TEST_F(Api, EachRefusalIsLoggedInOneLineThatSaysTheSame)
{
	test_bond bond("balance", {&first_});
	const log_capture log;
	EXPECT_EQ(bond.rename(first_.name(), "a/b"), -EINVAL);
	EXPECT_EQ(log.count(braid_error_text()), 1u) << log.text();
}

TEST_F(Api, InfoTellsWhatPublicationsTook)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	braid_info before = bond.info();
	EXPECT_GT(before.publish_last_ns, 0u);
	for (int k = 0; k < 10; k++) {
		ASSERT_EQ(bond.mode(k % 2 == 0 ? BRAID_MODE_ROUND_ROBIN : BRAID_MODE_BALANCE), 0);
		const braid_info after = bond.info();
		EXPECT_GT(after.publish_last_ns, 0u);
		EXPECT_EQ(after.publish_longest_ns, std::max(before.publish_longest_ns, after.publish_last_ns));
		before = after;
	}
}

} // namespace
} // namespace braid
