/* SPDX-License-Identifier: BSD-3-Clause */
// rte_eth_tx_prepare: each function that the transmitting members have is asked once, and the burst asks none.
#include "test_bond.hpp"

#include <rte_errno.h>

namespace braid {
namespace {

class Prepare : public mbuf_accounting {
protected:
	static fake_options with(fake_prepare prepare)
	{
		fake_options options;
		options.prepare = prepare;
		return options;
	}
	static std::uint16_t prepare(const test_bond &bond, std::vector<rte_mbuf *> &packets)
	{
		return rte_eth_tx_prepare(bond.port(), 0, packets.data(), static_cast<std::uint16_t>(packets.size()));
	}

	fake_port plain_, first_{with(fake_prepare::first)}, same_{with(fake_prepare::first)},
		other_{with(fake_prepare::second)};
};

TEST_F(Prepare, RunsEachDistinctFunctionOnceAndNoneInTheBurst)
{
	test_bond bond("round-robin", {&plain_, &first_, &same_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	EXPECT_EQ(prepare(bond, packets), 10);
	EXPECT_EQ(first_.count(fake_op::tx_prepare) + same_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(bond.send(packets), 10);
	EXPECT_EQ(first_.count(fake_op::tx_prepare) + same_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
}

TEST_F(Prepare, OnlyOfMembersThatMayTransmit)
{
	test_bond bond("active-backup", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(4);
	EXPECT_EQ(prepare(bond, packets), 4);
	EXPECT_EQ(first_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 0u);
	ASSERT_EQ(bond.remove(first_.name()), 0);
	EXPECT_EQ(prepare(bond, packets), 4);
	EXPECT_EQ(first_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
	ASSERT_EQ(bond.remove(other_.name()), 0);
	EXPECT_EQ(prepare(bond, packets), 4) << "nobody objects";
	free_all(packets);
}

TEST_F(Prepare, TellsWhichPacketIsRefusedAndWhy)
{
	test_bond bond("round-robin", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	rte_errno = 0;
	other_.prepare_refuse_once(7, EINVAL);
	EXPECT_EQ(prepare(bond, packets), 6);
	EXPECT_EQ(rte_errno, EINVAL);

	// Who accepts least has the last word; the other one is not asked about what is refused already.
	first_.prepare_refuse_once(8, ENOTSUP);
	other_.prepare_refuse_once(3, ERANGE);
	const std::uint64_t prepared = other_.prepared();
	EXPECT_EQ(prepare(bond, packets), 2);
	EXPECT_EQ(rte_errno, ERANGE);
	EXPECT_EQ(other_.prepared(), prepared + 2);

	first_.prepare_refuse_once(4, ENOTSUP);
	EXPECT_EQ(prepare(bond, packets), 3);
	EXPECT_EQ(rte_errno, ENOTSUP);
	free_all(packets);
}

// Mistake 15: the burst asked prepare as well, so that one packet it refused blocked the queue for ever.
TEST_F(Prepare, APacketThatItRefusedIsSentIfTheApplicationInsists)
{
	test_bond bond("round-robin", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(4);
	first_.prepare_refuse_once(1, EINVAL);
	EXPECT_EQ(prepare(bond, packets), 0);
	EXPECT_EQ(bond.send(packets), 4);
	EXPECT_EQ(first_.tx_packets() + other_.tx_packets(), 4u);
}

} // namespace
} // namespace braid
