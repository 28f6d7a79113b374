/* SPDX-License-Identifier: BSD-3-Clause */
// The vector paths of the flow hash that the processor has, each held against its scalar twin. Packets end where their
// allocation ends, so that AddressSanitizer sees a read beyond the data; a build without it compares all the same.
#pragma once

#include "packet/hash_simd.hpp"

#include "processor.hpp"
#include "test_packet.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include <rte_config.h>
#include <rte_mbuf.h>

namespace braid {

inline constexpr unsigned simd_batch = 64; // as the bursts cut it
inline constexpr std::uint64_t simd_seed = 0x0123456789abcdef;

// The build has these; the processor that runs the tests may not.
struct path {
	const char *name;
	bool is_here;
};
#ifdef RTE_ARCH_X86_64
inline const path paths[] = {
	{"scalars", true},
	{"AVX2", processor_has(simd::avx2)},
	{"AVX-512", processor_has(simd::avx512)},
};
template <hash_policy P>
inline constexpr decltype(&flow_hash_burst<P>) bursts[] = {flow_hash_burst<P>, flow_hash_burst_avx2<P>, flow_hash_burst_avx512<P>};
template <>
inline constexpr decltype(&flow_hash_burst<hash_policy::flow>) bursts<hash_policy::flow>[] = {
	flow_hash_burst<hash_policy::flow>, rss_hash_burst_avx2, rss_hash_burst_avx2};
#else
inline const path paths[] = {{"scalars", true}};
template <hash_policy P> inline constexpr decltype(&flow_hash_burst<P>) bursts[] = {flow_hash_burst<P>};
#endif

// How often which of them was compared.
inline std::array<unsigned long, std::size(paths)> compared;

template <hash_policy P> void expect_equal(const std::vector<rte_mbuf *> &pkts)
{
	constexpr std::uint32_t untouched = 0xdeadbeef;
	const auto n = static_cast<unsigned>(pkts.size());
	std::array<std::uint32_t, simd_batch> expected;
	expected.fill(untouched); // beyond the burst
	for (unsigned k = 0; k < n; k++)
		expected[k] = flow_hash_by_key<P>(*pkts[k], simd_seed);
	for (unsigned i = 0; i < std::size(paths); i++) {
		if (!paths[i].is_here)
			continue;
		std::array<std::uint32_t, simd_batch> hashes;
		hashes.fill(untouched);
		bursts<P>[i](pkts.data(), n, simd_seed, hashes.data());
		compared[i]++;
		for (unsigned k = 0; k < simd_batch; k++)
			ASSERT_EQ(hashes[k], expected[k])
				<< to_string(P) << " with " << paths[i].name << ", packet " << k << " of " << n;
	}
}

inline void expect_equal_by_all(const std::vector<rte_mbuf *> &pkts)
{
	using enum hash_policy;
	expect_equal<l2>(pkts);
	expect_equal<l23>(pkts);
	expect_equal<l34>(pkts);
	expect_equal<l2_sym>(pkts);
	expect_equal<l23_sym>(pkts);
	expect_equal<l34_sym>(pkts);
	expect_equal<encap34>(pkts);
	expect_equal<encap34_sym>(pkts);
	expect_equal<vlan_srcmac>(pkts);
	expect_equal<hash_policy::flow>(pkts);
}

// A burst of packets that live as long as it.
struct batch {
	std::vector<std::unique_ptr<test_packet>> packets;
	std::vector<rte_mbuf *> pkts;

	void add(const bytes &data, const std::vector<std::size_t> &cuts = {})
	{
		packets.push_back(std::make_unique<test_packet>(data, cuts));
		pkts.push_back(packets.back()->mbuf());
	}
};

} // namespace braid
