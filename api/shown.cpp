/* SPDX-License-Identifier: BSD-3-Clause */
#include "shown.hpp"

#include "base/whole_prefix.hpp"
#include "event.hpp"
#include "facts.hpp"
#include "mac_text.hpp"
#include "sdk.hpp"
#include "settings.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace braid {
namespace {

void show_refusal(rte_tel_data *one, const error &why) noexcept
{
	rte_tel_data_add_dict_string(one, "refused_step", why.step());
	rte_tel_data_add_dict_int(one, "refused_errno", why.code());
	add_text(one, "refused_reason", why.text());
}

name name_among(std::span<const member_facts> all, member_id id) noexcept
{
	const auto found = std::find_if(all.begin(), all.end(), [id](const member_facts &m) { return m.id == id; });
	return found != all.end() ? found->label : name();
}

// What is fixed when the bond is made, with what it has made of what was left to it.
void show_what_is_fixed(rte_tel_data *d, const bond_settings &made_with, const bond_facts &f) noexcept
{
	rte_tel_data_add_dict_string(d, "agg_mode", to_string(made_with.agg_mode));
	rte_tel_data_add_dict_int(d, "socket_id", made_with.socket_id.value_or(SOCKET_ID_ANY));
	rte_tel_data_add_dict_string(d, "tx_empty", to_string(made_with.tx_empty));
	rte_tel_data_add_dict_string(d, "rx_port", to_string(made_with.rx_port));
	sdk::tel_add_dict_uint(d, "rr_limit", made_with.rr_limit);
	rte_tel_data_add_dict_string(d, "simd", to_string(made_with.simd));
	sdk::tel_add_dict_uint(d, "drain_ms", made_with.drain_ms);
	// As text: what reads JSON into a double would round it, and give another seed than the one shown.
	rte_tel_data_add_dict_string(d, "seed", std::to_string(f.seed).c_str());
}

} // namespace

std::string in_ascii(std::string_view text) noexcept
{
	std::string shown;
	for (const char c : text) {
		char escaped[5] = {c};
		if (static_cast<unsigned char>(c) >= 0x80)
			std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
		shown += escaped;
	}
	return shown;
}

void add_text(rte_tel_data *d, const char *key, std::string_view text) noexcept
{
	const std::string shown = in_ascii(text);
	std::string_view rest = shown;
	std::string next_key = key;
	for (unsigned piece = 1; piece == 1 || !rest.empty(); piece++) {
		const std::size_t length = whole_prefix(rest, RTE_TEL_MAX_STRING_LEN - 1);
		rte_tel_data_add_dict_string(d, next_key.c_str(), std::string(rest.substr(0, length)).c_str());
		rest.remove_prefix(length);
		next_key = std::string(key) + "_goes_on" + (piece > 1 ? "_" + std::to_string(piece) : "");
	}
}

std::size_t json_size(std::string_view text) noexcept
{
	const std::string shown = in_ascii(text);
	const auto escaped = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
	constexpr std::size_t least_in_a_piece = RTE_TEL_MAX_STRING_LEN - 1 - 3, most_of_a_key = 32;
	return shown.size() + 2 + static_cast<std::size_t>(std::count_if(shown.begin(), shown.end(), escaped)) +
	       shown.size() / least_in_a_piece * most_of_a_key;
}

void show_bond(rte_tel_data *d, const shown_bond &b) noexcept
{
	const bond_facts &f = b.facts;
	add_text(d, "name", b.name);
	rte_tel_data_add_dict_int(d, "port", b.port);
	rte_tel_data_add_dict_int(d, "started", f.started);
	rte_tel_data_add_dict_string(d, "mode", to_string(f.mode));
	rte_tel_data_add_dict_string(d, "policy", to_string(f.policy));
	add_text(d, "primary", name_among(b.members, f.primary).view());
	add_text(d, "primary_awaited", f.primary_wish ? f.primary_wish->text : "");
	add_text(d, "active", name_among(b.members, f.active).view());
	sdk::tel_add_dict_uint(d, "up_delay_ms", f.up_delay_ms);
	sdk::tel_add_dict_uint(d, "down_delay_ms", f.down_delay_ms);
	sdk::tel_add_dict_uint(d, "lsc_poll_period_ms", f.lsc_poll_period_ms);
	add_text(d, "standby", name_among(b.members, f.standby).view());
	rte_tel_data_add_dict_string(d, "primary_reselect", to_string(f.primary_reselect));
	sdk::tel_add_dict_uint(d, "min_links", f.min_links);
	rte_tel_data_add_dict_int(d, "all_members_active", f.all_members_active);
	rte_tel_data_add_dict_string(d, "mac", mac_text(f.mac).c_str());
	rte_tel_data_add_dict_string(d, "mac_policy", to_string(f.mac_policy));
	sdk::tel_add_dict_uint(d, "announce", f.announce_times);
	sdk::tel_add_dict_uint(d, "announce_interval_ms", f.announce_interval_ms);
	rte_tel_data_add_dict_string(d, "weights", to_string(f.weights));
	rte_tel_data_add_dict_int(d, "pinning", f.pinning);
	show_what_is_fixed(d, b.made_with, f);
	sdk::tel_add_dict_uint(d, "generation", f.generation);
	sdk::tel_add_dict_uint(d, "publish_last_ns", f.publishing.last_ns);
	sdk::tel_add_dict_uint(d, "publish_longest_ns", f.publishing.longest_ns);
	sdk::tel_add_dict_uint(d, "retired", f.retired);
	sdk::tel_add_dict_uint(d, "usable", f.usable);
	rte_tel_data_add_dict_int(d, "live_rename", f.live_rename);
	add_text(d, "member_name", f.member_name.view());
	rte_tel_data_add_dict_int(d, "lsc_on_failover", f.lsc_on_failover);
	sdk::tel_add_dict_uint(d, "next_event", f.next_event);
	sdk::tel_add_dict_uint(d, "events_lost", f.events_lost);
	if (rte_tel_data *const texts = rte_tel_data_alloc()) {
		rte_tel_data_start_array(texts, RTE_TEL_STRING_VAL);
		for (const auto_rule &rule : b.rules)
			rte_tel_data_add_array_string(texts, rule.text);
		rte_tel_data_add_dict_container(d, "auto", texts, 0);
	}
}

void show_member(rte_tel_data *members, const member_facts &m) noexcept
{
	rte_tel_data *one = rte_tel_data_alloc();
	if (one == nullptr)
		return;
	rte_tel_data_start_dict(one);
	add_text(one, "name", m.label.view());
	add_text(one, "device", m.device);
	rte_tel_data_add_dict_int(one, "port", m.port == no_port ? -1 : m.port);
	rte_tel_data_add_dict_string(one, "state", to_string(m.state));
	rte_tel_data_add_dict_string(one, "link", to_string(m.status.link));
	sdk::tel_add_dict_uint(one, "speed_mbps", m.status.speed_mbps);
	rte_tel_data_add_dict_int(one, "polled", m.polled);
	rte_tel_data_add_dict_int(one, "primary", m.primary);
	rte_tel_data_add_dict_int(one, "transmits", m.transmits);
	rte_tel_data_add_dict_string(one, "role", to_string(m.status.role));
	rte_tel_data_add_dict_int(one, "priority", m.status.priority);
	rte_tel_data_add_dict_int(one, "sticky", m.status.sticky);
	rte_tel_data_add_dict_int(one, "enabled", m.status.enabled);
	sdk::tel_add_dict_uint(one, "weight", m.weight);
	sdk::tel_add_dict_uint(one, "buckets", m.buckets);
	rte_tel_data_add_dict_string(one, "why_not", to_string(m.why));
	sdk::tel_add_dict_uint(one, "why_not_ms", m.why_for_ms);
	sdk::tel_add_dict_uint(one, "delay_remaining_ms", m.status.remaining_ms);
	if (m.refusal)
		show_refusal(one, *m.refusal);
	sdk::tel_add_dict_uint(one, "link_failures", m.status.link_failures);
	rte_tel_data_add_dict_string(one, "mac", mac_text(m.mac).c_str());
	rte_tel_data_add_dict_int(one, "announces", m.announces);
	char key[16];
	std::snprintf(key, sizeof key, "%u", to_number(m.id));
	rte_tel_data_add_dict_container(members, key, one, 0);
}

std::size_t json_size(const shown_bond &b) noexcept
{
	constexpr std::size_t keys_and_numbers = 1000; // 917 with the longest of all
	// Of the primary, the active member and the standby, whatever they are.
	const std::size_t longest_name = json_size(std::string(max_name_length, '\xff'));
	const std::string_view awaited = b.facts.primary_wish ? b.facts.primary_wish->text : "";
	std::size_t size = keys_and_numbers + json_size(b.name) + 3 * longest_name + json_size(b.facts.member_name.view()) +
	                   json_size(awaited);
	for (const auto_rule &rule : b.rules)
		size += 1 + json_size(std::string_view(rule.text));
	return size;
}

// Generously, as the next one: keys, punctuation and the longest numbers, and a reason that goes on in a second string.
std::size_t json_size(const member_facts &m) noexcept
{
	const std::size_t refusal = m.refusal ? 110 + json_size(std::string_view(m.refusal->text())) : 0;
	constexpr std::size_t keys_and_numbers = 430; // 424 with the longest of all
	return keys_and_numbers + json_size(m.label.view()) + json_size(std::string_view(m.device)) + refusal;
}

void show_event(rte_tel_data *events, const event &e) noexcept
{
	rte_tel_data *const one = rte_tel_data_alloc();
	if (one == nullptr)
		return;
	rte_tel_data_start_dict(one);
	rte_tel_data_add_dict_string(one, "kind", to_string(e.kind));
	sdk::tel_add_dict_uint(one, "time_ns", e.time_ns);
	sdk::tel_add_dict_uint(one, "generation", e.generation);
	sdk::tel_add_dict_uint(one, "member", to_number(e.id));
	add_text(one, "name", e.after.view());
	add_text(one, "old_name", e.before.view());
	add_text(one, "reason", e.reason);
	char key[24];
	std::snprintf(key, sizeof key, "%" PRIu64, e.number);
	rte_tel_data_add_dict_container(events, key, one, 0);
}

// Generously: keys, punctuation and numbers, and a reason that goes on in a second string.
std::size_t json_size(const event &e) noexcept
{
	return 244 + json_size(e.after.view()) + json_size(e.before.view()) + json_size(std::string_view(e.reason));
}

} // namespace braid
