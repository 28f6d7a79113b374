/* SPDX-License-Identifier: BSD-3-Clause */
// Packets that name their member, in every mode: who sends them, and what becomes of those that are refused.
#include "scripted_port.hpp"

#include <random>

namespace braid {
namespace {

constexpr std::uint64_t flag = std::uint64_t{1} << 40;
constexpr std::size_t offset = offsetof(rte_mbuf, dynfield1) + 8;
constexpr enum mode built_modes[] = {mode::round_robin, mode::active_backup, mode::balance, mode::broadcast};
using numbers = std::vector<unsigned>;

// Every fourth is alike in the lowest byte, by which members are found first.
constexpr std::uint32_t id_of(unsigned member) { return 70 + member % 4 + 256 * (member / 4); }

std::byte *field_of(counted_packet &packet)
{
	return reinterpret_cast<std::byte *>(static_cast<rte_mbuf *>(&packet)) + offset;
}

void pin(counted_packet &packet, unsigned member)
{
	const std::uint32_t id = id_of(member);
	std::memcpy(field_of(packet), &id, sizeof id);
	packet.ol_flags |= flag;
}

bool is_pinned_to(counted_packet &packet, unsigned member)
{
	return (packet.ol_flags & flag) != 0 && load<std::uint32_t>(field_of(packet)) == id_of(member);
}

// Members `usable` may be named; the mode itself uses those of them that the snapshot has in tx_port.
std::unique_ptr<snapshot> pinning(enum mode m, const std::vector<unsigned> &usable)
{
	std::vector<unsigned> sending = usable;
	if (m == mode::active_backup && !usable.empty())
		sending.resize(1);
	auto s = transmit_snapshot({.mode = m, .members = sending});
	s->pin.flag = flag;
	s->pin.offset = offset;
	for (unsigned member : usable)
		s->pin.add(id_of(member), wire::port_of(member));
	put_pinning_before<scripted_port>(*s);
	return s;
}

using Pinning = transmit;

// Members beside each other differ, and so do members of one slot.
constexpr unsigned member_of(unsigned packet, unsigned count) { return packet * 7 % count; }

class PinningAmong : public transmit, public testing::WithParamInterface<unsigned> {};

TEST_P(PinningAmong, APinnedPacketGoesThroughItsMemberInEveryMode)
{
	const unsigned count = GetParam();
	for (enum mode m : built_modes) {
		const auto s = pinning(m, first_members(count));
		burst b(150);
		for (unsigned k = 0; k < 150; k += 3)
			pin(b[k], member_of(k, count));
		EXPECT_EQ(send(*s, b), 150u) << to_string(m);
		for (unsigned member = 0; member < count; member++) {
			const numbers sent = sent_by(member, b);
			for (unsigned k = 0; k < 150; k += 3)
				EXPECT_EQ(std::count(sent.begin(), sent.end(), k), member_of(k, count) == member)
					<< to_string(m) << ", packet " << k << ", member " << member;
			members[member].sent.clear();
		}
		EXPECT_EQ(b[1].sent, m == mode::broadcast ? count : 1u);
	}
	EXPECT_EQ(lane.pin_missed.get(), 0u);
}
// Among few members the batch is dealt out in another way.
INSTANTIATE_TEST_SUITE_P(Members, PinningAmong, testing::Values(1u, 3u, few_members - 1, few_members, max_members));

TEST_F(Pinning, ABurstOfOneGoesThroughItsMember)
{
	const auto s = pinning(mode::active_backup, {0, 1, 5});
	burst pinned(1), missing(1), plain(1);
	pin(pinned[0], 5); // whose slot 1 has, too
	pin(missing[0], 9); // the same slot
	EXPECT_EQ(send(*s, pinned), 1u);
	EXPECT_EQ(sent_by(5, pinned), numbers{0});
	EXPECT_EQ(lane.pin_missed.get(), 0u);
	EXPECT_EQ(send(*s, missing), 1u);
	EXPECT_EQ(missing[0].sent, 1u);
	EXPECT_EQ(lane.pin_missed.get(), 1u);
	EXPECT_EQ(send(*s, plain), 1u);
	EXPECT_EQ(lane.pin_missed.get(), 1u);
	members[1].room = 0;
	burst refused(1);
	pin(refused[0], 1);
	EXPECT_EQ(send(*s, refused), 0u);
}

TEST_F(Pinning, ABackupSendsWhatIsPinnedToIt)
{
	const auto s = pinning(mode::active_backup, {0, 1});
	burst b(4);
	pin(b[2], 1);
	EXPECT_EQ(send(*s, b), 4u);
	EXPECT_EQ(sent_by(0, b), (numbers{0, 1, 3}));
	EXPECT_EQ(sent_by(1, b), numbers{2});
}

TEST_F(Pinning, WhoNamesAMemberThatMayNotTransmitFollowsTheModeAndIsCounted)
{
	for (enum mode m : built_modes) {
		const auto s = pinning(m, {0, 2});
		burst plain(8), b(8);
		EXPECT_EQ(send(*s, plain), 8u);
		const numbers expected = sent_by(0, plain);
		members[0].sent.clear();
		members[2].sent.clear();
		lane.next = 0;
		pin(b[3], 1);
		pin(b[5], 1);
		EXPECT_EQ(send(*s, b), 8u);
		EXPECT_EQ(sent_by(0, b), expected) << to_string(m);
		members[0].sent.clear();
		members[2].sent.clear();
		lane.next = 0;
	}
	EXPECT_EQ(lane.pin_missed.get(), 2u * std::size(built_modes));
}

TEST_F(Pinning, IdZeroIsNobody)
{
	const auto s = pinning(mode::round_robin, {0, 1});
	burst b(1);
	b[0].ol_flags |= flag; // the field is zero
	EXPECT_EQ(send(*s, b), 1u);
	EXPECT_EQ(lane.pin_missed.get(), 1u);
}

// mbufs are reused and their dynamic fields are not cleared: without the flag the field says nothing.
TEST_F(Pinning, AFieldWithoutItsFlagSaysNothing)
{
	const auto s = pinning(mode::active_backup, {0, 1});
	burst b(2);
	pin(b[0], 1);
	b[0].ol_flags = 0;
	EXPECT_EQ(send(*s, b), 2u);
	EXPECT_EQ(sent_by(0, b), (numbers{0, 1}));
}

TEST_F(Pinning, OneUsableMemberAndNone)
{
	const auto one = pinning(mode::balance, {4});
	burst b(3);
	pin(b[0], 4);
	pin(b[1], 5);
	EXPECT_EQ(send(*one, b), 3u);
	EXPECT_EQ(sent_by(4, b).size(), 3u);
	EXPECT_EQ(lane.pin_missed.get(), 1u);
	const auto none = pinning(mode::balance, {});
	burst c(3);
	pin(c[0], 4);
	EXPECT_EQ(send(*none, c), 0u);
	EXPECT_EQ(lane.empty_set.get(), 3u);
}

TEST_F(Pinning, WhatAMemberRefusesStandsAtTheTailInItsOrder)
{
	const auto s = pinning(mode::active_backup, {0, 1, 2});
	members[1].room = 1; // of 1 4
	members[0].room = 2; // of 0 3 6
	burst b(8);
	for (unsigned k : {1u, 4u})
		pin(b[k], 1);
	for (unsigned k : {2u, 5u, 7u})
		pin(b[k], 2);
	EXPECT_EQ(send(*s, b), 6u);
	EXPECT_EQ(b.numbers_from(6), (numbers{4, 6}));
}

// Refuses all, and has put another packet in the place of the last, as a driver does that inserts a tag into a shared one.
struct replacing_port : scripted_port {
	static inline rte_mbuf *other;

	static std::uint16_t send(port_handle, std::uint16_t, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		pkts[n - 1] = other;
		return 0;
	}
};

TEST_F(Pinning, WhatAMemberPutInAnotherPacketsPlaceIsGivenBackInstead)
{
	auto s = transmit_snapshot({.mode = mode::active_backup, .members = {0}});
	s->pin.flag = flag;
	s->pin.offset = offset;
	s->pin.add(id_of(0), wire::port_of(0));
	put_pinning_before<replacing_port>(*s);
	counted_packet other;
	replacing_port::other = &other;
	burst b(3);
	pin(b[0], 0);
	pin(b[2], 0);
	EXPECT_EQ(s->tx(*s, lane, b.array(), 3), 1u);
	EXPECT_EQ(b[1].sent, 1u);
	EXPECT_EQ(b.array()[1], static_cast<rte_mbuf *>(&b[0]));
	EXPECT_EQ(b.array()[2], static_cast<rte_mbuf *>(&other));
}

// Everything at random; send() holds the books: what was not consumed stands at the tail in its order, nothing twice, nothing lost.
// What is pinned to a member leaves in the order in which it was offered.
TEST_F(Pinning, NothingIsLostOrOvertakenWhateverIsRefused)
{
	std::mt19937 random(12);
	const auto below = [&random](unsigned end) { return static_cast<unsigned>(random() % end); };
	for (unsigned round = 0; round < 2000; round++) {
		const enum mode m = built_modes[below(4)];
		const unsigned named = round % 2 == 0 ? 6 : 20;
		const auto s = pinning(m, first_members(1 + below(named - 1)));
		burst b(below(200));
		for (unsigned k = 0; k < b.size(); k++)
			if (below(3) == 0)
				pin(b[k], below(named));
		for (unsigned member = 0; member < named; member++) {
			members[member] = {};
			if (below(2) == 0)
				members[member].takes = {below(40), below(40), below(40)};
		}
		send(*s, b);
		for (unsigned member = 0; member < named; member++) {
			numbers pinned;
			for (unsigned k : sent_by(member, b))
				if (is_pinned_to(b[k], member))
					pinned.push_back(k);
			EXPECT_TRUE(std::is_sorted(pinned.begin(), pinned.end())) << to_string(m);
		}
		for (unsigned member = 0; member < named; member++)
			members[member] = {};
	}
}

} // namespace
} // namespace braid
