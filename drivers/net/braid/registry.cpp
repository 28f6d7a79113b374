/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.hpp"

#include "bond.hpp"
#include "lock_order.hpp"
#include "names/quoted.hpp"
#include "rcu/retire.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <mutex>

namespace braid {
namespace {

// Held to copy or change the list, never while a bond is called.
ordered_mutex<lock_place::bonds> list_lock;
// Never destroyed: threads of DPDK still ask for bonds while the process exits.
std::vector<bond_ptr> &bonds = *new std::vector<bond_ptr>;

// Those that have been closed while somebody was still inside, who owns the bond until he leaves.
std::vector<std::weak_ptr<bond>> &closed = *new std::vector<std::weak_ptr<bond>>;

// The same bonds as in `bonds`, for lookups without a lock. Written with list_lock held; the release pairs with the acquire in bond_of().
std::array<std::atomic<const bond *>, RTE_MAX_ETHPORTS> by_port{};

// Ports between RTE_ETH_EVENT_DESTROY and the next RTE_ETH_EVENT_NEW: what ethdev keeps of them is being taken down.
ordered_mutex<lock_place::ports> dying_lock;
std::bitset<RTE_MAX_ETHPORTS> dying;

void mark_dying(std::uint16_t port, bool is) noexcept
{
	const std::lock_guard guard(dying_lock);
	dying[port] = is;
}

// Whether its probe has returned. A port is valid a moment earlier, but the vdev bus fills in the driver at the very end, and
// rte_eth_dev_info_get() reads its name without a look.
bool is_probed(std::uint16_t port) noexcept
{
	const rte_device *const device = rte_eth_devices[port].device;
	return device != nullptr && rte_dev_driver(device) != nullptr;
}

int on_event(std::uint16_t port, rte_eth_event_type type, void *, void *) noexcept
{
	if (type == RTE_ETH_EVENT_NEW || type == RTE_ETH_EVENT_DESTROY)
		mark_dying(port, type == RTE_ETH_EVENT_DESTROY);
	for (const bond_ptr &b : all_bonds()) {
		if (type == RTE_ETH_EVENT_NEW)
			b->on_new_port(port);
		else if (type == RTE_ETH_EVENT_INTR_LSC)
			b->on_link_change(port);
		else if (type == RTE_ETH_EVENT_INTR_RMV)
			b->on_port_removed(port);
		else if (type == RTE_ETH_EVENT_DESTROY)
			b->on_port_destroyed(port);
	}
	return 0;
}

// For all ports, also those to come, and for good: a callback that is never unregistered cannot outlive what it uses, and the
// library is never unloaded.
bool listen() noexcept
{
	static std::mutex once;
	static bool listening = false;
	const std::lock_guard guard(once);
	if (listening)
		return true;
	for (rte_eth_event_type type : {RTE_ETH_EVENT_NEW, RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RMV,
	                                RTE_ETH_EVENT_DESTROY})
		if (const int failed = rte_eth_dev_callback_register(RTE_ETH_ALL, type, on_event, nullptr);
		    failed != 0 && failed != -EEXIST)
			return false;
	return listening = true;
}

result<bond_ptr> if_open(bond_ptr b) noexcept
{
	if (result<void> open = b->still_open(); !open)
		return open.error();
	return b;
}

} // namespace

bool register_bond(const bond_ptr &b) noexcept
{
	if (!listen())
		return false;
	const std::lock_guard guard(list_lock);
	bonds.push_back(b);
	by_port[b->port()].store(b.get(), std::memory_order_release);
	return true;
}

std::optional<std::uint16_t> find_living_port(const std::function<bool(std::uint16_t)> &wanted) noexcept
{
	const std::lock_guard guard(dying_lock);
	for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++)
		if (!dying[port] && rte_eth_dev_is_valid_port(port) != 0 && is_probed(port) && wanted(port))
			return port;
	return std::nullopt;
}

void for_each_port_of(std::uint64_t owner, const std::function<void(std::uint16_t)> &act) noexcept
{
	const std::lock_guard guard(dying_lock);
	for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++) {
		const rte_eth_dev_data *const data = dying[port] ? nullptr : rte_eth_devices[port].data;
		if (data != nullptr && data->owner.id == owner)
			act(port);
	}
}

bool is_dying(std::uint16_t port) noexcept
{
	const std::lock_guard guard(dying_lock);
	return dying[port];
}

port_facts facts_of_port(std::uint16_t port) noexcept
{
	const rte_eth_dev &dev = rte_eth_devices[port];
	const char *device = dev.device != nullptr ? rte_dev_name(dev.device) : nullptr;
	return {dev.data->name, device != nullptr ? device : "", port};
}

void unregister_bond(const bond *b) noexcept
{
	{
		const std::lock_guard guard(list_lock);
		const bond *expected = b;
		by_port[b->port()].compare_exchange_strong(expected, nullptr);
	}
	rcu::wait_for_readers(); // who looks at it without owning it
	const std::lock_guard guard(list_lock);
	std::erase_if(closed, [](const std::weak_ptr<bond> &each) { return each.expired(); });
	const auto found = std::find_if(bonds.begin(), bonds.end(), [b](const bond_ptr &each) { return each.get() == b; });
	if (found == bonds.end())
		return;
	closed.push_back(*found);
	bonds.erase(found);
}

const bond *bond_of(std::uint16_t port, const rcu::read_section &) noexcept
{
	return port < by_port.size() ? by_port[port].load(std::memory_order_acquire) : nullptr;
}

std::vector<bond_ptr> all_bonds() noexcept
{
	const std::lock_guard guard(list_lock);
	return bonds;
}

bond_ptr find_bond(std::uint16_t port) noexcept
{
	const std::lock_guard guard(list_lock);
	for (const bond_ptr &b : bonds)
		if (b->port() == port && b->is_made())
			return b;
	return nullptr;
}

std::vector<bond_ptr> closed_bonds(std::uint16_t port) noexcept
{
	std::vector<bond_ptr> alive; // of all ports: the last owner of a bond must not be one who holds this lock
	{
		const std::lock_guard guard(list_lock);
		for (const std::weak_ptr<bond> &each : closed)
			if (bond_ptr b = each.lock())
				alive.push_back(std::move(b));
	}
	std::erase_if(alive, [port](const bond_ptr &b) { return b->port() != port; });
	return alive;
}

bond_ptr find_bond(std::string_view device_name) noexcept
{
	const std::lock_guard guard(list_lock);
	for (const bond_ptr &b : bonds)
		if (device_name == b->device_name() && b->is_made())
			return b;
	return nullptr;
}

result<bond_ptr> open_bond(std::uint16_t port) noexcept
{
	bond_ptr b = find_bond(port);
	return b ? if_open(std::move(b)) : error(ENODEV, "port %u is not a net_braid bond", port);
}

result<bond_ptr> open_bond(std::string_view device_name) noexcept
{
	bond_ptr b = find_bond(device_name);
	return b ? if_open(std::move(b)) : error(ENODEV, "there is no bond %s", quoted(device_name).c_str());
}

} // namespace braid
