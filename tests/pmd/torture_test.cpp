/* SPDX-License-Identifier: BSD-3-Clause */
// Two threads forward while others change everything that can be changed, as fast as they can. Afterwards every packet
// is accounted for: sent by a member that the bond gave it to, or given back, or received once, or counted as lost.
//
// Packets that members take are kept, and each forwarding thread looks at what its own burst has left behind: it is the
// only one in its queue, so what it finds there is of this burst and of no other.
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <thread>

namespace braid {
namespace {

constexpr unsigned port_count = 6;
constexpr std::uint16_t queue_count = 2;
constexpr unsigned longest_burst = 100; // more than one batch

// One plan is carried out for so long, or for so many changes, whichever comes first; but for some changes in any case.
constexpr auto longest = std::chrono::milliseconds(700);
constexpr unsigned most_changes = 1500;
constexpr unsigned fewest_changes = 20;

struct plan {
	const char *name;
	std::vector<braid_mode> modes;
	bool hot_plug = false;
	bool restarts = false;

	bool can_copy() const { return std::count(modes.begin(), modes.end(), BRAID_MODE_BROADCAST) != 0; }
	// All packets of a burst go the same way, for it has one snapshot.
	bool goes_one_way() const
	{
		return modes.size() == 1 && !hot_plug &&
		       (modes[0] == BRAID_MODE_ACTIVE_BACKUP || modes[0] == BRAID_MODE_BROADCAST);
	}
};

void PrintTo(const plan &p, std::ostream *out) { *out << p.name; }

fake_options kind_of(unsigned i)
{
	fake_options options;
	options.announces_lsc = i % 2 == 0;
	options.announces_rmv = i % 3 == 0;
	options.prepare = static_cast<fake_prepare>(i % 3);
	options.rx_burst_step = i == 5 ? 4 : 1;
	options.stats_reset_on_start = i == 4;
	return options;
}

// Lets the forwarding threads stand still for as long as one of these lives.
class intermission {
public:
	struct gate {
		std::atomic<bool> closed{false};
		std::atomic<unsigned> waiting{0};
	};
	explicit intermission(gate &g) : gate_(g)
	{
		gate_.closed = true;
		EXPECT_TRUE(eventually([&] { return gate_.waiting == queue_count; }));
	}
	~intermission()
	{
		gate_.closed = false;
		EXPECT_TRUE(eventually([&] { return gate_.waiting == 0; }));
	}
	static void pass(gate &g)
	{
		if (!g.closed)
			return;
		g.waiting++;
		while (g.closed)
			std::this_thread::yield();
		g.waiting--;
	}

private:
	gate &gate_;
};

// Makes packets out of what the thread got back, and goes to the mempool only when it has to: two threads in the ring
// of a mempool wait for each other when one is preempted there, and would do little else on a machine with few cores.
class packet_stash {
public:
	packet_stash()
	{
		for (std::uint32_t flow = 0; flow < flow_count; flow++)
			patterns_.push_back(make_packet(udp_flow(flow)));
		refill();
	}
	~packet_stash()
	{
		free_all(idle_);
		free_all(patterns_);
	}
	packet_stash(const packet_stash &) = delete;
	packet_stash &operator=(const packet_stash &) = delete;

	rte_mbuf *make(std::uint32_t number)
	{
		const rte_mbuf *const pattern = patterns_[number % flow_count];
		if (idle_.empty())
			refill();
		rte_mbuf *const packet = idle_.back();
		idle_.pop_back();
		rte_pktmbuf_reset(packet);
		char *const data = rte_pktmbuf_append(packet, pattern->data_len);
		std::memcpy(data, rte_pktmbuf_mtod(pattern, const char *), pattern->data_len);
		std::memcpy(data + pattern->data_len - sizeof number, &number, sizeof number);
		return packet;
	}

	// Gives up one reference.
	void drop(rte_mbuf *packet)
	{
		if (rte_mbuf *const last = rte_pktmbuf_prefree_seg(packet))
			idle_.push_back(last);
	}
	void drop(std::span<rte_mbuf *const> packets)
	{
		for (rte_mbuf *packet : packets)
			drop(packet);
	}

private:
	static constexpr std::uint32_t flow_count = 16;
	static constexpr unsigned at_a_time = 1000; // of the 16383 there are

	void refill()
	{
		idle_.resize(at_a_time);
		if (rte_pktmbuf_alloc_bulk(eal_mempool(), idle_.data(), at_a_time) != 0) {
			std::fprintf(stderr, "pmd_tests: the mempool is empty\n");
			std::abort();
		}
	}

	std::vector<rte_mbuf *> patterns_, idle_;
};

// One thread's traffic on one queue, and its books.
class forwarder {
public:
	forwarder(const test_bond &bond, std::span<fake_port> ports, const plan &p, std::uint16_t queue)
		: bond_(bond), ports_(ports), plan_(p), queue_(queue), random_(queue + 1u)
	{
	}

	void run(const std::atomic<bool> &stop, intermission::gate &gate)
	{
		while (!stop) {
			intermission::pass(gate);
			transmit();
			inject();
			receive();
			bursts++;
		}
	}

	// 32 at a time until no member gives anything any more. What a backup gives is dropped, so that nothing comes is no sign.
	void receive_the_rest()
	{
		for (unsigned quiet = 0; quiet < 2 * port_count;) {
			const std::size_t before = pending();
			receive();
			quiet = pending() == before ? quiet + 1 : 0;
		}
	}

	std::uint64_t copies = 0; // packets found at members
	std::uint64_t taken = 0, injected = 0, received = 0;
	std::atomic<std::uint64_t> bursts{0};

private:
	void transmit()
	{
		const auto n = static_cast<std::uint16_t>(random_() % (longest_burst + 1));
		const std::uint32_t first = next_to_send_;
		next_to_send_ += n;
		std::array<rte_mbuf *, longest_burst> packets;
		for (unsigned k = 0; k < n; k++)
			packets[k] = stash_.make(first + k);
		if (n % 4 == 0) {
			EXPECT_EQ(rte_eth_tx_prepare(bond_.port(), queue_, packets.data(), n), n);
		}
		const std::uint16_t sent = rte_eth_tx_burst(bond_.port(), queue_, packets.data(), n);
		ASSERT_LE(sent, n);
		taken += sent;

		std::vector<bool> given_back(n);
		std::uint32_t last = first;
		for (unsigned k = sent; k < n; k++) {
			const std::uint32_t number = sequence_of(packets[k]);
			ASSERT_TRUE(number >= first && number < first + n) << "given back: " << number;
			ASSERT_GE(number, last) << "in its order";
			ASSERT_FALSE(given_back[number - first]) << "once";
			EXPECT_EQ(rte_mbuf_refcnt_read(packets[k]), 1);
			given_back[number - first] = true;
			last = number;
		}
		stash_.drop({packets.data() + sent, packets.data() + n});
		account_for(first, given_back);
	}

	// Looks for the packets of the last burst at the members.
	void account_for(std::uint32_t first, const std::vector<bool> &given_back)
	{
		std::vector<unsigned> holders(given_back.size());
		for (unsigned i = 0; i < ports_.size(); i++) {
			const std::vector<rte_mbuf *> kept = ports_[i].take_tx(queue_);
			for (std::uint32_t number : sequences_of(kept)) {
				const std::uint32_t k = number - first;
				ASSERT_LT(k, holders.size()) << "of another burst: " << number;
				ASSERT_EQ(holders[k] & 1u << i, 0u) << "twice at one member: " << number;
				holders[k] |= 1u << i;
			}
			copies += kept.size();
			stash_.drop(kept);
		}
		const unsigned *someone = nullptr;
		for (std::size_t k = 0; k < holders.size(); k++) {
			if (given_back[k]) {
				EXPECT_EQ(holders[k], 0u) << "given back and sent";
				continue;
			}
			EXPECT_NE(holders[k], 0u) << "taken and sent by nobody";
			if (!plan_.can_copy()) {
				EXPECT_EQ(std::popcount(holders[k]), 1) << "sent twice";
			}
			if (plan_.goes_one_way() && someone != nullptr) {
				EXPECT_EQ(holders[k], *someone) << "one burst, two snapshots";
			}
			someone = &holders[k];
		}
	}

	void inject()
	{
		fake_port &port = ports_[random_() % ports_.size()];
		for (unsigned i = random_() % 6; i > 0; i--) {
			rte_mbuf *const packet = stash_.make(static_cast<std::uint32_t>(arrived_.size()));
			if (!port.inject(queue_, packet)) {
				stash_.drop(packet);
				return;
			}
			arrived_.push_back(false);
			injected++;
		}
	}

	std::size_t pending() const
	{
		std::size_t all = 0;
		for (const fake_port &port : ports_)
			all += port.rx_pending(queue_);
		return all;
	}

	void receive()
	{
		std::array<rte_mbuf *, 32> packets;
		const std::uint16_t n = rte_eth_rx_burst(bond_.port(), queue_, packets.data(), 32);
		for (unsigned k = 0; k < n; k++) {
			const std::uint32_t number = sequence_of(packets[k]);
			EXPECT_EQ(packets[k]->port, bond_.port());
			EXPECT_EQ(rte_mbuf_refcnt_read(packets[k]), 1);
			if (number >= arrived_.size() || arrived_[number])
				ADD_FAILURE() << "received out of nowhere, or twice: " << number;
			else
				arrived_[number] = true;
		}
		stash_.drop({packets.data(), n});
		received += n;
	}

	const test_bond &bond_;
	const std::span<fake_port> ports_;
	const plan &plan_;
	const std::uint16_t queue_;
	std::minstd_rand random_;
	packet_stash stash_;
	std::uint32_t next_to_send_ = 0;
	std::vector<bool> arrived_; // by sequence number
};

// The operator who cannot leave anything alone. The seed is fixed, the interleaving with the traffic is not.
class meddler {
public:
	meddler(test_bond &bond, std::span<fake_port> ports, const plan &p) : bond_(bond), ports_(ports), plan_(p) {}

	void change_something()
	{
		const unsigned i = random_() % port_count;
		const unsigned what = random_() % (plan_.hot_plug ? 15 : 13);
		if (what < 3)
			members_[i] == BRAID_NO_MEMBER ? add(i) : remove(i);
		else if (what < 5)
			rename(i);
		else if (what < 7)
			set_mode();
		else if (what < 8)
			EXPECT_EQ(braid_policy_set(bond_.port(), static_cast<braid_policy>(random_() % 3)), 0);
		else if (what < 9)
			EXPECT_EQ(braid_primary_set(bond_.port(), members_[i]), 0);
		else if (what < 11)
			ports_[i].set_link(random_() % 3 != 0, random_() % 2 == 0);
		else if (what < 12)
			read_statistics();
		else if (what < 13)
			random_() % 4 == 0 ? empty() : add_all();
		else if (what < 14)
			unplug_and_plug(i);
		else
			pull_out(i);
	}

	void add_all()
	{
		for (unsigned i = 0; i < port_count; i++)
			if (members_[i] == BRAID_NO_MEMBER)
				add(i);
	}
	void restore_links()
	{
		for (fake_port &port : ports_)
			port.set_link(true);
	}

private:
	void add(unsigned i)
	{
		EXPECT_EQ(braid_member_add(bond_.port(), ports_[i].name().c_str(), nullptr, &members_[i]), 0)
			<< braid_error_text();
	}
	void remove(unsigned i)
	{
		EXPECT_EQ(braid_member_remove(bond_.port(), members_[i]), 0) << braid_error_text();
		members_[i] = BRAID_NO_MEMBER;
	}
	void empty()
	{
		for (unsigned i = 0; i < port_count; i++)
			if (members_[i] != BRAID_NO_MEMBER)
				remove(i);
	}
	void rename(unsigned i)
	{
		if (members_[i] == BRAID_NO_MEMBER)
			return;
		const std::string name = random_() % 4 == 0 ? "port%d" : "name" + std::to_string(random_() % 16);
		const int status = braid_member_rename(bond_.port(), members_[i], name.c_str());
		EXPECT_TRUE(status == 0 || status == -EEXIST) << braid_error_text();
	}
	void set_mode()
	{
		EXPECT_EQ(bond_.mode(plan_.modes[random_() % plan_.modes.size()]), 0) << braid_error_text();
	}
	// Mistake 19: they never fall.
	void read_statistics()
	{
		rte_eth_stats now{};
		EXPECT_EQ(rte_eth_stats_get(bond_.port(), &now), 0);
		EXPECT_GE(now.opackets, last_.opackets);
		EXPECT_GE(now.obytes, last_.obytes);
		EXPECT_GE(now.ipackets, last_.ipackets);
		EXPECT_GE(now.ibytes, last_.ibytes);
		last_ = now;
	}
	void unplug_and_plug(unsigned i)
	{
		EXPECT_EQ(ports_[i].unplug(), 0);
		if (random_() % 2 == 0)
			rename(i);
		EXPECT_EQ(ports_[i].plug(), 0);
	}
	// By surprise; who has been told may not touch it any more.
	void pull_out(unsigned i)
	{
		const bool told = ports_[i].vanish();
		if (told && members_[i] != BRAID_NO_MEMBER) {
			braid_member_info info{};
			info.size = sizeof info;
			EXPECT_TRUE(eventually([&] {
				return braid_member_info_get(bond_.port(), members_[i], &info) == 0 &&
				       info.state == BRAID_MEMBER_PENDING;
			}));
			ports_[i].bury();
		}
		EXPECT_EQ(ports_[i].replug(), 0);
	}

	test_bond &bond_;
	const std::span<fake_port> ports_;
	const plan &plan_;
	std::minstd_rand random_{4711};
	std::array<std::uint32_t, port_count> members_{}; // ids, BRAID_NO_MEMBER for ports that are not in the bond
	rte_eth_stats last_{};
};

class Torture : public mbuf_accounting, public testing::WithParamInterface<plan> {
protected:
	Torture()
	{
		for (unsigned i = 0; i < port_count; i++) {
			ports_.emplace_back(kind_of(i));
			ports_[i].tx_mode(fake_tx::keep);
		}
		// One member that is often full, where that does not hide what is to be seen.
		if (!GetParam().goes_one_way())
			ports_[1].tx_limit_per_burst(fake_port::all_queues, 10);
	}

	template <typename Read> std::uint64_t sum(Read read) const
	{
		std::uint64_t total = 0;
		for (const fake_port &port : ports_)
			total += read(port);
		return total;
	}

	const quiet_log quiet_;
	std::vector<fake_port> ports_;
};

constexpr auto round_robin = BRAID_MODE_ROUND_ROBIN, active_backup = BRAID_MODE_ACTIVE_BACKUP,
               balance = BRAID_MODE_BALANCE, broadcast = BRAID_MODE_BROADCAST;
const std::vector<braid_mode> without_copies = {round_robin, active_backup, balance};
const std::vector<braid_mode> every_mode = {round_robin, active_backup, balance, broadcast};

INSTANTIATE_TEST_SUITE_P(Plans, Torture,
                         testing::Values(plan{"RoundRobin", {round_robin}}, plan{"ActiveBackup", {active_backup}},
                                         plan{"Balance", {balance}}, plan{"Broadcast", {broadcast}},
                                         plan{"WithoutCopies", without_copies}, plan{"EveryMode", every_mode},
                                         plan{.name = "HotPlug", .modes = every_mode, .hot_plug = true},
                                         plan{.name = "Restarts", .modes = every_mode, .restarts = true},
                                         plan{"HotPlugAndRestarts", {balance, broadcast}, true, true}),
                         [](const auto &info) { return std::string(info.param.name); });

// Mistakes 1 to 4: counts and lists that disagree, indices that outlive the set, torn copies, ports that are stopped
// while a burst holds them; mistake 7: state that is not there after a change of mode. The fake ports know of the rest:
// whatever comes after a stop, from two threads, or to a port that is gone, is a violation.
TEST_P(Torture, EveryPacketIsAccountedFor)
{
	const plan &p = GetParam();
	test_bond bond("mode=balance,xmit_policy=l34");
	ASSERT_EQ(bond.mode(p.modes[0]), 0);
	ASSERT_EQ(bond.bring_up(queue_count), 0);
	meddler operator_hand(bond, ports_, p);
	operator_hand.add_all();

	std::atomic<bool> stop{false};
	intermission::gate gate;
	std::deque<forwarder> forwarders;
	std::vector<std::thread> threads;
	for (std::uint16_t queue = 0; queue < queue_count; queue++)
		forwarders.emplace_back(bond, std::span(ports_), p, queue);
	for (forwarder &f : forwarders)
		threads.emplace_back([&] { f.run(stop, gate); });
	std::atomic<bool> stop_restarts{!p.restarts};
	unsigned restarts = 0;
	std::thread restarting([&] {
		while (!stop_restarts) {
			{
				const intermission quiet(gate);
				EXPECT_EQ(bond.stop(), 0);
				// A device that is pulled out meanwhile makes it fail until it is known to be gone.
				if (p.hot_plug)
					EXPECT_TRUE(eventually([&] { return bond.start() == 0; }));
				else
					EXPECT_EQ(bond.start(), 0);
			}
			restarts++;
			const std::uint64_t seen = forwarders[0].bursts;
			EXPECT_TRUE(eventually([&] { return forwarders[0].bursts > seen + 20; }));
		}
	});

	unsigned changes = 0;
	const auto end = std::chrono::steady_clock::now() + longest;
	for (; changes < fewest_changes || (changes < most_changes && std::chrono::steady_clock::now() < end); changes++)
		operator_hand.change_something();
	stop_restarts = true;
	restarting.join();
	EXPECT_EQ(restarts > 0, p.restarts);

	// The storm is over: everybody is there, and everything goes through again.
	operator_hand.add_all();
	operator_hand.restore_links();
	EXPECT_TRUE(eventually([&] { return bond.info().usable == port_count; }));
	const std::uint64_t before = forwarders[0].bursts;
	EXPECT_TRUE(eventually([&] { return forwarders[0].bursts > before + 10; }));
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	for (forwarder &f : forwarders)
		f.receive_the_rest();

	std::uint64_t taken = 0, copies = 0, injected = 0, received = 0;
	for (const forwarder &f : forwarders) {
		EXPECT_GT(f.taken, 0u);
		EXPECT_GT(f.received, 0u);
		taken += f.taken;
		copies += f.copies;
		injected += f.injected;
		received += f.received;
	}
	EXPECT_GE(copies, taken);
	EXPECT_EQ(copies, sum([](const fake_port &port) { return port.tx_packets(); }));
	EXPECT_EQ(sum([](const fake_port &port) { return port.rx_pending(); }), 0u);
	EXPECT_EQ(injected,
	          received + bond.xstat("rx_backup_dropped") + sum([](const fake_port &port) { return port.rx_lost(); }));

	rte_eth_stats stats{};
	ASSERT_EQ(rte_eth_stats_get(bond.port(), &stats), 0);
	if (p.hot_plug) {
		// What a device had counted since it was last read has gone with it.
		EXPECT_LE(stats.opackets, copies);
		EXPECT_LE(stats.ipackets, injected);
	} else {
		EXPECT_EQ(stats.opackets, copies);
		EXPECT_EQ(stats.obytes, sum([](const fake_port &port) { return port.tx_bytes(); }));
		EXPECT_EQ(stats.ipackets, sum([](const fake_port &port) { return port.rx_packets(); }));
		EXPECT_EQ(stats.ibytes, sum([](const fake_port &port) { return port.rx_bytes(); }));
	}
	RecordProperty("changes", static_cast<int>(changes));
	RecordProperty("bursts", static_cast<int>(forwarders[0].bursts + forwarders[1].bursts));
}

} // namespace
} // namespace braid
