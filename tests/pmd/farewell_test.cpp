/* SPDX-License-Identifier: BSD-3-Clause */
// A device that is gone, and a worker that comes late to say so: nothing that is the member's by then may be touched.
#include "busy_worker.hpp"
#include "event_recorder.hpp"
#include "test_bond.hpp"

#include <atomic>
#include <thread>

namespace braid {
namespace {

class Farewell : public mbuf_accounting {};

TEST_F(Farewell, OfALostDeviceLeavesThePortAloneThatTheMemberHasByThen)
{
	fake_port stays, goes({.announces_rmv = true}), last({.announces_rmv = true});
	test_bond bond("round-robin", {&stays, &goes, &last});
	ASSERT_EQ(bond.bring_up(), 0);
	busy_worker worker(bond);
	ASSERT_TRUE(goes.vanish());
	ASSERT_EQ(goes.unplug(), 0);
	ASSERT_EQ(goes.plug(), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0) << "attaches what is there";
	ASSERT_EQ(bond.info_of(goes.name()).state, BRAID_MEMBER_RUNNING);

	ASSERT_TRUE(last.vanish());
	worker.let_go();
	ASSERT_TRUE(eventually([&] { return bond.info_of(last.name()).state == BRAID_MEMBER_PENDING; }))
		<< "one farewell after the other";
	EXPECT_TRUE(goes.started());
	EXPECT_EQ(bond.info_of(goes.name()).state, BRAID_MEMBER_RUNNING);
	EXPECT_EQ(bond.info().usable, 2u);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
}

TEST_F(Farewell, OfADeviceThatVanishedWhileItWasAddedTouchesNothingAfterTheBondIsClosed)
{
	fake_port stays, goes({.announces_rmv = true});
	test_bond bond("round-robin", {&stays});
	ASSERT_EQ(bond.bring_up(), 0);
	busy_worker worker(bond);
	goes.hold(fake_op::link_update); // the last question of an attachment
	std::atomic<int> added{0};
	std::thread adder([&] { added = bond.add(goes.name(), "late"); });
	ASSERT_TRUE(eventually([&] { return goes.waiting(fake_op::link_update) > 0; }));
	ASSERT_TRUE(goes.vanish());
	goes.release(fake_op::link_update);
	adder.join();
	EXPECT_EQ(added, -ENODEV);
	goes.bury();
	std::thread opener([&] { worker.let_go(); });
	EXPECT_EQ(bond.destroy(), 0);
	opener.join();
	EXPECT_EQ(goes.violations(), 0u);
	rte_eth_dev_owner owner{};
	ASSERT_EQ(rte_eth_dev_owner_get(goes.port_id(), &owner), 0);
	EXPECT_EQ(owner.id, std::uint64_t{RTE_ETH_DEV_NO_OWNER}) << owner.name;
}

TEST_F(Farewell, IsNotHeldUpByThePortOfAMemberThatCannotJoin)
{
	fake_port member({.announces_lsc = true});
	test_bond bond("round-robin", {&member});
	ASSERT_EQ(bond.add("net_braid1", "odd"), 0); // appears soon, and is a bond
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	test_bond other("", "net_braid1");
	ASSERT_TRUE(eventually([&] { return events.count(BRAID_EVENT_ATTACH_FAILED) == 1; }));
	member.set_link(false);
	EXPECT_TRUE(eventually([&] { return events.count(BRAID_EVENT_MEMBER_UNUSABLE) == 1; }));
	EXPECT_EQ(events.count(BRAID_EVENT_ATTACH_FAILED), 1u) << "it is told once";
}

} // namespace
} // namespace braid
