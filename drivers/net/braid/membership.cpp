/* SPDX-License-Identifier: BSD-3-Clause */
// Members as operators add them, which is a transaction. Removing them is in removal.cpp, their names are in names.cpp, what
// happens to their devices is in attachment.cpp.
#include "bond.hpp"

#include "clock.hpp"
#include "member_spec.hpp"
#include "registry.hpp"

#include <algorithm>
#include <array>

namespace braid {
namespace {

std::array<char, RTE_ETH_NAME_MAX_LEN> name_of_port(std::uint16_t port) noexcept
{
	std::array<char, RTE_ETH_NAME_MAX_LEN> text{};
	rte_eth_dev_get_name_by_port(port, text.data());
	return text;
}

} // namespace

result<member_id> bond::add(const member_spec &spec, const member_options &options) noexcept
{
	rcu::bound_what_waits();
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open.error();
	if (matches(spec, facts_of_port(port_)))
		return error(ELOOP, "%s is the bond itself", spec.text);

	const auto m = std::make_shared<member>(static_cast<member_id>(++last_id_), spec, now_ms());
	const std::optional<std::uint16_t> port = find_port(*m);
	const auto port_name = port ? name_of_port(*port) : std::array<char, RTE_ETH_NAME_MAX_LEN>();
	const char *const device = port ? port_name.data() : spec.text;
	{
		const state_guard state(state_);
		for (const member_ptr &other : members_)
			if (other->spec == spec || (port && other->port == *port))
				return error(EEXIST, "%s is a member already, named %s", spec.text,
				             names_.of(other->id).c_str());
		if (members_.size() == max_members)
			return full();
		result<name> promised = promise_name(m->id, options, device);
		if (!promised) // a name that was made up says nothing to whoever asked
			return options.name.empty() ? promised.error().in("%s", spec.text) : promised.error();
		if (result<void> free = role_is_free(options.role, *m, port.value_or(no_port)); !free) {
			names_.forget(m->id);
			return free.error();
		}
		take_role(m->id, options.role); // kept for it until it is there
	}
	if (port)
		if (result<void> joined = attach(m, *port); !joined) {
			const state_guard state(state_);
			names_.forget(m->id);
			failover_.leave(m->id); // its role is free again
			return joined.error().in("%s", spec.text);
		}
	bool joined = false;
	{
		const state_guard state(state_);
		names_.fulfil(m->id);
		failover_.join(m->id, {}, now_ms());
		failover_.set_running(m->id, false);
		failover_.set_enabled(m->id, options.enabled);
		failover_.set_priority(m->id, options.priority);
		failover_.set_sticky(m->id, options.sticky);
		m->weight = options.weight;
		members_.push_back(m);
		joined = port && admit(m);
		bind_primary(*m); // also one that is pending
		publish_directory();
		republish(joins_or_is_wanted(*m, joined));
	}
	if (port && !joined)
		withdraw(m);
	if (!joined)
		look_for_ports(); // it may have appeared while we were looking
	refresh_reta_size();
	return m->id;
}

} // namespace braid
