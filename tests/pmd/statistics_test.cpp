/* SPDX-License-Identifier: BSD-3-Clause */
// Statistics of a bond: what its members have counted since they joined, kept when they leave, and never falling.
#include "test_bond.hpp"

#include "sdk.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>

namespace braid {
namespace {

rte_eth_stats stats_of(const test_bond &bond)
{
	rte_eth_stats stats{};
	EXPECT_EQ(rte_eth_stats_get(bond.port(), &stats), 0);
	return stats;
}

// Counters per queue, read as the release of DPDK has them.
std::vector<sdk::queue_counters> queues_of(const test_bond &bond)
{
	std::vector<sdk::queue_counters> queues;
	rte_eth_stats stats;
	EXPECT_EQ(sdk::read_stats(bond.port(), stats,
	                          [&](unsigned, const sdk::queue_counters &one) { queues.push_back(one); }),
	          0);
	return queues;
}

void inject(fake_port &port, unsigned n, std::uint16_t queue = 0)
{
	for (rte_mbuf *packet : make_burst(n))
		if (!port.inject(queue, packet)) {
			ADD_FAILURE() << port.name() << " takes no packet";
			rte_pktmbuf_free(packet);
		}
}

// Uses the port for something else before it becomes a member, so that its counters do not begin at 0.
void send_alone(fake_port &port, unsigned n)
{
	const std::uint16_t id = port.port_id();
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(id, 1, 1, &conf), 0);
	ASSERT_EQ(rte_eth_rx_queue_setup(id, 0, 64, SOCKET_ID_ANY, nullptr, eal_mempool()), 0);
	ASSERT_EQ(rte_eth_tx_queue_setup(id, 0, 64, SOCKET_ID_ANY, nullptr), 0);
	ASSERT_EQ(rte_eth_dev_start(id), 0);
	std::vector<rte_mbuf *> packets = make_burst(n);
	ASSERT_EQ(rte_eth_tx_burst(id, 0, packets.data(), static_cast<std::uint16_t>(n)), n);
	ASSERT_EQ(rte_eth_dev_stop(id), 0);
}

class Statistics : public mbuf_accounting {
protected:
	static fake_options forgetful()
	{
		fake_options options;
		options.stats_reset_on_start = true;
		return options;
	}

	fake_port first_, second_;
};

TEST_F(Statistics, AreSumsOverTheMembers)
{
	test_bond bond("round-robin", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	inject(first_, 3);
	inject(second_, 4);
	EXPECT_EQ(bond.receive(), 7);
	first_.set_errors({.imissed = 1, .ierrors = 2, .oerrors = 3, .rx_nombuf = 4});
	second_.set_errors({.imissed = 10, .ierrors = 20, .oerrors = 30, .rx_nombuf = 40});
	const rte_eth_stats stats = stats_of(bond);
	EXPECT_EQ(stats.opackets, 10u);
	EXPECT_EQ(stats.ipackets, 7u);
	EXPECT_EQ(stats.obytes, first_.tx_bytes() + second_.tx_bytes());
	EXPECT_EQ(stats.ibytes, first_.rx_bytes() + second_.rx_bytes());
	EXPECT_EQ(stats.imissed, 11u);
	EXPECT_EQ(stats.ierrors, 22u);
	EXPECT_EQ(stats.oerrors, 33u);
	EXPECT_EQ(stats.rx_nombuf, 44u);
}

TEST_F(Statistics, PerQueueAreSumsOverTheMembersQueues)
{
	test_bond bond("round-robin", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(3), 0);
	EXPECT_EQ(bond.send(make_burst(10), 0), 10);
	EXPECT_EQ(bond.send(make_burst(20), 2), 20);
	inject(second_, 5, 1);
	EXPECT_EQ(bond.receive(1), 5);
	ASSERT_EQ(bond.remove(second_.name()), 0);
	const std::vector<sdk::queue_counters> queues = queues_of(bond);
	EXPECT_EQ(queues.at(0).tx_packets, 10u);
	EXPECT_EQ(queues.at(1).tx_packets, 0u);
	EXPECT_EQ(queues.at(2).tx_packets, 20u);
	EXPECT_EQ(queues.at(2).tx_bytes, first_.tx_bytes(2) + second_.tx_bytes(2));
	EXPECT_EQ(queues.at(0).rx_packets, 0u);
	EXPECT_EQ(queues.at(1).rx_packets, 5u);
	EXPECT_EQ(queues.at(1).rx_bytes, second_.rx_bytes(1));
}

TEST_F(Statistics, WhatAPortDidBeforeItJoinedIsNotTheBonds)
{
	send_alone(first_, 100);
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(stats_of(bond).opackets, 0u);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(stats_of(bond).opackets, 10u);
}

TEST_F(Statistics, OfDepartedMembersAreKept)
{
	test_bond bond("active-backup", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	inject(first_, 3);
	EXPECT_EQ(bond.receive(), 3);
	first_.set_errors({.imissed = 1, .ierrors = 2, .oerrors = 3, .rx_nombuf = 4});
	const std::uint64_t bytes = stats_of(bond).obytes;
	for (unsigned i = 0; i < 3; i++) {
		ASSERT_EQ(bond.remove(first_.name()), 0);
		const rte_eth_stats stats = stats_of(bond);
		EXPECT_EQ(stats.opackets, 10u + i);
		EXPECT_EQ(stats.obytes, bytes / 10 * (10 + i));
		EXPECT_EQ(stats.ipackets, 3u);
		EXPECT_EQ(stats.imissed, 1u);
		EXPECT_EQ(stats.ierrors, 2u);
		EXPECT_EQ(stats.oerrors, 3u);
		EXPECT_EQ(stats.rx_nombuf, 4u);
		ASSERT_EQ(bond.add(first_.name()), 0);
		EXPECT_EQ(stats_of(bond).opackets, 10u + i);
		EXPECT_EQ(bond.send(make_burst(1)), 1);
	}
}

// Mistake 19: a member that starts counting anew made the sum fall, or wrap, or stand still until it caught up.
TEST_F(Statistics, OfAMemberThatForgetsAtItsStartGoOn)
{
	fake_port member(forgetful());
	send_alone(member, 100);
	test_bond bond("balance", {&member});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(stats_of(bond).opackets, 0u);
	EXPECT_EQ(bond.send(make_burst(150)), 150);
	EXPECT_EQ(stats_of(bond).opackets, 150u);
	// More than before, and less: neither may be taken for the difference.
	for (std::uint64_t more : {200, 20}) {
		const std::uint64_t before = stats_of(bond).opackets;
		ASSERT_EQ(bond.stop(), 0);
		EXPECT_EQ(stats_of(bond).opackets, before);
		ASSERT_EQ(bond.start(), 0);
		EXPECT_EQ(stats_of(bond).opackets, before);
		EXPECT_EQ(bond.send(make_burst(static_cast<unsigned>(more))), more);
		EXPECT_EQ(stats_of(bond).opackets, before + more);
	}
	ASSERT_EQ(bond.remove(member.name()), 0);
	EXPECT_EQ(stats_of(bond).opackets, 370u);
}

// Mistake 19: somebody else resets the counters of the member.
TEST_F(Statistics, OfAMemberThatIsResetDoNotFall)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(50)), 50);
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	ASSERT_EQ(rte_eth_stats_reset(first_.port_id()), 0);
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	EXPECT_EQ(bond.send(make_burst(20)), 20);
	EXPECT_EQ(stats_of(bond).opackets, 70u);
}

// Mistake 19: the device is another one after it has been plugged in again.
TEST_F(Statistics, OfAMemberThatIsPluggedInAgainGoOn)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(50)), 50);
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	ASSERT_EQ(first_.unplug(), 0);
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	ASSERT_EQ(first_.plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 1; }));
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	EXPECT_EQ(bond.send(make_burst(60)), 60);
	EXPECT_EQ(stats_of(bond).opackets, 110u);
	EXPECT_EQ(bond.xstat(first_.name() + "_tx_packets"), 110u);
}

TEST_F(Statistics, OfAMemberThatDoesNotAnswerStay)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(50)), 50);
	EXPECT_EQ(stats_of(bond).opackets, 50u);
	first_.fail(fake_op::stats_get, EIO, fake_port::always);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(stats_of(bond).opackets, 50u) << "what is known";
	first_.heal_all();
	EXPECT_EQ(stats_of(bond).opackets, 60u);
}

TEST_F(Statistics, ResetBeginsAtZeroAndForgetsTheDeparted)
{
	test_bond bond("balance", {&first_, &second_});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto dirty = [&] {
		EXPECT_EQ(bond.send(make_burst(30, 0, 16)), 30);
		inject(first_, 3);
		EXPECT_EQ(bond.receive(), 3);
		ASSERT_EQ(bond.remove(second_.name()), 0);
		ASSERT_EQ(bond.remove(first_.name()), 0);
		EXPECT_EQ(bond.send(make_burst(5)), 0);
		ASSERT_EQ(bond.add(first_.name()), 0);
		ASSERT_EQ(bond.add(second_.name()), 0);
		EXPECT_EQ(stats_of(bond).opackets, 30u);
		EXPECT_EQ(bond.xstat("tx_empty_set"), 5u);
	};
	for (const auto reset : {rte_eth_stats_reset, rte_eth_xstats_reset}) {
		dirty();
		ASSERT_EQ(reset(bond.port()), 0);
		const rte_eth_stats stats = stats_of(bond);
		EXPECT_EQ(stats.opackets, 0u);
		EXPECT_EQ(stats.ipackets, 0u);
		EXPECT_EQ(stats.obytes, 0u);
		EXPECT_EQ(bond.xstat("tx_empty_set"), 0u);
		EXPECT_EQ(bond.xstat(first_.name() + "_tx_packets"), 0u);
		EXPECT_EQ(queues_of(bond).at(0).tx_packets, 0u);
	}
	EXPECT_EQ(bond.send(make_burst(7)), 7);
	EXPECT_EQ(stats_of(bond).opackets, 7u);
}

TEST_F(Statistics, PacketsTheBondFreedCountAsErrorsOfTransmission)
{
	test_bond bond("tx_empty=drop,mode=balance");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(9)), 9);
	EXPECT_EQ(stats_of(bond).oerrors, 9u);
	EXPECT_EQ(bond.xstat("tx_dropped"), 9u);
}

struct extended {
	std::vector<std::string> names;
	std::vector<std::uint64_t> values;
};

extended xstats_of(const test_bond &bond)
{
	extended all;
	const int n = rte_eth_xstats_get_names(bond.port(), nullptr, 0);
	EXPECT_GT(n, 0);
	std::vector<rte_eth_xstat_name> names(static_cast<unsigned>(n));
	std::vector<rte_eth_xstat> values(names.size());
	EXPECT_EQ(rte_eth_xstats_get_names(bond.port(), names.data(), names.size()), n);
	EXPECT_EQ(rte_eth_xstats_get(bond.port(), values.data(), static_cast<unsigned>(n)), n);
	EXPECT_EQ(rte_eth_xstats_get(bond.port(), nullptr, 0), n);
	for (std::size_t i = 0; i < names.size(); i++) {
		EXPECT_EQ(values[i].id, i);
		all.names.emplace_back(names[i].name);
		all.values.push_back(values[i].value);
	}
	return all;
}

TEST_F(Statistics, ExtendedHaveOneNameForEachValue)
{
	for (unsigned members : {0, 1, 2}) {
		test_bond bond("mode=balance");
		if (members > 0) {
			ASSERT_EQ(bond.add(first_.name()), 0);
		}
		if (members > 1) {
			ASSERT_EQ(bond.add(second_.name()), 0);
		}
		ASSERT_EQ(bond.bring_up(), 0);
		const extended all = xstats_of(bond);
		EXPECT_EQ(std::set<std::string>(all.names.begin(), all.names.end()).size(), all.names.size());
		EXPECT_EQ(bond.xstat("members"), members);
		EXPECT_EQ(bond.xstat("usable"), members);
		EXPECT_EQ(bond.xstat("generation"), bond.info().generation);
	}
}

TEST_F(Statistics, ExtendedTellWhatEachMemberDid)
{
	test_bond bond("active-backup", {&first_});
	ASSERT_EQ(bond.add(second_.name(), "wan"), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	inject(second_, 4);
	EXPECT_EQ(bond.receive(), 0);
	second_.set_errors({.imissed = 1, .ierrors = 2, .oerrors = 3, .rx_nombuf = 4});
	EXPECT_EQ(bond.xstat(first_.name() + "_tx_packets"), 10u);
	EXPECT_EQ(bond.xstat(first_.name() + "_tx_bytes"), first_.tx_bytes());
	EXPECT_EQ(bond.xstat(first_.name() + "_transmits"), 1u);
	EXPECT_EQ(bond.xstat("wan_transmits"), 0u);
	EXPECT_EQ(bond.xstat("wan_tx_packets"), 0u);
	EXPECT_EQ(bond.xstat("wan_rx_packets"), 4u);
	EXPECT_EQ(bond.xstat("wan_rx_bytes"), second_.rx_bytes());
	EXPECT_EQ(bond.xstat("wan_rx_missed"), 1u);
	EXPECT_EQ(bond.xstat("wan_rx_errors"), 2u);
	EXPECT_EQ(bond.xstat("wan_tx_errors"), 3u);
	EXPECT_EQ(bond.xstat("wan_rx_no_mbuf"), 4u);
	EXPECT_EQ(bond.xstat("rx_backup_dropped"), 4u);
}

TEST_F(Statistics, ExtendedNamesOfLongNamesStayUnique)
{
	const std::string alike(62, 'x');
	test_bond bond("mode=balance");
	ASSERT_EQ(bond.add(first_.name(), (alike + "1").c_str()), 0);
	ASSERT_EQ(bond.add(second_.name(), (alike + "2").c_str()), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(64, 0, 16)), 64);
	const extended all = xstats_of(bond);
	EXPECT_EQ(std::set<std::string>(all.names.begin(), all.names.end()).size(), all.names.size());
	std::vector<std::uint64_t> sent;
	for (std::size_t i = 0; i < all.names.size(); i++)
		if (all.names[i].starts_with("xxxx") && all.names[i].ends_with("_tx_packets"))
			sent.push_back(all.values[i]);
	EXPECT_EQ(sent, (std::vector<std::uint64_t>{first_.tx_packets(), second_.tx_packets()}));
}

TEST_F(Statistics, GenerationCountsChangesOfWhatBurstsSee)
{
	test_bond bond("balance", {&first_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::uint64_t generation = bond.info().generation;
	const auto grown_by = [&] {
		const std::uint64_t now = bond.info().generation;
		return now - std::exchange(generation, now);
	};
	ASSERT_EQ(bond.add(second_.name()), 0);
	EXPECT_EQ(grown_by(), 1u);
	ASSERT_EQ(bond.remove(second_.name()), 0);
	EXPECT_EQ(grown_by(), 1u) << "though it is published in two steps";
	EXPECT_EQ(bond.add(first_.name()), -EEXIST);
	EXPECT_EQ(bond.remove("nobody"), -ENOENT);
	second_.fail(fake_op::start, EIO);
	EXPECT_EQ(bond.add(second_.name()), -EIO);
	EXPECT_EQ(grown_by(), 0u) << "what failed changed nothing";
	first_.set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 0; }));
	EXPECT_EQ(grown_by(), 1u);
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_LE(grown_by(), 1u);
}

// Mistake 19: whatever comes and goes, whoever reads sees sums that only grow.
TEST_F(Statistics, NeverFallWhileMembersComeAndGo)
{
	fake_port third(forgetful());
	test_bond bond("round-robin", {&first_, &second_, &third});
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> stop{false};
	std::atomic<std::uint64_t> taken{0};
	std::thread forwarding([&] {
		while (!stop) {
			taken += bond.send(make_burst(32));
			bond.receive();
		}
	});
	std::atomic<unsigned> read{0};
	std::thread reading([&] {
		rte_eth_stats last{};
		while (!stop) {
			const rte_eth_stats now = stats_of(bond);
			EXPECT_GE(now.opackets, last.opackets);
			EXPECT_GE(now.obytes, last.obytes);
			EXPECT_GE(now.ipackets, last.ipackets);
			last = now;
			read++;
		}
	});
	for (unsigned i = 0; i < 60; i++) {
		fake_port &port = i % 3 == 0 ? first_ : i % 3 == 1 ? second_ : third;
		const unsigned before = read;
		EXPECT_EQ(bond.remove(port.name()), 0);
		EXPECT_EQ(bond.add(port.name()), 0);
		EXPECT_TRUE(eventually([&] { return read > before; }));
	}
	stop = true;
	forwarding.join();
	reading.join();
	EXPECT_EQ(stats_of(bond).opackets, taken);
	EXPECT_EQ(first_.tx_packets() + second_.tx_packets() + third.tx_packets(), taken);
}

} // namespace
} // namespace braid
