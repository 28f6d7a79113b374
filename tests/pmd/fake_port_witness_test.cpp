/* SPDX-License-Identifier: BSD-3-Clause */
// The fake port is a witness in every other test, so here it is shown to see what no application may do, and to tell it.
#include "bare_port.hpp"

#include <gtest/gtest-spi.h>

#include <memory>
#include <thread>

namespace braid {
namespace {

class FakePortWitness : public mbuf_accounting {};

// Takes the one violation that is expected and says whether it speaks of `part`.
testing::AssertionResult one_violation(fake_port &port, const std::string &part)
{
	const auto texts = port.take_violations();
	if (texts.size() == 1 && texts[0].find(part) != std::string::npos)
		return testing::AssertionSuccess();
	auto result = testing::AssertionFailure() << texts.size() << " violations";
	for (const auto &text : texts)
		result << "\n" << text;
	return result;
}

TEST_F(FakePortWitness, NoticesBurstsOnAPortThatIsNotStarted)
{
	fake_port port;
	EXPECT_EQ(send(port, make_burst(1)), 0);
	EXPECT_TRUE(one_violation(port, "tx burst of queue 0 while the port is not started"));
	ASSERT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(1)), 1);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(port.violations(), 0u);
	EXPECT_TRUE(receive(port, 4).empty());
	EXPECT_TRUE(one_violation(port, "rx burst of queue 0 while the port is not started"));
}

// A forwarding thread that has looked the function and the queue up keeps using them, whatever ethdev shows
// by then.
struct cached_queue {
	explicit cached_queue(const fake_port &port)
		: burst(rte_eth_fp_ops[port.port_id()].tx_pkt_burst), queue(rte_eth_fp_ops[port.port_id()].txq.data[0])
	{}
	eth_tx_burst_t burst;
	void *queue;
};

TEST_F(FakePortWitness, NoticesABurstThroughAPointerKeptTooLong)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	const cached_queue kept(port);
	auto packets = make_burst(1);
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_EQ(kept.burst(kept.queue, packets.data(), 1), 0);
	EXPECT_TRUE(one_violation(port, "not started"));
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_EQ(kept.burst(kept.queue, packets.data(), 1), 0);
	EXPECT_TRUE(one_violation(port, "no more"));
	free_all(packets);
}

TEST_F(FakePortWitness, NoticesTwoThreadsInOneQueue)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::tx_burst);
	std::thread first([&] { EXPECT_EQ(send(port, make_burst(1)), 1); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::tx_burst) == 1; }));
	EXPECT_EQ(send(port, make_burst(1)), 0);
	EXPECT_TRUE(one_violation(port, "two threads in tx burst of queue 0"));
	port.release(fake_op::tx_burst);
	first.join();
}

TEST_F(FakePortWitness, NoticesAStopWhileABurstIsInside)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::rx_burst);
	std::thread receiver([&] { EXPECT_TRUE(receive(port, 4).empty()); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::rx_burst) == 1; }));
	ASSERT_EQ(rte_eth_dev_stop(port.port_id()), 0);
	EXPECT_TRUE(one_violation(port, "stop while a burst is inside queue 0"));
	port.release(fake_op::rx_burst);
	receiver.join();
}

TEST_F(FakePortWitness, NoticesARemovalWhileABurstIsInside)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::tx_burst);
	std::thread sender([&] { send(port, make_burst(1)); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::tx_burst) == 1; }));
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_TRUE(one_violation(port, "removal while a burst is inside queue 0"));
	port.release(fake_op::tx_burst);
	sender.join();
}

TEST_F(FakePortWitness, NoticesTwoChangesAtTheSameTime)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::mtu_set);
	std::thread first([&] { EXPECT_EQ(rte_eth_dev_set_mtu(port.port_id(), 1400), 0); });
	ASSERT_TRUE(eventually([&] { return port.waiting(fake_op::mtu_set) == 1; }));
	EXPECT_TRUE(link_is_up(port)); // a question may come at any time
	EXPECT_EQ(port.violations(), 0u);
	EXPECT_EQ(rte_eth_promiscuous_enable(port.port_id()), 0);
	EXPECT_TRUE(one_violation(port, "promiscuous_on while another change is going on"));
	port.release(fake_op::mtu_set);
	first.join();
}

TEST_F(FakePortWitness, NoticesSharedPacketsUnderFastFree)
{
	fake_options options;
	options.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	fake_port port(options);
	rte_eth_conf conf{};
	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	ASSERT_EQ(bring_up(port, 1, conf), 0);
	EXPECT_EQ(send(port, make_burst(4)), 4);
	EXPECT_EQ(port.violations(), 0u);
	auto packets = make_burst(2);
	rte_mbuf_refcnt_update(packets[1], 1);
	EXPECT_EQ(send(port, packets), 2);
	EXPECT_TRUE(one_violation(port, "FAST_FREE"));
	rte_pktmbuf_free(packets[1]);
}

TEST_F(FakePortWitness, NoticesABrokenPacketAndLeavesItToTheCaller)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	auto packets = make_burst(2);
	packets[1]->pkt_len += 1;
	EXPECT_EQ(rte_eth_tx_burst(port.port_id(), 0, packets.data(), 2), 1);
	EXPECT_TRUE(one_violation(port, "broken mbuf"));
	packets[1]->pkt_len -= 1;
	rte_pktmbuf_free(packets[1]);
}

TEST_F(FakePortWitness, NoticesAStartWithoutItsQueues)
{
	fake_port port;
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(port.port_id(), 1, 1, &conf), 0);
	EXPECT_LT(rte_eth_dev_start(port.port_id()), 0);
	EXPECT_FALSE(port.started());
	// Newer ethdev refuses by itself.
	const auto texts = port.take_violations();
	EXPECT_EQ(texts.size(), port.count(fake_op::start));
}

TEST_F(FakePortWitness, VanishedItFailsQuietlyAndBuriedItAccuses)
{
	fake_options options;
	options.announces_rmv = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(false, true)), 0);
	const event_counter rmv(RTE_ETH_EVENT_INTR_RMV);
	const auto id = port.port_id();
	EXPECT_TRUE(port.vanish());
	EXPECT_EQ(rmv.seen(), 1u);
	EXPECT_EQ(send(port, make_burst(2)), 0);
	EXPECT_TRUE(receive(port, 4).empty());
	EXPECT_EQ(rte_eth_promiscuous_enable(id), -EIO);
	EXPECT_EQ(port.violations(), 0u);

	port.bury();
	EXPECT_EQ(rte_eth_dev_is_removed(id), 1);
	rte_eth_stats stats;
	EXPECT_EQ(rte_eth_stats_get(id, &stats), -EIO);
	EXPECT_TRUE(one_violation(port, "dead device touched: stats_get"));
	EXPECT_EQ(send(port, make_burst(2)), 0);
	EXPECT_TRUE(one_violation(port, "dead device touched: tx burst"));
	EXPECT_EQ(rte_eth_dev_stop(id), 0);
	EXPECT_EQ(port.violations(), 0u);

	ASSERT_EQ(port.replug(), 0);
	EXPECT_EQ(bring_up(port), 0);
	EXPECT_EQ(send(port, make_burst(2)), 2);
}

TEST_F(FakePortWitness, RaisesRmvOnlyForThoseWhoAskedForIt)
{
	fake_options options;
	options.announces_rmv = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port), 0);
	const event_counter rmv(RTE_ETH_EVENT_INTR_RMV);
	EXPECT_FALSE(port.vanish());
	EXPECT_EQ(rmv.seen(), 0u);
}

TEST_F(FakePortWitness, ForgivesBurstsUntilTheListenersOfItsDestructionAreThrough)
{
	struct listener {
		static int on_destroy(std::uint16_t, rte_eth_event_type, void *self, void *)
		{
			auto &kept = *static_cast<cached_queue *>(self);
			rte_mbuf *packet = make_packet({});
			EXPECT_EQ(kept.burst(kept.queue, &packet, 1), 0);
			rte_pktmbuf_free(packet);
			return 0;
		}
	};
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	cached_queue kept(port);
	ASSERT_EQ(rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, listener::on_destroy, &kept), 0);
	EXPECT_EQ(port.unplug(), 0);
	EXPECT_EQ(port.violations(), 0u);
	rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, listener::on_destroy, &kept);
}

TEST_F(FakePortWitness, FailsTheTestThatDoesNotTakeItsViolations)
{
	EXPECT_NONFATAL_FAILURE(
		{
			const fake_port port;
			send(port, make_burst(1));
		},
		"violation: net_fake");
}

TEST_F(FakePortWitness, RemembersWhatComesAfterItsTest)
{
	auto port = std::make_unique<fake_port>();
	ASSERT_EQ(bring_up(*port), 0);
	const cached_queue kept(*port);
	const auto name = port->name();
	port.reset();
	rte_mbuf *packet = make_packet({});
	EXPECT_EQ(kept.burst(kept.queue, &packet, 1), 0);
	rte_pktmbuf_free(packet);
	const auto texts = fake_port::take_late_violations();
	ASSERT_EQ(texts.size(), 1u);
	EXPECT_EQ(texts[0], name + ": tx burst of queue 0 of a port that is no more");
	EXPECT_TRUE(fake_port::take_late_violations().empty());
}

} // namespace
} // namespace braid
