/* SPDX-License-Identifier: BSD-3-Clause */
// Bursts on two threads while a third publishes one snapshot after another.
#include "rcu/read_section.hpp"
#include "rcu/retire.hpp"
#include "scripted_port.hpp"

#include <atomic>
#include <cstring>
#include <random>
#include <span>
#include <thread>

namespace braid {
namespace {

constexpr unsigned most_members = 8;
constexpr unsigned rounds = 4000;

// Snapshots whose storage is kept after their destruction and never used again: a reader that holds one too long finds
// poison for certain, and not the next snapshot in its place.
class graveyard {
public:
	snapshot *next() { return new (plots_[used_++].storage) snapshot; }

	// Destroys `s` after a grace period; its storage stays. Null is ignored.
	void bury(snapshot *s)
	{
		if (s != nullptr)
			rcu::retire(std::make_unique<undertaker>(s));
	}

	// Of all snapshots that were made, how many have this canary.
	unsigned count(std::uint32_t canary) const
	{
		unsigned n = 0;
		for (const plot &p : std::span(plots_.get(), used_)) {
			std::uint32_t found;
			std::memcpy(&found, p.storage + canary_at, sizeof found);
			n += found == canary;
		}
		return n;
	}

private:
	struct plot {
		alignas(snapshot) std::byte storage[sizeof(snapshot)];
	};
	struct undertaker final : rcu::retirable {
		explicit undertaker(snapshot *s) : dead(s) {}
		~undertaker() override { dead->~snapshot(); }
		snapshot *dead;
	};

	static inline const std::ptrdiff_t canary_at = [] {
		const snapshot s{};
		return reinterpret_cast<const std::byte *>(&s.canary) - reinterpret_cast<const std::byte *>(&s);
	}();

	std::unique_ptr<plot[]> plots_ = std::make_unique_for_overwrite<plot[]>(rounds + 1);
	unsigned used_ = 0;
};

// Any mode, policy and set of members, empty ones too.
void fill_at_random(snapshot &s, std::mt19937 &random)
{
	const auto below = [&random](unsigned end) { return static_cast<unsigned>(random() % end); };
	std::vector<unsigned> chosen = first_members(most_members);
	std::shuffle(chosen.begin(), chosen.end(), random);
	const unsigned polled = below(most_members + 1);
	for (unsigned m = 0; m < polled; m++)
		s.rx_member[m] = {wire::port_of(chosen[m]), static_cast<std::uint8_t>(below(4))};
	chosen.resize(below(most_members + 1));
	std::vector<std::uint32_t> weights(below(2) == 0 ? chosen.size() : 0);
	for (std::uint32_t &weight : weights)
		weight = 1 + below(5);
	fill_transmit(s, {.mode = static_cast<enum mode>(below(4)),
	                  .members = chosen,
	                  .policy = static_cast<hash_policy>(below(hash_policy_count)),
	                  .when_empty = below(2) == 0 ? tx_empty::keep : tx_empty::drop,
	                  .weights = weights});
	for (unsigned m = 0; m < s.tx_count && below(2) == 0; m++)
		s.prepare_port[s.prepare_count++] = s.tx_port[m];
	s.rx_count = static_cast<std::uint16_t>(polled);
	s.bond_port = static_cast<std::uint16_t>(1000 + below(1000));
	s.rx = select_rx<scripted_port>(polled, below(2) == 0 ? rx_port::bond : rx_port::member);
}

// One forwarding thread: its queues, and its own end of each member's wire.
class forwarder {
public:
	forwarder(const rcu::cell<snapshot> &published, std::uint16_t queue) : published_(published), random_(queue)
	{
		tx_.queue = queue;
		rx_.queue = queue;
	}

	// Until it is told to stop or a packet is lost. Runs on the thread that forwards.
	void run(const std::atomic<bool> &stop)
	{
		wire members;
		for (; !stop && sound; bursts++) {
			script(members);
			transmit_once(members);
			receive_once(members);
		}
	}

	std::atomic<std::uint64_t> bursts{0};
	std::atomic<bool> sound{true};

private:
	unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

	void script(wire &members)
	{
		for (unsigned m = 0; m < most_members; m++) {
			members[m] = {};
			members[m].room = below(3) == 0 ? below(40) : unlimited;
			members[m].min_room = below(2) == 0 ? 1 : 8;
			members[m].fit = below(8) == 0 ? below(100) : unlimited;
		}
	}

	void expect(const testing::AssertionResult &holds)
	{
		EXPECT_TRUE(holds);
		if (!holds)
			sound = false;
	}

	// The canary is volatile here: each look is a load.
	void expect_alive(const snapshot &s)
	{
		const volatile std::uint32_t &canary = s.canary;
		expect(canary == snapshot::alive ? testing::AssertionSuccess()
		                                 : testing::AssertionFailure() << "a snapshot died in a burst");
	}

	void transmit_once(wire &members)
	{
		burst b(below(200));
		unsigned consumed, copies;
		const std::uint64_t dropped_before = tx_.dropped.get();
		{
			const rcu::read_section section;
			const snapshot &s = *published_.get(section);
			expect_alive(s);
			const std::uint16_t fit = prepare<scripted_port>(s, tx_, b.array(), b.size());
			consumed = s.tx(s, tx_, b.array(), fit);
			copies = s.mode == mode::broadcast && s.tx_count > 0 ? s.tx_count : 1;
			expect_alive(s);
		}
		expect(accounted_for(b, consumed));
		std::uint64_t sent = 0, dropped = 0;
		for (unsigned m = 0; m < most_members; m++)
			sent += members[m].sent.size();
		for (unsigned k = 0; k < b.size(); k++)
			dropped += b[k].dropped;
		if (sent + dropped != std::uint64_t{consumed} * copies || tx_.dropped.get() - dropped_before != dropped)
			expect(testing::AssertionFailure() << consumed << " consumed, " << sent << " sent, " << dropped
			                                   << " dropped, by " << copies << " members each");
	}

	void receive_once(wire &members)
	{
		burst b(below(200));
		for (unsigned k = 0; k < b.size(); k++)
			members[below(most_members)].waiting.push_back(&b[k]);
		std::vector<rte_mbuf *> got(below(100));
		const std::uint64_t freed_before = rx_.backup_dropped.get();
		{
			const rcu::read_section section;
			const snapshot &s = *published_.get(section);
			expect_alive(s);
			got.resize(s.rx(s, rx_, got.data(), static_cast<std::uint16_t>(got.size())));
			expect_alive(s);
		}
		std::uint64_t freed = 0, left = 0, waiting = 0;
		for (unsigned k = 0; k < b.size(); k++) {
			freed += b[k].dropped;
			left += static_cast<unsigned>(b[k].references);
		}
		for (unsigned m = 0; m < most_members; m++)
			waiting += members[m].waiting.size();
		std::sort(got.begin(), got.end());
		const bool once = std::adjacent_find(got.begin(), got.end()) == got.end();
		if (!once || got.size() + waiting != left || rx_.backup_dropped.get() - freed_before != freed)
			expect(testing::AssertionFailure() << got.size() << " received of " << b.size() << ", " << freed
			                                   << " freed, " << waiting << " left");
	}

	const rcu::cell<snapshot> &published_;
	std::mt19937 random_;
	tx_lane tx_;
	rx_lane rx_;
};

TEST(Torture, BurstsAccountForEveryPacketWhileSnapshotsAreReplacedAllTheTime)
{
	ASSERT_TRUE(rcu::start_reclaimer());
	graveyard snapshots;
	rcu::cell<snapshot> published;
	std::mt19937 random(9);
	const auto publish = [&] {
		snapshot *const next = snapshots.next();
		fill_at_random(*next, random);
		snapshots.bury(published.exchange(next));
	};
	publish();

	forwarder first(published, 0), second(published, 1);
	std::atomic<bool> stop{false};
	std::thread one([&] { first.run(stop); }), two([&] { second.run(stop); });
	for (unsigned round = 0; round < rounds && first.sound && second.sound; round++) {
		publish();
		// Neither side may run away from the other: about one burst of each thread to a snapshot.
		while (first.sound && second.sound && (first.bursts < round / 2 || second.bursts < round / 2))
			std::this_thread::yield();
	}
	stop = true;
	one.join();
	two.join();
	rcu::wait_for_reclaim();
	EXPECT_EQ(snapshots.count(snapshot::poison), rounds) << "every retired snapshot is destroyed";
	EXPECT_EQ(snapshots.count(snapshot::alive), 1u) << "the published one is not";
	snapshots.bury(published.exchange(nullptr));
	rcu::wait_for_reclaim();
	EXPECT_EQ(snapshots.count(snapshot::poison), rounds + 1);
	EXPECT_GE(first.bursts + second.bursts, rounds / 2);
}

} // namespace
} // namespace braid
