/* SPDX-License-Identifier: BSD-3-Clause */
// Hashes eight packets of one kind of tunnel: encapsulated in the same way, by IPv4 without options or IPv6, in headers of the
// same length. The first packet's headers are read one after another, as tunnels.cpp does it; packets that are the same in each
// bit that a decision depends on are encapsulated alike. Behind that they are like any others.
//
// What is not read here, MPLS, tunnels in tunnels and chains of GTP-U's extensions for example, is hashed one by one.
#pragma once

#include "packet/eight_alike.hpp"

#include <rte_ether.h>

namespace braid {
namespace {

// Of 16 bytes, these in both halves: what a decision depends on.
struct deciding_byte {
	unsigned at;
	std::uint8_t bits = 0xff;
};
template <typename... Byte> constexpr byte_table deciding(Byte... bytes) noexcept
{
	byte_table mask = {};
	((mask.byte[bytes.at] = bytes.bits), ...);
	return in_both_halves(mask);
}

// What stands around the packets of one tunnel, as the first one of them shows it: rows of 16 bytes, and which bits of them are
// the same in all.
class encapsulation {
public:
	// Of a frame whose first `length` bytes stand in one piece.
	encapsulation(const std::byte *frame, unsigned length) noexcept : frame_(frame), length_(length)
	{
		read_frame();
		if (!begins_as_announced())
			version_ = 0;
	}

	// 4 or 6, of the IP inside; 0: this is no tunnel, or none that is known here.
	unsigned version() const noexcept { return version_; }
	announced how() const noexcept { return how_; }

	// Where the frame begins that has the IP inside behind its Ethernet header, or would begin if it had one.
	unsigned shift() const noexcept { return shift_; }
	// As long must each packet be to be compared.
	unsigned least_length() const noexcept { return end_; }

	[[gnu::always_inline]] inline bool is_that_of(const std::byte *const *frames) const noexcept
	{
		v8 wrong = zero();
		for (unsigned r = 0; r < count_; r++) {
			const v8 expected = broadcast_row(frame_ + row_[r].at);
			v8 difference = zero();
			for (const v8 row : load_rows(frames, row_[r].at).of)
				difference = or_difference(difference, row, expected);
			wrong = either(wrong, both(difference, row_[r].mask->get()));
		}
		return have_no_bit_in_common(wrong, wrong);
	}

private:
	static constexpr unsigned first_row = 12; // behind the MAC addresses
	static constexpr unsigned ethernet_header = 14, tag = 4, udp_header = 8, tunnel_header = 8;

	std::uint8_t byte(unsigned at) const noexcept { return static_cast<std::uint8_t>(frame_[at]); }
	unsigned big_endian(unsigned at) const noexcept { return unsigned{byte(at)} << 8 | byte(at + 1); }

	// False if it is not wholly there.
	bool compare(unsigned at, const byte_table &mask) noexcept
	{
		if (at + 16 > length_)
			return false;
		row_[count_++] = {at, &mask};
		end_ = end_ > at + 16 ? end_ : at + 16;
		return true;
	}

	// What the kernel takes for granted of the first packet. IPv4 has no options.
	bool begins_as_announced() const noexcept
	{
		const unsigned ip = shift_ + ethernet_header;
		if (version_ == 0 || ip >= length_)
			return false;
		return version_ == 4 ? byte(ip) == 0x45 : byte(ip) >> 4 == 6;
	}

	void found(unsigned version, unsigned ip_at) noexcept
	{
		version_ = version;
		how_ = announced::elsewhere;
		shift_ = ip_at - ethernet_header;
	}
	void found_by_type(unsigned type, unsigned ip_at) noexcept
	{
		if (type == RTE_ETHER_TYPE_IPV4)
			found(4, ip_at);
		else if (type == RTE_ETHER_TYPE_IPV6)
			found(6, ip_at);
	}
	void found_by_version(unsigned ip_at) noexcept
	{
		if (ip_at < length_)
			found(byte(ip_at) >> 4, ip_at); // another version than these two does not begin as announced
	}
	// A whole frame, which says itself what is in it: that it is the same in all, the kernel compares.
	void found_frame(unsigned at) noexcept
	{
		if (at + ethernet_header > length_)
			return;
		found_by_type(big_endian(at + first_row), at + ethernet_header);
		how_ = announced::by_type;
	}
	void found_by_type_or_frame(unsigned type, unsigned at) noexcept
	{
		if (type == RTE_ETHER_TYPE_TEB)
			found_frame(at);
		else
			found_by_type(type, at);
	}

	// With one tag or without. EtherType, version, fragment field and protocol stand in the first row.
	void read_frame() noexcept
	{
		static constexpr byte_table ipv4[2] = {
			deciding(deciding_byte{0}, deciding_byte{1}, deciding_byte{2}, deciding_byte{8, 0x3f}, deciding_byte{9},
			         deciding_byte{11}),
			deciding(deciding_byte{0}, deciding_byte{1}, deciding_byte{4}, deciding_byte{5}, deciding_byte{6},
			         deciding_byte{12, 0x3f}, deciding_byte{13}, deciding_byte{15})};
		static constexpr byte_table ipv6[2] = {
			deciding(deciding_byte{0}, deciding_byte{1}, deciding_byte{2, 0xf0}, deciding_byte{8}),
			deciding(deciding_byte{0}, deciding_byte{1}, deciding_byte{4}, deciding_byte{5}, deciding_byte{6, 0xf0},
			         deciding_byte{12})};
		if (length_ < first_row + 16)
			return;
		const bool is_tagged = is_tag(word_at(frame_ + first_row));
		const unsigned type = first_row + (is_tagged ? tag : 0), ip = type + 2;
		const std::uint32_t head = word_at(frame_ + type);
		if (is_ipv4(head)) {
			const bool is_whole = (big_endian(ip + 6) & 0x3fff) == 0;
			if (is_whole && compare(first_row, ipv4[is_tagged]))
				read_transport(byte(ip + 9), ip + 20);
		} else if (is_ipv6(head) && compare(first_row, ipv6[is_tagged])) {
			read_transport(byte(ip + 6), ip + 40);
		}
	}
	void read_transport(std::uint8_t protocol, unsigned at) noexcept
	{
		switch (protocol) {
		case IPPROTO_IPIP: return found(4, at);
		case IPPROTO_IPV6: return found(6, at);
		case IPPROTO_GRE: return read_gre(at);
		case IPPROTO_UDP: return read_udp(at);
		}
	}
	void read_udp(unsigned at) noexcept
	{
		if (at + udp_header > length_)
			return;
		switch (big_endian(at + 2)) {
		case vxlan_port:
		case vxlan_port_of_old_linux: return read_vxlan(at);
		case geneve_port: return read_geneve(at);
		case gtpu_port: return read_gtpu(at);
		}
	}

	// Rows of tunnels over UDP begin with its header, of which the destination port counts.
	void read_vxlan(unsigned at) noexcept
	{
		constexpr std::uint8_t has_network = 0x08;
		static constexpr byte_table mask = deciding(deciding_byte{2}, deciding_byte{3}, deciding_byte{8, has_network});
		if (compare(at, mask) && (byte(at + udp_header) & has_network) != 0)
			found_frame(at + udp_header + tunnel_header);
	}
	void read_geneve(unsigned at) noexcept
	{
		static constexpr byte_table mask = deciding(deciding_byte{2}, deciding_byte{3}, deciding_byte{8},
		                                            deciding_byte{10}, deciding_byte{11});
		if (!compare(at, mask))
			return;
		at += udp_header;
		const std::uint8_t version_and_length = byte(at);
		if (version_and_length >> 6 == 0)
			found_by_type_or_frame(big_endian(at + 2), at + tunnel_header + 4u * version_and_length);
	}
	// Without optional fields, or with those and one short extension, as between a base station and the core of 5G.
	void read_gtpu(unsigned at) noexcept
	{
		constexpr std::uint8_t no_fields = 0x30, with_extension = 0x34, user_data = 255;
		static constexpr byte_table mask = deciding(deciding_byte{2}, deciding_byte{3}, deciding_byte{8}, deciding_byte{9});
		if (!compare(at, mask) || byte(at + udp_header + 1) != user_data)
			return;
		const std::uint8_t flags = byte(at + udp_header);
		at += udp_header + tunnel_header;
		if (flags == no_fields)
			return found_by_version(at);
		// Three fields and the type of the extension; its length in units of four bytes, and at its end the next type.
		constexpr unsigned fields = 4, unit = 4, most_units = 2;
		static constexpr byte_table masks[most_units] = {
			deciding(deciding_byte{3}, deciding_byte{4}, deciding_byte{7}),
			deciding(deciding_byte{3}, deciding_byte{4}, deciding_byte{11})};
		if (flags != with_extension || at + 16 > length_)
			return;
		const unsigned units = byte(at + fields), end = at + fields + unit * units;
		if (units == 0 || units > most_units || !compare(at, masks[units - 1]))
			return;
		if (byte(at + fields - 1) != 0 && byte(end - 1) == 0)
			found_by_version(end);
	}
	void read_gre(unsigned at) noexcept
	{
		constexpr unsigned checksum = 0x8000, key = 0x2000, sequence = 0x1000;
		static constexpr byte_table mask = deciding(deciding_byte{0}, deciding_byte{1}, deciding_byte{2}, deciding_byte{3});
		if (!compare(at, mask))
			return;
		const unsigned flags = big_endian(at);
		if ((flags & ~(checksum | key | sequence)) != 0)
			return;
		const unsigned fields = ((flags & checksum) != 0) + ((flags & key) != 0) + ((flags & sequence) != 0);
		found_by_type_or_frame(big_endian(at + 2), at + 4 + 4 * fields);
	}

	const std::byte *frame_;
	const unsigned length_;
	struct {
		unsigned at;
		const byte_table *mask;
	} row_[3];
	unsigned count_ = 0;
	unsigned end_ = 0; // of the last row
	unsigned version_ = 0;
	announced how_ = announced::by_type;
	unsigned shift_ = 0;
};

template <hash_policy P, unsigned Version, announced How>
[[gnu::noinline]] unsigned hash_tunnelled(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes,
                                          const encapsulation &around, const std::byte *model) noexcept
{
	using eight = eight_alike<P, Version, 0, showing_ports::each, How>;
	const unsigned inside = around.shift() + eight::least_length, outside = around.least_length();
	const unsigned least = inside > outside ? inside : outside;
	const std::byte *frames[lanes];
	if (!find_frames(pkts, frames, least)) // the first one is the model
		return 0;
	const eight kernel(seed, model + around.shift());
	unsigned done = 0;
	for (; done + lanes <= n; done += lanes, pkts += lanes, hashes += lanes) {
		if (!find_frames(pkts, frames, least) || !around.is_that_of(frames))
			break;
		for (const std::byte *&frame : frames) {
			frame += around.shift();
			asm("" : "+r"(frame)); // one by one, as they were stored: a vector of them would have to wait for the stores
		}
		if (!kernel.hash(frames, hashes))
			break;
	}
	return done;
}

// The packets of one tunnel, of which `around` was read of the first one.
template <hash_policy P>
unsigned hash_tunnel(rte_mbuf *const *pkts, unsigned n, std::uint64_t seed, std::uint32_t *hashes, const encapsulation &around,
                     const std::byte *model) noexcept
{
	const bool by_type = around.how() == announced::by_type;
	if (around.version() == 4)
		return by_type ? hash_tunnelled<P, 4, announced::by_type>(pkts, n, seed, hashes, around, model)
		               : hash_tunnelled<P, 4, announced::elsewhere>(pkts, n, seed, hashes, around, model);
	return by_type ? hash_tunnelled<P, 6, announced::by_type>(pkts, n, seed, hashes, around, model)
	               : hash_tunnelled<P, 6, announced::elsewhere>(pkts, n, seed, hashes, around, model);
}

} // namespace
} // namespace braid
