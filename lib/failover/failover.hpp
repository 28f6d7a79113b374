/* SPDX-License-Identifier: BSD-3-Clause */
// Who may transmit: keeps the state of every member's link and decides which members are usable, and which
// one of them is active in mode active-backup.
//
//     failover f;
//     f.join(a, {.up = true, .speed_mbps = 10000, .full_duplex = true}, now);
//     f.report(a, {.up = false}, now);       // when a port tells, and at every poll
//     decision d = f.evaluate(now);          // after every change, and again at d.deadline
//     if (d.usable_changed || d.active_changed)
//             ... publish a snapshot with d.usable() and d.active
//
// Thinks and touches nothing: it reads no clock, asks no port, allocates nothing, and belongs to the bond's
// single writer. It does not know the mode: active-backup takes `active`, the others take usable().
#pragma once

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "failover/link_watch.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace braid {

// When a primary whose link is up again takes over from an active member that works.
enum class primary_reselect : std::uint8_t {
	always,  // as soon as it is usable
	better,  // when it is faster, or as fast and full duplex where the active one is not
	failure, // when the active one fails
};

// "always", "better", "failure".
const char *to_string(primary_reselect r) noexcept;

// Accepts the spellings above and Linux's numbers 0, 1, 2. Nothing for any other text.
std::optional<primary_reselect> primary_reselect_from(std::string_view text) noexcept;

// Why a member is not the active one. In the modes that balance, `standby` is no hindrance.
enum class why_not : std::uint8_t {
	none, // it is active
	link_down,
	up_delay, // its link is up, but not yet for long enough
	standby,  // usable, but another one was chosen
	disabled,
};

// "active", "link down", "up delay", "standby", "disabled".
const char *to_string(why_not w) noexcept;

struct member_status {
	link_state link;
	why_not reason;
	bool enabled;
	time_ms since;        // when `link` began
	time_ms remaining_ms; // until the up or down delay ends; 0 without one
	std::uint64_t link_failures;
	std::uint32_t speed_mbps; // while its link was last up; 0 when unknown
	bool full_duplex;
};

struct decision {
	// Members that may transmit, in the order in which they joined: enabled, and up or going down.
	std::span<const member_id> usable() const noexcept { return {usable_ids.data(), usable_count}; }

	std::array<member_id, max_members> usable_ids{};
	unsigned usable_count = 0;

	// One of usable(), and none only if that is empty.
	member_id active = member_id::none;

	// At least one member is usable: the link of the bond is up.
	bool carrier = false;

	// Evaluate again at this time even if nothing is reported; never when only a report can change
	// anything. It lies after the time of the evaluation.
	time_ms deadline = never;

	// Against the decision before; the first one against an empty set.
	bool usable_changed = false;
	bool active_changed = false;
	bool carrier_changed = false;
};

// Every function may be called at any time and in any order. `now` may stand still or jump ahead; a jump over
// several deadlines ends in the state that the last of them leads to. Nothing takes effect on a decision
// before evaluate().
class failover {
public:
	// Appends an enabled member. Its link waits for the up delay if it is up, unless nothing else is
	// usable. False, and nothing changes, if the id is none or already in, or if max_members are in.
	bool join(member_id id, const link_report &first, time_ms now) noexcept;

	// For good: forgets the member's place, its failures, and that it was the primary. A member that was
	// unplugged and may come back rather stays, disabled and with its link reported down.
	void leave(member_id id) noexcept;

	// An unknown id is ignored, here and below: the event of a port may arrive after the member has left.
	void report(member_id id, const link_report &seen, time_ms now) noexcept;

	// The member's port has been stopped and started again: what was known of its link says nothing any more. It is down
	// until the next report, which is not a failure.
	void restart_link(member_id id, time_ms now) noexcept;

	// An administrator's hand: a disabled member is not usable, its link is watched all the same.
	void set_enabled(member_id id, bool enabled) noexcept;

	// A delay that is running goes on with its new length, counted from where it began.
	void set_delays(std::uint32_t up_ms, std::uint32_t down_ms) noexcept { delays_ = {up_ms, down_ms}; }

	// Prefers a member, also one that has not joined yet; none prefers nobody and leaves the active one
	// where it is. Naming a primary, also the same one again, is an order: it becomes active as soon as
	// its link is up, whatever primary_reselect says. From then on the policy rules.
	void set_primary(member_id id) noexcept;

	void set_reselect(primary_reselect r) noexcept { reselect_ = r; }

	decision evaluate(time_ms now) noexcept;

	member_id primary() const noexcept { return primary_; }
	unsigned member_count() const noexcept { return count_; }

	// Nothing for an unknown id. `reason` tells about the last evaluation and the reports since then.
	std::optional<member_status> member_view(member_id id, time_ms now) const noexcept;

private:
	struct member {
		member_id id = member_id::none;
		bool enabled = true;
		link_watch watch;

		bool usable() const noexcept { return enabled && watch.usable(); }
		bool in(link_state s) const noexcept { return enabled && watch.state() == s; }
	};

	std::span<member> members() noexcept { return {members_.data(), count_}; }
	std::span<const member> members() const noexcept { return {members_.data(), count_}; }
	member *find(member_id id) noexcept;
	const member *find(member_id id) const noexcept;
	const member *first_in(link_state s) const noexcept;

	bool up_delay_must_wait() const noexcept;
	member *next_to_come_up() noexcept;
	const member *choose_active() const noexcept;
	bool primary_takes_over(const member &primary, const member &active) const noexcept;
	why_not reason(const member &m) const noexcept;

	std::array<member, max_members> members_{}; // the first count_, in the order in which they joined
	unsigned count_ = 0;
	link_delays delays_;
	member_id primary_ = member_id::none;
	primary_reselect reselect_ = primary_reselect::always;
	bool primary_ordered_ = false; // set_primary was called and the primary has not been active since
	decision last_; // its `active` is the present one
};

} // namespace braid
