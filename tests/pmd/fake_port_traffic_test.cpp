/* SPDX-License-Identifier: BSD-3-Clause */
// Packets through a fake port: what it takes, keeps, refuses, hands out, prepares and counts.
#include "bare_port.hpp"

#include <rte_errno.h>

namespace braid {
namespace {

class FakePortTraffic : public mbuf_accounting {};

TEST_F(FakePortTraffic, SinkFreesAndCountsPerQueue)
{
	fake_port port;
	ASSERT_EQ(bring_up(port, 2), 0);
	auto packets = make_burst(5);
	const auto bytes = packets[0]->pkt_len;
	EXPECT_EQ(send(port, packets, 1), 5);
	EXPECT_EQ(port.tx_packets(0), 0u);
	EXPECT_EQ(port.tx_packets(1), 5u);
	EXPECT_EQ(port.tx_bytes(), 5u * bytes);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(FakePortTraffic, KeepStoresPacketsInOrder)
{
	fake_port port;
	port.tx_mode(fake_tx::keep);
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(4, 10)), 4);
	EXPECT_EQ(port.kept(), 4u);
	auto packets = port.take_tx();
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{10, 11, 12, 13}));
	free_all(packets);
	// What a test leaves behind, the port frees: the fixture counts.
	EXPECT_EQ(send(port, make_burst(4)), 4);
	EXPECT_EQ(mbufs_in_use(), 4u);
}

TEST_F(FakePortTraffic, AcceptsNoMoreThanItsLimits)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.tx_accept_limit(0, 3, 5);
	EXPECT_EQ(send(port, make_burst(8)), 3);
	EXPECT_EQ(send(port, make_burst(8)), 2);
	EXPECT_EQ(send(port, make_burst(8)), 0);
	EXPECT_EQ(port.tx_refused(), 5u + 6 + 8);
	port.tx_accept_limit(fake_port::all_queues, fake_port::unlimited, fake_port::unlimited);
	EXPECT_EQ(send(port, make_burst(8)), 8);
}

TEST_F(FakePortTraffic, RefusesTheNthPacketOnceAndLeavesTheTailToTheCaller)
{
	fake_port port;
	port.tx_mode(fake_tx::keep);
	ASSERT_EQ(bring_up(port), 0);
	port.tx_refuse_once(0, 6);
	EXPECT_EQ(send(port, make_burst(3, 0)), 3);
	auto packets = make_burst(4, 3);
	ASSERT_EQ(rte_eth_tx_burst(port.port_id(), 0, packets.data(), 4), 2);
	packets.erase(packets.begin(), packets.begin() + 2);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{5, 6}));
	EXPECT_EQ(send(port, packets), 2);
	auto sent = port.take_tx();
	EXPECT_EQ(sequences_of(sent), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
	free_all(sent);
}

TEST_F(FakePortTraffic, HandsOutWhatWasInjectedAsItsOwn)
{
	fake_port port;
	ASSERT_EQ(bring_up(port, 2), 0);
	for (rte_mbuf *packet : make_burst(5))
		ASSERT_TRUE(port.inject(1, packet));
	EXPECT_EQ(port.rx_pending(1), 5u);
	EXPECT_EQ(rte_eth_rx_queue_count(port.port_id(), 1), 5);
	EXPECT_EQ(rte_eth_rx_descriptor_status(port.port_id(), 1, 4), RTE_ETH_RX_DESC_DONE);
	EXPECT_EQ(rte_eth_rx_descriptor_status(port.port_id(), 1, 5), RTE_ETH_RX_DESC_AVAIL);
	EXPECT_TRUE(receive(port, 8, 0).empty());
	auto packets = receive(port, 3, 1);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{0, 1, 2}));
	EXPECT_EQ(packets[0]->port, port.port_id());
	free_all(packets);
	packets = receive(port, 32, 1);
	EXPECT_EQ(sequences_of(packets), (std::vector<std::uint32_t>{3, 4}));
	free_all(packets);
	EXPECT_EQ(port.rx_packets(), 5u);
}

TEST_F(FakePortTraffic, TakesNoPacketWhenFullOrStopped)
{
	fake_options options;
	options.rx_ring = 2;
	fake_port port(options);
	auto packets = make_burst(3);
	EXPECT_FALSE(port.inject(0, packets[0]));
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_TRUE(port.inject(0, packets[0]));
	EXPECT_TRUE(port.inject(0, packets[1]));
	EXPECT_FALSE(port.inject(0, packets[2]));
	EXPECT_FALSE(port.inject(1, packets[2]));
	rte_pktmbuf_free(packets[2]);
	EXPECT_EQ(port.rx_lost(), 0u);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(port.rx_lost(), 2u);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(FakePortTraffic, VectorReceiveWantsRoomForFour)
{
	fake_options options;
	options.rx_burst_step = 4;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	for (rte_mbuf *packet : make_burst(10))
		ASSERT_TRUE(port.inject(0, packet));
	EXPECT_TRUE(receive(port, 3).empty());
	auto packets = receive(port, 7);
	EXPECT_EQ(packets.size(), 4u);
	free_all(packets);
	packets = receive(port, 32);
	EXPECT_EQ(packets.size(), 6u);
	free_all(packets);
}

TEST_F(FakePortTraffic, PrepareRefusesTheNthPacketWithItsErrno)
{
	fake_options options;
	options.prepare = fake_prepare::second;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	port.prepare_refuse_once(6, EINVAL);
	auto packets = make_burst(4);
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 4);
	rte_errno = 0;
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 1);
	EXPECT_EQ(rte_errno, EINVAL);
	EXPECT_EQ(rte_eth_tx_prepare(port.port_id(), 0, packets.data(), 4), 4);
	EXPECT_EQ(port.prepared(), 9u);
	EXPECT_EQ(port.count(fake_op::tx_prepare), 3u);
	free_all(packets);
}

TEST_F(FakePortTraffic, FirstAndSecondPrepareAreTwoFunctions)
{
	fake_options options;
	options.prepare = fake_prepare::first;
	const fake_port a(options), b(options);
	options.prepare = fake_prepare::second;
	const fake_port c(options);
	for (const auto *port : {&a, &b, &c})
		ASSERT_EQ(bring_up(*port), 0);
	const auto prepare_of = [](const fake_port &p) { return rte_eth_fp_ops[p.port_id()].tx_pkt_prepare; };
	EXPECT_EQ(prepare_of(a), prepare_of(b));
	EXPECT_NE(prepare_of(a), prepare_of(c));
}

TEST_F(FakePortTraffic, StatisticsAreARealDrivers)
{
	fake_options options;
	options.stats_reset_on_start = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	const auto id = port.port_id();
	send(port, make_burst(6));
	ASSERT_TRUE(port.inject(0, make_packet({})));
	auto packets = receive(port, 4);
	free_all(packets);
	port.set_errors({.imissed = 1, .ierrors = 2, .oerrors = 3, .rx_nombuf = 4});
	rte_eth_stats stats;
	ASSERT_EQ(rte_eth_stats_get(id, &stats), 0);
	EXPECT_EQ(stats.opackets, 6u);
	EXPECT_EQ(stats.ipackets, 1u);
	EXPECT_EQ(stats.imissed, 1u);
	EXPECT_EQ(stats.ierrors, 2u);
	EXPECT_EQ(stats.oerrors, 3u);
	EXPECT_EQ(stats.rx_nombuf, 4u);

	std::uint64_t xstat = 0, bursts = 0;
	ASSERT_EQ(rte_eth_xstats_get_id_by_name(id, "fake_tx_bursts", &xstat), 0);
	ASSERT_EQ(rte_eth_xstats_get_by_id(id, &xstat, &bursts, 1), 1);
	EXPECT_EQ(bursts, 1u);

	ASSERT_EQ(rte_eth_dev_stop(id), 0);
	ASSERT_EQ(rte_eth_dev_start(id), 0);
	ASSERT_EQ(rte_eth_stats_get(id, &stats), 0);
	EXPECT_EQ(stats.opackets, 0u);
	EXPECT_EQ(stats.imissed, 0u);
	EXPECT_EQ(port.tx_packets(), 6u);
}

} // namespace
} // namespace braid
