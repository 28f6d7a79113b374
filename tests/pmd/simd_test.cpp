/* SPDX-License-Identifier: BSD-3-Clause */
// Which instructions bursts use on machines that this one need not be, and that a bond on this one uses those.
#include "simd.hpp"

#include "test_bond.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace braid {
namespace {

constexpr machine other{};
constexpr machine old{.x86_64 = true, .wide = true};
constexpr machine with_avx2{.x86_64 = true, .avx2 = {true, true}, .wide = true};
constexpr machine with_avx512{.x86_64 = true, .avx2 = {true, true}, .avx512 = {true, true}, .wide = true};
constexpr machine narrowed{.x86_64 = true, .avx2 = {true, true}, .avx512 = {true, true}, .wide = false};
// The kernel was told to keep less than the processor has: clearcpuid=avx512f, gather_data_sampling=force.
constexpr machine kept_avx2{.x86_64 = true, .avx2 = {true, true}, .avx512 = {true, false}, .wide = true};
constexpr machine kept_nothing{.x86_64 = true, .avx2 = {true, false}, .avx512 = {true, false}, .wide = true};

TEST(Simd, AutomaticIsTheWidestThatTheMachineHasAndNeverRefused)
{
	EXPECT_EQ(*resolve(simd::automatic, other), simd::scalar);
	EXPECT_EQ(*resolve(simd::automatic, old), simd::scalar);
	EXPECT_EQ(*resolve(simd::automatic, with_avx2), simd::avx2);
	EXPECT_EQ(*resolve(simd::automatic, with_avx512), simd::avx512);
	EXPECT_EQ(*resolve(simd::automatic, narrowed), simd::scalar);
	EXPECT_EQ(*resolve(simd::automatic, kept_avx2), simd::avx2);
	EXPECT_EQ(*resolve(simd::automatic, kept_nothing), simd::scalar);
}

TEST(Simd, WhatIsAskedForByNameIsGivenWhereItIs)
{
	for (const machine &on : {other, old, with_avx2, with_avx512, narrowed, kept_avx2, kept_nothing})
		EXPECT_EQ(*resolve(simd::scalar, on), simd::scalar);
	EXPECT_EQ(*resolve(simd::avx2, with_avx2), simd::avx2);
	EXPECT_EQ(*resolve(simd::avx2, with_avx512), simd::avx2);
	EXPECT_EQ(*resolve(simd::avx512, with_avx512), simd::avx512);
	EXPECT_EQ(*resolve(simd::avx2, kept_avx2), simd::avx2);
}

TEST(Simd, WhatIsAskedForByNameAndMissingIsRefusedWithTheReason)
{
	const auto reason = [](simd wanted, const machine &on) {
		const result<simd> answer = resolve(wanted, on);
		EXPECT_FALSE(answer);
		EXPECT_EQ(answer.error().code(), ENOTSUP);
		return std::string(answer.error().text());
	};
	EXPECT_EQ(reason(simd::avx512, with_avx2), "simd: avx512 cannot be used: this processor does not have it");
	EXPECT_EQ(reason(simd::avx512, old), "simd: avx512 cannot be used: this processor does not have it");
	EXPECT_EQ(reason(simd::avx2, old), "simd: avx2 cannot be used: this processor does not have it");
	EXPECT_EQ(reason(simd::avx2, other), "simd: avx2 cannot be used: this driver was built for another architecture");
	EXPECT_EQ(reason(simd::avx512, kept_avx2),
	          "simd: avx512 cannot be used: the operating system does not keep its registers");
	EXPECT_EQ(reason(simd::avx2, kept_nothing),
	          "simd: avx2 cannot be used: the operating system does not keep its registers");
	for (const simd wanted : {simd::avx2, simd::avx512})
		EXPECT_EQ(reason(wanted, narrowed), std::string("simd: ") + to_string(wanted) +
		                                            " cannot be used: EAL allows less than 256 bits "
		                                            "(--force-max-simd-bitwidth)");
}

// What the kernel says that programs may use; it leaves out what it was told to.
std::set<std::string> flags_of_the_kernel()
{
	std::ifstream cpus("/proc/cpuinfo");
	for (std::string line; std::getline(cpus, line);)
		if (line.starts_with("flags")) {
			std::istringstream words(line.substr(line.find(':') + 1));
			return {std::istream_iterator<std::string>(words), {}};
		}
	return {};
}

TEST(Simd, ThisMachineHasNothingThatItsKernelDoesNotList)
{
	const std::set<std::string> listed = flags_of_the_kernel();
	const auto lists = [&](auto... flags) { return (listed.contains(flags) && ...); };
	const machine here = this_machine();
	EXPECT_TRUE(!here.avx2.usable() || lists("avx2", "bmi1", "bmi2"));
	EXPECT_TRUE(!here.avx512.usable() || lists("avx512f", "avx512vl", "avx512bw", "avx512dq"));
	EXPECT_TRUE(!here.avx512.usable() || here.avx2.usable());
}

// What each of three members sends of 300 packets of 100 flows, by sequence number.
std::vector<std::vector<std::uint32_t>> sent_with(simd wide)
{
	std::array<fake_port, 3> ports;
	for (fake_port &port : ports)
		port.tx_mode(fake_tx::keep);
	test_bond bond(with_members(std::string("balance,xmit_policy=l34,seed=1,simd=") + to_string(wide), ports));
	EXPECT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(300, 0, 100)), 300);
	std::vector<std::vector<std::uint32_t>> sent;
	for (fake_port &port : ports) {
		std::vector<rte_mbuf *> packets = port.take_tx(fake_port::all_queues);
		sent.push_back(sequences_of(packets));
		free_all(packets);
	}
	return sent;
}

class SimdBond : public mbuf_accounting {};

TEST_F(SimdBond, SendsTheSameWithWhateverInstructionsAndRefusesThoseThatAreMissing)
{
	const auto expected = sent_with(simd::scalar);
	EXPECT_EQ(sent_with(simd::automatic), expected);
	for (const simd wide : {simd::avx2, simd::avx512}) {
		if (resolve(wide, this_machine())) {
			EXPECT_EQ(sent_with(wide), expected) << to_string(wide);
			continue;
		}
		const quiet_log quiet;
		const std::string args = std::string("simd=") + to_string(wide);
		EXPECT_EQ(braid_create("net_braid0", args.c_str()), -ENOTSUP) << args;
	}
}

} // namespace
} // namespace braid
