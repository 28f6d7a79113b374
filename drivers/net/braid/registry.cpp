/* SPDX-License-Identifier: BSD-3-Clause */
#include "registry.hpp"

#include "bond.hpp"

#include <algorithm>
#include <mutex>

namespace braid {
namespace {

// Held to copy or change the list, never while a bond is called.
std::mutex list_lock;
std::vector<bond_ptr> bonds;

int on_event(std::uint16_t port, rte_eth_event_type type, void *, void *) noexcept
{
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
	static const bool listening = [] {
		for (rte_eth_event_type type : {RTE_ETH_EVENT_NEW, RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RMV,
		                                RTE_ETH_EVENT_DESTROY})
			if (rte_eth_dev_callback_register(RTE_ETH_ALL, type, on_event, nullptr) != 0)
				return false;
		return true;
	}();
	return listening;
}

} // namespace

bool register_bond(const bond_ptr &b) noexcept
{
	if (!listen())
		return false;
	const std::lock_guard guard(list_lock);
	bonds.push_back(b);
	return true;
}

void unregister_bond(const bond *b) noexcept
{
	const std::lock_guard guard(list_lock);
	std::erase_if(bonds, [b](const bond_ptr &each) { return each.get() == b; });
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
		if (b->port() == port)
			return b;
	return nullptr;
}

bond_ptr find_bond(std::string_view device_name) noexcept
{
	const std::lock_guard guard(list_lock);
	for (const bond_ptr &b : bonds)
		if (device_name == b->device_name())
			return b;
	return nullptr;
}

} // namespace braid
