/* SPDX-License-Identifier: BSD-3-Clause */
// Telemetry: reading and steering the bonds of a running process.
//
//   --> /braid/list                                   ["net_braid0"]
//   --> /braid/show,net_braid0                        {"name": "net_braid0", "mode": "balance", ..., "members": {"1": {...}}}
//   --> /braid/mode,net_braid0,active-backup          {"result": "ok"}
//   --> /braid/mode,net_braid0,fast                   {"error": "mode: ...", "errno": 22}
//
// Handlers run on the telemetry thread and answer when the operation is done.
#include "bond.hpp"
#include "devargs.hpp"
#include "last_error.hpp"
#include "mac_text.hpp"
#include "names/quoted.hpp"
#include "options.hpp"
#include "registry.hpp"
#include "shown.hpp"
#include "values.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace braid {
namespace {

// A bond, and a member and its new name for each member there can be.
constexpr unsigned most_parameters = 1 + 2 * max_members;

// What telemetry reads of a command; of a longer one it acts on the beginning, which may be valid by itself.
constexpr std::size_t most_command_bytes = 1023;

// One answer of telemetry has 16384 bytes; what does not fit is left out without a word, and of what is nested all of it. So
// many are for events, and for a bond with its members, in JSON.
constexpr std::size_t most_event_bytes = 15'000;
constexpr std::size_t most_shown_bytes = 16'000;
constexpr std::size_t most_events_shown = 200; // a dictionary has 256 entries

// "a,b,c" in pieces. More pieces than there is room for is a mistake that `count` shows.
struct parameters {
	explicit parameters(const char *text) noexcept
	{
		for (std::string_view rest = text != nullptr ? text : ""; !rest.empty() || count == 0;) {
			const std::size_t comma = rest.find(',');
			if (count < piece.size())
				piece[count] = rest.substr(0, comma);
			count++;
			if (comma == std::string_view::npos)
				break;
			rest.remove_prefix(comma + 1);
			if (rest.empty()) {
				count++; // a comma at the end: an empty last piece
				break;
			}
		}
	}

	std::array<std::string_view, most_parameters> piece{};
	unsigned count = 0;
};

int reply(rte_tel_data *d, const char *bond, const result<void> &done) noexcept
{
	rte_tel_data_start_dict(d);
	if (done) {
		rte_tel_data_add_dict_string(d, "result", "ok");
		return 0;
	}
	fail(bond, done.error());
	add_text(d, "error", done.error().text());
	rte_tel_data_add_dict_int(d, "errno", done.error().code());
	return 0;
}

// Some are missing, or the bond's name is empty, or there are too many. `usage` says which the command takes.
error wrong_parameters(const char *usage) noexcept
{
	const bool several = std::strchr(usage, ',') != nullptr;
	return error(EINVAL, "the command takes the parameter%s %s", several ? "s" : "", usage);
}

// The number behind the bond, with which a list begins; 0 without one. `what` says what it numbers.
result<std::uint64_t> beginning(const parameters &given, std::uint64_t most, const char *what) noexcept
{
	if (given.count == 1)
		return 0;
	const std::optional<std::uint64_t> number = decimal(given.piece[1]);
	if (!number || *number > most)
		return error(EINVAL, "%s is no %s", quoted(given.piece[1]).c_str(), what);
	return *number;
}

// Runs `act` on the bond that the first parameter names, with the others. `usage` says what they are.
template <typename Act>
int steer(const char *params, rte_tel_data *d, const char *usage, unsigned least, unsigned most, Act act) noexcept
{
	const parameters given(params);
	if (given.count < least || given.count > most || given.piece[0].empty())
		return reply(d, "telemetry", wrong_parameters(usage));
	const result<bond_ptr> b = open_bond(given.piece[0]);
	if (!b)
		return reply(d, "telemetry", b.error());
	return reply(d, (*b)->device_name(), act(**b, given));
}

result<member_id> member_named(bond &b, std::string_view text) noexcept
{
	if (const std::optional<member_id> found = b.find(text))
		return *found;
	return error(ENOENT, "there is no member %s", quoted(text).c_str());
}

int list(const char *, const char *params, rte_tel_data *d) noexcept
{
	if (params != nullptr && *params != '\0')
		return reply(d, "telemetry", error(EINVAL, "the command takes no parameters"));
	rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	for (const bond_ptr &b : all_bonds())
		if (b->is_made() && b->still_open())
			rte_tel_data_add_array_string(d, in_ascii(b->device_name()).c_str());
	return 0;
}

// The members from an id on, as many as one answer holds; `next_member` is where to go on, `members_left` how many there are
// from there on.
int show(const char *, const char *params, rte_tel_data *d) noexcept
{
	const parameters given(params);
	if (given.count > 2 || given.piece[0].empty())
		return reply(d, "telemetry", wrong_parameters("<bond>[,<id of a member>]"));
	const result<std::uint64_t> from = beginning(given, UINT32_MAX, "id of a member");
	if (!from)
		return reply(d, "telemetry", from.error());
	const result<bond_ptr> found = open_bond(given.piece[0]);
	if (!found)
		return reply(d, "telemetry", found.error());
	const bond_ptr b = *found;
	const bond_facts f = b->facts();
	const std::vector<member_facts> all = b->facts_of_all(); // ids only grow: in their order
	const std::vector<auto_rule> rules = b->rules();
	const shown_bond whole{b->device_name(), b->port(), b->settings(), f, all, rules};
	rte_tel_data_start_dict(d);
	show_bond(d, whole);
	rte_tel_data *members = rte_tel_data_alloc();
	if (members == nullptr)
		return 0;
	rte_tel_data_start_dict(members);
	auto m = std::find_if(all.begin(), all.end(), [&from](const member_facts &each) { return to_number(each.id) >= *from; });
	std::size_t bytes = json_size(whole);
	for (; m != all.end() && (bytes += json_size(*m)) <= most_shown_bytes; m++)
		show_member(members, *m);
	sdk::tel_add_dict_uint(d, "members_left", static_cast<std::uint64_t>(all.end() - m));
	sdk::tel_add_dict_uint(d, "next_member", m != all.end() ? to_number(m->id) : 0);
	rte_tel_data_add_dict_container(d, "members", members, 0);
	return 0;
}

void show_address(rte_tel_data *all, unsigned number, const known_address &known) noexcept
{
	rte_tel_data *const one = rte_tel_data_alloc();
	if (one == nullptr)
		return;
	char ip[INET6_ADDRSTRLEN] = "", vlan[32] = "", key[16];
	const sighting &what = known.what;
	inet_ntop(what.ip.version == 4 ? AF_INET : AF_INET6, what.ip.bytes.data(), ip, sizeof ip);
	if (what.tags.count == 1)
		std::snprintf(vlan, sizeof vlan, "%u", what.tags.tag[0].id);
	else if (what.tags.count == 2)
		std::snprintf(vlan, sizeof vlan, "%u.%u", what.tags.tag[0].id, what.tags.tag[1].id);
	rte_tel_data_start_dict(one);
	rte_tel_data_add_dict_string(one, "ip", ip);
	rte_tel_data_add_dict_string(one, "mac", mac_text(what.mac).c_str());
	rte_tel_data_add_dict_string(one, "vlan", vlan);
	rte_tel_data_add_dict_string(one, "evidence", to_string(what.how));
	sdk::tel_add_dict_uint(one, "age_ms", known.age_ms);
	std::snprintf(key, sizeof key, "%u", number);
	rte_tel_data_add_dict_container(all, key, one, 0);
}

int addresses(const char *, const char *params, rte_tel_data *d) noexcept
{
	const parameters given(params);
	if (given.count != 1 || given.piece[0].empty())
		return reply(d, "telemetry", wrong_parameters("<bond>"));
	const result<bond_ptr> found = open_bond(given.piece[0]);
	if (!found)
		return reply(d, "telemetry", found.error());
	const bond_ptr b = *found;
	rte_tel_data_start_dict(d);
	unsigned number = 0;
	for (const known_address &known : b->addresses())
		show_address(d, number++, known);
	return 0;
}

// The name of a new member as the last parameter, unless its options have another one.
result<void> take_name(member_options &into, std::string_view text) noexcept
{
	member_options given;
	if (result<void> named = parse_member_option(given, "name", text); !named)
		return named;
	if (!into.name.empty() && into.name != given.name)
		return error(EINVAL, "name: %s in the options and %s behind them are two names; give one of them",
		             quoted(into.name.view()).c_str(), quoted(text).c_str());
	into.name = given.name;
	return {};
}

int member_add(const char *, const char *params, rte_tel_data *d) noexcept
{
	bool pending = false;
	const int status = steer(params, d, "<bond>,<device>[;<option>=<value>...][,<name>]", 2, 3, [&pending](bond &b, const parameters &p) -> result<void> {
		result<wanted_member> wanted = parse_wanted_member(p.piece[1]);
		if (!wanted)
			return wanted.error();
		if (p.count == 3)
			if (result<void> named = take_name(wanted->options, p.piece[2]); !named)
				return named;
		const result<member_id> added = b.add(wanted->spec, wanted->options);
		if (!added)
			return added.error();
		const std::optional<member_facts> m = b.facts_of(*added);
		pending = m && m->state == member_state::pending;
		return {};
	});
	if (pending) // by intention or by a slip: no such device is there
		rte_tel_data_add_dict_string(d, "state", to_string(member_state::pending));
	return status;
}

int member_remove(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<member>[,force]", 2, 3, [](bond &b, const parameters &p) -> result<void> {
		const result<member_id> id = member_named(b, p.piece[1]);
		if (!id)
			return id.error();
		if (p.count == 3 && p.piece[2] != "force")
			return error(EINVAL, "%s: use force, or nothing", quoted(p.piece[2]).c_str());
		return p.count == 3 ? b.remove_now(*id) : b.remove(*id);
	});
}

int auto_add(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<mac|name:glob|pci:glob>", 2, 2, [](bond &b, const parameters &p) -> result<void> {
		const result<auto_rule> rule = parse_auto_rule(p.piece[1]);
		return rule ? b.add_rule(*rule) : rule.error().in("auto");
	});
}

int auto_remove(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<rule>", 2, 2, [](bond &b, const parameters &p) { return b.remove_rule(p.piece[1]); });
}

int auto_clear(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>", 1, 1, [](bond &b, const parameters &) { return b.clear_rules(); });
}

constexpr const char *rename_usage = "<bond>,<member>,<new name>[,<member>,<new name>...]";

int member_rename(const char *command, const char *params, rte_tel_data *d) noexcept
{
	const std::size_t length = std::strlen(command) + 1 + (params != nullptr ? std::strlen(params) : 0);
	// Before its pieces are counted: some are missing then.
	if (length >= most_command_bytes)
		return reply(d, "telemetry", error(E2BIG, "telemetry cuts a command after %zu bytes: rename fewer members at once",
		                                   most_command_bytes));
	return steer(params, d, rename_usage, 3, most_parameters, [](bond &b, const parameters &p) -> result<void> {
		if (p.count % 2 == 0)
			return wrong_parameters(rename_usage);
		std::vector<rename_wish> wishes;
		for (unsigned i = 1; i < p.count; i += 2)
			wishes.push_back({member_id::none, p.piece[i], p.piece[i + 1]});
		return b.rename_many(wishes);
	});
}

int member_set(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<member>,<option>,<value>", 4, 4, [](bond &b, const parameters &p) -> result<void> {
		const result<member_id> id = member_named(b, p.piece[1]);
		return id ? set_member_option(b, *id, p.piece[2], p.piece[3]) : id.error();
	});
}

int set(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<option>,<value>", 3, 3,
	             [](bond &b, const parameters &p) { return set_option(b, p.piece[1], p.piece[2]); });
}

// As many as one answer holds; `next` is where to go on, `left` how many there are from there on.
int show_events(const char *, const char *params, rte_tel_data *d) noexcept
{
	const parameters given(params);
	if (given.count > 2 || given.piece[0].empty())
		return reply(d, "telemetry", wrong_parameters("<bond>[,<number of an event>]"));
	const result<std::uint64_t> from = beginning(given, UINT64_MAX, "number of an event");
	if (!from)
		return reply(d, "telemetry", from.error());
	const result<bond_ptr> found = open_bond(given.piece[0]);
	if (!found)
		return reply(d, "telemetry", found.error());
	const bond_ptr b = *found;
	const result<event_page> page = b->read_events(*from, most_events_shown);
	if (!page)
		return reply(d, b->device_name(), page.error());
	std::size_t shown = 0;
	for (std::size_t bytes = 0; shown < page->events.size(); shown++)
		if ((bytes += json_size(page->events[shown])) > most_event_bytes)
			break;
	const std::size_t put_back = page->events.size() - shown;
	rte_tel_data_start_dict(d);
	sdk::tel_add_dict_uint(d, "next", page->next - put_back);
	sdk::tel_add_dict_uint(d, "left", page->left + put_back);
	sdk::tel_add_dict_uint(d, "missed", page->missed);
	sdk::tel_add_dict_uint(d, "events_lost", b->facts().events_lost);
	rte_tel_data *const events = rte_tel_data_alloc();
	if (events == nullptr)
		return 0;
	rte_tel_data_start_dict(events);
	for (std::size_t i = 0; i < shown; i++)
		show_event(events, page->events[i]);
	rte_tel_data_add_dict_container(d, "events", events, 0);
	return 0;
}

int set_mode(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<mode>", 2, 2, [](bond &b, const parameters &p) -> result<void> {
		const std::optional<mode> wanted = mode_from(p.piece[1]);
		if (!wanted)
			return error(EINVAL, "mode: %s is no mode; use round-robin, active-backup, balance or broadcast",
			             quoted(p.piece[1]).c_str());
		return b.set_mode(*wanted);
	});
}

int set_policy(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<policy>", 2, 2, [](bond &b, const parameters &p) -> result<void> {
		const std::optional<hash_policy> wanted = hash_policy_from(p.piece[1]);
		if (!wanted)
			return error(EINVAL, "policy: %s is no policy; use %s", quoted(p.piece[1]).c_str(), hash_policy_words);
		return b.set_policy(*wanted);
	});
}

int set_primary(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>[,<member>]; without a member none is preferred", 1, 2,
	             [](bond &b, const parameters &p) {
		             return p.count == 1 ? b.set_primary(member_id::none) : set_option(b, "primary", p.piece[1]);
	             });
}

// Decimal digits only.
result<std::uint32_t> milliseconds(const char *what, std::string_view text) noexcept
{
	std::uint32_t value = 0;
	const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (failed != std::errc() || end != text.data() + text.size() || value > max_delay_ms)
		return error(EINVAL, "%s: %s is not 0 to %u ms", what, quoted(text).c_str(), max_delay_ms);
	return value;
}

int set_delays(const char *, const char *params, rte_tel_data *d) noexcept
{
	return steer(params, d, "<bond>,<up delay in ms>,<down delay in ms>", 3, 3,
	             [](bond &b, const parameters &p) -> result<void> {
		             const result<std::uint32_t> up = milliseconds("up_delay", p.piece[1]);
		             if (!up)
			             return up.error();
		             const result<std::uint32_t> down = milliseconds("down_delay", p.piece[2]);
		             return down ? b.set_delays(*up, *down) : down.error();
	             });
}

RTE_INIT(register_telemetry)
{
	rte_telemetry_register_cmd("/braid/list", list, "Names of the bonds. Takes no parameters");
	rte_telemetry_register_cmd("/braid/show", show, "State of a bond and its members. Parameters: <bond>[,<id of the first member>]");
	rte_telemetry_register_cmd("/braid/addresses", addresses,
	                           "Addresses that the bond announces after a failover. Parameters: <bond>");
	rte_telemetry_register_cmd("/braid/member_add", member_add,
	                           "Adds a member. Parameters: <bond>,<device>[;<option>=<value>...][,<name>]");
	rte_telemetry_register_cmd("/braid/member_remove", member_remove,
	                           "Removes a member; with force, what it holds is lost. Parameters: <bond>,<member>[,force]");
	rte_telemetry_register_cmd("/braid/auto_add", auto_add,
	                           "Adds a rule by which ports join. Parameters: <bond>,<mac|name:glob|pci:glob>");
	rte_telemetry_register_cmd("/braid/auto_remove", auto_remove,
	                           "Takes one of these rules back, by its text. Parameters: <bond>,<rule>");
	rte_telemetry_register_cmd("/braid/auto_clear", auto_clear, "Forgets these rules. Parameters: <bond>");
	rte_telemetry_register_cmd("/braid/member_rename", member_rename,
	                           "Renames members at once. Parameters: <bond>,<member>,<new name>[,<member>,<new name>...]");
	rte_telemetry_register_cmd("/braid/events", show_events,
	                           "What has happened. Parameters: <bond>[,<number of the first event>]");
	rte_telemetry_register_cmd("/braid/member_set", member_set,
	                           "Sets an option of a member. Parameters: <bond>,<member>,<option>,<value>");
	rte_telemetry_register_cmd("/braid/set", set,
	                           "Sets an option of a bond. Parameters: <bond>,<option>,<value>");
	rte_telemetry_register_cmd("/braid/mode", set_mode, "Changes the mode. Parameters: <bond>,<mode>");
	rte_telemetry_register_cmd("/braid/policy", set_policy,
	                           "Changes what mode balance hashes. Parameters: <bond>,<policy>");
	rte_telemetry_register_cmd("/braid/primary", set_primary,
	                           "Sets the preferred member, or none. Parameters: <bond>[,<member>]");
	rte_telemetry_register_cmd("/braid/delays", set_delays,
	                           "Sets both delays. Parameters: <bond>,<up delay in ms>,<down delay in ms>");
}

} // namespace
} // namespace braid
