/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mode.hpp"

#include <gtest/gtest.h>

#include <string>

namespace braid {
namespace {

TEST(Mode, EveryCanonicalSpellingAndNumberNamesItsMode)
{
	for (unsigned i = 0; i < mode_count; i++) {
		const auto expected = static_cast<mode>(i);
		EXPECT_EQ(mode_from(to_string(expected)), expected);
		EXPECT_EQ(mode_from(std::to_string(i)), expected);
	}
}

TEST(Mode, LinuxAndLaggSpellingsAreUnderstood)
{
	EXPECT_EQ(mode_from("balance-rr"), mode::round_robin);
	EXPECT_EQ(mode_from("roundrobin"), mode::round_robin);
	EXPECT_EQ(mode_from("failover"), mode::active_backup);
	EXPECT_EQ(mode_from("balance-xor"), mode::balance);
	EXPECT_EQ(mode_from("loadbalance"), mode::balance);
	EXPECT_EQ(mode_from("802.3ad"), mode::lacp);
	EXPECT_EQ(mode_from("balance-tlb"), mode::tlb);
	EXPECT_EQ(mode_from("balance-alb"), mode::alb);
}

TEST(Mode, OtherTextIsNoMode)
{
	for (const char *text : {"", "7", "-1", "00", " 1", "1 ", "Round-Robin", "round", "failover2"})
		EXPECT_FALSE(mode_from(text)) << '"' << text << '"';
}

TEST(Mode, LacpTlbAndAlbAreNamedButNotBuilt)
{
	EXPECT_TRUE(is_supported(mode::round_robin));
	EXPECT_TRUE(is_supported(mode::active_backup));
	EXPECT_TRUE(is_supported(mode::balance));
	EXPECT_TRUE(is_supported(mode::broadcast));
	EXPECT_FALSE(is_supported(mode::lacp));
	EXPECT_FALSE(is_supported(mode::tlb));
	EXPECT_FALSE(is_supported(mode::alb));
}

TEST(HashPolicy, BothFamiliesOfSpellings)
{
	EXPECT_EQ(hash_policy_from("l2"), hash_policy::l2);
	EXPECT_EQ(hash_policy_from("layer2+3"), hash_policy::l23);
	EXPECT_EQ(hash_policy_from("layer3+4"), hash_policy::l34);
	EXPECT_EQ(hash_policy_from("l2+l3"), hash_policy::l23);
	EXPECT_EQ(hash_policy_from("l3+l4"), hash_policy::l34);
	EXPECT_EQ(hash_policy_from("l2+l3+l4"), hash_policy::l34);
	EXPECT_EQ(hash_policy_from("encap2+3"), hash_policy::encap23);
	EXPECT_EQ(hash_policy_from("encap3+4"), hash_policy::encap34);
	EXPECT_EQ(hash_policy_from("vlan+srcmac"), hash_policy::vlan_srcmac);
	EXPECT_EQ(hash_policy_from("vlansrcmac"), hash_policy::vlan_srcmac);
	EXPECT_STREQ(to_string(hash_policy::l34), "l34");
	for (const char *text : {"", "l4", "l3", "L2", "l2+", "+l2", "layer2+l3", "flow "})
		EXPECT_FALSE(hash_policy_from(text)) << '"' << text << '"';
}

TEST(HashPolicy, SymBehindAnySpellingMakesBothDirectionsAlike)
{
	EXPECT_EQ(hash_policy_from("l2+sym"), hash_policy::l2_sym);
	EXPECT_EQ(hash_policy_from("layer2+3+sym"), hash_policy::l23_sym);
	EXPECT_EQ(hash_policy_from("l3+l4+sym"), hash_policy::l34_sym);
	EXPECT_EQ(hash_policy_from("encap2+3+sym"), hash_policy::encap23_sym);
	EXPECT_EQ(hash_policy_from("encap34+sym"), hash_policy::encap34_sym);
	for (const char *text : {"+sym", "sym", "flow+sym", "vlan+srcmac+sym", "l34+sym+sym", "l4+sym", "l34+symm"})
		EXPECT_FALSE(hash_policy_from(text)) << text;
}

TEST(HashPolicy, WordsNameEveryPolicyByItsCanonicalSpelling)
{
	std::string words;
	for (unsigned i = 0; i < hash_policy_count; i++) {
		const auto policy = static_cast<hash_policy>(i);
		EXPECT_EQ(hash_policy_from(to_string(policy)), policy);
		words += i == 0 ? "" : i + 1 == hash_policy_count ? " or " : ", ";
		words += to_string(policy);
	}
	EXPECT_EQ(hash_policy_words, words);
}

} // namespace
} // namespace braid
