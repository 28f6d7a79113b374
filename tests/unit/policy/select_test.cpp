/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

#include <set>

namespace braid {
namespace {

constexpr enum mode built_modes[] = {mode::round_robin, mode::active_backup, mode::balance, mode::broadcast};
constexpr tx_function drop_function = drop_all<scripted_port>;
constexpr tx_function only_function = send_on_only_member<scripted_port>;

tx_function selected(enum mode m, unsigned usable, tx_empty when_empty = tx_empty::keep,
                     hash_policy fields = hash_policy::l34)
{
	return select_tx<scripted_port>(m, fields, usable, {.when_empty = when_empty});
}

TEST(Select, NobodyUsableMeansKeepOrDropInEveryMode)
{
	for (enum mode m : built_modes) {
		EXPECT_TRUE(selected(m, 0, tx_empty::keep) == keep_all) << to_string(m);
		EXPECT_TRUE(selected(m, 0, tx_empty::drop) == drop_function) << to_string(m);
	}
}

TEST(Select, OneUsableMemberNeedsNoModeWhateverToDoWhenEmpty)
{
	for (enum mode m : built_modes)
		for (tx_empty when_empty : {tx_empty::keep, tx_empty::drop})
			EXPECT_TRUE(selected(m, 1, when_empty) == only_function) << to_string(m);
}

TEST(Select, ManyUsableMembersGetTheFunctionOfTheirMode)
{
	const tx_function broadcast_function = broadcast<scripted_port>::send;
	for (unsigned usable : {2u, 64u}) {
		EXPECT_TRUE(selected(mode::broadcast, usable) == broadcast_function);
		EXPECT_TRUE(selected(mode::active_backup, usable) == only_function);
	}
}

TEST(Select, RoundRobinByWeightHasAFunctionOfItsOwnWhateverTheLimit)
{
	const tx_function by_weight = spread<round_robin_by_weight, scripted_port>;
	for (std::uint16_t limit : {std::uint16_t{1}, std::uint16_t{7}})
		for (unsigned usable : {2u, 4u, 8u, 64u}) {
			const tx_options options{.rr_limit = limit, .turns = 9};
			EXPECT_TRUE(select_tx<scripted_port>(mode::round_robin, hash_policy::l2, usable, options) == by_weight);
		}
}

// A function that was compiled for another number would give packets to members that are not there.
TEST(Select, RoundRobinHasAFunctionForTheNumberOfMembersOrForAny)
{
	const tx_function for_any = spread<round_robin<0>, scripted_port>;
	for (unsigned usable = 2; usable <= max_members; usable++) {
		const tx_function expected = usable == 2   ? spread<round_robin<2>, scripted_port>
		                             : usable == 4 ? spread<round_robin<4>, scripted_port>
		                             : usable == 8 ? spread<round_robin<8>, scripted_port>
		                                           : for_any;
		EXPECT_TRUE(selected(mode::round_robin, usable) == expected) << usable;
	}
}

TEST(Select, RoundRobinInRunsHasAFunctionOfItsOwn)
{
	const tx_function runs = spread<round_robin_in_runs, scripted_port>;
	for (std::uint16_t limit : {std::uint16_t{2}, std::uint16_t{UINT16_MAX}})
		EXPECT_TRUE(select_tx<scripted_port>(mode::round_robin, hash_policy::l2, 2, {.rr_limit = limit}) == runs);
	EXPECT_FALSE(selected(mode::round_robin, 2) == runs);
}

TEST(Select, BalanceDealsToMoreThanAFewInAnotherWay)
{
	const tx_function few = spread<balance<flow_hash_burst<hash_policy::l34>>, scripted_port>;
	const tx_function many = spread<balance_over_many<flow_hash_burst<hash_policy::l34>>, scripted_port>;
	for (unsigned usable = 2; usable <= max_members; usable++)
		EXPECT_TRUE(selected(mode::balance, usable) == (usable <= 8 ? few : many)) << usable;
}

TEST(Select, BalanceHasAFunctionForEachPolicy)
{
	const tx_function l2 = spread<balance<flow_hash_burst<hash_policy::l2>>, scripted_port>;
	const tx_function l23 = spread<balance<flow_hash_burst<hash_policy::l23>>, scripted_port>;
	const tx_function l34 = spread<balance<flow_hash_burst<hash_policy::l34>>, scripted_port>;
	EXPECT_TRUE(selected(mode::balance, 2, tx_empty::keep, hash_policy::l2) == l2);
	EXPECT_TRUE(selected(mode::balance, 2, tx_empty::keep, hash_policy::l23) == l23);
	EXPECT_TRUE(selected(mode::balance, 2, tx_empty::keep, hash_policy::l34) == l34);
	EXPECT_TRUE(l2 != l23 && l23 != l34 && l2 != l34);
}

TEST(Select, NoTwoPoliciesShareAFunction)
{
	std::set<tx_function> functions;
	for (unsigned i = 0; i < hash_policy_count; i++)
		functions.insert(selected(mode::balance, 2, tx_empty::keep, static_cast<hash_policy>(i)));
	EXPECT_EQ(functions.size(), hash_policy_count);
	EXPECT_FALSE(functions.contains(nullptr));
}

#ifdef RTE_ARCH_X86_64
template <hash_function Hash, deal_function Deal = deal_with_avx2>
void expect_balance(const char *what, hash_policy fields, simd wide)
{
	const tx_function few = spread<balance<Hash, Deal>, scripted_port>;
	const tx_function many = spread<balance_over_many<Hash>, scripted_port>;
	const tx_options options{.wide = wide};
	EXPECT_TRUE(select_tx<scripted_port>(mode::balance, fields, 2, options) == few) << to_string(fields) << ": " << what;
	EXPECT_TRUE(select_tx<scripted_port>(mode::balance, fields, 64, options) == many) << to_string(fields) << ": " << what;
}

template <hash_policy P> void expect_vectors()
{
	expect_balance<flow_hash_burst<P>, deal>("scalar", P, simd::scalar);
	expect_balance<flow_hash_burst_avx2<P>>("avx2", P, simd::avx2);
	expect_balance<flow_hash_burst_avx512<P>>("avx512", P, simd::avx512);
}

// Those that have no vector function.
template <hash_policy P> void expect_scalars()
{
	expect_balance<flow_hash_burst<P>, deal>("scalar", P, simd::scalar);
	for (simd wide : {simd::avx2, simd::avx512})
		expect_balance<flow_hash_burst<P>>(to_string(wide), P, wide);
}

TEST(Select, BalanceHashesWithTheInstructionsThatWereChosen)
{
	expect_vectors<hash_policy::l2>();
	expect_vectors<hash_policy::l23>();
	expect_vectors<hash_policy::l34>();
	expect_vectors<hash_policy::l2_sym>();
	expect_vectors<hash_policy::l23_sym>();
	expect_vectors<hash_policy::l34_sym>();
	expect_vectors<hash_policy::encap34>();
	expect_vectors<hash_policy::encap34_sym>();
	expect_vectors<hash_policy::vlan_srcmac>();
}

// It reads a field of each mbuf and no frame; nothing that AVX-512 has would help with that.
TEST(Select, PolicyFlowHasOneVectorFunction)
{
	expect_balance<flow_hash_burst<hash_policy::flow>, deal>("scalar", hash_policy::flow, simd::scalar);
	expect_balance<rss_hash_burst_avx2>("avx2", hash_policy::flow, simd::avx2);
	expect_balance<rss_hash_burst_avx2>("avx512", hash_policy::flow, simd::avx512);
}

TEST(Select, TheOtherPoliciesAreHashedByScalarsWhateverWasChosen)
{
	expect_scalars<hash_policy::encap23>();
	expect_scalars<hash_policy::encap23_sym>();
}
#endif

TEST(Select, ReceiveIsChosenByCountAndByWhosePortPacketsCarry)
{
	const rx_function as_bond = receive<scripted_port, rx_port::bond>;
	const rx_function as_member = receive<scripted_port, rx_port::member>;
	for (rx_port owner : {rx_port::bond, rx_port::member})
		EXPECT_TRUE(select_rx<scripted_port>(0, owner) == receive_nothing);
	const rx_function two_as_bond = receive_from_two<scripted_port, rx_port::bond>;
	const rx_function two_as_member = receive_from_two<scripted_port, rx_port::member>;
	EXPECT_TRUE(select_rx<scripted_port>(2, rx_port::bond) == two_as_bond);
	EXPECT_TRUE(select_rx<scripted_port>(2, rx_port::member) == two_as_member);
	const rx_function one_as_bond = receive_from_one<scripted_port, rx_port::bond>;
	const rx_function one_as_member = receive_from_one<scripted_port, rx_port::member>;
	EXPECT_TRUE(select_rx<scripted_port>(1, rx_port::bond) == one_as_bond);
	EXPECT_TRUE(select_rx<scripted_port>(1, rx_port::member) == one_as_member);
	for (unsigned polled : {3u, 64u}) {
		EXPECT_TRUE(select_rx<scripted_port>(polled, rx_port::bond) == as_bond);
		EXPECT_TRUE(select_rx<scripted_port>(polled, rx_port::member) == as_member);
	}
}

} // namespace
} // namespace braid
