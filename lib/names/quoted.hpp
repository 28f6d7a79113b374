/* SPDX-License-Identifier: BSD-3-Clause */
// Text from outside, made fit for one line of a log.
#pragma once

#include <cstddef>
#include <string_view>

namespace braid {

// The text between double quotes in printable ASCII: every other byte, a quote and a backslash become \xNN,
// so a line feed cannot forge a second log line and an escape sequence cannot drive a terminal. Text that
// would take more than `longest` characters is cut between two bytes and "..." follows the closing quote. A
// valid name that needs no \xNN is shown whole.
class quoted {
public:
	static constexpr std::size_t longest = 80;

	explicit quoted(std::string_view text) noexcept;

	const char *c_str() const noexcept { return text_; }

private:
	// Two quotes, three dots, the NUL.
	char text_[longest + 6];
};

} // namespace braid
