/* SPDX-License-Identifier: BSD-3-Clause */
// The C API: unwraps C arguments, asks the bond, answers with a negative errno and a sentence. Nothing throws across it.
#include "braid.h"

#include "bond.hpp"
#include "devargs.hpp"
#include "last_error.hpp"
#include "names/quoted.hpp"
#include "registry.hpp"

#include <rte_bus_vdev.h>

#include <algorithm>
#include <cstring>
#include <string>

#define BRAID_PUBLIC extern "C" __attribute__((visibility("default")))

namespace braid {
namespace {

static_assert(BRAID_MAX_MEMBERS == max_members);
static_assert(BRAID_NAME_SIZE == max_name_length + 1 && BRAID_NAME_SIZE == RTE_ETH_NAME_MAX_LEN);
static_assert(BRAID_NO_PORT == no_port && BRAID_NO_MEMBER == to_number(member_id::none));
static_assert(BRAID_MODE_ROUND_ROBIN == static_cast<int>(mode::round_robin) &&
              BRAID_MODE_ACTIVE_BACKUP == static_cast<int>(mode::active_backup) &&
              BRAID_MODE_BALANCE == static_cast<int>(mode::balance) &&
              BRAID_MODE_BROADCAST == static_cast<int>(mode::broadcast));
static_assert(BRAID_POLICY_L2 == static_cast<int>(hash_policy::l2) &&
              BRAID_POLICY_L23 == static_cast<int>(hash_policy::l23) &&
              BRAID_POLICY_L34 == static_cast<int>(hash_policy::l34) &&
              BRAID_POLICY_FLOW == static_cast<int>(hash_policy::flow));
static_assert(BRAID_EVENT_MEMBER_ADDED == static_cast<int>(event_kind::member_added) &&
              BRAID_EVENT_MEMBER_RENAMED == static_cast<int>(event_kind::member_renamed) &&
              BRAID_EVENT_ACTIVE_CHANGED == static_cast<int>(event_kind::active_changed) &&
              BRAID_EVENT_ATTACH_FAILED == static_cast<int>(event_kind::attach_failed));

int refuse(std::uint16_t port, const error &why) noexcept
{
	const bond_ptr b = find_bond(port);
	return fail(b ? b->device_name() : "braid", why);
}

template <typename T> int answer(std::uint16_t port, const result<T> &done) noexcept
{
	return done ? 0 : refuse(port, done.error());
}

error no_bond(std::uint16_t port) noexcept { return error(ENODEV, "port %u is not a net_braid bond", port); }

// Copies as much of `from` as the caller's structure, which says its size, has room for; the size stays as it is.
template <typename Struct> int copy_out(std::uint16_t port, Struct *to, Struct &from) noexcept
{
	if (to == nullptr || to->size < sizeof to->size)
		return refuse(port, error(EINVAL, "the structure's size is not set"));
	const std::size_t size = std::min(to->size, sizeof from);
	from.size = to->size;
	std::memcpy(to, &from, size);
	return 0;
}

braid_member_state to_c(member_state s) noexcept
{
	switch (s) {
	case member_state::pending: return BRAID_MEMBER_PENDING;
	case member_state::claimed: return BRAID_MEMBER_CLAIMED;
	case member_state::running: return BRAID_MEMBER_RUNNING;
	case member_state::leaving:
	case member_state::gone: return BRAID_MEMBER_LEAVING;
	}
	__builtin_unreachable();
}

braid_why_not to_c(const member_facts &m) noexcept
{
	if (m.transmits)
		return BRAID_WHY_NOT_NONE;
	if (m.state != member_state::running)
		return BRAID_WHY_NOT_NOT_RUNNING;
	switch (m.status.reason) {
	case why_not::link_down: return BRAID_WHY_NOT_LINK_DOWN;
	case why_not::up_delay: return BRAID_WHY_NOT_UP_DELAY;
	case why_not::none:
	case why_not::standby: return BRAID_WHY_NOT_STANDBY;
	case why_not::disabled: return BRAID_WHY_NOT_NOT_RUNNING;
	}
	__builtin_unreachable();
}

// The listener's face to C: `callback` is the application's function.
void call_listener(std::uint16_t port, const event &what, void *callback, void *arg)
{
	braid_event e{};
	e.size = sizeof e;
	e.kind = static_cast<braid_event_kind>(what.kind);
	e.member_id = to_number(what.id);
	e.time_ns = what.time_ns;
	e.generation = what.generation;
	e.name = what.after.c_str();
	e.old_name = what.before.c_str();
	e.reason = what.reason.c_str();
	reinterpret_cast<braid_event_callback>(callback)(port, &e, arg);
}

listener listener_of(braid_event_callback callback, void *arg) noexcept
{
	return {call_listener, reinterpret_cast<void *>(callback), arg};
}

} // namespace

} // namespace braid

using namespace braid;

BRAID_PUBLIC int braid_create(const char *name, const char *devargs)
{
	constexpr char prefix[] = "net_braid";
	if (name == nullptr || std::strncmp(name, prefix, sizeof prefix - 1) != 0)
		return fail("braid", error(EINVAL, "name: %s does not begin with %s", quoted(name ? name : "").c_str(), prefix));
	if (std::strlen(name) >= RTE_ETH_NAME_MAX_LEN)
		return fail("braid", error(EINVAL, "name: %s is longer than %d bytes", quoted(name).c_str(),
		                           RTE_ETH_NAME_MAX_LEN - 1));
	forget_last_error();
	if (const int failed = rte_vdev_init(name, devargs)) {
		if (*last_error() != '\0')
			return failed; // the probe has said why
		const error why = failed == -EEXIST ? error(EEXIST, "a device %s exists already", quoted(name).c_str())
		                                    : error(-failed, "the device cannot be made: %s", describe(failed));
		return fail(name, why);
	}
	const bond_ptr b = find_bond(std::string_view(name));
	return b ? b->port() : fail(name, error(ENODEV, "the bond was closed while it was made"));
}

BRAID_PUBLIC int braid_destroy(std::uint16_t port)
{
	bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	if (b->on_worker_thread())
		return refuse(port, error(EDEADLK, "a bond cannot be destroyed from its own event callback"));
	if (!b->begin_close())
		return refuse(port, error(ENODEV, "%s is being closed", b->device_name()));
	const std::string name = b->device_name();
	b.reset();
	// Closed before the bus hears of it: while it removes a device it holds a lock, and a listener that waits for that lock
	// would keep the close from ending.
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	if (const int failed = rte_vdev_uninit(name.c_str()))
		return fail(name.c_str(), error(-failed, "the device cannot be removed: %s", describe(failed)));
	return 0;
}

BRAID_PUBLIC int braid_member_add(std::uint16_t port, const char *device, const struct braid_member_options *options,
                                  std::uint32_t *id)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	if (options != nullptr && options->size < offsetof(braid_member_options, name) + sizeof options->name)
		return refuse(port, error(EINVAL, "the size of the options is not set"));
	const result<member_spec> spec = parse_member(device != nullptr ? device : "");
	if (!spec)
		return refuse(port, spec.error());
	const char *const wanted = options != nullptr && options->name != nullptr ? options->name : nullptr;
	if (wanted != nullptr && *wanted == '\0')
		return refuse(port, error(EINVAL, "the name is empty"));
	const result<member_id> added = b->add(*spec, wanted != nullptr ? wanted : "");
	if (!added)
		return refuse(port, added.error());
	if (id != nullptr)
		*id = to_number(*added);
	return 0;
}

BRAID_PUBLIC int braid_member_remove(std::uint16_t port, std::uint32_t id)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->remove(static_cast<member_id>(id))) : refuse(port, no_bond(port));
}

BRAID_PUBLIC int braid_member_remove_now(std::uint16_t port, std::uint32_t id)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->remove_now(static_cast<member_id>(id))) : refuse(port, no_bond(port));
}

BRAID_PUBLIC int braid_member_rename(std::uint16_t port, std::uint32_t id, const char *name)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->rename(static_cast<member_id>(id), name != nullptr ? name : ""))
	         : refuse(port, no_bond(port));
}

BRAID_PUBLIC int braid_member_find(std::uint16_t port, const char *name, std::uint32_t *id)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	const std::optional<member_id> found = b->find(name != nullptr ? name : "");
	if (!found)
		return refuse(port, error(ENOENT, "there is no member %s", quoted(name != nullptr ? name : "").c_str()));
	if (id != nullptr)
		*id = to_number(*found);
	return 0;
}

BRAID_PUBLIC int braid_members_get(std::uint16_t port, std::uint32_t *ids, unsigned int capacity)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	const std::vector<member_id> all = b->member_ids();
	for (std::size_t i = 0; ids != nullptr && i < all.size() && i < capacity; i++)
		ids[i] = to_number(all[i]);
	return static_cast<int>(all.size());
}

BRAID_PUBLIC int braid_member_info_get(std::uint16_t port, std::uint32_t id, struct braid_member_info *info)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	const std::optional<member_facts> facts = b->facts_of(static_cast<member_id>(id));
	if (!facts)
		return refuse(port, error(ENOENT, "there is no member with id %u", id));
	braid_member_info out{};
	out.id = id;
	out.port_id = facts->port;
	out.link_up = facts->link_up;
	out.is_primary = facts->primary;
	out.is_active = facts->transmits;
	out.state = to_c(facts->state);
	out.why_not = to_c(*facts);
	out.link_speed_mbps = facts->status.speed_mbps;
	out.delay_remaining_ms = static_cast<std::uint32_t>(facts->status.remaining_ms);
	out.link_failures = facts->status.link_failures;
	rte_strscpy(out.name, facts->label.c_str(), sizeof out.name);
	rte_strscpy(out.device, facts->device, sizeof out.device);
	return copy_out(port, info, out);
}

BRAID_PUBLIC int braid_info_get(std::uint16_t port, struct braid_info *info)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	const bond_facts facts = b->facts();
	braid_info out{};
	out.mode = static_cast<braid_mode>(facts.mode);
	out.policy = static_cast<braid_policy>(facts.policy);
	out.primary = to_number(facts.primary);
	out.active = to_number(facts.active);
	out.up_delay_ms = facts.up_delay_ms;
	out.down_delay_ms = facts.down_delay_ms;
	out.lsc_poll_period_ms = facts.lsc_poll_period_ms;
	out.members = facts.members;
	out.usable = facts.usable;
	out.generation = facts.generation;
	return copy_out(port, info, out);
}

BRAID_PUBLIC int braid_mode_set(std::uint16_t port, enum braid_mode wanted)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	if (static_cast<unsigned>(wanted) >= mode_count)
		return refuse(port, error(EINVAL, "mode: %d is not a mode", static_cast<int>(wanted)));
	return answer(port, b->set_mode(static_cast<mode>(wanted)));
}

BRAID_PUBLIC int braid_policy_set(std::uint16_t port, enum braid_policy wanted)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	if (static_cast<unsigned>(wanted) >= hash_policy_count)
		return refuse(port, error(EINVAL, "policy: %d is not a policy", static_cast<int>(wanted)));
	return answer(port, b->set_policy(static_cast<hash_policy>(wanted)));
}

BRAID_PUBLIC int braid_primary_set(std::uint16_t port, std::uint32_t id)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->set_primary(static_cast<member_id>(id))) : refuse(port, no_bond(port));
}

BRAID_PUBLIC int braid_delays_set(std::uint16_t port, std::uint32_t up_delay_ms, std::uint32_t down_delay_ms)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->set_delays(up_delay_ms, down_delay_ms)) : refuse(port, no_bond(port));
}

BRAID_PUBLIC int braid_event_callback_register(std::uint16_t port, braid_event_callback callback, void *arg)
{
	const bond_ptr b = find_bond(port);
	if (!b)
		return refuse(port, no_bond(port));
	if (callback == nullptr)
		return refuse(port, error(EINVAL, "there is no callback"));
	return answer(port, b->add_listener(listener_of(callback, arg)));
}

BRAID_PUBLIC int braid_event_callback_unregister(std::uint16_t port, braid_event_callback callback, void *arg)
{
	const bond_ptr b = find_bond(port);
	return b ? answer(port, b->remove_listener(listener_of(callback, arg))) : refuse(port, no_bond(port));
}

BRAID_PUBLIC const char *braid_error_text(void) { return last_error(); }
