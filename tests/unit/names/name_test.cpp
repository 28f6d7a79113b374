/* SPDX-License-Identifier: BSD-3-Clause */
#include "names/name.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace braid {
namespace {

using namespace std::string_view_literals;

// Written out apart from the code under test: the bytes that DESIGN names one by one.
bool may_be_in_a_name(int byte)
{
	return byte > 0x20 && byte != 0x7f && byte != '/' && byte != ':' && byte != ',' && byte != '=' &&
	       byte != '%';
}

std::string reason(std::string_view text)
{
	const auto parsed = name::parse(text);
	return parsed ? "accepted" : parsed.error().text();
}

TEST(Name, EachOf256BytesIsAcceptedOrRefusedWhereverItStands)
{
	for (int byte = 0; byte < 256; byte++) {
		const std::string c(1, static_cast<char>(byte));
		for (const std::string &text : {"x" + c, c + "x", "x" + c + "x"}) {
			const auto parsed = name::parse(text);
			ASSERT_EQ(parsed.has_value(), may_be_in_a_name(byte)) << "byte " << byte;
			if (parsed)
				EXPECT_EQ(parsed->view(), text) << "byte " << byte;
			else
				EXPECT_EQ(parsed.error().code(), EINVAL) << "byte " << byte;
		}
		EXPECT_EQ(name::parse(c).has_value(), may_be_in_a_name(byte) && byte != '.') << "byte " << byte;
	}
}

TEST(Name, From1To63BytesAreAccepted)
{
	for (const std::size_t length : {1, 2, 62, 63}) {
		const std::string text(length, 'n');
		const auto parsed = name::parse(text);
		ASSERT_TRUE(parsed) << length;
		EXPECT_EQ(parsed->view(), text);
		EXPECT_STREQ(parsed->c_str(), text.c_str());
	}
	for (const std::size_t length : {0, 64, 65, 1000}) {
		const auto parsed = name::parse(std::string(length, 'n'));
		ASSERT_FALSE(parsed) << length;
		EXPECT_EQ(parsed.error().code(), EINVAL);
	}
}

TEST(Name, TextNeedsNoTerminatorAndIsNotReadPastItsEnd)
{
	const auto parsed = name::parse("eth0/escape"sv.substr(0, 4));
	ASSERT_TRUE(parsed);
	EXPECT_STREQ(parsed->c_str(), "eth0");
}

TEST(Name, ATrailingOrInnerNulIsRefusedAndNeverShortensAName)
{
	EXPECT_FALSE(name::parse("eth0\0"sv));
	EXPECT_FALSE(name::parse("eth0\0eth1"sv));
}

TEST(Name, DotsAreRefusedOnlyAsTheWholeOfOneOrTwo)
{
	EXPECT_FALSE(name::parse("."));
	EXPECT_FALSE(name::parse(".."));
	for (const char *text : {"...", ".a", "a.", "..a", "eth0.100", "a.b.c"})
		EXPECT_TRUE(name::parse(text)) << text;
}

TEST(Name, CaseAndUtf8AreKeptAsTheyAre)
{
	EXPECT_EQ(name::parse("Straße-à")->view(), "Straße-à");
	EXPECT_NE(*name::parse("ETH0"), *name::parse("eth0"));
	EXPECT_TRUE(name::parse("\xa0\xff"));
}

TEST(Name, AnErrorNamesItsReason)
{
	EXPECT_EQ(reason(""), "a name needs at least one byte");
	EXPECT_EQ(reason("."), "name \".\" is reserved");
	EXPECT_EQ(reason("a/b"), "name \"a/b\" holds a slash");
	EXPECT_EQ(reason("a:b"), "name \"a:b\" holds a colon");
	EXPECT_EQ(reason("a,b"), "name \"a,b\" holds a comma");
	EXPECT_EQ(reason("a=b"), "name \"a=b\" holds an equals sign");
	for (const char *text : {"a b", "a\tb", "a\nb", "a\vb", "a\fb", "a\rb"})
		EXPECT_NE(reason(text).find("holds white space"), std::string::npos) << text;
	EXPECT_EQ(reason("a\x1f"), "name \"a\\x1f\" holds a control byte");
	EXPECT_EQ(reason("a\x7f"), "name \"a\\x7f\" holds a control byte");
	EXPECT_EQ(reason("50%"), "name \"50%\" holds a % that is not part of one single %d");
	EXPECT_EQ(reason(std::string(64, 'n')),
	          "name \"" + std::string(64, 'n') + "\" has 64 bytes, more than 63");
}

TEST(Name, AnErrorAboutAHostileNameIsShortPrintableAndComplete)
{
	std::string hostile(1000, '\n');
	EXPECT_LT(reason(hostile).size(), 160u);
	EXPECT_NE(reason(hostile).find("\"... has 1000 bytes, more than 63"), std::string::npos);
	hostile.resize(63);
	for (const char c : reason(hostile))
		EXPECT_TRUE(c >= 0x20 && c < 0x7f);
	EXPECT_NE(reason(hostile).find("holds white space"), std::string::npos);
}

TEST(Name, TheDefaultOneIsEmptyAndEqualsNoParsedOne)
{
	EXPECT_TRUE(name().empty());
	EXPECT_EQ(name().view(), "");
	EXPECT_NE(name(), *name::parse("a"));
	EXPECT_FALSE(name::parse("a")->empty());
}

TEST(Name, OneIsNotEqualToItsPrefix)
{
	EXPECT_NE(*name::parse("net_tap1"), *name::parse("net_tap10"));
	EXPECT_EQ(*name::parse("net_tap1"), *name::parse("net_tap10"sv.substr(0, 8)));
}

TEST(NameTemplate, IsExactlyOnePercentD)
{
	for (const char *text : {"%d", "eth%d", "%deth", "eth%d.100", "a%dd"}) {
		const auto parsed = name::parse(text);
		ASSERT_TRUE(parsed) << text;
		EXPECT_TRUE(parsed->is_template()) << text;
	}
	EXPECT_FALSE(name::parse("ethd")->is_template());
	for (const char *text : {"%", "a%", "%%", "%%d", "%s", "%x", "%D", "%1d", "%ld", "%n", "%d%d", "a%db%d",
	                         "%d%", "%d%%"})
		EXPECT_FALSE(name::parse(text)) << text;
}

TEST(NameTemplate, OfMoreThan63BytesAsWrittenIsRefused)
{
	EXPECT_TRUE(name::parse(std::string(61, 'n') + "%d"));
	EXPECT_FALSE(name::parse(std::string(62, 'n') + "%d"));
}

TEST(NameTemplate, TakesANumberWithoutLeadingZeros)
{
	EXPECT_EQ(name::parse("eth%d")->numbered(0)->view(), "eth0");
	EXPECT_EQ(name::parse("%dx")->numbered(10)->view(), "10x");
	EXPECT_EQ(name::parse("a%db")->numbered(4294967295)->view(), "a4294967295b");
	EXPECT_EQ(name::parse("%d")->numbered(7)->view(), "7");
	EXPECT_FALSE(name::parse("eth%d")->numbered(3)->is_template());
}

TEST(NameTemplate, RefusesANumberThatMakesItTooLong)
{
	const auto longest = name::parse("ab%d" + std::string(59, 'n'));
	ASSERT_TRUE(longest);
	EXPECT_EQ(longest->numbered(99)->view().size(), 63u);
	const auto refused = longest->numbered(100);
	ASSERT_FALSE(refused);
	EXPECT_EQ(refused.error().code(), EINVAL);
	EXPECT_NE(std::string(refused.error().text()).find("with number 100 has more than 63 bytes"),
	          std::string::npos);
}

TEST(NameTemplate, APlainNameTakesNoNumber) { EXPECT_EQ(name::parse("eth")->numbered(5)->view(), "eth"); }

TEST(NameFromDevice, KeepsWhatIsValidAndReplacesTheRest)
{
	EXPECT_EQ(name_from_device("0000:01:00.0").view(), "0000_01_00.0");
	EXPECT_EQ(name_from_device("net_tap0").view(), "net_tap0");
	EXPECT_EQ(name_from_device("a%d b/c=d,e\n").view(), "a_d_b_c_d_e_");
}

TEST(NameFromDevice, IsAValidNameForEachOf256Bytes)
{
	for (int byte = 0; byte < 256; byte++) {
		const char c = static_cast<char>(byte);
		const name made = name_from_device({&c, 1});
		EXPECT_TRUE(name::parse(made.view())) << "byte " << byte;
		EXPECT_FALSE(made.is_template()) << "byte " << byte;
		const bool kept = may_be_in_a_name(byte) && byte != '.';
		EXPECT_EQ(made.view(), kept ? std::string_view(&c, 1) : "_") << "byte " << byte;
	}
}

TEST(NameFromDevice, IsNeverEmptyNorDots)
{
	EXPECT_EQ(name_from_device("").view(), "_");
	EXPECT_EQ(name_from_device(".").view(), "_");
	EXPECT_EQ(name_from_device("..").view(), "__");
	EXPECT_EQ(name_from_device("...").view(), "...");
}

TEST(NameFromDevice, IsCutAfter63Bytes)
{
	const std::string device(62, 'd');
	EXPECT_EQ(name_from_device(device + "1").view(), device + "1");
	EXPECT_EQ(name_from_device(device + "12").view(), device + "1");
	EXPECT_EQ(name_from_device(std::string(1000, ':')).view(), std::string(63, '_'));
}

TEST(NameByRole, AppendsTheKernelsSuffixes)
{
	EXPECT_EQ(name_for_primary("ens3").view(), "ens3npri");
	EXPECT_EQ(name_for_standby("ens3").view(), "ens3nsby");
	EXPECT_EQ(name_for_primary("net_braid0").view(), "net_braid0npri");
}

TEST(NameByRole, IsValidWhateverTheBondIsCalled)
{
	EXPECT_EQ(name_for_standby("").view(), "nsby");
	EXPECT_EQ(name_for_standby("..").view(), "..nsby");
	EXPECT_EQ(name_for_standby("a:b%d").view(), "a_b_dnsby");
}

TEST(NameByRole, KeepsItsSuffixWhenTheBondsNameIsTooLong)
{
	const std::string kept(59, 'b');
	for (const std::string &bond : {kept, kept + "c", std::string(1000, 'b')}) {
		EXPECT_EQ(name_for_primary(bond).view(), kept + "npri");
		EXPECT_EQ(name_for_standby(bond).view(), kept + "nsby");
	}
}

} // namespace
} // namespace braid
