/* SPDX-License-Identifier: BSD-3-Clause */
// A scriptable Ethernet port for tests: a real ethdev (vdev `net_fakeN`) whose hardware is a few vectors and
// flags.
//
// It plays three parts. It obeys a script: step N fails with this errno, the link goes down, the device
// vanishes. It keeps a diary: which device ops came, in which order, with which arguments, from which thread.
// And it is a witness: whatever no application may do to a port (a burst on a stopped port, two threads in
// one queue, a stop while a burst is inside, a freed mbuf handed over, ...) is a *violation*, and a port
// destroyed with violations that the test did not take fails that test.
//
// Threads: every method may be called from any thread at any moment, while bursts and device ops run, unless
// its comment says otherwise. One fake_port object is destroyed by one thread, when nobody else uses the
// object (bursts and ops of the port may still come: they are safe, and they are violations).
//
// The port's record outlives the object, for ever: a burst that comes after the destructor meets valid memory
// and is found in take_late_violations(), which the test program looks at when all tests are over.
#pragma once

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace braid {

// What a port can be asked to do; the argument of fail(), hold() and count(), and the entries of the diary.
enum class fake_op : std::uint8_t {
	// Changes. They are in the diary.
	probe,
	remove,
	configure,
	start,
	stop,
	close,
	rx_queue_setup,
	tx_queue_setup,
	link_up,
	link_down,
	promiscuous_on,
	promiscuous_off,
	allmulticast_on,
	allmulticast_off,
	mac_set,
	mac_add,
	mac_remove,
	mc_list,
	mtu_set,
	vlan_filter,
	vlan_offload,
	rss_hash_update,
	reta_update,
	stats_reset,
	xstats_reset,
	// Questions and clean-up. They are counted only, since ethdev itself asks many of them on the way.
	rx_queue_release,
	tx_queue_release,
	infos_get,
	link_update,
	is_removed,
	stats_get,
	xstats_get,
	xstats_names,
	rss_hash_conf_get,
	reta_query,
	ptypes_get,
	rxq_info,
	txq_info,
	tx_done_cleanup,
	// The fast path. For hold(), waiting() and count().
	rx_burst,
	tx_burst,
	tx_prepare,
};

inline constexpr unsigned fake_op_count = static_cast<unsigned>(fake_op::tx_prepare) + 1;

// "mtu_set". Never null.
const char *to_string(fake_op op) noexcept;
inline void PrintTo(fake_op op, std::ostream *out) { *out << to_string(op); }

// Which function the port puts up as tx_pkt_prepare. `first` and `second` behave alike but are two functions,
// so that a test can see whether each distinct one is called.
enum class fake_prepare : std::uint8_t { none, first, second };

// What happens to a transmitted packet: counted and freed, stored for take_tx(), or put into a ring, where it stands until
// transmit(). What stands in a ring at a stop is lost.
enum class fake_tx : std::uint8_t { sink, keep, ring };

// What a port is, fixed before it is plugged in.
struct fake_options {
	std::string name;    // Empty: the next unused "net_fakeN". Otherwise it has to begin with "net_fake".
	bool plugged = true; // False: the port does not exist until plug().

	std::uint16_t max_rx_queues = 8; // 1 or more, as max_tx_queues.
	std::uint16_t max_tx_queues = 8;
	std::uint16_t min_descriptors = 32; // Both directions; the largest is 4096, in steps of 8.
	std::uint64_t rx_offload_capa = 0;
	std::uint64_t tx_offload_capa = 0;
	std::uint64_t rx_queue_offload_capa = 0;
	std::uint64_t tx_queue_offload_capa = 0;

	std::uint16_t reta_size = 128;   // A multiple of 64, at most 512; 0: no RETA.
	std::uint8_t hash_key_size = 40; // At most 64.
	std::uint64_t flow_type_rss_offloads = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP;

	std::uint16_t min_mtu = 68;
	std::uint16_t max_mtu = 9000;
	bool mtu_needs_stop = false; // mtu_set on a started port is -EBUSY, as in many drivers.
	std::uint32_t max_mac_addrs = 16;
	bool no_live_mac = false; // RTE_ETH_DEV_NOLIVE_MAC_ADDR
	rte_ether_addr mac{}; // The permanent address. Zero: 02:fa:4e:00:hh:ll, of its own for each port.
	// Half of a new address is where rte_eth_macaddr_get() looks before mac_set can be held, the other half comes at its
	// end: what a reader may meet while ethdev stores six bytes, for as long as a test wants.
	bool mac_in_halves = false;
	// Its addresses are memory of its own, as most drivers': at its removal it takes them from ethdev before it can be held,
	// and RTE_ETH_EVENT_DESTROY comes after that.
	bool keeps_macs = false;

	bool announces_lsc = false; // RTE_ETH_DEV_INTR_LSC
	bool announces_rmv = false; // RTE_ETH_DEV_INTR_RMV
	std::uint32_t speed_mbps = RTE_ETH_SPEED_NUM_10G;
	bool link_is_up = true; // At plug().

	fake_prepare prepare = fake_prepare::none;
	// 4: as vector drivers, nothing for a burst under 4, else rounded down to a multiple of 4.
	unsigned rx_burst_step = 1;
	unsigned rx_ring = 1023;           // Packets that inject() can queue per queue.
	bool tells_tx_status = true;     // has rte_eth_tx_descriptor_status()
	bool collects_late = false;      // what has left a ring still has its descriptor, until a burst or tx_done_cleanup
	std::uint16_t tx_rs_thresh = 0;  // and of these only as many as make up whole numbers of this, if it is not 0
	bool stats_reset_on_start = false; // The counters of stats_get start again at 0 with each start.

	// Ops that the driver does not have, each once: ethdev answers -ENOTSUP. Any of the groups "changes"
	// and "questions" but probe, remove, configure, start, stop, close, the queue setups and releases,
	// and infos_get.
	std::vector<fake_op> absent;
};

// One entry of the diary.
struct fake_call {
	fake_op op;
	std::string args;    // "1400" for mtu_set; the texts are listed at fake_port::history().
	bool replay;         // ethdev's own doing: it restores MACs and promiscuity inside rte_eth_dev_start()
	int status;          // What the op returned: 0 or a negative errno.
	std::uint64_t order; // Grows over all fake ports, so that calls to different ports can be compared.
	std::thread::id thread;
};

// The error counters of stats_get, set by the test. A reset of the statistics puts them back to 0.
struct fake_errors {
	std::uint64_t imissed = 0;
	std::uint64_t ierrors = 0;
	std::uint64_t oerrors = 0;
	std::uint64_t rx_nombuf = 0;
};

class fake_port {
public:
	static constexpr std::uint16_t all_queues = UINT16_MAX;
	static constexpr std::uint64_t unlimited = UINT64_MAX;
	static constexpr unsigned always = 0; // on_call of fail()

	// Plugs the port in (unless options.plugged is false). A failure is a failure of the test, and
	// present() is false.
	fake_port() : fake_port(fake_options{}) {}
	explicit fake_port(const fake_options &options);

	// Lets go whoever is held, takes the port off the bus if it is there, frees the packets it still has,
	// and fails the test if there are violations that were not taken.
	~fake_port();

	fake_port(fake_port &&other) noexcept : device_(other.device_) { other.device_ = nullptr; }
	fake_port(const fake_port &) = delete;
	fake_port &operator=(const fake_port &) = delete;
	fake_port &operator=(fake_port &&) = delete;

	// --- Identity and presence ---

	const std::string &name() const;

	// RTE_MAX_ETHPORTS while the port is not there. May differ after replug().
	std::uint16_t port_id() const;

	// Is there an ethdev port?
	bool present() const;

	// Puts the port on the bus (rte_vdev_init), so that RTE_ETH_EVENT_NEW is raised. The hardware is as
	// new: permanent MAC, no VLANs, counters 0, link as in the options; what fail(), hold() and tx limits
	// scripted stays in force. 0 or a negative errno.
	int plug();

	// Takes it off the bus (rte_vdev_uninit): RTE_ETH_EVENT_DESTROY is raised, and when its callbacks
	// have returned the port is no more. Until then bursts are answered with 0 and ops with -EIO, without
	// being violations; a burst after that, or one that is inside at that moment, is a violation. 0 or a
	// negative errno.
	int unplug();

	// unplug() if it is on the bus, then plug().
	int replug();

	// The hardware is pulled out: from now on ops return -EIO (stop and close: 0), bursts move nothing,
	// is_removed says so; nothing of that is a violation yet, because somebody may be in the middle of
	// it. Then raises RTE_ETH_EVENT_INTR_RMV from the calling thread, if the port announces it and was
	// configured with intr_conf.rmv (drivers look at that). Returns whether it was raised.
	bool vanish();

	// After vanish(), when whoever watches must have noticed: from now on a burst, and every op but stop,
	// close, queue release and is_removed, is a violation ("dead device touched").
	void bury();

	// --- Link ---

	// Pulls or plugs the cable. A started port with LSC on (announced, and configured with intr_conf.lsc)
	// shows the new state to rte_eth_link_get at once, and raises RTE_ETH_EVENT_INTR_LSC from the calling
	// thread; raise_lsc false keeps the event back, which is how net_tap of 22.11 behaves. Any other port
	// is found out by link_update. Returns whether the event was raised. A stopped port reports its link
	// down.
	bool set_link(bool up, bool raise_lsc = true);
	void set_speed(std::uint32_t mbps);

	// Raises RTE_ETH_EVENT_INTR_LSC, whatever the link and the configuration.
	void raise_lsc();

	// Every link_update takes so long from now on, as mlx5's do. (To stop one at will:
	// hold(fake_op::link_update).)
	void set_link_latency_ms(unsigned ms);

	std::uint64_t link_queries() const { return count(fake_op::link_update); }

	// The thread of the latest link_update; the default id if there was none.
	std::thread::id last_link_query_thread() const;

	// --- The script ---

	// The on_call-th call of op from now (1: the next) returns -error and changes nothing; with `always`,
	// every call. The later script for the same op wins. mac_remove has no way to tell: it then does
	// nothing. A failing close returns the error, and the port goes all the same. No effect on is_removed,
	// ptypes_get, rxq_info, txq_info, tx_done_cleanup, the queue releases, and bursts (see the limits below).
	void fail(fake_op op, int error, unsigned on_call = 1);

	// From now on an MTU, a MAC address, promiscuous and allmulticast mode are changed also by a call that then fails as
	// scripted, as by a driver that loses the answer of its firmware.
	void act_before_failing(bool on = true);

	// Forgets the script for op. heal_all(): for all of them.
	void heal(fake_op op);
	void heal_all();

	// A second script, by place: every call that a driver may refuse is counted, whatever its op, from the last
	// count_calls() on. Those are the changes but probe, remove, close and mac_remove, and infos_get and
	// rss_hash_conf_get of the questions. The place-th of them (1: the next) returns -error, once; any number of
	// places may be scripted. So a test can have an operation refused at each of its steps without naming them.
	void count_calls(); // from 1 again; forgets fail_at()
	void fail_at(unsigned place, int error);

	// What was counted, with args, replays and status; the call at place p stands at p - 1.
	std::vector<fake_call> counted() const;

	// Each thread that comes to op waits inside it, after the diary entry, until release(). A burst is
	// held after it has entered its queue, before it moves a packet. waiting() says how many threads are
	// in that state now.
	void hold(fake_op op);
	void release(fake_op op);
	unsigned waiting(fake_op op) const;

	// --- The diary ---

	// All changes since the beginning, or since clear_calls(), in order. Replays included.
	std::vector<fake_call> calls() const;

	// The same without replays, as "op" or "op args", for comparing whole lists. Texts:
	//   configure rx=2 tx=2 | rx_queue_setup 0 desc=512 | tx_queue_setup 0 desc=512 | mtu_set 1400
	//   mac_set 02:00:00:00:00:01 | mac_add 02:00:00:00:00:01 | mac_remove 02:00:00:00:00:01 | mc_list 3
	//   vlan_filter 100 on | vlan_filter 100 off | vlan_offload 0x2 | rss_hash_update hf=0x104 key=40
	//   reta_update 128
	// and no args for the others. A change that failed is there too.
	std::vector<std::string> history() const;

	// Calls of op, questions, replays and bursts too. clear_calls() does not reset it.
	std::uint64_t count(fake_op op) const;
	void clear_calls();

	// --- What the hardware holds ---

	bool configured() const;
	bool started() const;
	std::uint16_t rx_queues() const; // as configured
	std::uint16_t tx_queues() const;
	std::uint64_t rx_offloads() const; // as configured for the port
	std::uint64_t tx_offloads() const;
	bool lsc_enabled() const; // configured with intr_conf.lsc
	rte_ether_addr permanent_mac() const;
	rte_ether_addr mac() const;                     // the default address that is in the filter
	std::vector<rte_ether_addr> extra_macs() const; // by mac_add, in the order of their indices
	std::vector<rte_ether_addr> mc_addresses() const;
	std::uint16_t mtu() const;
	bool promiscuous() const;
	bool allmulticast() const;
	std::vector<std::uint16_t> vlans() const; // ascending
	std::uint64_t rss_hf() const;
	std::vector<std::uint8_t> rss_key() const;
	std::vector<std::uint16_t> reta() const;

	// --- Transmit ---
	// Limits add up: the shortest one decides. What is not accepted is left to the caller, untouched.

	void tx_mode(fake_tx mode);

	// A burst accepts at most so many.
	void tx_limit_per_burst(std::uint16_t queue, std::uint64_t packets);

	// So many more are accepted in all; then nothing, until a new budget. tx_budget(q, 2) fails the third
	// packet.
	void tx_budget(std::uint16_t queue, std::uint64_t packets);

	// The nth packet offered from now (1: the next) ends its burst, once: it is refused, the burst after
	// may have it.
	void tx_refuse_once(std::uint16_t queue, std::uint64_t nth);

	// Both limits at once, for one queue or all.
	void tx_accept_limit(std::uint16_t queue, std::uint64_t per_burst, std::uint64_t total)
	{
		tx_limit_per_burst(queue, per_burst);
		tx_budget(queue, total);
	}

	// Accepted since the object was made; no reset, start or replug makes them fall.
	std::uint64_t tx_packets(std::uint16_t queue = all_queues) const;
	std::uint64_t tx_bytes(std::uint16_t queue = all_queues) const;
	std::uint64_t tx_refused(std::uint16_t queue = all_queues) const; // offered and left to the caller

	// The packets kept under fake_tx::keep, in the order of acceptance, now the caller's. all_queues:
	// queue after queue.
	std::vector<rte_mbuf *> take_tx(std::uint16_t queue = all_queues);
	std::size_t kept(std::uint16_t queue = all_queues) const;

	// Under fake_tx::ring: so many of the packets that stand there leave, the oldest first. Returns how many did.
	std::size_t transmit(std::uint16_t queue, std::size_t packets);
	std::size_t in_ring(std::uint16_t queue = all_queues) const { return kept(queue); }
	std::uint64_t tx_lost() const; // found in a ring by stop or unplug

	// --- Prepare (options.prepare) ---

	// The nth packet seen from now is refused, once: prepare returns its place in the burst and sets
	// rte_errno = error.
	void prepare_refuse_once(std::uint64_t nth, int error);
	std::uint64_t prepared() const; // packets that passed

	// --- Receive ---

	// One packet arrives on the queue. True: it is the port's until a burst hands it out. False (not
	// started, no such queue, ring full): it is still the caller's.
	bool inject(std::uint16_t queue, rte_mbuf *packet);
	std::uint64_t rx_packets(std::uint16_t queue = all_queues) const; // handed out since the object was made
	std::uint64_t rx_bytes(std::uint16_t queue = all_queues) const;
	std::size_t rx_pending(std::uint16_t queue = all_queues) const; // injected, not handed out

	// Packets that stop or unplug found in the rings and freed, as hardware would.
	std::uint64_t rx_lost() const;

	// --- Statistics ---

	void set_errors(const fake_errors &errors);

	// --- The witness ---
	// Violations: a burst or prepare on a port that is not started; two threads in one queue; stop,
	// removal, queue setup or queue release while a burst is inside; transmitting an mbuf that
	// rte_mbuf_check() finds broken, or under RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE one that is shared,
	// indirect or of another pool than the burst's first; two changing ops at the same time; start
	// without all its queues set up; anything on a buried device.

	std::uint64_t violations() const;

	// Their texts, the first 64; and they no longer fail the test.
	std::vector<std::string> take_violations();

	// The same of all ports whose object is gone.
	static std::vector<std::string> take_late_violations();

	// Opaque; defined in fake_device.hpp for the parts of the fake.
	struct device;

private:
	device *device_;
};

} // namespace braid
