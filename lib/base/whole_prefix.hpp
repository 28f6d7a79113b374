/* SPDX-License-Identifier: BSD-3-Clause */
// Where to cut a text that has no room, so that what is left can still be read.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace braid {

// How many bytes of the text fit into `room` without splitting a character of UTF-8 or an escape \xNN. A text of less sense
// than that is split anywhere.
constexpr std::size_t whole_prefix(std::string_view text, std::size_t room) noexcept
{
	if (text.size() <= room)
		return text.size();
	for (std::size_t back = 1; back <= 3 && back <= room; back++)
		if (text[room - back] == '\\' && text[room - back + 1] == 'x')
			return room - back;
	const auto goes_on = [text](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
	std::size_t end = room;
	while (end > 0 && room - end < 3 && goes_on(end))
		end--;
	return goes_on(end) ? room : end;
}

// Ends a text that has been cut at the end of its buffer with "...". The buffer holds four bytes at least.
inline void show_the_cut(char *text, std::size_t buffer_size) noexcept
{
	constexpr char dots[] = "...";
	const std::string_view all(text, buffer_size - 1);
	std::memcpy(text + whole_prefix(all, all.size() - (sizeof dots - 1)), dots, sizeof dots);
}

} // namespace braid
