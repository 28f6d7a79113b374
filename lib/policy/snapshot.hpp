/* SPDX-License-Identifier: BSD-3-Clause */
// The immutable object that every burst reads once: mode, counts, arrays and hash table of one generation.
#pragma once

#include "base/limits.hpp"
#include "base/mode.hpp"
#include "policy/borders.hpp"
#include "policy/port.hpp"
#include "rcu/retire.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

struct rte_mbuf;

namespace braid::rcu {
template <typename T> class cell;
}

namespace braid {

class snapshot;
struct look_box;

// Among so many members an entry of the bucket table is the member's index times 8: the distance in bytes between two pointers
// and in bits between two counts, by which balance.hpp would have to multiply it for each packet. Among more it is the index.
inline constexpr unsigned few_members = 8;
constexpr std::uint8_t bucket_entry(unsigned index, unsigned members) noexcept
{
	return static_cast<std::uint8_t>(members <= few_members ? index * 8 : index);
}

// A counter with one writer, the thread that owns the queue, and readers anywhere. Relaxed: it orders nothing.
class counter {
public:
	void add(std::uint64_t n) noexcept { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
	std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
	std::atomic<std::uint64_t> value_{0};
};

// What one transmit queue of the bond keeps between bursts. Written only by the thread that sends on the queue.
struct alignas(64) tx_lane {
	const rcu::cell<snapshot> *published = nullptr; // of the bond
	std::uint16_t queue = 0;     // of the bond, and of every member
	std::uint16_t next = 0;      // round-robin: index of the member whose turn it is; clamped at each use
	std::uint16_t used = 0;      // round-robin: packets that it has had of its turn; clamped at each use
	counter empty_set;           // packets offered while no member could transmit
	counter dropped;             // packets, or copies of packets in broadcast, that were freed instead of sent
	look_box *looks = nullptr;   // whose turn it is, the next field says (look_box.hpp)
	std::atomic<bool> look_wanted{false};
	// The one usable member of the snapshot with this serial number. A burst that meets the same snapshot again knows its
	// member before the chain of loads through the snapshot has ended.
	std::atomic<std::uint64_t> only_in{0};
	port_handle only{};
	// Control side: the next burst is to be looked at. It forgets its member, so that it has but one question to ask; whichever
	// of this exchange and that of send_and_remember() comes second, the burst side sees the wish.
	void want_look() noexcept
	{
		look_wanted.store(true, std::memory_order_release);
		only_in.exchange(0);
	}
	// Behind the line that every burst reads: packets offered that named a member which may not transmit.
	counter pin_missed;
};

// What one receive queue of the bond keeps between bursts. Written only by the thread that polls the queue.
struct alignas(64) rx_lane {
	const rcu::cell<snapshot> *published = nullptr;
	std::uint16_t queue = 0;
	std::uint16_t next = 0;      // index of the member to poll first; clamped at each use
	std::uint16_t resume = 0;    // index of the busy member to poll next; any number
	std::uint16_t widest = 0;    // most packets that a burst has asked for while a member was leaving
	std::uint64_t busy = 0;      // members that had packets when they were last asked, one bit each; any bits
	counter backup_dropped;      // packets received on a member that may not deliver, and freed
	// What removal watches, which comes to an end when the leaving member has been found empty and stays so.
	counter from_leaving;        // packets received from a member that is leaving
	counter dry_looks;           // times that it was asked and had none
};

// A member as the receive path sees it.
struct rx_source {
	port_handle port;
	// Any of these. One byte, so that a burst asks one question, whether it is 0.
	std::uint8_t special;

	static constexpr std::uint8_t backup = 1;   // what it receives is freed and counted, so that flooded frames do not come twice
	static constexpr std::uint8_t draining = 2; // about to leave; tell whether it is empty
};

using tx_function = std::uint16_t (*)(const snapshot &, tx_lane &, rte_mbuf **, std::uint16_t) noexcept;
using rx_function = std::uint16_t (*)(const snapshot &, rx_lane &, rte_mbuf **, std::uint16_t) noexcept;

// Where packets name their member, and which members they may name. Only for bonds with pinning (pinning.hpp).
struct pin_table {
	tx_function others = nullptr;  // of the mode: for packets that are not pinned
	std::uint64_t flag = 0;        // of mbuf->ol_flags: the packet is pinned
	std::size_t offset = 0;        // of the member's id, four bytes, in the mbuf
	std::uint16_t count = 0;       // members that may transmit, also backups
	std::array<std::uint32_t, max_members> member{};  // their ids
	std::array<port_handle, max_members> port{};
	// By the lowest bits of an id, the index of the member that last came with them, if any.
	static constexpr std::size_t slots = 256;
	std::array<std::uint8_t, slots> slot{};

	void add(std::uint32_t id, port_handle to) noexcept
	{
		slot[id % slots] = static_cast<std::uint8_t>(count);
		member[count] = id;
		port[count++] = to;
	}
};

// Filled by one writer, then published, then never changed. tx and rx always point to a function.
class alignas(64) snapshot final : public rcu::retirable {
public:
	static constexpr std::uint32_t alive = 0x62726169;
	static constexpr std::uint32_t poison = 0xdeadbeef;

	~snapshot() override;

	// Hot: the first cache line is all of it that a burst with one usable member reads, and behind the base class it has
	// room for little else.
	const std::uint64_t serial = next_serial(); // from 1, never the same for two snapshots of a process
	tx_function tx = nullptr;
	rx_function rx = nullptr;
	std::uint16_t tx_count = 0;
	std::uint16_t rx_count = 0;
	std::uint16_t prepare_count = 0;
	std::uint16_t bond_port = 0;   // what mbuf->port of a received packet becomes

	std::array<port_handle, max_members> tx_port{};         // members that may transmit, [0, tx_count)
	std::array<rx_source, max_members> rx_member{};         // members that are polled, [0, rx_count)
	std::array<port_handle, max_members> prepare_port{};    // one port for each distinct tx_prepare, [0, prepare_count)

	std::uint64_t generation = 0;
	std::uint32_t canary = alive;  // poisoned on destruction; tests check it while they use the object
	enum mode mode = mode::round_robin;
	hash_policy policy = hash_policy::l2;
	std::uint64_t seed = 0;
	pin_table pin;
	std::uint16_t rr_limit = 1;    // round-robin: packets that a member gets in its turn; at least 1

	std::uint16_t turns = 0;       // round-robin: of the order of turns; 0: members have one weight, and one turn each

	// Mode balance: hash -> bucket -> member, as bucket_entry(index into tx_port, tx_count). Mode round-robin with weights: whose
	// turn it is, the index into tx_port, in [0, turns).
	std::array<std::uint8_t, bucket_count> bucket{};
	borders between; // of two members that share the bucket table; else none

private:
	static std::uint64_t next_serial() noexcept
	{
		static std::atomic<std::uint64_t> last{0};
		return last.fetch_add(1, std::memory_order_relaxed) + 1;
	}
};

} // namespace braid
