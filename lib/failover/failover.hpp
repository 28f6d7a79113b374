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
// single writer. It does not know the mode: active-backup takes `active`, the others take may_transmit().
//
// Who becomes active. The first sentence that applies decides; `up` is a link past its up delay, `usable` one that is up
// or within its down delay:
//
//   1. The primary, if it is up and nobody is active, or it was ordered (set_primary), or primary_reselect lets it
//      take over from the member that sentence 2 or 3 names. However sticky that is, and of whatever priority.
//   2. The active member, while it is usable and no better one is up. Better than an active standby is everybody but
//      the primary, for whom sentence 1 has spoken; of other members those of higher priority. Nobody is better than an
//      active primary or an active sticky member.
//   3. The best member that is up: the standby comes last, a higher priority first, then who joined first.
//   4. The best member that is usable: the same with the primary before all. A link that is lost, but perhaps not for
//      long, is better than none.
//
// Roles are net_failover's, with its preference of the standby for last; primary and primary_reselect are Linux
// bonding's; priority and sticky are the team driver's. Where they meet, the role, which one member has, is the
// stronger wish.
#pragma once

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "failover/link_watch.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

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

// What an operator has made of a member: at most one has each role.
enum class member_role : std::uint8_t {
	none,
	primary, // preferred, as primary_reselect says
	standby, // active only while no other one can be
};
inline constexpr unsigned member_role_count = 3;

// "none", "primary", "standby".
const char *to_string(member_role r) noexcept;

// Why a member is not the active one. In the modes that balance, `standby` is no hindrance. The last four are for
// whoever knows the members' devices: of them, failover itself says `stopped` only.
enum class why_not : std::uint8_t {
	none, // it is active
	link_down,
	up_delay, // its link is up, but not yet for long enough
	standby,  // usable, but another one was chosen
	stopped,  // its port does not run
	min_links, // usable, but too few are
	disabled, // by an administrator
	draining, // being removed
	pending,  // its device does not exist
	refused,  // its device exists and could not join
};
inline constexpr unsigned why_not_count = 10;

// One word for each, as they are spelled above; "" for none.
const char *to_string(why_not w) noexcept;

struct member_status {
	link_state link;
	why_not reason;
	bool enabled;
	member_role role;
	std::int32_t priority;
	bool sticky;
	time_ms since;        // when `link` began
	time_ms remaining_ms; // until the up or down delay ends; 0 without one
	std::uint64_t link_failures;
	std::uint32_t speed_mbps; // while its link was last up; 0 when unknown
	bool full_duplex;
};

struct decision {
	// Members that could transmit, in the order in which they joined: running, enabled, and up or going down.
	std::span<const member_id> usable() const noexcept { return {usable_ids.data(), usable_count}; }

	// Those of them that may: all, or none while they are fewer than min_links.
	std::span<const member_id> may_transmit() const noexcept { return {usable_ids.data(), carrier ? usable_count : 0}; }

	std::array<member_id, max_members> usable_ids{};
	unsigned usable_count = 0;

	// One of usable(), and none only if that is empty. It receives also while nobody transmits.
	member_id chosen = member_id::none;

	// The same, or none while nobody transmits.
	member_id active = member_id::none;

	// Enough members are usable, and at least one: the link of the bond is up.
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

	// For good: forgets the member's place, its failures, its role and its preferences. A member that was unplugged and
	// may come back rather stays, not running and with its link reported down: it keeps them all.
	void leave(member_id id) noexcept;

	// An unknown id is ignored, here and below: the event of a port may arrive after the member has left.
	void report(member_id id, const link_report &seen, time_ms now) noexcept;

	// The member's port has been stopped and started again: what was known of its link says nothing any more. It is down
	// until the next report, which is not a failure.
	void restart_link(member_id id, time_ms now) noexcept;

	// An administrator's hand: a disabled member is not usable, its link is watched all the same.
	void set_enabled(member_id id, bool enabled) noexcept;

	// Whether its port is there and started; one that joins is. One that does not run is not usable.
	void set_running(member_id id, bool running) noexcept;

	// A delay that is running goes on with its new length, counted from where it began.
	void set_delays(std::uint32_t up_ms, std::uint32_t down_ms) noexcept { delays_ = {up_ms, down_ms}; }

	// Prefers a member, also one that has not joined yet; none prefers nobody and leaves the active one
	// where it is. Naming a primary, also the same one again, is an order: it becomes active as soon as
	// its link is up, whatever primary_reselect says. From then on the policy rules.
	// A standby that is named gives up that role.
	void set_primary(member_id id) noexcept;

	// Puts a member last, none nobody. A primary that is named gives up that role.
	void set_standby(member_id id) noexcept;

	void set_reselect(primary_reselect r) noexcept { reselect_ = r; }

	// Higher is preferred; 0 unless set.
	void set_priority(member_id id, std::int32_t priority) noexcept;

	// Once active, a sticky member gives way to no priority.
	void set_sticky(member_id id, bool sticky) noexcept;

	// With fewer usable members than this nobody transmits; up delays do not keep the number from being reached. 0 and 1 mean
	// the same.
	void set_min_links(unsigned n) noexcept { min_links_ = n; }

	decision evaluate(time_ms now) noexcept;

	member_id primary() const noexcept { return primary_; }
	member_id standby() const noexcept { return standby_; }
	member_role role_of(member_id id) const noexcept;
	primary_reselect reselect() const noexcept { return reselect_; }
	unsigned min_links() const noexcept { return min_links_; }
	unsigned member_count() const noexcept { return count_; }

	// `stopped` for an unknown id. Tells about the last evaluation and the reports since then.
	why_not reason(member_id id) const noexcept;

	// Nothing for an unknown id. `reason` tells about the last evaluation and the reports since then.
	std::optional<member_status> member_view(member_id id, time_ms now) const noexcept;

private:
	struct member {
		member_id id = member_id::none;
		bool enabled = true;
		bool running = true;
		bool sticky = false;
		std::int32_t priority = 0;
		link_watch watch;

		bool may() const noexcept { return enabled && running; }
		bool usable() const noexcept { return may() && watch.usable(); }
		bool in(link_state s) const noexcept { return may() && watch.state() == s; }
	};

	std::span<member> members() noexcept { return {members_.data(), count_}; }
	std::span<const member> members() const noexcept { return {members_.data(), count_}; }
	member *find(member_id id) noexcept;
	const member *find(member_id id) const noexcept;
	unsigned count_in(link_state s) const noexcept;

	unsigned needed_early() const noexcept;
	member *next_to_come_up() noexcept;
	const member *choose() const noexcept;
	const member *best_in(link_state s, member_id except = member_id::none) const noexcept;
	bool outranks(const member &one, const member &other) const noexcept;
	bool primary_takes_over(const member &primary, const member &active) const noexcept;
	why_not reason(const member &m) const noexcept;

	std::array<member, max_members> members_{}; // the first count_, in the order in which they joined
	unsigned count_ = 0;
	link_delays delays_;
	member_id primary_ = member_id::none;
	member_id standby_ = member_id::none; // never the primary
	unsigned min_links_ = 0;
	primary_reselect reselect_ = primary_reselect::always;
	bool primary_ordered_ = false; // set_primary was called and the primary has not been active since
	decision last_; // its `chosen` is the present one
};

// Neither owns memory, so the writer that holds the state lock allocates nothing.
static_assert(std::is_trivially_copyable_v<failover> && std::is_trivially_copyable_v<decision>);

} // namespace braid
