/* SPDX-License-Identifier: BSD-3-Clause */
#include "failover/failover.hpp"

#include <algorithm>

namespace braid {

const char *to_string(primary_reselect r) noexcept
{
	switch (r) {
	case primary_reselect::always:
		return "always";
	case primary_reselect::better:
		return "better";
	case primary_reselect::failure:
		return "failure";
	}
	return "?";
}

std::optional<primary_reselect> primary_reselect_from(std::string_view text) noexcept
{
	if (text == "always" || text == "0")
		return primary_reselect::always;
	if (text == "better" || text == "1")
		return primary_reselect::better;
	if (text == "failure" || text == "2")
		return primary_reselect::failure;
	return std::nullopt;
}

const char *to_string(member_role r) noexcept
{
	switch (r) {
	case member_role::none:
		return "none";
	case member_role::primary:
		return "primary";
	case member_role::standby:
		return "standby";
	}
	return "?";
}

const char *to_string(why_not w) noexcept
{
	switch (w) {
	case why_not::none:
		return "";
	case why_not::link_down:
		return "link_down";
	case why_not::up_delay:
		return "up_delay";
	case why_not::standby:
		return "standby";
	case why_not::stopped:
		return "stopped";
	case why_not::min_links:
		return "min_links";
	case why_not::disabled:
		return "disabled";
	case why_not::draining:
		return "draining";
	case why_not::pending:
		return "pending";
	case why_not::refused:
		return "refused";
	}
	return "?";
}

decision failover::evaluate(time_ms now) noexcept
{
	for (member &m : members())
		m.watch.expire(delays_, now);
	for (unsigned n = needed_early(); n > 0; n--)
		next_to_come_up()->watch.skip_up_delay(now);

	decision d;
	for (const member &m : members()) {
		if (m.usable())
			d.usable_ids[d.usable_count++] = m.id;
		d.deadline = std::min(d.deadline, m.watch.deadline(delays_));
	}
	d.carrier = d.usable_count != 0 && d.usable_count >= min_links_;
	if (const member *m = choose())
		d.chosen = m->id;
	if (d.carrier)
		d.active = d.chosen;
	if (d.chosen == primary_)
		primary_ordered_ = false;

	d.usable_changed = !std::ranges::equal(d.usable(), last_.usable());
	d.active_changed = d.active != last_.active;
	d.carrier_changed = d.carrier != last_.carrier;
	last_ = d;
	return d;
}

// How many members may be used before their up delay is over. The delay guards against a link that flaps while others do
// the work; with nobody to do the work, or too few, it would only make the outage longer. An active member whose link is
// going down still counts: its down delay says that the administrator would rather wait for it than change. Nobody is let
// in early if even all of them are too few.
unsigned failover::needed_early() const noexcept
{
	const member *active = find(last_.chosen);
	const unsigned usable = count_in(link_state::up) + count_in(link_state::going_down);
	unsigned needed = usable < min_links_ ? min_links_ - usable : 0;
	if (needed == 0 && count_in(link_state::up) == 0 && !(active && active->usable()))
		needed = 1;
	return needed <= count_in(link_state::coming_up) ? needed : 0;
}

// One member at a time is let in early, as in Linux; the others go on waiting. It is the one that waited longest, and of
// several that came together the best, which saves a second change.
failover::member *failover::next_to_come_up() noexcept
{
	member *best = nullptr;
	for (member &m : members()) {
		if (!m.in(link_state::coming_up))
			continue;
		if (!best || m.watch.since() < best->watch.since() ||
		    (m.watch.since() == best->watch.since() && outranks(m, *best)))
			best = &m;
	}
	return best;
}

// The four sentences at the top of failover.hpp.
const failover::member *failover::choose() const noexcept
{
	const member *active = find(last_.chosen);
	if (active && !active->usable())
		active = nullptr;
	const member *best = best_in(link_state::up, primary_);
	const bool stays = active && (active->sticky || !best || !outranks(*best, *active));
	const member *other = stays ? active : best;
	const member *primary = find(primary_);
	if (primary && primary->in(link_state::up) && (!active || primary_takes_over(*primary, *other)))
		return primary;
	return other ? other : best_in(link_state::going_down);
}

// The primary before all others, the standby after them; between others the priority decides.
bool failover::outranks(const member &one, const member &other) const noexcept
{
	if (one.id == primary_ || other.id == primary_)
		return one.id == primary_ && other.id != primary_;
	if (one.id == standby_ || other.id == standby_)
		return other.id == standby_ && one.id != standby_;
	return one.priority > other.priority;
}

const failover::member *failover::best_in(link_state s, member_id except) const noexcept
{
	const member *best = nullptr;
	for (const member &m : members())
		if (m.in(s) && m.id != except && (!best || outranks(m, *best)))
			best = &m;
	return best;
}

bool failover::primary_takes_over(const member &primary, const member &active) const noexcept
{
	if (primary_ordered_)
		return true;
	switch (reselect_) {
	case primary_reselect::always:
		return true;
	case primary_reselect::better:
		if (primary.watch.speed_mbps() != active.watch.speed_mbps())
			return primary.watch.speed_mbps() > active.watch.speed_mbps();
		return primary.watch.full_duplex() && !active.watch.full_duplex();
	case primary_reselect::failure:
		return false;
	}
	return false;
}

bool failover::join(member_id id, const link_report &first, time_ms now) noexcept
{
	if (id == member_id::none || find(id) || count_ == max_members)
		return false;
	members_[count_++] = {.id = id, .watch = link_watch(first, delays_, now)};
	return true;
}

void failover::leave(member_id id) noexcept
{
	if (primary_ == id)
		set_primary(member_id::none);
	if (standby_ == id)
		set_standby(member_id::none);
	const auto end = members_.begin() + count_;
	const auto kept = std::remove_if(members_.begin(), end, [id](const member &m) { return m.id == id; });
	count_ = static_cast<unsigned>(kept - members_.begin());
}

void failover::report(member_id id, const link_report &seen, time_ms now) noexcept
{
	if (member *m = find(id))
		m->watch.report(seen, delays_, now);
}

void failover::restart_link(member_id id, time_ms now) noexcept
{
	if (member *m = find(id))
		m->watch.restart(now);
}

void failover::set_enabled(member_id id, bool enabled) noexcept
{
	if (member *m = find(id))
		m->enabled = enabled;
}

void failover::set_running(member_id id, bool running) noexcept
{
	if (member *m = find(id))
		m->running = running;
}

void failover::set_primary(member_id id) noexcept
{
	if (id != member_id::none && id == standby_)
		standby_ = member_id::none;
	primary_ = id;
	primary_ordered_ = id != member_id::none;
}

void failover::set_standby(member_id id) noexcept
{
	if (id != member_id::none && id == primary_)
		set_primary(member_id::none);
	standby_ = id;
}

void failover::set_priority(member_id id, std::int32_t priority) noexcept
{
	if (member *m = find(id))
		m->priority = priority;
}

void failover::set_sticky(member_id id, bool sticky) noexcept
{
	if (member *m = find(id))
		m->sticky = sticky;
}

member_role failover::role_of(member_id id) const noexcept
{
	if (id == member_id::none)
		return member_role::none;
	return id == primary_ ? member_role::primary : id == standby_ ? member_role::standby : member_role::none;
}

std::optional<member_status> failover::member_view(member_id id, time_ms now) const noexcept
{
	const member *m = find(id);
	if (!m)
		return std::nullopt;
	const time_ms deadline = m->watch.deadline(delays_);
	return member_status{
		.link = m->watch.state(),
		.reason = reason(*m),
		.enabled = m->enabled,
		.role = role_of(id),
		.priority = m->priority,
		.sticky = m->sticky,
		.since = m->watch.since(),
		.remaining_ms = deadline == never || deadline < now ? 0 : deadline - now,
		.link_failures = m->watch.failures(),
		.speed_mbps = m->watch.speed_mbps(),
		.full_duplex = m->watch.full_duplex(),
	};
}

why_not failover::reason(member_id id) const noexcept
{
	const member *m = find(id);
	return m ? reason(*m) : why_not::stopped;
}

why_not failover::reason(const member &m) const noexcept
{
	if (!m.running)
		return why_not::stopped;
	if (!m.enabled)
		return why_not::disabled;
	switch (m.watch.state()) {
	case link_state::down:
		return why_not::link_down;
	case link_state::coming_up:
		return why_not::up_delay;
	case link_state::up:
	case link_state::going_down:
		break;
	}
	if (last_.usable_count != 0 && !last_.carrier)
		return why_not::min_links;
	return m.id == last_.active ? why_not::none : why_not::standby;
}

// Linear searches: a bond has a handful of members, and none of this is on the way of a packet.
failover::member *failover::find(member_id id) noexcept
{
	const auto it = std::ranges::find(members(), id, &member::id);
	return it == members().end() ? nullptr : &*it;
}

const failover::member *failover::find(member_id id) const noexcept
{
	const auto it = std::ranges::find(members(), id, &member::id);
	return it == members().end() ? nullptr : &*it;
}

unsigned failover::count_in(link_state s) const noexcept
{
	return static_cast<unsigned>(std::ranges::count_if(members(), [s](const member &m) { return m.in(s); }));
}

} // namespace braid
