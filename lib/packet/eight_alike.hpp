/* SPDX-License-Identifier: BSD-3-Clause */
// Hashes eight packets of one kind: so many bytes of tags, IPv4 without options or IPv6, and what the key wants of them at
// places that are known beforehand. Packets that follow each other most often are.
//
// Words are taken from the frames as they stand, two packets in a vector, and are summed across at the end. That takes half
// the instructions of first turning rows into columns. Nothing is told apart but whether all eight are of that kind.
#pragma once

#include "packet/eight_lanes.hpp"

namespace braid {
namespace {

// False if one of them is shorter than `least`.
[[gnu::always_inline]] inline bool find_frames(rte_mbuf *const *pkts, const std::byte **frames, unsigned least) noexcept
{
#pragma GCC unroll 8
	for (unsigned k = 0; k < lanes; k++) {
		const rte_mbuf &m = *pkts[k];
		if (m.data_len < least) [[unlikely]]
			return false;
		frames[k] = static_cast<const std::byte *>(m.buf_addr) + m.data_off;
		asm("" : "+r"(frames[k])); // in one register, not the two parts of the sum in one each
	}
	return true;
}

template <unsigned Least>
[[gnu::always_inline]] inline bool find_frames(rte_mbuf *const *pkts, const std::byte **frames) noexcept
{
	return find_frames(pkts, frames, Least);
}

struct alignas(v8) byte_table {
	std::uint8_t byte[sizeof(v8)];

	v8 get() const noexcept { return _mm256_load_si256(reinterpret_cast<const v8 *>(byte)); }
};

// The same 16 bytes in both halves.
constexpr byte_table in_both_halves(byte_table t) noexcept
{
	for (unsigned i = 0; i < 16; i++)
		t.byte[i + 16] = t.byte[i];
	return t;
}

// Looked up by its lower four bits, a byte finds itself if it is in the list, and something else if not. No two of the list
// may have these bits in common; bytes from 0x80 find 0.
template <typename... Byte> constexpr byte_table finds_itself(Byte... list) noexcept
{
	byte_table t = {};
	for (unsigned i = 0; i < 16; i++)
		t.byte[i] = static_cast<std::uint8_t>(0x80 | (i ^ 1));
	((t.byte[list & 15] = list), ...);
	return in_both_halves(t);
}

constexpr byte_table protocols_with_ports = finds_itself(IPPROTO_TCP, IPPROTO_UDP);
// Not in that list, but one with ports too: SCTP. No others are looked for there.
constexpr std::uint8_t higher_protocols = 0x80;
// Behind which something else may decide: what extension headers hide, what an ICMP error quotes.
constexpr byte_table special_ipv4_protocols = finds_itself(IPPROTO_ICMP);
constexpr byte_table special_ipv6_protocols =
	finds_itself(IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_ICMPV6);

// Whether the EtherType of IP stands before it. Not in every tunnel.
enum class announced { by_type, elsewhere };

// Where eight packets of a kind have what, in bytes from the start of the frame.
template <bool Ports, unsigned Version, unsigned Tags, announced How = announced::by_type> struct places {
	static constexpr unsigned type = 12 + Tags;
	static constexpr unsigned ip = 14 + Tags;
	static constexpr unsigned fragment = ip + 6; // of IPv4
	static constexpr unsigned protocol = ip + (Version == 4 ? 9 : 6);
	static constexpr unsigned addresses_end = ip + (Version == 4 ? 20 : 40);
	static constexpr unsigned key_end = addresses_end + (Ports ? 4 : 0);

	// 16 bytes that hold what tells the kind, and what they do not hold. Of IPv4 the protocol is looked for where the
	// addresses are.
	static constexpr bool told_by_macs = Version == 4 && Tags == 0 && !Ports;
	static constexpr unsigned told = told_by_macs ? 0 : Version == 4 ? type - 4 : type;
	static constexpr unsigned protocol_told = Version == 4 ? key_end - 16 : told;
	static constexpr bool tags_apart = Version == 4 ? Tags > 4 : Tags > 0;

	static constexpr byte_table structure(bool with_fragments) noexcept
	{
		byte_table mask = {};
		if (How == announced::by_type)
			mask.byte[type - told] = mask.byte[type + 1 - told] = 0xff;
		mask.byte[ip - told] = Version == 4 ? 0xff : 0xf0;
		if (Version == 4 && Tags > 0)
			mask.byte[0] = mask.byte[1] = 0xff; // the inner tag's type
		if (with_fragments && Version == 4 && Ports) {
			mask.byte[fragment - told] = 0x3f;
			mask.byte[fragment + 1 - told] = 0xff;
		}
		return in_both_halves(mask);
	}
	static constexpr byte_table protocols(std::uint8_t bits = 0xff) noexcept
	{
		byte_table mask = {};
		mask.byte[protocol - protocol_told] = bits;
		return in_both_halves(mask);
	}

	// Of IPv4 with ports, shuffles of the rows `told` and `ends` (key_end - 16) that bring the fragment field and the protocol
	// to where the ports are, and nothing to where they are not.
	static constexpr byte_table fragment_to_ports() noexcept
	{
		byte_table order = nothing();
		order.byte[12] = fragment - told;
		order.byte[13] = fragment + 1 - told;
		return in_both_halves(order);
	}
	static constexpr byte_table protocol_to_ports() noexcept
	{
		byte_table order = nothing();
		order.byte[14] = protocol - protocol_told;
		return in_both_halves(order);
	}
	static constexpr byte_table fragment_at_ports() noexcept
	{
		byte_table mask = {};
		mask.byte[12] = 0x3f;
		mask.byte[13] = 0xff;
		return in_both_halves(mask);
	}
	static constexpr byte_table tag_types() noexcept
	{
		byte_table mask = {};
		for (unsigned at = 0; at < Tags; at += 4)
			mask.byte[at] = mask.byte[at + 1] = 0xff;
		return in_both_halves(mask);
	}

private:
	static constexpr byte_table nothing() noexcept
	{
		byte_table order = {};
		for (std::uint8_t &from : order.byte)
			from = 0x80;
		return order;
	}
};

inline v8 broadcast_row(const std::byte *from) noexcept
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
}

// The seed, for every word; with keys, what words are blinded with.
inline v8 every_word(std::uint64_t word) noexcept { return _mm256_set1_epi64x(static_cast<long long>(word)); }
inline v8 blinding(v8 seeds, std::uint64_t first_key, std::uint64_t second_key) noexcept
{
	return _mm256_xor_si256(seeds, twice(first_key, second_key));
}

// ---- symmetry, as flow_key.hpp has it: a row beside the same one whose ends have changed places

template <typename... From> constexpr byte_table shuffle_by(From... from) noexcept
{
	static_assert(sizeof...(from) == 16);
	return in_both_halves({{static_cast<std::uint8_t>(from)...}});
}
inline v8 macs_in_order(v8 row) noexcept
{
	static constexpr byte_table exchange = shuffle_by(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);
	const v8 other = _mm256_shuffle_epi8(row, exchange.get());
	constexpr int first_end = 0b111; // of lanes of 16 bits
	return _mm256_blend_epi16(_mm256_max_epu16(row, other), _mm256_min_epu16(row, other), first_end);
}

// Of IPv4, a row that ends with the addresses.
inline v8 ipv4_addresses_in_order(v8 row) noexcept
{
	const v8 other = _mm256_shuffle_epi32(row, 0b10'11'01'00);
	return _mm256_blend_epi32(_mm256_max_epu32(row, other), _mm256_min_epu32(row, other), 0b0100'0100);
}

// Of a row of IPv4 that ends with the ports: protocol, ports, addresses.
inline v8 ipv4_key_in_order(v8 row) noexcept
{
	constexpr int no = 0x80;
	static constexpr byte_table as_they_stand = shuffle_by(1, no, no, no, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11);
	static constexpr byte_table exchanged = shuffle_by(1, no, no, no, 14, 15, 12, 13, 8, 9, 10, 11, 4, 5, 6, 7);
	const v8 one = _mm256_shuffle_epi8(row, as_they_stand.get()), other = _mm256_shuffle_epi8(row, exchanged.get());
	return _mm256_blend_epi32(_mm256_max_epu32(one, other), _mm256_min_epu32(one, other), 0b0100'0100);
}

// Both addresses of IPv6.
inline v8 ipv6_in_order(v8 addresses) noexcept
{
	const v8 other = _mm256_permute4x64_epi64(addresses, 0b01'00'11'10);
	return _mm256_blend_epi32(_mm256_min_epu32(addresses, other), _mm256_max_epu32(addresses, other), 0b1111'0000);
}

// A row that ends with the ports, which alone are worth anything then.
inline v8 last_ports_in_order(v8 row) noexcept
{
	static constexpr byte_table exchange = shuffle_by(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 12, 13);
	return _mm256_max_epu32(row, _mm256_shuffle_epi8(row, exchange.get()));
}

// Two words: the MAC addresses and an EtherType that is known beforehand, which is in `blind`.
template <bool Symmetric> [[gnu::always_inline]] inline words mac_words(const rows &r, v8 blind) noexcept
{
	const v8 counts = twice(UINT64_MAX, UINT32_MAX);
	v8 product[4];
	for (unsigned i = 0; i < 4; i++)
		product[i] = products(masked_xor(Symmetric ? macs_in_order(r.of[i]) : r.of[i], counts, blind));
	return first_of(product) + second_of(product);
}

// Which of the eight show ports, of a policy that goes by them: each, or of IPv4 whichever does; fragments and what is
// neither TCP nor UDP show none.
enum class showing_ports { each, some };

template <hash_policy P, unsigned Version, unsigned Tags, showing_ports Who = showing_ports::each,
          announced How = announced::by_type>
class eight_alike {
	static constexpr hash_fields fields = fields_of(P);
	static constexpr bool must_show_ports = fields.ports && Who == showing_ports::each;
	static_assert(must_show_ports || !fields.ports || Version == 4);
	static_assert(!fields.inside || must_show_ports); // what else there is may be a tunnel
	using at = places<fields.ports, Version, Tags, How>;

public:
	// Each frame must be so long.
	static constexpr unsigned least_length = at::key_end;

	// `model` is a frame of that kind, behind which the others are to be like it. It need not be one without fragments.
	eight_alike(std::uint64_t seed, const std::byte *model) noexcept
		: expected_(both(broadcast_row(model + at::told), structure.get())), tags_(broadcast_row(model + first_tag)),
		  seeds_(every_word(seed))
	{}

	// False, and nothing done, if one of the eight is not of the kind, or something else than its fields here decides.
	[[gnu::always_inline]] inline bool hash(const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		const rows told = load_rows(frames, at::told);
		if constexpr (Version == 4) {
			const rows ends = load_rows(frames, at::key_end - 16);
			if (!is_of_the_kind(frames, told, ends) || may_hide_another(ends)) [[unlikely]]
				return false;
			return finish(frames, told, ipv4_words(told, ends), hashes);
		} else {
			if (!is_of_the_kind(frames, told, told)) [[unlikely]]
				return false;
			if (fields.inside && may_hide_another(load_rows(frames, at::key_end - 16))) [[unlikely]]
				return false;
			return finish(frames, told, ipv6_words(frames, told), hashes);
		}
	}

private:
	static constexpr unsigned first_tag = 12;
	static constexpr std::uint64_t type = RTE_BE16(Version == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	static constexpr unsigned first_key = fields.macs ? 2 : 0; // of the addresses
	static constexpr byte_table structure = at::structure(false);
	static constexpr byte_table structure_and_fragments = at::structure(must_show_ports);
	static constexpr byte_table protocols = at::protocols();
	static constexpr byte_table tag_types = at::tag_types();

	[[gnu::always_inline]] inline bool finish(const std::byte *const *frames, const rows &told, words sums,
	                                          std::uint32_t *hashes) const noexcept
	{
		if constexpr (fields.macs) {
			const v8 blind = blinding(seeds_, flow_hash_keys[0], flow_hash_keys[1] ^ type << 32);
			sums = sums + mac_words<fields.symmetric>(at::told_by_macs ? told : load_rows(frames, 0), blind);
		}
		store_vector(hashes, values(sums));
		return true;
	}

	// What differs between the rows and what is expected is collected, and looked at once.
	[[gnu::always_inline]] inline bool is_of_the_kind(const std::byte *const *frames, const rows &told,
	                                                  const rows &with_protocol) const noexcept
	{
		v8 difference = zero(), protocol_difference = zero();
		for (const v8 row : told.of)
			difference = or_difference(difference, row, expected_);
		for (const v8 row : with_protocol.of) {
			if constexpr (must_show_ports) {
				const v8 found = _mm256_shuffle_epi8(protocols_with_ports.get(), row);
				protocol_difference = or_difference(protocol_difference, row, found);
			} else {
				constexpr const byte_table &special = Version == 4 ? special_ipv4_protocols : special_ipv6_protocols;
				const v8 found = _mm256_shuffle_epi8(special.get(), row);
				protocol_difference = either(protocol_difference, _mm256_cmpeq_epi8(row, found));
			}
		}
		v8 wrong = either(both(difference, structure_and_fragments.get()),
		                  both(protocol_difference, protocols.get()));
		if constexpr (fields.ports && !must_show_ports) {
			static constexpr byte_table higher = at::protocols(higher_protocols);
			for (const v8 row : with_protocol.of)
				wrong = either(wrong, both(row, higher.get()));
		}
		if constexpr (at::tags_apart) {
			v8 tag_difference = zero();
			for (const v8 row : load_rows(frames, first_tag).of)
				tag_difference = or_difference(tag_difference, row, tags_);
			wrong = either(wrong, both(tag_difference, tag_types.get()));
		}
		return have_no_bit_in_common(wrong, wrong);
	}

	// By a policy that looks inside: whether a packet may be a tunnel over UDP. Of IPv6, also whether a flow label takes the
	// place of ports that are 0. `ends` are the rows that end with the ports.
	[[gnu::always_inline]] static inline bool may_hide_another(const rows &ends) noexcept
	{
		if constexpr (!fields.inside)
			return false;
		const v8 ports = _mm256_unpackhi_epi64(_mm256_unpackhi_epi32(ends.of[0], ends.of[1]),
		                                       _mm256_unpackhi_epi32(ends.of[2], ends.of[3]));
		const auto to = [&]<std::uint16_t Port>() {
			return _mm256_cmpeq_epi16(ports, all<std::uint32_t{RTE_BE16(Port)} << 16>());
		};
		const v8 tunnel = either(either(to.template operator()<vxlan_port>(), to.template operator()<geneve_port>()),
		                         either(to.template operator()<vxlan_port_of_old_linux>(),
		                                to.template operator()<gtpu_port>()));
		constexpr std::uint64_t destination = 0xffff0000'ffff0000;
		const v8 found = both(tunnel, twice(destination, destination));
		const v8 without_ports = Version == 6 ? equal(ports, zero()) : zero();
		const v8 other = either(found, without_ports);
		return !have_no_bit_in_common(other, other);
	}

	// With ports two words: time to live and checksum, which do not count, stand between protocol and source. Without,
	// the second.
	[[gnu::always_inline]] inline words ipv4_words(const rows &told, const rows &ends) const noexcept
	{
		const v8 blind = blinding(seeds_, flow_hash_keys[0], flow_hash_keys[fields.ports ? 1 : first_key]);
		const v8 counts = twice(ipv4_protocol_and_source, UINT64_MAX);
		v8 product[4];
		for (unsigned i = 0; i < 4; i++) {
			const v8 row = ends.of[i];
			if constexpr (fields.symmetric)
				product[i] = products(_mm256_xor_si256(ipv4_in_order(told.of[i], row), blind));
			else if constexpr (must_show_ports)
				product[i] = products(masked_xor(row, counts, blind));
			else if constexpr (fields.ports)
				product[i] = products(masked_xor(row, both(counts, but_missing_ports(told.of[i], row)), blind));
			else
				product[i] = products(_mm256_xor_si256(row, blind));
		}
		if constexpr (fields.ports)
			return first_of(product) + second_of(product);
		else
			return second_of(product);
	}

	static inline v8 ipv4_in_order(v8 told, v8 end) noexcept
	{
		if constexpr (!fields.ports)
			return ipv4_addresses_in_order(end);
		else
			return ipv4_key_in_order(must_show_ports ? end : both(end, but_missing_ports(told, end)));
	}

	// All of a row of ends but the place of ports of packets that show none.
	static inline v8 but_missing_ports(v8 told, v8 end) noexcept
	{
		static constexpr byte_table fragment_to_ports = at::fragment_to_ports();
		static constexpr byte_table fragment_at_ports = at::fragment_at_ports();
		static constexpr byte_table protocol_to_ports = at::protocol_to_ports();
		const v8 fragment = both(_mm256_shuffle_epi8(told, fragment_to_ports.get()), fragment_at_ports.get());
		const v8 difference = _mm256_xor_si256(_mm256_shuffle_epi8(protocols_with_ports.get(), end), end);
		const v8 protocol = _mm256_shuffle_epi8(difference, protocol_to_ports.get());
		return equal(either(fragment, protocol), zero());
	}

	[[gnu::always_inline]] inline words ipv6_words(const std::byte *const *frames, const rows &told) const noexcept
	{
		if constexpr (fields.ports && fields.symmetric)
			return four_words(frames) + ipv6_protocol_and_ports(frames, told);
		else if constexpr (fields.ports)
			return four_words(frames) + ipv6_first_word(told);
		else
			return four_words(frames);
	}

	// The last 32 bytes of the key of IPv6; in order, the addresses.
	[[gnu::always_inline]] inline words four_words(const std::byte *const *frames) const noexcept
	{
		constexpr unsigned end = fields.symmetric ? at::addresses_end : at::key_end;
		constexpr unsigned key = fields.symmetric && fields.ports ? 1 : first_key;
		const v8 blind = _mm256_xor_si256(seeds_, load_vector(flow_hash_keys + key));
		v8 product[lanes];
#pragma GCC unroll 8
		for (unsigned i = 0; i < lanes; i++) {
			const v8 last = load_vector(frames[i] + end - 32);
			product[i] = products(_mm256_xor_si256(fields.symmetric ? ipv6_in_order(last) : last, blind));
		}
		return sum_of_four(product);
	}

	// Next header and the first 32 bits of the source: the second word of the row.
	[[gnu::always_inline]] inline words ipv6_first_word(const rows &told) const noexcept
	{
		const v8 blind = blinding(seeds_, 0, flow_hash_keys[4]);
		const v8 counts = twice(0, ipv6_protocol_and_source);
		v8 product[4];
		for (unsigned i = 0; i < 4; i++)
			product[i] = products(masked_xor(told.of[i], counts, blind));
		return second_of(product);
	}

	// Next header, in the row's third lane, and ports.
	[[gnu::always_inline]] inline words ipv6_protocol_and_ports(const std::byte *const *frames, const rows &told) const noexcept
	{
		constexpr std::uint64_t protocol_and_ports = 0xffffffff'000000ff;
		const v8 blind = blinding(seeds_, 0, flow_hash_keys[0]);
		const v8 counts = twice(0, protocol_and_ports);
		const rows ends = load_rows(frames, at::key_end - 16);
		v8 product[4];
		for (unsigned i = 0; i < 4; i++) {
			const v8 both_of_them = _mm256_blend_epi32(told.of[i], last_ports_in_order(ends.of[i]), 0b1000'1000);
			product[i] = products(masked_xor(both_of_them, counts, blind));
		}
		return second_of(product);
	}

	const v8 expected_;
	const v8 tags_;
	const v8 seeds_;
};

// Hashes by their MAC addresses eight packets of one EtherType, which is no tag and no length.
template <bool Symmetric> class eight_of_one_type {
public:
	static constexpr unsigned least_length = 16;

	eight_of_one_type(std::uint64_t seed, const std::byte *model, std::uint16_t type) noexcept
		: expected_(broadcast_row(model)),
		  blind_(blinding(every_word(seed), flow_hash_keys[0], flow_hash_keys[1] ^ std::uint64_t{type} << 32))
	{}

	// False, and nothing done, if one of them has another.
	[[gnu::always_inline]] inline bool hash(const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		const rows r = load_rows(frames, 0);
		v8 difference = zero();
		for (const v8 row : r.of)
			difference = or_difference(difference, row, expected_);
		if (!have_no_bit_in_common(difference, twice(0, std::uint64_t{UINT16_MAX} << 32))) [[unlikely]]
			return false;
		store_vector(hashes, values(mac_words<Symmetric>(r, blind_)));
		return true;
	}

private:
	const v8 expected_;
	const v8 blind_;
};

} // namespace
} // namespace braid
