/* SPDX-License-Identifier: BSD-3-Clause */
// Pinning end to end: packets that name their member by way of the mbuf, as an application does it.
#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <braid_pin.h>

#include <rte_errno.h>

#include <array>
#include <vector>

namespace braid {
namespace {

constexpr braid_mode built_modes[] = {BRAID_MODE_ROUND_ROBIN, BRAID_MODE_ACTIVE_BACKUP, BRAID_MODE_BALANCE,
                                      BRAID_MODE_BROADCAST};

class Pinning : public mbuf_accounting {
protected:
	Pinning()
	{
		keep_packets(ports_);
		EXPECT_EQ(braid_pin_lookup(&pin_), 0);
	}

	// n packets, all of which name the member with this id.
	std::vector<rte_mbuf *> pinned_to(std::uint32_t id, unsigned n = 1)
	{
		std::vector<rte_mbuf *> packets = make_burst(n, 0, n);
		for (rte_mbuf *packet : packets)
			braid_pin_packet(&pin_, packet, id);
		return packets;
	}

	std::array<fake_port, 3> ports_;
	braid_pin pin_{};
	const std::string balance_ = with_members("balance,seed=1,xmit_policy=l34", ports_);
};

TEST_F(Pinning, ThePlaceInTheMbufIsFoundByItsNames)
{
	braid_pin again{};
	ASSERT_EQ(braid_pin_lookup(&again), 0);
	EXPECT_EQ(again.offset, pin_.offset);
	EXPECT_EQ(again.flag, pin_.flag);
	EXPECT_EQ(rte_mbuf_dynfield_lookup(BRAID_PIN_FIELD, nullptr), pin_.offset);
	EXPECT_EQ(std::uint64_t{1} << rte_mbuf_dynflag_lookup(BRAID_PIN_FLAG, nullptr), pin_.flag);
	EXPECT_EQ(braid_pin_lookup(nullptr), -EINVAL);
}

TEST_F(Pinning, APacketLeavesThroughTheMemberThatItNamesInEveryMode)
{
	test_bond bond(balance_ + ",pinning=1");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().pinning, 1);
	for (braid_mode mode : built_modes) {
		ASSERT_EQ(bond.mode(mode), 0);
		for (unsigned i = 0; i < 3; i++) {
			EXPECT_EQ(bond.send(pinned_to(bond.id_of(ports_[i].name()), 40)), 40);
			for (unsigned other = 0; other < 3; other++)
				EXPECT_EQ(sent_by(ports_[other]).size(), other == i ? 40u : 0u) << "mode " << mode << ", port " << i;
		}
	}
	EXPECT_EQ(bond.xstat("tx_pin_missed"), 0u);
}

TEST_F(Pinning, OthersFollowTheMode)
{
	test_bond bond(balance_ + ",pinning=1");
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	std::vector<rte_mbuf *> packets = make_burst(4);
	braid_pin_packet(&pin_, packets[1], bond.id_of(ports_[2].name()));
	braid_pin_packet(&pin_, packets[3], bond.id_of(ports_[2].name()));
	braid_unpin_packet(&pin_, packets[3]);
	EXPECT_EQ(bond.send(packets), 4);
	EXPECT_EQ(sent_by(ports_[0]), (std::vector<std::uint32_t>{0, 2, 3}));
	EXPECT_EQ(sent_by(ports_[2]), (std::vector<std::uint32_t>{1}));
}

TEST_F(Pinning, APacketWhoseMemberHasLeftOrIsDownGoesWithItsFlowAndIsCounted)
{
	test_bond bond(balance_ + ",pinning=1");
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t gone = bond.id_of(ports_[2].name());
	ASSERT_EQ(bond.remove(ports_[2].name()), 0);
	EXPECT_EQ(bond.send(make_burst(50, 0, 50)), 50);
	const std::vector<std::uint32_t> by_hash[] = {sent_by(ports_[0]), sent_by(ports_[1])};
	EXPECT_EQ(bond.send(pinned_to(gone, 50)), 50);
	EXPECT_EQ(sent_by(ports_[0]), by_hash[0]);
	EXPECT_EQ(sent_by(ports_[1]), by_hash[1]);
	EXPECT_EQ(bond.xstat("tx_pin_missed"), 50u);

	const std::uint32_t down = bond.id_of(ports_[1].name());
	ports_[1].set_link(false);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 1; }));
	EXPECT_EQ(bond.send(pinned_to(down, 7)), 7);
	EXPECT_EQ(sent_by(ports_[0]).size(), 7u);
	EXPECT_EQ(bond.xstat("tx_pin_missed"), 57u);
	ASSERT_EQ(rte_eth_xstats_reset(bond.port()), 0);
	EXPECT_EQ(bond.xstat("tx_pin_missed"), 0u);
}

TEST_F(Pinning, WithoutTheOptionNobodyLooks)
{
	test_bond bond(balance_);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	const std::uint32_t backup = bond.id_of(ports_[1].name());
	EXPECT_EQ(bond.send(pinned_to(backup, 5)), 5);
	EXPECT_EQ(sent_by(ports_[0]).size(), 5u);
	EXPECT_EQ(bond.xstat("tx_pin_missed"), 0u);

	ASSERT_EQ(braid_pinning_set(bond.port(), 1), 0);
	EXPECT_EQ(bond.send(pinned_to(backup, 5)), 5);
	EXPECT_EQ(sent_by(ports_[1]).size(), 5u);
	ASSERT_EQ(braid_pinning_set(bond.port(), 0), 0);
	EXPECT_EQ(bond.send(pinned_to(backup, 5)), 5);
	EXPECT_EQ(sent_by(ports_[0]).size(), 5u);
	EXPECT_EQ(braid_pinning_set(bond.port(), 2), -EINVAL);
}

// Dynamic fields are not cleared when an mbuf is used anew; an old pin must not hold the next packet.
TEST_F(Pinning, AnMbufThatIsUsedAgainIsNotPinned)
{
	test_bond bond(with_members("active-backup,pinning=1", ports_));
	ASSERT_EQ(bond.bring_up(), 0);
	rte_mbuf *const packet = pinned_to(bond.id_of(ports_[1].name()))[0];
	rte_pktmbuf_reset(packet);
	rte_pktmbuf_append(packet, 60);
	EXPECT_EQ(bond.send({packet}), 1);
	EXPECT_EQ(ports_[0].tx_packets(), 1u);
}

TEST_F(Pinning, WhatThePinnedMemberRefusesIsTheCallersAgain)
{
	test_bond bond(balance_ + ",pinning=1");
	ASSERT_EQ(bond.bring_up(), 0);
	ports_[1].tx_budget(0, 3);
	std::vector<rte_mbuf *> packets = pinned_to(bond.id_of(ports_[1].name()), 10);
	const std::vector<rte_mbuf *> before = packets;
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 10), 3);
	EXPECT_TRUE(std::equal(packets.begin() + 3, packets.end(), before.begin() + 3));
	packets.erase(packets.begin(), packets.begin() + 3);
	free_all(packets);
}

} // namespace
} // namespace braid
