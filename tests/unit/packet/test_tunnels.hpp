/* SPDX-License-Identifier: BSD-3-Clause */
// Headers of tunnels as bytes, to be put before a packet: join({macs, ipv4_type, outer_ipv4(udp), ..., inner}).
#pragma once

#include "test_packet.hpp"

namespace braid {

inline constexpr std::uint8_t ipip = 4, udp = 17, ipv6_in = 41, gre = 47, mpls_in = 137;

inline std::uint8_t high(unsigned value) { return static_cast<std::uint8_t>(value >> 8); }
inline std::uint8_t low(unsigned value) { return static_cast<std::uint8_t>(value); }

// 192.0.2.1 to 192.0.2.2
inline bytes outer_ipv4(std::uint8_t protocol)
{
	return {0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
}
// 2001:db8:1::1 to 2001:db8:1::2
inline bytes outer_ipv6(std::uint8_t next, unsigned flow_label = 0)
{
	return join(
		{{0x60, static_cast<std::uint8_t>(flow_label >> 16), high(flow_label), low(flow_label), 0, 0, next, 64},
	         {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
	         {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}});
}
inline bytes outer_udp(unsigned destination, unsigned source = 0xc001)
{
	return {high(source), low(source), high(destination), low(destination), 0, 0, 0, 0};
}
inline const bytes vxlan_header{0x08, 0, 0, 0, 0, 0, 42, 0};
inline bytes geneve_header(unsigned type, unsigned option_words = 0)
{
	return join({{static_cast<std::uint8_t>(option_words), 0, high(type), low(type), 0, 0, 42, 0},
	             bytes(4 * option_words, 0xee)});
}
// `flags` in the upper byte; each field that they announce is there, the key being 0x0000aa55.
inline bytes gre_header(unsigned type, unsigned flags = 0)
{
	bytes header{static_cast<std::uint8_t>(flags), 0, high(type), low(type)};
	if (flags & 0x80)
		header = join({header, {0x12, 0x34, 0, 0}});
	if (flags & 0x20)
		header = join({header, {0, 0, 0xaa, 0x55}});
	if (flags & 0x10)
		header = join({header, {0, 0, 0, 7}});
	return header;
}
inline const bytes teid{0x00, 0x01, 0x02, 0x03};
inline bytes gtpu_header(const bytes &behind = {}, unsigned flags = 0, unsigned message = 255)
{
	return join(
		{{static_cast<std::uint8_t>(0x30 | flags), static_cast<std::uint8_t>(message), 0, 0}, teid, behind});
}
inline bytes mpls_entry(unsigned label, bool bottom = false)
{
	return {static_cast<std::uint8_t>(label >> 12), static_cast<std::uint8_t>(label >> 4),
	        static_cast<std::uint8_t>((label & 15) << 4 | (bottom ? 1 : 0)), 64};
}

inline bytes without_ethernet(const bytes &packet) { return {packet.begin() + 14, packet.end()}; }

enum class carries : std::uint8_t { frames, ipv4, ipv6, any_ip };

// What stands before the inner packet. Not to be mixed up with the inner frame: its MAC addresses are others.
struct tunnel_kind {
	const char *name;
	carries what;
	bytes head;
	bool nested = false; // a tunnel in a tunnel
};

inline const bytes outer_macs{0x02, 0, 0, 0, 1, 0x02, 0x02, 0, 0, 0, 1, 0x01};
inline const bytes mpls_type{0x88, 0x47};

inline bytes over_ipv4(std::uint8_t protocol, std::initializer_list<bytes> rest)
{
	return join({outer_macs, ipv4_type, outer_ipv4(protocol), join(rest)});
}
inline bytes over_ipv6(std::uint8_t next, std::initializer_list<bytes> rest, unsigned flow_label = 0)
{
	return join({outer_macs, ipv6_type, outer_ipv6(next, flow_label), join(rest)});
}
inline bytes over_mpls(std::initializer_list<bytes> rest) { return join({outer_macs, mpls_type, join(rest)}); }

inline const std::vector<tunnel_kind> tunnel_kinds{
	{"VXLAN", carries::frames, over_ipv4(udp, {outer_udp(4789), vxlan_header})},
	{"VXLAN 8472", carries::frames, over_ipv4(udp, {outer_udp(8472), vxlan_header})},
	{"VXLAN over IPv6", carries::frames, over_ipv6(udp, {outer_udp(4789), vxlan_header}, 0x12345)},
	{"VLAN VXLAN", carries::frames, tagged(over_ipv4(udp, {outer_udp(4789), vxlan_header}), {0x8100})},
	{"GENEVE", carries::frames, over_ipv4(udp, {outer_udp(6081), geneve_header(0x6558)})},
	{"GENEVE with options", carries::frames, over_ipv4(udp, {outer_udp(6081), geneve_header(0x6558, 63)})},
	{"GENEVE of IPv4", carries::ipv4, over_ipv4(udp, {outer_udp(6081), geneve_header(0x0800, 2)})},
	{"GENEVE of IPv6", carries::ipv6, over_ipv6(udp, {outer_udp(6081), geneve_header(0x86dd, 1)})},
	{"GRE", carries::ipv4, over_ipv4(gre, {gre_header(0x0800)})},
	{"GRE of IPv6", carries::ipv6, over_ipv4(gre, {gre_header(0x86dd, 0x20)})},
	{"GRE with all fields", carries::ipv4, over_ipv6(gre, {gre_header(0x0800, 0xb0)})},
	{"NVGRE", carries::frames, over_ipv4(gre, {gre_header(0x6558, 0x20)})},
	{"IP in IP", carries::ipv4, over_ipv4(ipip, {})},
	{"6in4", carries::ipv6, over_ipv4(ipv6_in, {})},
	{"4in6", carries::ipv4, over_ipv6(ipip, {}, 0x12345)},
	{"6in6", carries::ipv6, over_ipv6(ipv6_in, {}, 0x12345)},
	{"6in6 with the option of RFC 2473", carries::ipv6, over_ipv6(60, {{ipv6_in, 0, 4, 1, 3, 1, 1, 0}})},
	{"GTP-U", carries::any_ip, over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header()})},
	{"GTP-U with a sequence number", carries::any_ip,
         over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header({0, 7, 0, 0}, 2)})},
	{"GTP-U of a PDU session", carries::any_ip,
         over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header({0, 0, 0, 0x85, 1, 0x10, 9, 0}, 4)})},
	{"GTP-U with an N-PDU number", carries::any_ip,
         over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header({0, 0, 9, 0}, 1)})},
	{"GTP-U with an extension's type that nobody announced", carries::any_ip,
         over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header({0, 7, 0, 0x85}, 2)})},
	{"GTP-U with as many extensions as are skipped", carries::any_ip,
         over_ipv4(udp, {outer_udp(2152, 2152),
                         gtpu_header({0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0}, 4)})},
	{"GTP-U with two extensions", carries::any_ip,
         over_ipv6(udp,
                   {outer_udp(2152, 2152), gtpu_header({0, 0, 0, 0x40, 1, 0, 0, 0x85, 2, 0, 0, 0, 0, 0, 0, 0}, 7)})},
	{"MPLS", carries::any_ip, over_mpls({mpls_entry(1000, true)})},
	{"MPLS of two labels", carries::any_ip, over_mpls({mpls_entry(1000), mpls_entry(2000, true)})},
	{"VLAN MPLS multicast", carries::any_ip,
         tagged(join({outer_macs, {0x88, 0x48}, mpls_entry(1000, true)}), {0x88a8, 0x8100})},
	{"MPLS in GRE", carries::any_ip, over_ipv4(gre, {gre_header(0x8847), mpls_entry(1000, true)})},
	{"MPLS in IP", carries::any_ip, over_ipv4(mpls_in, {mpls_entry(1000, true)})},
	{"VXLAN over MPLS", carries::frames,
         over_mpls({mpls_entry(1000, true), outer_ipv4(udp), outer_udp(4789), vxlan_header}), true},
	{"GRE in GTP-U", carries::ipv4,
         over_ipv4(udp, {outer_udp(2152, 2152), gtpu_header(), outer_ipv4(gre), gre_header(0x0800)}), true},
};

inline bool may_carry(const tunnel_kind &t, const bytes &packet)
{
	const bool v4 = packet.size() > 13 && packet[12] == 0x08 && packet[13] == 0x00;
	const bool v6 = packet.size() > 13 && packet[12] == 0x86 && packet[13] == 0xdd;
	switch (t.what) {
	case carries::frames:
		return true;
	case carries::ipv4:
		return v4;
	case carries::ipv6:
		return v6;
	case carries::any_ip:
		return v4 || v6;
	}
	return false;
}

inline bytes through(const tunnel_kind &t, const bytes &packet)
{
	return join({t.head, t.what == carries::frames ? packet : without_ethernet(packet)});
}

} // namespace braid
