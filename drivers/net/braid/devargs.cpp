/* SPDX-License-Identifier: BSD-3-Clause */
// One row per key in `keys`, near the end; above it, what each row does with its value.
//
// The text is not split by rte_kvargs, which cannot be strict: of `a=mode=2` it forgets the `a`, an open `[`
// swallows every comma after it, it stops at 32 pairs, and since 24.11 it treats a key without a value differently.
#include "devargs.hpp"

#include "names/quoted.hpp"
#include "values.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <optional>
#include <type_traits>
#include <utility>

#include <rte_config.h>
#include <rte_memory.h>

namespace braid {
namespace {

// How many characters have to be inserted, left out or replaced to make one text of the other (Levenshtein). What lies
// beyond the 32nd character counts as different.
std::size_t distance(std::string_view a, std::string_view b) noexcept
{
	constexpr std::size_t most = 32;
	const std::size_t beyond = std::max(a.size(), b.size()) > most ? std::max(a.size(), b.size()) - most : 0;
	a = a.substr(0, most);
	b = b.substr(0, most);
	std::array<std::size_t, most + 1> row; // to the first characters of b, from those of a looked at so far
	for (std::size_t j = 0; j <= b.size(); j++)
		row[j] = j;
	for (std::size_t i = 0; i < a.size(); i++) {
		std::size_t diagonal = std::exchange(row[0], i + 1);
		for (std::size_t j = 0; j < b.size(); j++) {
			const std::size_t replaced = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
		}
	}
	return row[b.size()] + beyond;
}

// `digits` hexadecimal digits, a colon, and so on until there are six bytes.
bool parse_mac(std::string_view text, std::size_t digits, rte_ether_addr &mac) noexcept
{
	const std::size_t nibbles = 2 * sizeof mac.addr_bytes;
	if (text.size() != nibbles + nibbles / digits - 1)
		return false;
	std::size_t nibble = 0;
	for (std::size_t i = 0; i < text.size(); i++) {
		if (i % (digits + 1) == digits) {
			if (text[i] != ':')
				return false;
			continue;
		}
		if (!is_hex(text[i]))
			return false;
		std::uint8_t &byte = mac.addr_bytes[nibble++ / 2];
		byte = static_cast<std::uint8_t>(byte << 4 | hex_value(text[i]));
	}
	return true;
}

// The functions of the table. Each either sets what its key means or says of `value` why not; the caller puts the
// key before that.

result<void> take_mode(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<mode> wanted = mode_from(value);
	if (wanted && is_supported(*wanted)) {
		into.mode = *wanted;
		return {};
	}

	std::array<const char *, mode_count> words;
	unsigned count = 0;
	for (unsigned i = 0; i < mode_count; i++)
		if (is_supported(static_cast<mode>(i)))
			words[count++] = to_string(static_cast<mode>(i));
	const alternatives supported({words.data(), count});
	if (wanted && value == to_string(*wanted))
		return error(ENOTSUP, "%s is not supported yet; use %s", quoted(value).c_str(), supported.text());
	if (wanted)
		return error(ENOTSUP, "%s means %s, which is not supported yet; use %s", quoted(value).c_str(),
		             to_string(*wanted), supported.text());
	return error(EINVAL, "%s is no mode; use %s", quoted(value).c_str(), supported.text());
}

result<void> take_xmit_policy(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<hash_policy> wanted = hash_policy_from(value);
	if (!wanted)
		return error(EINVAL, "%s is no transmit policy; use %s", quoted(value).c_str(), hash_policy_words);
	into.xmit_policy = *wanted;
	return {};
}

template <auto Field, unsigned Count>
result<void> take_word(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	using word = std::remove_reference_t<decltype(into.*Field)>;
	std::array<const char *, Count> words;
	for (unsigned i = 0; i < Count; i++) {
		words[i] = to_string(static_cast<word>(i));
		if (value == words[i]) {
			into.*Field = static_cast<word>(i);
			return {};
		}
	}
	return error(EINVAL, "%s is not one of its values; use %s", quoted(value).c_str(), alternatives(words).text());
}

template <auto Field, std::uint32_t Min, std::uint32_t Max>
result<void> take_ms(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<std::uint64_t> number = decimal(value);
	if (!number || *number < Min || *number > Max)
		return error(EINVAL, "%s is not a whole number of milliseconds from %u to %u", quoted(value).c_str(),
		             Min, Max);
	into.*Field = static_cast<std::uint32_t>(*number);
	return {};
}

template <auto Field>
result<void> take_bond_switch(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	return take_switch<Field>(into, value);
}

template <auto Field, std::uint32_t Max>
result<void> take_count(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<std::uint64_t> number = decimal(value);
	if (!number || *number > Max)
		return error(EINVAL, "%s is not a whole number from 0 to %u", quoted(value).c_str(), Max);
	into.*Field = static_cast<std::uint32_t>(*number);
	return {};
}

result<void> take_primary_reselect(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<primary_reselect> wanted = primary_reselect_from(value);
	if (!wanted)
		return error(EINVAL, "%s is not one of its values; use always, better or failure", quoted(value).c_str());
	into.primary_reselect = *wanted;
	return {};
}

result<void> take_mac_policy(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<mac_policy> wanted = mac_policy_from(value);
	if (!wanted)
		return error(EINVAL, "%s is not one of its values; use same, by_active or follow", quoted(value).c_str());
	into.mac_policy = *wanted;
	return {};
}

result<void> take_rr_limit(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<std::uint64_t> number = decimal(value);
	if (!number || *number < 1 || *number > UINT16_MAX)
		return error(EINVAL, "%s is not a whole number of packets from 1 to %u", quoted(value).c_str(), UINT16_MAX);
	into.rr_limit = static_cast<std::uint16_t>(*number);
	return {};
}

result<void> take_seed(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	into.seed = decimal(value);
	if (!into.seed)
		return error(EINVAL, "%s is not a whole number from 0 to %" PRIu64, quoted(value).c_str(), UINT64_MAX);
	return {};
}

// No value takes the template back; on the command line, where there is nothing to be taken back, it is refused like that of
// any key.
result<void> take_member_name(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	if (value.empty()) {
		into.member_name = {};
		return {};
	}
	const result<name> pattern = parse_member_name(value);
	if (!pattern)
		return pattern.error();
	into.member_name = *pattern;
	return {};
}

result<void> take_socket_id(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const std::optional<std::uint64_t> number = decimal(value);
	if (value == "-1")
		into.socket_id = SOCKET_ID_ANY;
	else if (number && *number < RTE_MAX_NUMA_NODES)
		into.socket_id = static_cast<int>(*number);
	else
		return error(EINVAL, "%s is no socket; use 0 to %d, or -1 for any", quoted(value).c_str(),
		             RTE_MAX_NUMA_NODES - 1);
	return {};
}

// The two forms that rte_ether_unformat_addr() has accepted in every release; what else it accepts has changed.
result<void> take_mac(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	rte_ether_addr mac{};
	if (!parse_mac(value, 2, mac) && !parse_mac(value, 4, mac))
		return error(EINVAL, "%s is no MAC address; write it like 02:00:00:00:00:01", quoted(value).c_str());
	if (rte_is_zero_ether_addr(&mac))
		return error(EINVAL, "%s is the zero address, which no port can have", quoted(value).c_str());
	if (rte_is_multicast_ether_addr(&mac))
		return error(EINVAL, "%s is a multicast address, which no port can have", quoted(value).c_str());
	into.mac = mac;
	return {};
}

result<void> is_another(const member_spec &spec, std::string_view bond) noexcept
{
	if (spec.what == member_spec::kind::device_name && bond == spec.text)
		return error(EINVAL, "%s is this bond, which cannot be its own member", quoted(spec.text).c_str());
	return {};
}

result<void> take_member(bond_settings &into, std::string_view value, std::string_view bond) noexcept
{
	const result<wanted_member> wanted = parse_wanted_member(value);
	if (!wanted)
		return wanted.error();
	if (const result<void> other = is_another(wanted->spec, bond); !other)
		return other;
	const quoted device(value.substr(0, value.find(';')));
	if (into.members.holds(wanted->spec))
		return error(EEXIST, "%s was given before; a port can be a member once", device.c_str());
	if (!into.members.push(*wanted))
		return error(ENOSPC, "%s is one too many; a bond has at most %u members", device.c_str(), max_members);
	return {};
}

result<void> take_auto(bond_settings &into, std::string_view value, std::string_view) noexcept
{
	const result<auto_rule> rule = parse_auto_rule(value);
	return rule ? into.rules.push(*rule) : rule.error();
}

result<void> take_primary(bond_settings &into, std::string_view value, std::string_view bond) noexcept
{
	const result<member_spec> spec = parse_primary(value);
	if (!spec)
		return spec.error();
	if (const result<void> other = is_another(*spec, bond); !other)
		return other;
	into.primary = *spec;
	return {};
}

// EAL leaves this key in when a device is written as bus=vdev,name=net_braid0/class=eth/driver=net_braid,mode=...
result<void> take_driver(bond_settings &, std::string_view value, std::string_view) noexcept
{
	if (value != "net_braid")
		return error(EINVAL, "%s is another driver; use net_braid", quoted(value).c_str());
	return {};
}

struct key_row {
	const char *name;
	result<void> (*take)(bond_settings &into, std::string_view value, std::string_view bond) noexcept;
	enum { once, repeats } occurs = once;
	const char *means = name; // another word for this key
};

constexpr key_row keys[] = {
	{"mode", take_mode},
	{"member", take_member, key_row::repeats},
	{"slave", take_member, key_row::repeats}, // net_bonding's word until 23.11
	{"auto", take_auto, key_row::repeats},
	{"primary", take_primary},
	{"xmit_policy", take_xmit_policy},
	{"agg_mode", take_word<&bond_settings::agg_mode, agg_mode_count>},
	{"lsc_poll_period_ms", take_ms<&bond_settings::lsc_poll_period_ms, 1, max_delay_ms>},
	{"up_delay", take_ms<&bond_settings::up_delay_ms, 0, max_delay_ms>},
	{"down_delay", take_ms<&bond_settings::down_delay_ms, 0, max_delay_ms>},
	{"mac", take_mac},
	{"mac_policy", take_mac_policy},
	{"fail_over_mac", take_mac_policy, key_row::once, "mac_policy"}, // Linux's word
	{"announce", take_count<&bond_settings::announce, most_announcements>},
	{"num_grat_arp", take_count<&bond_settings::announce, most_announcements>, key_row::once, "announce"}, // these three too
	{"num_unsol_na", take_count<&bond_settings::announce, most_announcements>, key_row::once, "announce"},
	{"announce_interval_ms", take_ms<&bond_settings::announce_interval_ms, 0, max_delay_ms>},
	{"peer_notif_delay", take_ms<&bond_settings::announce_interval_ms, 0, max_delay_ms>, key_row::once, "announce_interval_ms"},
	{"socket_id", take_socket_id},
	{"primary_reselect", take_primary_reselect},
	{"min_links", take_count<&bond_settings::min_links, max_members>},
	{"all_members_active", take_bond_switch<&bond_settings::all_members_active>},
	// Linux's word, and lagg's.
	{"all_slaves_active", take_bond_switch<&bond_settings::all_members_active>, key_row::once, "all_members_active"},
	{"failover_rx_all", take_bond_switch<&bond_settings::all_members_active>, key_row::once, "all_members_active"},
	{"pinning", take_bond_switch<&bond_settings::pinning>},
	{"weights", take_word<&bond_settings::weights, weigh_by_count>},
	{"tx_empty", take_word<&bond_settings::tx_empty, tx_empty_count>},
	{"rx_port", take_word<&bond_settings::rx_port, rx_port_count>},
	{"rr_limit", take_rr_limit},
	{"simd", take_word<&bond_settings::simd, simd_count>},
	{"drain_ms", take_ms<&bond_settings::drain_ms, 0, max_drain_ms>},
	{"seed", take_seed},
	{"live_rename", take_bond_switch<&bond_settings::live_rename>},
	{"member_name", take_member_name},
	{"lsc_on_failover", take_bond_switch<&bond_settings::lsc_on_failover>},
	{"driver", take_driver},
};
static_assert(std::size(keys) <= 64, "one bit each in `seen`");

// What a key is called elsewhere, in a word too far from it to be found by its letters.
constexpr struct {
	std::string_view word;
	const char *key;
} words_from_elsewhere[] = {
	// By /braid/show.
	{"policy", "xmit_policy"},
	{"up_delay_ms", "up_delay"},
	{"down_delay_ms", "down_delay"},
	// By Linux.
	{"miimon", "lsc_poll_period_ms"},
	{"xmit_hash_policy", "xmit_policy"},
	{"num_peer_notif", "announce"},
	{"packets_per_slave", "rr_limit"},
	{"active_slave", "primary"},
	{"ad_select", "agg_mode"},
};

error unknown_key(std::string_view key) noexcept
{
	if (is_member_option(key))
		return error(EINVAL, "%s is an option of a member; write member=<device>;%.*s=<value>", quoted(key).c_str(),
		             static_cast<int>(key.size()), key.data());
	for (const auto &[word, meant] : words_from_elsewhere)
		if (key == word)
			return error(EINVAL, "%s is no key; use %s, docs/devargs.md lists them all", quoted(key).c_str(), meant);
	// The last row is EAL's.
	const auto nearest = std::min_element(std::begin(keys), std::end(keys) - 1, [key](const key_row &a, const key_row &b) {
		return distance(key, a.name) < distance(key, b.name);
	});
	constexpr std::size_t a_slip = 2;
	if (const std::size_t away = distance(key, nearest->name); away > a_slip || away >= key.size())
		return error(EINVAL, "%s is no key; docs/devargs.md lists them all", quoted(key).c_str());
	return error(EINVAL, "%s is no key; the nearest one is %s, docs/devargs.md lists them all", quoted(key).c_str(),
	             nearest->name);
}

const key_row *row_of(std::string_view key) noexcept
{
	const auto row = std::find_if(std::begin(keys), std::end(keys),
	                              [key](const key_row &candidate) { return key == candidate.name; });
	return row != std::end(keys) ? row : nullptr;
}

// The row of those seen that means the same, if there is one.
const key_row *seen_before(const key_row &row, std::uint64_t seen) noexcept
{
	for (const key_row &other : keys)
		if ((seen >> (&other - keys) & 1) != 0 && std::string_view(other.means) == row.means)
			return &other;
	return nullptr;
}

result<void> take_pair(std::string_view pair, std::string_view bond, bond_settings &into, std::uint64_t &seen) noexcept
{
	const std::size_t equals = pair.find('=');
	const std::string_view key = pair.substr(0, equals);
	if (key.empty())
		return error(EINVAL, "%s has no key; write key=value", quoted(pair).c_str());

	const key_row *const row = row_of(key);
	if (row == nullptr)
		return unknown_key(key);
	if (equals == pair.npos)
		return error(EINVAL, "%s: has no value; write %s=value", row->name, row->name);

	const std::string_view value = pair.substr(equals + 1);
	if (value.empty())
		return error(EINVAL, "%s: \"\" is no value; write %s=value", row->name, row->name);

	const key_row *const before = seen_before(*row, seen);
	if (before == row && row->occurs == key_row::once)
		return error(EINVAL, "%s: %s comes second; give this key once", row->name, quoted(value).c_str());
	if (before != nullptr && row->occurs == key_row::once)
		return error(EINVAL, "%s: %s comes second: %s is the same key; give one of them", row->name, quoted(value).c_str(),
		             before->name);
	seen |= std::uint64_t{1} << (row - keys);

	const result<void> taken = row->take(into, value, bond);
	if (!taken)
		return taken.error().in("%s", row->name);
	return {};
}

} // namespace

result<bond_settings> parse_devargs(const char *args, const char *bond_name) noexcept
{
	const std::string_view bond = bond_name != nullptr ? bond_name : "";
	std::string_view rest = args != nullptr ? args : "";
	bond_settings settings;
	std::uint64_t seen = 0;
	while (!rest.empty()) {
		const std::string_view pair = rest.substr(0, rest.find(','));
		rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
		// Two commas in a row, or one at the end, come from scripts; net_bonding takes no offence either.
		if (pair.empty())
			continue;
		if (const result<void> taken = take_pair(pair, bond, settings, seen); !taken)
			return taken.error();
	}
	return settings;
}

result<void> parse_option(bond_settings &into, std::string_view key, std::string_view value,
                          std::string_view bond_name) noexcept
{
	const key_row *const row = row_of(key);
	if (row == nullptr)
		return unknown_key(key);
	const result<void> taken = row->take(into, value, bond_name);
	return taken ? taken : taken.error().in("%s", row->name);
}

result<name> parse_member_name(std::string_view text) noexcept
{
	const result<name> pattern = name::parse(text);
	if (pattern && !pattern->is_template())
		return error(EINVAL, "%s holds no %%d, the number that tells members apart", quoted(text).c_str());
	return pattern;
}

} // namespace braid
