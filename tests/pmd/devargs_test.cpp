/* SPDX-License-Identifier: BSD-3-Clause */
// From text to settings.
#include "read_devargs.hpp"

#include <rte_config.h>
#include <rte_memory.h>

#include <cstdio>
#include <string>

namespace braid {
namespace {

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
	EXPECT_TRUE(settings.rules.empty());
	EXPECT_FALSE(settings.primary.has_value());
	EXPECT_EQ(settings.xmit_policy, hash_policy::l2);
	EXPECT_EQ(settings.agg_mode, agg_mode::stable);
	EXPECT_EQ(settings.lsc_poll_period_ms, 10u);
	EXPECT_EQ(settings.up_delay_ms, 0u);
	EXPECT_EQ(settings.down_delay_ms, 0u);
	EXPECT_FALSE(settings.mac.has_value());
	EXPECT_EQ(settings.mac_policy, mac_policy::same);
	EXPECT_EQ(settings.announce, 1u);
	EXPECT_EQ(settings.announce_interval_ms, 0u);
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
	EXPECT_TRUE(settings.member_name.empty());
	EXPECT_TRUE(settings.live_rename);
	EXPECT_FALSE(settings.lsc_on_failover);
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
	                                  "weights=speed,pinning=1,auto=mac,mac_policy=follow,announce=6,"
	                                  "announce_interval_ms=7,rr_limit=8,simd=scalar");
	EXPECT_FALSE(settings.rules.empty());
	EXPECT_EQ(settings.mac_policy, mac_policy::follow);
	EXPECT_EQ(settings.announce, 6u);
	EXPECT_EQ(settings.announce_interval_ms, 7u);
	EXPECT_EQ(settings.rr_limit, 8u);
	EXPECT_EQ(settings.simd, simd::scalar);
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
		{"announce", 0, 255, [](const bond_settings &s) { return std::uint64_t{s.announce}; }},
		{"announce_interval_ms", 0, 3600000,
		 [](const bond_settings &s) { return std::uint64_t{s.announce_interval_ms}; }},
		{"rr_limit", 1, 65535, [](const bond_settings &s) { return std::uint64_t{s.rr_limit}; }},
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

} // namespace
} // namespace braid
