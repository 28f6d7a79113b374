/* SPDX-License-Identifier: BSD-3-Clause */
// The handle that tests hold: each method looks at the device or turns one of its knobs.
#include "fake_device.hpp"

#include <gtest/gtest.h>

#include <cassert>
#include <cstdlib>
#include <utility>

namespace braid {
namespace {

using device = fake_port::device;

// Applies `apply` to one queue or, for all_queues, to each.
template <typename Queues, typename Apply> void at(Queues &queues, std::uint16_t index, Apply apply)
{
	if (index != fake_port::all_queues) {
		assert(index < queues.size());
		apply(*queues[index]);
		return;
	}
	for (auto &queue : queues)
		apply(*queue);
}

template <typename Queues, typename Read> std::uint64_t sum(Queues &queues, std::uint16_t index, Read read)
{
	std::uint64_t total = 0;
	at(queues, index, [&](auto &queue) { total += read(queue); });
	return total;
}

// A copy of something that `lock` guards.
template <typename Read> auto locked(const device &d, Read read)
{
	const std::lock_guard guard(d.lock);
	return read(d.hw);
}

} // namespace

fake_port::fake_port(const fake_options &options) : device_(fake_register(options))
{
	if (device_ == nullptr) {
		ADD_FAILURE() << "there is a fake port named " << options.name << " already";
		std::abort();
	}
	if (!options.plugged)
		return;
	const int status = plug();
	EXPECT_EQ(status, 0) << "plugging in " << name();
}

fake_port::~fake_port()
{
	if (device_ == nullptr)
		return;
	heal_all();
	for (unsigned i = 0; i < fake_op_count; i++)
		release(static_cast<fake_op>(i));
	const int status = device_->on_bus.load() ? unplug() : 0;
	EXPECT_EQ(status, 0) << "unplugging " << name();
	for (auto &queue : device_->rx)
		device_->drop_received(*queue);
	for (rte_mbuf *packet : take_tx())
		rte_pktmbuf_free(packet);
	for (const auto &text : take_violations())
		ADD_FAILURE() << "violation: " << text;
	fake_forget(*device_);
}

const std::string &fake_port::name() const { return device_->options.name; }
std::uint16_t fake_port::port_id() const { return device_->port.load(); }
bool fake_port::present() const { return port_id() < RTE_MAX_ETHPORTS; }
int fake_port::plug() { return fake_plug(*device_); }
int fake_port::unplug() { return fake_unplug(*device_); }

int fake_port::replug()
{
	if (device_->on_bus.load()) {
		const int status = unplug();
		if (status != 0)
			return status;
	}
	return plug();
}

bool fake_port::vanish()
{
	device_->presence.store(fake_presence::vanished);
	const bool heard = device_->options.announces_rmv && locked(*device_, [](auto &hw) { return hw.rmv; });
	if (heard)
		fake_raise(*device_, RTE_ETH_EVENT_INTR_RMV);
	return heard;
}

void fake_port::bury() { device_->presence.store(fake_presence::buried); }

bool fake_port::set_link(bool up, bool raise)
{
	bool lsc = false;
	{
		const std::lock_guard guard(device_->lock);
		device_->hw.cable = up;
		lsc = device_->hw.lsc && device_->options.announces_lsc;
	}
	if (!lsc || !device_->running.load())
		return false;
	fake_show_link(*device_);
	if (raise)
		raise_lsc();
	return raise;
}

void fake_port::set_speed(std::uint32_t mbps)
{
	const std::lock_guard guard(device_->lock);
	device_->hw.speed_mbps = mbps;
}

void fake_port::raise_lsc() { fake_raise(*device_, RTE_ETH_EVENT_INTR_LSC); }
void fake_port::set_link_latency_ms(unsigned ms) { device_->link_latency_ms.store(ms); }

std::thread::id fake_port::last_link_query_thread() const
{
	const std::lock_guard guard(device_->lock);
	return device_->last_link_query;
}

void fake_port::fail(fake_op op, int error, unsigned on_call)
{
	const std::lock_guard guard(device_->lock);
	device_->script[index_of(op)] = {error, on_call};
}

void fake_port::act_before_failing(bool on)
{
	const std::lock_guard guard(device_->lock);
	device_->acts_before_failing = on;
}

void fake_port::heal(fake_op op) { fail(op, 0); }

void fake_port::heal_all()
{
	const std::lock_guard guard(device_->lock);
	device_->script.fill({});
	device_->script_by_place.clear();
}

void fake_port::count_calls()
{
	const std::lock_guard guard(device_->lock);
	device_->counting = true;
	device_->counted.clear();
	device_->script_by_place.clear();
}

void fake_port::fail_at(unsigned place, int error)
{
	const std::lock_guard guard(device_->lock);
	device_->script_by_place[place] = error;
}

std::vector<fake_call> fake_port::counted() const
{
	const std::lock_guard guard(device_->lock);
	return device_->counted;
}

void fake_port::hold(fake_op op) { device_->held[index_of(op)].store(true); }

void fake_port::release(fake_op op)
{
	device_->held[index_of(op)].store(false);
	device_->held[index_of(op)].notify_all();
}

unsigned fake_port::waiting(fake_op op) const { return device_->waiting[index_of(op)].load(); }

std::vector<fake_call> fake_port::calls() const
{
	const std::lock_guard guard(device_->lock);
	return device_->diary;
}

std::vector<std::string> fake_port::history() const
{
	std::vector<std::string> lines;
	for (const auto &call : calls()) {
		if (call.replay)
			continue;
		lines.emplace_back(to_string(call.op));
		if (!call.args.empty())
			lines.back() += " " + call.args;
	}
	return lines;
}

std::uint64_t fake_port::count(fake_op op) const { return device_->counts[index_of(op)].load(); }

void fake_port::clear_calls()
{
	const std::lock_guard guard(device_->lock);
	device_->diary.clear();
}

bool fake_port::configured() const
{
	return locked(*device_, [](auto &hw) { return hw.configured; });
}

bool fake_port::started() const { return device_->running.load(); }

std::uint16_t fake_port::rx_queues() const
{
	return locked(*device_, [](auto &hw) { return hw.rx_queues; });
}

std::uint16_t fake_port::tx_queues() const
{
	return locked(*device_, [](auto &hw) { return hw.tx_queues; });
}

std::uint64_t fake_port::rx_offloads() const
{
	return locked(*device_, [](auto &hw) { return hw.rx_offloads; });
}

std::uint64_t fake_port::tx_offloads() const
{
	return locked(*device_, [](auto &hw) { return hw.tx_offloads; });
}

bool fake_port::lsc_enabled() const
{
	return locked(*device_, [](auto &hw) { return hw.lsc; });
}

rte_ether_addr fake_port::permanent_mac() const { return device_->options.mac; }

rte_ether_addr fake_port::mac() const
{
	return locked(*device_, [](auto &hw) { return hw.mac; });
}

std::vector<rte_ether_addr> fake_port::extra_macs() const
{
	return locked(*device_, [](auto &hw) {
		std::vector<rte_ether_addr> all;
		for (const auto &[index, mac] : hw.extra_macs)
			all.push_back(mac);
		return all;
	});
}

std::vector<rte_ether_addr> fake_port::mc_addresses() const
{
	return locked(*device_, [](auto &hw) { return hw.mc_addresses; });
}

std::uint16_t fake_port::mtu() const
{
	return locked(*device_, [](auto &hw) { return hw.mtu; });
}

bool fake_port::promiscuous() const
{
	return locked(*device_, [](auto &hw) { return hw.promiscuous; });
}

bool fake_port::allmulticast() const
{
	return locked(*device_, [](auto &hw) { return hw.allmulticast; });
}

std::vector<std::uint16_t> fake_port::vlans() const
{
	return locked(*device_, [](auto &hw) { return std::vector<std::uint16_t>(hw.vlans.begin(), hw.vlans.end()); });
}

std::uint64_t fake_port::rss_hf() const
{
	return locked(*device_, [](auto &hw) { return hw.rss_hf; });
}

std::vector<std::uint8_t> fake_port::rss_key() const
{
	return locked(*device_, [](auto &hw) { return hw.rss_key; });
}

std::vector<std::uint16_t> fake_port::reta() const
{
	return locked(*device_, [](auto &hw) { return hw.reta; });
}

void fake_port::tx_mode(fake_tx mode) { device_->mode.store(mode); }

void fake_port::tx_limit_per_burst(std::uint16_t queue, std::uint64_t packets)
{
	at(device_->tx, queue, [&](auto &q) { q.per_burst.store(packets); });
}

void fake_port::tx_budget(std::uint16_t queue, std::uint64_t packets)
{
	at(device_->tx, queue, [&](auto &q) { q.budget.store(packets); });
}

void fake_port::tx_refuse_once(std::uint16_t queue, std::uint64_t nth)
{
	at(device_->tx, queue, [&](auto &q) { q.refuse_in.store(nth); });
}

std::uint64_t fake_port::tx_packets(std::uint16_t queue) const
{
	return sum(device_->tx, queue, [](auto &q) { return q.packets.get(); });
}

std::uint64_t fake_port::tx_bytes(std::uint16_t queue) const
{
	return sum(device_->tx, queue, [](auto &q) { return q.bytes.get(); });
}

std::uint64_t fake_port::tx_refused(std::uint16_t queue) const
{
	return sum(device_->tx, queue, [](auto &q) { return q.refused.get(); });
}

std::vector<rte_mbuf *> fake_port::take_tx(std::uint16_t queue)
{
	std::vector<rte_mbuf *> all;
	at(device_->tx, queue, [&](auto &q) {
		const std::lock_guard guard(q.kept_lock);
		all.insert(all.end(), q.kept.begin(), q.kept.end());
		q.kept.clear();
	});
	return all;
}

std::size_t fake_port::kept(std::uint16_t queue) const
{
	return sum(device_->tx, queue, [](auto &q) {
		const std::lock_guard guard(q.kept_lock);
		return q.kept.size();
	});
}

std::size_t fake_port::transmit(std::uint16_t queue, std::size_t packets)
{
	std::size_t left = 0;
	at(device_->tx, queue, [&](auto &q) { left += q.empty_ring(packets); });
	return left;
}

std::uint64_t fake_port::tx_lost() const { return device_->tx_lost.load(); }

void fake_port::prepare_refuse_once(std::uint64_t nth, int error)
{
	device_->prepare_error.store(error);
	device_->prepare_refuse_in.store(nth);
}

std::uint64_t fake_port::prepared() const { return device_->prepared.load(); }

bool fake_port::inject(std::uint16_t index, rte_mbuf *packet)
{
	if (index >= rx_queues())
		return false;
	auto &queue = *device_->rx[index];
	const std::lock_guard guard(queue.inject_lock);
	// Under the lock that stop takes to empty the ring, so that nothing is put in after it.
	if (!device_->running.load() || device_->gone() || queue.pending() == device_->options.rx_ring)
		return false;
	const auto place = queue.head.load();
	queue.ring[place % device_->options.rx_ring] = packet;
	queue.head.store(place + 1, std::memory_order_release);
	return true;
}

std::uint64_t fake_port::rx_packets(std::uint16_t queue) const
{
	return sum(device_->rx, queue, [](auto &q) { return q.packets.get(); });
}

std::uint64_t fake_port::rx_bytes(std::uint16_t queue) const
{
	return sum(device_->rx, queue, [](auto &q) { return q.bytes.get(); });
}

std::size_t fake_port::rx_pending(std::uint16_t queue) const
{
	return sum(device_->rx, queue, [](auto &q) { return q.pending(); });
}

std::uint64_t fake_port::rx_lost() const { return device_->rx_lost.load(); }

void fake_port::set_errors(const fake_errors &errors)
{
	const std::lock_guard guard(device_->lock);
	device_->errors = errors;
}

std::uint64_t fake_port::violations() const { return device_->violation_count.load(); }

std::vector<std::string> fake_port::take_violations() { return device_->take_violations(); }

std::vector<std::string> fake_port::take_late_violations() { return fake_take_late_violations(); }

} // namespace braid
