/* SPDX-License-Identifier: BSD-3-Clause */
// The names of a bond's members at one moment, for readers. The writer puts it into what it publishes and never edits it
// again, so whoever finds it sees the old or the new names, whole. As large as what it holds: in a storm of renames many wait
// at a time to be freed.
#pragma once

#include "base/ids.hpp"
#include "names/name.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

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
	std::span<const member_name> all() const & noexcept { return members_; }
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

	std::vector<member_name> members_;
};

} // namespace braid
