/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

namespace braid {
namespace {

using numbers = std::vector<unsigned>;

struct preparing : transmit {
	static std::unique_ptr<snapshot> through(const std::vector<unsigned> &with)
	{
		auto s = transmit_snapshot({.members = first_members(8)});
		for (unsigned m : with)
			s->prepare_port[s->prepare_count++] = wire::port_of(m);
		return s;
	}
};
using Prepare = preparing;

TEST_F(Prepare, EveryPacketIsFitForMembersWithoutPrepare)
{
	burst b(10);
	EXPECT_EQ(prepare<scripted_port>(*through({}), lane, b.array(), b.size()), 10u);
}

TEST_F(Prepare, ReturnsTheLeastOfTheDistinctPorts)
{
	const auto s = through({1, 4, 6});
	for (unsigned least : {1u, 4u, 6u}) {
		for (unsigned m : {1u, 4u, 6u})
			members[m].fit = m == least ? 3 : 7;
		burst b(10);
		EXPECT_EQ(prepare<scripted_port>(*s, lane, b.array(), b.size()), 3u) << "of member " << least;
	}
	EXPECT_TRUE(members[0].prepared.empty()) << "shares its function with one that was asked";
}

// What one refused is not shown to the next, which might change it or set another rte_errno for it.
TEST_F(Prepare, ALaterPortSeesOnlyWhatTheEarlierOnesAccepted)
{
	const auto s = through({0, 1});
	members[0].fit = 4;
	burst b(10);
	EXPECT_EQ(prepare<scripted_port>(*s, lane, b.array(), b.size()), 4u);
	EXPECT_EQ(members[0].prepared, numbers{10});
	EXPECT_EQ(members[1].prepared, numbers{4});
	EXPECT_EQ(members[1].prepare_queue, lane.queue);
	EXPECT_EQ(b.numbers_from(0), b.untouched());
}

// Mistake 15: of a burst that prepare has cut, the send must not take more.
TEST_F(Prepare, APacketThatIsRefusedStaysTheCallersAndIsNotSent)
{
	const auto s = through({0});
	members[0].fit = 2;
	burst b(5);
	const std::uint16_t fit = prepare<scripted_port>(*s, lane, b.array(), b.size());
	ASSERT_EQ(fit, 2u);
	EXPECT_EQ(s->tx(*s, lane, b.array(), fit), 2u);
	EXPECT_TRUE(accounted_for(b, 2));
}

} // namespace
} // namespace braid
