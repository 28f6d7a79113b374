/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment.hpp"
#include "measure.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <iterator>
#include <set>
#include <string>

namespace braid::bench {
namespace {

measured with(bound must, double bare, double bonding, double braid, double churned = 0)
{
	measured m;
	m.what.must = must;
	const double values[] = {bare, bonding, braid, churned};
	for (unsigned s = 0; s < std::size(values); s++)
		if (values[s] > 0)
			m.cycles[s] = summarize({values[s]});
	return m;
}

TEST(Cases, HaveDifferentNames)
{
	std::set<std::string> names;
	const auto all = all_cases();
	for (const auto &c : all)
		EXPECT_TRUE(names.insert(c.name()).second) << c.name();
}

TEST(Cases, AllBeginsWithThoseThatHaveABound)
{
	const auto all = all_cases();
	const auto bounded = bounded_cases();
	ASSERT_LT(bounded.size(), all.size());
	for (std::size_t k = 0; k < all.size(); k++) {
		EXPECT_EQ(all[k].must.kind != bound_kind::none, k < bounded.size()) << all[k].name();
		if (k < bounded.size()) {
			EXPECT_EQ(all[k].name(), bounded[k].name());
		}
	}
}

TEST(Cases, AreNamedByWhatTheyAre)
{
	std::set<std::string> names;
	for (const auto &c : all_cases())
		names.insert(c.name());
	for (const char *name : {"tx/balance-encap34/ipv4/m2/b32/hot", "tx/balance-encap34/mpls/m2/b32/hot",
	                         "tx/balance-vlan+srcmac/vlan/m2/b32/hot", "tx/balance-l34+sym/ipv6/m2/b32/hot",
	                         "tx/balance-l34/ipv4/m2/b32/hot/pinning", "tx/balance-l34/ipv4/m2/b32/hot/pinned"})
		EXPECT_EQ(names.count(name), 1u) << name;
}

TEST(Cases, EveryKindOfTrafficIsSent)
{
	std::set<traffic> sent;
	for (const auto &c : all_cases())
		sent.insert(c.kind);
	EXPECT_EQ(sent.size(), traffic_count);
}

// Else net_braid would have one usable member to send by, and that is another case.
TEST(Cases, ATunnelIsOnlySentWhereThePolicyLooksInside)
{
	for (const auto &c : all_cases())
		for (const traffic kind : tunnels)
			if (c.kind == kind) {
				EXPECT_EQ(c.policy, "encap34") << c.name();
			}
}

// Else a processor would learn what comes next; what does not fit its caches has no time to be put in order.
TEST(Cases, WhatIsHashedComesInANewOrderEachTime)
{
	for (const auto &c : all_cases()) {
		const bool repeated = c.name().ends_with("/repeated");
		const bool hashed = c.way == direction::tx && c.mode == mode::balance;
		EXPECT_EQ(c.reorders(), hashed && c.packets == 256 && !repeated) << c.name();
		if (repeated) {
			EXPECT_EQ(c.must.kind, bound_kind::none) << c.name();
		}
	}
}

// A pass over the working set sends whole bursts only.
TEST(Cases, BurstsDivideTheWorkingSet)
{
	for (const auto &c : all_cases())
		EXPECT_EQ(c.packets % c.burst, 0u) << c.name();
}

TEST(Judge, RatioIsOfTheMinima)
{
	const bound twice = {bound_kind::fewer_than_bonding, 2};
	EXPECT_EQ(figure(with(twice, 1, 10, 4)), 2.5);
	EXPECT_EQ(judge(with(twice, 1, 10, 5)), verdict::met);
	EXPECT_EQ(judge(with(twice, 1, 10, 5.1)), verdict::missed);
}

TEST(Judge, OverTheBareMemberCountsAWholeBurst)
{
	const bound ten = {bound_kind::over_bare_per_burst, 10};
	EXPECT_EQ(figure(with(ten, 0.25, 0, 0.5)), 8); // burst 32
	EXPECT_EQ(judge(with(ten, 0.25, 0, 0.5)), verdict::met);
	EXPECT_EQ(judge(with(ten, 0.25, 0, 0.75)), verdict::missed);
}

TEST(Judge, ReceiveIsMeasuredByBurstAndBoundByPacket)
{
	measured m = with({bound_kind::over_bonding_per_packet, 1}, 8, 20, 36);
	m.what.way = direction::rx;
	EXPECT_EQ(figure(m), 0.5); // 16 cycles over 32 packets
	EXPECT_EQ(judge(m), verdict::met);
}

TEST(Judge, ChurnIsHeldAgainstTheQuietBond)
{
	const bound three_percent = {bound_kind::over_quiet, 1.03};
	EXPECT_EQ(judge(with(three_percent, 1, 1, 100, 102)), verdict::met);
	EXPECT_EQ(judge(with(three_percent, 1, 1, 100, 104)), verdict::missed);
}

TEST(Judge, PinningIsHeldAgainstTheBondWithoutIt)
{
	measured m = with({}, 1, 8, 6);
	m.what.pins = pinning::all;
	EXPECT_TRUE(std::isnan(figure(m))) << "there is none without it";
	m.cycles[static_cast<unsigned>(series::unpinned)] = summarize({4});
	EXPECT_EQ(figure(m), 1.5);
	EXPECT_EQ(judge(m), verdict::unbound);
	m.what.pins = pinning::off;
	EXPECT_EQ(figure(m), 8 / 6.0);
}

TEST(Judge, WhatCouldNotBeMeasuredIsMissed)
{
	const bound twice = {bound_kind::fewer_than_bonding, 2};
	EXPECT_TRUE(std::isnan(figure(with(twice, 1, 0, 4))));
	EXPECT_EQ(judge(with(twice, 1, 0, 4)), verdict::missed);
	EXPECT_EQ(judge(with(twice, 1, 10, 0)), verdict::missed);
	EXPECT_EQ(judge(with({bound_kind::over_quiet, 1.03}, 1, 1, 100)), verdict::missed);
}

TEST(Judge, WithoutABoundNothingIsMissed) { EXPECT_EQ(judge(with({}, 1, 1, 100)), verdict::unbound); }

TEST(Background, StepsOnlyBetweenRunAndRest)
{
	std::atomic<unsigned> steps = 0;
	background thread([&] { steps++; });
	EXPECT_EQ(steps, 0u);
	for (unsigned round = 0; round < 100; round++) {
		const unsigned before = steps;
		thread.run();
		EXPECT_GT(steps, before);
		thread.rest();
		const unsigned rested = steps;
		std::this_thread::yield();
		EXPECT_EQ(steps, rested);
	}
}

} // namespace
} // namespace braid::bench
