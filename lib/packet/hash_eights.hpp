/* SPDX-License-Identifier: BSD-3-Clause */
// flow_hash_burst() by eights: which kernel hashes which eight packets. For units compiled with wide instructions only,
// see eight_lanes.hpp.
//
// What a kernel cannot hash is hashed one by one.
#pragma once

#include "packet/eight_tunnelled.hpp"
#include "packet/eight_various.hpp"

namespace braid {
namespace {

// So many are taken together that are not alike. What comes then may be alike again.
constexpr unsigned most_various = 4 * lanes;

// What eight packets have in common.
enum class kind { ipv4, ipv6, tagged_ipv4, tagged_ipv6, twice_tagged_ipv4, twice_tagged_ipv6, various };

// The kind of the first, if two others begin alike.
[[gnu::always_inline]] inline kind guess(const std::byte *first, const std::byte *middle, const std::byte *last) noexcept
{
	const std::uint32_t outer = word_at(first + 12);
	constexpr std::uint32_t type = 0xffff;
	if ((((outer ^ word_at(middle + 12)) | (outer ^ word_at(last + 12))) & type) != 0)
		return kind::various;
	if (is_ipv4(outer))
		return kind::ipv4;
	if (is_ipv6(outer))
		return kind::ipv6;
	if (!is_tag(outer))
		return kind::various;
	const std::uint32_t second = word_at(first + 16);
	if (is_ipv4(second))
		return kind::tagged_ipv4;
	if (is_ipv6(second))
		return kind::tagged_ipv6;
	if (!is_tag(second))
		return kind::various;
	const std::uint32_t third = word_at(first + 20);
	return is_ipv4(third) ? kind::twice_tagged_ipv4 : is_ipv6(third) ? kind::twice_tagged_ipv6 : kind::various;
}

// Each of these hashes the first packets, eight at a time, as long as it can, and returns how many. They are functions of
// their own so that each has the registers to itself.

template <hash_policy P, unsigned Version, unsigned Tags, showing_ports Who = showing_ports::each>
[[gnu::noinline]] unsigned hash_alike(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes,
                                      const std::byte *model) noexcept
{
	using eight = eight_alike<P, Version, Tags, Who>;
	const eight kernel(seed, model);
	unsigned done = 0;
	const std::byte *frames[lanes];
	for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes)
		if (!find_frames<eight::least_length>(pkts, frames) || !kernel.hash(frames, hashes))
			break;
	return done;
}

// Of IPv4 it may be ports alone that some do not show.
template <hash_policy P, unsigned Tags>
unsigned hash_alike_ipv4(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes,
                         const std::byte *model) noexcept
{
	const unsigned done = hash_alike<P, 4, Tags>(pkts, n, seed, hashes, model);
	if constexpr (fields_of(P).ports && !fields_of(P).inside)
		return done > 0 ? done : hash_alike<P, 4, Tags, showing_ports::some>(pkts, n, seed, hashes, model);
	return done;
}

template <hash_policy P>
[[gnu::noinline]] unsigned hash_various(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed,
                                        std::uint32_t *hashes) noexcept
{
	const eight_various<P> kernel(seed);
	eight_looked_at eight[most_various / lanes];
	unsigned count = 0;
	while (lanes * (count + 1) <= n && kernel.look(pkts + lanes * count, eight[count]))
		count++;
	for (unsigned i = 0; i < count; i++)
		kernel.look_farther(eight[i]);
	for (unsigned i = 0; i < count; i++)
		kernel.hash(eight[i], hashes + lanes * i);
	for (unsigned i = 0; i < count; i++)
		for (unsigned others = eight[i].others; others != 0; others &= others - 1) {
			const unsigned k = lanes * i + static_cast<unsigned>(__builtin_ctz(others));
			hashes[k] = flow_hash_alone<P>(*pkts[k], seed);
		}
	return lanes * count;
}

template <bool Symmetric>
[[gnu::noinline]] unsigned hash_one_type(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes,
                                         const std::byte *model, std::uint16_t type) noexcept
{
	using eight = eight_of_one_type<Symmetric>;
	const eight kernel(seed, model, type);
	unsigned done = 0;
	const std::byte *frames[lanes];
	for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes)
		if (!find_frames<eight::least_length>(pkts, frames) || !kernel.hash(frames, hashes))
			break;
	return done;
}

template <bool Symmetric>
[[gnu::noinline]] unsigned hash_any_types(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed,
                                          std::uint32_t *hashes) noexcept
{
	using eight = eight_by_macs<Symmetric>;
	const eight kernel(seed);
	unsigned done = 0;
	const std::byte *frames[lanes];
	for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes) {
		if (!find_frames<eight::least_length>(pkts, frames)) [[unlikely]]
			break;
		kernel.hash(frames, hashes);
	}
	return done;
}

// What the port is to put before the frame is in the mbuf; such packets are hashed one by one.
[[gnu::noinline]] unsigned hash_stations(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	const eight_stations kernel(seed);
	unsigned done = 0;
	const std::byte *frames[lanes];
	for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes) {
		std::uint64_t flags = 0;
		for (unsigned k = 0; k < lanes; k++)
			flags |= pkts[k]->ol_flags;
		if ((flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ)) != 0 ||
		    !find_frames<eight_stations::least_length>(pkts, frames)) [[unlikely]]
			break;
		kernel.hash(frames, hashes);
	}
	return done;
}

inline const std::byte *frame_of(const rte_mbuf &m) noexcept
{
	return static_cast<const std::byte *>(m.buf_addr) + m.data_off;
}

template <bool Symmetric>
unsigned hash_by_macs(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	unsigned done = 0;
	if (pkts[0]->data_len >= eight_of_one_type<Symmetric>::least_length) [[likely]] {
		const std::byte *const first = frame_of(*pkts[0]);
		const auto type = static_cast<std::uint16_t>(word_at(first + 12));
		const bool is_length = (type & 0xff) <= 5;
		if (!is_tag(type) && !is_length)
			done = hash_one_type<Symmetric>(pkts, n, seed, hashes, first, type);
	}
	return done > 0 ? done : hash_any_types<Symmetric>(pkts, n < most_various ? n : most_various, seed, hashes);
}

// At least eight packets are left.
template <hash_policy P>
unsigned hash_some(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	constexpr hash_fields fields = fields_of(P);
	if constexpr (fields.vlan_and_source)
		return hash_stations(pkts, n, seed, hashes);
	else if constexpr (!fields.addresses)
		return hash_by_macs<fields.symmetric>(pkts, n, seed, hashes);
	constexpr unsigned least = eight_various<P>::least_length;
	if (pkts[0]->data_len < least || pkts[3]->data_len < least || pkts[7]->data_len < least) [[unlikely]]
		return 0;
	const std::byte *const first = frame_of(*pkts[0]);
	if constexpr (fields.inside)
		if (const encapsulation around(first, pkts[0]->data_len); around.version() != 0)
			return hash_tunnel<P>(pkts, n, seed, hashes, around, first);
	unsigned done = 0;
	switch (guess(first, frame_of(*pkts[3]), frame_of(*pkts[7]))) {
	case kind::ipv4: done = hash_alike_ipv4<P, 0>(pkts, n, seed, hashes, first); break;
	case kind::ipv6: done = hash_alike<P, 6, 0>(pkts, n, seed, hashes, first); break;
	case kind::tagged_ipv4: done = hash_alike_ipv4<P, 4>(pkts, n, seed, hashes, first); break;
	case kind::tagged_ipv6: done = hash_alike<P, 6, 4>(pkts, n, seed, hashes, first); break;
	case kind::twice_tagged_ipv4: done = hash_alike_ipv4<P, 8>(pkts, n, seed, hashes, first); break;
	case kind::twice_tagged_ipv6: done = hash_alike<P, 6, 8>(pkts, n, seed, hashes, first); break;
	case kind::various: break;
	}
	if constexpr (fields.inside) // has no kernel for various ones
		return done;
	else
		return done > 0 ? done : hash_various<P>(pkts, n < most_various ? n : most_various, seed, hashes);
}

// Eight packets or, at the end, the last eight, of which some have their hashes already; those are not hashed again where no
// kernel takes the eight. A function of its own, so that short bursts do not pay for the registers that it saves.
template <hash_policy P>
[[gnu::noinline]] void hash_eights(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	unsigned hashed = 0;
	while (n - hashed > 1) {
		const unsigned from = n - hashed < lanes ? n - lanes : hashed;
		unsigned done = hash_some<P>(pkts + from, n - from, seed, hashes + from);
		if (done == 0) {
			done = lanes;
			flow_hash_burst<P>(pkts + hashed, from + lanes - hashed, seed, hashes + hashed);
		}
		hashed = from + done;
	}
	// A kernel takes longer for seven known ones and this one.
	if (hashed < n)
		hashes[hashed] = flow_hash_alone<P>(*pkts[hashed], seed);
}

template <hash_policy P>
[[gnu::always_inline]] inline void hash_burst_by_eights(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed,
                                                        std::uint32_t *hashes) noexcept
{
	return n < lanes ? flow_hash_burst<P>(pkts, n, seed, hashes) : hash_eights<P>(pkts, n, seed, hashes);
}

} // namespace
} // namespace braid
