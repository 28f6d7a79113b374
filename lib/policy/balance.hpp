/* SPDX-License-Identifier: BSD-3-Clause */
// Mode balance: a hash of the headers chooses a bucket, and the bucket's member sends the packet.
//
// The hash never changes with the set; only the owners of buckets do (buckets.hpp), so that a change of the set moves
// the flows of the members that changed and no others. The bucket is the hash's high bits: queue selection in a NIC and
// `hash % n` elsewhere consume the low ones, and members must not correlate with either.
#pragma once

#include "packet/hash.hpp"
#include "policy/deal_simd.hpp"
#include "policy/sorted_deal.hpp"
#include "policy/spread.hpp"

#include <bit>

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

	// What stands in the bucket of packet k.
	std::size_t entry_of(std::size_t k) const noexcept { return bucket_[hash_[k] >> shift]; }

private:
	static constexpr unsigned shift = 32 - std::countr_zero(bucket_count);

	const std::uint8_t *bucket_;
	const std::uint32_t *hash_;
};

// Up to few_members. A row of places for each; how many of them are taken stands in one register, a byte for each.
// Deal: how packets are dealt out to two members where borders tell them apart, or null if nothing is quicker than the table.
template <hash_function Hash, two_row_deal Deal = nullptr> class balance : public hashed_batch<Hash> {
public:
	struct workspace {
		std::uint32_t hash[batch_size];
		rte_mbuf *row[few_members][batch_size];
	};

	[[gnu::always_inline]] balance(const snapshot &s, tx_lane &, rte_mbuf **pkts, unsigned n, workspace &space) noexcept
		: hashed_batch<Hash>(s, pkts, n, space.hash), members_(s.tx_count), row_(space.row[0])
	{
		static_assert(batch_size <= UINT8_MAX && few_members == sizeof counts_);
		counts_ = members_ == 2 ? deal_to_two(s, pkts, n, space.hash) : deal_to_few(pkts, n);
	}

	unsigned member_of(std::size_t k) const noexcept { return static_cast<unsigned>(this->entry_of(k) / bucket_entry(1, 2)); }

	[[gnu::always_inline]] share next() noexcept
	{
		const share given = {member_, row_, static_cast<std::uint8_t>(counts_)};
		member_++;
		row_ += batch_size;
		counts_ >>= 8;
		return given;
	}
	bool more() const noexcept { return member_ < members_; }

private:
	// By borders as many as can be, the others by the table.
	[[gnu::always_inline]] std::uint64_t deal_to_two(const snapshot &s, rte_mbuf *const *pkts, std::size_t n,
	                                                 const std::uint32_t *hash) noexcept
	{
		std::size_t done = 0, second = 0; // packets in all, and of the second member
		if constexpr (Deal != nullptr)
			if (n >= dealt_at_once && s.between.count != 0) {
				done = n - n % dealt_at_once;
				second = Deal(pkts, static_cast<unsigned>(done), hash, s.between, row_, row_ + batch_size);
			}
		second += deal_rest_to_two(pkts, done, n, second);
		return (n - second) | second << 8;
	}

	// Each packet is written for both, and stays with the one whose place moves on: no branch, which a hash would make
	// unpredictable, and no count in memory, which the next packet would have to wait for.
	[[gnu::always_inline]] std::size_t deal_rest_to_two(rte_mbuf *const *pkts, std::size_t done, std::size_t n,
	                                                    std::size_t in_second) noexcept
	{
		rte_mbuf **const first_row = row_ + done - in_second;
		rte_mbuf **const second_row = row_ + batch_size + in_second;
		std::size_t second = 0; // bytes that the second member's pointers take here
		each_of(done, n, [&](std::size_t k) {
			*place(first_row + (k - done), -second) = pkts[k];
			*place(second_row, second) = pkts[k];
			second += this->entry_of(k);
		});
		return second / sizeof *pkts;
	}

	[[gnu::always_inline]] std::uint64_t deal_to_few(rte_mbuf *const *pkts, std::size_t n) noexcept
	{
		std::uint64_t counts = 0;
		each_of(0, n, [&](std::size_t k) {
			const std::size_t entry = this->entry_of(k);
			const auto taken = static_cast<std::uint8_t>(counts >> entry);
			row_[batch_size / 8 * entry + taken] = pkts[k];
			counts += std::uint64_t{1} << entry;
		});
		return counts;
	}

	// Calls give(k) for each k from the first to below n, in blocks whose offsets the compiler knows.
	template <typename Give> [[gnu::always_inline]] static void each_of(std::size_t k, std::size_t n, Give give) noexcept
	{
		constexpr std::size_t block = 8;
		for (; k + block <= n; k += block)
#pragma GCC unroll 8
			for (std::size_t i = 0; i < block; i++)
				give(k + i);
		for (; k < n; k++)
			give(k);
	}

	static rte_mbuf **place(rte_mbuf **from, std::size_t bytes) noexcept
	{
		return reinterpret_cast<rte_mbuf **>(reinterpret_cast<std::uintptr_t>(from) + bytes);
	}

	unsigned members_;
	std::size_t member_ = 0;   // whose share is next
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
};
static_assert(tx_policy<balance_over_many<flow_hash_burst<hash_policy::l34>>>);

} // namespace braid
