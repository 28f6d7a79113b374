/* SPDX-License-Identifier: BSD-3-Clause */
// The C API as a contract: what it refuses and how, structures of other sizes, and what listeners may count on.
#include "api_calls.hpp"
#include "event_recorder.hpp"
#include "test_bond.hpp"

#include "base/mode.hpp"
#include "links.hpp"
#include "port_view.hpp"

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>

namespace braid {
namespace {

class Api : public mbuf_accounting {
protected:
	fake_port first_{raising_lsc()}, second_{raising_lsc()};
};

// --- what is refused

class WrongPort : public Api, public testing::WithParamInterface<api_call> {};

INSTANTIATE_TEST_SUITE_P(OfEachFunction, WrongPort, testing::ValuesIn(api_calls()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST_P(WrongPort, IsNoDevice)
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

TEST_P(WrongPort, AndTheFunctionHasCLinkage)
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

TEST_F(Api, UnknownMembersModesAndPolicies)
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

TEST_F(Api, OptionsOfASizeThatCannotBeAreRefusedWithIt)
{
	test_bond bond("mode=balance");
	for (const std::size_t size : {std::size_t{0}, sizeof(std::size_t)}) {
		const braid_member_options options{.size = size};
		EXPECT_EQ(braid_member_add(bond.port(), first_.name().c_str(), &options, nullptr), -EINVAL);
		EXPECT_EQ(braid_error_text(),
		          "the size of the options is " + std::to_string(size) + ", too small; set it to sizeof their struct");
	}
}

TEST_F(Api, NullsWhereTheAnswerIsNotWanted)
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

// --- structures of other releases

template <typename Struct> struct larger {
	Struct now;
	unsigned char later[64];
};

TEST_F(Api, AStructureWithoutSizeIsRefused)
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

TEST_F(Api, AnOlderProgramGetsWhatItKnows)
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

TEST_F(Api, ANewerProgramGetsWhatThereIs)
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

// --- events

using kinds = std::vector<braid_event_kind>;

class Events : public Api {
protected:
	// Nothing is polled, so that each event has one cause, made by the test.
	exactly devargs(const std::string &mode) const { return {std::string(patient) + ",mode=" + mode}; }
};

TEST_F(Events, TellWhatHappensOnceAndInOrder)
{
	test_bond bond(devargs("balance"));
	event_recorder events(bond);
	ASSERT_EQ(bond.configure(), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	events.settle();
	EXPECT_EQ(events.kinds(), kinds{BRAID_EVENT_MEMBER_ADDED});
	events.forget();

	ASSERT_EQ(bond.start(), 0);
	events.settle();
	EXPECT_EQ(events.kinds(), (kinds{BRAID_EVENT_MEMBER_USABLE, BRAID_EVENT_LINK_UP}));
	events.forget();

	ASSERT_EQ(bond.add(second_.name()), 0);
	events.settle();
	EXPECT_EQ(events.kinds(), (kinds{BRAID_EVENT_MEMBER_ADDED, BRAID_EVENT_MEMBER_USABLE}));
	events.forget();

	ASSERT_EQ(bond.rename(second_.name(), "wan"), 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_BROADCAST), 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	events.settle();
	EXPECT_EQ(events.kinds(),
	          (kinds{BRAID_EVENT_MEMBER_RENAMED, BRAID_EVENT_MODE_CHANGED, BRAID_EVENT_MODE_CHANGED}));
	events.forget();

	first_.set_link(false);
	second_.set_link(false);
	second_.set_link(true);
	events.settle();
	EXPECT_EQ(events.kinds(),
	          (kinds{BRAID_EVENT_MEMBER_UNUSABLE, BRAID_EVENT_MEMBER_UNUSABLE, BRAID_EVENT_LINK_DOWN,
	                 BRAID_EVENT_MEMBER_USABLE, BRAID_EVENT_LINK_UP}));
	events.forget();

	ASSERT_EQ(bond.remove("wan"), 0);
	ASSERT_EQ(bond.remove(first_.name()), 0);
	events.settle();
	EXPECT_EQ(events.kinds(), (kinds{BRAID_EVENT_MEMBER_UNUSABLE, BRAID_EVENT_LINK_DOWN, BRAID_EVENT_MEMBER_REMOVED,
	                                 BRAID_EVENT_MEMBER_REMOVED}));
}

TEST_F(Events, OfActiveBackupNameTheActiveMember)
{
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name(), "one"), 0);
	ASSERT_EQ(bond.add(second_.name(), "two"), 0);
	event_recorder events(bond);
	ASSERT_EQ(bond.bring_up(), 0);
	first_.set_link(false);
	ASSERT_EQ(bond.remove("two"), 0);
	events.settle();
	std::vector<std::string> active;
	for (const told &e : events.all())
		if (e.kind == BRAID_EVENT_ACTIVE_CHANGED) {
			active.push_back(e.name);
			EXPECT_EQ(e.id == BRAID_NO_MEMBER, e.name.empty());
		}
	EXPECT_EQ(active, (std::vector<std::string>{"one", "two", ""}));
}

TEST_F(Events, OfADeviceThatComesAndGoes)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_EQ(first_.unplug(), 0);
	first_.fail(fake_op::start, EIO);
	ASSERT_EQ(first_.plug(), 0);
	const told failed = events.last(BRAID_EVENT_ATTACH_FAILED);
	EXPECT_EQ(failed.name, "wan");
	EXPECT_NE(failed.reason.find("start"), std::string::npos) << failed.reason;
	ASSERT_EQ(first_.replug(), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_ADDED).name, "wan");
	events.settle();
	EXPECT_EQ(events.kinds(), (kinds{BRAID_EVENT_MEMBER_UNUSABLE, BRAID_EVENT_LINK_DOWN, BRAID_EVENT_MEMBER_LOST,
	                                 BRAID_EVENT_ATTACH_FAILED, BRAID_EVENT_MEMBER_ADDED,
	                                 BRAID_EVENT_MEMBER_USABLE, BRAID_EVENT_LINK_UP}));
}

TEST_F(Events, CarryTimeAndGenerationThatOnlyGrow)
{
	test_bond bond(devargs("active-backup"));
	event_recorder events(bond);
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(second_.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 10; i++) {
		first_.set_link(i % 2 != 0);
		ASSERT_EQ(bond.mode(i % 2 != 0 ? BRAID_MODE_BALANCE : BRAID_MODE_ACTIVE_BACKUP), 0);
	}
	events.settle();
	told last{};
	for (const told &e : events.all()) {
		EXPECT_GE(e.time_ns, last.time_ns);
		EXPECT_GE(e.generation, last.generation);
		EXPECT_LE(e.generation, bond.info().generation);
		last = e;
	}
	EXPECT_GT(last.generation, 0u);
}

// What a listener does when it is called: a function that a test gives it.
struct reaction {
	std::function<void(std::uint16_t, const braid_event &)> act;
	std::atomic<unsigned> calls{0};

	static void call(std::uint16_t port, const braid_event *e, void *arg)
	{
		auto &self = *static_cast<reaction *>(arg);
		EXPECT_EQ(e->size, sizeof *e);
		if (self.act)
			self.act(port, *e);
		self.calls++;
	}
};

TEST_F(Events, GoToEachRegistrationOnce)
{
	test_bond bond(devargs("balance"));
	reaction one, two;
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &one), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &two), 0);
	EXPECT_EQ(braid_event_callback_register(bond.port(), reaction::call, &two), -EEXIST);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return one.calls == 1 && two.calls == 1; }));
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &one), 0);
	EXPECT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &one), -ENOENT);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	EXPECT_TRUE(eventually([&] { return two.calls == 2; }));
	EXPECT_EQ(one.calls, 1u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &two), 0);
}

TEST_F(Events, AListenerMayCallBack)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> done{false};
	reaction react;
	react.act = [&](std::uint16_t port, const braid_event &e) {
		if (e.kind == BRAID_EVENT_MEMBER_ADDED && e.member_id == bond.id_of(first_.name())) {
			EXPECT_EQ(braid_member_rename(port, e.member_id, "wan"), 0);
			std::uint32_t id = BRAID_NO_MEMBER;
			EXPECT_EQ(braid_member_add(port, second_.name().c_str(), nullptr, &id), 0);
			EXPECT_EQ(braid_mode_set(port, BRAID_MODE_ACTIVE_BACKUP), 0);
			EXPECT_EQ(braid_primary_set(port, id), 0);
			EXPECT_EQ(braid_delays_set(port, 0, 1), 0);
			EXPECT_EQ(braid_member_remove(port, e.member_id), 0);
			EXPECT_EQ(braid_member_find(port, "wan", nullptr), -ENOENT);
			done = true;
		}
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &react), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return done.load(); }));
	EXPECT_EQ(bond.names(), std::vector{second_.name()});
	EXPECT_EQ(bond.active(), second_.name());
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &react), 0);
}

TEST_F(Events, AListenerMayRegisterAndUnregister)
{
	test_bond bond(devargs("balance"));
	reaction once, other, late;
	once.act = [&](std::uint16_t port, const braid_event &) {
		EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &once), 0) << "itself";
		EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &other), 0) << "one that is not told yet";
		EXPECT_EQ(braid_event_callback_register(port, reaction::call, &late), 0);
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &once), 0);
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &other), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_TRUE(eventually([&] { return once.calls == 1; }));
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.rename("wan", "lan"), 0);
	EXPECT_TRUE(eventually([&] { return late.calls == 2; })) << "from now on";
	EXPECT_EQ(once.calls, 1u);
	EXPECT_EQ(other.calls, 0u);
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &late), 0);
}

// Takes a callback back while it runs, after it has taken itself back or without; whoever does it gets `answer`, and not before
// the callback has returned.
void expect_waited_for(test_bond &bond, const std::string &device, bool takes_itself_back, int answer)
{
	std::atomic<bool> inside{false}, leave{false}, left{false}, returned{false};
	reaction slow;
	slow.act = [&](std::uint16_t port, const braid_event &) {
		if (takes_itself_back) {
			EXPECT_EQ(braid_event_callback_unregister(port, reaction::call, &slow), 0);
		}
		inside = true;
		leave.wait(false);
		left = true;
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &slow), 0);
	ASSERT_EQ(bond.add(device), 0);
	ASSERT_TRUE(eventually([&] { return inside.load(); }));
	std::thread taking_back([&] {
		EXPECT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &slow), answer);
		EXPECT_TRUE(left) << "the callback runs no more";
		returned = true;
	});
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT_FALSE(returned);
		std::this_thread::yield();
	}
	leave = true;
	leave.notify_all();
	taking_back.join();
	EXPECT_EQ(slow.calls, 1u);
}

TEST_F(Events, UnregisteringWaitsForACallThatRuns)
{
	test_bond bond(devargs("balance"));
	expect_waited_for(bond, first_.name(), false, 0);
}

TEST_F(Events, ThatTookItselfBackIsWaitedForByWhoeverTakesItBackAgain)
{
	test_bond bond(devargs("balance"));
	expect_waited_for(bond, first_.name(), true, -ENOENT);
}

TEST_F(Events, ASlowListenerDelaysNoFailover)
{
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(second_.name()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> inside{false}, leave{false};
	reaction slow;
	slow.act = [&](std::uint16_t, const braid_event &) {
		inside = true;
		leave.wait(false);
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &slow), 0);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_TRUE(eventually([&] { return inside.load(); }));
	first_.set_link(false);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
	EXPECT_EQ(bond.remove("wan"), 0) << "nor an operator";
	leave = true;
	leave.notify_all();
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &slow), 0);
}

TEST_F(Events, ABondCannotBeDestroyedFromItsListener)
{
	test_bond bond(devargs("balance"));
	std::atomic<int> status{1};
	reaction suicidal;
	suicidal.act = [&](std::uint16_t port, const braid_event &) { status = braid_destroy(port); };
	ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &suicidal), 0);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_TRUE(eventually([&] { return status != 1; }));
	EXPECT_EQ(status, -EDEADLK);
	EXPECT_EQ(bond.info().members, 1u) << "it lives";
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), reaction::call, &suicidal), 0);
}

// Mistake 18: a bond that is being closed was asked to take members, and listeners met it half gone.
TEST_F(Events, ABondMayBeDestroyedWithListenersAndWhileTheyAreTold)
{
	for (unsigned i = 0; i < 20; i++) {
		reaction react;
		react.act = [&](std::uint16_t port, const braid_event &e) {
			if (e.kind != BRAID_EVENT_MEMBER_ADDED)
				return;
			const int status = braid_member_add(port, second_.name().c_str(), nullptr, nullptr);
			EXPECT_TRUE(status == 0 || status == -ENODEV || status == -EEXIST) << braid_error_text();
		};
		test_bond bond(devargs("balance"));
		ASSERT_EQ(braid_event_callback_register(bond.port(), reaction::call, &react), 0);
		ASSERT_EQ(bond.add(first_.name()), 0);
		ASSERT_EQ(bond.destroy(), 0);
		for (const fake_port *port : {&first_, &second_}) {
			rte_eth_dev_owner owner{};
			ASSERT_EQ(rte_eth_dev_owner_get(port->port_id(), &owner), 0);
			EXPECT_EQ(owner.id, std::uint64_t{RTE_ETH_DEV_NO_OWNER}) << port->name();
		}
	}
}

} // namespace
} // namespace braid
