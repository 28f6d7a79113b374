/* SPDX-License-Identifier: BSD-3-Clause */
// The modes end to end: which member sends which packet, and what becomes of those that nobody takes.
#include "event_recorder.hpp"
#include "test_bond.hpp"

#include "base/mode.hpp"

#include <rte_errno.h>

#include <array>
#include <atomic>
#include <numeric>
#include <optional>
#include <thread>

namespace braid {
namespace {

constexpr std::uint16_t any_queue = fake_port::all_queues;

void keep_packets(std::span<fake_port> ports)
{
	for (fake_port &port : ports)
		port.tx_mode(fake_tx::keep);
}

// What the port has sent since it was last asked, by sequence number.
std::vector<std::uint32_t> sent_by(fake_port &port, std::uint16_t queue = any_queue)
{
	std::vector<rte_mbuf *> packets = port.take_tx(queue);
	std::vector<std::uint32_t> numbers = sequences_of(packets);
	free_all(packets);
	return numbers;
}

// first, first + step, ... below end.
std::vector<std::uint32_t> every(std::uint32_t step, std::uint32_t first, std::uint32_t end)
{
	std::vector<std::uint32_t> numbers;
	for (std::uint32_t i = first; i < end; i += step)
		numbers.push_back(i);
	return numbers;
}

// --- round-robin

class RoundRobin : public mbuf_accounting {};

TEST_F(RoundRobin, GivesEachMemberItsTurnFromBurstToBurst)
{
	std::array<fake_port, 3> ports;
	keep_packets(ports);
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(7, 0)), 7);
	EXPECT_EQ(bond.send(make_burst(5, 7)), 5);
	EXPECT_EQ(bond.send(make_burst(288, 12)), 288);
	for (std::uint32_t i = 0; i < 3; i++)
		EXPECT_EQ(sent_by(ports[i]), every(3, i, 300)) << i;
}

TEST_F(RoundRobin, QueuesTakeTurnsOfTheirOwn)
{
	std::array<fake_port, 2> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(2), 0);
	for (unsigned i = 0; i < 3; i++)
		for (std::uint16_t queue : {0, 1})
			EXPECT_EQ(bond.send(make_burst(1), queue), 1);
	// With one turn for both, the first member would send all of queue 0 and the second all of queue 1.
	for (std::uint16_t queue : {0, 1}) {
		EXPECT_EQ(ports[0].tx_packets(queue), 2u);
		EXPECT_EQ(ports[1].tx_packets(queue), 1u);
	}
}

// Mistake 2: the place at which the next burst begins outlived the set it belonged to.
TEST_F(RoundRobin, ATurnBeyondAShrunkSetStartsOver)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members("round-robin", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(2)), 2); // the next would be the third member's
	ASSERT_EQ(bond.remove(ports[2].name()), 0);
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(ports[0].tx_packets(), 3u);
	EXPECT_EQ(ports[1].tx_packets(), 3u);
	EXPECT_EQ(ports[2].tx_packets(), 0u);
}

// --- balance

constexpr unsigned flows = 4000;

// A packet of flow number `flow`, told from others by what the policy looks at and by nothing else.
rte_mbuf *packet_under(braid_policy policy, std::uint32_t flow)
{
	packet_spec spec;
	spec.sequence = flow;
	std::optional<std::uint32_t> rss;
	switch (policy) {
	case BRAID_POLICY_L2:
	case BRAID_POLICY_L2_SYM:
	case BRAID_POLICY_VLAN_SRCMAC:
		spec.src_mac.addr_bytes[4] = static_cast<std::uint8_t>(flow >> 8);
		spec.src_mac.addr_bytes[5] = static_cast<std::uint8_t>(flow);
		break;
	case BRAID_POLICY_L23:
	case BRAID_POLICY_L23_SYM:
	case BRAID_POLICY_ENCAP23:
	case BRAID_POLICY_ENCAP23_SYM:
		spec.src_ip += flow;
		break;
	case BRAID_POLICY_L34:
	case BRAID_POLICY_L34_SYM:
	case BRAID_POLICY_ENCAP34:
	case BRAID_POLICY_ENCAP34_SYM:
		spec.src_port = static_cast<std::uint16_t>(1024 + flow);
		break;
	case BRAID_POLICY_FLOW:
		rss = flow;
		break;
	}
	rte_mbuf *const packet = make_packet(spec);
	if (rss) {
		packet->hash.rss = *rss;
		packet->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	}
	return packet;
}

// Sends one packet of each flow; element f of the answer is the index of the port that sent flow f.
std::vector<int> placement(test_bond &bond, std::span<fake_port> ports, braid_policy policy, std::uint16_t queue = 0)
{
	std::vector<int> place(flows, -1);
	for (std::uint32_t first = 0; first < flows; first += 32) {
		std::vector<rte_mbuf *> packets;
		for (std::uint32_t f = first; f < std::min(first + 32, flows); f++)
			packets.push_back(packet_under(policy, f));
		EXPECT_EQ(bond.send(packets, queue), packets.size());
	}
	for (std::size_t i = 0; i < ports.size(); i++)
		for (std::uint32_t flow : sent_by(ports[i]))
			place.at(flow) = static_cast<int>(i);
	return place;
}

unsigned share_of(const std::vector<int> &place, int port)
{
	return static_cast<unsigned>(std::count(place.begin(), place.end(), port));
}

class Balance : public mbuf_accounting, public testing::WithParamInterface<braid_policy> {
protected:
	Balance() { keep_packets(ports_); }

	// The seed is fixed, so that shares, which are a matter of chance, are the same in every run.
	std::string devargs(std::span<const fake_port> members) const
	{
		const char *const spelling = to_string(static_cast<hash_policy>(GetParam()));
		return with_members(std::string("balance,seed=1,xmit_policy=") + spelling, members);
	}
	std::vector<int> place(test_bond &bond, std::uint16_t queue = 0)
	{
		return placement(bond, ports_, GetParam(), queue);
	}
	// Every flow that is at another port than before was at, or is at, `port`, and there are some.
	static void expect_moves_only_of(int port, const std::vector<int> &before, const std::vector<int> &after)
	{
		unsigned moved = 0;
		for (unsigned f = 0; f < flows; f++) {
			if (before[f] == after[f])
				continue;
			moved++;
			EXPECT_TRUE(before[f] == port || after[f] == port) << "flow " << f;
		}
		EXPECT_GT(moved, 0u);
	}

	std::array<fake_port, 4> ports_;
};

INSTANTIATE_TEST_SUITE_P(EveryPolicy, Balance, 
                         testing::Values(BRAID_POLICY_L2, BRAID_POLICY_L23, BRAID_POLICY_L34, BRAID_POLICY_FLOW,
                                         BRAID_POLICY_ENCAP34, BRAID_POLICY_VLAN_SRCMAC, BRAID_POLICY_L34_SYM));

TEST_P(Balance, AFlowStaysOnItsMemberOnEveryQueueAndMembersShareAlike)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(2), 0);
	const std::vector<int> first = place(bond, 0);
	EXPECT_EQ(place(bond, 0), first);
	EXPECT_EQ(place(bond, 1), first);
	for (int i = 0; i < 4; i++)
		EXPECT_NEAR(share_of(first, i), flows / 4, flows / 20) << i;
}

TEST_P(Balance, RemovalMovesOnlyTheFlowsOfTheMemberThatLeft)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(bond.remove(ports_[1].name()), 0);
	const std::vector<int> after = place(bond);
	expect_moves_only_of(1, before, after);
	EXPECT_EQ(share_of(after, 1), 0u);
	for (int i : {0, 2, 3})
		EXPECT_NEAR(share_of(after, i), flows / 3, flows / 20) << i;
}

TEST_P(Balance, AMemberWhoseLinkReturnsGetsItsFormerFlows)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ports_[2].set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 3; }));
	expect_moves_only_of(2, before, place(bond));
	ports_[2].set_link(true);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 4; }));
	EXPECT_EQ(place(bond), before);
}

TEST_P(Balance, ADeviceThatIsAddedAgainGetsItsFormerFlowsUnderAnyName)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	for (unsigned i : {0, 3}) {
		ASSERT_EQ(bond.remove(ports_[i].name()), 0);
		expect_moves_only_of(static_cast<int>(i), before, place(bond));
		ASSERT_EQ(bond.add(ports_[i].name(), "again"), 0);
		EXPECT_EQ(place(bond), before);
		ASSERT_EQ(bond.rename("again", ports_[i].name()), 0);
	}
}

TEST_P(Balance, ADeviceThatIsPluggedInAgainGetsItsFormerFlows)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(ports_[1].unplug(), 0);
	expect_moves_only_of(1, before, place(bond));
	ASSERT_EQ(ports_[1].plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 4; }));
	EXPECT_EQ(place(bond), before);
}

TEST_P(Balance, ANewMemberTakesItsFairShareAndNothingElseMoves)
{
	test_bond bond(devargs(std::span(ports_).first(3)));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<int> before = place(bond);
	ASSERT_EQ(bond.add(ports_[3].name()), 0);
	const std::vector<int> after = place(bond);
	expect_moves_only_of(3, before, after);
	for (int i = 0; i < 4; i++)
		EXPECT_NEAR(share_of(after, i), flows / 4, flows / 20) << i;
}

TEST_P(Balance, LooksAtNothingThatIsNotInThePolicy)
{
	test_bond bond(devargs(ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (braid_policy finer : {BRAID_POLICY_L23, BRAID_POLICY_L34, BRAID_POLICY_FLOW}) {
		if (finer <= GetParam())
			continue;
		const std::vector<int> place = placement(bond, ports_, finer);
		EXPECT_EQ(share_of(place, place[0]), flows) << "flows that differ under policy " << finer;
	}
	EXPECT_LT(share_of(place(bond), 0), flows / 2);
}

// --- broadcast

class Broadcast : public mbuf_accounting {
protected:
	static std::vector<std::uint16_t> references(const rte_mbuf *packet)
	{
		std::vector<std::uint16_t> counts;
		for (const rte_mbuf *segment = packet; segment != nullptr; segment = segment->next)
			counts.push_back(rte_mbuf_refcnt_read(segment));
		return counts;
	}

	// A packet of three segments.
	static rte_mbuf *make_chain()
	{
		rte_mbuf *const head = make_packet(udp_flow(0));
		for (unsigned i = 0; i < 2; i++) {
			rte_mbuf *const tail = rte_pktmbuf_alloc(eal_mempool());
			EXPECT_NE(rte_pktmbuf_append(tail, 100), nullptr);
			EXPECT_EQ(rte_pktmbuf_chain(head, tail), 0);
		}
		return head;
	}

	std::array<fake_port, 3> ports_;
};

TEST_F(Broadcast, EveryMemberSendsEveryPacket)
{
	keep_packets(ports_);
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(300)), 300);
	for (fake_port &port : ports_)
		EXPECT_EQ(sent_by(port), every(1, 0, 300));
}

// Mistake 6: one reference too many or too few, and only on the first segment.
TEST_F(Broadcast, MembersShareEverySegmentOfAPacket)
{
	keep_packets(ports_);
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send({make_chain()}), 1);
	for (std::uint16_t holders = 3; holders > 0; holders--) {
		std::vector<rte_mbuf *> packets = ports_[3u - holders].take_tx();
		ASSERT_EQ(packets.size(), 1u);
		EXPECT_EQ(references(packets[0]), std::vector<std::uint16_t>(3, holders));
		free_all(packets);
	}
	EXPECT_EQ(mbufs_in_use(), 0u);
}

// As a program does that sends one packet on several ports, each on a thread of its own. ThreadSanitizer would see a look at
// the number of references that is not atomic.
TEST_F(Broadcast, PacketsAreSharedWithOthersWhoGiveThemBackMeanwhile)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned round = 0; round < 20; round++) {
		const std::vector<rte_mbuf *> packets = make_burst(20);
		std::vector<rte_mbuf *> held = packets;
		for (rte_mbuf *packet : held)
			rte_mbuf_refcnt_update(packet, 1);
		std::atomic<bool> begun{false};
		std::thread other_holder([&] {
			begun = true;
			free_all(held);
		});
		while (!begun)
			std::this_thread::yield();
		EXPECT_EQ(bond.send(packets), 20);
		other_holder.join();
		EXPECT_EQ(mbufs_in_use(), 0u);
	}
}

// Mistake 6: broadcast to members that all refuse freed what it gave back.
TEST_F(Broadcast, PacketsThatAllMembersRefuseAreTheCallersAsTheyWere)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	for (fake_port &port : ports_)
		port.tx_budget(0, 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	packets.push_back(make_chain());
	const std::vector<rte_mbuf *> before = packets;
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 11), 0);
	EXPECT_EQ(packets, before);
	for (const rte_mbuf *packet : packets)
		for (std::uint16_t count : references(packet))
			EXPECT_EQ(count, 1);
	for (const fake_port &port : ports_)
		EXPECT_EQ(port.tx_refused(), 11u);
	EXPECT_EQ(bond.xstat("tx_dropped"), 0u) << "nothing is lost: the caller may try again";
	free_all(packets);
}

TEST_F(Broadcast, CopiesThatSomeMembersRefuseAreCounted)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[1].tx_limit_per_burst(0, 3);
	ports_[2].tx_limit_per_burst(0, 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	EXPECT_EQ(bond.send(packets), 10);
	EXPECT_EQ(bond.xstat("tx_dropped"), 7u + 10u);
	EXPECT_EQ(ports_[0].tx_packets(), 10u);
	EXPECT_EQ(ports_[1].tx_packets(), 3u);
	EXPECT_EQ(ports_[2].tx_packets(), 0u);
	EXPECT_EQ(mbufs_in_use(), 0u);
}

TEST_F(Broadcast, TheMemberThatTakesMostDecidesHowManyAreTaken)
{
	test_bond bond(with_members("broadcast", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[0].tx_budget(0, 70);
	ports_[1].tx_budget(0, 100);
	ports_[2].tx_budget(0, 30);
	std::vector<rte_mbuf *> packets = make_burst(300);
	const std::vector<rte_mbuf *> tail(packets.begin() + 100, packets.end());
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 300), 100);
	EXPECT_TRUE(std::equal(tail.begin(), tail.end(), packets.begin() + 100));
	for (const rte_mbuf *packet : tail)
		EXPECT_EQ(rte_mbuf_refcnt_read(packet), 1);
	EXPECT_EQ(bond.xstat("tx_dropped"), 30u + 70u);
	rte_pktmbuf_free_bulk(packets.data() + 100, 200);
}

// --- active-backup

class ActiveBackup : public mbuf_accounting {};

TEST_F(ActiveBackup, OnlyTheActiveMemberSends)
{
	std::array<fake_port, 3> ports;
	keep_packets(ports);
	test_bond bond(with_members("active-backup", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), ports[0].name());
	EXPECT_EQ(bond.send(make_burst(300, 0, 16)), 300);
	EXPECT_EQ(sent_by(ports[0]), every(1, 0, 300));
	ASSERT_EQ(bond.primary(ports[2].name()), 0);
	EXPECT_EQ(bond.active(), ports[2].name());
	EXPECT_EQ(bond.send(make_burst(300, 0, 16)), 300);
	EXPECT_EQ(sent_by(ports[2]), every(1, 0, 300));
	EXPECT_EQ(ports[0].tx_packets(), 300u);
	EXPECT_EQ(ports[1].tx_packets(), 0u);
}

// --- in every mode

class EveryMode : public mbuf_accounting, public testing::WithParamInterface<const char *> {};

INSTANTIATE_TEST_SUITE_P(EveryMode, EveryMode,
                         testing::Values("round-robin", "active-backup", "balance", "broadcast"));

TEST_P(EveryMode, BurstsOfAnySizeAreTakenWhole)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members(GetParam(), ports));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned n = 0; n <= 300; n++)
		ASSERT_EQ(bond.send(make_burst(n, 0, 8)), n);
	EXPECT_EQ(mbufs_in_use(), 0u);
	std::uint64_t sent = 0;
	for (const fake_port &port : ports)
		sent += port.tx_packets();
	const unsigned copies = std::string(GetParam()) == "broadcast" ? 3 : 1;
	EXPECT_EQ(sent, 300u * 301 / 2 * copies);
	EXPECT_EQ(bond.xstat("tx_dropped"), 0u);
}

// Mistake 1: the only usable member is served without a division, and so is the next only one.
TEST_P(EveryMode, OneMemberCarriesEverything)
{
	std::array<fake_port, 2> ports;
	test_bond bond(with_members(GetParam(), ports));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned out : {0, 1}) {
		ASSERT_EQ(bond.remove(ports[out].name()), 0);
		EXPECT_EQ(bond.send(make_burst(100, 0, 16)), 100);
		EXPECT_EQ(ports[1 - out].tx_packets(), 100u);
		ASSERT_EQ(bond.add(ports[out].name()), 0);
	}
}

// --- what a member refuses

struct refusal {
	const char *mode;
	std::uint32_t nth; // of those offered to the first member
};

void PrintTo(const refusal &r, std::ostream *out) { *out << r.mode << " at packet " << r.nth; }

class UnsentTail : public mbuf_accounting, public testing::WithParamInterface<refusal> {
protected:
	static constexpr unsigned burst = 300;
	static constexpr unsigned flow_count = 16;

	UnsentTail() { keep_packets(ports_); }

	std::array<fake_port, 2> ports_;
};

INSTANTIATE_TEST_SUITE_P(AtPacket, UnsentTail,
                         testing::Values(refusal{"round-robin", 1}, refusal{"round-robin", 2}, refusal{"round-robin", 32},
                                         refusal{"round-robin", 33}, refusal{"round-robin", 100},
                                         refusal{"balance,xmit_policy=l34", 1}, refusal{"balance,xmit_policy=l34", 3},
                                         refusal{"balance,xmit_policy=l34", 40},
                                         refusal{"balance,xmit_policy=l34", 70}, refusal{"active-backup", 1},
                                         refusal{"active-backup", 2}, refusal{"active-backup", 200}));

// Mistake 15: the packets that were refused were given back out of order, twice, or not at all.
TEST_P(UnsentTail, HoldsExactlyWhatWasRefusedInItsOrder)
{
	test_bond bond(with_members(std::string(GetParam().mode) + ",seed=1", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[0].tx_refuse_once(0, GetParam().nth);
	std::vector<rte_mbuf *> packets = make_burst(burst, 0, flow_count);
	const unsigned taken = rte_eth_tx_burst(bond.port(), 0, packets.data(), burst);
	ASSERT_LT(taken, burst);
	packets.erase(packets.begin(), packets.begin() + taken);

	std::vector<std::uint32_t> first = sent_by(ports_[0]);
	std::vector<std::uint32_t> second = sent_by(ports_[1]);
	std::vector<std::uint32_t> tail = sequences_of(packets);
	EXPECT_EQ(first.size(), GetParam().nth - 1) << "after the refusal it gets no more of this burst";
	EXPECT_TRUE(std::is_sorted(tail.begin(), tail.end()));
	std::vector<std::uint32_t> all;
	for (const auto *part : {&first, &second, &tail})
		all.insert(all.end(), part->begin(), part->end());
	std::sort(all.begin(), all.end());
	EXPECT_EQ(all, every(1, 0, burst)) << "each packet is in one place";

	EXPECT_EQ(bond.send(packets), packets.size()) << "offered again";
	// Together with what it sent before, each flow has left in its order.
	for (unsigned i : {0, 1}) {
		std::vector<std::uint32_t> &sent = i == 0 ? first : second;
		const std::vector<std::uint32_t> again = sent_by(ports_[i]);
		sent.insert(sent.end(), again.begin(), again.end());
		if (std::string(GetParam().mode) == "round-robin")
			continue; // gives no such promise
		std::array<std::uint32_t, flow_count> last{};
		for (std::uint32_t number : sent) {
			EXPECT_GE(number, last[number % flow_count]);
			last[number % flow_count] = number;
		}
	}
	EXPECT_EQ(first.size() + second.size(), burst);
}

// Mistake 15: an application that offers the tail again and again gets everything out once and nothing twice.
TEST_P(UnsentTail, OfferedAgainEndsAsEveryPacketSentOnce)
{
	test_bond bond(with_members(GetParam().mode, ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[0].tx_limit_per_burst(0, 5);
	ports_[1].tx_limit_per_burst(0, 11);
	std::vector<rte_mbuf *> packets = make_burst(burst, 0, flow_count);
	for (unsigned round = 0; !packets.empty() && round < burst; round++)
		packets.erase(packets.begin(),
		              packets.begin() + rte_eth_tx_burst(bond.port(), 0, packets.data(),
		                                                 static_cast<std::uint16_t>(packets.size())));
	EXPECT_TRUE(packets.empty());
	std::vector<std::uint32_t> all = sent_by(ports_[0]);
	const std::vector<std::uint32_t> second = sent_by(ports_[1]);
	all.insert(all.end(), second.begin(), second.end());
	std::sort(all.begin(), all.end());
	EXPECT_EQ(all, every(1, 0, burst));
}

// --- prepare

class Prepare : public mbuf_accounting {
protected:
	static fake_options with(fake_prepare prepare)
	{
		fake_options options;
		options.prepare = prepare;
		return options;
	}
	static std::uint16_t prepare(const test_bond &bond, std::vector<rte_mbuf *> &packets)
	{
		return rte_eth_tx_prepare(bond.port(), 0, packets.data(), static_cast<std::uint16_t>(packets.size()));
	}

	fake_port plain_, first_{with(fake_prepare::first)}, same_{with(fake_prepare::first)},
		other_{with(fake_prepare::second)};
};

TEST_F(Prepare, RunsEachDistinctFunctionOnceAndNoneInTheBurst)
{
	test_bond bond("round-robin", {&plain_, &first_, &same_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	EXPECT_EQ(prepare(bond, packets), 10);
	EXPECT_EQ(first_.count(fake_op::tx_prepare) + same_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(bond.send(packets), 10);
	EXPECT_EQ(first_.count(fake_op::tx_prepare) + same_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
}

TEST_F(Prepare, OnlyOfMembersThatMayTransmit)
{
	test_bond bond("active-backup", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(4);
	EXPECT_EQ(prepare(bond, packets), 4);
	EXPECT_EQ(first_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 0u);
	ASSERT_EQ(bond.remove(first_.name()), 0);
	EXPECT_EQ(prepare(bond, packets), 4);
	EXPECT_EQ(first_.count(fake_op::tx_prepare), 1u);
	EXPECT_EQ(other_.count(fake_op::tx_prepare), 1u);
	ASSERT_EQ(bond.remove(other_.name()), 0);
	EXPECT_EQ(prepare(bond, packets), 4) << "nobody objects";
	free_all(packets);
}

TEST_F(Prepare, TellsWhichPacketIsRefusedAndWhy)
{
	test_bond bond("round-robin", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(10);
	rte_errno = 0;
	other_.prepare_refuse_once(7, EINVAL);
	EXPECT_EQ(prepare(bond, packets), 6);
	EXPECT_EQ(rte_errno, EINVAL);

	// Who accepts least has the last word; the other one is not asked about what is refused already.
	first_.prepare_refuse_once(8, ENOTSUP);
	other_.prepare_refuse_once(3, ERANGE);
	const std::uint64_t prepared = other_.prepared();
	EXPECT_EQ(prepare(bond, packets), 2);
	EXPECT_EQ(rte_errno, ERANGE);
	EXPECT_EQ(other_.prepared(), prepared + 2);

	first_.prepare_refuse_once(4, ENOTSUP);
	EXPECT_EQ(prepare(bond, packets), 3);
	EXPECT_EQ(rte_errno, ENOTSUP);
	free_all(packets);
}

// Mistake 15: the burst asked prepare as well, so that one packet it refused blocked the queue for ever.
TEST_F(Prepare, APacketThatItRefusedIsSentIfTheApplicationInsists)
{
	test_bond bond("round-robin", {&first_, &other_});
	ASSERT_EQ(bond.bring_up(), 0);
	std::vector<rte_mbuf *> packets = make_burst(4);
	first_.prepare_refuse_once(1, EINVAL);
	EXPECT_EQ(prepare(bond, packets), 0);
	EXPECT_EQ(bond.send(packets), 4);
	EXPECT_EQ(first_.tx_packets() + other_.tx_packets(), 4u);
}

// --- change of mode and policy

class ChangeOfMode : public mbuf_accounting {
protected:
	static constexpr braid_mode modes[] = {BRAID_MODE_BALANCE, BRAID_MODE_ACTIVE_BACKUP, BRAID_MODE_BROADCAST,
	                                       BRAID_MODE_ROUND_ROBIN};

	std::array<fake_port, 3> ports_;
};

// Mistake 7: what the new mode needed was not there when the next burst came.
TEST_F(ChangeOfMode, IsOnePublicationAndTheSameModeAgainIsNone)
{
	test_bond bond(with_members("round-robin", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	std::size_t changes = 0;
	for (unsigned lap = 0; lap < 2; lap++)
		for (braid_mode mode : modes) {
			const std::uint64_t before = bond.info().generation;
			ASSERT_EQ(bond.mode(mode), 0);
			EXPECT_EQ(bond.info().mode, mode);
			EXPECT_EQ(bond.info().generation, before + 1);
			EXPECT_EQ(bond.send(make_burst(64)), 64);
			ASSERT_EQ(bond.mode(mode), 0) << "the same again";
			EXPECT_EQ(bond.info().generation, before + 1);
			changes++;
		}
	events.settle();
	EXPECT_EQ(events.count(BRAID_EVENT_MODE_CHANGED), changes);
}

TEST_F(ChangeOfMode, ThePolicyMovesFlowsByOnePublication)
{
	keep_packets(ports_);
	test_bond bond(with_members("balance,seed=1", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	const auto busy = [&] {
		const std::vector<int> place = placement(bond, ports_, BRAID_POLICY_L34);
		return (share_of(place, 0) > 0) + (share_of(place, 1) > 0) + (share_of(place, 2) > 0);
	};
	EXPECT_EQ(busy(), 1) << "l2 sees one flow";
	const std::uint64_t before = bond.info().generation;
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0);
	EXPECT_EQ(bond.info().policy, BRAID_POLICY_L34);
	EXPECT_EQ(bond.info().generation, before + 1);
	EXPECT_EQ(busy(), 3);
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0) << "the same again";
	EXPECT_EQ(bond.info().generation, before + 1);
}

TEST_F(ChangeOfMode, UnderTrafficLosesNothing)
{
	test_bond bond(with_members("round-robin", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> stop{false};
	std::atomic<std::uint64_t> offered{0}, taken{0};
	std::thread forwarding([&] {
		while (!stop.load()) {
			offered += 32;
			taken += bond.send(make_burst(32, 0, 16));
		}
	});
	constexpr braid_mode without_copies[] = {BRAID_MODE_BALANCE, BRAID_MODE_ACTIVE_BACKUP, BRAID_MODE_ROUND_ROBIN};
	for (unsigned i = 0; i < 200; i++) {
		const std::uint64_t seen = offered;
		EXPECT_EQ(bond.mode(without_copies[i % 3]), 0);
		EXPECT_EQ(braid_policy_set(bond.port(), i % 2 == 0 ? BRAID_POLICY_L34 : BRAID_POLICY_L2), 0);
		EXPECT_TRUE(eventually([&] { return offered > seen; })) << "each change meets traffic";
	}
	stop = true;
	forwarding.join();
	EXPECT_EQ(taken, offered) << "no burst found the bond without a member";
	const std::uint64_t sent =
		std::accumulate(ports_.begin(), ports_.end(), std::uint64_t{0},
	                        [](std::uint64_t sum, const fake_port &port) { return sum + port.tx_packets(); });
	EXPECT_EQ(sent, taken);
}

} // namespace
} // namespace braid
