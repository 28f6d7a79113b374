/* SPDX-License-Identifier: BSD-3-Clause */
// flow_hash_burst() for processors with AVX2: eight packets at a time, without a branch on what they are.
//
// Untagged, tagged once or twice; IPv4 without options or IPv6 without extension headers; fragments: all of them take the
// same way, so that mixed traffic costs what any one kind costs. Everything else, and whatever is not wholly in the
// first segment, is hashed by its key, one by one.
//
// Compiled with instructions that not every processor has. What is inlined from a header shared with other units could
// be emitted here, with those instructions, and be linked in everywhere; so nothing of that kind is called here.
#include "packet/hash_simd.hpp"

#include <immintrin.h>

namespace braid {
namespace {

using v8 = __m256i;

constexpr unsigned lanes = 8;

// What must be in the first segment of each of eight packets: two tags, an IPv4 header and four bytes of ports. (A TCP segment
// without data has 54 bytes when it is sent.)
constexpr unsigned least_length = 46;

// EtherTypes as two bytes of the wire read by a little-endian machine.
constexpr std::uint32_t ipv4_type = 0x0008;
constexpr std::uint32_t ipv6_type = 0xdd86;

// A constant, read from memory where it is needed: there are more of them than registers, and gcc would make each anew in
// three instructions.
template <std::uint32_t Value> inline v8 all() noexcept
{
	static constexpr std::uint32_t value = Value;
	v8 vector;
	asm("vpbroadcastd %1, %0" : "=x"(vector) : "m"(value));
	return vector;
}
inline v8 all_equal(std::uint32_t value) noexcept { return _mm256_set1_epi32(static_cast<int>(value)); }
inline v8 equal(v8 a, v8 b) noexcept { return _mm256_cmpeq_epi32(a, b); }
inline v8 both(v8 a, v8 b) noexcept { return _mm256_and_si256(a, b); }
inline v8 either(v8 a, v8 b) noexcept { return _mm256_or_si256(a, b); }
inline v8 without(v8 a, v8 b) noexcept { return _mm256_andnot_si256(b, a); }
inline v8 choose(v8 mask, v8 yes, v8 no) noexcept { return _mm256_blendv_epi8(no, yes, mask); }

// The 16 bytes at offset at[i] of each of eight frames, as four vectors: the first 32 bits of each, the second, ...
struct quarters {
	v8 d[4];
};

template <typename Offset> inline quarters load_16_bytes(const std::byte *const *frames, Offset at) noexcept
{
	const auto two = [&](unsigned i) {
		const auto *const low = reinterpret_cast<const __m128i *>(frames[i] + at(i));
		const auto *const high = reinterpret_cast<const __m128i *>(frames[i + 4] + at(i + 4));
		return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1);
	};
	const v8 a = two(0), b = two(1), c = two(2), d = two(3);
	const v8 ab_low = _mm256_unpacklo_epi32(a, b), ab_high = _mm256_unpackhi_epi32(a, b);
	const v8 cd_low = _mm256_unpacklo_epi32(c, d), cd_high = _mm256_unpackhi_epi32(c, d);
	return {{_mm256_unpacklo_epi64(ab_low, cd_low), _mm256_unpackhi_epi64(ab_low, cd_low),
	         _mm256_unpacklo_epi64(ab_high, cd_high), _mm256_unpackhi_epi64(ab_high, cd_high)}};
}

// Eight sums of 64 bits, those of lanes 0 1 4 5 and of lanes 2 3 6 7: so they come out of the multiplications.
struct sums {
	v8 of_0145 = _mm256_setzero_si256();
	v8 of_2367 = _mm256_setzero_si256();

	// As flow_hasher::add(low, high), in each lane.
	inline void add(v8 low, v8 high, v8 low_key, v8 high_key) noexcept
	{
		const v8 x = _mm256_xor_si256(low, low_key), y = _mm256_xor_si256(high, high_key);
		const v8 even = _mm256_mul_epu32(x, y);
		const v8 odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));
		of_0145 = _mm256_add_epi64(of_0145, _mm256_unpacklo_epi64(even, odd));
		of_2367 = _mm256_add_epi64(of_2367, _mm256_unpackhi_epi64(even, odd));
	}

	// Adds for lane i the four words of products[i].
	inline void add_all(const v8 *products) noexcept
	{
		const auto pair = [&](unsigned i) {
			return _mm256_add_epi64(_mm256_unpacklo_epi64(products[i], products[i + 1]),
			                        _mm256_unpackhi_epi64(products[i], products[i + 1]));
		};
		const auto four = [](v8 a, v8 b) {
			return _mm256_add_epi64(_mm256_permute2x128_si256(a, b, 0x20),
			                        _mm256_permute2x128_si256(a, b, 0x31));
		};
		of_0145 = _mm256_add_epi64(of_0145, four(pair(0), pair(4)));
		of_2367 = _mm256_add_epi64(of_2367, four(pair(2), pair(6)));
	}

	// flow_hasher::value().
	inline v8 values() const noexcept
	{
		const __m256 x = _mm256_castsi256_ps(of_0145), y = _mm256_castsi256_ps(of_2367);
		const v8 low = _mm256_castps_si256(_mm256_shuffle_ps(x, y, 0x88));
		const v8 high = _mm256_castps_si256(_mm256_shuffle_ps(x, y, 0xdd));
		v8 mixed = _mm256_mullo_epi32(_mm256_xor_si256(low, high), all<flow_hash_multipliers[0]>());
		mixed = _mm256_xor_si256(mixed, _mm256_srli_epi32(mixed, 15));
		return _mm256_mullo_epi32(mixed, all<flow_hash_multipliers[1]>());
	}
};

// What a packet is, told from the words at offsets 12, 16 and 20 of its frame.
struct kinds {
	v8 head;     // EtherType behind the tags and the two bytes after it, in wire order
	v8 tags;     // bytes of tags
	v8 tagged;   // masks
	v8 tagged_twice;
	v8 ipv4;     // without options
	v8 ipv6;
};

inline v8 is_tag(v8 word) noexcept
{
	// 0x8100 and 0x9100 differ in one bit, which the first mask leaves out.
	return either(equal(both(word, all<0xffef>()), all<0x0081>()), equal(both(word, all<0xffff>()), all<0xa888>()));
}

inline kinds tell(const quarters &from_type) noexcept
{
	kinds k;
	k.tagged = is_tag(from_type.d[0]);
	k.tagged_twice = both(k.tagged, is_tag(from_type.d[1]));
	k.head = choose(k.tagged_twice, from_type.d[2], choose(k.tagged, from_type.d[1], from_type.d[0]));
	k.tags = _mm256_slli_epi32(_mm256_sub_epi32(_mm256_setzero_si256(), _mm256_add_epi32(k.tagged, k.tagged_twice)), 2);
	k.ipv4 = equal(both(k.head, all<0xffffff>()), all<0x450008>());
	k.ipv6 = equal(both(k.head, all<0xf0ffff>()), all<0x60dd86>());
	return k;
}

// What stands behind the fixed header; `other` are the lanes where something else decides: what is behind extension headers,
// what an ICMP error quotes.
struct upper_layer {
	v8 protocol;
	v8 has_ports;
	v8 other;
};

// `middle` is the word 6 bytes into the IP header: IPv4's fragment field, time to live and protocol; IPv6's next header and hop
// limit, and two bytes of address.
[[gnu::always_inline]] inline upper_layer view_upper_layer(v8 middle, v8 ipv6) noexcept
{
	upper_layer u;
	u.protocol = choose(ipv6, both(middle, all<0xff>()), _mm256_srli_epi32(middle, 24));
	
	const v8 whole = either(ipv6, equal(both(middle, all<0xff3f>()), _mm256_setzero_si256()));
	u.has_ports = both(whole, either(either(equal(u.protocol, all<IPPROTO_TCP>()), equal(u.protocol, all<IPPROTO_UDP>())), equal(u.protocol, all<IPPROTO_SCTP>())));
	const v8 extension = either(either(equal(u.protocol, all<IPPROTO_HOPOPTS>()), equal(u.protocol, all<IPPROTO_ROUTING>())), equal(u.protocol, all<IPPROTO_DSTOPTS>()));
	u.other = choose(ipv6, either(extension, equal(u.protocol, all<IPPROTO_ICMPV6>())), equal(u.protocol, all<IPPROTO_ICMP>()));
	return u;
}

// 32 bits of a frame at any address.
inline std::uint32_t word_at(const std::byte *from) noexcept
{
	std::uint32_t word;
	__builtin_memcpy(&word, from, sizeof word);
	return word;
}

// False if one of them is too short.
[[gnu::always_inline]] inline bool find_frames(rte_mbuf *const *pkts, const std::byte **frames) noexcept
{
#pragma GCC unroll 8
	for (unsigned k = 0; k < lanes; k++) {
		const rte_mbuf &m = *pkts[k];
		if (m.data_len < least_length) [[unlikely]]
			return false;
		frames[k] = static_cast<const std::byte *>(m.buf_addr) + m.data_off;
		asm("" : "+r"(frames[k])); // in one register, not the two parts of the sum in one each
	}
	return true;
}

// What eight packets have in common, so that no lane needs a choice.
enum class kind { ipv4, ipv6, tagged_ipv4, tagged_ipv6, twice_tagged_ipv4, twice_tagged_ipv6, various };

// Packets that follow each other are most often of one kind. Three of the eight tell whether to try it.
[[gnu::always_inline]] inline kind guess(const std::byte *const *frames) noexcept
{
	const auto type_at = [&](unsigned lane, unsigned at) { return word_at(frames[lane] + at) & 0xffff; };
	const std::uint32_t outer = type_at(0, 12);
	if (outer != type_at(3, 12) || outer != type_at(7, 12))
		return kind::various;
	if (outer == ipv4_type)
		return kind::ipv4;
	if (outer == ipv6_type)
		return kind::ipv6;
	switch (type_at(0, 16)) {
	case ipv4_type: return kind::tagged_ipv4;
	case ipv6_type: return kind::tagged_ipv6;
	}
	switch (type_at(0, 20)) {
	case ipv4_type: return kind::twice_tagged_ipv4;
	case ipv6_type: return kind::twice_tagged_ipv6;
	}
	return kind::various;
}

template <hash_policy P> class hasher {
public:
	explicit hasher(std::uint64_t seed) noexcept : seed_(seed) {}

	// Each of these hashes the first packets, eight at a time, as long as it can, and returns how many.

	template <unsigned Version, unsigned Tags>
	[[gnu::noinline]] unsigned alike(rte_mbuf *const *pkts, unsigned n, std::uint32_t *hashes) const noexcept
	{
		unsigned done = 0;
		const std::byte *frames[lanes];
		for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes)
			if (!find_frames(pkts, frames) || !eight_alike<Version, Tags>(pkts, frames, hashes))
				break;
		return done;
	}

	[[gnu::noinline]] unsigned various(rte_mbuf *const *pkts, unsigned n, std::uint32_t *hashes) const noexcept
	{
		unsigned done = 0;
		const std::byte *frames[lanes];
		for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes) {
			if (!find_frames(pkts, frames))
				break;
			if (done > 0 && guess(frames) != kind::various)
				break;
			for (unsigned others = eight_of_any_kind(pkts, frames, hashes); others != 0; others &= others - 1) {
				const int k = __builtin_ctz(others);
				hashes[k] = flow_hash_alone<P>(*pkts[k], seed_);
			}
		}
		return done;
	}

	[[gnu::noinline]] unsigned by_macs(rte_mbuf *const *pkts, unsigned n, std::uint32_t *hashes) const noexcept
	{
		unsigned done = 0;
		const std::byte *frames[lanes];
		for (; done + lanes <= n && find_frames(pkts, frames); done += lanes, pkts += lanes, hashes += lanes)
			eight_by_macs(frames, hashes);
		return done;
	}

	// Packets that all bring their RSS hash along.
	[[gnu::noinline]] unsigned by_rss(rte_mbuf *const *pkts, unsigned n, std::uint32_t *hashes) const noexcept
	{
		unsigned done = 0;
		for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes) {
			for (unsigned k = 0; k < lanes; k++)
				if ((pkts[k]->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0)
					return done;
			const auto rss = [pkts](unsigned k) { return static_cast<int>(pkts[k]->hash.rss); };
			sums s;
			s.add(_mm256_setr_epi32(rss(0), rss(1), rss(2), rss(3), rss(4), rss(5), rss(6), rss(7)),
			      _mm256_setzero_si256(), low_key(0), high_key(0));
			store(hashes, s.values());
		}
		return done;
	}

	// At least eight packets are left.
	unsigned some(rte_mbuf *const *pkts, unsigned n, std::uint32_t *hashes) const noexcept
	{
		if constexpr (P == hash_policy::l2)
			return by_macs(pkts, n, hashes);
		if constexpr (P == hash_policy::flow)
			return by_rss(pkts, n, hashes);
		const std::byte *frames[lanes];
		if (!find_frames(pkts, frames))
			return 0;
		unsigned done = 0;
		switch (guess(frames)) {
		case kind::ipv4: done = alike<4, 0>(pkts, n, hashes); break;
		case kind::ipv6: done = alike<6, 0>(pkts, n, hashes); break;
		case kind::tagged_ipv4: done = alike<4, 4>(pkts, n, hashes); break;
		case kind::tagged_ipv6: done = alike<6, 4>(pkts, n, hashes); break;
		case kind::twice_tagged_ipv4: done = alike<4, 8>(pkts, n, hashes); break;
		case kind::twice_tagged_ipv6: done = alike<6, 8>(pkts, n, hashes); break;
		case kind::various: break;
		}
		return done > 0 ? done : various(pkts, n, hashes);
	}

private:
	static constexpr unsigned first_address = P == hash_policy::l34 ? 0 : 2; // word of the key

	std::uint64_t key(unsigned i) const noexcept { return seed_ ^ flow_hash_keys[i]; }
	v8 low_key(unsigned i) const noexcept { return all_equal(static_cast<std::uint32_t>(key(i))); }
	v8 high_key(unsigned i) const noexcept { return all_equal(static_cast<std::uint32_t>(key(i) >> 32)); }
	v8 address_keys() const noexcept
	{
		const auto word = [this](unsigned i) { return static_cast<long long>(key(first_address + i)); };
		return _mm256_setr_epi64x(word(0), word(1), word(2), word(3));
	}
	static void store(std::uint32_t *to, v8 from) noexcept { _mm256_storeu_si256(reinterpret_cast<v8 *>(to), from); }
	static unsigned bits(v8 mask) noexcept
	{
		return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(mask)));
	}

	inline void add_macs(const quarters &macs, v8 type, sums &s) const noexcept
	{
		s.add(macs.d[0], macs.d[1], low_key(0), high_key(0));
		s.add(macs.d[2], type, low_key(1), high_key(1));
	}

	inline void eight_by_macs(const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		const quarters macs = load_16_bytes(frames, [](unsigned) { return 0; });
		v8 head = macs.d[3];
		if (bits(is_tag(head)) != 0)
			head = tell(load_16_bytes(frames, [](unsigned) { return 12; })).head;
		const v8 swapped = either(both(_mm256_slli_epi32(head, 8), all<0xff00>()),
		                          both(_mm256_srli_epi32(head, 8), all<0x00ff>()));
		const v8 type = both(swapped, _mm256_cmpgt_epi32(swapped, all<0x05ff>())); // else it is a length
		sums s;
		add_macs(macs, type, s);
		store(hashes, s.values());
	}

	// Hashes eight packets of this version behind so many bytes of tags; false, and nothing done, if one of them is not.
	template <unsigned Version, unsigned Tags>
	inline bool eight_alike(rte_mbuf *const *pkts, const std::byte *const *frames, std::uint32_t *hashes) const noexcept
	{
		constexpr unsigned ports_at = (Version == 4 ? 34 : 54) + Tags;
		const quarters around = load_16_bytes(frames, [](unsigned) { return 8 + Tags; });
		const v8 middle = around.d[3];
		v8 sound = Version == 4 ? equal(both(around.d[1], all<0xffffff>()), all<0x450008>())
		                        : equal(both(around.d[1], all<0xf0ffff>()), all<0x60dd86>());
		if constexpr (Tags > 0)
			sound = both(sound, is_tag(around.d[0]));
		if constexpr (Tags == 8)
			sound = both(sound, is_tag(load_16_bytes(frames, [](unsigned) { return 12; }).d[0]));
		const upper_layer u = view_upper_layer(middle, Version == 4 ? _mm256_setzero_si256() : all<UINT32_MAX>());
		if (bits(without(sound, u.other)) != 0xff)
			return false;
		if constexpr (ports_at + 4 > least_length)
			for (unsigned i = 0; i < lanes; i++)
				if (pkts[i]->data_len < ports_at + 4)
					return false;

		sums s;
		if constexpr (P == hash_policy::l23)
			add_macs(load_16_bytes(frames, [](unsigned) { return 0; }),
			         all<Version == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6>(), s);
		const quarters end = load_16_bytes(frames, [](unsigned) { return ports_at - 12; });
		if constexpr (Version == 4) {
			s.add(end.d[1], end.d[2], low_key(first_address), high_key(first_address));
		} else {
			v8 products[lanes];
#pragma GCC unroll 8
			for (unsigned i = 0; i < lanes; i++) {
				const v8 raw = _mm256_loadu_si256(reinterpret_cast<const v8 *>(frames[i] + ports_at - 32));
				const v8 word = _mm256_xor_si256(raw, address_keys());
				products[i] = _mm256_mul_epu32(word, _mm256_srli_epi64(word, 32));
			}
			s.add_all(products);
		}
		if constexpr (P == hash_policy::l34) {
			constexpr unsigned upper = Version == 4 ? 1 : 4;
			s.add(both(end.d[3], u.has_ports), u.protocol, low_key(upper), high_key(upper));
		}
		store(hashes, s.values());
		return true;
	}

	inline unsigned eight_of_any_kind(rte_mbuf *const *pkts, const std::byte *const *frames,
	                                  std::uint32_t *hashes) const noexcept
	{
		const quarters from_type = load_16_bytes(frames, [](unsigned) { return 12; });
		const kinds k = tell(from_type);
		const v8 longer = both(k.ipv6, all<20>());
		v8 sound = either(k.ipv4, k.ipv6);
		if (bits(k.ipv6) != 0) {
			const v8 needed = both(_mm256_add_epi32(all<58>(), k.tags), k.ipv6);
			sound = without(sound, _mm256_cmpgt_epi32(needed, lengths_of(pkts)));
		}
		const v8 ipv6 = both(k.ipv6, sound);

		sums s;
		if constexpr (P == hash_policy::l23)
			add_macs(load_16_bytes(frames, [](unsigned) { return 0; }),
			         choose(ipv6, all<RTE_ETHER_TYPE_IPV6>(), all<RTE_ETHER_TYPE_IPV4>()), s);
		// The 32 bytes that end with the addresses. Behind them come the ports.
		std::uint32_t at[lanes];
		store(at, both(sound, _mm256_add_epi32(_mm256_add_epi32(all<2>(), k.tags), longer)));
		add_addresses(frames, at, ipv6, s);
		const upper_layer u = view_upper_layer(middle_of(frames, from_type, k, sound), ipv6);
		if constexpr (P == hash_policy::l34) {
			const v8 ports = load_16_bytes(frames, [&at](unsigned i) { return at[i] + 20; }).d[3];
			s.add(both(ports, u.has_ports), u.protocol, choose(ipv6, low_key(4), low_key(1)),
			      choose(ipv6, high_key(4), high_key(1)));
		}
		store(hashes, s.values());
		return ~bits(without(sound, u.other)) & 0xff;
	}

	static inline v8 lengths_of(rte_mbuf *const *pkts) noexcept
	{
		const auto of = [pkts](unsigned i) { return static_cast<int>(pkts[i]->data_len); };
		return _mm256_setr_epi32(of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7));
	}

	// Of IPv4's 32 bytes, the last eight are the addresses.
	inline void add_addresses(const std::byte *const *frames, const std::uint32_t *at, v8 ipv6, sums &s) const noexcept
	{
		const v8 v6_key = address_keys();
		const v8 key[2] = {_mm256_permute4x64_epi64(v6_key, 0), v6_key}; // IPv4's word has the key of IPv6's first
		const v8 mask[2] = {_mm256_setr_epi64x(0, 0, 0, -1), all<UINT32_MAX>()};
		std::uint32_t version[lanes];
		store(version, _mm256_srli_epi32(ipv6, 31));
		v8 products[lanes];
#pragma GCC unroll 8
		for (unsigned i = 0; i < lanes; i++) {
			const v8 raw = _mm256_loadu_si256(reinterpret_cast<const v8 *>(frames[i] + at[i]));
			const v8 word = both(_mm256_xor_si256(raw, key[version[i]]), mask[version[i]]);
			products[i] = _mm256_mul_epu32(word, _mm256_srli_epi64(word, 32));
		}
		s.add_all(products);
	}

	// The word 6 bytes into the IP header.
	static inline v8 middle_of(const std::byte *const *frames, const quarters &from_type, const kinds &k, v8 sound) noexcept
	{
		if (bits(k.tagged_twice) == 0)
			return choose(k.tagged, from_type.d[3], from_type.d[2]);
		std::uint32_t at[lanes];
		store(at, both(sound, _mm256_add_epi32(all<20>(), k.tags)));
		return load_16_bytes(frames, [&at](unsigned i) { return at[i]; }).d[0];
	}

	std::uint64_t seed_;
};

} // namespace

template <hash_policy P>
void flow_hash_burst_avx2(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes) noexcept
{
	const hasher<P> h(seed);
	unsigned i = 0;
	while (n - i >= lanes) {
		const unsigned done = h.some(pkts + i, n - i, hashes + i);
		i += done;
		if (done == 0)
			for (const unsigned end = i + lanes; i < end; i++)
				hashes[i] = flow_hash_alone<P>(*pkts[i], seed);
	}
	for (; i < n; i++)
		hashes[i] = flow_hash_alone<P>(*pkts[i], seed);
}

template void flow_hash_burst_avx2<hash_policy::l2>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l23>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::l34>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;
template void flow_hash_burst_avx2<hash_policy::flow>(rte_mbuf *const *, unsigned, std::uint64_t, std::uint32_t *) noexcept;

} // namespace braid
