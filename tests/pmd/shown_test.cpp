/* SPDX-License-Identifier: BSD-3-Clause */
// How long what telemetry shows can become: measured, of all that is longest, in the JSON that telemetry makes of it.
#include "shown.hpp"

#include "event.hpp"
#include "facts.hpp"
#include "settings.hpp"
#include "telemetry_client.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace braid {
namespace {

// Of the enumerators 0 to `last` the one that is shown with the most letters.
template <typename Enum> Enum longest_of(unsigned last)
{
	Enum longest{};
	for (unsigned i = 0; i <= last; i++)
		if (std::strlen(to_string(static_cast<Enum>(i))) > std::strlen(to_string(longest)))
			longest = static_cast<Enum>(i);
	return longest;
}

template <typename Number> constexpr Number most = std::numeric_limits<Number>::max();

// Each byte takes five characters in JSON: \\xff.
std::string of_bytes(std::size_t n) { return std::string(n, '\xff'); }
name longest_name() { return *name::parse(of_bytes(max_name_length)); }

// The words of the steps are in docs/failover.md; this is one letter more than the longest.
error longest_error() { return error(most<int>, "%s", of_bytes(error::text_size).c_str()).at("receive queues, or"); }

member_facts longest_member()
{
	member_facts m{};
	m.id = static_cast<member_id>(most<std::uint32_t>);
	m.label = longest_name();
	of_bytes(sizeof m.device - 1).copy(m.device, sizeof m.device - 1);
	m.port = no_port - 1;
	m.state = longest_of<member_state>(static_cast<unsigned>(member_state::gone));
	m.status.link = longest_of<link_state>(static_cast<unsigned>(link_state::going_down));
	m.status.role = longest_of<member_role>(member_role_count - 1);
	m.status.priority = std::numeric_limits<std::int32_t>::min();
	m.status.remaining_ms = most<time_ms>;
	m.status.link_failures = most<std::uint64_t>;
	m.status.speed_mbps = most<std::uint32_t>;
	m.why = longest_of<why_not>(why_not_count - 1);
	m.why_for_ms = most<time_ms>;
	m.weight = most<std::uint32_t>;
	m.buckets = most<unsigned>;
	m.refusal = longest_error();
	return m;
}

event longest_event()
{
	event e{};
	e.number = e.time_ns = e.generation = most<std::uint64_t>;
	e.kind = longest_of<event_kind>(static_cast<unsigned>(event_kind::member_wanted));
	e.id = static_cast<member_id>(most<std::uint32_t>);
	e.after = e.before = longest_name();
	e.reason = of_bytes(255);
	return e;
}

bond_settings longest_settings()
{
	bond_settings made_with;
	made_with.agg_mode = longest_of<agg_mode>(agg_mode_count - 1);
	made_with.socket_id = std::numeric_limits<int>::min();
	made_with.tx_empty = longest_of<tx_empty>(tx_empty_count - 1);
	made_with.rx_port = longest_of<rx_port>(rx_port_count - 1);
	made_with.rr_limit = most<std::uint16_t>;
	made_with.simd = longest_of<simd>(simd_count - 1);
	made_with.drain_ms = most<std::uint32_t>;
	return made_with;
}

bond_facts longest_facts()
{
	bond_facts f{};
	f.mode = longest_of<mode>(mode_count - 1);
	f.policy = longest_of<hash_policy>(hash_policy_count - 1);
	f.primary = f.active = f.standby = longest_member().id;
	f.up_delay_ms = f.down_delay_ms = f.lsc_poll_period_ms = f.announce_interval_ms = most<std::uint32_t>;
	f.mac_policy = longest_of<mac_policy>(mac_policy_count - 1);
	f.announce_times = f.usable = f.min_links = most<unsigned>;
	f.generation = f.publishing.last_ns = f.publishing.longest_ns = f.next_event = f.events_lost = f.seed = most<std::uint64_t>;
	f.retired = most<std::size_t>;
	f.primary_reselect = longest_of<primary_reselect>(2);
	f.member_name = longest_name();
	f.weights = longest_of<weigh_by>(weigh_by_count - 1);
	f.primary_wish.emplace();
	of_bytes(sizeof f.primary_wish->text - 1).copy(f.primary_wish->text, sizeof f.primary_wish->text - 1);
	return f;
}

// With a number in it and backslashes, of each of which JSON makes two.
std::vector<auto_rule> longest_rules()
{
	std::vector<auto_rule> rules;
	for (unsigned i = 0; i < max_auto_rules; i++)
		rules.push_back(*parse_auto_rule("name:" + std::to_string(100 + i) + std::string(60, '\\')));
	return rules;
}

const bond_settings made_with = longest_settings();
const bond_facts facts = longest_facts();
const std::vector<member_facts> members = {longest_member()};
const std::vector<auto_rule> rules = longest_rules();
const std::string bond_name = of_bytes(RTE_ETH_NAME_MAX_LEN - 1);
const shown_bond longest_bond{bond_name, most<std::uint16_t>, made_with, facts, members, rules};

// As /braid/show ends it.
int show_longest_bond(const char *, const char *, rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
	show_bond(d, longest_bond);
	rte_tel_data_add_dict_int(d, "members_left", max_members);
	rte_tel_data_add_dict_int(d, "next_member", most<std::uint32_t>);
	rte_tel_data *const none = rte_tel_data_alloc();
	rte_tel_data_start_dict(none);
	rte_tel_data_add_dict_container(d, "members", none, 0);
	return 0;
}

member_facts member_shown{};
event event_shown{};

int show_both(const char *, const char *, rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
	show_member(d, member_shown);
	show_event(d, event_shown);
	return 0;
}

// The record that begins with this key, and the comma before the next one.
std::string record_in(const std::string &answer, std::string_view key)
{
	const std::size_t begin = answer.find("\"" + std::string(key) + "\":{");
	EXPECT_NE(begin, std::string::npos) << answer;
	return answer.substr(begin, answer.find('}', begin) + 1 - begin) + ",";
}

class Shown : public testing::Test {
protected:
	// Commands cannot be taken back, and tests are repeated.
	static std::string shown()
	{
		static const int both = rte_telemetry_register_cmd("/braid_test/both", show_both, "A member and an event");
		EXPECT_EQ(both, 0);
		return telemetry_client().ask("/braid_test/both");
	}
	static std::string bond_shown()
	{
		static const int bond = rte_telemetry_register_cmd("/braid_test/bond", show_longest_bond, "A bond");
		EXPECT_EQ(bond, 0);
		return telemetry_client().ask("/braid_test/bond");
	}
};

TEST_F(Shown, TheLongestBondIsAsLongAsIsReckoned)
{
	const std::string answer = bond_shown();
	EXPECT_NE(answer.find("\"members\":{}"), std::string::npos) << answer;
	EXPECT_EQ(number_in(answer, "next_event"), most<std::uint64_t>);
	EXPECT_LE(answer.size(), json_size(longest_bond)) << answer;
}

// Texts are reckoned with what they may need to go on: where they are short, nothing of that makes up for what the rest needs.
TEST_F(Shown, AMemberIsNeverLongerThanIsReckoned)
{
	const member_facts longest = longest_member();
	for (std::size_t n = 0; n <= max_name_length; n++) {
		SCOPED_TRACE(n);
		member_shown = longest;
		member_shown.label = n > 0 ? *name::parse(of_bytes(n)) : name();
		member_shown.device[n] = '\0';
		member_shown.refusal = error(most<int>, "%s", of_bytes(4 * n).c_str()).at(longest.refusal->step());
		EXPECT_LE(record_in(shown(), "4294967295").size(), json_size(member_shown));
		member_shown.refusal.reset();
		EXPECT_LE(record_in(shown(), "4294967295").size(), json_size(member_shown));
	}
}

TEST_F(Shown, AnEventIsNeverLongerThanIsReckoned)
{
	for (std::size_t n = 0; n <= max_name_length; n++) {
		SCOPED_TRACE(n);
		event_shown = longest_event();
		event_shown.after = event_shown.before = n > 0 ? *name::parse(of_bytes(n)) : name();
		event_shown.reason.resize(4 * n);
		EXPECT_LE(record_in(shown(), "18446744073709551615").size(), json_size(event_shown));
	}
}

} // namespace
} // namespace braid
