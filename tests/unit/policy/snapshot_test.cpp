/* SPDX-License-Identifier: BSD-3-Clause */
#include "scripted_port.hpp"

#include <cstring>

namespace braid {
namespace {

// What a reader that outlived its grace period would find. The storage outlives the object, so that it can be read.
TEST(Snapshot, IsPoisonedWhenDestroyed)
{
	alignas(snapshot) std::byte storage[sizeof(snapshot)];
	auto *const s = new (storage) snapshot;
	fill_transmit(*s, {.members = {0, 1}});
	ASSERT_EQ(s->canary, snapshot::alive);
	const auto offset = [&storage](const void *field) { return static_cast<const std::byte *>(field) - storage; };
	const auto canary_at = offset(&s->canary), tx_at = offset(&s->tx), rx_at = offset(&s->rx);
	s->~snapshot();

	std::uint32_t canary;
	tx_function tx;
	rx_function rx;
	std::memcpy(&canary, storage + canary_at, sizeof canary);
	std::memcpy(&tx, storage + tx_at, sizeof tx);
	std::memcpy(&rx, storage + rx_at, sizeof rx);
	EXPECT_EQ(canary, snapshot::poison);
	EXPECT_TRUE(tx == nullptr);
	EXPECT_TRUE(rx == nullptr);
}

TEST(Snapshot, LanesOfTwoQueuesShareNoCacheLine)
{
	EXPECT_EQ(alignof(tx_lane), 64u);
	EXPECT_EQ(alignof(rx_lane), 64u);
	EXPECT_EQ(sizeof(tx_lane) % 64, 0u);
	EXPECT_EQ(sizeof(rx_lane) % 64, 0u);
}

TEST(Snapshot, NoTwoHaveTheSameSerialNumber)
{
	const auto one = std::make_unique<snapshot>(), two = std::make_unique<snapshot>();
	EXPECT_NE(one->serial, 0u);
	EXPECT_NE(two->serial, 0u);
	EXPECT_NE(one->serial, two->serial);
}

// The base class takes half of the line, so that one field too many pushes out another. The member's port is in the lane.
TEST(Snapshot, WhatABurstWithOneUsableMemberReadsStandsInTheFirstCacheLine)
{
	const snapshot s{};
	const auto end_of = [&s](const auto &field) {
		return reinterpret_cast<const std::byte *>(&field + 1) - reinterpret_cast<const std::byte *>(&s);
	};
	EXPECT_LE(end_of(s.tx), 64);
	EXPECT_LE(end_of(s.rx), 64);
	EXPECT_LE(end_of(s.tx_count), 64);
	EXPECT_LE(end_of(s.rx_count), 64);
	EXPECT_LE(end_of(s.bond_port), 64);
	EXPECT_LE(end_of(s.serial), 64);
}

} // namespace
} // namespace braid
