/* SPDX-License-Identifier: BSD-3-Clause */
// Which patterns are taken: those that fnmatch() reads as they were meant.
#include "glob.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <string>

#include <fnmatch.h>

namespace braid {
namespace {

std::string refusal_of(const std::string &pattern)
{
	const result<void> whole = is_whole_glob(pattern);
	if (whole)
		return "was accepted";
	EXPECT_EQ(whole.error().code(), EINVAL) << pattern;
	return whole.error().text();
}

TEST(Glob, BracketsWithCharactersRangesAndClassesAreWhole)
{
	for (const char *whole : {"", "a*?", "[a]", "[]a]", "[!a]b", "[^]]", "\\[", "a]", "[a\\]]", "a\\\\", "[a\\\\]",
	                          "[a-c]", "[a-]", "[-a]", "[!-a]", "[a-a]", "[]-a]", "[a-c-e]", "[+--]", "[a-\\z]", "[\\a-c]", "[[:alpha:]]", "[[:alpha:]_-]",
	                          "[!0[:xdigit:]]", "[[.-.]a]", "[[.].]]", "[[...]]", "[[=]=]]", "[[.a.]-c]", "[a-[.c.]]", "[[]", "[a[]",
	                          "[:a]", "[.a.]", "[=]"})
		EXPECT_EQ(refusal_of(whole), "was accepted") << whole;
}

TEST(Glob, WhatIsNotClosedIsRefused)
{
	for (const char *open : {"[", "a[b", "[]", "[!]", "[^]a", "[a\\]", "[a\\", "[a-", "[a-\\", "[[:alpha:]", "[[.-.]",
	                         "[a-[.c.]"})
		EXPECT_EQ(refusal_of(open), "opens a bracket that it does not close") << open;
	for (const char *cut : {"a\\", "\\", "*\\", "[a]\\\\\\"})
		EXPECT_EQ(refusal_of(cut), "ends with a backslash, which stands before no character") << cut;
	EXPECT_EQ(refusal_of("[[."), "opens [. in a bracket and does not close it with .]");
	EXPECT_EQ(refusal_of("[[.a]"), "opens [. in a bracket and does not close it with .]");
	EXPECT_EQ(refusal_of("[[=a]"), "opens [= in a bracket and does not close it with =]");
	EXPECT_EQ(refusal_of("x[[:alpha]"), "opens [: in a bracket and does not close it with :]") << "one of :, [, a, l, p and h";
	EXPECT_EQ(refusal_of("[a-[:digit]"), "opens [: in a bracket and does not close it with :]");
}

TEST(Glob, WhatIsNoClassAndNotOneCharacterIsRefused)
{
	EXPECT_EQ(refusal_of("[[:foo:]]"),
	          "has \"[:foo:]\" in a bracket, which is no class of characters, like [:digit:] or [:alpha:]");
	EXPECT_EQ(refusal_of("[_[::]]"),
	          "has \"[::]\" in a bracket, which is no class of characters, like [:digit:] or [:alpha:]");
	EXPECT_EQ(refusal_of("[[.ab.]]"), "has \"[.ab.]\" in a bracket, which is not one character");
	EXPECT_EQ(refusal_of("[[..]]"), "has \"[..]\" in a bracket, which is not one character");
	EXPECT_EQ(refusal_of("[[=ab=]]"), "has \"[=ab=]\" in a bracket, which is not one character");
}

TEST(Glob, ARangeThatHoldsNothingIsRefused)
{
	EXPECT_EQ(refusal_of("[z-a]"), "has the range z-a, which runs backwards");
	EXPECT_EQ(refusal_of("[0-9z-a]"), "has the range z-a, which runs backwards");
	EXPECT_EQ(refusal_of("[!z-a]"), "has the range z-a, which runs backwards");
	EXPECT_EQ(refusal_of("[a--]"), "has the range a--, which runs backwards");
	EXPECT_EQ(refusal_of("[\\z-\\a]"), "has the range z-a, which runs backwards");
	EXPECT_EQ(refusal_of("[[.z.]-[.a.]]"), "has the range z-a, which runs backwards");
	for (const char *ends : {"[a-[:digit:]]", "[[:alpha:]-z]", "[[=a=]-z]", "[a-[=z=]]"})
		EXPECT_EQ(refusal_of(ends), "has a range in a bracket that does not go from one character to another") << ends;
}

bool meets_a_character(const std::string &pattern)
{
	for (char c = ' ' + 1; c <= '~'; c++)
		if (fnmatch(pattern.c_str(), std::string{c}.c_str(), 0) == 0)
			return true;
	return false;
}

// One that is taken is not made longer, so that each is one bracket from its first to its last character.
TEST(Glob, EveryBracketThatIsTakenMeetsACharacter)
{
	constexpr std::size_t longest = 6;
	unsigned taken = 0;
	for (std::deque<std::string> patterns{"["}; !patterns.empty(); patterns.pop_front()) {
		const std::string &pattern = patterns.front();
		if (is_whole_glob(pattern)) {
			taken++;
			EXPECT_TRUE(meets_a_character(pattern)) << pattern;
		} else if (pattern.size() < longest) {
			for (const char c : {'a', 'z', '-', ']', '!', '[', '.', ':', '=', '\\'})
				patterns.push_back(pattern + c);
		}
	}
	EXPECT_GT(taken, 5000u);
}

} // namespace
} // namespace braid
