/* SPDX-License-Identifier: BSD-3-Clause */
// Who carries packets by an operator's will: nobody with fewer than min_links, not who is disabled, and backups receive if they
// are asked to.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "preferences.hpp"

#include <array>
#include <string>

namespace braid {
namespace {

class WhoCarries : public preferences {};

TEST_F(WhoCarries, WithTooFewLinksNobodyTransmitsAndReceiveGoesOn)
{
	for (const char *mode : {"round-robin", "active-backup", "balance", "broadcast"}) {
		SCOPED_TRACE(mode);
		fake_port one(raising_lsc()), two(raising_lsc());
		const std::string members = ",member=" + one.name() + ",member=" + two.name();
		test_bond bond(exactly{std::string(patient) + ",min_links=2,mode=" + mode + members});
		ASSERT_EQ(bond.bring_up(), 0);
		event_recorder events(bond);
		EXPECT_TRUE(bond.link_up());
		EXPECT_EQ(bond.info().min_links, 2u);
		EXPECT_EQ(bond.send(make_burst(4)), 4);
		const std::uint64_t sent = two.tx_packets();

		ASSERT_TRUE(one.set_link(false));
		EXPECT_FALSE(bond.link_up());
		EXPECT_EQ(bond.send(make_burst(4)), 0);
		EXPECT_EQ(two.tx_packets(), sent);
		EXPECT_EQ(bond.xstat("tx_empty_set"), 4u) << "as with no member";
		EXPECT_EQ(bond.info_of(one.name()).why_not, BRAID_WHY_NOT_LINK_DOWN);
		EXPECT_EQ(bond.info_of(two.name()).why_not, BRAID_WHY_NOT_MIN_LINKS);
		EXPECT_EQ(bond.info_of(two.name()).is_active, 0);
		EXPECT_EQ(bond.info().active, BRAID_NO_MEMBER);
		EXPECT_EQ(bond.info().usable, 1u);
		for (rte_mbuf *packet : make_burst(3))
			ASSERT_TRUE(two.inject(0, packet));
		EXPECT_EQ(bond.receive(), 3);

		ASSERT_TRUE(one.set_link(true));
		EXPECT_TRUE(bond.link_up());
		EXPECT_EQ(bond.send(make_burst(4)), 4);
		events.settle();
		EXPECT_EQ(events.count(BRAID_EVENT_LINK_DOWN), 1u);
		EXPECT_EQ(events.count(BRAID_EVENT_LINK_UP), 1u);
		for (const told &e : events.all())
			if (e.kind == BRAID_EVENT_MEMBER_UNUSABLE) {
				EXPECT_EQ(e.reason, e.name == one.name() ? "link_down" : "min_links");
			}
		EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_UNUSABLE), 2u);
	}
}

TEST_F(WhoCarries, MinLinksIsSetUnderTraffic)
{
	test_bond bond(exactly{line("", "")});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread traffic(bond.port());
	ASSERT_TRUE(traffic.sends());
	ASSERT_EQ(braid_min_links_set(bond.port(), 3), 0);
	EXPECT_FALSE(bond.link_up());
	EXPECT_TRUE(traffic.goes_on());
	ASSERT_EQ(bond.add(third_.name()), 0);
	EXPECT_TRUE(bond.link_up());
	EXPECT_TRUE(traffic.sends());
	ASSERT_EQ(bond.remove(third_.name()), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(braid_min_links_set(bond.port(), 0), 0);
	EXPECT_TRUE(traffic.sends());
	EXPECT_EQ(braid_min_links_set(bond.port(), BRAID_MAX_MEMBERS + 1), -EINVAL);
	EXPECT_EQ(bond.info().min_links, 0u);
}

TEST_F(WhoCarries, BackupsDeliverIfTheyAreAskedTo)
{
	test_bond bond(exactly{line(";name=one", ";name=two") + ",all_members_active=1"});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().all_members_active, 1);
	const auto arrives = [&] {
		for (rte_mbuf *packet : make_burst(3))
			EXPECT_TRUE(second_.inject(0, packet));
		return bond.receive();
	};
	EXPECT_EQ(arrives(), 3);
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 0u);
	ASSERT_EQ(braid_all_members_active_set(bond.port(), 0), 0);
	EXPECT_EQ(arrives(), 0);
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 3u);
	ASSERT_EQ(braid_all_members_active_set(bond.port(), 1), 0);
	EXPECT_EQ(arrives(), 3);
	EXPECT_EQ(bond.send(make_burst(2)), 2);
	EXPECT_EQ(second_.tx_packets(), 0u) << "they still transmit nothing";
}

TEST_F(WhoCarries, ADisabledMemberLeavesTheTransmitSetAtOnce)
{
	test_bond bond(exactly{line(";name=one", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_EQ(enable(bond, "one", 0), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 0u);
	EXPECT_EQ(second_.tx_packets(), 8u);
	EXPECT_EQ(bond.info_of("one").state, BRAID_MEMBER_RUNNING) << "it is not stopped";
	EXPECT_TRUE(first_.started());
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_UNUSABLE).reason, "disabled");
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond.info_of("one").link_up, 0) << "its link is watched";
	ASSERT_TRUE(first_.set_link(true));
	EXPECT_EQ(bond.active(), "two");
	EXPECT_EQ(bond.info_of("one").why_not, BRAID_WHY_NOT_DISABLED);
	ASSERT_EQ(enable(bond, "two", 0), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 0);
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(enable(bond, "one", 1), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(first_.tx_packets(), 8u);
}

TEST_F(WhoCarries, ADisabledMemberStaysDisabledOverARestart)
{
	test_bond bond(exactly{line(";name=one;enabled=0", ";name=two")});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), "two");
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(bond.info_of("one").why_not, BRAID_WHY_NOT_STOPPED);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), "two");
	EXPECT_EQ(bond.info_of("one").enabled, 0);
}

// In the modes that balance its flows go to the others and come back to it, no other flow moves.
TEST_F(WhoCarries, ADisabledMemberHandsOverItsOwnFlowsOnly)
{
	std::array<fake_port, 3> ports;
	test_bond bond(exactly{std::string(patient) + "," + with_members("balance,xmit_policy=l34,seed=7", ports)});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto shares = [&] {
		std::array<std::uint64_t, 3> before{}, now{};
		for (unsigned i = 0; i < 3; i++)
			before[i] = ports[i].tx_packets();
		EXPECT_EQ(bond.send(make_burst(256, 0, 256)), 256);
		for (unsigned i = 0; i < 3; i++)
			now[i] = ports[i].tx_packets() - before[i];
		return now;
	};
	const std::array<std::uint64_t, 3> all = shares();
	ASSERT_EQ(enable(bond, ports[1].name(), 0), 0);
	const std::array<std::uint64_t, 3> two = shares();
	EXPECT_EQ(two[1], 0u);
	EXPECT_GE(two[0], all[0]);
	EXPECT_GE(two[2], all[2]);
	ASSERT_EQ(enable(bond, ports[1].name(), 1), 0);
	EXPECT_EQ(shares(), all);
}

} // namespace
} // namespace braid
