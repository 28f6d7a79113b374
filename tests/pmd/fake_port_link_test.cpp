/* SPDX-License-Identifier: BSD-3-Clause */
// The link of a fake port: told or asked for, at once, late, or when it is let go.
#include "bare_port.hpp"

#include <atomic>
#include <thread>

namespace braid {
namespace {

class FakePortLink : public mbuf_accounting {};

TEST_F(FakePortLink, WithoutLscALinkChangeIsFoundByAsking)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	EXPECT_TRUE(link_is_up(port));
	EXPECT_FALSE(port.set_link(false));
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(lsc.seen(), 0u);
	port.raise_lsc();
	EXPECT_EQ(lsc.seen(), 1u);
}

TEST_F(FakePortLink, WithLscALinkChangeIsToldAndNotAskedFor)
{
	fake_options options;
	options.announces_lsc = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(true, false)), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	const auto queries = port.link_queries();
	EXPECT_TRUE(link_is_up(port));
	EXPECT_TRUE(port.set_link(false));
	EXPECT_EQ(lsc.seen(), 1u);
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(port.link_queries(), queries);
}

TEST_F(FakePortLink, CanUpdateItsLinkAndKeepTheEventBack)
{
	fake_options options;
	options.announces_lsc = true;
	fake_port port(options);
	ASSERT_EQ(bring_up(port, 1, with_interrupts(true, false)), 0);
	const event_counter lsc(RTE_ETH_EVENT_INTR_LSC);
	EXPECT_FALSE(port.set_link(false, false));
	EXPECT_FALSE(link_is_up(port));
	EXPECT_EQ(lsc.seen(), 0u);
}

TEST_F(FakePortLink, ReportsSpeedAndTheThreadThatAsked)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.set_speed(RTE_ETH_SPEED_NUM_25G);
	rte_eth_link link;
	std::thread::id asker;
	std::thread([&] {
		asker = std::this_thread::get_id();
		EXPECT_EQ(rte_eth_link_get_nowait(port.port_id(), &link), 0);
	}).join();
	EXPECT_EQ(link.link_speed, RTE_ETH_SPEED_NUM_25G);
	EXPECT_EQ(port.last_link_query_thread(), asker);
	EXPECT_NE(asker, std::this_thread::get_id());
}

TEST_F(FakePortLink, ALinkQueryTakesTheTimeItIsTold)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.set_link_latency_ms(30);
	const auto begin = std::chrono::steady_clock::now();
	EXPECT_TRUE(link_is_up(port));
	EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST_F(FakePortLink, HoldsWhoeverComesToAnOpUntilReleased)
{
	fake_port port;
	ASSERT_EQ(bring_up(port), 0);
	port.hold(fake_op::link_update);
	std::atomic<bool> through{false};
	std::thread asker([&] {
		link_is_up(port);
		through.store(true);
	});
	EXPECT_TRUE(eventually([&] { return port.waiting(fake_op::link_update) == 1; }));
	EXPECT_FALSE(through.load());
	port.release(fake_op::link_update);
	asker.join();
	EXPECT_TRUE(through.load());
	EXPECT_EQ(port.waiting(fake_op::link_update), 0u);
}

} // namespace
} // namespace braid
