/* SPDX-License-Identifier: BSD-3-Clause */
// The C API: unwraps C arguments, asks the bond, answers with a negative errno and a sentence. Nothing throws across it.
#include "braid.h"
#include "braid_pin.h"

#include "bond.hpp"
#include "c_types.hpp"
#include "devargs.hpp"
#include "lock_order.hpp"
#include "last_error.hpp"
#include "names/quoted.hpp"
#include "pin_place.hpp"
#include "registry.hpp"

#include <rte_bus_vdev.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

#define BRAID_PUBLIC extern "C" __attribute__((visibility("default")))

namespace braid {
namespace {

// Asks the bond of a port for something. `act` takes the bond; the value of its result, if it has one, is what C gets.
template <typename Act> int ask(std::uint16_t port, Act act) noexcept
{
	const result<bond_ptr> b = open_bond(port);
	if (!b)
		return fail("braid", b.error());
	const auto done = act(**b);
	if (!done)
		return fail((*b)->device_name(), done.error());
	if constexpr (std::is_same_v<decltype(done), const result<void>>)
		return 0;
	else
		return *done;
}

// The same with a switch, which is 0 or 1.
template <typename Act> int ask_switch(std::uint16_t port, const char *what, int on, Act act) noexcept
{
	return ask(port, [&](bond &b) -> result<void> {
		if (on != 0 && on != 1)
			return error(EINVAL, "%s: %d is neither 0 nor 1", what, on);
		return act(b, on == 1);
	});
}

// The same for what takes something back: it is done also while the bond is being closed, and when a callback that closed its
// port still runs, so that whoever asks may free what a callback uses; that ENODEV is the answer then is all the same.
template <typename Act> int take_back(std::uint16_t port, Act act) noexcept
{
	const bond_ptr b = find_bond(port); // first: what is closed after this is acted on here
	result<void> done;
	for (const bond_ptr &closed : closed_bonds(port))
		done = act(*closed);
	if (b)
		done = act(*b);
	return ask(port, [&done](bond &) { return done; });
}

// Copies as much of `from` as the caller's structure, which says its size, has room for; the size stays as it is.
template <typename Struct> result<void> copy_out(Struct *to, Struct from) noexcept
{
	if (to == nullptr || to->size < sizeof to->size)
		return error(EINVAL, "the structure's size is not set");
	const std::size_t size = std::min(to->size, sizeof from);
	from.size = to->size;
	std::memcpy(to, &from, size);
	return {};
}

// Fills an array of the caller, whose elements are as large as the first one says; `make` makes one from one of `all`. Answers how
// many there are. `least` is what an element had when it came into the API, `what` it is one of.
template <typename Struct, typename All, typename Make>
result<int> copy_out_all(Struct *to, unsigned capacity, std::size_t least, const char *what, const All &all, Make make) noexcept
{
	const std::size_t stride = to != nullptr && capacity != 0 ? to->size : 0;
	if (stride < least && to != nullptr && capacity != 0)
		return error(EINVAL, "the size of the first %s is %zu, too small; set it to sizeof its struct", what, stride);
	auto *at = reinterpret_cast<std::byte *>(to);
	for (std::size_t i = 0; stride != 0 && i < all.size() && i < capacity; i++, at += stride) {
		Struct one = make(all[i]);
		one.size = stride;
		std::memcpy(at, &one, std::min(stride, sizeof one));
	}
	return static_cast<int>(all.size());
}

// A bond that is closed waits for these to return.
result<void> not_from_within(std::uint16_t port) noexcept
{
	if (holds_any_lock())
		return error(EDEADLK, "a bond cannot be destroyed inside an operation of a bond");
	const bond_ptr b = find_bond(port);
	if (!b || !(b->on_own_thread() || b->in_rename_guard()))
		return {};
	return error(EDEADLK, "a bond cannot be destroyed from its own %s", b->on_own_thread() ? "event callback" : "rename guard");
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
	if (const result<void> elsewhere = not_from_within(port); !elsewhere)
		return fail("braid", elsewhere.error());
	std::string name;
	bool started = false;
	const int begun = ask(port, [&](bond &b) {
		name = b.device_name();
		started = b.facts().started;
		return b.begin_close() ? result<void>() : b.still_open();
	});
	if (begun != 0)
		return begun;
	// Closed before the bus hears of it: while it removes a device it holds a lock, and a listener that waits for that lock
	// would keep the close from ending.
	if (started)
		rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	if (const int failed = rte_vdev_uninit(name.c_str()))
		return fail(name.c_str(), error(-failed, "the device cannot be removed: %s", describe(failed)));
	return 0;
}

BRAID_PUBLIC int braid_member_add(std::uint16_t port, const char *device, const struct braid_member_options *options,
                                  std::uint32_t *id)
{
	return ask(port, [=](bond &b) -> result<void> {
		const result<member_options> wanted = from_c(options);
		if (!wanted)
			return wanted.error();
		const result<member_spec> spec = parse_member(device != nullptr ? device : "");
		if (!spec)
			return spec.error();
		const result<member_id> added = b.add(*spec, *wanted);
		if (!added)
			return added.error();
		if (id != nullptr)
			*id = to_number(*added);
		return {};
	});
}

BRAID_PUBLIC int braid_member_remove(std::uint16_t port, std::uint32_t id)
{
	return ask(port, [=](bond &b) { return b.remove(static_cast<member_id>(id)); });
}

BRAID_PUBLIC int braid_member_remove_now(std::uint16_t port, std::uint32_t id)
{
	return ask(port, [=](bond &b) { return b.remove_now(static_cast<member_id>(id)); });
}

BRAID_PUBLIC int braid_auto_add(std::uint16_t port, const char *rule)
{
	return ask(port, [=](bond &b) {
		const result<auto_rule> parsed = parse_auto_rule(rule != nullptr ? rule : "");
		return parsed ? b.add_rule(*parsed) : parsed.error().in("auto");
	});
}

BRAID_PUBLIC int braid_auto_remove(std::uint16_t port, const char *rule)
{
	return ask(port, [=](bond &b) { return b.remove_rule(rule != nullptr ? rule : ""); });
}

BRAID_PUBLIC int braid_auto_clear(std::uint16_t port)
{
	return ask(port, [=](bond &b) { return b.clear_rules(); });
}

BRAID_PUBLIC int braid_auto_get(std::uint16_t port, struct braid_auto_rule *rules, unsigned int capacity)
{
	return ask(port, [=](bond &b) {
		constexpr std::size_t least = offsetof(braid_auto_rule, rule) + sizeof rules->rule;
		return copy_out_all(rules, capacity, least, "rule", b.rules(), [](const auto_rule &each) { return to_c(each); });
	});
}

BRAID_PUBLIC int braid_member_rename(std::uint16_t port, std::uint32_t id, const char *name)
{
	return ask(port, [=](bond &b) { return b.rename(static_cast<member_id>(id), name != nullptr ? name : ""); });
}

BRAID_PUBLIC int braid_members_rename(std::uint16_t port, const struct braid_rename *renames, unsigned int n, std::size_t size)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (n > max_members)
			return error(EINVAL, "renames: %u members, of 0 to %u", n, max_members);
		if (n != 0 && renames == nullptr)
			return error(EINVAL, "renames: there is no array for %u members", n);
		if (n != 0 && (size < offsetof(braid_rename, name) + sizeof renames->name || size % alignof(braid_rename) != 0))
			return error(EINVAL, "renames: %zu bytes is not the size of a struct braid_rename", size);
		std::array<rename_wish, max_members> wishes;
		for (unsigned i = 0; i < n; i++) {
			braid_rename one{};
			if (!copy_in(one, reinterpret_cast<const char *>(renames) + i * size, size))
				return error(E2BIG, "renames: number %u asks for something that this release does not know", i);
			const auto text = [](const char *t) { return std::string_view(t != nullptr ? t : ""); };
			wishes[i] = {static_cast<member_id>(one.member_id), text(one.old_name), text(one.name)};
		}
		return b.rename_many({wishes.data(), n});
	});
}

BRAID_PUBLIC int braid_rename_guard_register(std::uint16_t port, braid_rename_guard guard, void *arg)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (guard == nullptr)
			return error(EINVAL, "there is no guard");
		return b.add_rename_guard(guard_of(guard, arg));
	});
}

BRAID_PUBLIC int braid_rename_guard_unregister(std::uint16_t port, braid_rename_guard guard, void *arg)
{
	return take_back(port, [=](bond &b) { return b.remove_rename_guard(guard_of(guard, arg)); });
}

BRAID_PUBLIC int braid_live_rename_set(std::uint16_t port, int on)
{
	return ask_switch(port, "live_rename", on, [](bond &b, bool wanted) { return b.set_live_rename(wanted); });
}

BRAID_PUBLIC int braid_member_name_set(std::uint16_t port, const char *pattern)
{
	return ask(port, [=](bond &b) { return b.set_member_name(pattern != nullptr ? pattern : ""); });
}

BRAID_PUBLIC int braid_events_read(std::uint16_t port, std::uint64_t *next, struct braid_event_record *records,
                                   unsigned int n, std::uint64_t *missed)
{
	return ask(port, [=](bond &b) -> result<int> {
		if (next == nullptr || (n != 0 && records == nullptr))
			return error(EINVAL, "there is no %s", next == nullptr ? "cursor" : "room for events");
		const result<event_page> page = b.read_events(*next, n);
		if (!page)
			return page.error();
		constexpr std::size_t least = offsetof(braid_event_record, reason) + sizeof records->reason;
		const result<int> copied = copy_out_all(records, n, least, "record", page->events, [](const event &e) { return to_c(e); });
		if (!copied)
			return copied;
		*next = page->next;
		if (missed != nullptr)
			*missed = page->missed;
		return copied;
	});
}

BRAID_PUBLIC int braid_lsc_on_failover_set(std::uint16_t port, int on)
{
	return ask_switch(port, "lsc_on_failover", on, [](bond &b, bool wanted) { return b.set_lsc_on_failover(wanted); });
}

BRAID_PUBLIC int braid_member_find(std::uint16_t port, const char *name, std::uint32_t *id)
{
	const std::string_view text = name != nullptr ? name : "";
	const result<member_id> found = look_at_bond(port, [=](const bond *b) -> result<member_id> {
		if (b == nullptr)
			return error(ENODEV, "port %u is not a net_braid bond", port);
		if (result<void> open = b->still_open(); !open)
			return open.error();
		if (const std::optional<member_id> there = b->find(text))
			return *there;
		return error(ENOENT, "there is no member %s", quoted(text).c_str());
	});
	if (!found)
		return found.error().code() == ENOENT ? fail_quietly(found.error()) : fail("braid", found.error());
	if (id != nullptr)
		*id = to_number(*found);
	return 0;
}

BRAID_PUBLIC int braid_members_get(std::uint16_t port, std::uint32_t *ids, unsigned int capacity)
{
	return ask(port, [=](bond &b) -> result<int> {
		const std::vector<member_id> all = b.member_ids();
		for (std::size_t i = 0; ids != nullptr && i < all.size() && i < capacity; i++)
			ids[i] = to_number(all[i]);
		return static_cast<int>(all.size());
	});
}

BRAID_PUBLIC int braid_member_info_get(std::uint16_t port, std::uint32_t id, struct braid_member_info *info)
{
	return ask(port, [=](bond &b) -> result<void> {
		const std::optional<member_facts> facts = b.facts_of(static_cast<member_id>(id));
		if (!facts)
			return error(ENOENT, "there is no member with id %u", id);
		return copy_out(info, to_c(*facts));
	});
}

BRAID_PUBLIC int braid_info_get(std::uint16_t port, struct braid_info *info)
{
	return ask(port, [=](bond &b) { return copy_out(info, to_c(b.facts())); });
}

BRAID_PUBLIC int braid_mode_set(std::uint16_t port, enum braid_mode wanted)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(wanted) >= mode_count)
			return error(EINVAL, "mode: %u is not a mode", static_cast<unsigned>(wanted));
		return b.set_mode(static_cast<mode>(wanted));
	});
}

BRAID_PUBLIC int braid_policy_set(std::uint16_t port, enum braid_policy wanted)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(wanted) >= hash_policy_count)
			return error(EINVAL, "policy: %u is not a policy", static_cast<unsigned>(wanted));
		return b.set_policy(static_cast<hash_policy>(wanted));
	});
}

BRAID_PUBLIC int braid_mac_policy_set(std::uint16_t port, enum braid_mac_policy wanted)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(wanted) >= mac_policy_count)
			return error(EINVAL, "mac_policy: %u is not a policy", static_cast<unsigned>(wanted));
		return b.set_mac_policy(static_cast<mac_policy>(wanted));
	});
}

BRAID_PUBLIC int braid_announce_set(std::uint16_t port, std::uint32_t times, std::uint32_t interval_ms)
{
	return ask(port, [=](bond &b) { return b.set_announcements(times, interval_ms); });
}

BRAID_PUBLIC int braid_addresses_get(std::uint16_t port, struct braid_address *addresses, unsigned int capacity)
{
	return ask(port, [=](bond &b) {
		constexpr std::size_t least = offsetof(braid_address, age_ms) + sizeof addresses->age_ms;
		return copy_out_all(addresses, capacity, least, "address", b.addresses(),
		                    [](const known_address &each) { return to_c(each); });
	});
}

BRAID_PUBLIC int braid_primary_set(std::uint16_t port, std::uint32_t id)
{
	return ask(port, [=](bond &b) { return b.set_primary(static_cast<member_id>(id)); });
}

BRAID_PUBLIC int braid_member_weight_set(std::uint16_t port, std::uint32_t id, std::uint32_t weight)
{
	return ask(port, [=](bond &b) { return b.set_weight(static_cast<member_id>(id), weight); });
}

BRAID_PUBLIC int braid_weights_set(std::uint16_t port, enum braid_weights wanted)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(wanted) >= weigh_by_count)
			return error(EINVAL, "weights: %u is not something to weigh by", static_cast<unsigned>(wanted));
		return b.set_weights(static_cast<weigh_by>(wanted));
	});
}

BRAID_PUBLIC int braid_pinning_set(std::uint16_t port, int on)
{
	return ask_switch(port, "pinning", on, [](bond &b, bool wanted) { return b.set_pinning(wanted); });
}

BRAID_PUBLIC int braid_pin_lookup(struct braid_pin *pin)
{
	if (pin == nullptr)
		return fail("braid", error(EINVAL, "there is no place for the answer"));
	const result<pin_place> place = reserve_pin_place();
	if (!place)
		return fail("braid", place.error());
	*pin = {place->flag, static_cast<int>(place->offset)};
	return 0;
}

BRAID_PUBLIC int braid_delays_set(std::uint16_t port, std::uint32_t up_delay_ms, std::uint32_t down_delay_ms)
{
	return ask(port, [=](bond &b) { return b.set_delays(up_delay_ms, down_delay_ms); });
}

BRAID_PUBLIC int braid_member_role_set(std::uint16_t port, std::uint32_t id, enum braid_role role)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(role) >= member_role_count)
			return error(EINVAL, "role: %u is not a role", static_cast<unsigned>(role));
		return b.set_role(static_cast<member_id>(id), static_cast<member_role>(role));
	});
}

BRAID_PUBLIC int braid_member_priority_set(std::uint16_t port, std::uint32_t id, std::int32_t priority)
{
	return ask(port, [=](bond &b) { return b.set_priority(static_cast<member_id>(id), priority); });
}

BRAID_PUBLIC int braid_member_sticky_set(std::uint16_t port, std::uint32_t id, int sticky)
{
	return ask_switch(port, "sticky", sticky,
	                  [=](bond &b, bool on) { return b.set_sticky(static_cast<member_id>(id), on); });
}

BRAID_PUBLIC int braid_member_enabled_set(std::uint16_t port, std::uint32_t id, int enabled)
{
	return ask_switch(port, "enabled", enabled,
	                  [=](bond &b, bool on) { return b.set_enabled(static_cast<member_id>(id), on); });
}

BRAID_PUBLIC int braid_primary_reselect_set(std::uint16_t port, enum braid_primary_reselect policy)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (static_cast<unsigned>(policy) > BRAID_PRIMARY_RESELECT_FAILURE)
			return error(EINVAL, "primary_reselect: %u is not a policy", static_cast<unsigned>(policy));
		return b.set_primary_reselect(static_cast<primary_reselect>(policy));
	});
}

BRAID_PUBLIC int braid_min_links_set(std::uint16_t port, std::uint32_t min_links)
{
	return ask(port, [=](bond &b) { return b.set_min_links(min_links); });
}

BRAID_PUBLIC int braid_all_members_active_set(std::uint16_t port, int on)
{
	return ask_switch(port, "all_members_active", on, [](bond &b, bool wanted) { return b.set_all_members_active(wanted); });
}

BRAID_PUBLIC int braid_event_callback_register(std::uint16_t port, braid_event_callback callback, void *arg)
{
	return ask(port, [=](bond &b) -> result<void> {
		if (callback == nullptr)
			return error(EINVAL, "there is no callback");
		return b.add_listener(listener_of(callback, arg));
	});
}

BRAID_PUBLIC int braid_event_callback_unregister(std::uint16_t port, braid_event_callback callback, void *arg)
{
	return take_back(port, [=](bond &b) { return b.remove_listener(listener_of(callback, arg)); });
}

BRAID_PUBLIC const char *braid_error_text(void) { return last_error(); }
