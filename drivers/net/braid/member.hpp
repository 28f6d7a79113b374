/* SPDX-License-Identifier: BSD-3-Clause */
// One member of a bond, from the wish that names it to the port that serves it.
#pragma once

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "claimed_port.hpp"
#include "failover/failover.hpp"
#include "lock_order.hpp"
#include "settings.hpp"
#include "traffic.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace braid {

enum class member_state : std::uint8_t {
	pending,  // its device does not exist now
	claimed,  // owned, not started
	running,  // started and in the snapshot
	leaving,  // out of the transmit set, still polled until dry
	gone,     // out of the snapshot, not yet released
};

constexpr const char *to_string(member_state s) noexcept
{
	switch (s) {
	case member_state::pending: return "pending";
	case member_state::claimed: return "claimed";
	case member_state::running: return "running";
	case member_state::leaving: return "leaving";
	case member_state::gone: return "gone";
	}
	return "?";
}

inline constexpr std::uint16_t no_port = UINT16_MAX;

// Shared between the bond and whoever is looking at it at the moment: it outlives its removal from the bond until the
// last of them lets go.
struct member {
	member(member_id id, const member_spec &spec, time_ms now) noexcept : id(id), spec(spec), why_since(now) {}

	const member_id id;
	const member_spec spec;

	// Guarded by the bond's state lock.
	member_state state = member_state::pending;
	std::uint16_t port = no_port;
	char device_name[RTE_ETH_NAME_MAX_LEN] = ""; // ethdev name of the last port that was admitted
	std::optional<unsigned> seat; // from the first attachment on
	std::uint32_t weight = 1;     // as the operator gave it
	bool deliver_while_leaving = false;
	member_status last_status{}; // of one that is leaving: as it was when it still had a say
	bool lost = false; // its device has vanished, and nobody has said so yet
	bool link_up = false; // as the port last said, before any delay
	time_ms unheard_from = never; // its link being down, nothing is expected from it from here on; never: it is up
	bool polled = false;          // by bursts, as of the last snapshot
	// Snapshots that polled it, are not the last any more, and may still be in use. Counted down by whoever reclaims.
	std::atomic<unsigned> last_bursts{0};
	rte_ether_addr own_mac{}; // of its port, as it was claimed
	rte_ether_addr mac{};     // what its port was last told
	rte_ether_addr port_mac{}; // what its port had after that; it may have kept its own
	bool announces = false;   // it was started with a queue for announcements
	std::uint16_t refused_port = no_port; // could not join: logged once, not tried again by itself
	bool by_rule = false;       // nobody named it
	time_ms pending_since = 0;  // while it is pending, and its device was there
	std::uint16_t announced_port = no_port; // matches, is reserved, and is about to be usable
	std::optional<error> refusal;           // why the last attempt to join failed, until one succeeds
	why_not why = why_not::pending;         // it does not transmit, as of the last snapshot
	time_ms why_since;                      // when `why` became what it is

	// The device has gone by itself: nothing may touch it. Set by whoever is told, at once and without a lock.
	std::atomic<bool> vanished{false};

	// Held while a control operation touches the device, so that no two do at a time, and removal waits for the
	// one that runs. Never taken with the state lock held; a burst never takes it.
	ordered_mutex<lock_place::device> device;
	// Guarded by `device`.
	std::optional<claimed_port> claimed;
	traffic counted;
	bool told_silent = false; // that it has no queue for announcements
	bool seen_up = false;            // the link, at the last poll
	time_ms next_presence_check = 0; // when to ask whether the device is still there
	// The device has vanished without an event. Set under `device` by whoever polls, acted upon once and forgotten under the
	// state lock.
	std::atomic<bool> found_missing{false};
};

using member_ptr = std::shared_ptr<member>;

// The members of one moment. Allocates nothing, since it is filled with the state lock held.
class member_set {
public:
	explicit member_set(std::span<const member_ptr> all) noexcept : count_(all.size())
	{
		std::copy(all.begin(), all.end(), all_.begin());
	}

	const member_ptr *begin() const noexcept { return all_.data(); }
	const member_ptr *end() const noexcept { return all_.data() + count_; }
	std::size_t size() const noexcept { return count_; }

private:
	std::array<member_ptr, max_members> all_;
	const std::size_t count_;
};

// Adds what the member's port has counted since the last reading; nothing without a port, or if it does not answer. With the
// device lock held.
void take_sample(member &m) noexcept;

} // namespace braid
