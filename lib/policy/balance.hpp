/* SPDX-License-Identifier: BSD-3-Clause */
// Mode balance: a hash of the headers chooses a bucket, and the bucket's member sends the packet.
//
// The hash never changes with the set; only the owners of buckets do (buckets.hpp), so that a change of the set moves
// the flows of the members that changed and no others. The bucket is the hash's high bits: queue selection in a NIC and
// `hash % n` elsewhere consume the low ones, and members must not correlate with either.
#pragma once

#include "packet/hash.hpp"
#include "policy/spread.hpp"

#include <bit>

namespace braid {

template <hash_policy Fields> struct balance {
	static constexpr unsigned shift = 32 - std::countr_zero(bucket_count);

	static void assign(const snapshot &s, tx_lane &, rte_mbuf *const *pkts, unsigned n, std::uint8_t *choice) noexcept
	{
		std::uint32_t hash[batch_size];
		flow_hash_burst<Fields>(pkts, n, s.seed, hash);
		for (unsigned k = 0; k < n; k++)
			choice[k] = s.bucket[hash[k] >> shift];
	}
};
static_assert(tx_policy<balance<hash_policy::l34>>);

} // namespace braid
