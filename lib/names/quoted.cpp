/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/quoted.hpp"

#include <cstring>

namespace braid {
namespace {

bool stands_for_itself(unsigned char byte) noexcept
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

// Writes one byte as it is shown and returns where the next one goes.
char *show(char *out, unsigned char byte) noexcept
{
	static constexpr char digits[] = "0123456789abcdef";
	if (stands_for_itself(byte)) {
		*out++ = static_cast<char>(byte);
		return out;
	}
	*out++ = '\\';
	*out++ = 'x';
	*out++ = digits[byte >> 4];
	*out++ = digits[byte & 15];
	return out;
}

} // namespace

quoted::quoted(std::string_view text) noexcept
{
	char *out = text_;
	*out++ = '"';
	char *const limit = out + longest;
	const char *end = "\"";
	for (const char c : text) {
		const auto byte = static_cast<unsigned char>(c);
		if (limit - out < (stands_for_itself(byte) ? 1 : 4)) {
			end = "\"...";
			break;
		}
		out = show(out, byte);
	}
	std::memcpy(out, end, std::strlen(end) + 1);
}

} // namespace braid
