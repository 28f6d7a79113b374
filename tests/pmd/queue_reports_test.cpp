/* SPDX-License-Identifier: BSD-3-Clause */
// What can be asked of a bond's queues: descriptors, waiting packets, burst modes, and the dump.
#include "test_bond.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace braid {
namespace {

class QueueReports : public mbuf_accounting {};

TEST_F(QueueReports, DescriptorCountsAreFittedToEachMember)
{
	fake_port coarse({.min_descriptors = 128}), fine({.min_descriptors = 32});
	test_bond bond;
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(bond.port(), 1, 1, &conf), 0);
	ASSERT_EQ(rte_eth_rx_queue_setup(bond.port(), 0, 50, SOCKET_ID_ANY, nullptr, eal_mempool()), 0);
	ASSERT_EQ(rte_eth_tx_queue_setup(bond.port(), 0, 10, SOCKET_ID_ANY, nullptr), 0);
	ASSERT_EQ(bond.start(), 0);
	ASSERT_EQ(bond.add(coarse.name()), 0);
	ASSERT_EQ(bond.add(fine.name()), 0);
	const auto has = [](const fake_port &port, const char *call) {
		const std::vector<std::string> calls = port.history();
		return std::find(calls.begin(), calls.end(), call) != calls.end();
	};
	EXPECT_TRUE(has(coarse, "rx_queue_setup 0 desc=128"));
	EXPECT_TRUE(has(coarse, "tx_queue_setup 0 desc=128"));
	EXPECT_TRUE(has(fine, "rx_queue_setup 0 desc=56")) << "rounded up to a multiple of 8";
	EXPECT_TRUE(has(fine, "tx_queue_setup 0 desc=32"));
	rte_eth_rxq_info rx{};
	rte_eth_txq_info tx{};
	ASSERT_EQ(rte_eth_rx_queue_info_get(bond.port(), 0, &rx), 0);
	ASSERT_EQ(rte_eth_tx_queue_info_get(bond.port(), 0, &tx), 0);
	EXPECT_EQ(rx.nb_desc, 50);
	EXPECT_EQ(rx.mp, eal_mempool());
	EXPECT_EQ(tx.nb_desc, 10);
}

TEST_F(QueueReports, BurstModesAndDumpTellWhatTheBondDoes)
{
	fake_port a, b;
	test_bond bond("mode=active-backup,member=" + a.name() + ",member=" + b.name() + ",member=net_fake_absent");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename(a.name(), "uplink"), 0);
	rte_eth_burst_mode mode{};
	ASSERT_EQ(rte_eth_tx_burst_mode_get(bond.port(), 0, &mode), 0);
	EXPECT_STREQ(mode.info, "braid active-backup, 2 of 3 members");
	ASSERT_EQ(rte_eth_rx_burst_mode_get(bond.port(), 0, &mode), 0);
	EXPECT_STREQ(mode.info, "braid active-backup, 2 of 3 members");

	char *text = nullptr;
	std::size_t size = 0;
	std::FILE *const stream = open_memstream(&text, &size);
	EXPECT_EQ(rte_eth_dev_priv_dump(bond.port(), stream), 0);
	std::fclose(stream);
	const std::string dump(text, size);
	std::free(text);
	for (const char *part : {"active-backup", "uplink: ", "net_fake_absent: ", "pending", "running", "transmits"})
		EXPECT_NE(dump.find(part), std::string::npos) << part << " is not in\n" << dump;
	EXPECT_NE(dump.find(a.name()), std::string::npos) << "the device of a renamed member";
}

TEST_F(QueueReports, WaitingPacketsAreCountedOverMembers)
{
	fake_port a, b;
	test_bond bond("round-robin", {&a, &b});
	ASSERT_EQ(bond.bring_up(2), 0);
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 0), 0);
	for (unsigned i = 0; i < 3; i++)
		ASSERT_TRUE(a.inject(0, make_packet({.sequence = i})));
	for (unsigned i = 0; i < 2; i++)
		ASSERT_TRUE(b.inject(0, make_packet({.sequence = i})));
	ASSERT_TRUE(b.inject(1, make_packet({})));
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 0), 5);
	EXPECT_EQ(rte_eth_rx_queue_count(bond.port(), 1), 1);
	EXPECT_EQ(bond.receive(0) + bond.receive(1), 6);
}

} // namespace
} // namespace braid
