/* SPDX-License-Identifier: BSD-3-Clause */
// Whatever a program sets through the C API it can also ask for.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace braid {
namespace {

class ReadBack : public mbuf_accounting {
protected:
	fake_port first_, second_;
};

TEST_F(ReadBack, OptionsOfABond)
{
	test_bond bond("active-backup", {&first_, &second_});
	const std::uint16_t port = bond.port();
	ASSERT_EQ(braid_mode_set(port, BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(braid_policy_set(port, BRAID_POLICY_L34_SYM), 0);
	ASSERT_EQ(braid_delays_set(port, 11, 12), 0);
	ASSERT_EQ(braid_primary_set(port, 2), 0);
	ASSERT_EQ(braid_primary_reselect_set(port, BRAID_PRIMARY_RESELECT_BETTER), 0);
	ASSERT_EQ(braid_min_links_set(port, 2), 0);
	ASSERT_EQ(braid_all_members_active_set(port, 1), 0);
	ASSERT_EQ(braid_live_rename_set(port, 0), 0);
	ASSERT_EQ(braid_lsc_on_failover_set(port, 1), 0);
	ASSERT_EQ(braid_member_name_set(port, "wan%d"), 0);
	ASSERT_EQ(braid_mac_policy_set(port, BRAID_MAC_BY_ACTIVE), 0);
	ASSERT_EQ(braid_announce_set(port, 3, 13), 0);
	ASSERT_EQ(braid_weights_set(port, BRAID_WEIGHTS_SPEED), 0);
	ASSERT_EQ(braid_pinning_set(port, 1), 0);
	const braid_info info = bond.info();
	EXPECT_EQ(info.mode, BRAID_MODE_BALANCE);
	EXPECT_EQ(info.policy, BRAID_POLICY_L34_SYM);
	EXPECT_EQ(info.up_delay_ms, 11u);
	EXPECT_EQ(info.down_delay_ms, 12u);
	EXPECT_EQ(info.primary, 2u);
	EXPECT_EQ(info.primary_reselect, BRAID_PRIMARY_RESELECT_BETTER);
	EXPECT_EQ(info.min_links, 2u);
	EXPECT_EQ(info.all_members_active, 1u);
	EXPECT_EQ(info.live_rename, 0u);
	EXPECT_EQ(info.lsc_on_failover, 1u);
	EXPECT_STREQ(info.member_name, "wan%d");
	EXPECT_EQ(info.mac_policy, BRAID_MAC_BY_ACTIVE);
	EXPECT_EQ(info.announce, 3u);
	EXPECT_EQ(info.announce_interval_ms, 13u);
	EXPECT_EQ(info.weights, BRAID_WEIGHTS_SPEED);
	EXPECT_EQ(info.pinning, 1u);
}

TEST_F(ReadBack, OptionsOfAMember)
{
	test_bond bond("active-backup", {&first_});
	ASSERT_EQ(braid_member_role_set(bond.port(), 1, BRAID_ROLE_STANDBY), 0);
	ASSERT_EQ(braid_member_priority_set(bond.port(), 1, -7), 0);
	ASSERT_EQ(braid_member_sticky_set(bond.port(), 1, 1), 0);
	ASSERT_EQ(braid_member_enabled_set(bond.port(), 1, 0), 0);
	ASSERT_EQ(braid_member_weight_set(bond.port(), 1, 9), 0);
	const braid_member_info info = bond.info_of(first_.name());
	EXPECT_EQ(info.role, BRAID_ROLE_STANDBY);
	EXPECT_EQ(info.priority, -7);
	EXPECT_EQ(info.sticky, 1u);
	EXPECT_EQ(info.enabled, 0u);
	EXPECT_EQ(info.weight, 9u);
	EXPECT_EQ(bond.info().standby, 1u);
}

TEST_F(ReadBack, ThePrimaryThatHasNotJoinedYet)
{
	test_bond bond("mode=active-backup,primary=" + first_.name());
	EXPECT_STREQ(bond.info().primary_awaited, first_.name().c_str());
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_STREQ(bond.info().primary_awaited, "");
	EXPECT_EQ(bond.info().primary, bond.id_of(first_.name()));
}

// ---- rules by which ports join

std::vector<std::string> rules_of(const test_bond &bond)
{
	std::array<braid_auto_rule, BRAID_MAX_RULES> rules{};
	rules[0].size = sizeof rules[0];
	const int n = braid_auto_get(bond.port(), rules.data(), rules.size());
	EXPECT_GE(n, 0) << braid_error_text();
	std::vector<std::string> texts;
	for (int i = 0; i < n; i++) {
		EXPECT_EQ(rules.at(static_cast<std::size_t>(i)).size, sizeof rules[0]);
		texts.emplace_back(rules[static_cast<std::size_t>(i)].rule);
	}
	return texts;
}

TEST_F(ReadBack, RulesInTheirOrder)
{
	test_bond bond("mode=balance,auto=pci:0000:01:*");
	EXPECT_EQ(rules_of(bond), std::vector<std::string>{"pci:0000:01:*"});
	const std::string longest = "name:" + std::string(63, 'x');
	ASSERT_EQ(braid_auto_add(bond.port(), longest.c_str()), 0);
	ASSERT_EQ(braid_auto_add(bond.port(), "mac"), 0);
	EXPECT_EQ(rules_of(bond), (std::vector<std::string>{"pci:0000:01:*", longest, "mac"}));
	ASSERT_EQ(braid_auto_remove(bond.port(), longest.c_str()), 0);
	EXPECT_EQ(rules_of(bond), (std::vector<std::string>{"pci:0000:01:*", "mac"}));
	ASSERT_EQ(braid_auto_add(bond.port(), longest.c_str()), 0);
	EXPECT_EQ(rules_of(bond), (std::vector<std::string>{"pci:0000:01:*", "mac", longest}));
	ASSERT_EQ(braid_auto_clear(bond.port()), 0);
	EXPECT_EQ(rules_of(bond), std::vector<std::string>{});
}

TEST_F(ReadBack, AsManyRulesAsThereIsRoomFor)
{
	test_bond bond("mode=balance,auto=mac,auto=name:one,auto=name:two");
	EXPECT_EQ(braid_auto_get(bond.port(), nullptr, 0), 3);
	EXPECT_EQ(braid_auto_get(bond.port(), nullptr, 7), 3);
	braid_auto_rule rules[2] = {{sizeof(braid_auto_rule), "before"}, {4711, "before"}};
	EXPECT_EQ(braid_auto_get(bond.port(), rules, 1), 3);
	EXPECT_STREQ(rules[0].rule, "mac");
	EXPECT_STREQ(rules[1].rule, "before");
	EXPECT_EQ(rules[1].size, 4711u);
	for (const std::size_t too_small : {std::size_t{0}, std::size_t{8}, std::size_t{16}, sizeof(braid_auto_rule) - 1}) {
		rules[0].size = too_small;
		EXPECT_EQ(braid_auto_get(bond.port(), rules, 2), -EINVAL);
		EXPECT_EQ(braid_error_text(),
		          "the size of the first rule is " + std::to_string(too_small) + ", too small; set it to sizeof its struct");
		EXPECT_STREQ(rules[0].rule, "mac");
	}
}

TEST_F(ReadBack, RulesIntoElementsOfALaterRelease)
{
	struct later {
		braid_auto_rule now;
		unsigned char more[24];
	};
	test_bond bond("mode=balance,auto=mac,auto=name:one");
	later rules[3];
	std::memset(rules, 0xa5, sizeof rules);
	rules[0].now.size = sizeof(later);
	ASSERT_EQ(braid_auto_get(bond.port(), &rules[0].now, 3), 2);
	EXPECT_STREQ(rules[0].now.rule, "mac");
	EXPECT_STREQ(rules[1].now.rule, "name:one");
	EXPECT_EQ(rules[1].now.size, sizeof(later));
	EXPECT_EQ(rules[1].more[0], 0xa5) << "what this release does not know";
}

// ---- addresses that are announced

TEST_F(ReadBack, AddressesThatTheBondHasSentFrom)
{
	test_bond bond(exactly{"lsc_poll_period_ms=1,mode=active-backup,member=" + first_.name()});
	ASSERT_EQ(bond.bring_up(), 0);
	packet_spec v4, v6;
	rte_eth_macaddr_get(bond.port(), &v4.src_mac);
	v4.src_ip = 0x0a000007;
	v4.vlans = {7, 4094};
	v6.src_mac = local_mac(9);
	v6.network = packet_spec::l3::ipv6;
	v6.src_ip = 0x08;
	ASSERT_TRUE(eventually([&] {
		EXPECT_EQ(bond.send({make_packet(v4), make_packet(v6)}), 2);
		return braid_addresses_get(bond.port(), nullptr, 0) == 2;
	}));
	braid_address known[3] = {{.size = sizeof(braid_address)}};
	ASSERT_EQ(braid_addresses_get(bond.port(), known, 3), 2);
	const braid_address &one = known[0].ip_version == 4 ? known[0] : known[1];
	const braid_address &other = known[0].ip_version == 4 ? known[1] : known[0];
	EXPECT_EQ(one.ip_version, 4u);
	EXPECT_EQ(std::vector(one.ip, one.ip + 4), (std::vector<std::uint8_t>{10, 0, 0, 7}));
	EXPECT_EQ(std::memcmp(one.mac, v4.src_mac.addr_bytes, sizeof one.mac), 0) << "the bond's";
	EXPECT_EQ(one.vlan_count, 2u);
	EXPECT_EQ(one.vlan_id[0], 7u);
	EXPECT_EQ(one.vlan_id[1], 4094u);
	EXPECT_EQ(one.is_claimed, 0u) << "nobody has asked for it";
	EXPECT_LT(one.age_ms, 300'000u);
	EXPECT_EQ(other.ip_version, 6u);
	EXPECT_EQ(other.ip[0], 0xfdu);
	EXPECT_EQ(other.ip[15], 8u);
	EXPECT_EQ(std::memcmp(other.mac, v6.src_mac.addr_bytes, sizeof other.mac), 0);
	EXPECT_EQ(other.vlan_count, 0u);

	braid_address first{.size = sizeof(braid_address)};
	EXPECT_EQ(braid_addresses_get(bond.port(), &first, 1), 2);
	first.size = 0;
	EXPECT_EQ(braid_addresses_get(bond.port(), &first, 1), -EINVAL);
	EXPECT_STREQ(braid_error_text(), "the size of the first address is 0, too small; set it to sizeof its struct");
}

} // namespace
} // namespace braid
