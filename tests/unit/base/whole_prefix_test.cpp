/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/result.hpp"
#include "base/whole_prefix.hpp"

#include <gtest/gtest.h>

#include <string>

namespace braid {
namespace {

TEST(WholePrefix, SplitsNoCharacterAndNoEscape)
{
	EXPECT_EQ(whole_prefix("abc", 3), 3u);
	EXPECT_EQ(whole_prefix("abcd", 3), 3u);
	EXPECT_EQ(whole_prefix("abcd", 0), 0u);
	for (std::size_t room : {2u, 3u, 4u, 5u})
		EXPECT_EQ(whole_prefix("ab\\xc3\\xbc", room), 2u) << room;
	EXPECT_EQ(whole_prefix("ab\\xc3\\xbc", 6), 6u);
	EXPECT_EQ(whole_prefix("a\xc3\xbc", 2), 1u);
	EXPECT_EQ(whole_prefix("\xe2\x82\xac" "a", 2), 0u);
	EXPECT_EQ(whole_prefix("\xe2\x82\xac" "a", 3), 3u);
	EXPECT_EQ(whole_prefix("\xf0\x9f\x98\x80" "a", 3), 0u);
}

TEST(WholePrefix, GoesOnInATextThatIsNoUtf8)
{
	const std::string odd(10, '\x80');
	for (std::size_t room = 4; room < 10; room++)
		EXPECT_EQ(whole_prefix(odd, room), room) << "or else whoever shows it in pieces would never end";
}

TEST(Error, ThatIsTooLongShowsThatItWasCut)
{
	const std::string fits(error::text_size - 1, 'x'), longer(error::text_size, 'x');
	EXPECT_EQ(error(1, "%s", fits.c_str()).text(), fits);
	EXPECT_EQ(error(1, "%s", longer.c_str()).text(), longer.substr(0, error::text_size - 4) + "...");
	std::string umlauts;
	while (umlauts.size() < error::text_size)
		umlauts += "\xc3\xbc";
	for (const char *shift : {"", "x"}) {
		const std::string text = error(1, "%s%s", shift, umlauts.c_str()).text();
		EXPECT_TRUE(text.ends_with("\xc3\xbc...")) << text;
		EXPECT_LT(text.size(), error::text_size);
		EXPECT_GE(text.size(), error::text_size - 2);
	}
	EXPECT_TRUE(std::string_view(error(1, "%s", fits.c_str()).in("member").text()).starts_with("member: xx"));
	EXPECT_TRUE(std::string_view(error(1, "%s", fits.c_str()).in("member").text()).ends_with("..."));
}

} // namespace
} // namespace braid
