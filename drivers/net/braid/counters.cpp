/* SPDX-License-Identifier: BSD-3-Clause */
// Statistics that never fall: what members counted since they joined, plus what departed members had, plus our own.
#include "bond.hpp"

#include "clock.hpp"

#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace braid {
namespace {

// Of the bond; then for each member the rows below, then its link failures.
constexpr const char *bond_rows[] = {"tx_empty_set", "tx_dropped", "tx_pin_missed", "rx_backup_dropped", "mac_failures",
                                     "announcements_sent", "announcements_failed", "addresses_known", "generation", "members", "usable",
                                     "events_lost"};
constexpr unsigned bond_row_count = std::size(bond_rows);

struct member_row {
	const char *name;
	port_counters::index index;
};
constexpr member_row member_rows[] = {
	{"rx_packets", port_counters::rx_packets}, {"tx_packets", port_counters::tx_packets},
	{"rx_bytes", port_counters::rx_bytes},     {"tx_bytes", port_counters::tx_bytes},
	{"rx_missed", port_counters::rx_missed},   {"rx_errors", port_counters::rx_errors},
	{"tx_errors", port_counters::tx_errors},   {"rx_no_mbuf", port_counters::rx_no_mbuf},
};
constexpr unsigned rows_per_member = std::size(member_rows) + 2;

// "<name>_rx_packets". A name that leaves no room is cut and made unique again by the member's id.
void member_row_name(char (&to)[RTE_ETH_XSTATS_NAME_SIZE], const name &label, member_id id, const char *row) noexcept
{
	const int whole = std::snprintf(to, sizeof to, "%s_%s", label.c_str(), row);
	if (whole < static_cast<int>(sizeof to))
		return;
	char tail[40];
	const int tail_length = std::snprintf(tail, sizeof tail, "~%" PRIu32 "_%s", to_number(id), row);
	const int room = static_cast<int>(sizeof to) - 1 - tail_length;
	std::snprintf(to, sizeof to, "%.*s%s", room, label.c_str(), tail);
}

void dump_member(std::FILE *to, const member_facts &m) noexcept
{
	std::fprintf(to, "    - %s: id %u, device %s, %s, link %s, role %s, priority %" PRId32 "%s%s, link failures %" PRIu64,
	             m.label.c_str(), to_number(m.id), m.device, to_string(m.state), to_string(m.status.link),
	             to_string(m.status.role), m.status.priority, m.status.sticky ? ", sticky" : "",
	             m.status.enabled ? "" : ", disabled", m.status.link_failures);
	if (m.transmits)
		std::fprintf(to, ", transmits\n");
	else
		std::fprintf(to, ", does not transmit: %s for %" PRIu64 " ms\n", to_string(m.why), m.why_for_ms);
	if (m.status.remaining_ms != 0)
		std::fprintf(to, "      delay: %" PRIu64 " ms left\n", m.status.remaining_ms);
	if (m.refusal)
		std::fprintf(to, "      refused in step %s, errno %d: %s\n", m.refusal->step(), m.refusal->code(),
		             m.refusal->text());
}

} // namespace

int read_counters(std::uint16_t port, port_counters &now) noexcept
{
	rte_eth_stats stats{};
	now = {};
	const int failed = sdk::read_stats(port, stats, [&now](unsigned q, const sdk::queue_counters &one) {
		now.of_queue(q, port_counters::q_rx_packets) = one.rx_packets;
		now.of_queue(q, port_counters::q_tx_packets) = one.tx_packets;
		now.of_queue(q, port_counters::q_rx_bytes) = one.rx_bytes;
		now.of_queue(q, port_counters::q_tx_bytes) = one.tx_bytes;
		now.of_queue(q, port_counters::q_rx_errors) = one.rx_errors;
	});
	if (failed != 0)
		return failed;
	now[port_counters::rx_packets] = stats.ipackets;
	now[port_counters::tx_packets] = stats.opackets;
	now[port_counters::rx_bytes] = stats.ibytes;
	now[port_counters::tx_bytes] = stats.obytes;
	now[port_counters::rx_missed] = stats.imissed;
	now[port_counters::rx_errors] = stats.ierrors;
	now[port_counters::tx_errors] = stats.oerrors;
	now[port_counters::rx_no_mbuf] = stats.rx_nombuf;
	return 0;
}

void take_sample(member &m) noexcept
{
	port_counters now;
	if (m.claimed && !m.vanished && read_counters(m.claimed->port(), now) == 0)
		m.counted.sample(now);
}

// Removal adds to departed_ in the same moment in which it takes the member off the list, so one look at both counts every
// packet once; a member looked at keeps its last sums when it is released.
result<void> bond::counters(port_counters &sum) noexcept
{
	std::vector<member_ptr> all;
	{
		const state_guard state(state_);
		all = members_;
		sum = departed_;
	}
	for (const member_ptr &m : all) {
		const std::lock_guard device(m->device);
		take_sample(*m);
		sum += m->counted.sum();
	}
	sum[port_counters::tx_errors] += own().dropped;
	return {};
}

void bond::reset_counters() noexcept
{
	const config_guard guard(config_); // nothing may depart between the two halves
	for (const member_ptr &m : members()) {
		const std::lock_guard device(m->device);
		take_sample(*m);
		m->counted.clear();
	}
	const own_counters now = own();
	const state_guard state(state_);
	departed_ = {};
	forgotten_.empty_set += now.empty_set;
	forgotten_.dropped += now.dropped;
	forgotten_.backup_dropped += now.backup_dropped;
	forgotten_.mac_failures += now.mac_failures;
	forgotten_.announced += now.announced;
	forgotten_.announcements_failed += now.announcements_failed;
	forgotten_.pin_missed += now.pin_missed;
}

bond::own_counters bond::own() noexcept
{
	const state_guard state(state_);
	own_counters sum;
	for (const auto &lane : tx_lanes_)
		if (lane) {
			sum.empty_set += lane->empty_set.get();
			sum.dropped += lane->dropped.get();
			sum.pin_missed += lane->pin_missed.get();
		}
	for (const auto &lane : rx_lanes_)
		if (lane)
			sum.backup_dropped += lane->backup_dropped.get();
	sum.mac_failures = mac_failures_ - forgotten_.mac_failures;
	sum.announced = announced_.sent - forgotten_.announced;
	sum.announcements_failed = announced_.failed - forgotten_.announcements_failed;
	sum.empty_set -= forgotten_.empty_set;
	sum.dropped -= forgotten_.dropped;
	sum.backup_dropped -= forgotten_.backup_dropped;
	sum.pin_missed -= forgotten_.pin_missed;
	return sum;
}

unsigned bond::xstat_count() noexcept
{
	const state_guard state(state_);
	return bond_row_count + rows_per_member * static_cast<unsigned>(members_.size());
}

unsigned bond::xstat_names(rte_eth_xstat_name *names, unsigned n) noexcept
{
	const rcu::read_section section;
	const directory *d = directory_.get(section);
	const unsigned count = bond_row_count + rows_per_member * static_cast<unsigned>(d->places->size());
	if (names == nullptr || n < count)
		return count;
	unsigned at = 0;
	for (const char *row : bond_rows)
		rte_strscpy(names[at++].name, row, RTE_ETH_XSTATS_NAME_SIZE);
	for (const directory::place &place : *d->places) {
		const member_id id = place.id;
		const name *label = d->names.find(id);
		const name &shown = label != nullptr ? *label : name();
		for (const member_row &row : member_rows)
			member_row_name(names[at++].name, shown, id, row.name);
		member_row_name(names[at++].name, shown, id, "link_failures");
		member_row_name(names[at++].name, shown, id, "transmits");
	}
	return count;
}

unsigned bond::xstats(rte_eth_xstat *values, unsigned n) noexcept
{
	const member_set all = members();
	const unsigned count = bond_row_count + rows_per_member * static_cast<unsigned>(all.size());
	if (values == nullptr || n < count)
		return count;
	const own_counters ours = own();
	const bond_facts f = facts();
	const std::uint64_t known = addresses().size();
	unsigned at = 0;
	const auto put = [&](std::uint64_t value) {
		values[at].id = at;
		values[at].value = value;
		at++;
	};
	for (std::uint64_t value : {ours.empty_set, ours.dropped, ours.pin_missed, ours.backup_dropped, ours.mac_failures, ours.announced,
	                            ours.announcements_failed, known, f.generation,
	                            std::uint64_t{f.members}, std::uint64_t{f.usable}, f.events_lost})
		put(value);
	for (const member_ptr &m : all) {
		{
			const std::lock_guard device(m->device);
			take_sample(*m);
			for (const member_row &row : member_rows)
				put(m->counted.sum()[row.index]);
		}
		const std::optional<member_facts> facts = facts_of(m->id);
		put(facts ? facts->status.link_failures : 0);
		put(facts ? facts->transmits : 0);
	}
	return count;
}

void bond::dump(std::FILE *to) noexcept
{
	const bond_facts f = facts();
	std::fprintf(to, "  - Mode: %s\n  - Policy: %s\n  - Generation: %" PRIu64 "\n  - Up delay: %u ms\n"
	             "  - Down delay: %u ms\n  - Link poll period: %u ms\n  - Primary reselect: %s\n  - Min links: %u\n"
	             "  - All members active: %s\n  - Members: %u, usable %u\n",
	             to_string(f.mode), to_string(f.policy), f.generation, f.up_delay_ms, f.down_delay_ms,
	             f.lsc_poll_period_ms, to_string(f.primary_reselect), f.min_links,
	             f.all_members_active ? "yes" : "no", f.members, f.usable);
	for (const member_facts &m : facts_of_all())
		dump_member(to, m);
}

} // namespace braid
