/* SPDX-License-Identifier: BSD-3-Clause */
// Broadcast end to end: every member sends every packet, and each reference is given back once.
#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

namespace braid {
namespace {

class Broadcast : public mbuf_accounting {
protected:
	static std::vector<std::uint16_t> references(const rte_mbuf *packet)
	{
		std::vector<std::uint16_t> counts;
		for (const rte_mbuf *segment = packet; segment != nullptr; segment = segment->next)
			counts.push_back(rte_mbuf_refcnt_read(segment));
		return counts;
	}

	// A packet of three segments.
	static rte_mbuf *make_chain()
	{
		rte_mbuf *const head = make_packet(udp_flow(0));
		for (unsigned i = 0; i < 2; i++) {
			rte_mbuf *const tail = rte_pktmbuf_alloc(eal_mempool());
			EXPECT_NE(rte_pktmbuf_append(tail, 100), nullptr);
			EXPECT_EQ(rte_pktmbuf_chain(head, tail), 0);
		}
		return head;
	}

	std::array<fake_port, 3> ports_;
};

TEST_F(Broadcast, EveryMemberSendsEveryPacket)
{
	keep_packets(ports_);
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(300)), 300);
	for (fake_port &port : ports_)
		EXPECT_EQ(sent_by(port), every(1, 0, 300));
}

// Mistake 6: one reference too many or too few, and only on the first segment.
TEST_F(Broadcast, MembersShareEverySegmentOfAPacket)
{
	keep_packets(ports_);
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send({make_chain()}), 1);
	for (std::uint16_t holders = 3; holders > 0; holders--) {
		std::vector<rte_mbuf *> packets = ports_[3u - holders].take_tx();
		ASSERT_EQ(packets.size(), 1u);
		EXPECT_EQ(references(packets[0]), std::vector<std::uint16_t>(3, holders));
		free_all(packets);
	}
	EXPECT_EQ(mbufs_in_use(), 0u);
}

// As a program does that sends one packet on several ports, each on a thread of its own. ThreadSanitizer would see a look at
// the number of references that is not atomic.
TEST_F(Broadcast, PacketsAreSharedWithOthersWhoGiveThemBackMeanwhile)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned round = 0; round < 20; round++) {
		const std::vector<rte_mbuf *> packets = make_burst(20);
		std::vector<rte_mbuf *> held = packets;
		for (rte_mbuf *packet : held)
			rte_mbuf_refcnt_update(packet, 1);
		std::atomic<bool> begun{false};
		std::thread other_holder([&] {
			begun = true;
			free_all(held);
		});
		while (!begun)
			std::this_thread::yield();
		EXPECT_EQ(bond.send(packets), 20);
		other_holder.join();
		EXPECT_EQ(mbufs_in_use(), 0u);
	}
}

// Mistake 6: broadcast to members that all refuse freed what it gave back.
TEST_F(Broadcast, PacketsThatAllMembersRefuseAreTheCallersAsTheyWere)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (fake_port &port : ports_)
		port.tx_budget(0, 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	packets.push_back(make_chain());
	const std::vector<rte_mbuf *> before = packets;
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 11), 0);
	EXPECT_EQ(packets, before);
	for (const rte_mbuf *packet : packets)
		for (std::uint16_t count : references(packet))
			EXPECT_EQ(count, 1);
	for (const fake_port &port : ports_)
		EXPECT_EQ(port.tx_refused(), 11u);
	EXPECT_EQ(bond.xstat("tx_dropped"), 0u) << "nothing is lost: the caller may try again";
	free_all(packets);
}

TEST_F(Broadcast, CopiesThatSomeMembersRefuseAreCounted)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[1].tx_limit_per_burst(0, 3);
	ports_[2].tx_limit_per_burst(0, 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	EXPECT_EQ(bond.send(packets), 10);
	EXPECT_EQ(bond.xstat("tx_dropped"), 7u + 10u);
	EXPECT_EQ(ports_[0].tx_packets(), 10u);
	EXPECT_EQ(ports_[1].tx_packets(), 3u);
	EXPECT_EQ(ports_[2].tx_packets(), 0u);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(Broadcast, TheMemberThatTakesMostDecidesHowManyAreTaken)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[0].tx_budget(0, 70);
	ports_[1].tx_budget(0, 100);
	ports_[2].tx_budget(0, 30);
	std::vector<rte_mbuf *> packets = make_burst(300);
	const std::vector<rte_mbuf *> tail(packets.begin() + 100, packets.end());
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 300), 100);
	EXPECT_TRUE(std::equal(tail.begin(), tail.end(), packets.begin() + 100));
	for (const rte_mbuf *packet : tail)
		EXPECT_EQ(rte_mbuf_refcnt_read(packet), 1);
	EXPECT_EQ(bond.xstat("tx_dropped"), 30u + 70u);
	rte_pktmbuf_free_bulk(packets.data() + 100, 200);
}

} // namespace
} // namespace braid
