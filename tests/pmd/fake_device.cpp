/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_device.hpp"

#include <rte_errno.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

namespace braid {
namespace {

using device = fake_port::device;

constexpr std::size_t violation_texts_kept = 64;

// One clock for the diaries of all ports.
std::atomic<std::uint64_t> next_order{1};

// What may still be asked of a device that is buried, and what a dead device answers with success.
bool is_for_the_dead(fake_op op)
{
	switch (op) {
	case fake_op::probe:
	case fake_op::remove:
	case fake_op::stop:
	case fake_op::close:
	case fake_op::rx_queue_release:
	case fake_op::tx_queue_release:
	case fake_op::is_removed:
		return true;
	default:
		return false;
	}
}

bool can_act_before_failing(fake_op op)
{
	switch (op) {
	case fake_op::mtu_set:
	case fake_op::mac_set:
	case fake_op::promiscuous_on:
	case fake_op::promiscuous_off:
	case fake_op::allmulticast_on:
	case fake_op::allmulticast_off: return true;
	default: return false;
	}
}

// What fail_at() counts: the calls whose refusal a driver can tell.
bool may_be_refused(fake_op op)
{
	switch (op) {
	case fake_op::probe:
	case fake_op::remove:
	case fake_op::close:
	case fake_op::mac_remove:
		return false;
	default:
		return is_change(op) || op == fake_op::infos_get || op == fake_op::rss_hash_conf_get;
	}
}

// A burst's stay in its queue. Not entered if somebody else is in there.
class visit {
public:
	visit(device::queue &queue, fake_op op, const char *what) : queue_(queue)
	{
		device &owner = *queue.owner;
		owner.counts[index_of(op)].fetch_add(1, std::memory_order_relaxed);
		entered_ = !queue.inside.exchange(true);
		if (!entered_) {
			owner.violate("two threads in %s of queue %u", what, queue.index);
			return;
		}
		welcome_ = owner.may_burst(queue, what);
		if (welcome_)
			owner.hold_here(op);
	}
	~visit()
	{
		if (entered_)
			queue_.inside.store(false);
	}
	visit(const visit &) = delete;
	visit &operator=(const visit &) = delete;

	explicit operator bool() const { return welcome_; }

private:
	device::queue &queue_;
	bool entered_ = false;
	bool welcome_ = false;
};

// Counts a one-shot countdown on by `offered` packets. Returns how many of them come before the one it
// strikes. A script written meanwhile is simply met by the next burst.
std::uint64_t before_strike(std::atomic<std::uint64_t> &countdown, std::uint64_t offered)
{
	auto left = countdown.load();
	while (left != 0) {
		const bool strikes = left <= offered;
		if (countdown.compare_exchange_weak(left, strikes ? 0 : left - offered))
			return strikes ? left - 1 : offered;
	}
	return offered;
}

// Takes up to `wanted` from the budget.
std::uint64_t spend(std::atomic<std::uint64_t> &budget, std::uint64_t wanted)
{
	auto left = budget.load();
	while (left != fake_port::unlimited) {
		const auto granted = std::min(left, wanted);
		if (budget.compare_exchange_weak(left, left - granted))
			return granted;
	}
	return wanted;
}

bool is_sound(device &owner, const device::queue &queue, const rte_mbuf *packet, const rte_mempool *first_pool)
{
	const char *reason = "";
	if (rte_mbuf_check(packet, 1, &reason) != 0) {
		owner.violate("tx queue %u was given a broken mbuf: %s", queue.index, reason);
		return false;
	}
	if (owner.fast_free.load(std::memory_order_relaxed) &&
	    (rte_mbuf_refcnt_read(packet) != 1 || !RTE_MBUF_DIRECT(packet) || packet->pool != first_pool))
		owner.violate("tx queue %u was given a shared or foreign mbuf under FAST_FREE", queue.index);
	return true;
}

std::uint16_t prepare(void *opaque, std::uint16_t n)
{
	auto &queue = *static_cast<device::tx_queue *>(opaque);
	device &owner = *queue.owner;
	owner.counts[index_of(fake_op::tx_prepare)].fetch_add(1, std::memory_order_relaxed);
	if (!owner.may_burst(queue, "tx prepare"))
		return n;
	owner.hold_here(fake_op::tx_prepare);
	const auto passed = static_cast<std::uint16_t>(before_strike(owner.prepare_refuse_in, n));
	owner.prepared.fetch_add(passed);
	if (passed < n)
		rte_errno = owner.prepare_error.load();
	return passed;
}

} // namespace

const char *to_string(fake_op op) noexcept
{
	static constexpr std::array<const char *, fake_op_count> names = {
		"probe",
		"remove",
		"configure",
		"start",
		"stop",
		"close",
		"rx_queue_setup",
		"tx_queue_setup",
		"link_up",
		"link_down",
		"promiscuous_on",
		"promiscuous_off",
		"allmulticast_on",
		"allmulticast_off",
		"mac_set",
		"mac_add",
		"mac_remove",
		"mc_list",
		"mtu_set",
		"vlan_filter",
		"vlan_offload",
		"rss_hash_update",
		"reta_update",
		"stats_reset",
		"xstats_reset",
		"rx_queue_release",
		"tx_queue_release",
		"infos_get",
		"link_update",
		"is_removed",
		"stats_get",
		"xstats_get",
		"xstats_names",
		"rss_hash_conf_get",
		"reta_query",
		"ptypes_get",
		"rxq_info",
		"txq_info",
		"tx_done_cleanup",
		"rx_burst",
		"tx_burst",
		"tx_prepare",
	};
	static_assert(names.back() != nullptr);
	return names[index_of(op)];
}

fake_port::device::device(const fake_options &given) : options(given)
{
	for (std::uint16_t i = 0; i < options.max_tx_queues; i++) {
		tx.push_back(std::make_unique<tx_queue>());
		tx.back()->owner = this;
		tx.back()->index = i;
	}
	for (std::uint16_t i = 0; i < options.max_rx_queues; i++) {
		rx.push_back(std::make_unique<rx_queue>());
		rx.back()->owner = this;
		rx.back()->index = i;
		rx.back()->ring = std::make_unique<rte_mbuf *[]>(options.rx_ring);
	}
	for (std::size_t i = 0; i < trapped_tx.size(); i++) {
		trapped_rx[i] = rx[i < rx.size() ? i : 0].get();
		trapped_tx[i] = tx[i < tx.size() ? i : 0].get();
	}
}

void fake_port::device::violate(const char *format, ...)
{
	char text[200];
	va_list args;
	va_start(args, format);
	std::vsnprintf(text, sizeof text, format, args);
	va_end(args);

	const std::lock_guard guard(violation_lock);
	violation_count.fetch_add(1);
	if (violation_texts.size() < violation_texts_kept)
		violation_texts.push_back(options.name + ": " + text);
}

std::vector<std::string> fake_port::device::take_violations()
{
	const std::lock_guard guard(violation_lock);
	violation_count.store(0);
	return std::exchange(violation_texts, {});
}

bool fake_port::device::is_replay() const { return hw.replaying && is_trapped(); }

int fake_port::device::scripted_failure(fake_op op, unsigned place)
{
	const std::lock_guard guard(lock);
	if (const auto by_place = script_by_place.extract(place); !by_place.empty())
		return -by_place.mapped();
	failure &f = script[index_of(op)];
	if (f.error == 0)
		return 0;
	if (f.countdown == always)
		return -f.error;
	if (--f.countdown > 0)
		return 0;
	return -std::exchange(f.error, 0);
}

void fake_port::device::hold_here(fake_op op)
{
	auto &gate = held[index_of(op)];
	if (!gate.load())
		return;
	waiting[index_of(op)].fetch_add(1);
	gate.wait(true);
	waiting[index_of(op)].fetch_sub(1);
}

fake_port::device::entry fake_port::device::enter(fake_op op, std::string args)
{
	entry how{next_order.fetch_add(1), 0, 0};
	counts[index_of(op)].fetch_add(1);
	// Probe and remove run callbacks, in which others may well work on the port.
	const bool exclusive = is_change(op) && op != fake_op::probe && op != fake_op::remove;
	if (exclusive && changes_inside.fetch_add(1) != 0)
		violate("%s while another change is going on", to_string(op));
	{
		const std::lock_guard guard(lock);
		fake_call call{op, std::move(args), is_replay(), 0, how.order, std::this_thread::get_id()};
		if (counting && may_be_refused(op)) {
			counted.push_back(call);
			how.place = static_cast<unsigned>(counted.size());
		}
		if (is_change(op))
			diary.push_back(std::move(call));
	}
	hold_here(op);
	if (!is_for_the_dead(op)) {
		if (presence.load() == fake_presence::buried)
			violate("dead device touched: %s", to_string(op));
		if (gone() || presence.load() == fake_presence::leaving)
			how.status = -EIO;
	}
	if (how.status == 0) {
		how.status = scripted_failure(op, how.place);
		const std::lock_guard guard(lock);
		how.carried_out = acts_before_failing && can_act_before_failing(op);
	}
	return how;
}

void fake_port::device::leave(fake_op op, const entry &how)
{
	if (is_change(op) && op != fake_op::probe && op != fake_op::remove)
		changes_inside.fetch_sub(1);
	if (how.status == 0)
		return;
	const std::lock_guard guard(lock);
	for (std::vector<fake_call> *list : {&diary, &counted}) {
		const auto mine = std::find_if(list->rbegin(), list->rend(),
		                               [&](const fake_call &c) { return c.order == how.order; });
		if (mine != list->rend())
			mine->status = how.status;
	}
}

bool fake_port::device::may_burst(const queue &queue, const char *what)
{
	switch (presence.load()) {
	case fake_presence::leaving:
	case fake_presence::vanished:
		return false;
	case fake_presence::buried:
		violate("dead device touched: %s of queue %u", what, queue.index);
		return false;
	case fake_presence::absent:
		violate("%s of queue %u of a port that is no more", what, queue.index);
		return false;
	case fake_presence::present:
		break;
	}
	if (running.load())
		return true;
	violate("%s of queue %u while the port is not started", what, queue.index);
	return false;
}

void fake_port::device::note_inside(const queue &queue, const char *why)
{
	if (queue.inside.load())
		violate("%s while a burst is inside queue %u", why, queue.index);
}

// `running` is cleared before `inside` is read, and a burst sets `inside` before it reads `running` (all in
// the single total order of seq_cst), so of a burst and a stop that meet at least one sees the other.
void fake_port::device::halt(const char *why)
{
	running.store(false);
	for_each_queue([&](const queue &q) { note_inside(q, why); });
	for (auto &queue : rx)
		drop_received(*queue);
	if (mode.load() == fake_tx::ring)
		for (auto &queue : tx)
			tx_lost.fetch_add(queue->empty_ring(SIZE_MAX));
}

std::size_t fake_port::device::tx_queue::empty_ring(std::size_t most)
{
	const std::lock_guard guard(kept_lock);
	const auto end = kept.begin() + static_cast<std::ptrdiff_t>(std::min(most, kept.size()));
	const auto left = static_cast<std::size_t>(end - kept.begin());
	rte_pktmbuf_free_bulk(kept.data(), static_cast<unsigned>(left));
	kept.erase(kept.begin(), end);
	cleaned += left;
	uncollected += owner->options.collects_late ? left : 0;
	return left;
}

void fake_port::device::tx_queue::collect()
{
	const std::size_t threshold = owner->options.tx_rs_thresh;
	uncollected = threshold != 0 ? uncollected % threshold : 0;
}

// A burst that is held inside keeps its ring; the destructor empties it later.
void fake_port::device::drop_received(rx_queue &queue)
{
	if (queue.inside.exchange(true))
		return;
	const std::lock_guard guard(queue.inject_lock);
	const auto end = queue.head.load(std::memory_order_acquire);
	for (auto i = queue.tail.load(); i != end; i++) {
		rte_pktmbuf_free(queue.ring[i % options.rx_ring]);
		rx_lost.fetch_add(1);
	}
	queue.tail.store(end, std::memory_order_release);
	queue.inside.store(false);
}

void fake_port::device::reset_counters()
{
	for_each_queue([](queue &q) {
		q.packets_base = q.packets.get();
		q.bytes_base = q.bytes.get();
	});
	errors = {};
}

rte_eth_link fake_port::device::link()
{
	rte_eth_link link;
	std::memset(&link, 0, sizeof link);
	const std::lock_guard guard(lock);
	link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	if (hw.cable && hw.administrative_up && running.load() && presence.load() == fake_presence::present) {
		link.link_status = RTE_ETH_LINK_UP;
		link.link_speed = hw.speed_mbps;
	}
	return link;
}

void fake_port::device::trap_fast_path()
{
	auto &fast = rte_eth_fp_ops[port.load()];
	fast.rxq.data = trapped_rx.data();
	fast.txq.data = trapped_tx.data();
	fast.rx_pkt_burst = fake_rx_burst;
	fast.tx_pkt_burst = fake_tx_burst;
	if (options.prepare != fake_prepare::none)
		fast.tx_pkt_prepare = fake_prepare_first;
}

bool fake_port::device::is_trapped() const
{
	const auto id = port.load();
	return id < RTE_MAX_ETHPORTS && rte_eth_fp_ops[id].txq.data == trapped_tx.data();
}

std::uint16_t fake_tx_burst(void *opaque, rte_mbuf **packets, std::uint16_t n)
{
	auto &queue = *static_cast<device::tx_queue *>(opaque);
	device &owner = *queue.owner;
	const visit inside(queue, fake_op::tx_burst, "tx burst");
	if (!inside)
		return 0;

	std::uint64_t room = std::min<std::uint64_t>(n, queue.per_burst.load());
	room = spend(queue.budget, before_strike(queue.refuse_in, room));
	const bool keep = owner.mode.load() != fake_tx::sink;
	const rte_mempool *const first_pool = room > 0 ? packets[0]->pool : nullptr;
	std::uint16_t taken = 0;
	for (; taken < room; taken++) {
		rte_mbuf *const packet = packets[taken];
		if (!is_sound(owner, queue, packet, first_pool))
			break;
		queue.bytes.add(packet->pkt_len);
		queue.packets.add(1);
		if (keep) {
			const std::lock_guard guard(queue.kept_lock);
			queue.collect();
			queue.kept.push_back(packet);
		} else {
			rte_pktmbuf_free(packet);
		}
	}
	queue.bursts.add(1);
	queue.refused.add(n - taken);
	return taken;
}

std::uint16_t fake_rx_burst(void *opaque, rte_mbuf **packets, std::uint16_t n)
{
	auto &queue = *static_cast<device::rx_queue *>(opaque);
	device &owner = *queue.owner;
	const visit inside(queue, fake_op::rx_burst, "rx burst");
	if (!inside)
		return 0;

	n = static_cast<std::uint16_t>(n - n % owner.options.rx_burst_step);
	const auto first = queue.tail.load(std::memory_order_relaxed);
	const auto ready = queue.head.load(std::memory_order_acquire) - first;
	const auto given = static_cast<std::uint16_t>(std::min<std::uint64_t>(n, ready));
	for (std::uint16_t i = 0; i < given; i++) {
		packets[i] = queue.ring[(first + i) % owner.options.rx_ring];
		packets[i]->port = owner.port.load(std::memory_order_relaxed);
		queue.bytes.add(packets[i]->pkt_len);
	}
	queue.tail.store(first + given, std::memory_order_release);
	queue.packets.add(given);
	queue.bursts.add(1);
	return given;
}

// Two functions that behave alike. Merging them would undo the point, so each has something of its own.
std::uint16_t fake_prepare_first(void *queue, rte_mbuf **, std::uint16_t n)
{
	asm volatile("# first");
	return prepare(queue, n);
}

std::uint16_t fake_prepare_second(void *queue, rte_mbuf **, std::uint16_t n)
{
	asm volatile("# second");
	return prepare(queue, n);
}

int fake_rx_descriptor_status(void *opaque, std::uint16_t offset)
{
	const auto &queue = *static_cast<const device::rx_queue *>(opaque);
	if (offset >= queue.descriptors.load())
		return -EINVAL;
	return offset < queue.pending() ? RTE_ETH_RX_DESC_DONE : RTE_ETH_RX_DESC_AVAIL;
}

int fake_tx_descriptor_status(void *opaque, std::uint16_t offset)
{
	auto &queue = *static_cast<device::tx_queue *>(opaque);
	const unsigned size = queue.descriptors.load();
	if (offset >= size)
		return -EINVAL;
	if (queue.owner->mode.load() != fake_tx::ring)
		return RTE_ETH_TX_DESC_DONE;
	// Offset 0 is where the next packet goes; the last one sent stands just before it.
	const std::lock_guard guard(queue.kept_lock);
	return size - offset <= queue.kept.size() + queue.uncollected ? RTE_ETH_TX_DESC_FULL : RTE_ETH_TX_DESC_DONE;
}

} // namespace braid
