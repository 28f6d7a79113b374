/* SPDX-License-Identifier: BSD-3-Clause */
// From text to settings; needs no EAL and no port.
#include "devargs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rte_config.h>
#include <rte_memory.h>

namespace braid {
namespace {

using kind = member_spec::kind;

constexpr const char *self = "net_braid0";

bond_settings accepted(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	if (!parsed) {
		ADD_FAILURE() << args << " was refused: " << parsed.error().text();
		return {};
	}
	return *parsed;
}

std::string refusal(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	return parsed ? "was accepted" : parsed.error().text();
}

int refusal_code(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	return parsed ? 0 : parsed.error().code();
}

std::string mac_of(const bond_settings &settings)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];
	if (!settings.mac)
		return "none";
	std::snprintf(text, sizeof text, RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(&*settings.mac));
	return text;
}

void expect_defaults(const bond_settings &settings)
{
	EXPECT_EQ(settings.mode, mode::round_robin);
	EXPECT_EQ(settings.members.size(), 0u);
	EXPECT_TRUE(settings.members.empty());
	EXPECT_FALSE(settings.primary.has_value());
	EXPECT_EQ(settings.xmit_policy, hash_policy::l2);
	EXPECT_EQ(settings.agg_mode, agg_mode::stable);
	EXPECT_EQ(settings.lsc_poll_period_ms, 10u);
	EXPECT_EQ(settings.up_delay_ms, 0u);
	EXPECT_EQ(settings.down_delay_ms, 0u);
	EXPECT_FALSE(settings.mac.has_value());
	EXPECT_FALSE(settings.socket_id.has_value());
	EXPECT_EQ(settings.primary_reselect, primary_reselect::always);
	EXPECT_EQ(settings.min_links, 0u);
	EXPECT_FALSE(settings.all_members_active);
	EXPECT_EQ(settings.weights, weigh_by::option);
	EXPECT_FALSE(settings.pinning);
	EXPECT_EQ(settings.tx_empty, tx_empty::keep);
	EXPECT_EQ(settings.rx_port, rx_port::bond);
	EXPECT_EQ(settings.rr_limit, 1u);
	EXPECT_EQ(settings.simd, simd::automatic);
	EXPECT_EQ(settings.drain_ms, 100u);
	EXPECT_FALSE(settings.seed.has_value());
}

TEST(Devargs, NoArgsAreTheDefaults)
{
	for (const char *args : {static_cast<const char *>(nullptr), "", ",", ",,,"}) {
		const result<bond_settings> parsed = parse_devargs(args, self);
		ASSERT_TRUE(parsed) << parsed.error().text();
		expect_defaults(*parsed);
	}
}

TEST(Devargs, ABondWithoutANameIsNobodysMember)
{
	const result<bond_settings> parsed = parse_devargs("member=net_null0", nullptr);
	ASSERT_TRUE(parsed) << parsed.error().text();
	EXPECT_EQ(parsed->members.size(), 1u);
}

TEST(Devargs, EachKeySetsItsFieldAndNoOther)
{
	bond_settings settings = accepted("mode=balance,member=net_tap0,slave=0000:01:00.0,primary=3,xmit_policy=l34,"
	                                  "agg_mode=bandwidth,lsc_poll_period_ms=1,up_delay=2,down_delay=3,"
	                                  "mac=02:00:00:00:00:0A,socket_id=0,tx_empty=drop,rx_port=member,"
	                                  "drain_ms=4,seed=5,primary_reselect=failure,min_links=2,"
	                                  "all_members_active=1,live_rename=0,member_name=wan%d,lsc_on_failover=1,"
	                                  "weights=speed,pinning=1");
	EXPECT_TRUE(settings.pinning);
	EXPECT_EQ(settings.weights, weigh_by::speed);
	EXPECT_FALSE(settings.live_rename);
	EXPECT_STREQ(settings.member_name.c_str(), "wan%d");
	EXPECT_TRUE(settings.lsc_on_failover);
	EXPECT_EQ(settings.primary_reselect, primary_reselect::failure);
	EXPECT_EQ(settings.min_links, 2u);
	EXPECT_TRUE(settings.all_members_active);
	EXPECT_EQ(settings.mode, mode::balance);
	ASSERT_EQ(settings.members.size(), 2u);
	EXPECT_EQ(settings.members[0].spec.what, kind::device_name);
	EXPECT_STREQ(settings.members[0].spec.text, "net_tap0");
	EXPECT_EQ(settings.members[1].spec.what, kind::pci_address);
	EXPECT_STREQ(settings.members[1].spec.text, "0000:01:00.0");
	ASSERT_TRUE(settings.primary.has_value());
	EXPECT_EQ(settings.primary->what, kind::port_id);
	EXPECT_EQ(settings.primary->port, 3);
	EXPECT_EQ(settings.xmit_policy, hash_policy::l34);
	EXPECT_EQ(settings.agg_mode, agg_mode::bandwidth);
	EXPECT_EQ(settings.lsc_poll_period_ms, 1u);
	EXPECT_EQ(settings.up_delay_ms, 2u);
	EXPECT_EQ(settings.down_delay_ms, 3u);
	EXPECT_EQ(mac_of(settings), "02:00:00:00:00:0A");
	EXPECT_EQ(settings.socket_id, 0);
	EXPECT_EQ(settings.tx_empty, tx_empty::drop);
	EXPECT_EQ(settings.rx_port, rx_port::member);
	EXPECT_EQ(settings.drain_ms, 4u);
	EXPECT_EQ(settings.seed, 5u);

	// One key alone leaves the rest as it was.
	settings = accepted("up_delay=7");
	EXPECT_EQ(settings.up_delay_ms, 7u);
	settings.up_delay_ms = 0;
	expect_defaults(settings);
}

TEST(Devargs, EmptyPairsAreSkipped)
{
	const bond_settings settings = accepted(",mode=1,,member=net_null0,");
	EXPECT_EQ(settings.mode, mode::active_backup);
	EXPECT_EQ(settings.members.size(), 1u);
}

TEST(Devargs, EmptyOptionsOfAMemberAreSkippedLikeEmptyPairs)
{
	for (const char *args : {"member=net_null0;priority=7", "member=net_null0;;priority=7", "member=net_null0;priority=7;",
	                         "member=net_null0;;;priority=7;;"}) {
		const bond_settings settings = accepted(args);
		ASSERT_EQ(settings.members.size(), 1u) << args;
		EXPECT_STREQ(settings.members[0].spec.text, "net_null0") << args;
		EXPECT_EQ(settings.members[0].options.priority, 7) << args;
	}
	EXPECT_EQ(accepted("member=net_null0;").members.size(), 1u);
	EXPECT_EQ(refusal("member=;priority=7"), "member: \"\" is no member; use a device name, a PCI address or a port id")
		<< "a device is no option";
}

TEST(Devargs, ModesHaveNumbersAndSpellings)
{
	const struct {
		const char *text;
		mode expected;
	} rows[] = {
		{"0", mode::round_robin},
		{"round-robin", mode::round_robin},
		{"balance-rr", mode::round_robin},
		{"roundrobin", mode::round_robin},
		{"1", mode::active_backup},
		{"active-backup", mode::active_backup},
		{"failover", mode::active_backup},
		{"2", mode::balance},
		{"balance", mode::balance},
		{"balance-xor", mode::balance},
		{"loadbalance", mode::balance},
		{"3", mode::broadcast},
		{"broadcast", mode::broadcast},
	};
	for (const auto &row : rows)
		EXPECT_EQ(accepted(std::string("mode=") + row.text).mode, row.expected) << row.text;
}

TEST(Devargs, PoliciesHaveSpellings)
{
	const struct {
		const char *text;
		hash_policy expected;
	} rows[] = {
		{"l2", hash_policy::l2},
		{"layer2", hash_policy::l2},
		{"l23", hash_policy::l23},
		{"layer2+3", hash_policy::l23},
		{"l34", hash_policy::l34},
		{"layer3+4", hash_policy::l34},
		{"flow", hash_policy::flow},
		{"encap2+3", hash_policy::encap23},
		{"encap34", hash_policy::encap34},
		{"vlan+srcmac", hash_policy::vlan_srcmac},
		{"layer3+4+sym", hash_policy::l34_sym},
	};
	for (const auto &row : rows)
		EXPECT_EQ(accepted(std::string("xmit_policy=") + row.text).xmit_policy, row.expected) << row.text;
}

TEST(Devargs, AWordOfASettingIsReadAsItIsPrinted)
{
	for (agg_mode m : {agg_mode::bandwidth, agg_mode::count, agg_mode::stable})
		EXPECT_EQ(accepted(std::string("agg_mode=") + to_string(m)).agg_mode, m);
	for (tx_empty t : {tx_empty::keep, tx_empty::drop})
		EXPECT_EQ(accepted(std::string("tx_empty=") + to_string(t)).tx_empty, t);
	for (rx_port r : {rx_port::bond, rx_port::member})
		EXPECT_EQ(accepted(std::string("rx_port=") + to_string(r)).rx_port, r);
	for (simd w : {simd::automatic, simd::scalar, simd::avx2, simd::avx512})
		EXPECT_EQ(accepted(std::string("simd=") + to_string(w)).simd, w);
	for (unsigned limit : {1u, 2u, 32u, 65535u})
		EXPECT_EQ(accepted("rr_limit=" + std::to_string(limit)).rr_limit, limit);
}

// EAL passes the driver's part of a device string with this key in front.
TEST(Devargs, TheDriverKeyOfTheLongDeviceStringIsUnderstood)
{
	EXPECT_EQ(accepted("driver=net_braid,mode=3").mode, mode::broadcast);
}

TEST(Devargs, NumbersReachTheirBoundsAndNoFurther)
{
	const struct {
		const char *key;
		std::uint64_t min, max;
		std::uint64_t (*read)(const bond_settings &);
	} rows[] = {
		{"lsc_poll_period_ms", 1, 3600000,
		 [](const bond_settings &s) { return std::uint64_t{s.lsc_poll_period_ms}; }},
		{"up_delay", 0, 3600000, [](const bond_settings &s) { return std::uint64_t{s.up_delay_ms}; }},
		{"down_delay", 0, 3600000, [](const bond_settings &s) { return std::uint64_t{s.down_delay_ms}; }},
		{"min_links", 0, 64, [](const bond_settings &s) { return std::uint64_t{s.min_links}; }},
		{"drain_ms", 0, 60000, [](const bond_settings &s) { return std::uint64_t{s.drain_ms}; }},
		{"socket_id", 0, RTE_MAX_NUMA_NODES - 1,
		 [](const bond_settings &s) { return static_cast<std::uint64_t>(s.socket_id.value_or(-2)); }},
		{"seed", 0, UINT64_MAX, [](const bond_settings &s) { return s.seed.value_or(77); }},
	};
	for (const auto &row : rows) {
		const std::string key = std::string(row.key) + "=";
		EXPECT_EQ(row.read(accepted(key + std::to_string(row.min))), row.min) << row.key;
		EXPECT_EQ(row.read(accepted(key + std::to_string(row.max))), row.max) << row.key;
		EXPECT_EQ(row.read(accepted(key + "0000" + std::to_string(row.max))), row.max) << row.key;
		if (row.min > 0) {
			EXPECT_EQ(refusal_code(key + std::to_string(row.min - 1)), EINVAL) << row.key;
		}
		if (row.max < UINT64_MAX) {
			EXPECT_EQ(refusal_code(key + std::to_string(row.max + 1)), EINVAL) << row.key;
		}
		// Whatever strtoul would have let through, and 2^64 or 2^32 with something on top.
		for (const char *bad : {"+1", " 1", "1 ", "\t1", "1s", "1.0", "1e1", "0x1", "-0", "-2", "--1", "one",
		                        "18446744073709551616", "18446744073709551617", "99999999999999999999999999"})
			EXPECT_TRUE(refusal(key + bad).starts_with(std::string(row.key) + ": \"")) << key << bad;
		if (row.max < UINT64_MAX) {
			EXPECT_EQ(refusal_code(key + "4294967297"), EINVAL) << row.key;
		}
	}
}

TEST(Devargs, AnySocketIsAChoiceOfItsOwn) { EXPECT_EQ(accepted("socket_id=-1").socket_id, SOCKET_ID_ANY); }

TEST(Devargs, AMacHasTwoForms)
{
	EXPECT_EQ(mac_of(accepted("mac=02:ab:CD:ef:00:99")), "02:AB:CD:EF:00:99");
	EXPECT_EQ(mac_of(accepted("mac=02ab:CDef:0099")), "02:AB:CD:EF:00:99");
}

TEST(Devargs, MembersKeepTheOrderInWhichTheyWereGiven)
{
	const bond_settings settings = accepted("member=net_tap1,slave=net_tap0,member=2,slave=01:00.0");
	ASSERT_EQ(settings.members.size(), 4u);
	EXPECT_STREQ(settings.members[0].spec.text, "net_tap1");
	EXPECT_STREQ(settings.members[1].spec.text, "net_tap0");
	EXPECT_STREQ(settings.members[2].spec.text, "2");
	EXPECT_STREQ(settings.members[3].spec.text, "0000:01:00.0");
}

TEST(Devargs, AMemberHasOptionsOfItsOwn)
{
	const bond_settings settings =
		accepted("member=net_tap0;role=primary;name=uplink;priority=-5;sticky=1;weight=1000;enabled=0,"
	                 "slave=01:00.0;role=standby;;name=down%d;,member=2");
	ASSERT_EQ(settings.members.size(), 3u);
	const auto &[first, one] = settings.members[0];
	EXPECT_STREQ(first.text, "net_tap0");
	EXPECT_EQ(one.name.view(), "uplink");
	EXPECT_EQ(one.role, member_role::primary);
	EXPECT_EQ(one.priority, -5);
	EXPECT_TRUE(one.sticky);
	EXPECT_EQ(one.weight, 1000u);
	EXPECT_FALSE(one.enabled);
	const auto &[second, other] = settings.members[1];
	EXPECT_STREQ(second.text, "0000:01:00.0");
	EXPECT_EQ(other.name.view(), "down%d");
	EXPECT_EQ(other.role, member_role::standby);
	const member_options &none = settings.members[2].options;
	EXPECT_TRUE(none.name.empty());
	EXPECT_EQ(none.role, member_role::none);
	EXPECT_EQ(none.priority, 0);
	EXPECT_FALSE(none.sticky);
	EXPECT_EQ(none.weight, 1u);
	EXPECT_TRUE(none.enabled);
}

TEST(Devargs, APriorityIsAnyInt32)
{
	for (const std::int32_t priority : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
		const bond_settings settings = accepted("member=0;priority=" + std::to_string(priority));
		EXPECT_EQ(settings.members[0].options.priority, priority);
	}
}

TEST(Devargs, SixtyFourMembersAreTheMost)
{
	std::string args;
	for (unsigned i = 0; i < max_members; i++)
		args += "member=net_null" + std::to_string(i) + ",";
	EXPECT_EQ(accepted(args).members.size(), max_members);
	EXPECT_EQ(refusal(args + "member=net_tap0"),
	          "member: \"net_tap0\" is one too many; a bond has at most 64 members");
	EXPECT_EQ(refusal_code(args + "member=net_tap0"), ENOSPC);
}

TEST(Devargs, ThePrimaryNeedNotBeAmongTheMembers)
{
	bond_settings settings = accepted("primary=net_tap7,member=net_tap0");
	EXPECT_STREQ(settings.primary->text, "net_tap7");
	EXPECT_EQ(settings.members.size(), 1u);

	settings = accepted("member=net_tap0,primary=net_tap0");
	EXPECT_EQ(*settings.primary, settings.members[0].spec);
}

TEST(Devargs, OnlyTheBondsWholeNameIsTheBond)
{
	const bond_settings settings =
		accepted("member=net_braid,member=net_braid01,member=net_braid1,member=Net_braid0");
	EXPECT_EQ(settings.members.size(), 4u);
}

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

TEST(Devargs, EachRefusalNamesTheKeyTheValueAndTheReason)
{
	const auto no_key = [](const char *given, const char *nearest) {
		return std::string("\"") + given + "\" is no key; the nearest one is " + nearest +
		       ", docs/devargs.md lists them all";
	};
	const auto use = [](const char *given, const char *key) {
		return std::string("\"") + given + "\" is no key; use " + key + ", docs/devargs.md lists them all";
	};
	const auto of_a_member = [](const std::string &option) {
		return "\"" + option + "\" is an option of a member; write member=<device>;" + option + "=<value>";
	};
	static const char *const member_keys = "name, role, priority, sticky, weight or enabled";
	static const char *const name_rule =
		" is no device name; start with a letter, a digit or _, without space, comma, ; and =";
	static const char *const modes = "; use round-robin, active-backup, balance or broadcast";
	static const char *const hour = " is not a whole number of milliseconds from 0 to 3600000";
	static const char *const no_pci = " is no PCI address; write it like 0000:01:00.0";
	static const char *const no_mac = " is no MAC address; write it like 02:00:00:00:00:01";
	const std::string no_policy = std::string(" is no transmit policy; use ") + hash_policy_words;
	const std::string last_port = std::to_string(RTE_MAX_ETHPORTS - 1);
	const std::string last_socket = std::to_string(RTE_MAX_NUMA_NODES - 1);
	const std::string no_port = " is no port id; use 0 to " + last_port + ", in decimal";

	const struct {
		std::string args;
		int code;
		std::string sentence;
	} rows[] = {
		{"speed=10", EINVAL, no_key("speed", "seed")},
		{"Mode=1", EINVAL, no_key("Mode", "mode")},
		{" mode=1", EINVAL, no_key(" mode", "mode")},
		{"mode =1", EINVAL, no_key("mode ", "mode")},
		{"primary_select=better", EINVAL, no_key("primary_select", "primary_reselect")},
		{"minlinks=2", EINVAL, no_key("minlinks", "min_links")},
		{"iface=x", EINVAL, "\"iface\" is no key; docs/devargs.md lists them all"},
		{"policy=l34", EINVAL, use("policy", "xmit_policy")}, // as /braid/show has it
		{"up_delay_ms=5", EINVAL, use("up_delay_ms", "up_delay")},
		{"down_delay_ms=5", EINVAL, use("down_delay_ms", "down_delay")},
		{"miimon=100", EINVAL, use("miimon", "lsc_poll_period_ms")}, // as Linux has it
		{"updelay=5", EINVAL, no_key("updelay", "up_delay")},
		{"downdelay=5", EINVAL, no_key("downdelay", "down_delay")},
		{"xmit_hash_policy=layer2", EINVAL, use("xmit_hash_policy", "xmit_policy")},
		{"num_peer_notif=2", EINVAL, use("num_peer_notif", "announce")},
		{"packets_per_slave=8", EINVAL, use("packets_per_slave", "rr_limit")},
		{"active_slave=net_tap0", EINVAL, use("active_slave", "primary")},
		{"ad_select=stable", EINVAL, use("ad_select", "agg_mode")},
		{"role=primary", EINVAL, of_a_member("role")},
		{"role", EINVAL, of_a_member("role")},
		{"weight=3", EINVAL, of_a_member("weight")},
		{"mode=1,priority=7", EINVAL, of_a_member("priority")},
		{"sticky=1", EINVAL, of_a_member("sticky")},
		{"enabled=0", EINVAL, of_a_member("enabled")},
		{"name=\n", EINVAL, of_a_member("name")},
		{"member=[net_tap0,net_tap1]", EINVAL, "member: \"[net_tap0\"" + std::string(name_rule)},
		{"=1", EINVAL, "\"=1\" has no key; write key=value"},
		{"=", EINVAL, "\"=\" has no key; write key=value"},
		{"driver=net_bonding", EINVAL, "driver: \"net_bonding\" is another driver; use net_braid"},

		{"mode=fast", EINVAL, std::string("mode: \"fast\" is no mode") + modes},
		{"mode=7", EINVAL, std::string("mode: \"7\" is no mode") + modes},
		{"mode=-1", EINVAL, std::string("mode: \"-1\" is no mode") + modes},
		{"mode=256", EINVAL, std::string("mode: \"256\" is no mode") + modes},
		{"mode=1 ", EINVAL, std::string("mode: \"1 \" is no mode") + modes},
		{"mode=Balance", EINVAL, std::string("mode: \"Balance\" is no mode") + modes},
		{"mode=1=2", EINVAL, std::string("mode: \"1=2\" is no mode") + modes},
		{"mode=lacp", ENOTSUP, std::string("mode: \"lacp\" is not supported yet") + modes},
		{"mode=802.3ad", ENOTSUP, std::string("mode: \"802.3ad\" means lacp, which is not supported yet") + modes},
		{"mode=4", ENOTSUP, std::string("mode: \"4\" means lacp, which is not supported yet") + modes},
		{"mode=5", ENOTSUP, std::string("mode: \"5\" means tlb, which is not supported yet") + modes},
		{"mode=tlb", ENOTSUP, std::string("mode: \"tlb\" is not supported yet") + modes},
		{"mode=6", ENOTSUP, std::string("mode: \"6\" means alb, which is not supported yet") + modes},
		{"mode=alb", ENOTSUP, std::string("mode: \"alb\" is not supported yet") + modes},
		{"mode=1,mode=2", EINVAL, "mode: \"2\" comes second; give this key once"},
		{"mode=1,mode=1", EINVAL, "mode: \"1\" comes second; give this key once"},

		{"member=net_tap0,member=net_tap0", EEXIST,
		 "member: \"net_tap0\" was given before; a port can be a member once"},
		{"member=net_tap0,slave=net_tap0", EEXIST,
		 "slave: \"net_tap0\" was given before; a port can be a member once"},
		{"member=0000:01:00.0,slave=01:00.0", EEXIST,
		 "slave: \"01:00.0\" was given before; a port can be a member once"},
		{"slave=00:1f.6,member=0000:00:1F.6", EEXIST,
		 "member: \"0000:00:1F.6\" was given before; a port can be a member once"},
		{"member=1,member=01", EEXIST, "member: \"01\" was given before; a port can be a member once"},
		{"member=net_braid0", EINVAL, "member: \"net_braid0\" is this bond, which cannot be its own member"},
		{"slave=net_braid0", EINVAL, "slave: \"net_braid0\" is this bond, which cannot be its own member"},
		{"primary=net_braid0", EINVAL, "primary: \"net_braid0\" is this bond, which cannot be its own member"},
		{"primary=0,primary=1", EINVAL, "primary: \"1\" comes second; give this key once"},
		{"member=" + std::to_string(RTE_MAX_ETHPORTS), EINVAL,
		 "member: \"" + std::to_string(RTE_MAX_ETHPORTS) + "\"" + no_port},
		{"member=65536", EINVAL, "member: \"65536\"" + no_port},
		{"primary=18446744073709551616", EINVAL, "primary: \"18446744073709551616\"" + no_port},
		{"member=0x1", EINVAL, "member: \"0x1\"" + no_port},
		{"member=0X1", EINVAL, "member: \"0X1\"" + no_port},
		{"member=01:00.8", EINVAL, std::string("member: \"01:00.8\"") + no_pci},
		{"member=01:20.0", EINVAL, std::string("member: \"01:20.0\"") + no_pci},
		{"member=101:00.0", EINVAL, std::string("member: \"101:00.0\"") + no_pci},
		{"member=0000:01:00", EINVAL, std::string("member: \"0000:01:00\"") + no_pci},
		{"member=0000:01:00.", EINVAL, std::string("member: \"0000:01:00.\"") + no_pci},
		{"member=:", EINVAL, std::string("member: \":\"") + no_pci},
		{"member=100000000:01:00.0", EINVAL, std::string("member: \"100000000:01:00.0\"") + no_pci},
		{"member=0:0:0:0.0", EINVAL, std::string("member: \"0:0:0:0.0\"") + no_pci},
		{"primary=01:00.8", EINVAL, std::string("primary: \"01:00.8\"") + no_pci},
		{"member=-1", EINVAL, std::string("member: \"-1\"") + name_rule},
		{"member=+1", EINVAL, std::string("member: \"+1\"") + name_rule},
		{"member= 1", EINVAL, std::string("member: \" 1\"") + name_rule},
		{"member=1 ", EINVAL, std::string("member: \"1 \"") + name_rule},
		{"member=net tap", EINVAL, std::string("member: \"net tap\"") + name_rule},
		{"member=a=b", EINVAL, std::string("member: \"a=b\"") + name_rule},
		{"member=net_tap0\n", EINVAL, std::string("member: \"net_tap0\\x0a\"") + name_rule},
		{"member=t\xc3\xa4p", EINVAL, std::string("member: \"t\\xc3\\xa4p\"") + name_rule},
		{"member=" + std::string(64, 'n'), EINVAL,
		 "member: \"" + std::string(64, 'n') + "\" is too long for a device name; use at most 63 bytes"},

		{"member=net_tap0;rank=1", EINVAL,
		 std::string("member: \"rank\" is no option of a member; use ") + member_keys},
		{"member=net_tap0;role", EINVAL, "member: \"role\" has no value; write key=value"},
		{"member=net_tap0;role=boss", EINVAL,
		 "member: role: \"boss\" is no role; use none, primary or standby"},
		{"member=net_tap0;role=", EINVAL, "member: role: \"\" is no role; use none, primary or standby"},
		{"member=net_tap0;role=primary;role=standby", EINVAL,
		 "member: \"role=standby\" comes second; give each option of a member once"},
		{"member=net_tap0;priority=2147483648", EINVAL,
		 "member: priority: \"2147483648\" is not a whole number from -2147483648 to 2147483647"},
		{"member=net_tap0;priority=+1", EINVAL,
		 "member: priority: \"+1\" is not a whole number from -2147483648 to 2147483647"},
		{"member=net_tap0;weight=0", EINVAL, "member: weight: \"0\" is not a whole number from 1 to 1000"},
		{"member=net_tap0;weight=1001", EINVAL, "member: weight: \"1001\" is not a whole number from 1 to 1000"},
		{"weights=equal", EINVAL, "weights: \"equal\" is not one of its values; use option or speed"},
		{"member=net_tap0;sticky=yes", EINVAL, "member: sticky: \"yes\" is neither 0 nor 1"},
		{"member=net_tap0;enabled=2", EINVAL, "member: enabled: \"2\" is neither 0 nor 1"},
		{"slave=net_tap0;name=a/b", EINVAL, "slave: name: name \"a/b\" holds a slash"},
		{"member=;role=primary", EINVAL,
		 "member: \"\" is no member; use a device name, a PCI address or a port id"},
		{"member=net_tap0;role=primary,member=net_tap0", EEXIST,
		 "member: \"net_tap0\" was given before; a port can be a member once"},
		{"member=net_braid0;role=primary", EINVAL,
		 "member: \"net_braid0\" is this bond, which cannot be its own member"},
		{"primary=net_tap0;role=primary", EINVAL, std::string("primary: \"net_tap0;role=primary\"") + name_rule},
		{"primary=wan;lan", EINVAL, std::string("primary: \"wan;lan\"") + name_rule},
		{"primary=-1", EINVAL, std::string("primary: \"-1\"") + name_rule},
		{"primary=wan%d", EINVAL, "primary: \"wan%d\" is a template; use the name of a member"},

		{"primary_reselect=often", EINVAL,
		 "primary_reselect: \"often\" is not one of its values; use always, better or failure"},
		{"min_links=65", EINVAL, "min_links: \"65\" is not a whole number from 0 to 64"},
		{"min_links=-1", EINVAL, "min_links: \"-1\" is not a whole number from 0 to 64"},
		{"all_members_active=on", EINVAL, "all_members_active: \"on\" is neither 0 nor 1"},
		{"failover_rx_all=2", EINVAL, "failover_rx_all: \"2\" is neither 0 nor 1"},

		{"xmit_policy=l4", EINVAL, "xmit_policy: \"l4\"" + no_policy},
		{"xmit_policy=0", EINVAL, "xmit_policy: \"0\"" + no_policy},
		{"agg_mode=stable1", EINVAL,
		 "agg_mode: \"stable1\" is not one of its values; use bandwidth, count or stable"},
		{"tx_empty=free", EINVAL, "tx_empty: \"free\" is not one of its values; use keep or drop"},
		{"rr_limit=0", EINVAL, "rr_limit: \"0\" is not a whole number of packets from 1 to 65535"},
		{"rr_limit=65536", EINVAL, "rr_limit: \"65536\" is not a whole number of packets from 1 to 65535"},
		{"rr_limit=-1", EINVAL, "rr_limit: \"-1\" is not a whole number of packets from 1 to 65535"},
		{"simd=sse", EINVAL, "simd: \"sse\" is not one of its values; use auto, scalar, avx2 or avx512"},
		{"rx_port=1", EINVAL, "rx_port: \"1\" is not one of its values; use bond or member"},

		{"lsc_poll_period_ms=0", EINVAL,
		 "lsc_poll_period_ms: \"0\" is not a whole number of milliseconds from 1 to 3600000"},
		{"up_delay=10ms", EINVAL, std::string("up_delay: \"10ms\"") + hour},
		{"up_delay=-1", EINVAL, std::string("up_delay: \"-1\"") + hour},
		{"down_delay=3600001", EINVAL, std::string("down_delay: \"3600001\"") + hour},
		{"down_delay=4294967296", EINVAL, std::string("down_delay: \"4294967296\"") + hour},
		{"drain_ms=60001", EINVAL, "drain_ms: \"60001\" is not a whole number of milliseconds from 0 to 60000"},
		{"seed=18446744073709551616", EINVAL,
		 "seed: \"18446744073709551616\" is not a whole number from 0 to 18446744073709551615"},
		{"live_rename=on", EINVAL, "live_rename: \"on\" is neither 0 nor 1"},
		{"lsc_on_failover=2", EINVAL, "lsc_on_failover: \"2\" is neither 0 nor 1"},
		{"member_name=wan", EINVAL, "member_name: \"wan\" holds no %d, the number that tells members apart"},
		{"member_name=a/%d", EINVAL, "member_name: name \"a/%d\" holds a slash"},
		{"seed=0xbeef", EINVAL, "seed: \"0xbeef\" is not a whole number from 0 to 18446744073709551615"},
		{"socket_id=-2", EINVAL, "socket_id: \"-2\" is no socket; use 0 to " + last_socket + ", or -1 for any"},
		{"socket_id=255", EINVAL, "socket_id: \"255\" is no socket; use 0 to " + last_socket + ", or -1 for any"},

		{"mac=00:00:00:00:00:00", EINVAL,
		 "mac: \"00:00:00:00:00:00\" is the zero address, which no port can have"},
		{"mac=01:00:5e:00:00:01", EINVAL,
		 "mac: \"01:00:5e:00:00:01\" is a multicast address, which no port can have"},
		{"mac=ffff:ffff:ffff", EINVAL, "mac: \"ffff:ffff:ffff\" is a multicast address, which no port can have"},
		{"mac=02:00:00:00:00", EINVAL, std::string("mac: \"02:00:00:00:00\"") + no_mac},
		{"mac=02:00:00:00:00:001", EINVAL, std::string("mac: \"02:00:00:00:00:001\"") + no_mac},
		{"mac=02:00:00:00:00:0g", EINVAL, std::string("mac: \"02:00:00:00:00:0g\"") + no_mac},
		{"mac=02-00-00-00-00-01", EINVAL, std::string("mac: \"02-00-00-00-00-01\"") + no_mac},
		{"mac=02:0:0:0:0:1", EINVAL, std::string("mac: \"02:0:0:0:0:1\"") + no_mac},
		{"mac=0200:00:00:0001", EINVAL, std::string("mac: \"0200:00:00:0001\"") + no_mac},
		{"mac=:::::::::::::::::", EINVAL, std::string("mac: \":::::::::::::::::\"") + no_mac},
		{"mac=020000000001", EINVAL, std::string("mac: \"020000000001\"") + no_mac},
	};
	for (const auto &row : rows) {
		EXPECT_EQ(refusal(row.args), row.sentence);
		EXPECT_EQ(refusal_code(row.args), row.code) << row.args;
	}
}

// Which of the two should count?
TEST(Devargs, OneKeyUnderTwoNamesIsGivenTwice)
{
	const struct {
		const char *first, *second, *value;
	} rows[] = {
		{"mac_policy", "fail_over_mac", "follow"},   {"fail_over_mac", "mac_policy", "0"},
		{"announce", "num_grat_arp", "2"},           {"num_grat_arp", "num_unsol_na", "2"},
		{"num_unsol_na", "announce", "2"},           {"announce_interval_ms", "peer_notif_delay", "5"},
		{"all_members_active", "all_slaves_active", "1"}, {"failover_rx_all", "all_slaves_active", "1"},
	};
	for (const auto &[first, second, value] : rows) {
		const std::string args = std::string(first) + "=" + value + ",mode=1," + second + "=" + value;
		EXPECT_EQ(refusal(args), std::string(second) + ": \"" + value + "\" comes second: " + first +
		                                 " is the same key; give one of them");
		EXPECT_EQ(refusal_code(args), EINVAL);
	}
	EXPECT_EQ(accepted("member=net_tap0,slave=net_tap1").members.size(), 2u) << "these repeat";
}

TEST(Devargs, NoKeyGoesWithoutAValueAndOnlyMembersRepeat)
{
	const struct {
		std::string key, good;
		bool repeats;
	} rows[] = {
		{"mode", "1", false},
		{"member", "1", true},
		{"slave", "1", true},
		{"auto", "mac", true},
		{"primary", "1", false},
		{"xmit_policy", "l2", false},
		{"agg_mode", "count", false},
		{"lsc_poll_period_ms", "1", false},
		{"up_delay", "1", false},
		{"down_delay", "1", false},
		{"mac", "02:00:00:00:00:01", false},
		{"socket_id", "1", false},
		{"primary_reselect", "better", false},
		{"min_links", "2", false},
		{"all_members_active", "1", false},
		{"all_slaves_active", "1", false},
		{"failover_rx_all", "0", false},
		{"tx_empty", "keep", false},
		{"rx_port", "bond", false},
		{"rr_limit", "1", false},
		{"simd", "auto", false},
		{"drain_ms", "1", false},
		{"seed", "1", false},
		{"live_rename", "1", false},
		{"member_name", "wan%d", false},
		{"lsc_on_failover", "0", false},
		{"driver", "net_braid", false},
	};
	for (const auto &[key, good, repeats] : rows) {
		const std::string pair = key + "=" + good;
		EXPECT_EQ(refusal(pair), "was accepted");
		EXPECT_EQ(refusal(key), key + ": has no value; write " + key + "=value");
		EXPECT_EQ(refusal("," + key + ",,"), key + ": has no value; write " + key + "=value");
		EXPECT_EQ(refusal(key + "="), key + ": \"\" is no value; write " + key + "=value");
		EXPECT_EQ(refusal(key + "=,"), key + ": \"\" is no value; write " + key + "=value");
		if (!repeats) {
			EXPECT_EQ(refusal(pair + "," + pair), key + ": \"" + good + "\" comes second; give this key once");
		}
	}
}

// What rte_kvargs would make of these: it forgets a key, swallows commas, or stops at 32 pairs.
TEST(Devargs, TheTextIsSplitAtEveryCommaAndAtTheFirstEqualsSign)
{
	EXPECT_EQ(refusal("up_delay=mode=2").find("up_delay: \"mode=2\""), 0u);
	EXPECT_EQ(refusal("member=net[0,member=net[0"), "member: \"net[0\" was given before; a port can be a member once");
	std::string args;
	for (unsigned i = 0; i < 33; i++)
		args += "member=net_null" + std::to_string(i) + ",";
	EXPECT_EQ(accepted(args + "mode=2").mode, mode::balance);
}

TEST(Devargs, AForgedLineStaysOneLineAndALongOneIsCut)
{
	EXPECT_EQ(refusal("mode=x\nbraid: all is well").find('\n'), std::string::npos);
	EXPECT_EQ(refusal("mode=\x1b[2J").find('\x1b'), std::string::npos);
	// The reason still stands at the end.
	for (const std::string &key : {std::string(1000, 'k'), std::string(1000, '\n')}) {
		EXPECT_TRUE(refusal(key + "=1").ends_with("docs/devargs.md lists them all")) << refusal(key + "=1");
		EXPECT_TRUE(refusal("mode=" + key).ends_with("balance or broadcast")) << refusal("mode=" + key);
		EXPECT_TRUE(refusal("member=" + key).ends_with("at most 63 bytes")) << refusal("member=" + key);
		EXPECT_TRUE(refusal("seed=" + key).ends_with("18446744073709551615")) << refusal("seed=" + key);
	}
}

TEST(MemberSpec, NoTextIsNoMember)
{
	ASSERT_FALSE(parse_member(""));
	EXPECT_STREQ(parse_member("").error().text(), "\"\" is no member; use a device name, a PCI address or a port id");
}

void expect_one_sentence(const error &why, const std::string &args)
{
	const std::string_view text = why.text();
	EXPECT_GT(why.code(), 0) << args;
	EXPECT_FALSE(text.empty()) << args;
	EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) << text;
}

// What is accepted must hold together, whatever it was.
void expect_sound(const bond_settings &settings, const std::string &args)
{
	EXPECT_TRUE(is_supported(settings.mode)) << args;
	EXPECT_GE(settings.lsc_poll_period_ms, 1u) << args;
	EXPECT_LE(settings.drain_ms, max_drain_ms) << args;
	EXPECT_LE(settings.members.size(), max_members) << args;
	EXPECT_LE(settings.min_links, max_members) << args;
	for (const wanted_member &wanted : settings.members) {
		const member_spec &spec = wanted.spec;
		EXPECT_EQ(std::count_if(settings.members.begin(), settings.members.end(),
		                        [&](const wanted_member &one) { return one.spec == spec; }), 1) << args;
		EXPECT_TRUE(wanted.options.name.empty() || name::parse(wanted.options.name.view())) << args;
		const result<member_spec> again = parse_member(spec.text);
		ASSERT_TRUE(again) << args;
		EXPECT_EQ(*again, spec) << "the canonical spelling is read as something else: " << args;
	}
}

TEST(Devargs, RandomTextIsParsedOrRefusedInOneSentence)
{
	static const char *const pieces[] = {
		"mode", "member", "slave", "auto", "primary", "xmit_policy", "agg_mode", "lsc_poll_period_ms", "up_delay",
		"down_delay", "mac", "socket_id", "tx_empty", "rx_port", "rr_limit", "simd", "drain_ms",
		"seed", "driver",
		"=", "=", "=", ",", ",", ";", ";role=", "primary", ";name=", ";sticky=", ";priority=", ":", ".", " ", "[", "]", "\n", "\xff", "%s%n", "-1", "0x",
		"0", "1", "2", "31", "32", "18446744073709551615", "01:00.0", "0000:01:00.0", "02:00:00:00:00:01", "ffff:ffff:ffff",
		"balance", "lacp", "l34", "stable", "keep", "drop", "bond", "net_tap0", "net_braid0", "net_braid",
		"a_name_that_is_longer_than_any_device_can_have_and_then_some_bytes_more",
	};
	std::mt19937 random(20240611);
	const auto below = [&random](std::size_t bound) { return random() % bound; };
	unsigned parsed_count = 0;

	for (unsigned round = 0; round < 50000; round++) {
		std::string args;
		// Half are made of pieces, for depth; half of any bytes, for breadth.
		const std::size_t length = below(24);
		for (std::size_t i = 0; i < length; i++)
			if (round % 2 == 0)
				args += pieces[below(std::size(pieces))];
			else
				args += static_cast<char>(1 + below(255));

		const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
		if (parsed) {
			parsed_count++;
			expect_sound(*parsed, args);
		} else {
			expect_one_sentence(parsed.error(), args);
		}
		const result<member_spec> spec = parse_member(args);
		if (spec) {
			(void)matches(*spec, {args, args, 0});
			EXPECT_EQ(*parse_member(spec->text), *spec) << args;
		} else {
			expect_one_sentence(spec.error(), args);
		}
	}
	EXPECT_GT(parsed_count, 0u);
}

// One byte of a good line changed, lost or doubled: the mistakes that people make.
TEST(Devargs, ASlipOfOneByteIsParsedOrRefusedInOneSentence)
{
	const std::string good = "mode=balance,member=net_tap0;role=standby;name=up%d;priority=-7,slave=0000:01:00.0,member=3,"
	                         "primary=3,xmit_policy=l34,min_links=1,primary_reselect=better,all_members_active=1,agg_mode=count,lsc_poll_period_ms=10,up_delay=1,down_delay=1,mac=02:00:00:00:00:01,"
	                         "socket_id=-1,tx_empty=drop,rx_port=member,drain_ms=9,seed=1";
	expect_sound(accepted(good), good);
	for (std::size_t at = 0; at < good.size(); at++) {
		std::vector<std::string> slips;
		for (unsigned byte = 1; byte < 256; byte++) {
			slips.push_back(good);
			slips.back()[at] = static_cast<char>(byte);
		}
		slips.push_back(std::string(good).erase(at, 1));
		slips.push_back(std::string(good).insert(at, 1, good[at]));
		slips.push_back(good.substr(0, at));
		for (const std::string &args : slips) {
			const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
			if (parsed)
				expect_sound(*parsed, args);
			else
				expect_one_sentence(parsed.error(), args);
		}
	}
}

} // namespace
} // namespace braid
