/* SPDX-License-Identifier: BSD-3-Clause */
// The inside of a fake port: what its hardware holds, its script, its diary, its queues. No driver-side
// header here.
#pragma once

#include "fake_port.hpp"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace braid {

// Where the device is in its life. Written by plug, unplug, vanish and bury; read by everybody.
enum class fake_presence : std::uint8_t {
	absent, // no ethdev port
	present,
	leaving,  // inside the callbacks of RTE_ETH_EVENT_DESTROY
	vanished, // pulled out; touching it fails
	buried,   // pulled out; touching it is a violation
};

// A counter with one writer at a time (who is inside the queue) and readers anywhere.
class fake_counter {
public:
	void add(std::uint64_t n) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
	std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
	std::atomic<std::uint64_t> value_{0};
};

struct fake_port::device {
	// The part that both directions share. `inside` is taken by the burst; whoever finds it taken has
	// found a violation.
	struct alignas(64) queue {
		device *owner = nullptr;
		std::uint16_t index = 0;
		std::atomic<bool> inside{false};
		std::atomic<std::uint16_t> descriptors{0}; // 0: not set up
		fake_counter bursts;
		fake_counter packets;
		fake_counter bytes;
		// Where the device's own counters stood at their last reset. Guarded by device::lock.
		std::uint64_t packets_base = 0;
		std::uint64_t bytes_base = 0;
	};
	struct tx_queue : queue {
		fake_counter refused;
		std::atomic<std::uint64_t> per_burst{unlimited};
		std::atomic<std::uint64_t> budget{unlimited};
		std::atomic<std::uint64_t> refuse_in{0}; // packets until the one to refuse; 0: none
		std::mutex kept_lock;
		std::vector<rte_mbuf *> kept; // guarded by kept_lock
		std::uint64_t cleaned = 0;    // have left the ring since tx_done_cleanup was asked; guarded by kept_lock
		std::size_t uncollected = 0;  // have left the ring and not their descriptors; guarded by kept_lock

		// Frees the oldest packets. Returns how many there were.
		std::size_t empty_ring(std::size_t most);
		void collect(); // with kept_lock held
	};
	// A ring with one producer at a time (under inject_lock) and one consumer at a time (who is inside).
	struct rx_queue : queue {
		std::mutex inject_lock;
		std::unique_ptr<rte_mbuf *[]> ring;
		std::atomic<std::uint64_t> head{
			0}; // written by the producer; release, pairs with the acquire in rx_burst
		std::atomic<std::uint64_t> tail{
			0}; // written by the consumer; release, pairs with the acquire in inject

		std::size_t pending() const noexcept
		{
			const auto taken = tail.load(std::memory_order_acquire);
			return head.load(std::memory_order_acquire) - taken;
		}
	};
	struct failure {
		int error = 0;          // 0: none
		unsigned countdown = 0; // calls until it strikes; fake_port::always: each
	};
	// What plug() makes new. Guarded by `lock`.
	struct hardware {
		bool configured = false;
		std::uint16_t rx_queues = 0, tx_queues = 0;
		std::uint64_t rx_offloads = 0, tx_offloads = 0;
		bool lsc = false, rmv = false;
		bool cable = true, administrative_up = true;
		std::uint32_t speed_mbps = 0;
		rte_ether_addr mac{};
		std::map<std::uint32_t, rte_ether_addr> extra_macs;
		std::vector<rte_ether_addr> mc_addresses;
		std::uint16_t mtu = RTE_ETHER_MTU;
		bool promiscuous = false, allmulticast = false;
		std::set<std::uint16_t> vlans;
		std::uint64_t rss_hf = 0;
		std::vector<std::uint8_t> rss_key;
		std::vector<std::uint16_t> reta;
		bool replaying = false; // between the start op and the moment ethdev shows the fast path
	};

	explicit device(const fake_options &options);

	// Counts and notes a violation. From any thread, bursts included.
	[[gnu::format(printf, 2, 3), gnu::nonnull(2)]] void violate(const char *format, ...);
	std::vector<std::string> take_violations();

	// The frame of every op: diary, hold, script, dead device. `status` is 0 or what the op has to return
	// at once.
	struct entry {
		std::uint64_t order;
		int status;
		unsigned place; // for fail_at(); 0: not counted
		bool carried_out = false; // whatever the status says
	};
	entry enter(fake_op op, std::string args);
	void leave(fake_op op, const entry &how);
	void hold_here(fake_op op);
	int scripted_failure(fake_op op, unsigned place);
	bool is_replay() const; // needs `lock`

	// Turns the fast path on and off; off notes who is still inside, and frees what the rings hold.
	void run() { running.store(true); }
	void halt(const char *why);
	void drop_received(rx_queue &queue);
	void reset_counters(); // needs `lock`
	void note_inside(const queue &queue, const char *why);
	template <typename Visit> void for_each_queue(Visit visit)
	{
		for (auto &queue : rx)
			visit(*queue);
		for (auto &queue : tx)
			visit(*queue);
	}

	// A burst may go on if this says so. Notes the violation otherwise.
	bool may_burst(const queue &queue, const char *what);

	bool gone() const noexcept
	{
		const auto p = presence.load();
		return p == fake_presence::vanished || p == fake_presence::buried;
	}
	rte_eth_link link(); // what a query finds now

	fake_options options;
	std::vector<std::unique_ptr<tx_queue>> tx;
	std::vector<std::unique_ptr<rx_queue>> rx;

	// What the fast path looks at.
	std::atomic<bool> running{false};
	std::atomic<fake_presence> presence{fake_presence::absent};
	std::atomic<std::uint16_t> port{RTE_MAX_ETHPORTS};
	std::atomic<bool> fast_free{false};
	std::atomic<fake_tx> mode{fake_tx::sink};
	std::atomic<std::uint64_t> prepare_refuse_in{0};
	std::atomic<int> prepare_error{0};
	std::atomic<std::uint64_t> prepared{0};
	std::atomic<std::uint64_t> rx_lost{0};
	std::atomic<std::uint64_t> tx_lost{0};
	std::atomic<unsigned> link_latency_ms{0};
	std::array<std::atomic<bool>, fake_op_count> held{};
	std::array<std::atomic<unsigned>, fake_op_count> waiting{};
	std::array<std::atomic<std::uint64_t>, fake_op_count> counts{};
	std::atomic<unsigned> changes_inside{0};

	mutable std::mutex lock;
	hardware hw;
	fake_errors errors;
	std::array<failure, fake_op_count> script{};
	bool counting = false; // from the first count_calls() on
	std::map<unsigned, int> script_by_place;
	bool acts_before_failing = false;
	std::vector<fake_call> diary, counted;
	std::thread::id last_link_query;

	mutable std::mutex violation_lock;
	std::vector<std::string> violation_texts; // guarded by violation_lock
	std::atomic<std::uint64_t> violation_count{0};
	std::atomic<bool> orphan{false}; // the fake_port object is gone
	std::atomic<bool> on_bus{false};

	// While a port is not started, ethdev shows dummies that answer quietly. Puts our bursts in their
	// place, which notice. The arrays stand in for ethdev's arrays of queues and are as long.
	void trap_fast_path();
	bool is_trapped() const;
	std::array<void *, RTE_MAX_QUEUES_PER_PORT> trapped_rx{}, trapped_tx{};
};

// True for the ops that are in the diary.
constexpr bool is_change(fake_op op) noexcept { return op < fake_op::rx_queue_release; }
constexpr std::size_t index_of(fake_op op) noexcept { return static_cast<std::size_t>(op); }

// The fast path, with the types that ethdev wants.
std::uint16_t fake_rx_burst(void *queue, rte_mbuf **packets, std::uint16_t n);
std::uint16_t fake_tx_burst(void *queue, rte_mbuf **packets, std::uint16_t n);
std::uint16_t fake_prepare_first(void *queue, rte_mbuf **packets, std::uint16_t n);
std::uint16_t fake_prepare_second(void *queue, rte_mbuf **packets, std::uint16_t n);
int fake_rx_descriptor_status(void *queue, std::uint16_t offset);
int fake_tx_descriptor_status(void *queue, std::uint16_t offset);

// The bus and driver side, in fake_driver.cpp.
//
// Makes the device known to the driver's probe under options.name (a name is filled in if empty), until
// fake_forget. The memory stays for ever. Null if another fake port has the name.
fake_port::device *fake_register(fake_options options);
void fake_forget(fake_port::device &device);
std::vector<std::string> fake_take_late_violations();
int fake_plug(fake_port::device &device);
int fake_unplug(fake_port::device &device);
void fake_raise(fake_port::device &device, rte_eth_event_type event);
// Copies the link as it is now to where rte_eth_link_get finds it without asking.
void fake_show_link(fake_port::device &device);

} // namespace braid
