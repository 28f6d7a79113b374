/* SPDX-License-Identifier: BSD-3-Clause */
// Random operations on a name_book beside the plainest model of one: a map from id to name.
#include "names/book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace braid {
namespace {

struct model_member {
	std::string text;
	bool there;

	bool operator==(const model_member &) const = default;
};

using model = std::map<unsigned, model_member>;

std::set<std::string> names_in(const model &members)
{
	std::set<std::string> names;
	for (const auto &[number, member] : members)
		names.insert(member.text);
	return names;
}

bool is_template(const std::string &text) { return text.find("%d") != std::string::npos; }

std::string filled(const std::string &pattern, const std::set<std::string> &used)
{
	for (unsigned number = 0;; number++) {
		std::string text = pattern;
		text.replace(text.find("%d"), 2, std::to_string(number));
		if (!used.contains(text))
			return text;
	}
}

int model_promise(model &members, unsigned number, std::string wanted, bool valid)
{
	if (number == 0)
		return EINVAL;
	if (members.contains(number))
		return EEXIST;
	if (!valid)
		return EINVAL;
	if (members.size() == max_members)
		return ENOSPC;
	if (is_template(wanted))
		wanted = filled(wanted, names_in(members));
	if (names_in(members).contains(wanted))
		return EEXIST;
	members[number] = {wanted, false};
	return 0;
}

struct wish {
	unsigned number;
	std::string text;
	bool valid;
};

int model_rename(model &members, std::vector<wish> wishes)
{
	std::set<unsigned> seen;
	for (const wish &one : wishes) {
		if (!members.contains(one.number))
			return ENOENT;
		if (!seen.insert(one.number).second || !one.valid)
			return EINVAL;
	}
	std::set<std::string> used = names_in(members);
	for (const wish &one : wishes)
		used.insert(one.text);
	model after = members;
	for (wish &one : wishes) {
		if (is_template(one.text))
			one.text = filled(one.text, used);
		used.insert(one.text);
		after[one.number].text = one.text;
	}
	if (names_in(after).size() != after.size())
		return EEXIST;
	members = after;
	return 0;
}

// Few names and few ids, so that they meet often.
class random_book : public testing::TestWithParam<unsigned> {
protected:
	unsigned up_to(unsigned last) { return std::uniform_int_distribution<unsigned>(0, last)(random_); }

	wish some_wish(unsigned ids)
	{
		static const wish texts[] = {
			{0, "a", true},       {0, "b", true},     {0, "c", true},    {0, "eth0", true},
			{0, "eth1", true},    {0, "eth01", true}, {0, "eth%d", true}, {0, "%d", true},
			{0, "eth%d.1", true}, {0, "eth1.1", true}, {0, "..", false},  {0, "a%s", false},
			{0, "", false},
		};
		wish made = texts[up_to(std::size(texts) - 1)];
		made.number = up_to(ids);
		return made;
	}

	// Everything that can be asked of the book agrees with the model.
	void compare() const
	{
		ASSERT_EQ(book_.size(), model_.size());
		ASSERT_EQ(names_in(model_).size(), model_.size());
		const name_index index = book_.index();
		std::size_t there = 0;
		for (const auto &[number, member] : model_) {
			const auto id = static_cast<member_id>(number);
			ASSERT_EQ(book_.of(id).view(), member.text);
			ASSERT_EQ(book_.find(member.text), id);
			ASSERT_EQ(index.find(member.text).has_value(), member.there);
			ASSERT_EQ(index.find(id) != nullptr, member.there);
			there += member.there;
		}
		ASSERT_EQ(index.all().size(), there);
	}

	void step(unsigned ids)
	{
		const wish one = some_wish(ids);
		const auto id = static_cast<member_id>(one.number);
		switch (up_to(5)) {
		case 0:
		case 1: {
			const auto done = book_.promise(id, one.text);
			ASSERT_EQ(done ? 0 : done.error().code(),
			          model_promise(model_, one.number, one.text, one.valid));
			break;
		}
		case 2:
			book_.fulfil(id);
			if (model_.contains(one.number))
				model_[one.number].there = true;
			break;
		case 3:
			book_.forget(id);
			model_.erase(one.number);
			break;
		case 4: {
			const auto done = book_.rename(id, one.text);
			const model before = model_;
			ASSERT_EQ(done ? 0 : done.error().code(), model_rename(model_, {one}));
			ASSERT_EQ(done && done->changed(), before != model_);
			break;
		}
		case 5:
			rename_several(ids);
			break;
		}
	}

	// Half of the time a shuffle of present names, which random names alone would hardly ever hit.
	void rename_several(unsigned ids)
	{
		std::vector<wish> wishes;
		if (up_to(1) == 0) {
			for (unsigned n = up_to(4); n > 0; n--)
				wishes.push_back(some_wish(ids));
		} else {
			std::vector<std::string> texts;
			for (const auto &[number, member] : model_)
				texts.push_back(member.text);
			std::shuffle(texts.begin(), texts.end(), random_);
			for (const auto &[number, member] : model_)
				wishes.push_back({number, texts[wishes.size()], true});
			std::shuffle(wishes.begin(), wishes.end(), random_);
		}
		std::vector<rename_request> requests;
		for (const wish &one : wishes)
			requests.push_back({static_cast<member_id>(one.number), one.text});

		// Asking first must neither change anything nor say anything else.
		const auto plan = book_.plan_rename(requests);
		compare();
		const model before = model_;
		const auto done = book_.rename_many(requests);
		ASSERT_EQ(done ? 0 : done.error().code(), model_rename(model_, wishes));
		ASSERT_EQ(plan.has_value(), done.has_value());
		if (!done)
			return;
		ASSERT_EQ(done->outcomes().size(), requests.size());
		for (std::size_t i = 0; i < requests.size(); i++) {
			const rename_outcome &outcome = done->outcomes()[i];
			ASSERT_EQ(outcome.id, requests[i].id);
			ASSERT_EQ(outcome.before.view(), before.at(wishes[i].number).text);
			ASSERT_EQ(outcome.after.view(), model_.at(wishes[i].number).text);
			ASSERT_EQ(outcome.after, plan->outcomes()[i].after);
		}
		ASSERT_EQ(done->changed(), before != model_);
	}

	void run(unsigned steps, unsigned ids)
	{
		for (unsigned i = 0; i < steps && !HasFatalFailure(); i++) {
			SCOPED_TRACE("step " + std::to_string(i));
			step(ids);
			compare();
		}
	}

	std::mt19937 random_{GetParam()};
	name_book book_;
	model model_;
};

TEST_P(random_book, OfAFewMembersAgreesWithAMap) { run(3000, 8); }

TEST_P(random_book, ThatIsOftenFullAgreesWithAMap)
{
	for (unsigned number = 1; number <= max_members; number++)
		ASSERT_EQ(model_promise(model_, number, "m%d", true), 0);
	for (const auto &[number, member] : model_)
		ASSERT_EQ(book_.promise(static_cast<member_id>(number), "m%d")->view(), member.text);
	run(500, max_members + 6);
}

INSTANTIATE_TEST_SUITE_P(Seeds, random_book, testing::Range(1u, 9u));

} // namespace
} // namespace braid
