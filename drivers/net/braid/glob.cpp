/* SPDX-License-Identifier: BSD-3-Clause */
//   [!a-c[:digit:]\]]
//   | |  |        `- a character behind a backslash, which stands for itself
//   | |  `- a class; in the same way [.c.] and [=c=] are one character
//   | `- a range, of two characters
//   `- the bracket; a ']' that comes first in it, also after '!' or '^', stands for itself
#include "glob.hpp"

#include "names/quoted.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

namespace braid {
namespace {

constexpr std::string_view classes[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "xdigit"};

// What stands in a bracket, but for ranges.
struct element {
	std::size_t end;         // where the next one begins
	std::optional<char> one; // a character; none: several
};

error not_closed() noexcept { return error(EINVAL, "opens a bracket that it does not close"); }

// [:digit:], [.c.] or [=c=], which begins at `at`.
result<element> bracketed(std::string_view pattern, std::size_t at) noexcept
{
	const char mark = pattern[at + 1];
	const char close[] = {mark, ']', '\0'};
	const std::size_t from = at + 2, to = pattern.find(close, from);
	if (to == pattern.npos)
		return error(EINVAL, "opens [%c in a bracket and does not close it with %s", mark, close);
	const std::string_view inside = pattern.substr(from, to - from);
	const quoted shown(pattern.substr(at, to + 2 - at));
	if (mark == ':' && std::find(std::begin(classes), std::end(classes), inside) == std::end(classes))
		return error(EINVAL, "has %s in a bracket, which is no class of characters, like [:digit:] or [:alpha:]",
		             shown.c_str());
	if (mark != ':' && inside.size() != 1)
		return error(EINVAL, "has %s in a bracket, which is not one character", shown.c_str());
	return element{to + 2, mark == '.' ? std::optional(inside[0]) : std::nullopt};
}

result<element> element_at(std::string_view pattern, std::size_t at) noexcept
{
	const bool marked = at + 1 < pattern.size() && std::string_view(".:=").find(pattern[at + 1]) != pattern.npos;
	if (pattern[at] == '[' && marked)
		return bracketed(pattern, at);
	const std::size_t i = at + (pattern[at] == '\\');
	if (i == pattern.size())
		return not_closed();
	return element{i + 1, pattern[i]};
}

// Where the range ends whose first element, before the '-', has been read.
result<std::size_t> end_of_range(std::string_view pattern, const element &first) noexcept
{
	const result<element> last = element_at(pattern, first.end + 1);
	if (!last)
		return last.error();
	if (!first.one || !last->one)
		return error(EINVAL, "has a range in a bracket that does not go from one character to another");
	if (*first.one > *last->one)
		return error(EINVAL, "has the range %c-%c, which runs backwards", *first.one, *last->one);
	return last->end;
}

// Where what is behind the bracket begins that opens at `at`.
result<std::size_t> end_of_bracket(std::string_view pattern, std::size_t at) noexcept
{
	const std::size_t first = at + 1 + (pattern.substr(at + 1).find_first_of("!^") == 0);
	for (std::size_t i = first; i < pattern.size();) {
		if (pattern[i] == ']' && i != first)
			return i + 1;
		const result<element> e = element_at(pattern, i);
		if (!e)
			return e.error();
		i = e->end;
		// A '-' before the end stands for itself.
		if (pattern.substr(i).starts_with('-') && i + 1 < pattern.size() && pattern[i + 1] != ']') {
			const result<std::size_t> end = end_of_range(pattern, *e);
			if (!end)
				return end;
			i = *end;
		}
	}
	return not_closed();
}

} // namespace

result<void> is_whole_glob(std::string_view pattern) noexcept
{
	for (std::size_t i = 0; i < pattern.size();) {
		if (pattern[i] == '\\' && i + 1 == pattern.size())
			return error(EINVAL, "ends with a backslash, which stands before no character");
		if (pattern[i] == '[') {
			const result<std::size_t> end = end_of_bracket(pattern, i);
			if (!end)
				return end.error();
			i = *end;
		} else {
			i += pattern[i] == '\\' ? 2 : 1;
		}
	}
	return {};
}

} // namespace braid
