/* SPDX-License-Identifier: BSD-3-Clause */
// Who has which name in one bond: uniqueness, templates, renaming of one or several members at once.
//
// A book belongs to the bond's single writer and is used with the writer's lock held. Readers never see it;
// they get index(). Every operation either happens whole or changes nothing and says why.
#pragma once

#include "base/ids.hpp"
#include "names/index.hpp"
#include "names/name.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace braid {

struct rename_request {
	member_id id;
	std::string_view wanted;
};

struct rename_outcome {
	member_id id = member_id::none;
	name before;
	name after;

	// False when the member was asked to keep its name: a success that no listener hears of.
	bool changed() const noexcept { return before != after; }
};

// What a renaming will do, in the order of its requests. It owns its names and reserves nothing: asking the
// listeners and dropping the plan because one said no leaves no trace.
class rename_plan {
public:
	std::span<const rename_outcome> outcomes() const noexcept { return outcomes_; }

	bool changed() const noexcept
	{
		return std::any_of(outcomes().begin(), outcomes().end(),
		                   [](const auto &one) { return one.changed(); });
	}

private:
	friend class name_book;

	// nullptr for a member that the plan leaves alone.
	const rename_outcome *of(member_id id) const noexcept;

	std::vector<rename_outcome> outcomes_;
};

class name_book {
public:
	// Reserves a name for a member that is being added, and returns it. From now on nobody else can have
	// it. A template gets the lowest number, from 0, whose text no member has and none is promised.
	// EINVAL: not a valid name, or the id is `none`. EEXIST: the name is in use or promised, or the id is
	// in the book.
	// ENOSPC: max_members ids are in the book.
	result<name> promise(member_id id, std::string_view wanted) noexcept;

	// The member is there: index() shows it. A pending member counts as there as soon as operators may
	// speak of it.
	// Nothing happens for an id that is not in the book.
	void fulfil(member_id id) noexcept;

	// The member is gone, or adding it failed: its name is free. Nothing happens for an id that is not in
	// the book.
	void forget(member_id id) noexcept;

	// Renames a member, promised ones included. Its own name again is a success that changes nothing. A
	// template counts the member's present name as used, as Linux does: "eth0" asked to be "eth%d"
	// becomes "eth1".
	// ENOENT: the id is not in the book. EINVAL: not a valid name. EEXIST: another member has the name or
	// will have it.
	result<rename_outcome> rename(member_id id, std::string_view wanted) noexcept;

	// Renames all or none; only the names that result must differ, so members can swap theirs or pass
	// them round. Templates are filled in the order of the requests. A number is used if its text is a
	// name at present, also one that the same call gives up, or is wanted elsewhere in the call.
	// Errors as for rename(), and EINVAL if an id is there twice.
	result<rename_plan> rename_many(std::span<const rename_request> requests) noexcept;

	// The two halves of rename_many(), to ask listeners in between. The book may change meanwhile (a
	// listener may call back): commit() checks again and changes nothing if the plan no longer fits.
	// ENOENT: a member is gone. EAGAIN: it was renamed. EEXIST: a name was taken.
	result<rename_plan> plan_rename(std::span<const rename_request> requests) const noexcept;
	result<void> commit(const rename_plan &plan) noexcept;

	// The member that has the name or is promised it.
	std::optional<member_id> find(std::string_view text) const noexcept;

	// The empty name for an id that is not in the book. The reference is good until the book changes.
	const name &of(member_id id) const noexcept;

	// Members and promises.
	unsigned size() const noexcept { return count_; }

	// The names of the members that are there, to publish. Promises are left out.
	name_index index() const noexcept;

private:
	struct entry {
		member_id id = member_id::none;
		bool promised = false;
		name text;
	};

	std::span<entry> entries() noexcept { return {entries_.data(), count_}; }
	std::span<const entry> entries() const noexcept { return {entries_.data(), count_}; }
	entry *entry_of(member_id id) noexcept;
	const entry *entry_of(member_id id) const noexcept;

	static error taken(const name &text, const entry &by) noexcept;
	result<name> fill(const name &pattern, std::span<const rename_outcome> others) const noexcept;
	result<rename_plan> read(std::span<const rename_request> requests) const noexcept;
	result<void> check(const rename_plan &plan) const noexcept;

	// In the order of the promises.
	std::array<entry, max_members> entries_{};
	unsigned count_ = 0;
};

} // namespace braid
