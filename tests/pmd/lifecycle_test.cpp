/* SPDX-License-Identifier: BSD-3-Clause */
// Configure, start, stop, reconfigure, close: in every order, with members before, after and in between.
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <rte_bus_vdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <random>

namespace braid {
namespace {

class Lifecycle : public mbuf_accounting {};

TEST_F(Lifecycle, MembersMayComeBeforeConfigureOrAfterStart)
{
	fake_port early, late;
	test_bond first("mode=active-backup,member=" + early.name(), "net_braid0");
	ASSERT_EQ(first.bring_up(), 0);
	test_bond second("mode=active-backup,mac=" + mac_of(early.port_id()), "net_braid1");
	ASSERT_EQ(second.bring_up(), 0);
	late.clear_calls();
	ASSERT_EQ(second.add(late.name()), 0) << braid_error_text();

	const std::vector<std::string> rest = {"rx_queue_setup 0 desc=64", "tx_queue_setup 0 desc=64", "start"};
	std::vector<std::string> expected = {"probe", "configure rx=1 tx=1"};
	expected.insert(expected.end(), rest.begin(), rest.end());
	EXPECT_EQ(early.history(), expected);
	expected = {"configure rx=1 tx=1", rest[0], rest[1], "mac_set " + text_of(early.mac()), "start"};
	EXPECT_EQ(late.history(), expected);
	EXPECT_EQ(first.send(make_burst(5)), 5);
	EXPECT_EQ(second.send(make_burst(7)), 7);
	EXPECT_EQ(early.tx_packets(), 5u);
	EXPECT_EQ(late.tx_packets(), 7u);
}

TEST_F(Lifecycle, StopAndStartAgainKeepsMembersAndTheirNames)
{
	fake_port a, b;
	test_bond bond("balance", {&a, &b});
	ASSERT_EQ(bond.rename(a.name(), "left"), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	for (int round = 0; round < 3; round++) {
		EXPECT_TRUE(a.started() && b.started());
		EXPECT_TRUE(bond.link_up());
		EXPECT_EQ(bond.send(make_burst(32, 0, 32)), 32);
		ASSERT_EQ(bond.stop(), 0);
		EXPECT_FALSE(a.started() || b.started());
		EXPECT_FALSE(bond.link_up());
		EXPECT_EQ(bond.info_of("left").state, BRAID_MEMBER_CLAIMED);
		ASSERT_EQ(bond.start(), 0);
	}
	EXPECT_EQ(bond.names(), (std::vector<std::string>{"left", b.name()}));
	EXPECT_EQ(a.tx_packets() + b.tx_packets(), 96u);
}

// Mistake 8: polling was lost on a restart (44bf37a702).
TEST_F(Lifecycle, LinksArePolledAfterARestart)
{
	fake_port member;
	test_bond bond("round-robin", {&member});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(bond.link_up());
	member.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 0; }));
	member.set_link(true);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 1; }));
}

// Mistake 8: a member without LSC that was added to a running bond was never polled and never became active.
TEST_F(Lifecycle, AMemberWithoutLscAddedToARunningBondIsPolled)
{
	fake_port member({.announces_lsc = false, .link_is_up = false});
	test_bond bond("mode=active-backup");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(member.name()), 0);
	EXPECT_EQ(bond.active(), "");
	member.set_link(true);
	ASSERT_TRUE(eventually([&] { return bond.active() == member.name(); }));
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(member.tx_packets(), 4u);
}

// Mistake 8: the first-added member is removed, then stop and start met a stale primary.
TEST_F(Lifecycle, TheFirstMemberMayBeRemovedBeforeARestart)
{
	fake_port first, second;
	test_bond bond("mode=active-backup,member=" + first.name() + ",member=" + second.name() +
	               ",primary=" + first.name());
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.active(), first.name());
	ASSERT_EQ(bond.remove(first.name()), 0);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), second.name());
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(second.tx_packets(), 4u);
	EXPECT_FALSE(first.started());
}

// Mistake 8: a reconfiguration dropped the members (5847b57aed).
TEST_F(Lifecycle, ReconfiguringWithMoreOrFewerQueuesKeepsTheMembers)
{
	fake_port a, b;
	test_bond bond("round-robin", {&a, &b});
	for (const std::uint16_t queues : {1, 4, 2, 8, 1}) {
		ASSERT_EQ(bond.bring_up(queues), 0) << queues;
		EXPECT_EQ(bond.names().size(), 2u);
		for (const fake_port *member : {&a, &b}) {
			EXPECT_EQ(member->rx_queues(), queues);
			EXPECT_EQ(member->tx_queues(), queues);
		}
		const std::uint64_t before = a.tx_packets(queues - 1u) + b.tx_packets(queues - 1u);
		EXPECT_EQ(bond.send(make_burst(10), queues - 1u), 10);
		EXPECT_EQ(a.tx_packets(queues - 1u) + b.tx_packets(queues - 1u), before + 10);
		ASSERT_EQ(bond.stop(), 0);
	}
}

TEST_F(Lifecycle, AMemberWithFewerQueuesIsRefusedUntilTheBondUsesFewer)
{
	fake_port wide, narrow({.max_rx_queues = 2, .max_tx_queues = 2});
	test_bond bond("round-robin", {&wide});
	ASSERT_EQ(bond.configure(4), 0);
	log_capture log;
	EXPECT_EQ(bond.add(narrow.name()), -ENOTSUP);
	EXPECT_NE(std::string(braid_error_text()).find(narrow.name() + ": it has 2 receive queues and the bond uses 4"),
	          std::string::npos)
		<< braid_error_text();
	EXPECT_EQ(owner_of(narrow.port_id()), "");
	ASSERT_EQ(bond.configure(2), 0);
	ASSERT_EQ(bond.add(narrow.name()), 0);
	EXPECT_LT(bond.configure(4), 0) << "the capabilities say 2";
	ASSERT_EQ(bond.bring_up(2), 0);
	EXPECT_EQ(wide.rx_queues(), 2);
	EXPECT_EQ(narrow.rx_queues(), 2);
}

TEST_F(Lifecycle, QueueQOfTheBondIsQueueQOfEachMember)
{
	constexpr std::uint16_t queues = 4;
	fake_port a, b;
	test_bond bond("round-robin", {&a, &b});
	ASSERT_EQ(bond.bring_up(queues), 0);
	for (std::uint16_t q = 0; q < queues; q++) {
		EXPECT_EQ(bond.send(make_burst(2u * (q + 1u)), q), 2 * (q + 1));
		EXPECT_EQ(a.tx_packets(q), q + 1u);
		EXPECT_EQ(b.tx_packets(q), q + 1u);
		ASSERT_TRUE(a.inject(q, make_packet({.sequence = q})));
		ASSERT_TRUE(b.inject(q, make_packet({.sequence = q})));
	}
	for (std::uint16_t q = 0; q < queues; q++) {
		unsigned got = 0;
		EXPECT_TRUE(eventually([&] { return (got += bond.receive(q)) == 2; })) << q;
		EXPECT_EQ(a.rx_packets(q), 1u);
		EXPECT_EQ(b.rx_packets(q), 1u);
	}
}

TEST_F(Lifecycle, MembersComeAndGoWhileStopped)
{
	fake_port a, b, c;
	test_bond bond("balance", {&a});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.add(b.name()), 0);
	ASSERT_EQ(bond.remove(a.name()), 0);
	ASSERT_EQ(bond.add(c.name()), 0);
	ASSERT_EQ(bond.remove(b.name()), 0);
	EXPECT_FALSE(a.started() || b.started() || c.started());
	EXPECT_EQ(b.count(fake_op::start), 0u);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.names(), std::vector<std::string>{c.name()});
	EXPECT_EQ(bond.send(make_burst(9)), 9);
	EXPECT_EQ(c.tx_packets(), 9u);
}

// Steps of an application and an operator in an order that no human would try, against what must be true after each.
TEST_F(Lifecycle, AnyOrderOfStepsLeavesWhatWasAskedFor)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		std::minstd_rand dice(seed);
		std::array<fake_port, 3> ports;
		std::array<bool, 3> joined{};
		bool configured = false, started = false;
		std::uint16_t queues = 1;
		test_bond bond(seed % 2 == 0 ? "mode=balance" : "mode=round-robin");
		for (unsigned step = 0; step < 40; step++) {
			const unsigned which = dice() % 3;
			switch (dice() % 6) {
			case 0:
				if (started)
					break;
				queues = static_cast<std::uint16_t>(1 + dice() % 4);
				ASSERT_EQ(bond.configure(queues), 0);
				configured = true;
				break;
			case 1:
				if (configured) {
					ASSERT_EQ(bond.start(), 0);
					started = true;
				}
				break;
			case 2:
				ASSERT_EQ(bond.stop(), 0);
				started = false;
				break;
			case 3:
			case 4:
				ASSERT_EQ(bond.add(ports[which].name()), joined[which] ? -EEXIST : 0);
				joined[which] = true;
				break;
			case 5:
				ASSERT_EQ(bond.remove(ports[which].name()), joined[which] ? 0 : -ENOENT);
				joined[which] = false;
				break;
			}
			bool any = false;
			for (unsigned i = 0; i < 3; i++) {
				EXPECT_EQ(ports[i].started(), joined[i] && started) << "step " << step;
				EXPECT_EQ(owner_of(ports[i].port_id()), joined[i] ? "net_braid0" : "");
				if (joined[i] && started) {
					EXPECT_EQ(ports[i].rx_queues(), queues);
				}
				any |= joined[i];
			}
			EXPECT_EQ(bond.link_up(), any && started);
			if (started) {
				const auto q = static_cast<std::uint16_t>(dice() % queues);
				EXPECT_EQ(bond.send(make_burst(6, 0, 6), q), any ? 6 : 0) << "step " << step;
			}
		}
	}
}

TEST_F(Lifecycle, AQueueThatWasNotSetUpIsNamedAtStart)
{
	fake_port member;
	test_bond bond("round-robin", {&member});
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(bond.port(), 2, 1, &conf), 0);
	ASSERT_EQ(rte_eth_rx_queue_setup(bond.port(), 0, 64, SOCKET_ID_ANY, nullptr, eal_mempool()), 0);
	log_capture log;
	EXPECT_EQ(bond.start(), -EINVAL);
	EXPECT_EQ(log.count("member " + member.name() + ": receive queue 1: not set up"), 1u) << log.text();
	EXPECT_FALSE(member.started());
}

TEST_F(Lifecycle, ClosingWithMembersRunningGivesThemBackStopped)
{
	fake_port a, b;
	const port_view a_before = look_at(a), b_before = look_at(b);
	{
		test_bond bond("broadcast", {&a, &b});
		ASSERT_EQ(bond.bring_up(2), 0);
		ASSERT_EQ(rte_eth_promiscuous_enable(bond.port()), 0);
		EXPECT_NE(look_at(b), b_before);
		EXPECT_EQ(bond.destroy(), 0);
	}
	EXPECT_EQ(look_at(a), a_before);
	EXPECT_EQ(look_at(b), b_before);
}

TEST_F(Lifecycle, ABondClosedByTheApplicationLeavesTheBusLater)
{
	fake_port member;
	test_bond bond("round-robin", {&member});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint16_t port = bond.port();
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(rte_eth_dev_close(port), 0);
	EXPECT_EQ(rte_eth_dev_is_valid_port(port), 0);
	EXPECT_EQ(owner_of(member.port_id()), "");
	EXPECT_EQ(bond.destroy(), -ENODEV);
	EXPECT_EQ(rte_vdev_uninit("net_braid0"), 0);
	test_bond again("round-robin", {&member});
	EXPECT_EQ(again.names(), std::vector<std::string>{member.name()});
}

TEST_F(Lifecycle, SeveralBondsLiveSideBySide)
{
	std::array<fake_port, 6> ports;
	std::deque<test_bond> bonds;
	for (unsigned i = 0; i < 3; i++) {
		const std::string members = "member=" + ports[2 * i].name() + ",member=" + ports[2 * i + 1].name();
		bonds.emplace_back("mode=" + std::to_string(i) + "," + members, "net_braid" + std::to_string(i));
		ASSERT_EQ(bonds.back().bring_up(), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(bonds[i].send(make_burst(16, 0, 16)), 16);
		EXPECT_EQ(ports[2 * i].tx_packets() + ports[2 * i + 1].tx_packets(), 16u);
		EXPECT_EQ(bonds[i].add(ports[(2 * i + 2) % 6].name()), -EBUSY);
	}
	ports[2].set_link(false);
	EXPECT_TRUE(eventually([&] { return bonds[1].active() == ports[3].name(); }));
	EXPECT_EQ(bonds[0].info().usable, 2u);
	ASSERT_EQ(bonds[1].destroy(), 0);
	EXPECT_EQ(bonds[0].send(make_burst(4)), 4);
	EXPECT_EQ(bonds[2].send(make_burst(4)), 4);
	EXPECT_EQ(bonds[0].add(ports[2].name()), 0) << "free again";
}

TEST_F(Lifecycle, MakingAndDestroyingBondsLeavesNothingBehind)
{
	fake_port a, b;
	{
		test_bond warm_up("balance", {&a});
	} // starts what is kept for the next bond
	const auto threads = thread_count();
	const unsigned ports = port_count();
	for (unsigned round = 0; round < 12; round++) {
		test_bond bond(round % 2 != 0 ? "balance" : "active-backup", {&a});
		ASSERT_EQ(bond.bring_up(1u + round % 3), 0);
		ASSERT_EQ(bond.add(b.name()), 0);
		EXPECT_EQ(bond.send(make_burst(8)), 8);
		EXPECT_EQ(thread_count(), threads + 4) << "a watcher, a worker, a teller and a follower";
	}
	EXPECT_EQ(thread_count(), threads);
	EXPECT_EQ(port_count(), ports);
	EXPECT_EQ(owner_of(a.port_id()), "");
	EXPECT_EQ(owner_of(b.port_id()), "");
	EXPECT_EQ(mbufs_in_use(), 0u);
}

// Mistake 20: links that change while their bond is destroyed. Mistake 9: an alarm that ran after the release.
TEST_F(Lifecycle, LinksMayChangeWhileABondIsDestroyed)
{
	fake_port a({.announces_lsc = true}), b({.announces_lsc = true});
	std::atomic<bool> stop{false};
	std::atomic<unsigned> changes{0};
	std::thread operator_thread([&] {
		for (bool up = false; !stop; up = !up) {
			a.set_link(up);
			b.set_link(!up);
			changes++;
			std::this_thread::yield();
		}
	});
	for (unsigned round = 0; round < 12; round++) {
		test_bond bond("active-backup", {&a, &b});
		ASSERT_EQ(bond.bring_up(), 0);
		const unsigned before = changes;
		EXPECT_TRUE(eventually([&] { return changes > before + 2; }));
	}
	stop = true;
	operator_thread.join();
	EXPECT_EQ(owner_of(a.port_id()), "");
	EXPECT_FALSE(a.started());
}

// Mistake 20: status queried in a loop while bonds are created and destroyed. Mistake 18: a port queried before its
// private data was visible.
TEST_F(Lifecycle, StatusMayBeQueriedWhileBondsComeAndGo)
{
	fake_port member;
	std::atomic<bool> stop{false};
	std::atomic<unsigned> seen{0}, asked{0};
	std::uint16_t next = 0;
	while (rte_eth_dev_is_valid_port(next) != 0)
		next++;
	std::thread reader([&] {
		while (!stop) {
			braid_info info{};
			info.size = sizeof info;
			if (braid_info_get(next, &info) == 0) {
				EXPECT_LE(info.members, 1u);
				seen++;
			}
			std::uint32_t ids[4];
			const int n = braid_members_get(next, ids, 4);
			for (int i = 0; i < n; i++) {
				braid_member_info about{};
				about.size = sizeof about;
				if (braid_member_info_get(next, ids[i], &about) == 0) {
					EXPECT_EQ(about.name, member.name());
				}
			}
			std::uint32_t id = 0;
			if (braid_member_find(next, member.name().c_str(), &id) == 0) {
				EXPECT_EQ(id, 1u);
			}
			asked++;
			std::this_thread::yield();
		}
	});
	for (unsigned round = 0; round < 12; round++) {
		test_bond bond("round-robin", {&member});
		ASSERT_EQ(bond.port(), next);
		ASSERT_EQ(bond.bring_up(), 0);
		const unsigned before = seen;
		EXPECT_TRUE(eventually([&] { return seen > before; }));
	}
	stop = true;
	reader.join();
	EXPECT_GE(asked, 12u);
}

// Mistake 18: a bond asked before it was whole. A command that came in between took a member away that the devargs name, and
// the bond could not be made.
TEST_F(Lifecycle, ABondThatIsBeingMadeIsNotThereYet)
{
	fake_port member;
	std::uint16_t next = 0;
	while (rte_eth_dev_is_valid_port(next) != 0)
		next++;
	member.hold(fake_op::stats_get); // the last thing it is asked when it is claimed
	std::optional<test_bond> bond;
	std::thread maker([&] { bond.emplace("mode=balance,member=" + member.name()); });
	ASSERT_TRUE(eventually([&] { return member.waiting(fake_op::stats_get) == 1; }));
	EXPECT_EQ(braid_member_add(next, member.name().c_str(), nullptr, nullptr), -ENODEV);
	EXPECT_EQ(braid_destroy(next), -ENODEV);
	telemetry_client telemetry;
	EXPECT_EQ(telemetry.ask("/braid/list").find("net_braid0"), std::string::npos);
	EXPECT_NE(telemetry.ask("/braid/show,net_braid0").find("there is no bond"), std::string::npos);
	member.release(fake_op::stats_get);
	maker.join();
	ASSERT_EQ(bond->port(), next);
	EXPECT_EQ(bond->names(), std::vector<std::string>{member.name()});
	EXPECT_NE(telemetry.ask("/braid/list").find("net_braid0"), std::string::npos);
}

// Mistake 18: a port that is added to a bond that is being destroyed, by a call that had begun before and is not its turn yet.
TEST_F(Lifecycle, APortAddedToADyingBondStaysFreeOrIsGivenBack)
{
	fake_port first, slow, late;
	test_bond bond("round-robin", {&first});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint16_t port = bond.port();
	const port_view before = look_at(late);
	slow.hold(fake_op::start);
	std::thread busy([&] { EXPECT_EQ(braid_member_add(port, slow.name().c_str(), nullptr, nullptr), 0); });
	ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::start) == 1; }));
	std::atomic<int> answer{1};
	std::thread adder([&] { answer = braid_member_add(port, late.name().c_str(), nullptr, nullptr); });
	EXPECT_TRUE(stays_false([&] { return answer <= 0; })) << "the bond is busy with another one";
	std::thread destroyer([&] { EXPECT_EQ(bond.destroy(), 0); });
	EXPECT_TRUE(eventually([&] { return braid_policy_set(port, BRAID_POLICY_L23) == -ENODEV; }));
	slow.release(fake_op::start);
	destroyer.join();
	adder.join();
	busy.join();
	EXPECT_EQ(answer, -ENODEV);
	EXPECT_EQ(look_at(late), before);
	EXPECT_EQ(late.count(fake_op::start), 0u);
	EXPECT_EQ(braid_member_add(port, late.name().c_str(), nullptr, nullptr), -ENODEV);
}

class ProbeFailure : public mbuf_accounting {
protected:
	// Probes as the command line does, and expects nothing to be left.
	void fails(const std::string &devargs, int code, const std::string &reason)
	{
		SCOPED_TRACE(devargs);
		const auto threads = thread_count();
		const unsigned ports = port_count(), mbufs = mbufs_in_use();
		log_capture log;
		EXPECT_EQ(rte_vdev_init("net_braid7", devargs.c_str()), code);
		EXPECT_EQ(log.count("net_braid7: "), 1u) << log.text();
		EXPECT_TRUE(log.contains(reason)) << log.text();
		EXPECT_EQ(port_count(), ports);
		EXPECT_EQ(thread_count(), threads);
		EXPECT_EQ(mbufs_in_use(), mbufs);
		for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++)
			EXPECT_NE(owner_of(port), "net_braid7");
		EXPECT_LT(rte_vdev_uninit("net_braid7"), 0) << "there is no such device";
	}
};

TEST_F(ProbeFailure, LeavesNothingBehind)
{
	fake_port free_port, owned;
	{
		test_bond warm_up("balance", {&free_port});
	}
	test_bond other("round-robin", {&owned});
	const port_view before = look_at(free_port);

	const std::string good = "member=" + free_port.name();
	fails("speed=10", -EINVAL, "\"speed\" is no key");
	fails(good + ",mode=lacp", -ENOTSUP, "mode: ");
	fails(good + ",mode=fast", -EINVAL, "mode: ");
	fails(good + ",mode=", -EINVAL, "mode: ");
	fails(good + ",lsc_poll_period_ms=0", -EINVAL, "lsc_poll_period_ms: ");
	// Not EEXIST: the bus takes that for success and says nothing.
	fails(good + "," + good, -EINVAL, "member: ");
	fails(good + ",member=net_braid7", -EINVAL, "member: ");
	fails(good + ",member=" + owned.name(), -EBUSY, "owned by net_braid0");
	fails(good + ",member=net_braid0", -ELOOP, "member: ");
	fails(good + ",member=" + std::to_string(free_port.port_id()), -EINVAL, "member: ");

	EXPECT_EQ(look_at(free_port), before);
	EXPECT_EQ(free_port.count(fake_op::configure), 0u);
	test_bond works("mode=round-robin,member=" + free_port.name(), "net_braid7");
	EXPECT_EQ(works.names(), std::vector<std::string>{free_port.name()});
}

TEST_F(ProbeFailure, WithoutAFreePortSaysSo)
{
	{
		test_bond warm_up;
	}
	std::deque<fake_port> all;
	while (port_count() < RTE_MAX_ETHPORTS)
		all.emplace_back();
	fails("member=" + all.front().name(), -ENOMEM, "no free ethdev port");
	EXPECT_EQ(owner_of(all.front().port_id()), "");
}

TEST_F(ProbeFailure, WithoutMemoryForThePortSaysSo)
{
	{
		test_bond warm_up;
	}
	std::vector<void *> all; // that EAL has
	for (std::size_t size = std::size_t{1} << 28; size >= RTE_CACHE_LINE_SIZE; size /= 2)
		while (void *const block = rte_malloc(nullptr, size, 0))
			all.push_back(block);
	fails("socket_id=" + std::to_string(rte_socket_id_by_idx(0)), -ENOMEM,
	      "no memory for the port on socket " + std::to_string(rte_socket_id_by_idx(0)));
	for (void *const block : all)
		rte_free(block);
	const test_bond works({}, "net_braid7");
}

} // namespace
} // namespace braid
