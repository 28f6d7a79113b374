/* SPDX-License-Identifier: BSD-3-Clause */
#include "auto_rule.hpp"

#include "glob.hpp"
#include "member_spec.hpp"
#include "names/quoted.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include <fnmatch.h>

namespace braid {
namespace {

constexpr std::string_view name_prefix = "name:";
constexpr std::string_view pci_prefix = "pci:";

bool fits_in_a_pattern(char c) noexcept { return c > ' ' && c <= '~' && c != ',' && c != '='; }

// Whether an address is spelled so, or begins so if `goes_on`: tried by completing it, for each length of a domain, as
// parse_member() would spell it.
bool spells_an_address(std::string_view text, bool goes_on) noexcept
{
	constexpr std::string_view longest = "11111111:00:00.0";
	constexpr std::size_t most_digits = 8, least_digits = 4; // of a domain
	for (std::size_t too_many = 0; too_many <= most_digits - least_digits; too_many++) {
		const std::string_view rest = longest.substr(too_many);
		if (text.size() > rest.size() || (text.size() < rest.size() && !goes_on))
			continue;
		std::array<char, longest.size()> completed;
		text.copy(completed.data(), text.size());
		rest.substr(text.size()).copy(completed.data() + text.size(), rest.size());
		const std::string_view address(completed.data(), rest.size());
		const result<member_spec> parsed = parse_member(address);
		if (parsed && parsed->what == member_spec::kind::pci_address && address == parsed->text)
			return true;
	}
	return false;
}

// What stands before the first wildcard decides; whether the wildcards can meet anything is not looked into.
bool can_meet_an_address(std::string_view pattern) noexcept
{
	const std::string_view beginning = pattern.substr(0, pattern.find_first_of("*?[\\"));
	return spells_an_address(beginning, beginning.size() < pattern.size());
}

bool meets(const char *pattern, std::string_view text) noexcept
{
	return !text.empty() && fnmatch(pattern, std::string(text).c_str(), 0) == 0;
}

bool meets(const auto_rule &rule, const port_facts &port, const rte_ether_addr *own_mac,
           const rte_ether_addr *bond_mac) noexcept
{
	switch (rule.what) {
	case auto_rule::kind::mac:
		return own_mac != nullptr && bond_mac != nullptr && rte_is_same_ether_addr(own_mac, bond_mac) != 0;
	case auto_rule::kind::name:
		return meets(rule.pattern(), port.ethdev_name) || meets(rule.pattern(), port.device_name);
	case auto_rule::kind::pci: {
		const result<member_spec> address = parse_member(port.device_name);
		return address && address->what == member_spec::kind::pci_address && meets(rule.pattern(), address->text);
	}
	}
	__builtin_unreachable();
}

} // namespace

const char *auto_rule::pattern() const noexcept
{
	switch (what) {
	case kind::mac: return "";
	case kind::name: return text + name_prefix.size();
	case kind::pci: return text + pci_prefix.size();
	}
	__builtin_unreachable();
}

result<void> rule_list::push(const auto_rule &rule) noexcept
{
	if (std::find(begin(), end(), rule) != end())
		return error(EEXIST, "%s was given before", quoted(rule.text).c_str());
	if (count_ == rules_.size())
		return error(ENOSPC, "%s is one too many; a bond has at most %u rules", quoted(rule.text).c_str(),
		             max_auto_rules);
	rules_[count_++] = rule;
	return {};
}

bool rule_list::remove(std::string_view text) noexcept
{
	const auto end = rules_.begin() + count_;
	const auto found = std::find_if(rules_.begin(), end, [text](const auto_rule &rule) { return text == rule.text; });
	if (found == end)
		return false;
	std::copy(found + 1, end, found);
	count_--;
	return true;
}

result<auto_rule> parse_auto_rule(std::string_view text) noexcept
{
	auto_rule rule;
	std::string_view pattern;
	if (text == "mac") {
		rule.what = auto_rule::kind::mac;
	} else if (text.starts_with(name_prefix)) {
		rule.what = auto_rule::kind::name;
		pattern = text.substr(name_prefix.size());
	} else if (text.starts_with(pci_prefix)) {
		rule.what = auto_rule::kind::pci;
		pattern = text.substr(pci_prefix.size());
	} else {
		return error(EINVAL, "%s is no rule; use mac, name:<glob> or pci:<glob>", quoted(text).c_str());
	}
	if (rule.what != auto_rule::kind::mac) {
		if (pattern.empty())
			return error(EINVAL, "%s has no pattern; write it like name:net_tap* or pci:0000:01:*",
			             quoted(text).c_str());
		if (pattern.size() >= RTE_DEV_NAME_MAX_LEN || !std::all_of(pattern.begin(), pattern.end(), fits_in_a_pattern))
			return error(EINVAL, "%s: a pattern has 1 to %d printable characters without space, comma and =",
			             quoted(text).c_str(), RTE_DEV_NAME_MAX_LEN - 1);
		if (const result<void> whole = is_whole_glob(pattern); !whole)
			return error(EINVAL, "%s %s", quoted(text).c_str(), whole.error().text());
		if (rule.what == auto_rule::kind::pci && !can_meet_an_address(pattern))
			return error(EINVAL, "%s can meet no address: they are spelled like 0000:01:00.0, in lower case",
			             quoted(text).c_str());
	}
	text.copy(rule.text, text.size());
	return rule;
}

bool matches(const rule_list &rules, const port_facts &port, const rte_ether_addr *own_mac,
             const rte_ether_addr *bond_mac) noexcept
{
	return std::any_of(rules.begin(), rules.end(), [&](const auto_rule &rule) {
		return meets(rule, port, own_mac, bond_mac);
	});
}

} // namespace braid
