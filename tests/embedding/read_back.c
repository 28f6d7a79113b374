/* SPDX-License-Identifier: BSD-3-Clause */
/* In plain C: sets everything that braid.h can set and asks for it again; and sets what C lets through and braid.h does not know. */
/* Prints what is not as it has to be; 0 if all is. */
#include <braid.h>

#include <rte_eal.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed;

#define EXPECT(condition)                                                                       \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			failed = 1;                                                             \
			printf("line %d: %s; last error: %s\n", __LINE__, #condition, braid_error_text()); \
		}                                                                               \
	} while (0)

static void set_the_bonds_options(uint16_t bond)
{
	struct braid_info info = {.size = sizeof(info)};

	EXPECT(braid_mode_set(bond, BRAID_MODE_BALANCE) == 0);
	EXPECT(braid_policy_set(bond, BRAID_POLICY_FLOW) == 0);
	EXPECT(braid_delays_set(bond, 11, 12) == 0);
	EXPECT(braid_primary_set(bond, 2) == 0);
	EXPECT(braid_primary_reselect_set(bond, BRAID_PRIMARY_RESELECT_FAILURE) == 0);
	EXPECT(braid_min_links_set(bond, 2) == 0);
	EXPECT(braid_all_members_active_set(bond, 1) == 0);
	EXPECT(braid_live_rename_set(bond, 0) == 0);
	EXPECT(braid_lsc_on_failover_set(bond, 1) == 0);
	EXPECT(braid_member_name_set(bond, "wan%d") == 0);
	EXPECT(braid_mac_policy_set(bond, BRAID_MAC_BY_ACTIVE) == 0);
	EXPECT(braid_announce_set(bond, 3, 13) == 0);
	EXPECT(braid_weights_set(bond, BRAID_WEIGHTS_SPEED) == 0);
	EXPECT(braid_pinning_set(bond, 1) == 0);

	EXPECT(braid_info_get(bond, &info) == 0);
	EXPECT(info.mode == BRAID_MODE_BALANCE && info.policy == BRAID_POLICY_FLOW);
	EXPECT(info.up_delay_ms == 11 && info.down_delay_ms == 12);
	EXPECT(info.primary == 2 && info.primary_reselect == BRAID_PRIMARY_RESELECT_FAILURE);
	EXPECT(strcmp(info.primary_awaited, "") == 0);
	EXPECT(info.min_links == 2 && info.all_members_active == 1);
	EXPECT(info.live_rename == 0 && strcmp(info.member_name, "wan%d") == 0);
	EXPECT(info.lsc_on_failover == 1);
	EXPECT(info.mac_policy == BRAID_MAC_BY_ACTIVE && info.announce == 3 && info.announce_interval_ms == 13);
	EXPECT(info.weights == BRAID_WEIGHTS_SPEED && info.pinning == 1);
}

static void set_a_members_options(uint16_t bond)
{
	struct braid_member_info info = {.size = sizeof(info)};

	EXPECT(braid_member_role_set(bond, 1, BRAID_ROLE_STANDBY) == 0);
	EXPECT(braid_member_priority_set(bond, 1, -7) == 0);
	EXPECT(braid_member_sticky_set(bond, 1, 1) == 0);
	EXPECT(braid_member_enabled_set(bond, 1, 0) == 0);
	EXPECT(braid_member_weight_set(bond, 1, 9) == 0);

	EXPECT(braid_member_info_get(bond, 1, &info) == 0);
	EXPECT(info.role == BRAID_ROLE_STANDBY && info.priority == -7 && info.sticky == 1);
	EXPECT(info.enabled == 0 && info.weight == 9);
}

static void add_rules(uint16_t bond)
{
	struct braid_auto_rule rules[BRAID_MAX_RULES] = {{.size = sizeof(rules[0])}};

	EXPECT(braid_auto_add(bond, "name:net_nobody*") == 0);
	EXPECT(braid_auto_add(bond, "mac") == 0);
	EXPECT(braid_auto_get(bond, NULL, 0) == 2);
	EXPECT(braid_auto_get(bond, rules, BRAID_MAX_RULES) == 2);
	EXPECT(strcmp(rules[0].rule, "name:net_nobody*") == 0 && strcmp(rules[1].rule, "mac") == 0);
	EXPECT(braid_auto_remove(bond, "name:net_nobody*") == 0);
	EXPECT(braid_auto_remove(bond, "name:net_nobody*") == -ENOENT);
	EXPECT(braid_auto_get(bond, rules, BRAID_MAX_RULES) == 1 && strcmp(rules[0].rule, "mac") == 0);
	EXPECT(braid_auto_clear(bond) == 0);
	EXPECT(braid_auto_get(bond, rules, BRAID_MAX_RULES) == 0);
	rules[0].size = 0;
	EXPECT(braid_auto_get(bond, rules, BRAID_MAX_RULES) == -EINVAL);
}

static void ask_for_addresses(uint16_t bond)
{
	struct braid_address addresses[BRAID_MAX_ADDRESSES] = {{.size = sizeof(addresses[0])}};

	EXPECT(braid_addresses_get(bond, addresses, BRAID_MAX_ADDRESSES) == 0); /* nothing has been sent */
	addresses[0].size = 0;
	EXPECT(braid_addresses_get(bond, addresses, BRAID_MAX_ADDRESSES) == -EINVAL);
}

/* To C an enum is a number, and any number may be in it. */
static void set_what_there_is_not(uint16_t bond)
{
	static const unsigned int values[] = {12, 255, 256, 65536, INT_MAX, UINT_MAX};
	struct braid_member_options options = {.size = sizeof(options)};

	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		EXPECT(braid_mode_set(bond, (enum braid_mode)values[i]) == -EINVAL);
		EXPECT(braid_policy_set(bond, (enum braid_policy)values[i]) == -EINVAL);
		EXPECT(braid_mac_policy_set(bond, (enum braid_mac_policy)values[i]) == -EINVAL);
		EXPECT(braid_weights_set(bond, (enum braid_weights)values[i]) == -EINVAL);
		EXPECT(braid_primary_reselect_set(bond, (enum braid_primary_reselect)values[i]) == -EINVAL);
		EXPECT(braid_member_role_set(bond, 1, (enum braid_role)values[i]) == -EINVAL);
		options.role = (enum braid_role)values[i];
		EXPECT(braid_member_add(bond, "net_absent", &options, NULL) == -EINVAL);
	}
	EXPECT(braid_members_get(bond, NULL, 0) == 2);
}

int main(int argc, char **argv)
{
	int created;

	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	created = braid_create("net_braid0", "mode=active-backup,member=net_null0,member=net_null1");
	EXPECT(created >= 0);
	if (created >= 0) {
		uint16_t bond = (uint16_t)created;

		set_the_bonds_options(bond);
		set_a_members_options(bond);
		add_rules(bond);
		ask_for_addresses(bond);
		set_what_there_is_not(bond);
		EXPECT(braid_destroy(bond) == 0);
	}
	return rte_eal_cleanup() == 0 && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
