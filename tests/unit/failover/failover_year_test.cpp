/* SPDX-License-Identifier: BSD-3-Clause */
// A year of members that flap, come and go, and of an administrator who turns every knob meanwhile. A model
// beside the failover knows only what was reported and since when; what must always be true is checked
// against it.
#include "failover/failover.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

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
		bool enabled;
		time_ms since; // the report that began the present state of the link
	};

	unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
	member_id anyone() { return member_id{1 + below(6)}; }
	time_ms pause();
	void happen();
	void flap(member_id id);
	void evaluate();
	void check(const decision &d);
	void check_member(member_id id, const port &p, const decision &d);

	std::mt19937_64 random_;
	failover failover_;
	std::map<member_id, port> ports_;
	link_delays delays_;
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
	if (up != it->second.up)
		it->second = {up, it->second.enabled, now_};
	failover_.report(id, {.up = up, .speed_mbps = 1000u << below(3), .full_duplex = below(2) == 0}, now_);
}

void year::happen()
{
	const member_id id = anyone();
	switch (below(40)) {
	case 0: {
		const bool up = below(2) == 0;
		if (failover_.join(id, {.up = up, .speed_mbps = 1000, .full_duplex = true}, now_))
			ports_[id] = {up, true, now_};
		break;
	}
	case 1:
		if (below(4) == 0) {
			failover_.leave(id);
			ports_.erase(id);
		}
		break;
	case 2:
		if (const auto it = ports_.find(id); it != ports_.end()) {
			it->second.enabled = below(3) != 0;
			failover_.set_enabled(id, it->second.enabled);
		}
		break;
	case 3:
		failover_.set_primary(below(3) == 0 ? member_id::none : id);
		break;
	case 4:
		failover_.set_reselect(static_cast<primary_reselect>(below(3)));
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

void year::check_member(member_id id, const port &p, const decision &d)
{
	const bool in_set = std::ranges::find(d.usable(), id) != d.usable().end();
	const time_ms age = now_ - p.since;
	if (!p.enabled) {
		ASSERT_FALSE(in_set) << "disabled";
	}
	if (!p.up && age >= delays_.down_ms) {
		ASSERT_FALSE(in_set) << "down for longer than the down delay";
	}
	if (p.enabled && p.up && age >= delays_.up_ms) {
		ASSERT_TRUE(in_set) << "up for longer than the up delay";
	}
	const auto seen = failover_.member_view(id, now_);
	ASSERT_TRUE(seen);
	ASSERT_EQ(seen->reason == why_not::none, d.active == id);
	ASSERT_EQ(seen->reason == why_not::standby, in_set && d.active != id);
	ASSERT_EQ(p.up, seen->link == link_state::up || seen->link == link_state::coming_up);
}

void year::check(const decision &d)
{
	const auto usable = d.usable();
	ASSERT_EQ(d.carrier, !usable.empty());
	ASSERT_EQ(d.active == member_id::none, usable.empty());
	ASSERT_TRUE(usable.empty() || std::ranges::find(usable, d.active) != usable.end());
	ASSERT_GT(d.deadline, now_);
	ASSERT_EQ(failover_.member_count(), ports_.size());

	bool some_link_is_up = false;
	for (const auto &[id, p] : ports_) {
		check_member(id, p, d);
		some_link_is_up = some_link_is_up || (p.enabled && p.up);
	}
	if (some_link_is_up) {
		ASSERT_TRUE(d.carrier) << "an up delay was honoured with nothing else usable";
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
