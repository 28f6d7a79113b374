/* SPDX-License-Identifier: BSD-3-Clause */
// Taking a member out of a bond that runs, without losing what it has been given to send or has received:
//
//   leave the transmit set -> grace period -> stillness -> leave the receive set -> grace period -> stop, restore, release
//
// After the first grace period no burst sends on the member, so its transmit queues are ours to ask. Still it is when its
// transmit queues have come to rest, nothing has been received from it for a while, also no answer to what it sent last,
// and every receive queue of the application was then found empty.
#include "bond.hpp"

#include "clock.hpp"

namespace braid {
namespace {

// How long nothing may have moved. Longer than an answer takes on a network of today, and than a backend that shares a
// busy processor is away.
constexpr time_ms quiet_ms = 5;

// The same while descriptors are in use: a paused link, or a driver that counts those it will clean up at its next send only,
// and does not when it is asked to (rte_eth_tx_done_cleanup). The two cannot be told apart, so nobody says that packets were
// lost. The longest pause of one frame at 1 Gb/s is 34 ms.
constexpr time_ms stuck_ms = 50;

constexpr std::uint64_t look_period_us = 200;

// A driver that answers for any offset would be asked for ever.
constexpr unsigned most_descriptors = 32768;

// Decides when a leaving member is still; what has happened is told to it.
class stillness {
public:
	stillness(std::vector<const rx_lane *> lanes, time_ms now) : lanes_(std::move(lanes)), since_(now) {}

	// `sent` changes whenever something has left the transmit queues; `waits`: something may still be in them.
	bool reached(time_ms now, std::uint64_t sent, bool waits) noexcept
	{
		if (const std::uint64_t moved = sent + received(); moved != moved_) {
			moved_ = moved;
			since_ = now;
			before_.clear();
		}
		if (now - since_ < (waits ? stuck_ms : quiet_ms))
			return false;
		if (before_.empty()) {
			for (const rx_lane *lane : lanes_)
				before_.push_back(lane->dry_looks.get());
			return lanes_.empty();
		}
		return all_looked_twice();
	}

private:
	std::uint64_t received() const noexcept
	{
		std::uint64_t sum = 0;
		for (const rx_lane *lane : lanes_)
			sum += lane->from_leaving.get();
		return sum;
	}

	// The first look may have begun before the time was over; the second has not.
	bool all_looked_twice() const noexcept
	{
		for (std::size_t i = 0; i < lanes_.size(); i++)
			if (lanes_[i]->dry_looks.get() < before_[i] + 2)
				return false;
		return true;
	}

	const std::vector<const rx_lane *> lanes_;
	time_ms since_;
	std::uint64_t moved_ = 0;
	std::vector<std::uint64_t> before_; // dry looks of each lane when the time was over; empty: it is not
};

// Whether its queues may be asked about; the burst side of a stopped port is null pointers in 25.11. With the device lock held.
bool can_be_asked(const member &m) noexcept
{
	return m.claimed && m.claimed->runs() && !m.vanished && rte_eth_devices[m.claimed->port()].data->dev_started != 0;
}

// Descriptors that the driver calls in use; 0 if it tells nothing.
unsigned called_in_use(std::uint16_t port, std::uint16_t queue, unsigned size) noexcept
{
	if (const int count = sdk::tx_queue_count(port, queue); count >= 0)
		return static_cast<unsigned>(count);
	unsigned busy = 0;
	for (unsigned offset = 0; offset < size; offset++) {
		const int status = rte_eth_tx_descriptor_status(port, queue, static_cast<std::uint16_t>(offset));
		if (status < 0)
			break;
		busy += status == RTE_ETH_TX_DESC_FULL;
	}
	return busy;
}

// Descriptors of a transmit queue that its device has not done with, as far as the driver tells; 0 if it does not. A driver whose
// device marks only every tx_rs_thresh-th descriptor (ixgbe, i40e, ice) calls those behind the last mark in use for ever,
// since it learns what became of them from the next mark: so few say nothing.
unsigned descriptors_in_use(std::uint16_t port, std::uint16_t queue) noexcept
{
	rte_eth_txq_info info{};
	const bool described = rte_eth_tx_queue_info_get(port, queue, &info) == 0;
	const unsigned in_use = called_in_use(port, queue, described ? info.nb_desc : most_descriptors);
	return in_use < info.conf.tx_rs_thresh ? 0 : in_use;
}

} // namespace

result<void> bond::remove(member_id id) noexcept
{
	return take_out(id, settings_.drain_ms > 0 ? leaving::drained : leaving::at_once);
}

result<void> bond::remove_now(member_id id) noexcept { return take_out(id, leaving::at_once); }

result<void> bond::take_out(member_id id, leaving how) noexcept
{
	rcu::bound_what_waits();
	const config_guard guard(config_);
	if (result<void> open = still_open(); !open)
		return open;
	member_ptr m;
	{
		const state_guard state(state_);
		m = member_with(id);
		if (!m)
			return error(ENOENT, "%s has no member with id %u", device_name_, to_number(id));
		if (m->state != member_state::running)
			how = leaving::at_once;
		m->deliver_while_leaving = delivers(id, last_);
		m->state = how == leaving::drained ? member_state::leaving : member_state::gone;
		leave_failover(*m);
		republish();
	}
	settle_macs(); // before it gets its own address back, which may be the bond's
	drained end = drained::still;
	if (how == leaving::drained) {
		end = drain(m);
		const state_guard state(state_);
		m->state = member_state::gone;
		publish(last_, change::same_operation);
	}
	rcu::wait_for_readers();
	std::string left = left_in(*m, end);
	let_go(m);
	warn_of_duplicate(*m);
	{
		const state_guard state(state_);
		if (m->port != no_port && !m->vanished) // or else the number may be that of a device which has just appeared
			by_rule_.barred[m->port] = true;
		forget(m, std::move(left));
	}
	give_back_unused_ports();
	refresh_reta_size();
	return {};
}

// No trace is left of the member but what it has counted.
void bond::forget(const member_ptr &m, std::string reason) noexcept
{
	departed_ += m->counted.sum();
	if (m->seat)
		seats_.leave(*m->seat);
	tell(event_kind::member_removed, m->id, std::move(reason));
	names_.forget(m->id);
	std::erase(members_, m);
	publish_directory();
}

// Waits for stillness, at most drain_ms and not while the bond is being closed. An application that does not poll receives
// nothing more from the member either way.
bond::drained bond::drain(const member_ptr &m) noexcept
{
	rcu::wait_for_readers();
	const time_ms until = now_ms() + settings_.drain_ms;
	std::vector<const rx_lane *> lanes;
	{
		const state_guard state(state_);
		for (unsigned q = 0; q < wanted_.rx_queues && q < rx_lanes_.size(); q++)
			if (rx_lanes_[q])
				lanes.push_back(rx_lanes_[q].get());
	}
	stillness all(std::move(lanes), now_ms());
	const auto has_gone = [&] {
		const state_guard state(state_);
		return m->state != member_state::leaving || closing_;
	};
	std::uint64_t freed = 0;
	while (!has_gone()) {
		const time_ms now = now_ms();
		const unsigned waiting = untransmitted(*m, freed);
		// Both only change when the device has sent something, and in different directions.
		if (all.reached(now, freed - waiting, waiting > 0))
			return waiting == 0 ? drained::still : drained::stuck;
		if (now >= until)
			return drained::out_of_time;
		sleep_for_us(look_period_us);
	}
	return drained::still;
}

// How much stands in the member's transmit queues, as far as its driver tells. `freed` grows by what the driver gave back when
// it was asked to: the only thing that some of them tell.
unsigned bond::untransmitted(member &m, std::uint64_t &freed) noexcept
{
	const std::lock_guard device(m.device);
	if (!can_be_asked(m))
		return 0;
	const std::uint16_t port = m.claimed->port();
	unsigned sum = 0;
	for (std::uint16_t queue = 0; queue < rte_eth_devices[port].data->nb_tx_queues; queue++) {
		if (const int done = rte_eth_tx_done_cleanup(port, queue, 0); done > 0)
			freed += static_cast<unsigned>(done);
		sum += descriptors_in_use(port, queue);
	}
	return sum;
}

// What stands in the queues of a member that no burst can reach any more, as a sentence; "" if nothing does.
std::string bond::left_in(member &m, drained how) noexcept
{
	std::uint64_t freed = 0;
	const unsigned transmit = untransmitted(m, freed);
	const std::lock_guard device(m.device);
	if (!can_be_asked(m))
		return {};
	const std::uint16_t port = m.claimed->port();
	unsigned receive = 0;
	bool known = true;
	for (std::uint16_t queue = 0; queue < rte_eth_devices[port].data->nb_rx_queues; queue++) {
		const int waiting = rte_eth_rx_queue_count(port, queue);
		known = known && waiting >= 0;
		receive += waiting > 0 ? static_cast<unsigned>(waiting) : 0;
	}
	char text[160] = "";
	if (how == drained::stuck && transmit > 0 && receive == 0)
		std::snprintf(text, sizeof text, "its driver still counts %u transmit descriptors as in use, which may have been "
		              "sent: none has changed for %u ms", transmit, static_cast<unsigned>(stuck_ms));
	else if (transmit + receive > 0)
		std::snprintf(text, sizeof text, "%u packets were left in its receive queues and %u descriptors in its "
		              "transmit queues", receive, transmit);
	else if (!known && how == drained::out_of_time)
		std::snprintf(text, sizeof text, "its receive queues were not found empty within %u ms", settings_.drain_ms);
	return text;
}

} // namespace braid
