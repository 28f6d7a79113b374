/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/quoted.hpp"

#include <gtest/gtest.h>

#include <string>

namespace braid {
namespace {

using namespace std::string_view_literals;

TEST(Quoted, PlainTextStandsBetweenQuotes)
{
	EXPECT_STREQ(quoted("net_tap0").c_str(), "\"net_tap0\"");
	EXPECT_STREQ(quoted("").c_str(), "\"\"");
}

TEST(Quoted, EveryByteIsPrintableAsciiAndCanBeToldApart)
{
	std::string seen;
	for (int byte = 0; byte < 256; byte++) {
		const char c = static_cast<char>(byte);
		const std::string shown = quoted({&c, 1}).c_str();
		for (const char out : shown)
			EXPECT_TRUE(out >= 0x20 && out < 0x7f) << "byte " << byte;
		EXPECT_EQ(seen.find(shown), std::string::npos) << "byte " << byte;
		seen += shown + "\n";
	}
}

TEST(Quoted, WhatCouldForgeALineIsEscaped)
{
	EXPECT_STREQ(quoted("a\nb").c_str(), R"("a\x0ab")");
	EXPECT_STREQ(quoted("a\0b"sv).c_str(), R"("a\x00b")");
	EXPECT_STREQ(quoted("\x1b[31m").c_str(), R"("\x1b[31m")");
	EXPECT_STREQ(quoted("\"\\").c_str(), R"("\x22\x5c")");
	EXPECT_STREQ(quoted("\x7f\xff").c_str(), R"("\x7f\xff")");
}

TEST(Quoted, TextOf80CharactersIsWholeAndLongerTextIsCut)
{
	const std::string whole(quoted::longest, 'x');
	EXPECT_EQ(quoted(whole).c_str(), '"' + whole + '"');
	EXPECT_EQ(quoted(whole + 'y').c_str(), '"' + whole + "\"...");
	EXPECT_EQ(quoted(std::string(100000, 'x')).c_str(), '"' + whole + "\"...");
}

TEST(Quoted, AnEscapeIsNeverCutInTwo)
{
	for (std::size_t lead = quoted::longest - 4; lead <= quoted::longest; lead++) {
		const std::string text(lead, 'x');
		const char *end = lead == quoted::longest - 4 ? "\\x0a\"" : "\"...";
		EXPECT_EQ(quoted(text + '\n').c_str(), '"' + text + end);
	}
	EXPECT_EQ(std::string(quoted(std::string(1000, '\0')).c_str()).size(), quoted::longest + 5);
}

} // namespace
} // namespace braid
