/* SPDX-License-Identifier: BSD-3-Clause */
// The names of members: changed with the state lock held, published as a directory, found without a lock.
#include "bond.hpp"

#include "devargs.hpp"
#include "registry.hpp"

namespace braid {

// What the operator chose; or else, of a member with a role, the name of the role, if it is free; or else its device's.
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
	return names_.promise(id, name_from_device(device).view());
}

result<void> bond::rename(member_id id, std::string_view wanted) noexcept
{
	const state_guard guard(state_);
	if (result<void> open = still_open(); !open)
		return open;
	result<rename_outcome> renamed = names_.rename(id, wanted);
	if (!renamed)
		return renamed.error();
	if (!renamed->changed())
		return {};
	publish_directory();
	tell(event_kind::member_renamed, id, {}, renamed->before);
	return {};
}

std::optional<member_id> bond::find(std::string_view text) const noexcept
{
	const rcu::read_section section;
	const directory *d = directory_.get(section);
	if (const std::optional<member_id> named = d->names.find(text))
		return named;
	for (unsigned i = 0; i < d->count; i++)
		if (text == d->devices[i].device)
			return d->devices[i].id;
	return std::nullopt;
}

std::optional<member_id> bond::find(const member_spec &spec) noexcept
{
	const state_guard state(state_);
	for (const member_ptr &m : members_)
		if (m->spec == spec || (m->port != no_port && matches(spec, facts_of_port(m->port))))
			return m->id;
	return std::nullopt;
}

name bond::name_of(member_id id) const noexcept
{
	const rcu::read_section section;
	const name *found = directory_.get(section)->names.find(id);
	return found != nullptr ? *found : name();
}

void bond::publish_directory() noexcept
{
	auto next = std::make_unique<directory>();
	next->names = names_.index();
	for (const member_ptr &m : members_) {
		directory::place &place = next->devices[next->count++];
		place.id = m->id;
		rte_strscpy(place.device, m->device_name[0] != '\0' ? m->device_name : m->spec.text, sizeof place.device);
	}
	rcu::retire(std::unique_ptr<rcu::retirable>(directory_.exchange(next.release())));
}

} // namespace braid
