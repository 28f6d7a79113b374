/* SPDX-License-Identifier: BSD-3-Clause */
// Balance end to end, under each policy: a flow stays where it is unless its member goes or a new one takes its share.
#include "placement.hpp"

#include "base/mode.hpp"

#include <array>
#include <string>

namespace braid {
namespace {

class Balance : public mbuf_accounting, public testing::WithParamInterface<braid_policy> {
protected:
	Balance() { keep_packets(ports_); }

	// The seed is fixed, so that shares, which are a matter of chance, are the same in every run.
	std::string devargs(std::span<const fake_port> members) const
	{
		const char *const spelling = to_string(static_cast<hash_policy>(GetParam()));
		return with_members(std::string("balance,seed=1,xmit_policy=") + spelling, members);
	}
	std::vector<int> place(test_bond &bond, std::uint16_t queue = 0)
	{
		return placement(bond, ports_, GetParam(), queue);
	}
	// Every flow that is at another port than before was at, or is at, `port`, and there are some.
	static void expect_moves_only_of(int port, const std::vector<int> &before, const std::vector<int> &after)
	{
		unsigned moved = 0;
		for (unsigned f = 0; f < flows; f++) {
			if (before[f] == after[f])
				continue;
			moved++;
			EXPECT_TRUE(before[f] == port || after[f] == port) << "flow " << f;
		}
		EXPECT_GT(moved, 0u);
	}

	std::array<fake_port, 4> ports_;
};

INSTANTIATE_TEST_SUITE_P(EveryPolicy, Balance,
                         testing::Values(BRAID_POLICY_L2, BRAID_POLICY_L23, BRAID_POLICY_L34, BRAID_POLICY_FLOW,
                                         BRAID_POLICY_ENCAP34, BRAID_POLICY_VLAN_SRCMAC, BRAID_POLICY_L34_SYM));

TEST_P(Balance, AFlowStaysOnItsMemberOnEveryQueueAndMembersShareAlike)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(2), 0);
	const std::vector<int> first = place(bond, 0);
	EXPECT_EQ(place(bond, 0), first);
	EXPECT_EQ(place(bond, 1), first);
	for (int i = 0; i < 4; i++)
		EXPECT_NEAR(share_of(first, i), flows / 4, flows / 20) << i;
}

TEST_P(Balance, RemovalMovesOnlyTheFlowsOfTheMemberThatLeft)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(bond.remove(ports_[1].name()), 0);
	const std::vector<int> after = place(bond);
	expect_moves_only_of(1, before, after);
	EXPECT_EQ(share_of(after, 1), 0u);
	for (int i : {0, 2, 3})
		EXPECT_NEAR(share_of(after, i), flows / 3, flows / 20) << i;
}

TEST_P(Balance, AMemberWhoseLinkReturnsGetsItsFormerFlows)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ports_[2].set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 3; }));
	expect_moves_only_of(2, before, place(bond));
	ports_[2].set_link(true);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 4; }));
	EXPECT_EQ(place(bond), before);
}

TEST_P(Balance, ADeviceThatIsAddedAgainGetsItsFormerFlowsUnderAnyName)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	for (unsigned i : {0, 3}) {
		ASSERT_EQ(bond.remove(ports_[i].name()), 0);
		expect_moves_only_of(static_cast<int>(i), before, place(bond));
		ASSERT_EQ(bond.add(ports_[i].name(), "again"), 0);
		EXPECT_EQ(place(bond), before);
		ASSERT_EQ(bond.rename("again", ports_[i].name()), 0);
	}
}

TEST_P(Balance, ADeviceThatIsPluggedInAgainGetsItsFormerFlows)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(ports_[1].unplug(), 0);
	expect_moves_only_of(1, before, place(bond));
	ASSERT_EQ(ports_[1].plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 4; }));
	EXPECT_EQ(place(bond), before);
}

TEST_P(Balance, ANewMemberTakesItsFairShareAndNothingElseMoves)
{
	test_bond bond(devargs(std::span(ports_).first(3)));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(bond.add(ports_[3].name()), 0);
	const std::vector<int> after = place(bond);
	expect_moves_only_of(3, before, after);
	for (int i = 0; i < 4; i++)
		EXPECT_NEAR(share_of(after, i), flows / 4, flows / 20) << i;
}

// Under which policies flows differ in nothing that this one looks at. No packet comes in a tunnel, and those under `flow` are
// the only ones with an RSS hash.
std::vector<braid_policy> blind_to(braid_policy policy)
{
	switch (policy) {
	case BRAID_POLICY_L2:
	case BRAID_POLICY_L2_SYM:
	case BRAID_POLICY_VLAN_SRCMAC: return {BRAID_POLICY_L23, BRAID_POLICY_L34, BRAID_POLICY_FLOW};
	case BRAID_POLICY_L23:
	case BRAID_POLICY_L23_SYM:
	case BRAID_POLICY_ENCAP23:
	case BRAID_POLICY_ENCAP23_SYM: return {BRAID_POLICY_L34, BRAID_POLICY_FLOW};
	case BRAID_POLICY_L34:
	case BRAID_POLICY_L34_SYM:
	case BRAID_POLICY_ENCAP34:
	case BRAID_POLICY_ENCAP34_SYM: return {BRAID_POLICY_L2, BRAID_POLICY_FLOW};
	case BRAID_POLICY_FLOW: return {BRAID_POLICY_L2};
	}
	return {};
}

TEST_P(Balance, LooksAtNothingThatIsNotInThePolicy)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (braid_policy other : blind_to(GetParam())) {
		const std::vector<int> place = placement(bond, ports_, other);
		EXPECT_EQ(share_of(place, place[0]), flows) << "flows that differ under policy " << other;
	}
	EXPECT_LT(share_of(place(bond), 0), flows / 2);
}

} // namespace
} // namespace braid
