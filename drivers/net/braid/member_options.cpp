/* SPDX-License-Identifier: BSD-3-Clause */
// One row for each option of a member in `member_keys`; above it, what each row does with its value.
#include "member_options.hpp"

#include "base/options.hpp"
#include "names/quoted.hpp"
#include "values.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <iterator>
#include <optional>

namespace braid {
namespace {

result<void> take_name(member_options &into, std::string_view value) noexcept
{
	const result<name> wanted = name::parse(value);
	if (!wanted)
		return wanted.error();
	into.name = *wanted;
	return {};
}

result<void> take_role(member_options &into, std::string_view value) noexcept
{
	for (const member_role role : {member_role::none, member_role::primary, member_role::standby})
		if (value == to_string(role)) {
			into.role = role;
			return {};
		}
	return error(EINVAL, "%s is no role; use none, primary or standby", quoted(value).c_str());
}

result<void> take_priority(member_options &into, std::string_view value) noexcept
{
	std::int32_t number = 0;
	const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
	if (failed != std::errc{} || end != value.data() + value.size())
		return error(EINVAL, "%s is not a whole number from %" PRId32 " to %" PRId32, quoted(value).c_str(),
		             INT32_MIN, INT32_MAX);
	into.priority = number;
	return {};
}

result<void> take_weight(member_options &into, std::string_view value) noexcept
{
	const std::optional<std::uint64_t> number = decimal(value);
	if (!number || *number < 1 || *number > max_weight)
		return error(EINVAL, "%s is not a whole number from 1 to %" PRIu32, quoted(value).c_str(), max_weight);
	into.weight = static_cast<std::uint32_t>(*number);
	return {};
}

struct member_key_row {
	const char *name;
	result<void> (*take)(member_options &into, std::string_view value) noexcept;
};

constexpr member_key_row member_keys[] = {
	{"name", take_name},
	{"role", take_role},
	{"priority", take_priority},
	{"sticky", take_switch<&member_options::sticky>},
	{"weight", take_weight},
	{"enabled", take_switch<&member_options::enabled>},
};

const member_key_row *member_row_of(std::string_view key) noexcept
{
	const auto row = std::find_if(std::begin(member_keys), std::end(member_keys),
	                              [key](const member_key_row &candidate) { return key == candidate.name; });
	return row != std::end(member_keys) ? row : nullptr;
}

error unknown_member_key(std::string_view key) noexcept
{
	std::array<const char *, std::size(member_keys)> names;
	for (std::size_t i = 0; i < names.size(); i++)
		names[i] = member_keys[i].name;
	return error(EINVAL, "%s is no option of a member; use %s", quoted(key).c_str(), alternatives(names).text());
}

} // namespace

bool is_member_option(std::string_view key) noexcept { return member_row_of(key) != nullptr; }

result<void> parse_member_option(member_options &into, std::string_view key, std::string_view value) noexcept
{
	const member_key_row *const row = member_row_of(key);
	if (row == nullptr)
		return unknown_member_key(key);
	const result<void> taken = row->take(into, value);
	return taken ? taken : taken.error().in("%s", row->name);
}

result<wanted_member> parse_wanted_member(std::string_view text) noexcept
{
	const std::string_view device = text.substr(0, text.find(';'));
	const result<member_spec> spec = parse_member(device);
	if (!spec)
		return spec.error();
	wanted_member wanted{*spec, {}};
	std::uint64_t seen = 0;
	// A ; with nothing behind it is as harmless as such a comma is to the bond (devargs.cpp).
	for (std::string_view rest = text.substr(device.size()); !rest.empty();) {
		rest.remove_prefix(1);
		const std::string_view pair = rest.substr(0, rest.find(';'));
		rest.remove_prefix(pair.size());
		if (pair.empty())
			continue;
		const std::size_t equals = pair.find('=');
		const std::string_view key = pair.substr(0, equals);
		if (equals == pair.npos)
			return error(EINVAL, "%s has no value; write key=value", quoted(pair).c_str());
		if (const result<void> taken = parse_member_option(wanted.options, key, pair.substr(equals + 1)); !taken)
			return taken.error();
		const std::uint64_t bit = std::uint64_t{1} << (member_row_of(key) - member_keys);
		if ((seen & bit) != 0)
			return error(EINVAL, "%s comes second; give each option of a member once", quoted(pair).c_str());
		seen |= bit;
	}
	return wanted;
}

} // namespace braid
