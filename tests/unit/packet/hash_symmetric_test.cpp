/* SPDX-License-Identifier: BSD-3-Clause */
// The policies that end in _sym: both directions of a flow have one hash.
#include "hash_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>

namespace braid {
namespace {

using enum hash_policy;

// The answer to a packet: source and destination in each others places.
bytes answer_to(const layout &l)
{
	bytes back = l.data;
	const auto swap = [&](std::size_t at, std::size_t width) {
		std::swap_ranges(back.begin() + static_cast<std::ptrdiff_t>(at),
		                 back.begin() + static_cast<std::ptrdiff_t>(at + width),
		                 back.begin() + static_cast<std::ptrdiff_t>(at + width));
	};
	swap(0, 6);
	swap(l.addresses, (l.addresses_end - l.addresses) / 2);
	swap(l.ports, 2);
	return back;
}

TEST(FlowHashSymmetric, TheDirectionCountsButWithSym)
{
	for (const layout &l : layouts)
		for (const hash_policy policy : header_policies) {
			const bytes back = answer_to(l);
			EXPECT_EQ(hash(policy, l.data) == hash(policy, back), fields_of(policy).symmetric)
				<< to_string(policy) << " layout " << &l - layouts;
			EXPECT_EQ(hash(policy, test_packet(back, {20})), hash(policy, back));
		}
}

// Addresses of which only the last bits differ, or the first ones; ends that are equal; ports that differ alone.
TEST(FlowHashSymmetric, AnyTwoEndsCanChangePlaces)
{
	std::mt19937 random(11);
	for (unsigned round = 0; round < 20000; round++) {
		layout l = layouts[random() % std::size(layouts)];
		for (std::size_t i = 0; i < l.data.size(); i++)
			if ((i < 12 || (i >= l.addresses && i < l.addresses_end) || (i >= l.ports && i < l.ports + 4)) &&
			    random() % 4 != 0)
				l.data[i] = random() % 2 ? 0 : static_cast<std::uint8_t>(random());
		for (const hash_policy policy : {l2_sym, l23_sym, l34_sym, encap23_sym, encap34_sym})
			ASSERT_EQ(hash(policy, l.data), hash(policy, answer_to(l))) << to_string(policy);
	}
}

// A host's connection to itself: one address, and ports in both orders.
TEST(FlowHashSymmetric, EqualAddressesGoByTheirPorts)
{
	for (const layout &original : layouts) {
		layout l = original;
		const std::size_t half = (l.addresses_end - l.addresses) / 2;
		std::copy_n(l.data.begin() + static_cast<std::ptrdiff_t>(l.addresses), half,
		            l.data.begin() + static_cast<std::ptrdiff_t>(l.addresses + half));
		for (const hash_policy policy : {l34_sym, encap34_sym}) {
			EXPECT_EQ(hash(policy, l.data), hash(policy, answer_to(l))) << "layout " << &original - layouts;
			EXPECT_NE(hash(policy, l.data), hash(policy, with_byte(l.data, l.ports, 0x11)));
		}
	}
}

TEST(FlowHashSymmetric, AnIcmpErrorGoesWithBothDirectionsOfItsFlow)
{
	for (const hash_policy policy : {l34_sym, encap34_sym}) {
		EXPECT_EQ(hash(policy, ipv4_icmp_error), hash(policy, answer_to(layouts[0])));
		EXPECT_EQ(hash(policy, ipv6_icmp_error), hash(policy, answer_to(layouts[3])));
	}
}

} // namespace
} // namespace braid
