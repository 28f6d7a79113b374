/* SPDX-License-Identifier: BSD-3-Clause */
// What a member refuses is the caller's again: each packet is sent once or given back, in its order.
#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace braid {
namespace {

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

} // namespace
} // namespace braid
