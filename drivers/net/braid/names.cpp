/* SPDX-License-Identifier: BSD-3-Clause */
// The names of members: changed with the state lock held, published as a directory, found without a lock.
//
//   rename_many   state lock: plan -> no lock: ask the guards -> state lock: carry out, publish the directory, write the events
//                                        | one refuses, or what was planned no longer fits
//                                        v
//                                     tell those who had agreed, the last one first
//
// Nothing of a member but its name is touched, and no device is asked anything. No snapshot is published, but when a member gets
// the name of a primary that has been waited for.
#include "bond.hpp"

#include "clock.hpp"
#include "devargs.hpp"
#include "names/quoted.hpp"
#include "rcu/retire.hpp"
#include "registry.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace braid {
namespace {

const char *device_of(const member &m) noexcept { return m.device_name[0] != '\0' ? m.device_name : m.spec.text; }

} // namespace

// What the operator chose; or else, of a member with a role, the name of the role, if it is free; or else what the bond's template
// makes; or else its device's.
result<name> bond::promise_name(member_id id, const member_options &options, const char *device) noexcept
{
	if (!options.name.empty())
		return names_.promise(id, options.name.view());
	if (options.role != member_role::none) {
		const name by_role = options.role == member_role::primary ? name_for_primary(device_name_)
		                                                          : name_for_standby(device_name_);
		if (result<name> promised = names_.promise(id, by_role.view()); promised)
			return promised;
	}
	return names_.promise(id, (member_name_.empty() ? name_from_device(device) : member_name_).view());
}

result<void> bond::rename_many(std::span<const rename_wish> wishes) noexcept
{
	const pacing pace(*this);
	std::optional<rename_plan> guarded;
	{
		const state_guard state(state_);
		const result<rename_plan> plan = plan_rename(wishes);
		if (!plan)
			return plan.error();
		if (!plan->changed())
			return {};
		if (guards_.any())
			guarded = *plan;
		else if (result<void> done = commit_rename(*plan); !done)
			return done;
	}
	if (guarded)
		if (result<void> done = ask_and_rename(*guarded); !done)
			return done;
	rcu::bound_what_waits(); // somebody may do this in a loop
	return {};
}

result<void> bond::ask_and_rename(const rename_plan &plan) noexcept
{
	std::vector<rename_outcome> changes;
	std::copy_if(plan.outcomes().begin(), plan.outcomes().end(), std::back_inserter(changes),
	             [](const rename_outcome &one) { return one.changed(); });
	rename_guards::proposal proposal(guards_, port_, changes);
	result<void> done = proposal.ask();
	if (done) {
		const state_guard state(state_);
		done = commit_rename(plan);
	}
	if (!done)
		proposal.revert();
	return done;
}

// What each member is to be called, and whether that is allowed now.
result<rename_plan> bond::plan_rename(std::span<const rename_wish> wishes) const noexcept
{
	if (result<void> open = still_open(); !open)
		return open.error();
	if (wishes.size() > max_members)
		return error(EINVAL, "%zu members are to be renamed at once, but a bond has at most %u", wishes.size(),
		             max_members);
	std::array<rename_request, max_members> requests;
	for (std::size_t i = 0; i < wishes.size(); i++) {
		const rename_wish &wish = wishes[i];
		requests[i] = {wish.id != member_id::none ? wish.id : named_or_promised(wish.member), wish.wanted};
		if (requests[i].id == member_id::none)
			return error(ENOENT, "%s has no member %s", device_name_, quoted(wish.member).c_str());
	}
	result<rename_plan> plan = names_.plan_rename({requests.data(), wishes.size()});
	if (plan && plan->changed())
		if (result<void> allowed = may_rename(); !allowed)
			return allowed.error();
	return plan;
}

result<void> bond::may_rename() const noexcept
{
	if (started_ && !live_rename_)
		return error(EBUSY, "%s is started, and its option live_rename is 0: stop it first, or set live_rename to 1",
		             device_name_);
	return {};
}

// All or none; the guards may have let in anything since it was planned.
result<void> bond::commit_rename(const rename_plan &plan) noexcept
{
	if (result<void> open = still_open(); !open)
		return open;
	if (result<void> allowed = may_rename(); !allowed)
		return allowed;
	if (result<void> done = names_.commit(plan); !done)
		return done;
	publish_names();
	for (const rename_outcome &one : plan.outcomes())
		if (one.changed())
			tell(event_kind::member_renamed, one.id, {}, one.before);
	look_for_primary(plan);
	return {};
}

// The primary was named before there was a member of that name, and now there may be one. A member that is being added is bound
// when it has joined; one that is being removed, and has no say any more, never is.
void bond::look_for_primary(const rename_plan &plan) noexcept
{
	for (const rename_outcome &one : plan.outcomes())
		if (const member_ptr m = member_with(one.id); m && primary_wish_ && one.after.view() == primary_wish_->text &&
		                                              failover_.member_view(m->id, now_ms())) {
			bind_primary(*m);
			reconsider(now_ms()); // which tells of its role
		}
}

member_id bond::named_or_promised(std::string_view text) const noexcept
{
	if (const std::optional<member_id> found = names_.find(text))
		return *found;
	for (const member_ptr &m : members_)
		if (text == device_of(*m))
			return m->id;
	return member_id::none;
}

result<void> bond::add_rename_guard(const rename_guard &g) noexcept
{
	if (result<void> open = still_open(); !open)
		return open;
	return guards_.add(g);
}

result<void> bond::set_live_rename(bool on) noexcept
{
	const pacing pace(*this);
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(live_rename_, on) != on)
		tell(new_value("live_rename", on));
	return {};
}

result<void> bond::set_member_name(std::string_view pattern) noexcept
{
	const pacing pace(*this);
	const result<name> wanted = pattern.empty() ? name() : parse_member_name(pattern);
	if (!wanted)
		return wanted.error().in("member_name");
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(member_name_, *wanted) != *wanted)
		tell(new_value("member_name", wanted->c_str()));
	return {};
}

std::optional<member_id> bond::find(std::string_view text) const noexcept
{
	const rcu::read_section section;
	const directory *d = directory_.get(section);
	if (const std::optional<member_id> named = d->names.find(text))
		return named;
	for (const directory::place &place : *d->places)
		if (text == place.device)
			return place.id;
	return std::nullopt;
}

std::optional<member_id> bond::find(const member_spec &spec) noexcept
{
	const state_guard state(state_);
	for (const member_ptr &m : members_)
		if (m->spec == spec || (m->port != no_port && !m->vanished && matches(spec, facts_of_port(m->port))))
			return m->id;
	return std::nullopt;
}

name bond::name_of(member_id id) const noexcept
{
	const rcu::read_section section;
	const name *found = directory_.get(section)->names.find(id);
	return found != nullptr ? *found : name();
}

// After a rename: the members and their devices are as they were.
void bond::publish_names() noexcept
{
	auto next = std::make_unique<directory>();
	next->names = names_.index();
	next->places = places_;
	rcu::retire(std::unique_ptr<rcu::retirable>(directory_.exchange(next.release())));
}

void bond::publish_directory() noexcept
{
	std::vector<directory::place> places(members_.size());
	for (std::size_t i = 0; i < places.size(); i++) {
		places[i].id = members_[i]->id;
		rte_strscpy(places[i].device, device_of(*members_[i]), sizeof places[i].device);
	}
	places_ = std::make_shared<const std::vector<directory::place>>(std::move(places));
	publish_names();
}

} // namespace braid
