/* SPDX-License-Identifier: BSD-3-Clause */
// Round-robin end to end: members take turns, from burst to burst and for each queue.
#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <array>

namespace braid {
namespace {

class RoundRobin : public mbuf_accounting {};

TEST_F(RoundRobin, GivesEachMemberItsTurnFromBurstToBurst)
{
	std::array<fake_port, 3> ports;
	keep_packets(ports);
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(7, 0)), 7);
	EXPECT_EQ(bond.send(make_burst(5, 7)), 5);
	EXPECT_EQ(bond.send(make_burst(288, 12)), 288);
	for (std::uint32_t i = 0; i < 3; i++)
		EXPECT_EQ(sent_by(ports[i]), every(3, i, 300)) << i;
}

TEST_F(RoundRobin, QueuesTakeTurnsOfTheirOwn)
{
	std::array<fake_port, 2> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(2), 0);
	for (unsigned i = 0; i < 3; i++)
		for (std::uint16_t queue : {0, 1})
			EXPECT_EQ(bond.send(make_burst(1), queue), 1);
	// With one turn for both, the first member would send all of queue 0 and the second all of queue 1.
	for (std::uint16_t queue : {0, 1}) {
		EXPECT_EQ(ports[0].tx_packets(queue), 2u);
		EXPECT_EQ(ports[1].tx_packets(queue), 1u);
	}
}

// Mistake 2: the place at which the next burst begins outlived the set it belonged to.
TEST_F(RoundRobin, ATurnBeyondAShrunkSetStartsOver)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(2)), 2); // the next would be the third member's
	ASSERT_EQ(bond.remove(ports[2].name()), 0);
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(ports[0].tx_packets(), 3u);
	EXPECT_EQ(ports[1].tx_packets(), 3u);
	EXPECT_EQ(ports[2].tx_packets(), 0u);
}

} // namespace
} // namespace braid
