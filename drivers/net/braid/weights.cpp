/* SPDX-License-Identifier: BSD-3-Clause */
// How much each member gets in the modes balance and round-robin. The others take no account of weights.
#include "bond.hpp"

#include "clock.hpp"

#include <algorithm>

namespace braid {
namespace {

// Of a link, in Mbit/s: beyond any that exists, and small enough to be multiplied by a weight.
constexpr std::uint32_t top_speed = UINT32_MAX / max_weight;

} // namespace

// By speed, a member whose speed is unknown counts as the slowest one of those that are known: too little is cured by telling
// the speed, too much is packets lost.
seat_weights bond::weigh(const decision &d) const noexcept
{
	const time_ms now = now_ms();
	const auto speed_of = [&](member_id id) { return std::min(failover_.member_view(id, now)->speed_mbps, top_speed); };
	std::uint32_t slowest = top_speed;
	if (weights_ == weigh_by::speed)
		for (member_id id : d.may_transmit())
			if (const std::uint32_t speed = speed_of(id); speed != 0)
				slowest = std::min(slowest, speed);

	seat_weights weights = equal_weights;
	for (member_id id : d.may_transmit()) {
		const member_ptr m = member_with(id);
		const std::uint32_t speed = weights_ == weigh_by::speed ? speed_of(id) : 1;
		weights[*m->seat] = m->weight * (speed != 0 ? speed : slowest);
	}
	return weights;
}

// A link has come up with another speed, while who transmits has not changed.
bool bond::weighs_otherwise(const decision &d) const noexcept
{
	return mode_weighs() && weights_ == weigh_by::speed && weigh(d) != weighed_;
}

unsigned bond::buckets_of(const member &m) const noexcept
{
	const bool holds = mode_ == mode::balance && started_ && m.seat && m.why == why_not::none;
	return holds ? buckets_->load(*m.seat) : 0;
}

void bond::weigh_anew(const news &cause) noexcept
{
	if (mode_weighs())
		republish({&cause, 1});
	else
		tell(cause);
}

result<void> bond::set_weight(member_id id, std::uint32_t weight) noexcept
{
	const pacing pace(*this);
	if (weight < 1 || weight > max_weight)
		return error(EINVAL, "weight: %u is not 1 to %u", weight, max_weight);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	const result<member_ptr> m = member_to_steer(id);
	if (!m)
		return m.error();
	if (std::exchange((*m)->weight, weight) != weight)
		weigh_anew(new_value("weight", std::to_string(weight), id));
	return {};
}

result<void> bond::set_weights(weigh_by w) noexcept
{
	const pacing pace(*this);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(weights_, w) != w)
		weigh_anew(new_value("weights", to_string(w)));
	return {};
}

} // namespace braid
