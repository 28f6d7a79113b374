/* SPDX-License-Identifier: BSD-3-Clause */
// The frames of each kind of traffic. Needs no EAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace braid::bench {

enum class traffic : std::uint8_t {
	ipv4,      // UDP over IPv4
	ipv6,      // UDP over IPv6
	vlan,      // IPv4 behind one tag
	qinq,      // IPv4 behind two tags
	fragments, // IPv4, of which every packet is a fragment: half of them the first one
	mixed,     // all of these, in random order

	// IPv4 in one tunnel, as an overlay's uplink carries it: outside, all frames are between the same two stations.
	vxlan, // a whole frame; the source port is another for each flow, as RFC 7348 has it
	gtpu,  // from port 2152 to port 2152, a TEID for each flow
	gre,
	ipip,
	mpls, // with an entropy label, another for each flow (RFC 6790)
};
inline constexpr unsigned traffic_count = 11;

inline constexpr traffic untunnelled[] = {traffic::ipv4, traffic::ipv6,      traffic::vlan,
                                          traffic::qinq, traffic::fragments, traffic::mixed};
inline constexpr traffic tunnels[] = {traffic::vxlan, traffic::gtpu, traffic::gre, traffic::ipip, traffic::mpls};

const char *to_string(traffic t);

// Whether one who does not look inside sees one flow in all of it.
constexpr bool is_one_flow_outside(traffic t)
{
	return t == traffic::gtpu || t == traffic::gre || t == traffic::ipip || t == traffic::mpls;
}

inline constexpr std::size_t frame_size = 128;

using random_source = std::mt19937;

// A flow of its own. `index` is the packet's number in its set: fragments take turns.
void write_frame(std::span<std::uint8_t, frame_size> frame, traffic kind, unsigned index, random_source &random);

} // namespace braid::bench
