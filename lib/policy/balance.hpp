/* SPDX-License-Identifier: BSD-3-Clause */
// Mode balance: a hash of the headers chooses a bucket, and the bucket's member sends the packet.
//
// The hash never changes with the set; only the owners of buckets do (buckets.hpp), so that a change of the set moves
// the flows of the members that changed and no others. The bucket is the hash's high bits: queue selection in a NIC and
// `hash % n` elsewhere consume the low ones, and members must not correlate with either.
#pragma once

#include "packet/hash.hpp"
#include "policy/deal.hpp"
#include "policy/sorted_deal.hpp"
#include "policy/spread.hpp"

namespace braid {

// Hash is called once for a batch: hashes[i] = the hash of pkts[i] for every i < n.
using hash_function = void (*)(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept;

// What the two ways to deal have in common.
template <hash_function Hash> class hashed_batch {
protected:
	[[gnu::always_inline]] hashed_batch(const snapshot &s, rte_mbuf **pkts, unsigned n, std::uint32_t *hash) noexcept
		: bucket_(s.bucket.data()), hash_(hash)
	{
		Hash(pkts, n, s.seed, hash);
	}

	static std::size_t entry_for(const snapshot &s, rte_mbuf **pkt) noexcept
	{
		std::uint32_t hash;
		Hash(pkt, 1, s.seed, &hash);
		return braid::entry_of(s.bucket.data(), hash);
	}

	// What stands in the bucket of packet k.
	std::size_t entry_of(std::size_t k) const noexcept { return braid::entry_of(bucket_, hash_[k]); }

private:
	const std::uint8_t *bucket_;
	const std::uint32_t *hash_;
};

// Up to few_members, each of which has a row of the batch's size.
template <hash_function Hash, deal_function Deal = deal> class balance : public hashed_batch<Hash> {
public:
	struct workspace {
		std::uint32_t hash[batch_size];
		rte_mbuf *row[few_members][batch_size];
	};

	[[gnu::always_inline]] balance(const snapshot &s, tx_lane &, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: hashed_batch<Hash>(s, pkts, n, space.hash), members_(s.tx_count), row_(space.row[0]),
		  counts_(Deal(s, pkts, n, space.hash, row_))
	{}

	unsigned member_of(std::size_t k) const noexcept { return member_in(this->entry_of(k)); }
	static unsigned member_for(const snapshot &s, tx_lane &, rte_mbuf **pkt) noexcept
	{
		return member_in(hashed_batch<Hash>::entry_for(s, pkt));
	}

	bool more() const noexcept { return member_ < members_; }
	share now() const noexcept { return {member_, row_, static_cast<std::uint8_t>(counts_)}; }
	void go_on() noexcept
	{
		member_++;
		row_ += batch_size;
		counts_ >>= 8;
	}

private:
	static unsigned member_in(std::size_t entry) noexcept { return static_cast<unsigned>(entry / bucket_entry(1, 2)); }

	unsigned members_;
	std::size_t member_ = 0;   // whose share is that of now
	rte_mbuf **row_;           // its packets
	std::uint64_t counts_;     // of its packets in the lowest byte, of the next one's above it
};
static_assert(tx_policy<balance<flow_hash_burst<hash_policy::l34>>>);

// Any number of members.
template <hash_function Hash> class balance_over_many : public hashed_batch<Hash>, public sorted_deal {
public:
	struct workspace {
		std::uint32_t hash[batch_size];
		sorted_deal::workspace sorted;
	};

	balance_over_many(const snapshot &s, tx_lane &, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: hashed_batch<Hash>(s, pkts, n, space.hash),
		  sorted_deal(s.tx_count, pkts, n, space.sorted, [this](unsigned k) { return this->entry_of(k); })
	{}

	unsigned member_of(std::size_t k) const noexcept { return static_cast<unsigned>(this->entry_of(k)); }
	static unsigned member_for(const snapshot &s, tx_lane &, rte_mbuf **pkt) noexcept
	{
		return static_cast<unsigned>(hashed_batch<Hash>::entry_for(s, pkt));
	}
};
static_assert(tx_policy<balance_over_many<flow_hash_burst<hash_policy::l34>>>);

} // namespace braid
