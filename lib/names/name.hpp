/* SPDX-License-Identifier: BSD-3-Clause */
// What may be the name of a member: the rules, and the names that members get when nobody chose one.
#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"

#include <array>
#include <string_view>
#include <type_traits>

namespace braid {

// A name of a member, or a template for one, by value: 64 bytes, padded with NUL bytes. Every name but
// the empty one has passed parse(), so whoever holds one need not check it again.
class name {
public:
	// The empty name fills unused places of an array. No member ever has it.
	name() noexcept = default;

	// Accepts 1 to 63 bytes that are not "." or ".." and hold no '/', ':', ',', '=', white space or
	// control byte (0x00 to 0x1f, 0x7f). '%' is accepted only as one single "%d", which makes the name a
	// template; its length counts as written. Upper and lower case differ. Bytes from 0x80 up are
	// accepted and never interpreted, so UTF-8 works; 0xa0 is among them although Linux calls it white
	// space (in Latin-1), because it is also the second byte of "à". Any other text is EINVAL, with one
	// sentence that quotes it.
	static result<name> parse(std::string_view text) noexcept;

	std::string_view view() const noexcept { return text_.data(); }
	const char *c_str() const noexcept { return text_.data(); }
	bool empty() const noexcept { return text_[0] == '\0'; }

	// A template is a wish for a name, never the name of a member.
	bool is_template() const noexcept { return view().find('%') != std::string_view::npos; }

	// A template with `number` for its "%d", without leading zeros; another name unchanged. EINVAL if
	// that takes more than 63 bytes.
	result<name> numbered(unsigned number) const noexcept;

	bool operator==(const name &other) const noexcept = default;

private:
	std::array<char, max_name_length + 1> text_{};
};

// Bursts' neighbours (xstats, telemetry) copy names out of what a writer published.
static_assert(std::is_trivially_copyable_v<name> && sizeof(name) == 64);

// The name of a member that was given none: that of its ethdev with '_' for each byte that a name may not
// hold, '%' and the dots of "." and ".." included ("0000:01:00.0" gives "0000_01_00.0"). Cut after 63 bytes;
// "_" for no text. Two devices can get the same name this way: the book refuses the second.
name name_from_device(std::string_view device) noexcept;

// The names by role, in the kernel's habit: "ens3npri" for the primary of "ens3", "ens3nsby" for its standby.
// The bond's name is made valid as in name_from_device and cut to 59 bytes if need be. The suffix always
// stays whole, so the two differ, and a cut cannot clash with another bond's since names are unique only
// within a bond.
name name_for_primary(std::string_view bond) noexcept;
name name_for_standby(std::string_view bond) noexcept;

} // namespace braid
