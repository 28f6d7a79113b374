/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/name.hpp"

#include "names/quoted.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <span>

namespace braid {
namespace {

// What a byte is that no name may hold, or nullptr if names may hold it; '%' is judged by its neighbours
// instead. A slash would add a level to a path in telemetry or a file system, ',' '=' and ':' separate
// devargs and addresses, and the rest cannot be told apart in a log. Not isspace(): that depends on the
// locale.
const char *refused_as(char byte) noexcept
{
	switch (byte) {
	case '/':
		return "a slash";
	case ':':
		return "a colon";
	case ',':
		return "a comma";
	case '=':
		return "an equals sign";
	case ' ':
	case '\t':
	case '\n':
	case '\v':
	case '\f':
	case '\r':
		return "white space";
	case 0x7f:
		return "a control byte";
	}
	return static_cast<unsigned char>(byte) < 0x20 ? "a control byte" : nullptr;
}

bool is_dots(std::string_view text) noexcept { return text == "." || text == ".."; }

bool has_stray_percent(std::string_view text) noexcept
{
	const auto first = text.find('%');
	return first != std::string_view::npos &&
	       (text.substr(first, 2) != "%d" || text.find('%', first + 1) != std::string_view::npos);
}

// Copies what fits, with '_' for each byte that a name may not hold. Returns the number of bytes written.
std::size_t copy_valid(std::span<char> out, std::string_view text) noexcept
{
	text = text.substr(0, out.size());
	std::transform(text.begin(), text.end(), out.begin(),
	               [](char byte) { return byte == '%' || refused_as(byte) ? '_' : byte; });
	return text.size();
}

name name_by_role(std::string_view bond, std::string_view suffix) noexcept
{
	std::array<char, max_name_length> text;
	const std::size_t kept = copy_valid(std::span(text).first(text.size() - suffix.size()), bond);
	std::copy(suffix.begin(), suffix.end(), text.begin() + kept);
	return *name::parse({text.data(), kept + suffix.size()});
}

} // namespace

result<name> name::parse(std::string_view text) noexcept
{
	if (text.empty())
		return error(EINVAL, "a name needs at least one byte");
	if (text.size() > max_name_length)
		return error(EINVAL, "name %s has %zu bytes, more than %zu", quoted(text).c_str(), text.size(),
		             max_name_length);
	if (is_dots(text))
		return error(EINVAL, "name %s is reserved", quoted(text).c_str());
	for (const char byte : text)
		if (const char *what = refused_as(byte))
			return error(EINVAL, "name %s holds %s", quoted(text).c_str(), what);
	if (has_stray_percent(text))
		return error(EINVAL, "name %s holds a %% that is not part of one single %%d",
		             quoted(text).c_str());

	name made;
	std::copy(text.begin(), text.end(), made.text_.begin());
	return made;
}

result<name> name::numbered(unsigned number) const noexcept
{
	const std::string_view pattern = view();
	const auto percent = pattern.find('%');
	if (percent == std::string_view::npos)
		return *this;

	std::array<char, 10> buffer;
	const char *end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
	const std::string_view digits(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
	const std::string_view tail = pattern.substr(percent + 2);
	if (percent + digits.size() + tail.size() > max_name_length)
		return error(EINVAL, "template %s with number %u has more than %zu bytes",
		             quoted(pattern).c_str(), number, max_name_length);

	name made;
	auto out = std::copy_n(pattern.begin(), percent, made.text_.begin());
	out = std::copy(digits.begin(), digits.end(), out);
	std::copy(tail.begin(), tail.end(), out);
	return made;
}

name name_from_device(std::string_view device) noexcept
{
	if (device.empty())
		device = "_";
	else if (is_dots(device))
		device = std::string_view("__").substr(0, device.size());
	std::array<char, max_name_length> text;
	return *name::parse({text.data(), copy_valid(text, device)});
}

name name_for_primary(std::string_view bond) noexcept { return name_by_role(bond, "npri"); }
name name_for_standby(std::string_view bond) noexcept { return name_by_role(bond, "nsby"); }

} // namespace braid
