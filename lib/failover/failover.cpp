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

const char *to_string(why_not w) noexcept
{
	switch (w) {
	case why_not::none:
		return "active";
	case why_not::link_down:
		return "link down";
	case why_not::up_delay:
		return "up delay";
	case why_not::standby:
		return "standby";
	case why_not::disabled:
		return "disabled";
	}
	return "?";
}

decision failover::evaluate(time_ms now) noexcept
{
	for (member &m : members())
		m.watch.expire(delays_, now);
	if (!up_delay_must_wait())
		if (member *m = next_to_come_up())
			m->watch.skip_up_delay(now);

	decision d;
	for (const member &m : members()) {
		if (m.usable())
			d.usable_ids[d.usable_count++] = m.id;
		d.deadline = std::min(d.deadline, m.watch.deadline(delays_));
	}
	d.carrier = d.usable_count != 0;
	if (const member *m = choose_active())
		d.active = m->id;
	if (d.active == primary_)
		primary_ordered_ = false;

	d.usable_changed = !std::ranges::equal(d.usable(), last_.usable());
	d.active_changed = d.active != last_.active;
	d.carrier_changed = d.carrier != last_.carrier;
	last_ = d;
	return d;
}

// An up delay guards against a link that flaps while another one does the work. With nobody to do the work it
// would only make the outage longer. An active member whose link is going down still counts: its down delay
// says that the administrator would rather wait for it than change.
bool failover::up_delay_must_wait() const noexcept
{
	const member *active = find(last_.active);
	return first_in(link_state::up) || (active && active->usable());
}

// Only one member is let in early, as in Linux; the others go on waiting, for there is something usable now.
// It is the one that waited longest, and of several that came together the primary, which saves a second
// change.
failover::member *failover::next_to_come_up() noexcept
{
	member *best = nullptr;
	for (member &m : members()) {
		if (!m.in(link_state::coming_up))
			continue;
		if (!best || m.watch.since() < best->watch.since() ||
		    (m.watch.since() == best->watch.since() && m.id == primary_))
			best = &m;
	}
	return best;
}

const failover::member *failover::choose_active() const noexcept
{
	const member *active = find(last_.active);
	if (active && !active->usable())
		active = nullptr;
	const member *primary = find(primary_);
	if (primary && primary->in(link_state::up) && (!active || primary_takes_over(*primary, *active)))
		return primary;
	if (active)
		return active;
	if (const member *m = first_in(link_state::up))
		return m;
	// A link that is lost, but perhaps not for long, is better than none.
	return first_in(link_state::going_down);
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
	members_[count_++] = {.id = id, .enabled = true, .watch = link_watch(first, delays_, now)};
	return true;
}

void failover::leave(member_id id) noexcept
{
	if (primary_ == id)
		set_primary(member_id::none);
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

void failover::set_primary(member_id id) noexcept
{
	primary_ = id;
	primary_ordered_ = id != member_id::none;
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
		.since = m->watch.since(),
		.remaining_ms = deadline == never || deadline < now ? 0 : deadline - now,
		.link_failures = m->watch.failures(),
		.speed_mbps = m->watch.speed_mbps(),
		.full_duplex = m->watch.full_duplex(),
	};
}

why_not failover::reason(const member &m) const noexcept
{
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

const failover::member *failover::first_in(link_state s) const noexcept
{
	const auto it = std::ranges::find_if(members(), [s](const member &m) { return m.in(s); });
	return it == members().end() ? nullptr : &*it;
}

} // namespace braid
