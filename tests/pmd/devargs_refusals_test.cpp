/* SPDX-License-Identifier: BSD-3-Clause */
// Devargs that are refused: each with one sentence that names the key, the value and the reason.
#include "read_devargs.hpp"

#include <rte_config.h>

#include <cerrno>
#include <string>

namespace braid {
namespace {

TEST(DevargsRefusals, EachRefusalNamesTheKeyTheValueAndTheReason)
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
TEST(DevargsRefusals, OneKeyUnderTwoNamesIsGivenTwice)
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

TEST(DevargsRefusals, NoKeyGoesWithoutAValueAndOnlyMembersRepeat)
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
		{"mac_policy", "follow", false},
		{"fail_over_mac", "0", false},
		{"announce", "2", false},
		{"num_grat_arp", "2", false},
		{"num_unsol_na", "2", false},
		{"announce_interval_ms", "5", false},
		{"peer_notif_delay", "5", false},
		{"socket_id", "1", false},
		{"primary_reselect", "better", false},
		{"min_links", "2", false},
		{"all_members_active", "1", false},
		{"all_slaves_active", "1", false},
		{"failover_rx_all", "0", false},
		{"pinning", "1", false},
		{"weights", "speed", false},
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
TEST(DevargsRefusals, TheTextIsSplitAtEveryCommaAndAtTheFirstEqualsSign)
{
	EXPECT_EQ(refusal("up_delay=mode=2").find("up_delay: \"mode=2\""), 0u);
	EXPECT_EQ(refusal("member=net[0,member=net[0"), "member: \"net[0\" was given before; a port can be a member once");
	std::string args;
	for (unsigned i = 0; i < 33; i++)
		args += "member=net_null" + std::to_string(i) + ",";
	EXPECT_EQ(accepted(args + "mode=2").mode, mode::balance);
}

TEST(DevargsRefusals, AForgedLineStaysOneLineAndALongOneIsCut)
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

} // namespace
} // namespace braid
