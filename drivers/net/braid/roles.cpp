/* SPDX-License-Identifier: BSD-3-Clause */
// Who is preferred and who may not transmit, as the operator wants it; and why a member does not transmit. What follows from
// the wishes is decided in lib/failover; each change is one decision and at most one publication.
#include "bond.hpp"

#include "clock.hpp"
#include "devargs.hpp"
#include "registry.hpp"

namespace braid {

// Changes what failover knows, and follows its decision.
template <typename Change> result<void> bond::steer(Change change) noexcept
{
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (result<void> changed = change(); !changed)
		return changed;
	reconsider(now_ms());
	return {};
}

template <typename Change> result<void> bond::steer_member(member_id id, Change change) noexcept
{
	return steer([&]() -> result<void> {
		const member_ptr m = member_with(id);
		if (!m)
			return error(ENOENT, "%s has no member with id %u", device_name_, to_number(id));
		return change(*m);
	});
}

result<void> bond::set_primary(member_id id) noexcept
{
	const auto prefer = [this, id] {
		primary_wish_.reset();
		failover_.set_primary(id);
		return result<void>();
	};
	return id == member_id::none ? steer(prefer) : steer_member(id, [&](member &) { return prefer(); });
}

result<void> bond::set_role(member_id id, member_role role) noexcept
{
	return steer_member(id, [&](member &m) -> result<void> {
		if (failover_.role_of(id) == role)
			return {};
		if (result<void> free = role_is_free(role, m, m.port); !free)
			return free;
		take_role(id, role);
		return {};
	});
}

result<void> bond::set_priority(member_id id, std::int32_t priority) noexcept
{
	return steer_member(id, [&](member &) {
		failover_.set_priority(id, priority);
		return result<void>();
	});
}

result<void> bond::set_sticky(member_id id, bool sticky) noexcept
{
	return steer_member(id, [&](member &) {
		failover_.set_sticky(id, sticky);
		return result<void>();
	});
}

result<void> bond::set_enabled(member_id id, bool enabled) noexcept
{
	return steer_member(id, [&](member &) {
		failover_.set_enabled(id, enabled);
		return result<void>();
	});
}

result<void> bond::set_primary_reselect(primary_reselect r) noexcept
{
	return steer([&] {
		failover_.set_reselect(r);
		return result<void>();
	});
}

result<void> bond::set_min_links(unsigned n) noexcept
{
	if (n > max_members)
		return error(EINVAL, "min_links: %u is more than the %u members that a bond can have", n, max_members);
	return steer([&] {
		failover_.set_min_links(n);
		return result<void>();
	});
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
