/* SPDX-License-Identifier: BSD-3-Clause */
// How a member is named: a device, a PCI address or a port id, which match whole or not at all.
#include "read_devargs.hpp"

#include <rte_config.h>

#include <string>
#include <string_view>

namespace braid {
namespace {

TEST(MemberSpec, ThreeKindsAreToldApartAndWrittenInOneWay)
{
	const struct {
		const char *text;
		kind what;
		const char *canonical;
	} rows[] = {
		{"0", kind::port_id, "0"},
		{"007", kind::port_id, "7"},
		{"0000:01:00.0", kind::pci_address, "0000:01:00.0"},
		{"01:00.0", kind::pci_address, "0000:01:00.0"},
		{"1:0.0", kind::pci_address, "0000:01:00.0"},
		{"0:1:0.0", kind::pci_address, "0000:01:00.0"},
		{"00AF:C1:1F.7", kind::pci_address, "00af:c1:1f.7"},
		{"10000:e1:00.0", kind::pci_address, "10000:e1:00.0"},
		{"ffffffff:ff:1f.7", kind::pci_address, "ffffffff:ff:1f.7"},
		{"net_tap0", kind::device_name, "net_tap0"},
		{"x", kind::device_name, "x"},
		{"_x", kind::device_name, "_x"},
		{"dpni.1", kind::device_name, "dpni.1"},
		{"beef", kind::device_name, "beef"},
		{"0000:01:00.0_representor_vf0", kind::device_name, "0000:01:00.0_representor_vf0"},
		{"7a08391f-f5a0-4ac0-9802-d13fd964f8df", kind::device_name, "7a08391f-f5a0-4ac0-9802-d13fd964f8df"},
	};
	for (const auto &row : rows) {
		const result<member_spec> spec = parse_member(row.text);
		ASSERT_TRUE(spec) << spec.error().text();
		EXPECT_EQ(spec->what, row.what) << row.text;
		EXPECT_STREQ(spec->text, row.canonical);
	}
	EXPECT_EQ(parse_member("007")->port, 7);
	EXPECT_EQ(parse_member(std::to_string(RTE_MAX_ETHPORTS - 1))->port, RTE_MAX_ETHPORTS - 1);
}

TEST(MemberSpec, ANameHasAtMost63Bytes)
{
	const std::string longest(63, 'n');
	ASSERT_TRUE(parse_member(longest));
	EXPECT_EQ(parse_member(longest)->text, longest);
	const result<member_spec> longer = parse_member(longest + "n");
	ASSERT_FALSE(longer);
	EXPECT_EQ(longer.error().text(),
	          "\"" + longest + "n\" is too long for a device name; use at most 63 bytes");
}

TEST(MemberSpec, AnAddressLongerThanItsBufferIsRefused)
{
	for (std::size_t zeros : {60u, 64u, 1000u})
		EXPECT_FALSE(parse_member("01:00." + std::string(zeros, '0'))) << zeros;
	// Zeros in front change nothing as long as they fit.
	EXPECT_STREQ(parse_member(std::string(56, '0') + "1:00.0")->text, "0000:01:00.0");
}

TEST(MemberSpec, ATextNeedNotEndWithANul)
{
	const std::string_view args = "01:00.0,net_tap10";
	EXPECT_STREQ(parse_member(args.substr(0, 7))->text, "0000:01:00.0");
	EXPECT_STREQ(parse_member(args.substr(8, 8))->text, "net_tap1");
	EXPECT_FALSE(parse_member(std::string_view("net\0tap", 7)));
}

// Mistake 14 of the peers: `net_tap1` attached `net_tap10`.
TEST(MemberSpec, ANameMatchesWholeOrNotAtAll)
{
	const member_spec spec = *parse_member("net_tap1");
	EXPECT_TRUE(matches(spec, {"net_tap1", "net_tap1", 0}));
	EXPECT_TRUE(matches(spec, {"net_tap1", "", 0}));
	EXPECT_TRUE(matches(spec, {"port-of-it", "net_tap1", 0}));
	for (const char *other : {"net_tap10", "net_tap", "net_tap11", "Net_tap1", "xnet_tap1", "net_tap1 ", ""})
		EXPECT_FALSE(matches(spec, {other, other, 1})) << other;
}

TEST(MemberSpec, APciAddressMatchesByValue)
{
	const member_spec spec = *parse_member("1:0.0");
	for (const char *same : {"0000:01:00.0", "01:00.0", "0:1:0.0"})
		EXPECT_TRUE(matches(spec, {"any", same, 0})) << same;
	for (const char *other : {"0000:01:00.1", "0000:10:00.0", "0001:01:00.0", "0000:01:00.00000000000001",
	                          "net_tap0", "", "0000:01:00.0_representor_vf0", "0000:01:00.0 ", "+1:0.0"})
		EXPECT_FALSE(matches(spec, {"any", other, 0})) << other;
	EXPECT_FALSE(matches(spec, {"0000:01:00.0", "net_tap0", 0}));
}

TEST(MemberSpec, APortIdMatchesTheNumberAlone)
{
	const member_spec spec = *parse_member("1");
	EXPECT_TRUE(matches(spec, {"net_tap0", "net_tap0", 1}));
	EXPECT_FALSE(matches(spec, {"1", "1", 10}));
}

TEST(MemberSpec, NoTextIsNoMember)
{
	ASSERT_FALSE(parse_member(""));
	EXPECT_STREQ(parse_member("").error().text(), "\"\" is no member; use a device name, a PCI address or a port id");
}

} // namespace
} // namespace braid
