/* SPDX-License-Identifier: BSD-3-Clause */
#include "../packet/processor.hpp"
#include "policy/deal.hpp"

#include <gtest/gtest.h>

#include <rte_mbuf.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace braid {
namespace {

constexpr std::uint32_t hashes_of_bucket = UINT32_MAX / bucket_count + 1;

struct way {
	const char *name;
	deal_function deal;
	simd needs;
};
void PrintTo(const way &w, std::ostream *out) { *out << w.name; }

constexpr way ways[] = {
	{"Anywhere", [](const snapshot &s, rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hash,
                        rte_mbuf **rows) noexcept { return deal(s, pkts, n, hash, rows); }, simd::scalar},
#ifdef RTE_ARCH_X86_64
	{"Avx2", [](const snapshot &s, rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hash,
                    rte_mbuf **rows) noexcept { return deal_with_avx2(s, pkts, n, hash, rows); }, simd::avx2},
#endif
};

struct dealing : testing::TestWithParam<way> {
	std::mt19937 random{3};
	std::vector<rte_mbuf> packets{batch_size};
	std::vector<rte_mbuf *> array;
	rte_mbuf canary{};
	std::unique_ptr<snapshot> s = std::make_unique<snapshot>();

	dealing()
	{
		for (rte_mbuf &m : packets)
			array.push_back(&m);
		EXPECT_TRUE(processor_has(GetParam().needs));
	}

	// Buckets change hands at random so many times.
	void share_among(unsigned members, unsigned changes)
	{
		s->tx_count = static_cast<std::uint16_t>(members);
		std::vector<unsigned> at;
		for (unsigned k = 0; k < changes; k++)
			at.push_back(1 + static_cast<unsigned>(random() % (bucket_count - 1)));
		unsigned holder = static_cast<unsigned>(random() % members);
		for (unsigned b = 0; b < bucket_count; b++) {
			if (std::find(at.begin(), at.end(), b) != at.end())
				holder = (holder + 1 + static_cast<unsigned>(random() % (members - 1))) % members;
			s->bucket[b] = bucket_entry(holder, members);
		}
		s->between = find_borders(s->bucket, members);
	}

	// Of any bucket, and often the first and the last of one where buckets change hands.
	std::vector<std::uint32_t> hashes(unsigned n)
	{
		std::vector<std::uint32_t> h(n);
		for (std::uint32_t &hash : h) {
			hash = static_cast<std::uint32_t>(random());
			if (s->between.count != 0 && random() % 2 == 0)
				hash = static_cast<std::uint32_t>(s->between.last[random() % s->between.count]) + random() % 2;
		}
		return h;
	}

	unsigned holder_of(std::uint32_t hash) const
	{
		return s->bucket[hash / hashes_of_bucket] / bucket_entry(1, s->tx_count);
	}

	// The rows stand alone, so that what is written behind the last one is seen.
	void expect_dealt(const std::vector<std::uint32_t> &hash)
	{
		const auto n = static_cast<unsigned>(hash.size());
		std::vector<rte_mbuf *> rows(s->tx_count * batch_size + 1, &canary);
		const std::uint64_t counts = GetParam().deal(*s, array.data(), n, hash.data(), rows.data());
		for (unsigned m = 0; m < s->tx_count; m++) {
			std::vector<rte_mbuf *> expected;
			for (unsigned k = 0; k < n; k++)
				if (holder_of(hash[k]) == m)
					expected.push_back(array[k]);
			rte_mbuf **const row = rows.data() + m * batch_size;
			const std::uint64_t count = counts >> 8 * m & 0xff;
			ASSERT_EQ(count, expected.size()) << "member " << m << " of " << s->tx_count << ", " << n << " packets";
			ASSERT_TRUE(std::equal(expected.begin(), expected.end(), row)) << "member " << m << ", " << n << " packets";
			for (unsigned k = n; k < batch_size; k++)
				ASSERT_EQ(row[k], &canary) << "place " << k << " of member " << m << ", " << n << " packets";
		}
		ASSERT_EQ(rows.back(), &canary) << n << " packets";
	}
};
using Deal = dealing;

TEST_P(Deal, AMemberGetsThePacketsOfItsBucketsInTheirOrder)
{
	for (unsigned members = 2; members <= few_members; members++)
		for (unsigned changes : {1u, 2u, 3u, 7u, 15u, 16u, 100u, 4000u}) {
			share_among(members, changes);
			for (unsigned n = 1; n <= batch_size; n++)
				for (unsigned round = 0; round < 5; round++)
					expect_dealt(hashes(n));
		}
}

TEST_P(Deal, OneMemberMayGetAll)
{
	for (unsigned members = 2; members <= few_members; members++) {
		share_among(members, 9);
		for (unsigned n = 1; n <= batch_size; n++)
			expect_dealt(std::vector<std::uint32_t>(n, static_cast<std::uint32_t>(random())));
	}
}

INSTANTIATE_TEST_SUITE_P(Ways, Deal, testing::ValuesIn(ways), [](const auto &param) { return param.param.name; });

} // namespace
} // namespace braid
