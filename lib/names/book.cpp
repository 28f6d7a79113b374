/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/book.hpp"

#include "names/quoted.hpp"

#include <cerrno>
#include <utility>

namespace braid {
namespace {

error no_such_member(member_id id) noexcept
{
	return error(ENOENT, "member %u is not in this bond", to_number(id));
}

} // namespace

const rename_outcome *rename_plan::of(member_id id) const noexcept
{
	for (const rename_outcome &one : outcomes())
		if (one.id == id)
			return &one;
	return nullptr;
}

const name_book::entry *name_book::entry_of(member_id id) const noexcept
{
	for (const entry &one : entries())
		if (one.id == id)
			return &one;
	return nullptr;
}

name_book::entry *name_book::entry_of(member_id id) noexcept
{
	return const_cast<entry *>(std::as_const(*this).entry_of(id));
}

std::optional<member_id> name_book::find(std::string_view text) const noexcept
{
	for (const entry &one : entries())
		if (one.text.view() == text)
			return one.id;
	return std::nullopt;
}

const name &name_book::of(member_id id) const noexcept
{
	static const name nobody;
	const entry *found = entry_of(id);
	return found ? found->text : nobody;
}

name_index name_book::index() const noexcept
{
	name_index made;
	made.members_.reserve(count_);
	for (const entry &one : entries())
		if (!one.promised)
			made.members_.push_back({one.id, one.text});
	return made;
}

error name_book::taken(const name &text, const entry &by) noexcept
{
	return error(EEXIST, "name %s is %s member %u", quoted(text.view()).c_str(),
	             by.promised ? "promised to" : "in use by", to_number(by.id));
}

// The template with the lowest number that nobody has and no other wish of the same call names; a name as it
// is. Ends because a book and a plan hold finitely many names. A number is free unless its exact text is
// taken: "eth01" does not use up 1.
result<name> name_book::fill(const name &pattern, std::span<const rename_outcome> others) const noexcept
{
	if (!pattern.is_template())
		return pattern;
	for (unsigned number = 0;; number++) {
		result<name> candidate = pattern.numbered(number);
		if (!candidate)
			return candidate;
		const bool wanted = std::any_of(others.begin(), others.end(),
		                                [&](const auto &one) { return one.after == *candidate; });
		if (!wanted && !find(candidate->view()))
			return candidate;
	}
}

result<name> name_book::promise(member_id id, std::string_view wanted) noexcept
{
	if (id == member_id::none)
		return error(EINVAL, "a name cannot be promised to no member");
	if (entry_of(id))
		return error(EEXIST, "member %u has a name already", to_number(id));
	const result<name> parsed = name::parse(wanted);
	if (!parsed)
		return parsed;
	if (count_ == max_members)
		return error(ENOSPC, "the bond has %u members, and no more fit", count_);
	const result<name> text = fill(*parsed, {});
	if (!text)
		return text;
	if (const auto owner = find(text->view()))
		return taken(*text, *entry_of(*owner));
	entries_[count_++] = {.id = id, .promised = true, .text = *text};
	return text;
}

void name_book::fulfil(member_id id) noexcept
{
	if (entry *found = entry_of(id))
		found->promised = false;
}

void name_book::forget(member_id id) noexcept
{
	const auto last = std::remove_if(entries().begin(), entries().end(),
	                                 [&](const entry &one) { return one.id == id; });
	count_ = static_cast<unsigned>(last - entries().begin());
}

// The requests as a plan whose templates are still to be filled. It takes each id of the book once, so it grows no larger
// than the book.
result<rename_plan> name_book::read(std::span<const rename_request> requests) const noexcept
{
	rename_plan plan;
	for (const rename_request &request : requests) {
		const entry *member = entry_of(request.id);
		if (!member)
			return no_such_member(request.id);
		if (plan.of(request.id))
			return error(EINVAL, "member %u is to be renamed twice at once", to_number(request.id));
		const result<name> wanted = name::parse(request.wanted);
		if (!wanted)
			return wanted.error();
		plan.outcomes_.push_back({request.id, member->text, *wanted});
	}
	return plan;
}

// Holds if every member of the plan still has its old name and no two members of the book would end up with
// one name.
result<void> name_book::check(const rename_plan &plan) const noexcept
{
	for (const rename_outcome &one : plan.outcomes()) {
		const entry *member = entry_of(one.id);
		if (!member)
			return no_such_member(one.id);
		if (member->text != one.before)
			return error(EAGAIN, "member %u was renamed meanwhile to %s", to_number(one.id),
			             quoted(member->text.view()).c_str());
		for (const entry &other : entries()) {
			if (other.id == one.id)
				continue;
			const rename_outcome *planned = plan.of(other.id);
			if (!planned && other.text == one.after)
				return taken(one.after, other);
			if (planned && planned->after == one.after)
				return error(EEXIST, "name %s is wanted for member %u and for member %u",
				             quoted(one.after.view()).c_str(), to_number(one.id),
				             to_number(other.id));
		}
	}
	return {};
}

result<rename_plan> name_book::plan_rename(std::span<const rename_request> requests) const noexcept
{
	result<rename_plan> plan = read(requests);
	if (!plan)
		return plan;
	for (rename_outcome &one : plan->outcomes_) {
		const result<name> filled = fill(one.after, plan->outcomes());
		if (!filled)
			return filled.error();
		one.after = *filled;
	}
	if (const result<void> fits = check(*plan); !fits)
		return fits.error();
	return plan;
}

result<void> name_book::commit(const rename_plan &plan) noexcept
{
	const result<void> fits = check(plan);
	if (fits)
		for (const rename_outcome &one : plan.outcomes())
			entry_of(one.id)->text = one.after;
	return fits;
}

result<rename_plan> name_book::rename_many(std::span<const rename_request> requests) noexcept
{
	result<rename_plan> plan = plan_rename(requests);
	if (plan)
		if (const result<void> done = commit(*plan); !done)
			return done.error();
	return plan;
}

result<rename_outcome> name_book::rename(member_id id, std::string_view wanted) noexcept
{
	const rename_request request{id, wanted};
	const result<rename_plan> plan = rename_many({&request, 1});
	if (!plan)
		return plan.error();
	return plan->outcomes()[0];
}

} // namespace braid
