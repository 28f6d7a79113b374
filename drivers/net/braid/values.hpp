/* SPDX-License-Identifier: BSD-3-Clause */
// What the values of options are read with.
#pragma once

#include "base/result.hpp"
#include "names/quoted.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>

namespace braid {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_printable(char c) noexcept { return c >= ' ' && c <= '~'; }

constexpr int hex_value(char c) noexcept
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
constexpr bool is_hex(char c) noexcept { return hex_value(c) >= 0; }

// "a, b or c"
class alternatives {
public:
	explicit alternatives(std::span<const char *const> words) noexcept
	{
		std::size_t length = 0;
		for (std::size_t i = 0; i < words.size() && length < sizeof text_; i++) {
			const char *before = i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
			length += std::snprintf(text_ + length, sizeof text_ - length, "%s%s", before, words[i]);
		}
	}
	const char *text() const noexcept { return text_; }

private:
	char text_[200] = "";
};

// Decimal digits and nothing else. strtoul would take white space and signs, "-1" as a huge number, and leave the
// rest of "10s" to be looked at.
inline std::optional<std::uint64_t> decimal(std::string_view text) noexcept
{
	std::uint64_t value = 0;
	const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (failed != std::errc{} || end != text.data() + text.size())
		return std::nullopt;
	return value;
}

// Of a bond, or of a member. What a switch is called says what 1 means.
template <auto Field, typename Into>
result<void> take_switch(Into &into, std::string_view value) noexcept
{
	if (value != "0" && value != "1")
		return error(EINVAL, "%s is neither 0 nor 1", quoted(value).c_str());
	into.*Field = value == "1";
	return {};
}

} // namespace braid
