/* SPDX-License-Identifier: BSD-3-Clause */
#include "member_spec.hpp"

#include "names/name.hpp"
#include "names/quoted.hpp"
#include "values.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include <rte_config.h>
#include <rte_pci.h>

namespace braid {
namespace {

constexpr bool is_pci_character(char c) noexcept { return is_hex(c) || c == ':' || c == '.'; }

// The address with its domain and in lower case; nothing for any other text.
std::optional<member_spec> pci_spec(std::string_view text) noexcept
{
	member_spec spec{.what = member_spec::kind::pci_address};
	// rte_pci_addr_parse() takes signs, tabs and "0x", and devices and functions that no PCI bus has.
	if (!std::all_of(text.begin(), text.end(), is_pci_character) || text.size() >= sizeof spec.text)
		return std::nullopt;
	text.copy(spec.text, text.size());

	rte_pci_addr address{};
	if (rte_pci_addr_parse(spec.text, &address) != 0 || address.devid > 0x1f || address.function > 7)
		return std::nullopt;
	rte_pci_device_name(&address, spec.text, sizeof spec.text);
	return spec;
}

// A slip in an address or a port id must not become a device name that is waited for in vain.
bool is_meant_as_pci(std::string_view text) noexcept
{
	return text.find(':') != text.npos && std::all_of(text.begin(), text.end(), is_pci_character);
}
bool is_meant_as_port_id(std::string_view text) noexcept
{
	if (text.starts_with("0x") || text.starts_with("0X"))
		return std::all_of(text.begin() + 2, text.end(), is_hex);
	return std::all_of(text.begin(), text.end(), is_digit);
}

result<member_spec> port_id_spec(std::string_view text) noexcept
{
	const std::optional<std::uint64_t> number = decimal(text);
	if (!number || *number >= RTE_MAX_ETHPORTS)
		return error(EINVAL, "%s is no port id; use 0 to %d, in decimal", quoted(text).c_str(),
		             RTE_MAX_ETHPORTS - 1);
	member_spec spec{.what = member_spec::kind::port_id, .port = static_cast<std::uint16_t>(*number)};
	std::snprintf(spec.text, sizeof spec.text, "%u", spec.port);
	return spec;
}

result<member_spec> device_name_spec(std::string_view text) noexcept
{
	member_spec spec{.what = member_spec::kind::device_name};
	if (text.size() >= sizeof spec.text)
		return error(EINVAL, "%s is too long for a device name; use at most %zu bytes", quoted(text).c_str(),
		             sizeof spec.text - 1);
	// A sign in front is a slip in a number; the separators of devargs cannot be in the name of any device.
	const bool starts_well = is_letter(text[0]) || is_digit(text[0]) || text[0] == '_';
	const bool goes_on_well = std::all_of(
		text.begin(), text.end(),
		[](char c) { return is_printable(c) && c != ' ' && c != ',' && c != ';' && c != '='; });
	if (!starts_well || !goes_on_well)
		return error(EINVAL,
		             "%s is no device name; start with a letter, a digit or _, without space, comma, ; and =",
		             quoted(text).c_str());
	text.copy(spec.text, text.size());
	return spec;
}

// What no device is called ("Büro") may be the name of a member. A sign in front or a number out of range stays a slip, and
// what follows a ; is written where the member is.
bool is_meant_as_label(std::string_view text) noexcept
{
	const bool plain = text.find(';') == text.npos && text[0] != '-' && text[0] != '+' && !is_meant_as_port_id(text);
	return plain && name::parse(text);
}

} // namespace

result<member_spec> parse_member(std::string_view text) noexcept
{
	if (text.empty())
		return error(EINVAL, "\"\" is no member; use a device name, a PCI address or a port id");
	if (is_meant_as_port_id(text))
		return port_id_spec(text);
	if (!is_meant_as_pci(text))
		return device_name_spec(text);
	const std::optional<member_spec> pci = pci_spec(text);
	if (!pci)
		return error(EINVAL, "%s is no PCI address; write it like 0000:01:00.0", quoted(text).c_str());
	return *pci;
}

result<member_spec> parse_primary(std::string_view text) noexcept
{
	const result<name> label = name::parse(text);
	if (label && label->is_template())
		return error(EINVAL, "%s is a template; use the name of a member", quoted(text).c_str());
	const result<member_spec> device = parse_member(text);
	if (device || text.empty() || !is_meant_as_label(text))
		return device;
	member_spec spec{.what = member_spec::kind::device_name};
	text.copy(spec.text, text.size());
	return spec;
}

bool matches(const member_spec &spec, const port_facts &port) noexcept
{
	switch (spec.what) {
	case member_spec::kind::device_name:
		return port.ethdev_name == spec.text || port.device_name == spec.text;
	case member_spec::kind::pci_address: {
		const std::optional<member_spec> pci = pci_spec(port.device_name);
		return pci && *pci == spec;
	}
	case member_spec::kind::port_id:
		return port.port_id == spec.port;
	}
	return false;
}

} // namespace braid
