/* SPDX-License-Identifier: BSD-3-Clause */
// The bond's own RTE_ETH_EVENT_INTR_LSC: raised at a failover if that is asked for, and held back by nothing.
#include "event_recorder.hpp"
#include "event_stage.hpp"
#include "link_listener.hpp"

#include <atomic>

namespace braid {
namespace {

class LscOnFailover : public event_stage {};

TEST_F(LscOnFailover, RaisesTheBondsLscWhenAnotherMemberBecomesActive)
{
	test_bond bond(devargs("active-backup"));
	EXPECT_EQ(bond.info().lsc_on_failover, 0u) << "the default";
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(second_.name()), 0);
	const link_listener lsc(bond);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(eventually([&] { return lsc.count() == 1; })) << "the first link came up";

	event_recorder told(bond);
	first_.set_link(false);
	told.settle();
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(lsc.count(), 1u) << "not asked for";

	ASSERT_EQ(braid_lsc_on_failover_set(bond.port(), 1), 0);
	EXPECT_EQ(bond.info().lsc_on_failover, 1u);
	first_.set_link(true);
	ASSERT_EQ(bond.primary(first_.name()), 0);
	EXPECT_EQ(bond.active(), first_.name());
	EXPECT_TRUE(eventually([&] { return lsc.count() == 2; }));
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return lsc.count() == 3; }));
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	told.settle();
	EXPECT_EQ(lsc.count(), 3u) << "nobody is the active one in other modes";
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	EXPECT_TRUE(eventually([&] { return lsc.count() == 4; })) << "and now one is";
	EXPECT_EQ(braid_lsc_on_failover_set(bond.port(), 2), -EINVAL);
}

// There is always one more event to tell: each makes the next.
TEST_F(LscOnFailover, IsNotHeldBackByEventsThatNeverEnd)
{
	test_bond bond(devargs("balance"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	const link_listener lsc(bond);
	static std::atomic<unsigned> renames;
	renames = 0;
	const auto rename_again = [](std::uint16_t port, const braid_event *e, void *) {
		if (e->kind == BRAID_EVENT_MEMBER_RENAMED)
			braid_member_rename(port, e->member_id, ++renames % 2 == 0 ? "even" : "odd");
	};
	ASSERT_EQ(braid_event_callback_register(bond.port(), rename_again, nullptr), 0);
	ASSERT_EQ(bond.rename(first_.name(), "even"), 0);
	ASSERT_TRUE(eventually([&] { return renames > 100; }));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(eventually([&] { return lsc.count() == 1; })) << "the first link came up";
	const unsigned before = renames;
	EXPECT_TRUE(eventually([&] { return renames > before + 100; })) << "and the events go on";
	ASSERT_EQ(braid_event_callback_unregister(bond.port(), rename_again, nullptr), 0);
}

// Which may take its time.
TEST_F(LscOnFailover, AndEventsAreNotHeldUpByADeviceThatIsBeingAttached)
{
	fake_port slow({.plugged = false});
	test_bond bond(devargs("active-backup"));
	ASSERT_EQ(bond.add(first_.name()), 0);
	ASSERT_EQ(bond.add(slow.name()), 0);
	const link_listener lsc(bond);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(eventually([&] { return lsc.count() == 1; })) << "the first link came up";
	event_recorder told(bond);
	slow.hold(fake_op::start);
	ASSERT_EQ(slow.plug(), 0);
	ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::start) == 1; }));
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return lsc.count() == 2; })) << "the last link went down";
	EXPECT_TRUE(eventually([&] { return told.count(BRAID_EVENT_LINK_DOWN) == 1; }));
	EXPECT_EQ(slow.waiting(fake_op::start), 1u);
	slow.release(fake_op::start);
	EXPECT_TRUE(eventually([&] { return lsc.count() == 3; })) << "its link is up";
}

} // namespace
} // namespace braid
