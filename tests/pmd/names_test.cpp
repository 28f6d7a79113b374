/* SPDX-License-Identifier: BSD-3-Clause */
// Names of members through the API: what may be one, who may have it, and that a rename disturbs nothing.
#include "event_recorder.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace braid {
namespace {

std::vector<std::string> xstat_names(const test_bond &bond)
{
	std::vector<rte_eth_xstat_name> names(2048);
	const int n = rte_eth_xstats_get_names(bond.port(), names.data(), static_cast<unsigned>(names.size()));
	EXPECT_GT(n, 0);
	std::vector<std::string> texts;
	for (int i = 0; i < n; i++)
		texts.emplace_back(names[static_cast<unsigned>(i)].name);
	return texts;
}

bool contains(const std::vector<std::string> &texts, const std::string &text)
{
	return std::find(texts.begin(), texts.end(), text) != texts.end();
}

class Names : public mbuf_accounting {
protected:
	fake_port first_, second_;
};

class InvalidName : public Names, public testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(Rules, InvalidName,
                         testing::Values("", ".", "..", "a/b", "a:b", "a,b", "a=b", "a b", " a", "a\t", "a\n", "a\x7f",
                                         "%", "%s", "a%db%d", "100%", std::string(64, 'x')),
                         [](const auto &info) { return "No" + std::to_string(info.index); });

TEST_P(InvalidName, IsRefusedByRenameAndByAddAndLeavesNothing)
{
	test_bond bond("balance", {&first_});
	const std::uint32_t id = bond.id_of(first_.name());
	EXPECT_EQ(braid_member_rename(bond.port(), id, GetParam().c_str()), -EINVAL);
	EXPECT_STRNE(braid_error_text(), "");
	EXPECT_EQ(bond.names(), std::vector{first_.name()});

	EXPECT_EQ(bond.add(second_.name(), GetParam().c_str()), -EINVAL);
	EXPECT_STRNE(braid_error_text(), "");
	EXPECT_EQ(bond.names(), std::vector{first_.name()});
	rte_eth_dev_owner owner{};
	ASSERT_EQ(rte_eth_dev_owner_get(second_.port_id(), &owner), 0);
	EXPECT_EQ(owner.id, std::uint64_t{RTE_ETH_DEV_NO_OWNER});
}

class ValidName : public Names, public testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(Rules, ValidName,
                         testing::Values("a", "...", ".a", "wan-1.2", "WAN", "caf\xc3\xa9", "a\xa0", "\"<>'&\\", "-",
                                         "0000.01.00.0", std::string(63, 'x')),
                         [](const auto &info) { return "No" + std::to_string(info.index); });

TEST_P(ValidName, IsTakenAndFound)
{
	test_bond bond("balance", {&first_});
	const std::uint32_t id = bond.id_of(first_.name());
	ASSERT_EQ(braid_member_rename(bond.port(), id, GetParam().c_str()), 0);
	EXPECT_EQ(bond.id_of(GetParam()), id);
	EXPECT_EQ(bond.names(), std::vector{GetParam()});
	ASSERT_EQ(bond.remove(GetParam()), 0);
	ASSERT_EQ(bond.add(first_.name(), GetParam().c_str()), 0);
	EXPECT_EQ(bond.names(), std::vector{GetParam()});
}

TEST_F(Names, DefaultToTheDevices)
{
	fake_options absent;
	absent.plugged = false;
	const fake_port pending(absent);
	test_bond bond("balance", {&first_, &pending});
	ASSERT_EQ(bond.add("0000:7f:1f.7"), 0);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{first_.name(), pending.name(), "0000_7f_1f.7"}));
}

TEST_F(Names, AreUnique)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.add(second_.name(), "wan"), 0);
	EXPECT_EQ(bond.rename("wan", first_.name()), -EEXIST);
	EXPECT_NE(std::string(braid_error_text()).find(first_.name()), std::string::npos) << braid_error_text();
	EXPECT_EQ(bond.rename(first_.name(), "wan"), -EEXIST);
	EXPECT_EQ(bond.rename(first_.name(), "Wan"), 0) << "upper and lower case differ";
	fake_port third;
	EXPECT_EQ(bond.add(third.name(), "wan"), -EEXIST);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"Wan", "wan"}));
	ASSERT_EQ(bond.remove("wan"), 0);
	EXPECT_EQ(bond.add(third.name(), "wan"), 0) << "free again";
}

TEST_F(Names, OfAMemberThatCouldNotJoinAreFreeAgain)
{
	fake_port broken;
	broken.fail(fake_op::start, EIO);
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.add(broken.name(), "wan"), -EIO);
	EXPECT_EQ(bond.rename(first_.name(), "wan"), 0);
}

TEST_F(Names, PromisedToAMemberThatIsBeingAddedAreTaken)
{
	fake_port late;
	late.hold(fake_op::start);
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::thread operator_hand([&] { EXPECT_EQ(bond.add(late.name(), "wan"), 0); });
	ASSERT_TRUE(eventually([&] { return late.waiting(fake_op::start) == 1; }));
	EXPECT_EQ(bond.rename(first_.name(), "wan"), -EEXIST);
	EXPECT_EQ(bond.id_of("wan"), BRAID_NO_MEMBER) << "nobody sees it yet";
	EXPECT_EQ(bond.names(), (std::vector<std::string>{first_.name(), second_.name()}));
	EXPECT_EQ(bond.rename(first_.name(), "lan"), 0) << "another name is no matter";
	late.release(fake_op::start);
	operator_hand.join();
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"lan", second_.name(), "wan"}));
}

TEST_F(Names, ATemplateTakesTheLowestFreeNumber)
{
	fake_port third;
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.rename(first_.name(), "wan%d"), 0);
	ASSERT_EQ(bond.rename(second_.name(), "wan%d"), 0);
	ASSERT_EQ(bond.add(third.name(), "wan%d"), 0);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"wan0", "wan1", "wan2"}));
	ASSERT_EQ(bond.rename("wan1", "%d.lan"), 0);
	ASSERT_EQ(bond.rename("wan2", "wan%d"), 0);
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"wan0", "0.lan", "wan1"}));
}

TEST_F(Names, AreFoundBeforeTheNamesOfDevices)
{
	test_bond bond("balance", {&first_, &second_});
	const std::uint32_t first = bond.id_of(first_.name()), second = bond.id_of(second_.name());
	ASSERT_EQ(bond.rename(second_.name(), "lan"), 0);
	EXPECT_EQ(bond.id_of(second_.name()), second) << "by its device";
	ASSERT_EQ(bond.rename(first_.name(), second_.name()), 0);
	EXPECT_EQ(bond.id_of(second_.name()), first) << "that is the name of another member now";
	EXPECT_EQ(bond.id_of("lan"), second);
	EXPECT_EQ(bond.id_of(first_.name()), first) << "by its device";
	EXPECT_EQ(bond.id_of("wan"), BRAID_NO_MEMBER);
	EXPECT_EQ(bond.id_of(""), BRAID_NO_MEMBER);
	// Mistake 14: never by a prefix.
	EXPECT_EQ(bond.id_of("la"), BRAID_NO_MEMBER);
	EXPECT_EQ(bond.id_of("lan0"), BRAID_NO_MEMBER);
	EXPECT_EQ(bond.id_of(first_.name() + "0"), BRAID_NO_MEMBER);
}

TEST_F(Names, ARenameIsToldOnceAndItsOwnNameAgainIsNot)
{
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	const std::uint64_t generation = bond.info().generation;
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.rename("wan", "wan"), 0);
	ASSERT_EQ(bond.rename("wan", second_.name()), -EEXIST);
	EXPECT_EQ(bond.info().generation, generation) << "bursts know no names";
	events.settle();
	const std::vector<told> all = events.all();
	ASSERT_EQ(all.size(), 1u);
	EXPECT_EQ(all[0].kind, BRAID_EVENT_MEMBER_RENAMED);
	EXPECT_EQ(all[0].id, bond.id_of("wan"));
	EXPECT_EQ(all[0].name, "wan");
	EXPECT_EQ(all[0].old_name, first_.name());
}

TEST_F(Names, LaterEventsCarryTheNameOfTheirTime)
{
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);
	ASSERT_EQ(bond.remove("wan"), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_REMOVED).name, "wan");
}

TEST_F(Names, ARenameUnderTrafficKeepsIdFlowsAndStatistics)
{
	first_.tx_mode(fake_tx::keep);
	test_bond bond("balance,xmit_policy=l34,seed=1", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto flows_of_first = [&] {
		EXPECT_EQ(bond.send(make_burst(256, 0, 256)), 256);
		std::vector<rte_mbuf *> packets = first_.take_tx();
		std::vector<std::uint32_t> flows = sequences_of(packets);
		free_all(packets);
		return flows;
	};
	const std::vector<std::uint32_t> flows = flows_of_first();
	ASSERT_FALSE(flows.empty());
	const braid_member_info before = bond.info_of(first_.name());
	const std::uint64_t sent = bond.xstat(first_.name() + "_tx_packets");
	EXPECT_EQ(sent, flows.size());
	first_.clear_calls();

	ASSERT_EQ(bond.rename(first_.name(), "wan"), 0);

	const braid_member_info after = bond.info_of("wan");
	EXPECT_EQ(after.id, before.id);
	EXPECT_EQ(after.port_id, before.port_id);
	EXPECT_EQ(after.state, BRAID_MEMBER_RUNNING);
	EXPECT_STREQ(after.device, first_.name().c_str());
	EXPECT_TRUE(first_.history().empty()) << "nothing was asked of the device";
	EXPECT_EQ(bond.xstat("wan_tx_packets"), sent);
	EXPECT_FALSE(contains(xstat_names(bond), first_.name() + "_tx_packets"));
	EXPECT_EQ(flows_of_first(), flows);
	EXPECT_EQ(bond.xstat("wan_tx_packets"), 2 * sent);
}

TEST_F(Names, WorkWithoutUsableMembersAndBeforeTheStart)
{
	test_bond bond("balance", {&first_});
	EXPECT_EQ(bond.rename(first_.name(), "before"), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	first_.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 0; }));
	EXPECT_EQ(bond.rename("before", "dark"), 0);
	ASSERT_EQ(first_.unplug(), 0);
	EXPECT_EQ(bond.info_of("dark").state, BRAID_MEMBER_PENDING);
	EXPECT_EQ(bond.rename("dark", "gone"), 0);
	ASSERT_EQ(first_.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info_of("gone").state == BRAID_MEMBER_RUNNING; }));
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(bond.rename("gone", "stopped"), 0);
	EXPECT_EQ(bond.names(), std::vector<std::string>{"stopped"});
}

} // namespace
} // namespace braid
