/* SPDX-License-Identifier: BSD-3-Clause */
// Weights end to end: which share of the flows each member gets, and what moves when weights change.
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace braid {
namespace {

constexpr std::uint32_t flows = 8000;

class Weights : public mbuf_accounting {
protected:
	Weights()
	{
		for (fake_port &port : ports_)
			port.tx_mode(fake_tx::keep);
	}

	// Sends one packet of each flow; element f is the index of the port that sent flow f.
	std::vector<int> place(test_bond &bond)
	{
		for (std::uint32_t first = 0; first < flows; first += 32) {
			std::vector<rte_mbuf *> packets;
			for (std::uint32_t f = first; f < first + 32; f++)
				packets.push_back(make_packet(udp_flow(f, f)));
			EXPECT_EQ(bond.send(packets), packets.size());
		}
		std::vector<int> place(flows, -1);
		for (std::size_t i = 0; i < ports_.size(); i++) {
			std::vector<rte_mbuf *> packets = ports_[i].take_tx();
			for (std::uint32_t flow : sequences_of(packets))
				place.at(flow) = static_cast<int>(i);
			free_all(packets);
		}
		return place;
	}

	std::array<std::uint32_t, 3> buckets(test_bond &bond)
	{
		std::array<std::uint32_t, 3> count{};
		for (std::size_t i = 0; i < count.size(); i++)
			count[i] = bond.info_of(ports_[i].name()).buckets;
		return count;
	}

	int weigh(test_bond &bond, unsigned port, std::uint32_t weight)
	{
		return braid_member_weight_set(bond.port(), bond.id_of(ports_[port].name()), weight);
	}

	using counts = std::array<std::uint32_t, 3>;

	// A share of 4096 is rarely whole, and either neighbour will do.
	static bool near(const counts &actual, const counts &exact)
	{
		return std::equal(actual.begin(), actual.end(), exact.begin(),
		                  [](std::uint32_t a, std::uint32_t b) { return a <= b + 1 && b <= a + 1; });
	}
	std::array<fake_port, 3> ports_;
	const std::string balance_ = with_members("balance,seed=1,xmit_policy=l34", ports_);
};

TEST_F(Weights, SharesOfFlowsFollowThem)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(weigh(bond, 0, 6), 0);
	ASSERT_EQ(weigh(bond, 1, 3), 0);
	EXPECT_TRUE(near(buckets(bond), {2458, 1229, 409})) << "0.6, 0.3 and 0.1 of 4096";
	const std::vector<int> at = place(bond);
	const double expected[] = {0.6, 0.3, 0.1};
	for (int i = 0; i < 3; i++)
		EXPECT_NEAR(static_cast<double>(std::count(at.begin(), at.end(), i)) / flows, expected[i], 0.02) << i;
}

TEST_F(Weights, OnlyTheDifferenceMovesAndComesBack)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	const counts even = buckets(bond);
	const std::uint64_t generation = bond.info().generation;
	ASSERT_EQ(weigh(bond, 2, 4), 0);
	EXPECT_EQ(bond.info().generation, generation + 1);
	const std::vector<int> after = place(bond);
	unsigned moved = 0;
	for (std::uint32_t f = 0; f < flows; f++)
		if (before[f] != after[f]) {
			EXPECT_EQ(after[f], 2) << "flow " << f << " moved between members whose shares fell";
			moved++;
		}
	EXPECT_NEAR(static_cast<double>(moved) / flows, 4.0 / 6 - 1.0 / 3, 0.03);
	ASSERT_EQ(weigh(bond, 2, 1), 0);
	EXPECT_EQ(buckets(bond), even);
	EXPECT_EQ(place(bond), before);
}

TEST_F(Weights, TheSameWeightAgainPublishesNothing)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint64_t generation = bond.info().generation;
	EXPECT_EQ(weigh(bond, 0, 1), 0);
	EXPECT_EQ(braid_weights_set(bond.port(), BRAID_WEIGHTS_OPTION), 0);
	EXPECT_EQ(bond.info().generation, generation);
}

TEST_F(Weights, AreKeptInOtherModesAndCountWhenBalanceBegins)
{
	test_bond bond(with_members("round-robin,xmit_policy=l34", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(weigh(bond, 0, 2), 0);
	EXPECT_EQ(buckets(bond), (counts{0, 0, 0}));
	EXPECT_EQ(bond.info_of(ports_[0].name()).weight, 2u);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	EXPECT_EQ(buckets(bond), (counts{2048, 1024, 1024}));
}

// What each port has sent of 600 packets, in bursts of 32.
class WeightedTurns : public Weights {
protected:
	counts sent_of_600(test_bond &bond)
	{
		for (std::uint32_t first = 0; first < 600; first += 30)
			EXPECT_EQ(bond.send(make_burst(30, first)), 30);
		counts sent{};
		for (std::size_t i = 0; i < ports_.size(); i++) {
			std::vector<rte_mbuf *> packets = ports_[i].take_tx();
			sent[i] = static_cast<std::uint32_t>(packets.size());
			free_all(packets);
		}
		return sent;
	}

	const std::string round_robin_ = with_members("round-robin", ports_);
};

TEST_F(WeightedTurns, RoundRobinGivesEachMemberSoManyTurns)
{
	test_bond bond(round_robin_);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(sent_of_600(bond), (counts{200, 200, 200}));
	ASSERT_EQ(weigh(bond, 0, 3), 0);
	ASSERT_EQ(weigh(bond, 1, 2), 0);
	EXPECT_EQ(sent_of_600(bond), (counts{300, 200, 100}));
	ASSERT_EQ(ports_[0].unplug(), 0);
	EXPECT_EQ(sent_of_600(bond), (counts{0, 400, 200}));
	ASSERT_EQ(ports_[0].plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 3; }));
	EXPECT_EQ(sent_of_600(bond), (counts{300, 200, 100}));
	ASSERT_EQ(weigh(bond, 0, 1), 0);
	ASSERT_EQ(weigh(bond, 1, 1), 0);
	EXPECT_EQ(sent_of_600(bond), (counts{200, 200, 200}));
}

TEST_F(WeightedTurns, ATurnIsOfRrLimitPackets)
{
	test_bond bond(round_robin_ + ",rr_limit=10");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(weigh(bond, 0, 2), 0);
	EXPECT_EQ(bond.send(make_burst(40, 0)), 40);
	std::vector<rte_mbuf *> packets = ports_[0].take_tx();
	const std::vector<std::uint32_t> sent = sequences_of(packets);
	free_all(packets);
	ASSERT_EQ(sent.size(), 20u);
	EXPECT_EQ(sent[9], 9u);
	EXPECT_EQ(sent[10], 20u) << "one of the others has a turn in between";
}

TEST_F(WeightedTurns, BySpeedTheyFollowLinks)
{
	ports_[0].set_speed(40000);
	test_bond bond(round_robin_ + ",weights=speed");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(eventually([&] { return sent_of_600(bond) == counts{400, 100, 100}; }));
	ports_[1].set_speed(40000);
	EXPECT_TRUE(eventually([&] {
		const counts sent = sent_of_600(bond);
		return sent[0] == sent[1] && near({sent[2]}, {600 / 9});
	}));
}

TEST_F(Weights, BelongToTheMemberThatLosesAndRegainsItsDevice)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(weigh(bond, 1, 2), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(ports_[1].unplug(), 0);
	EXPECT_EQ(buckets(bond), (counts{2048, 0, 2048}));
	ASSERT_EQ(ports_[1].plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 3; }));
	EXPECT_EQ(buckets(bond), (counts{1024, 2048, 1024}));
	EXPECT_EQ(place(bond), before);
}

TEST_F(Weights, AreAnOptionOfAMember)
{
	test_bond bond("mode=balance,xmit_policy=l34,member=" + ports_[0].name() + ";weight=3,member=" + ports_[1].name());
	braid_member_options options{};
	options.size = sizeof options;
	options.weight = 4;
	ASSERT_EQ(braid_member_add(bond.port(), ports_[2].name().c_str(), &options, nullptr), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(buckets(bond), (counts{1536, 512, 2048}));
	options.weight = 1001;
	EXPECT_EQ(braid_member_add(bond.port(), "net_fake99", &options, nullptr), -EINVAL);
}

TEST_F(Weights, BySpeedFollowLinksAlsoWhenOnlyTheSpeedChanges)
{
	ports_[0].set_speed(40000);
	test_bond bond(balance_ + ",weights=speed");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.info().weights, BRAID_WEIGHTS_SPEED);
	const auto become = [&](const counts &wanted) { return eventually([&] { return near(buckets(bond), wanted); }); };
	EXPECT_TRUE(become({2731, 683, 682})) << "4 to 1 to 1";
	ports_[1].set_speed(40000);
	EXPECT_TRUE(become({1820, 1820, 455})) << "4 to 4 to 1";
	ASSERT_EQ(weigh(bond, 2, 8), 0);
	EXPECT_TRUE(become({1024, 1024, 2048})) << "weights multiply speeds";
	ASSERT_EQ(braid_weights_set(bond.port(), BRAID_WEIGHTS_OPTION), 0);
	EXPECT_TRUE(become({410, 409, 3277})) << "1 to 1 to 8";
}

TEST_F(Weights, AMemberOfUnknownSpeedCountsAsTheSlowestKnown)
{
	ports_[0].set_speed(RTE_ETH_SPEED_NUM_UNKNOWN);
	ports_[1].set_speed(40000);
	test_bond bond(balance_ + ",weights=speed");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_TRUE(eventually([&] { return near(buckets(bond), {683, 2731, 683}); }));
}

TEST_F(Weights, NonsenseIsRefusedAndChangesNothing)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	const quiet_log quiet;
	for (const std::uint32_t weight : {0u, 1001u, UINT32_MAX})
		EXPECT_EQ(weigh(bond, 0, weight), -EINVAL) << weight;
	EXPECT_EQ(braid_member_weight_set(bond.port(), 4711, 1), -ENOENT);
	EXPECT_EQ(braid_weights_set(bond.port(), static_cast<braid_weights>(2)), -EINVAL);
	EXPECT_EQ(braid_weights_set(bond.port(), static_cast<braid_weights>(-1)), -EINVAL);
	EXPECT_EQ(braid_member_weight_set(RTE_MAX_ETHPORTS - 1, 1, 1), -ENODEV);
	EXPECT_EQ(bond.info_of(ports_[0].name()).weight, 1u);
	EXPECT_EQ(bond.info().weights, BRAID_WEIGHTS_OPTION);
}

} // namespace
} // namespace braid
