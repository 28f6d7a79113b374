/* SPDX-License-Identifier: BSD-3-Clause */
// Hashes eight packets of any kinds, without a branch on what they are, which mixed traffic would make unpredictable.
//
// Untagged, tagged once or twice; IPv4 without options or IPv6; fragments: for each packet it is found out where its IP header
// starts, then the 32 bytes of the frame that end with its key are taken, and what does not count is masked out of them.
#pragma once

#include "packet/eight_alike.hpp"

namespace braid {
namespace {

// What a packet is, told from the words at offsets 12, 16 and 20 of its frame. Masks, but for the first two.
struct kinds {
	v8 head; // EtherType behind the tags and the two bytes after it, as they stand
	v8 tags; // bytes of tags
	v8 ipv4; // without options
	v8 ipv6;
};

inline v8 is_tag(v8 word) noexcept
{
	// 0x8100 and 0x9100 differ in one bit, which the first mask leaves out.
	return either(equal(both(word, all<0xffef>()), all<0x0081>()), equal(both(word, all<0xffff>()), all<0xa888>()));
}

inline kinds tell(const columns &from_type) noexcept
{
	const v8 tagged = is_tag(from_type.of[0]);
	const v8 tagged_twice = both(tagged, is_tag(from_type.of[1]));
	kinds k;
	k.head = choose(tagged_twice, from_type.of[2], choose(tagged, from_type.of[1], from_type.of[0]));
	k.tags = _mm256_add_epi32(both(tagged, all<4>()), both(tagged_twice, all<4>()));
	k.ipv4 = equal(both(k.head, all<0xffffff>()), all<0x450008>());
	k.ipv6 = equal(both(k.head, all<0xf0ffff>()), all<0x60dd86>());
	return k;
}

// Protocols as bits. Two tables, by the lower and by the upper four bits of the number, have just one bit in common.
constexpr std::uint8_t has_ports_bits = 0x07;
constexpr std::uint8_t special_in_ipv4_bit = 0x08;
constexpr std::uint8_t special_in_ipv6_bits = 0xf0;
constexpr std::uint8_t told_protocols[] = {IPPROTO_TCP,     IPPROTO_UDP,     IPPROTO_SCTP,    IPPROTO_ICMP,
                                           IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_ICMPV6};

constexpr byte_table bits_by(unsigned shift) noexcept
{
	byte_table t = {};
	for (unsigned i = 0; i < 8; i++)
		t.byte[told_protocols[i] >> shift & 15] |= static_cast<std::uint8_t>(1u << i);
	return in_both_halves(t);
}
constexpr byte_table bits_by_lower_half = bits_by(0), bits_by_upper_half = bits_by(4);

// Of numbers from 0 to 255. The other bytes of a lane hold anything.
inline v8 bits_of_protocol(v8 number) noexcept
{
	return both(_mm256_shuffle_epi8(bits_by_lower_half.get(), both(number, all<15>())),
	            _mm256_shuffle_epi8(bits_by_upper_half.get(), _mm256_srli_epi32(number, 4)));
}

// `middle` is the word 6 bytes into the IP header: IPv4's fragment field, time to live and protocol; IPv6's next header and hop
// limit, and two bytes of address.
inline v8 protocol_in(v8 middle, v8 ipv6) noexcept
{
	return choose(ipv6, both(middle, all<0xff>()), _mm256_srli_epi32(middle, 24));
}

// What stands behind the IP header.
struct upper_layer {
	v8 has_ports;
	v8 special; // something else decides: what is behind extension headers, what an ICMP error quotes
};

inline upper_layer view_upper_layer(v8 middle, v8 ipv6) noexcept
{
	const v8 found = bits_of_protocol(protocol_in(middle, ipv6));
	const v8 whole = equal(without(both(middle, all<0xff3f>()), ipv6), zero());
	upper_layer u;
	u.has_ports = both(whole, _mm256_cmpgt_epi32(both(found, all<has_ports_bits>()), zero()));
	const v8 special_bits = choose(ipv6, all<special_in_ipv6_bits>(), all<special_in_ipv4_bit>());
	u.special = _mm256_cmpgt_epi32(both(found, special_bits), zero());
	return u;
}

// Two words of rows that begin with the MAC addresses, with each packet's EtherType as it stands in a frame.
template <bool Symmetric> [[gnu::always_inline]] inline words mac_words(const rows &r, v8 types, v8 keys) noexcept
{
	const v8 type[4] = {_mm256_shuffle_epi32(types, 0x00), _mm256_shuffle_epi32(types, 0x55),
	                    _mm256_shuffle_epi32(types, 0xaa), _mm256_shuffle_epi32(types, 0xff)};
	v8 product[4];
	for (unsigned i = 0; i < 4; i++) {
		const v8 row = Symmetric ? macs_in_order(r.of[i]) : r.of[i];
		product[i] = products(_mm256_xor_si256(_mm256_blend_epi32(row, type[i], 0x88), keys));
	}
	return first_of(product) + second_of(product);
}

// What is known of eight packets, and what is left to do.
struct eight_looked_at {
	const std::byte *frame[lanes];
	std::uint32_t tags[lanes];    // bytes of them
	v8 head;                      // as in kinds
	v8 sound;                     // IPv4 or IPv6, and long enough for it
	v8 ipv6;                      // and sound
	std::uint32_t key_at[lanes];  // behind where the key of untagged IPv4 is
	std::uint32_t counting[lanes]; // what counts of it: offset in a table
	words first_word;             // of the key's products
	v8 protocol, has_ports;       // of what is put in order
	unsigned others;              // a bit for each that must be hashed by its key
};

// In three steps, each for all packets of a batch before the next: what a step finds out are addresses for the next one, and
// done packet by packet, the long chain of loads would leave the processor waiting with its queues full of what depends on it.
template <hash_policy P> class eight_various {
	static constexpr hash_fields fields = fields_of(P);

public:
	// Each frame must be so long: two tags, IPv4 and four bytes of ports. (A TCP segment without data has 54 bytes when it is
	// sent.)
	static constexpr unsigned least_length = 46;

	explicit eight_various(std::uint64_t seed) noexcept : seed_(seed)
	{
		if constexpr (fields.symmetric) {
			keys_[0] = last_keys(1);
			keys_[1] = last_keys(4);
			return;
		}
		for (unsigned is_ported = 0; is_ported < 2; is_ported++) {
			keys_[is_ported] = last_keys(fields.ports ? 2 : 1);
			keys_[2 + is_ported] = last_keys(4);
		}
	}

	// What they are. False if one of them is too short.
	[[gnu::always_inline]] inline bool look(rte_mbuf *const *pkts, eight_looked_at &e) const noexcept
	{
		constexpr unsigned long_enough = 66; // two tags, IPv6 and ports
		const bool are_long = find_frames<long_enough>(pkts, e.frame);
		if (!are_long && !find_frames<least_length>(pkts, e.frame)) [[unlikely]]
			return false;
		const kinds k = tell(turned(load_rows(e.frame, 12)));
		e.sound = either(k.ipv4, k.ipv6);
		if (!are_long) [[unlikely]]
			e.sound = without(e.sound, too_short(k, lengths_of(pkts)));
		e.ipv6 = both(k.ipv6, e.sound);
		e.head = k.head;
		store_vector(e.tags, k.tags);
		return true;
	}

	// What their IP headers say.
	[[gnu::always_inline]] inline void look_farther(eight_looked_at &e) const noexcept
	{
		const words found = words_at<20>(e.frame, e.tags);
		const v8 middle = lower_halves(found);
		const upper_layer u = view_upper_layer(middle, e.ipv6);
		e.others = ~bits(without(e.sound, u.special)) & 0xff;
		const v8 tags = load_vector(e.tags);
		store_vector(e.key_at, _mm256_add_epi32(both(tags, e.sound), both(e.ipv6, all<20>())));
		const v8 by_version = both(e.ipv6, all<2 * sizeof(v8)>());
		if constexpr (fields.symmetric) {
			store_vector(e.counting, both(e.ipv6, all<sizeof(v8)>()));
			if constexpr (fields.ports) {
				e.protocol = protocol_in(middle, e.ipv6);
				e.has_ports = both(u.has_ports, e.sound);
			}
		} else if constexpr (fields.ports) {
			store_vector(e.counting, either(by_version, both(both(u.has_ports, e.sound), all<sizeof(v8)>())));
			e.first_word = ipv6_first_word(found, e.ipv6);
		} else {
			store_vector(e.counting, by_version);
		}
	}

	// Hashes that belong to `others` are worth nothing.
	[[gnu::always_inline]] inline void hash(const eight_looked_at &e, std::uint32_t *hashes) const noexcept
	{
		words sums = fields.symmetric ? addresses_in_order(e) : addresses_and_ports(e);
		if constexpr (fields.ports && fields.symmetric)
			sums = sums + protocol_and_ports(e);
		else if constexpr (fields.ports)
			sums = sums + e.first_word;
		if constexpr (fields.macs)
			sums = sums + mac_words<fields.symmetric>(load_rows(e.frame, 0), both(e.head, all<0xffff>()),
			                                          twice(key(0), key(1)));
		store_vector(hashes, values(sums));
	}

private:
	std::uint64_t key(unsigned i) const noexcept { return seed_ ^ flow_hash_keys[i]; }

	// The first keys of addresses and ports, of which those in order are a word of their own before, for that many words at the
	// end of four.
	v8 last_keys(unsigned n) const noexcept
	{
		constexpr unsigned first = fields.macs ? 2 : fields.symmetric ? 1 : 0;
		const auto word = [&](unsigned i) { return i + n < 4 ? 0 : static_cast<long long>(key(first + i + n - 4)); };
		return _mm256_setr_epi64x(word(0), word(1), word(2), word(3));
	}

	// Those of IPv6 that are not as long as that has it.
	static inline v8 too_short(const kinds &k, v8 lengths) noexcept
	{
		return both(k.ipv6, _mm256_cmpgt_epi32(_mm256_add_epi32(all<58>(), k.tags), lengths));
	}

	[[gnu::noinline]] static v8 lengths_of(rte_mbuf *const *pkts) noexcept
	{
		const auto of = [pkts](unsigned i) { return static_cast<int>(pkts[i]->data_len); };
		return _mm256_setr_epi32(of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7));
	}

	// The 8 bytes that stand `At` and as much as is told for each packet into its frame.
	template <unsigned At>
	static inline words words_at(const std::byte *const *frames, const std::uint32_t *farther) noexcept
	{
		const auto two = [&](unsigned i) {
			const __m128i one = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(frames[i] + farther[i] + At));
			const auto *const other = reinterpret_cast<const __m64 *>(frames[i + 1] + farther[i + 1] + At);
			return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(one), other));
		};
		return {_mm256_inserti128_si256(_mm256_castsi128_si256(two(0)), two(4), 1),
		        _mm256_inserti128_si256(_mm256_castsi128_si256(two(2)), two(6), 1)};
	}

	// What counts of the 32 bytes that end with the key: of IPv4 and of IPv6, each without and with ports.
	struct alignas(v8) counting {
		std::uint64_t word[4];
	};
	static constexpr std::uint64_t no_ports = 0x00000000'ffffffff;
	static constexpr counting counts[4] = {
		{0, 0, fields.ports ? ipv4_protocol_and_source : 0, fields.ports ? no_ports : UINT64_MAX},
		{0, 0, fields.ports ? ipv4_protocol_and_source : 0, UINT64_MAX},
		{UINT64_MAX, UINT64_MAX, UINT64_MAX, fields.ports ? no_ports : UINT64_MAX},
		{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
	};

	[[gnu::always_inline]] inline words addresses_and_ports(const eight_looked_at &e) const noexcept
	{
		constexpr unsigned ipv4_at = 14 + 20 + (fields.ports ? 4 : 0) - sizeof(v8);
		v8 product[lanes];
#pragma GCC unroll 8
		for (unsigned i = 0; i < lanes; i++) {
			const auto of_kind = [&](const void *table) {
				return load_vector(static_cast<const std::byte *>(table) + e.counting[i]);
			};
			const v8 key = load_vector(e.frame[i] + e.key_at[i] + ipv4_at);
			product[i] = products(masked_xor(key, of_kind(counts), of_kind(keys_)));
		}
		return sum_of_four(product);
	}

	// Next header and the first 32 bits of the source.
	[[gnu::always_inline]] inline words ipv6_first_word(const words &found, v8 ipv6) const noexcept
	{
		const v8 keys = twice(key(4), key(4)), counts = twice(ipv6_protocol_and_source, ipv6_protocol_and_source);
		return {both(products(masked_xor(found.of_0145, counts, keys)), _mm256_unpacklo_epi32(ipv6, ipv6)),
		        both(products(masked_xor(found.of_2367, counts, keys)), _mm256_unpackhi_epi32(ipv6, ipv6))};
	}

	// In order: of the 32 bytes that end with the addresses, by IP version, in which lanes the parts of the other end are, and
	// where of two parts the lesser is wanted and where the greater. IPv4's addresses are one lane each, the last two.
	struct alignas(v8) lane_table {
		std::uint32_t lane[8];
	};
	static constexpr std::uint32_t yes = UINT32_MAX;
	static constexpr lane_table other_end[2] = {{{0, 1, 2, 3, 4, 5, 7, 6}}, {{4, 5, 6, 7, 0, 1, 2, 3}}};
	static constexpr lane_table lesser[2] = {{{0, 0, 0, 0, 0, 0, yes, 0}}, {{yes, yes, yes, yes, 0, 0, 0, 0}}};
	static constexpr lane_table greater[2] = {{{0, 0, 0, 0, 0, 0, 0, yes}}, {{0, 0, 0, 0, yes, yes, yes, yes}}};
	static constexpr unsigned ipv4_addresses_end = 14 + 20;

	[[gnu::always_inline]] inline words addresses_in_order(const eight_looked_at &e) const noexcept
	{
		constexpr unsigned ipv4_at = ipv4_addresses_end - sizeof(v8);
		v8 product[lanes];
#pragma GCC unroll 8
		for (unsigned i = 0; i < lanes; i++) {
			const auto of_version = [&](const void *table) {
				return load_vector(static_cast<const std::byte *>(table) + e.counting[i]);
			};
			const v8 one = load_vector(e.frame[i] + e.key_at[i] + ipv4_at);
			const v8 other = _mm256_permutevar8x32_epi32(one, of_version(other_end));
			const v8 ordered = either(both(_mm256_min_epu32(one, other), of_version(lesser)),
			                          both(_mm256_max_epu32(one, other), of_version(greater)));
			product[i] = products(_mm256_xor_si256(ordered, of_version(keys_)));
		}
		return sum_of_four(product);
	}

	[[gnu::always_inline]] inline words protocol_and_ports(const eight_looked_at &e) const noexcept
	{
		static constexpr byte_table exchange = shuffle_by(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
		const auto of = [&e](unsigned i) {
			return static_cast<int>(word_at(e.frame[i] + e.key_at[i] + ipv4_addresses_end));
		};
		const v8 shown = both(_mm256_setr_epi32(of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7)), e.has_ports);
		const v8 ports = _mm256_max_epu32(shown, _mm256_shuffle_epi8(shown, exchange.get()));
		const v8 keys = twice(key(0), key(0));
		return {products(_mm256_xor_si256(_mm256_unpacklo_epi32(e.protocol, ports), keys)),
		        products(_mm256_xor_si256(_mm256_unpackhi_epi32(e.protocol, ports), keys))};
	}

	v8 keys_[fields.symmetric ? 2 : 4];
	const std::uint64_t seed_;
};

// Hashes eight packets by their MAC addresses and whatever EtherType each has behind its tags.
template <bool Symmetric> class eight_by_macs {
public:
	// Two tags and the word behind them.
	static constexpr unsigned least_length = 28;

	explicit eight_by_macs(std::uint64_t seed) noexcept : keys_(twice(seed ^ flow_hash_keys[0], seed ^ flow_hash_keys[1])) {}

	[[gnu::always_inline]] inline void hash(const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		const rows r = load_rows(frames, 0);
		v8 head = turned(r).of[3];
		if (bits(is_tag(head)) != 0)
			head = tell(turned(load_rows(frames, 12))).head;
		const v8 is_type = _mm256_cmpgt_epi32(both(head, all<0xff>()), all<5>()); // else it is a length
		store_vector(hashes, values(mac_words<Symmetric>(r, both(both(head, all<0xffff>()), is_type), keys_)));
	}

private:
	const v8 keys_;
};

// Hashes eight packets by their source MAC addresses and the VLAN of the first tag in the frame.
class eight_stations {
public:
	static constexpr unsigned least_length = 16;

	explicit eight_stations(std::uint64_t seed) noexcept : key_(twice(seed ^ flow_hash_keys[0], 0)) {}

	[[gnu::always_inline]] inline void hash(const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		// In the first half of each row the word of the key; what tells of a tag stands in the last lane.
		constexpr int no = 0x80;
		static constexpr byte_table word = shuffle_by(6, 7, 8, 9, 10, 11, 15, 14, no, no, no, no, no, no, no, no);
		static constexpr byte_table to_vlan = shuffle_by(no, no, no, no, no, no, 12, 12, no, no, no, no, no, no, no, no);
		constexpr std::uint64_t address = 0x0000ffff'ffffffff, vlan = 0x0fff0000'00000000;
		v8 product[4];
		const rows r = load_rows(frames, 0);
		for (unsigned i = 0; i < 4; i++) {
			const v8 row = r.of[i];
			const v8 is_tagged = _mm256_shuffle_epi8(is_tag(row), to_vlan.get());
			const v8 counts = either(both(is_tagged, twice(vlan, 0)), twice(address, 0));
			product[i] = products(masked_xor(_mm256_shuffle_epi8(row, word.get()), counts, key_));
		}
		store_vector(hashes, values(first_of(product)));
	}

private:
	const v8 key_;
};

} // namespace
} // namespace braid
