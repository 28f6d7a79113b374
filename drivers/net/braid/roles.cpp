/* SPDX-License-Identifier: BSD-3-Clause */
// Who is preferred and who may not transmit, as the operator wants it; and why a member does not transmit. What follows from
// the wishes is decided in lib/failover; each change is one decision and at most one publication.
#include "bond.hpp"

#include "clock.hpp"
#include "member_spec.hpp"
#include "registry.hpp"

namespace braid {

// Changes what failover knows, and follows its decision. `change` answers with what is to be told of it.
template <typename Change> result<void> bond::steer(Change change) noexcept
{
	const pacing pace(*this);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	const result<news_list> changed = change();
	if (!changed)
		return changed.error();
	reconsider(now_ms(), *changed);
	return {};
}

// The same for a member, with what failover knows of it.
template <typename Change> result<void> bond::steer_member(member_id id, Change change) noexcept
{
	return steer([&]() -> result<news_list> {
		const result<member_ptr> m = member_to_steer(id);
		if (!m)
			return m.error();
		return change(**m, *failover_.member_view(id, now_ms()));
	});
}

result<member_ptr> bond::member_to_steer(member_id id) const noexcept
{
	const member_ptr m = member_with(id);
	if (!m)
		return error(ENOENT, "%s has no member with id %u", device_name_, to_number(id));
	if (!failover_.member_view(id, now_ms()))
		return error(ENOENT, "member %s is being removed", names_.of(id).c_str());
	return m;
}

// Who has a role is told by tell_of_roles(); but not that a primary is no longer waited for.
result<void> bond::set_primary(member_id id) noexcept
{
	const auto prefer = [this, id] {
		failover_.set_primary(id);
		const bool was_wished_for = std::exchange(primary_wish_, std::nullopt).has_value();
		return result<news_list>(if_new(was_wished_for && id == member_id::none, new_value("primary", "")));
	};
	return id == member_id::none ? steer(prefer)
	                             : steer_member(id, [&](member &, const member_status &) { return prefer(); });
}

result<void> bond::set_role(member_id id, member_role role) noexcept
{
	return steer_member(id, [&](member &m, const member_status &known) -> result<news_list> {
		if (known.role == role)
			return news_list();
		if (result<void> free = role_is_free(role, m, m.port); !free)
			return free.error();
		take_role(id, role);
		return news_list();
	});
}

result<void> bond::set_priority(member_id id, std::int32_t priority) noexcept
{
	return steer_member(id, [&](member &, const member_status &known) -> result<news_list> {
		failover_.set_priority(id, priority);
		return if_new(known.priority != priority, new_value("priority", std::to_string(priority), id));
	});
}

result<void> bond::set_sticky(member_id id, bool sticky) noexcept
{
	return steer_member(id, [&](member &, const member_status &known) -> result<news_list> {
		failover_.set_sticky(id, sticky);
		return if_new(known.sticky != sticky, new_value("sticky", sticky, id));
	});
}

result<void> bond::set_enabled(member_id id, bool enabled) noexcept
{
	return steer_member(id, [&](member &, const member_status &known) -> result<news_list> {
		failover_.set_enabled(id, enabled);
		return if_new(known.enabled != enabled, new_value("enabled", enabled, id));
	});
}

result<void> bond::set_primary_reselect(primary_reselect r) noexcept
{
	return steer([&]() -> result<news_list> {
		const bool is_new = failover_.reselect() != r;
		failover_.set_reselect(r);
		return if_new(is_new, new_value("primary_reselect", to_string(r)));
	});
}

result<void> bond::set_min_links(unsigned n) noexcept
{
	if (n > max_members)
		return error(EINVAL, "min_links: %u is more than the %u members that a bond can have", n, max_members);
	return steer([&]() -> result<news_list> {
		const bool is_new = failover_.min_links() != n;
		failover_.set_min_links(n);
		return if_new(is_new, new_value("min_links", std::to_string(n)));
	});
}

// Whoever has or had a role, however that came about: by an order, an option at its addition, a wish that it fulfils.
void bond::tell_of_roles() noexcept
{
	tell_of_role(told_primary_, failover_.primary(), member_role::primary);
	tell_of_role(told_standby_, failover_.standby(), member_role::standby);
}

// Not of a member that is still being added, nor of one that leaves, which takes its role with it.
void bond::tell_of_role(member_id &told, member_id holder, member_role role) noexcept
{
	const member_id now = member_with(holder) ? holder : member_id::none;
	if (now == told)
		return;
	const member_id before = std::exchange(told, now);
	if (failover_.role_of(before) == member_role::none && failover_.member_view(before, now_ms()))
		tell(event_kind::option_changed, before, "role=none");
	if (now != member_id::none)
		tell(event_kind::option_changed, now, std::string("role=") + to_string(role));
}

// At most one member has each role, so that nobody is displaced by a slip; a primary that was named before it exists
// keeps the place too.
result<void> bond::role_is_free(member_role role, const member &m, std::uint16_t port) const noexcept
{
	if (role == member_role::none)
		return {};
	const member_id holder = role == member_role::primary ? failover_.primary() : failover_.standby();
	if (holder != member_id::none)
		return error(EEXIST, "role: %s has a %s already, member %s", device_name_, to_string(role),
		             names_.of(holder).c_str());
	if (role == member_role::primary && primary_wish_ && !is_wished_for(m, port))
		return error(EEXIST, "role: primary is kept for %s, which has not joined %s yet", primary_wish_->text,
		             device_name_);
	return {};
}

void bond::take_role(member_id id, member_role role) noexcept
{
	switch (role) {
	case member_role::primary:
		failover_.set_primary(id); // a wish for it is fulfilled when it has joined, and remains if it cannot
		break;
	case member_role::standby:
		failover_.set_standby(id);
		break;
	case member_role::none:
		if (failover_.primary() == id)
			failover_.set_primary(member_id::none);
		if (failover_.standby() == id)
			failover_.set_standby(member_id::none);
		break;
	}
}

// By its name, also one that is promised to it, or by its device.
bool bond::is_wished_for(const member &m, std::uint16_t port) const noexcept
{
	if (names_.of(m.id).view() == primary_wish_->text)
		return true;
	const auto is_it = [&](std::uint16_t each) { return each == port && matches(*primary_wish_, facts_of_port(each)); };
	return *primary_wish_ == m.spec || (port != no_port && find_living_port(is_it)); // which may be going already
}

// It has no say any more, and its role is free. What an operator had made of it still shows while it is drained.
void bond::leave_failover(member &m) noexcept
{
	m.last_status = failover_.member_view(m.id, now_ms()).value_or(m.last_status);
	m.last_status.role = member_role::none;
	m.last_status.remaining_ms = 0;
	failover_.leave(m.id);
}

// The wish that was there first: from now on the member is the primary by its id, whatever it is called.
void bond::bind_primary(const member &m) noexcept
{
	if (!primary_wish_ || !is_wished_for(m, m.port))
		return;
	failover_.set_primary(m.id);
	primary_wish_.reset();
}

// What hinders it first: that a device is missing hinders also a member that is disabled.
why_not bond::reason(const member &m) const noexcept
{
	switch (m.state) {
	case member_state::pending: return m.refused_port != no_port ? why_not::refused : why_not::pending;
	case member_state::claimed: return why_not::stopped;
	case member_state::leaving: return why_not::draining;
	case member_state::gone: return m.vanished ? why_not::pending : why_not::draining;
	case member_state::running: break;
	}
	const why_not said = failover_.reason(m.id);
	return said == why_not::standby && mode_ != mode::active_backup ? why_not::none : said;
}

// After each decision, and whenever the state of a member that does not run has changed.
void bond::note_reasons(time_ms now) noexcept
{
	for (const member_ptr &m : members_)
		if (const why_not now_why = reason(*m); now_why != m->why) {
			m->why = now_why;
			m->why_since = now;
		}
}

} // namespace braid
