/* SPDX-License-Identifier: BSD-3-Clause */
// The names of a bond's members at one moment, for readers. A plain value: the writer copies it into what it
// publishes and never edits it again, so whoever finds it sees the old or the new names, whole.
#pragma once

#include "base/ids.hpp"
#include "names/name.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace braid {

struct member_name {
	member_id id = member_id::none;
	name text;
};

// Searched from front to back: at most 64 names of a cache line each cost less than a hash table's upkeep.
class name_index {
public:
	// In the order in which the members came. Not of a temporary, whose members would be gone in a loop
	// over them.
	std::span<const member_name> all() const & noexcept { return {members_.data(), count_}; }
	std::span<const member_name> all() && = delete;

	std::optional<member_id> find(std::string_view text) const noexcept
	{
		for (const member_name &member : all())
			if (member.text.view() == text)
				return member.id;
		return std::nullopt;
	}

	// nullptr for an id that is not there.
	const name *find(member_id id) && = delete;
	const name *find(member_id id) const & noexcept
	{
		for (const member_name &member : all())
			if (member.id == id)
				return &member.text;
		return nullptr;
	}

private:
	friend class name_book;

	std::array<member_name, max_members> members_{};
	unsigned count_ = 0;
};

static_assert(std::is_trivially_copyable_v<name_index>);

} // namespace braid
