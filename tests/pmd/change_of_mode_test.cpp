/* SPDX-License-Identifier: BSD-3-Clause */
// A change of mode or policy is one publication, and no packet is lost by it.
#include "event_recorder.hpp"
#include "placement.hpp"

#include <array>
#include <atomic>
#include <numeric>
#include <thread>

namespace braid {
namespace {

class ChangeOfMode : public mbuf_accounting {
protected:
	static constexpr braid_mode modes[] = {BRAID_MODE_BALANCE, BRAID_MODE_ACTIVE_BACKUP, BRAID_MODE_BROADCAST,
	                                       BRAID_MODE_ROUND_ROBIN};

	std::array<fake_port, 3> ports_;
};

// Mistake 7: what the new mode needed was not there when the next burst came.
TEST_F(ChangeOfMode, IsOnePublicationAndTheSameModeAgainIsNone)
{
	test_bond bond(with_members("round-robin", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	std::size_t changes = 0;
	for (unsigned lap = 0; lap < 2; lap++)
		for (braid_mode mode : modes) {
			const std::uint64_t before = bond.info().generation;
			ASSERT_EQ(bond.mode(mode), 0);
			EXPECT_EQ(bond.info().mode, mode);
			EXPECT_EQ(bond.info().generation, before + 1);
			EXPECT_EQ(bond.send(make_burst(64)), 64);
			ASSERT_EQ(bond.mode(mode), 0) << "the same again";
			EXPECT_EQ(bond.info().generation, before + 1);
			changes++;
		}
	events.settle();
	EXPECT_EQ(events.count(BRAID_EVENT_MODE_CHANGED), changes);
}

TEST_F(ChangeOfMode, ThePolicyMovesFlowsByOnePublication)
{
	keep_packets(ports_);
	test_bond bond(with_members("balance,seed=1", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const auto busy = [&] {
		const std::vector<int> place = placement(bond, ports_, BRAID_POLICY_L34);
		return (share_of(place, 0) > 0) + (share_of(place, 1) > 0) + (share_of(place, 2) > 0);
	};
	EXPECT_EQ(busy(), 1) << "l2 sees one flow";
	const std::uint64_t before = bond.info().generation;
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0);
	EXPECT_EQ(bond.info().policy, BRAID_POLICY_L34);
	EXPECT_EQ(bond.info().generation, before + 1);
	EXPECT_EQ(busy(), 3);
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0) << "the same again";
	EXPECT_EQ(bond.info().generation, before + 1);
}

TEST_F(ChangeOfMode, UnderTrafficLosesNothing)
{
	test_bond bond(with_members("round-robin", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> stop{false};
	std::atomic<std::uint64_t> offered{0}, taken{0};
	std::thread forwarding([&] {
		while (!stop.load()) {
			offered += 32;
			taken += bond.send(make_burst(32, 0, 16));
		}
	});
	constexpr braid_mode without_copies[] = {BRAID_MODE_BALANCE, BRAID_MODE_ACTIVE_BACKUP, BRAID_MODE_ROUND_ROBIN};
	for (unsigned i = 0; i < 200; i++) {
		const std::uint64_t seen = offered;
		EXPECT_EQ(bond.mode(without_copies[i % 3]), 0);
		EXPECT_EQ(braid_policy_set(bond.port(), i % 2 == 0 ? BRAID_POLICY_L34 : BRAID_POLICY_L2), 0);
		EXPECT_TRUE(eventually([&] { return offered > seen; })) << "each change meets traffic";
	}
	stop = true;
	forwarding.join();
	EXPECT_EQ(taken, offered) << "no burst found the bond without a member";
	const std::uint64_t sent =
		std::accumulate(ports_.begin(), ports_.end(), std::uint64_t{0},
	                        [](std::uint64_t sum, const fake_port &port) { return sum + port.tx_packets(); });
	EXPECT_EQ(sent, taken);
}

} // namespace
} // namespace braid
