/* SPDX-License-Identifier: BSD-3-Clause */
// What a bond tells its listeners: each thing once, in order, with time and generation.
#include "event_recorder.hpp"
#include "event_stage.hpp"

#include <string>
#include <vector>

namespace braid {
namespace {

using kinds = std::vector<braid_event_kind>;

class Events : public event_stage {};

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

} // namespace
} // namespace braid
