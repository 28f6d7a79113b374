/* SPDX-License-Identifier: BSD-3-Clause */
#include "failover/mac_policy.hpp"

namespace braid {

const char *to_string(mac_policy p) noexcept
{
	switch (p) {
	case mac_policy::same: return "same";
	case mac_policy::by_active: return "by_active";
	case mac_policy::follow: return "follow";
	}
	return "?";
}

std::optional<mac_policy> mac_policy_from(std::string_view text) noexcept
{
	if (text == "same" || text == "none" || text == "0")
		return mac_policy::same;
	if (text == "by_active" || text == "active" || text == "1")
		return mac_policy::by_active;
	if (text == "follow" || text == "2")
		return mac_policy::follow;
	return std::nullopt;
}

bool same_mac(const rte_ether_addr &a, const rte_ether_addr &b) noexcept { return rte_is_same_ether_addr(&a, &b) != 0; }

rte_ether_addr desired_mac(const mac_rule &rule, member_id id, const rte_ether_addr &own) noexcept
{
	switch (rule.policy) {
	case mac_policy::same: return rule.bond;
	case mac_policy::by_active: return own;
	case mac_policy::follow: break;
	}
	if (rule.active == member_id::none)
		return own;
	if (id == rule.active)
		return rule.bond;
	return same_mac(own, rule.bond) ? rule.active_own : own;
}

std::optional<mac_step> next_mac_step(std::span<const mac_change> changes, const rte_ether_addr &spare) noexcept
{
	const auto moves = [](const mac_change &c) { return !c.stuck && !same_mac(c.now, c.wanted); };
	const mac_change *opener = nullptr;
	for (const mac_change &mine : changes) {
		if (!moves(mine))
			continue;
		bool waits = false, never = false;
		for (const mac_change &other : changes) {
			if (other.id == mine.id || !same_mac(other.now, mine.wanted))
				continue;
			waits |= moves(other);
			never |= other.stuck && !mine.active;
		}
		if (!waits && !never)
			return mac_step{mine.id, mine.wanted};
		if (opener == nullptr && waits && !mine.active && !same_mac(mine.now, spare))
			opener = &mine;
	}
	// All that are left wait for one another: a ring, which one of the backups in it opens.
	if (opener != nullptr)
		return mac_step{opener->id, spare};
	return std::nullopt;
}

} // namespace braid
