/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mode.hpp"

#include <array>

namespace braid {
namespace {

struct mode_row {
	mode value;
	bool supported;
	// Canonical first, then Linux bonding's, then lagg's; unused ones are empty.
	std::array<std::string_view, 4> spellings;
};

constexpr std::array<mode_row, mode_count> modes{{
	{mode::round_robin, true, {"round-robin", "balance-rr", "roundrobin", "0"}},
	{mode::active_backup, true, {"active-backup", "failover", "", "1"}},
	{mode::balance, true, {"balance", "balance-xor", "loadbalance", "2"}},
	{mode::broadcast, true, {"broadcast", "", "", "3"}},
	{mode::lacp, false, {"lacp", "802.3ad", "", "4"}},
	{mode::tlb, false, {"tlb", "balance-tlb", "", "5"}},
	{mode::alb, false, {"alb", "balance-alb", "", "6"}},
}};

struct policy_row {
	hash_policy value;
	// Canonical first, then Linux bonding's, then lagg's; unused ones are empty.
	std::array<std::string_view, 4> spellings;
};

constexpr std::array<policy_row, hash_policy_count> policies{{
	{hash_policy::l2, {"l2", "layer2"}},
	{hash_policy::l23, {"l23", "layer2+3", "l2+l3"}},
	{hash_policy::l34, {"l34", "layer3+4", "l3+l4", "l2+l3+l4"}},
	{hash_policy::flow, {"flow"}},
	{hash_policy::encap23, {"encap23", "encap2+3"}},
	{hash_policy::encap34, {"encap34", "encap3+4"}},
	{hash_policy::vlan_srcmac, {"vlan+srcmac", "vlansrcmac"}},
	{hash_policy::l2_sym, {"l2+sym"}},
	{hash_policy::l23_sym, {"l23+sym"}},
	{hash_policy::l34_sym, {"l34+sym"}},
	{hash_policy::encap23_sym, {"encap23+sym"}},
	{hash_policy::encap34_sym, {"encap34+sym"}},
}};

template <typename Table> constexpr bool rows_stand_at_their_index(const Table &table)
{
	for (unsigned i = 0; i < table.size(); i++)
		if (static_cast<unsigned>(table[i].value) != i)
			return false;
	return true;
}
static_assert(rows_stand_at_their_index(modes));
static_assert(rows_stand_at_their_index(policies));

template <typename Table>
auto find_spelling(const Table &table, std::string_view text) noexcept -> std::optional<decltype(table[0].value)>
{
	if (text.empty())
		return std::nullopt;
	for (const auto &row : table)
		for (std::string_view spelling : row.spellings)
			if (spelling == text)
				return row.value;
	return std::nullopt;
}

// The one in which both directions of a connection have one key. Nothing if there is none, or it is that already.
constexpr std::optional<hash_policy> symmetric(hash_policy p) noexcept
{
	switch (p) {
	case hash_policy::l2: return hash_policy::l2_sym;
	case hash_policy::l23: return hash_policy::l23_sym;
	case hash_policy::l34: return hash_policy::l34_sym;
	case hash_policy::encap23: return hash_policy::encap23_sym;
	case hash_policy::encap34: return hash_policy::encap34_sym;
	case hash_policy::flow: // both directions only if the NIC's key makes them so
	case hash_policy::vlan_srcmac:
	case hash_policy::l2_sym:
	case hash_policy::l23_sym:
	case hash_policy::l34_sym:
	case hash_policy::encap23_sym:
	case hash_policy::encap34_sym: return std::nullopt;
	}
	return std::nullopt;
}

} // namespace

const char *to_string(mode m) noexcept { return modes[static_cast<unsigned>(m)].spellings[0].data(); }
const char *to_string(hash_policy p) noexcept { return policies[static_cast<unsigned>(p)].spellings[0].data(); }

std::optional<mode> mode_from(std::string_view text) noexcept { return find_spelling(modes, text); }

std::optional<hash_policy> hash_policy_from(std::string_view text) noexcept
{
	constexpr std::string_view suffix = "+sym";
	if (!text.ends_with(suffix))
		return find_spelling(policies, text);
	const auto directed = find_spelling(policies, text.substr(0, text.size() - suffix.size()));
	return directed ? symmetric(*directed) : std::nullopt;
}

bool is_supported(mode m) noexcept { return modes[static_cast<unsigned>(m)].supported; }

} // namespace braid
