/* SPDX-License-Identifier: BSD-3-Clause */
// From what is known to what bursts see: builds the next snapshot and publishes it. All of it with the state lock held,
// none of it waits for anything.
#include "bond.hpp"

#include "burst.hpp"
#include "clock.hpp"
#include "ethdev_port.hpp"

#include "policy/turns.hpp"

#include <algorithm>
#include <functional>

namespace braid {
namespace {

bool contains(std::span<const member_id> set, member_id id) noexcept
{
	return std::find(set.begin(), set.end(), id) != set.end();
}

// Calls `see` with the member of each id, in the order of the ids. Both lists are as a rule in the order in which the members
// came, so that the next one sought stands a little behind the last one found.
template <typename See>
void visit(std::span<const member_ptr> members, std::span<const member_id> ids, See see) noexcept
{
	std::size_t at = 0;
	for (member_id id : ids)
		for (std::size_t tried = 0; tried < members.size(); tried++) {
			const member &m = *members[at];
			at = at + 1 < members.size() ? at + 1 : 0;
			if (m.id == id) {
				see(m);
				break;
			}
		}
}

// Retired after the snapshot that was the last to poll a member: while it lives, bursts may still be inside the member.
class last_bursts final : public rcu::retirable {
public:
	explicit last_bursts(member_ptr of) noexcept : of_(std::move(of)) { of_->last_bursts++; }
	~last_bursts() override { of_->last_bursts--; }

private:
	const member_ptr of_;
};

// How long a member is polled whose link is down, which is time enough to get what its queues still hold. Then it is left
// alone: nothing comes from it any more, and its device may go without a word before its queues do.
constexpr time_ms still_heard_ms = 100;

} // namespace

// What a port says of its link. A link that flaps faster than bursts end would fill the memory with old snapshots, and nobody
// may wait here. So while too many are waiting, a link that is lost is lost at once as always, and one that comes back is
// believed at a later poll: until then it cannot be lost again.
void bond::report(member &m, const rte_eth_link &link, time_ms now) noexcept
{
	const bool up = link.link_status == RTE_ETH_LINK_UP;
	if (up && !m.link_up && rcu::waiting_for_reclaim() > rcu::most_waiting_for_reclaim)
		return;
	m.link_up = up;
	if (up)
		m.unheard_from = never;
	else if (m.unheard_from == never)
		m.unheard_from = now + still_heard_ms;
	const bool speed_known = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;
	failover_.report(m.id,
	                 {.up = m.link_up,
	                  .speed_mbps = speed_known ? link.link_speed : 0,
	                  .full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX},
	                 now);
}

// Whether bursts poll it: one that leaves until it is dry; one that runs while its link is up, for a while after that, and for as
// long as it may send, which it may within its down delay. Who sends must hear the answer.
bool bond::is_heard(const member &m, const decision &d, time_ms now) const noexcept
{
	if (!started_ || m.state != member_state::running)
		return started_ && m.state == member_state::leaving;
	return now < m.unheard_from || contains(d.usable(), m.id);
}

bool bond::hears_otherwise(const decision &d, time_ms now) const noexcept
{
	return std::any_of(members_.begin(), members_.end(),
	                   [&](const member_ptr &m) { return m->polled != is_heard(*m, d, now); });
}

// When somebody will not be heard any more because of the time. Of one that may send, the end of that comes first.
time_ms bond::next_unheard(const decision &d) const noexcept
{
	time_ms next = never;
	for (const member_ptr &m : members_)
		if (m->polled && m->state == member_state::running && m->unheard_from < next && !contains(d.usable(), m->id))
			next = m->unheard_from;
	return next;
}

// Publishes if what was reported, or the time, changes who transmits or who is polled.
void bond::reconsider(time_ms now, std::span<const news> cause) noexcept
{
	const decision next = failover_.evaluate(now);
	const bool another_sends = mode_ == mode::active_backup && next.chosen != last_.chosen;
	if (next.usable_changed || next.carrier_changed || another_sends || hears_otherwise(next, now) || weighs_otherwise(next))
		publish(next, change::counts);
	act_on(next, now, cause);
}

// Publishes in any case: the members, the mode or something else in the snapshot has changed.
void bond::republish(std::span<const news> cause) noexcept
{
	const time_ms now = now_ms();
	const decision next = failover_.evaluate(now);
	publish(next, change::counts);
	macs_due_ = true;
	act_on(next, now, cause);
}

void bond::republish(member_id joined) noexcept
{
	const news cause{event_kind::member_added, joined, {}};
	republish(std::span(&cause, joined != member_id::none ? 1 : 0));
}

// What follows from a decision once it is published. Listeners hear of its cause before they hear what came of it.
void bond::act_on(const decision &next, time_ms now, std::span<const news> cause) noexcept
{
	const decision before = std::exchange(last_, next);
	last_.deadline = std::min(last_.deadline, next_unheard(next));
	note_reasons(now);
	for (const news &one : cause)
		tell(one);
	tell_of_roles();
	tell_of_usable(before, next);
	follow_up(before, next, tell_of_active(next));
	update_link(next); // in any case, since a speed may have become known
	wake_watcher_for(last_);
}

// Not in vain: to wake a thread takes longer than to publish, and this one would wait for the lock that is held here.
void bond::wake_watcher_for(const decision &d) noexcept
{
	if (d.deadline < watcher_sleeps_until_ || (started_ && !watcher_polls_))
		watch_wakes_.notify_all();
}

void bond::publish(const decision &d, change kind) noexcept
{
	auto next = next_snapshot_ ? std::move(next_snapshot_) : std::make_unique<snapshot>();
	if (kind == change::counts)
		generation_++;
	next->generation = generation_;
	next->bond_port = port_;
	next->mode = mode_;
	next->policy = policy_;
	next->seed = seed_;
	fill_transmit(*next, d);
	const std::vector<member_ptr> left_alone = fill_receive(*next, d);
	if (mode_ == mode::balance)
		fill_buckets(*next, d);
	if (mode_ == mode::round_robin)
		fill_turns(*next, d);
	if (pins_)
		fill_pins(*next, d);
	select_functions(*next,
	                 {.when_empty = settings_.tx_empty, .rr_limit = settings_.rr_limit, .turns = next->turns,
	                  .wide = settings_.simd},
	                 settings_.rx_port, announces());
	std::unique_ptr<rcu::retirable> previous(snapshot_.exchange(next.release()));

	publish_times_.last_ns = state_.held_for_ns();
	publish_times_.longest_ns = std::max(publish_times_.longest_ns, publish_times_.last_ns);
	rcu::retire(std::move(previous));
	for (const member_ptr &m : left_alone)
		rcu::retire(std::make_unique<last_bursts>(m));
	next_snapshot_ = std::make_unique<snapshot>();
}

void bond::fill_transmit(snapshot &s, const decision &d) const noexcept
{
	if (!started_)
		return;
	std::array<eth_tx_prep_t, max_members> seen{};
	visit(members_, d.may_transmit(), [&](const member &m) {
		const bool mode_sends = mode_ != mode::active_backup || m.id == d.active;
		if (mode_sends)
			s.tx_port[s.tx_count++] = ethdev_port::handle(m.port);
		else if (!pins_) // which also lets backups send
			return;
		// Members of one driver share the function, and once is enough for them all.
		const eth_tx_prep_t prepare = rte_eth_devices[m.port].tx_pkt_prepare;
		const auto end = seen.begin() + s.prepare_count;
		if (prepare != nullptr && std::find(seen.begin(), end, prepare) == end) {
			seen[s.prepare_count] = prepare;
			s.prepare_port[s.prepare_count++] = ethdev_port::handle(m.port);
		}
	});
}

// Every member whose link is usable may be named, a backup too: as in Linux, whoever names a member knows why.
void bond::fill_pins(snapshot &s, const decision &d) const noexcept
{
	s.pin.flag = pins_->flag;
	s.pin.offset = pins_->offset;
	if (!started_)
		return;
	visit(members_, d.may_transmit(), [&s](const member &m) {
		s.pin.add(to_number(m.id), ethdev_port::handle(m.port));
	});
}

// What the backups receive are mostly copies of flooded frames, which the application has got from the active member.
bool bond::delivers(member_id id, const decision &d) const noexcept
{
	return mode_ != mode::active_backup || all_members_active_ || id == d.chosen;
}

// Returns those that were polled until now.
std::vector<member_ptr> bond::fill_receive(snapshot &s, const decision &d) noexcept
{
	const time_ms now = now_ms();
	std::vector<member_ptr> left_alone;
	for (const member_ptr &m : members_) {
		const bool was_polled = std::exchange(m->polled, is_heard(*m, d, now));
		if (!m->polled) {
			if (was_polled)
				left_alone.push_back(m);
			continue;
		}
		const bool leaving = m->state == member_state::leaving;
		const bool deliver = leaving ? m->deliver_while_leaving : delivers(m->id, d);
		const unsigned special = (deliver ? 0 : rx_source::backup) | (leaving ? rx_source::draining : 0);
		s.rx_member[s.rx_count++] = {ethdev_port::handle(m->port), static_cast<std::uint8_t>(special)};
	}
	return left_alone;
}

void bond::fill_buckets(snapshot &s, const decision &d) noexcept
{
	seat_set active = 0;
	seat_table entry_of_seat;
	unsigned index = 0;
	visit(members_, d.may_transmit(), [&](const member &m) {
		active |= seat_set{1} << *m.seat;
		entry_of_seat[*m.seat] = bucket_entry(index++, s.tx_count);
	});
	weighed_ = weigh(d);
	buckets_->set_active(active, weighed_);
	buckets_->describe_holders(entry_of_seat, s.bucket);
	s.between = find_borders(s.bucket, s.tx_count);
}

// Members of one weight need no order but that of their numbers.
void bond::fill_turns(snapshot &s, const decision &d) noexcept
{
	weighed_ = weigh(d);
	std::array<std::uint32_t, max_members> weights;
	unsigned count = 0;
	visit(members_, d.may_transmit(), [&](const member &m) { weights[count++] = weighed_[*m.seat]; });
	const auto end = weights.begin() + s.tx_count;
	if (std::adjacent_find(weights.begin(), end, std::not_equal_to<>()) == end)
		return;
	turn_counts turns;
	s.turns = static_cast<std::uint16_t>(count_turns({weights.data(), s.tx_count}, turns));
	arrange_turns({turns.data(), s.tx_count}, s.bucket);
}

// What the application sees as the bond's link: up with one usable member; as fast as what carries packets.
void bond::update_link(const decision &d) noexcept
{
	std::uint32_t sum = 0, slowest = UINT32_MAX;
	const time_ms now = now_ms();
	for (member_id id : d.may_transmit()) {
		const std::uint32_t speed = failover_.member_view(id, now)->speed_mbps;
		if (mode_ == mode::active_backup && id != d.active)
			continue;
		sum += speed;
		slowest = std::min(slowest, speed);
	}
	rte_eth_link link{};
	link.link_status = started_ && d.carrier ? RTE_ETH_LINK_UP : RTE_ETH_LINK_DOWN;
	link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	link.link_autoneg = RTE_ETH_LINK_AUTONEG;
	if (link.link_status == RTE_ETH_LINK_UP) {
		link.link_speed = mode_ == mode::broadcast ? slowest : sum;
		if (link.link_speed == 0)
			link.link_speed = RTE_ETH_SPEED_NUM_UNKNOWN;
	}
	if (!sdk::set_link(dev_, link))
		return;
	announce_link();
	tell(link.link_status == RTE_ETH_LINK_UP ? event_kind::link_up : event_kind::link_down);
}

void bond::tell_of_usable(const decision &before, const decision &after) noexcept
{
	for (member_id id : before.may_transmit())
		if (!contains(after.may_transmit(), id))
			if (const member_ptr m = member_with(id))
				tell(event_kind::member_unusable, id, to_string(m->why));
	for (member_id id : after.may_transmit())
		if (!contains(before.may_transmit(), id))
			tell(event_kind::member_usable, id);
}

// Against what was told last and not against the decision before: failover has somebody in mind in every mode, but only
// active-backup makes him the active one. That nobody is when it ends is told by the change of the mode. True if it is news.
bool bond::tell_of_active(const decision &d) noexcept
{
	const bool one_sends = mode_ == mode::active_backup;
	const member_id active = one_sends ? d.active : member_id::none;
	if (std::exchange(told_active_, active) == active || !one_sends)
		return false;
	if (lsc_on_failover_)
		announce_link();
	tell(event_kind::active_changed, active);
	return true;
}

} // namespace braid
