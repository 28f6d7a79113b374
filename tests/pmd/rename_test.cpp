/* SPDX-License-Identifier: BSD-3-Clause */
// Renaming of several members at once, of members that are not there yet, and what turns renaming off. The mistakes of others
// with names are cited by the change that mended them.
#include "event_recorder.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <thread>

namespace braid {
namespace {

using texts = std::vector<std::string>;

struct wish {
	std::string who; // a name
	std::string wanted;
};

// As a script would: by names.
int rename_all(const test_bond &bond, const std::vector<wish> &wishes)
{
	std::vector<braid_rename> renames;
	for (const wish &w : wishes)
		renames.push_back({BRAID_NO_MEMBER, w.who.c_str(), w.wanted.c_str()});
	return braid_members_rename(bond.port(), renames.data(), static_cast<unsigned>(renames.size()), sizeof(braid_rename));
}

class Rename : public mbuf_accounting {
protected:
	fake_port first_, second_, third_;
};

// systemd 29957: two devices cannot swap their names, since one of them would have to have both for a moment.
TEST_F(Rename, TwoMembersSwapInOneCall)
{
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(rename_all(bond, {{first_.name(), "wan"}, {second_.name(), "lan"}}), 0);
	const std::uint32_t first = bond.id_of("wan"), second = bond.id_of("lan");
	event_recorder events(bond);
	ASSERT_EQ(rename_all(bond, {{"wan", "lan"}, {"lan", "wan"}}), 0);
	EXPECT_EQ(bond.names(), (texts{"lan", "wan"}));
	EXPECT_EQ(bond.id_of("lan"), first);
	EXPECT_EQ(bond.id_of("wan"), second);
	events.settle();
	const std::vector<told> all = events.all();
	ASSERT_EQ(all.size(), 2u);
	EXPECT_EQ(all[0].id, first);
	EXPECT_EQ(all[0].old_name + ">" + all[0].name, "wan>lan");
	EXPECT_EQ(all[1].old_name + ">" + all[1].name, "lan>wan");
}

TEST_F(Rename, ThreeMembersPassTheirNamesRoundById)
{
	test_bond bond("balance", {&first_, &second_, &third_});
	ASSERT_EQ(rename_all(bond, {{first_.name(), "a"}, {second_.name(), "b"}, {third_.name(), "c"}}), 0);
	const braid_rename round[] = {{bond.id_of("a"), nullptr, "b"}, {bond.id_of("b"), "nobody looks here", "c"},
	                              {bond.id_of("c"), nullptr, "a"}};
	ASSERT_EQ(braid_members_rename(bond.port(), round, 3, sizeof(braid_rename)), 0);
	EXPECT_EQ(bond.names(), (texts{"b", "c", "a"}));
}

TEST_F(Rename, OneBadWishAtAnyPlaceSpoilsAll)
{
	test_bond bond("balance", {&first_, &second_, &third_});
	event_recorder events(bond);
	const wish good{first_.name(), "wan"};
	const struct {
		wish bad;
		int status;
	} rows[] = {
		{{"nobody", "lan"}, -ENOENT}, {{"", "lan"}, -ENOENT},
		{{second_.name(), "a/b"}, -EINVAL}, {{second_.name(), ""}, -EINVAL},
		{{second_.name(), third_.name()}, -EEXIST}, {{second_.name(), "wan"}, -EEXIST},
		{{first_.name(), "lan"}, -EINVAL}, {{second_.name(), std::string(64, 'x')}, -EINVAL},
	};
	for (const auto &row : rows) {
		EXPECT_EQ(rename_all(bond, {good, row.bad}), row.status) << row.bad.who << " to " << row.bad.wanted;
		EXPECT_STRNE(braid_error_text(), "");
		EXPECT_EQ(rename_all(bond, {row.bad, good}), row.status) << row.bad.who << " to " << row.bad.wanted;
		EXPECT_EQ(bond.names(), (texts{first_.name(), second_.name(), third_.name()}));
	}
	events.settle();
	EXPECT_TRUE(events.all().empty());
}

TEST_F(Rename, OfNobodyIsASuccessAndOfTooManyIsNot)
{
	test_bond bond("balance", {&first_});
	EXPECT_EQ(braid_members_rename(bond.port(), nullptr, 0, sizeof(braid_rename)), 0);
	EXPECT_EQ(braid_members_rename(bond.port(), nullptr, 1, sizeof(braid_rename)), -EINVAL);
	const std::vector<braid_rename> many(65, {bond.id_of(first_.name()), nullptr, "wan"});
	EXPECT_EQ(braid_members_rename(bond.port(), many.data(), 65, sizeof(braid_rename)), -EINVAL);
	EXPECT_EQ(braid_members_rename(bond.port(), many.data(), 64, sizeof(braid_rename)), -EINVAL) << "one member, 64 times";
	EXPECT_EQ(bond.names(), texts{first_.name()});
}

TEST_F(Rename, WishesMayBeLargerThanTheLibrarysAndSayNothingMore)
{
	test_bond bond("balance", {&first_, &second_});
	struct larger {
		braid_rename now;
		std::uint64_t later;
	};
	larger wishes[2] = {{{bond.id_of(first_.name()), nullptr, "wan"}, 0}, {{bond.id_of(second_.name()), nullptr, "lan"}, 0}};
	wishes[1].later = 1;
	EXPECT_EQ(braid_members_rename(bond.port(), &wishes[0].now, 2, sizeof(larger)), -E2BIG);
	EXPECT_STREQ(braid_error_text(), "renames: number 1 asks for something that this release does not know");
	for (std::size_t odd : {std::size_t{0}, sizeof(braid_rename) - 8, sizeof(braid_rename) + 1}) {
		EXPECT_EQ(braid_members_rename(bond.port(), &wishes[0].now, 1, odd), -EINVAL);
		EXPECT_EQ(std::string(braid_error_text()),
		          "renames: " + std::to_string(odd) + " bytes is not the size of a struct braid_rename");
	}
	EXPECT_EQ(bond.names(), (texts{first_.name(), second_.name()}));
	wishes[1].later = 0;
	EXPECT_EQ(braid_members_rename(bond.port(), &wishes[0].now, 2, sizeof(larger)), 0) << braid_error_text();
	EXPECT_EQ(bond.names(), (texts{"wan", "lan"}));
}

TEST_F(Rename, TemplatesAreFilledInOrder)
{
	test_bond bond("balance", {&first_, &second_, &third_});
	ASSERT_EQ(rename_all(bond, {{third_.name(), "wan%d"}, {first_.name(), "wan%d"}, {second_.name(), "wan1"}}), 0);
	EXPECT_EQ(bond.names(), (texts{"wan2", "wan1", "wan0"}));
}

// systemd 16500: a device could not be renamed to what was an alternative name of its own. A member is found by its device's
// name too, which must be in nobody's way.
TEST_F(Rename, ToItsOwnDevicesNameOrToThatOfAnothersDeviceIsNotHindered)
{
	test_bond bond("balance", {&first_, &second_});
	const std::uint32_t first = bond.id_of(first_.name()), second = bond.id_of(second_.name());
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	EXPECT_EQ(bond.rename("wan", first_.name()), 0) << "back to its device's name";
	ASSERT_EQ(rename_all(bond, {{first_.name(), second_.name()}, {second_.name(), first_.name()}}), 0);
	EXPECT_EQ(bond.id_of(second_.name()), first) << "a name comes before a device";
	EXPECT_EQ(bond.id_of(first_.name()), second);
}

// libteam bc83c22: a name over the limit left a half-created device.
TEST_F(Rename, ANameOverTheLimitLeavesNothing)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t generation = bond.info().generation;
	second_.clear_calls();
	EXPECT_EQ(bond.add(second_.name(), std::string(64, 'x').c_str()), -EINVAL);
	EXPECT_EQ(bond.rename(first_.name(), std::string(64, 'x')), -EINVAL);
	EXPECT_TRUE(second_.history().empty()) << "its device was not even touched";
	EXPECT_EQ(bond.names(), texts{first_.name()});
	EXPECT_EQ(bond.info().generation, generation);
	EXPECT_EQ(bond.add(second_.name(), std::string(63, 'x').c_str()), 0);
}

// libteam b303817: a dot in a name crashed the view of the state.
TEST_F(Rename, ADotInANameIsShownEverywhere)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	telemetry_client telemetry;
	for (const std::string name : {"wan.7", ".7", "7.", "...", "a.b.c"}) {
		ASSERT_EQ(braid_member_rename(bond.port(), 1, name.c_str()), 0);
		EXPECT_EQ(bond.id_of(name), 1u);
		EXPECT_NE(telemetry.ask("/braid/show,net_braid0").find("\"name\":\"" + name + "\""), std::string::npos);
		EXPECT_EQ(bond.xstat(name + "_transmits"), 1u);
		char *text = nullptr;
		std::size_t size = 0;
		std::FILE *const stream = open_memstream(&text, &size);
		EXPECT_EQ(rte_eth_dev_priv_dump(bond.port(), stream), 0);
		std::fclose(stream);
		EXPECT_NE(std::string(text, size).find("- " + name + ": id 1"), std::string::npos) << text;
		std::free(text);
	}
}

// Telemetry's JSON reads before the beginning of a table for these bytes.
TEST_F(Rename, ANameInUtf8IsShownInAsciiByTelemetry)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.rename(first_.name(), "caf\xc3\xa9"), 0);
	telemetry_client telemetry;
	EXPECT_NE(telemetry.ask("/braid/show,net_braid0").find(R"("name":"caf\\xc3\\xa9")"), std::string::npos);
	EXPECT_NE(telemetry.ask("/braid/events,net_braid0").find(R"("name":"caf\\xc3\\xa9")"), std::string::npos);
}

TEST_F(Rename, APendingMemberSwapsToo)
{
	fake_options absent;
	absent.plugged = false;
	fake_port pending(absent);
	test_bond bond("balance", {&first_, &pending});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(rename_all(bond, {{first_.name(), pending.name()}, {pending.name(), first_.name()}}), 0);
	EXPECT_EQ(bond.names(), (texts{pending.name(), first_.name()}));
	ASSERT_EQ(pending.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info_of(first_.name()).state == BRAID_MEMBER_RUNNING; }));
	EXPECT_STREQ(bond.info_of(first_.name()).device, pending.name().c_str()) << "it has kept the name";
}

TEST_F(Rename, AMemberInTheMiddleOfBeingAddedIsRenamedByNameAndById)
{
	third_.hold(fake_op::start);
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	std::thread operator_hand([&] { EXPECT_EQ(bond.add(third_.name(), "wan"), 0); });
	ASSERT_TRUE(eventually([&] { return third_.waiting(fake_op::start) == 1; }));
	EXPECT_EQ(rename_all(bond, {{"wan", first_.name()}, {first_.name(), "wan"}}), 0) << "it swaps";
	EXPECT_EQ(bond.rename("wan", "lan"), 0);
	EXPECT_EQ(braid_member_rename(bond.port(), 3, "wan"), 0) << "ids count up";
	EXPECT_EQ(bond.names(), (texts{"lan", second_.name()})) << "it is still to come";
	third_.release(fake_op::start);
	operator_hand.join();
	EXPECT_EQ(bond.names(), (texts{"lan", second_.name(), "wan"}));
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_ADDED).name, "wan");
}

TEST_F(Rename, OfAMemberThatThenCannotJoinFreesItsNewName)
{
	third_.hold(fake_op::start);
	third_.fail(fake_op::start, EIO);
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::thread operator_hand([&] {
		EXPECT_EQ(bond.add(third_.name(), "wan"), -EIO);
		EXPECT_EQ(std::string(braid_error_text()).find(third_.name() + ": "), 0u) << braid_error_text();
	});
	ASSERT_TRUE(eventually([&] { return third_.waiting(fake_op::start) == 1; }));
	EXPECT_EQ(rename_all(bond, {{"wan", "lan"}}), 0);
	third_.release(fake_op::start);
	operator_hand.join();
	EXPECT_EQ(rename_all(bond, {{first_.name(), "lan"}}), 0);
	EXPECT_EQ(bond.rename("lan", "wan"), 0);
}

TEST_F(Rename, OfAStartedBondIsRefusedWhileLiveRenameIsOff)
{
	test_bond bond("balance", {&first_, &second_});
	EXPECT_EQ(bond.info().live_rename, 1u) << "the default";
	ASSERT_EQ(braid_live_rename_set(bond.port(), 0), 0);
	EXPECT_EQ(bond.info().live_rename, 0u);
	EXPECT_EQ(bond.rename(first_.name(), "wan"), 0) << "not started";
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.rename("wan", "lan"), -EBUSY);
	EXPECT_STREQ(braid_error_text(),
	             "net_braid0 is started, and its option live_rename is 0: stop it first, or set live_rename to 1");
	EXPECT_EQ(bond.rename("wan", "wan"), 0) << "its own name is no renaming";
	EXPECT_EQ(bond.rename("wan", "a/b"), -EINVAL);
	EXPECT_EQ(bond.names(), (texts{"wan", second_.name()}));
	ASSERT_EQ(braid_live_rename_set(bond.port(), 1), 0);
	EXPECT_EQ(bond.rename("wan", "lan"), 0);
	ASSERT_EQ(braid_live_rename_set(bond.port(), 0), 0);
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(bond.rename("lan", "wan"), 0);
	EXPECT_EQ(braid_live_rename_set(bond.port(), 2), -EINVAL);
	EXPECT_EQ(braid_live_rename_set(bond.port(), -1), -EINVAL);
}

TEST_F(Rename, MembersWithoutANameGetTheBondsTemplate)
{
	test_bond bond("balance", {&first_});
	EXPECT_STREQ(bond.info().member_name, "");
	ASSERT_EQ(braid_member_name_set(bond.port(), "wan%d"), 0);
	EXPECT_STREQ(bond.info().member_name, "wan%d");
	ASSERT_EQ(bond.add(second_.name()), 0);
	ASSERT_EQ(bond.add(third_.name(), "own"), 0);
	ASSERT_EQ(bond.add("net_fake_absent"), 0);
	EXPECT_EQ(bond.names(), (texts{first_.name(), "wan0", "own", "wan1"})) << "who has a name keeps it";
	for (const char *bad : {"wan", "wan%s", "%d%d", "a/%d"})
		EXPECT_EQ(braid_member_name_set(bond.port(), bad), -EINVAL) << bad;
	EXPECT_STREQ(bond.info().member_name, "wan%d");
	ASSERT_EQ(braid_member_name_set(bond.port(), nullptr), 0);
	ASSERT_EQ(bond.remove("own"), 0);
	ASSERT_EQ(bond.add(third_.name()), 0);
	EXPECT_EQ(bond.names().back(), third_.name());
}

TEST_F(Rename, AQuestionForANameThatNobodyHasIsNotLogged)
{
	test_bond bond("balance", {&first_});
	log_capture log;
	std::uint32_t id = 77;
	EXPECT_EQ(braid_member_find(bond.port(), "nobody", &id), -ENOENT);
	EXPECT_EQ(id, 77u);
	EXPECT_STREQ(braid_error_text(), "there is no member \"nobody\"");
	EXPECT_EQ(log.text(), "");
}

// Through telemetry, which cuts what is too long: it must not act on the rest.
TEST_F(Rename, ManyAtOnceThroughTelemetry)
{
	test_bond bond("balance", {&first_, &second_});
	telemetry_client telemetry;
	const std::string swap = "/braid/member_rename,net_braid0,";
	EXPECT_NE(telemetry.ask(swap + first_.name() + "," + second_.name() + "," + second_.name() + "," + first_.name())
	                  .find("\"ok\""), std::string::npos);
	EXPECT_EQ(bond.names(), (texts{second_.name(), first_.name()}));
	EXPECT_EQ(number_in(telemetry.ask(swap + first_.name() + ",wan," + second_.name()), "errno"), unsigned{EINVAL});
	EXPECT_EQ(number_in(telemetry.ask(swap + first_.name() + ",wan,nobody,lan"), "errno"), unsigned{ENOENT});
	std::string long_one = swap + first_.name() + ",wan";
	while (long_one.size() < 1023) // with names so long that it has too many bytes before it has too many parameters
		long_one += "," + first_.name() + ",wide_area_network";
	EXPECT_EQ(number_in(telemetry.ask(long_one), "errno"), unsigned{E2BIG});
	EXPECT_EQ(bond.names(), (texts{second_.name(), first_.name()}));
}

} // namespace
} // namespace braid
