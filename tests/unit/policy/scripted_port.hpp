/* SPDX-License-Identifier: BSD-3-Clause */
// Members that follow a script and packets that keep account of themselves, in the place of ethdev and mempools.
//
// A packet begins with one reference, its owner's. A member that takes it and a drop each use one up. Whoever
// touches a packet whose references are used up has freed it twice; one whose references are left over has leaked.
#pragma once

#include "../packet/test_packet.hpp"
#include "policy/select.hpp"
#include "policy/turns.hpp"

#include <gtest/gtest.h>

#include <array>
#include <climits>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

namespace braid {

inline constexpr unsigned unlimited = UINT_MAX;

struct counted_packet : rte_mbuf {
	counted_packet() noexcept : rte_mbuf{} {}

	int references = 1;
	unsigned sent = 0;    // times that a member took it
	unsigned dropped = 0; // times that it was given up
	bool untouched() const noexcept { return sent == 0 && dropped == 0; }
};

inline counted_packet &counted(rte_mbuf *pkt) noexcept { return *static_cast<counted_packet *>(pkt); }

// Packets that the caller offers or that wait on a member. Packet k is an IPv4 UDP packet of flow flows[k], or of flow
// k; two flows differ in their MAC, their address and their port, so that every hash policy tells them apart.
class burst {
public:
	explicit burst(std::size_t n) : burst(first_numbers(n)) {}

	explicit burst(const std::vector<unsigned> &flows)
		: packets_(flows.size()), frames_(flows.size()), array_(flows.size())
	{
		for (std::size_t k = 0; k < flows.size(); k++) {
			fill(frames_[k], flows[k]);
			packets_[k].buf_addr = frames_[k].data();
			set_length(k, ipv4_udp.size());
			packets_[k].nb_segs = 1;
			array_[k] = &packets_[k];
		}
	}

	rte_mbuf **array() { return array_.data(); }
	std::uint16_t size() const { return static_cast<std::uint16_t>(packets_.size()); }
	counted_packet &operator[](std::size_t k) { return packets_[k]; }
	const counted_packet &operator[](std::size_t k) const { return packets_[k]; }

	// With a payload: 66 bytes, of which vector kernels take eight frames at once. Without one 42 are too short for them.
	void lengthen(std::size_t k) { set_length(k, frames_[k].size()); }

	// Which packet this is; `unlimited` for none of this burst.
	unsigned number_of(const rte_mbuf *pkt) const
	{
		const auto *const p = static_cast<const counted_packet *>(pkt);
		const auto *const begin = packets_.data();
		const bool inside = !std::less<>()(p, begin) && std::less<>()(p, begin + packets_.size());
		return inside ? static_cast<unsigned>(p - begin) : unlimited;
	}

	// Numbers of the packets that stand in the array from place `first` on.
	std::vector<unsigned> numbers_from(std::size_t first) const
	{
		std::vector<unsigned> numbers;
		for (std::size_t k = first; k < array_.size(); k++)
			numbers.push_back(number_of(array_[k]));
		return numbers;
	}

	std::vector<unsigned> untouched() const
	{
		std::vector<unsigned> numbers;
		for (unsigned k = 0; k < packets_.size(); k++)
			if (packets_[k].untouched())
				numbers.push_back(k);
		return numbers;
	}

private:
	using frame = std::array<std::uint8_t, 66>;

	static std::vector<unsigned> first_numbers(std::size_t n)
	{
		std::vector<unsigned> numbers(n);
		std::iota(numbers.begin(), numbers.end(), 0);
		return numbers;
	}

	void set_length(std::size_t k, std::size_t length)
	{
		packets_[k].data_len = static_cast<std::uint16_t>(length);
		packets_[k].pkt_len = packets_[k].data_len;
	}

	static void fill(frame &f, unsigned flow)
	{
		std::copy(ipv4_udp.begin(), ipv4_udp.end(), f.begin());
		constexpr std::size_t source_mac = 6, source_address = 26, source_port = 34;
		for (std::size_t field : {source_mac + 4, source_address + 2, source_port}) {
			f[field] = static_cast<std::uint8_t>(flow >> 8);
			f[field + 1] = static_cast<std::uint8_t>(flow);
		}
	}

	std::vector<counted_packet> packets_;
	std::vector<frame> frames_;
	std::vector<rte_mbuf *> array_;
};

// Every packet of a transmit burst is accounted for: those that were not consumed, and no others, stand at the tail in
// their order with the caller's one reference, and nobody holds a reference to any other.
inline testing::AssertionResult accounted_for(const burst &b, unsigned consumed)
{
	if (consumed > b.size())
		return testing::AssertionFailure() << consumed << " consumed of " << b.size();
	if (b.numbers_from(consumed) != b.untouched())
		return testing::AssertionFailure()
		       << "the tail is " << testing::PrintToString(b.numbers_from(consumed)) << " and untouched are "
		       << testing::PrintToString(b.untouched());
	for (unsigned k = 0; k < b.size(); k++)
		if (b[k].references != (b[k].untouched() ? 1 : 0))
			return testing::AssertionFailure()
			       << "packet " << k << " has " << b[k].references << " references";
	return testing::AssertionSuccess();
}

// One member: what it will do, and what it was asked.
struct scripted_member {
	struct send_call {
		std::uint16_t queue;
		unsigned offered;
		unsigned taken;
	};

	// Transmit: takes at most takes[i] in its call i, later `each_call`, and `room` in all.
	std::deque<unsigned> takes;
	unsigned each_call = unlimited;
	unsigned room = unlimited;
	std::vector<send_call> send_calls;
	std::vector<const rte_mbuf *> sent;

	// Receive: gives what waits, in multiples of min_room places, as vector functions do.
	std::deque<rte_mbuf *> waiting;
	unsigned min_room = 1;
	std::vector<unsigned> rooms; // free places in each call
	std::uint16_t rx_queue = UINT16_MAX;

	// Prepare: finds so many packets fit, from the front.
	unsigned fit = unlimited;
	std::vector<unsigned> prepared; // offered in each call
	std::uint16_t prepare_queue = UINT16_MAX;

	unsigned take(unsigned offered)
	{
		unsigned n = std::min(offered, std::min(room, takes.empty() ? each_call : takes.front()));
		if (!takes.empty())
			takes.pop_front();
		if (room != unlimited)
			room -= n;
		return n;
	}
};

// The members that this thread's bursts reach, as long as it lives.
class wire {
public:
	wire() noexcept { in_use_ = this; }
	~wire() { in_use_ = nullptr; }
	wire(const wire &) = delete;
	wire &operator=(const wire &) = delete;

	scripted_member &operator[](unsigned m) { return members_[m]; }

	// Far from the indices, so that one taken for the other is seen.
	static constexpr std::uint16_t number_of(unsigned m) { return static_cast<std::uint16_t>(100 + m); }
	static constexpr port_handle port_of(unsigned m) { return port_handle{number_of(m)}; }

	static scripted_member &at(port_handle port) noexcept
	{
		const std::uintptr_t m = static_cast<std::uintptr_t>(port) - number_of(0);
		if (in_use_ != nullptr && m < max_members)
			return in_use_->members_[m];
		ADD_FAILURE() << "port " << static_cast<std::uintptr_t>(port) << " is nobody's";
		static thread_local scripted_member nobody;
		return nobody;
	}

private:
	static inline thread_local wire *in_use_ = nullptr;
	std::vector<scripted_member> members_{max_members};
};

struct scripted_port {
	static std::uint16_t send(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		scripted_member &member = wire::at(port);
		const unsigned taken = member.take(n);
		member.send_calls.push_back({queue, n, taken});
		for (unsigned k = 0; k < n; k++)
			expect_alive(pkts[k]);
		for (unsigned k = 0; k < taken; k++) {
			counted_packet &p = counted(pkts[k]);
			p.references--;
			p.sent++;
			member.sent.push_back(&p);
			pkts[k] = nullptr; // the driver's now: nobody may find it here again
		}
		return static_cast<std::uint16_t>(taken);
	}

	static std::uint16_t receive(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		scripted_member &member = wire::at(port);
		member.rooms.push_back(n);
		member.rx_queue = queue;
		const std::size_t places = n / member.min_room * member.min_room;
		const std::size_t got = std::min(places, member.waiting.size());
		for (std::size_t k = 0; k < got; k++) {
			pkts[k] = member.waiting.front();
			pkts[k]->port = static_cast<std::uint16_t>(port);
			member.waiting.pop_front();
		}
		return static_cast<std::uint16_t>(got);
	}

	static std::uint16_t prepare(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		scripted_member &member = wire::at(port);
		member.prepared.push_back(n);
		member.prepare_queue = queue;
		for (unsigned k = 0; k < n; k++)
			expect_alive(pkts[k]);
		return static_cast<std::uint16_t>(std::min<unsigned>(n, member.fit));
	}

	static void drop(rte_mbuf *pkt) noexcept
	{
		expect_alive(pkt);
		counted(pkt).references--;
		counted(pkt).dropped++;
	}

	static void reference(rte_mbuf **pkts, unsigned n, std::int16_t by) noexcept
	{
		for (unsigned k = 0; k < n; k++) {
			expect_alive(pkts[k]);
			counted(pkts[k]).references += by;
		}
	}

private:
	static void expect_alive(rte_mbuf *pkt) noexcept
	{
		if (pkt == nullptr)
			ADD_FAILURE() << "a place in the array whose packet was given away";
		else if (counted(pkt).references <= 0)
			ADD_FAILURE() << "a packet was touched after its last reference was given up";
	}
};
static_assert(member_port<scripted_port>);

// What varies between the snapshots of the transmit tests.
struct transmit_config {
	enum mode mode = mode::round_robin;
	std::vector<unsigned> members; // of the wire, in the order of tx_port
	hash_policy policy = hash_policy::l34;
	tx_empty when_empty = tx_empty::keep;
	std::uint16_t rr_limit = 1;
	simd wide = simd::scalar;
	bool buckets_in_turn = false;  // and not each member's side by side
	std::vector<std::uint32_t> weights; // round-robin: of each member; none: all the same
};

inline std::vector<unsigned> first_members(unsigned n)
{
	std::vector<unsigned> members(n);
	std::iota(members.begin(), members.end(), 0);
	return members;
}

// As the driver builds one. `s` is new.
inline void fill_transmit(snapshot &s, const transmit_config &c)
{
	s.mode = c.mode;
	s.policy = c.policy;
	s.seed = 0x5eed;
	for (unsigned m : c.members)
		s.tx_port[s.tx_count++] = wire::port_of(m);
	for (unsigned b = 0; s.tx_count > 0 && b < bucket_count; b++)
		s.bucket[b] = bucket_entry(c.buckets_in_turn ? b % s.tx_count : b * s.tx_count / bucket_count, s.tx_count);
	s.between = find_borders(s.bucket, s.tx_count);
	s.rr_limit = c.rr_limit;
	if (c.mode == mode::round_robin && !c.weights.empty()) {
		turn_counts turns;
		s.turns = static_cast<std::uint16_t>(count_turns(c.weights, turns));
		arrange_turns({turns.data(), c.weights.size()}, s.bucket);
	}
	s.tx = select_tx<scripted_port>(c.mode, c.policy, s.tx_count,
	                                {.when_empty = c.when_empty, .rr_limit = c.rr_limit, .turns = s.turns, .wide = c.wide});
	s.rx = select_rx<scripted_port>(0, rx_port::bond);
}

inline std::unique_ptr<snapshot> transmit_snapshot(const transmit_config &c)
{
	auto s = std::make_unique<snapshot>();
	fill_transmit(*s, c);
	return s;
}

// Members to send on, and a queue to send from.
struct transmit : testing::Test {
	transmit() { lane.queue = 3; }

	// Sends all of `b` in one burst and expects every packet to be accounted for.
	unsigned send(const snapshot &s, burst &b) { return send(s, lane, b); }

	static unsigned send(const snapshot &s, tx_lane &from, burst &b)
	{
		const unsigned consumed = s.tx(s, from, b.array(), b.size());
		EXPECT_TRUE(accounted_for(b, consumed));
		return consumed;
	}

	// Numbers of the packets of `b` that member m has sent, in its order.
	std::vector<unsigned> sent_by(unsigned m, const burst &b)
	{
		std::vector<unsigned> numbers;
		for (const rte_mbuf *pkt : members[m].sent)
			numbers.push_back(b.number_of(pkt));
		return numbers;
	}

	wire members;
	tx_lane lane;
};

} // namespace braid
