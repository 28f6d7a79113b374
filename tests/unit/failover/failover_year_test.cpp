/* SPDX-License-Identifier: BSD-3-Clause */
// A year of members that flap, come and go, and of an administrator who turns every knob meanwhile. A model
// beside the failover knows only what was reported and since when, and who was chosen before; what must always be true,
// and who must be chosen now, is checked against it.
#include "failover/failover.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace braid {
namespace {

constexpr time_ms one_year = time_ms{365} * 24 * 3600 * 1000;

class year {
public:
	explicit year(unsigned seed) : random_(seed) {}

	void live();

	unsigned evaluations = 0;
	unsigned active_changes = 0;
	unsigned carrier_losses = 0;

private:
	struct port {
		bool up;
		time_ms since; // the report that began the present state of the link
		unsigned joined = 0; // how many had before
		bool enabled = true;
		bool running = true;
		bool sticky = false;
		std::int32_t priority = 0;
		std::uint32_t speed = 1000; // while it was last up
		bool full_duplex = true;

		bool may() const { return enabled && running; }
	};

	unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
	member_id anyone() { return member_id{1 + below(6)}; }
	time_ms pause();
	void happen();
	void flap(member_id id);
	void evaluate();
	void check(const decision &d);
	void check_member(member_id id, const port &p, const decision &d);
	bool in(member_id id, std::initializer_list<link_state> states) const;
	member_id best(std::initializer_list<link_state> states) const;
	bool primary_takes_over(member_id from) const;
	member_id who() const;

	std::mt19937_64 random_;
	failover failover_;
	std::map<member_id, port> ports_;
	link_delays delays_;
	unsigned joined_ = 0;
	unsigned min_links_ = 0;
	member_id primary_ = member_id::none;
	member_id standby_ = member_id::none;
	primary_reselect reselect_ = primary_reselect::always;
	bool ordered_ = false;
	time_ms now_ = 0;
	decision last_;
};

// Most things come in showers of milliseconds, with hours of silence between them.
time_ms year::pause()
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return below(4 * 3600 * 1000);
	default:
		return below(400);
	}
}

void year::flap(member_id id)
{
	const auto it = ports_.find(id);
	if (it == ports_.end())
		return;
	const bool up = below(3) != 0;
	port &p = it->second;
	if (up != p.up)
		p.since = now_;
	p.up = up;
	const link_report seen{.up = up, .speed_mbps = 1000u << below(3), .full_duplex = below(2) == 0};
	if (up) {
		p.speed = seen.speed_mbps;
		p.full_duplex = seen.full_duplex;
	}
	failover_.report(id, seen, now_);
}

void year::happen()
{
	const member_id id = anyone();
	const auto known = ports_.find(id);
	switch (below(60)) {
	case 0: {
		const bool up = below(2) == 0;
		if (failover_.join(id, {.up = up, .speed_mbps = 1000, .full_duplex = true}, now_))
			ports_[id] = {up, now_, joined_++};
		break;
	}
	case 1:
		if (below(4) == 0) {
			failover_.leave(id);
			ports_.erase(id);
			if (primary_ == id)
				primary_ = member_id::none;
			if (standby_ == id)
				standby_ = member_id::none;
		}
		break;
	case 2:
		if (known != ports_.end()) {
			known->second.enabled = below(3) != 0;
			failover_.set_enabled(id, known->second.enabled);
		}
		break;
	case 3:
		primary_ = below(3) == 0 ? member_id::none : id;
		standby_ = standby_ == primary_ ? member_id::none : standby_;
		ordered_ = primary_ != member_id::none;
		failover_.set_primary(primary_);
		break;
	case 4:
		reselect_ = static_cast<primary_reselect>(below(3));
		failover_.set_reselect(reselect_);
		break;
	case 6:
		standby_ = below(3) == 0 ? member_id::none : id;
		primary_ = primary_ == standby_ ? member_id::none : primary_;
		failover_.set_standby(standby_);
		break;
	case 7:
		if (known != ports_.end()) {
			known->second.priority = static_cast<std::int32_t>(below(5)) - 2;
			failover_.set_priority(id, known->second.priority);
		}
		break;
	case 8:
		if (known != ports_.end()) {
			known->second.sticky = below(2) == 0;
			failover_.set_sticky(id, known->second.sticky);
		}
		break;
	case 9:
		if (known != ports_.end()) {
			known->second.running = below(3) != 0;
			failover_.set_running(id, known->second.running);
		}
		break;
	case 10:
		min_links_ = below(4);
		failover_.set_min_links(min_links_);
		break;
	case 5:
		if (below(8) == 0) {
			delays_ = {below(3) * below(1000), below(3) * below(500)};
			failover_.set_delays(delays_.up_ms, delays_.down_ms);
		}
		break;
	default:
		flap(id);
		break;
	}
}

bool year::in(member_id id, std::initializer_list<link_state> states) const
{
	const auto it = ports_.find(id);
	return it != ports_.end() && it->second.may() &&
	       std::ranges::find(states, failover_.member_view(id, now_)->link) != states.end();
}

// Of the members in one of these states, by what the operator prefers; the first to join among equals.
member_id year::best(std::initializer_list<link_state> states) const
{
	std::vector<std::tuple<bool, bool, std::int64_t, unsigned, member_id>> line;
	for (const auto &[id, p] : ports_)
		if (in(id, states))
			line.emplace_back(id != primary_, id == standby_, -std::int64_t{p.priority}, p.joined, id);
	return line.empty() ? member_id::none : std::get<4>(*std::ranges::min_element(line));
}

bool year::primary_takes_over(member_id from) const
{
	if (ordered_ || reselect_ == primary_reselect::always)
		return true;
	const port &p = ports_.at(primary_), &f = ports_.at(from);
	return reselect_ == primary_reselect::better &&
	       std::tuple(p.speed, p.full_duplex) > std::tuple(f.speed, f.full_duplex);
}

// Who must be chosen, told from the point of view of the one who was chosen before.
member_id year::who() const
{
	constexpr auto up = link_state::up, going = link_state::going_down;
	const member_id before = last_.chosen;
	if (!in(before, {up, going})) {
		const member_id risen = best({up});
		return risen != member_id::none ? risen : best({going});
	}
	if (before == primary_)
		return before;
	member_id next = before;
	for (const auto &[id, p] : ports_) {
		if (ports_.at(before).sticky || id == primary_ || id == standby_ || !in(id, {up}))
			continue;
		const port &n = ports_.at(next);
		const bool higher = p.priority > n.priority ||
		                    (next != before && p.priority == n.priority && p.joined < n.joined);
		if (next == standby_ || higher)
			next = id;
	}
	return in(primary_, {up}) && primary_takes_over(next) ? primary_ : next;
}

void year::check_member(member_id id, const port &p, const decision &d)
{
	const bool in_set = std::ranges::find(d.usable(), id) != d.usable().end();
	const time_ms age = now_ - p.since;
	if (!p.may()) {
		ASSERT_FALSE(in_set) << "disabled or stopped";
	}
	if (!p.up && age >= delays_.down_ms) {
		ASSERT_FALSE(in_set) << "down for longer than the down delay";
	}
	if (p.may() && p.up && age >= delays_.up_ms) {
		ASSERT_TRUE(in_set) << "up for longer than the up delay";
	}
	const auto seen = failover_.member_view(id, now_);
	ASSERT_TRUE(seen);
	ASSERT_EQ(seen->reason == why_not::none, d.active == id);
	ASSERT_EQ(seen->reason == why_not::standby, in_set && d.carrier && d.active != id);
	ASSERT_EQ(seen->reason == why_not::min_links, in_set && !d.carrier);
	ASSERT_EQ(seen->reason == why_not::stopped, !p.running);
	ASSERT_EQ(seen->reason == why_not::disabled, p.running && !p.enabled);
	ASSERT_EQ(seen->role, id == primary_ ? member_role::primary
	                      : id == standby_ ? member_role::standby : member_role::none);
	ASSERT_EQ(p.up, seen->link == link_state::up || seen->link == link_state::coming_up);
}

void year::check(const decision &d)
{
	const auto usable = d.usable();
	ASSERT_EQ(d.carrier, !usable.empty() && usable.size() >= min_links_);
	ASSERT_EQ(d.may_transmit().size(), d.carrier ? usable.size() : 0);
	ASSERT_EQ(d.active, d.carrier ? d.chosen : member_id::none);
	ASSERT_EQ(d.chosen, who());
	ASSERT_GT(d.deadline, now_);
	ASSERT_EQ(failover_.member_count(), ports_.size());

	unsigned links_up = 0;
	for (const auto &[id, p] : ports_) {
		check_member(id, p, d);
		links_up += p.may() && p.up;
	}
	if (links_up >= std::max(1u, min_links_)) {
		ASSERT_TRUE(d.carrier) << "an up delay was honoured with too few others usable";
	}

	ASSERT_EQ(d.usable_changed, !std::ranges::equal(usable, last_.usable()));
	ASSERT_EQ(d.active_changed, d.active != last_.active);
	ASSERT_EQ(d.carrier_changed, d.carrier != last_.carrier);
}

void year::evaluate()
{
	const decision d = failover_.evaluate(now_);
	check(d);
	evaluations++;
	active_changes += d.active_changed;
	carrier_losses += d.carrier_changed && !d.carrier;
	if (d.chosen == primary_)
		ordered_ = false;
	last_ = d;

	const decision again = failover_.evaluate(now_);
	ASSERT_FALSE(again.usable_changed || again.active_changed || again.carrier_changed);
	ASSERT_EQ(again.deadline, d.deadline);
}

void year::live()
{
	while (now_ < one_year && !testing::Test::HasFatalFailure()) {
		const time_ms next = now_ + pause();
		// Each deadline lies after the one before, so that this ends; at times the control thread
		// oversleeps.
		while (last_.deadline <= next && below(10) != 0) {
			const time_ms deadline = last_.deadline;
			now_ = deadline;
			evaluate();
			ASSERT_GT(last_.deadline, deadline) << "a deadline without progress";
		}
		now_ = next;
		happen();
		evaluate();
	}
}

TEST(FailoverYear, EveryInvariantHoldsThroughAYearOfFlapping)
{
	for (unsigned seed : {1u, 2u, 3u}) {
		SCOPED_TRACE(seed);
		year y(seed);
		y.live();
		if (testing::Test::HasFatalFailure())
			return;
		// A year in which nothing happened would prove nothing.
		EXPECT_GT(y.evaluations, 10000u);
		EXPECT_GT(y.active_changes, 500u);
		EXPECT_GT(y.carrier_losses, 50u);
	}
}

// Nobody reports anything for a year after a burst of changes: the deadlines alone lead to rest, within as
// many evaluations as there are members.
TEST(FailoverYear, SilenceComesToRest)
{
	failover f;
	f.set_delays(1000, 500);
	for (unsigned i = 1; i <= max_members; i++)
		f.join(member_id{i}, {.up = true, .speed_mbps = 1000, .full_duplex = true}, i);
	decision d = f.evaluate(max_members);
	unsigned evaluations = 0;
	for (; d.deadline < one_year; evaluations++)
		d = f.evaluate(d.deadline);
	EXPECT_EQ(d.deadline, never);
	EXPECT_EQ(d.usable_count, max_members);
	EXPECT_LE(evaluations, max_members);
}

} // namespace
} // namespace braid
