/* SPDX-License-Identifier: BSD-3-Clause */
// Devices of members that appear, are pulled, and appear again.
#include "devices.hpp"

#include <rte_ethdev.h>

namespace braid {
namespace {

using VirtioUserHotplug = virtio_user;

TEST_F(VirtioUserHotplug, PendingMemberJoinsWhenItsDeviceAppears)
{
	wire a(dir, 0);
	wire b(dir, 1);
	a.connect();
	running_bond bond("mode=round-robin,member=net_virtio_user0,member=net_virtio_user1");
	const std::uint32_t late = bond.id_of("net_virtio_user1");
	ASSERT_TRUE(bond.has_usable(1));
	ASSERT_EQ(bond.member(late).state, BRAID_MEMBER_PENDING);
	ASSERT_EQ(bond.member(late).port_id, BRAID_NO_PORT);

	b.connect();
	ASSERT_TRUE(bond.has_usable(2));
	EXPECT_EQ(bond.member(late).state, BRAID_MEMBER_RUNNING);
	EXPECT_EQ(bond.member(late).port_id, b.device.port());
	send_all(bond.port(), make_burst(64));
	const auto at = receive_all({a.backend.port(), b.backend.port()}, 64);
	EXPECT_EQ(at[0], every(2, 0, 64));
	EXPECT_EQ(at[1], every(2, 1, 64));
	send_all(b.backend.port(), make_burst(64));
	EXPECT_EQ(receive_all(bond.port(), 64), range(0, 64));
}

// An application that lists its ports must not find the device of a member, not even for the moment between.
TEST_F(VirtioUserHotplug, DeviceOfAPendingMemberIsOwnedByTheBondAtOnce)
{
	wire a(dir, 0);
	running_bond bond("mode=round-robin,member=net_virtio_user0");
	a.connect();
	rte_eth_dev_owner owner{};
	ASSERT_EQ(rte_eth_dev_owner_get(a.device.port(), &owner), 0);
	EXPECT_STREQ(owner.name, "net_braid0");
	EXPECT_TRUE(bond.has_usable(1));
}

// ethdev refuses to close a port that runs, so EAL cannot take the device away from under a burst.
TEST_F(VirtioUserHotplug, DeviceOfARunningMemberCannotBePulled)
{
	wire a(dir, 0);
	a.connect();
	running_bond bond("mode=round-robin,member=net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	EXPECT_LT(a.device.pull(), 0);
	EXPECT_EQ(bond.member(bond.id_of("net_virtio_user0")).state, BRAID_MEMBER_RUNNING);
	EXPECT_EQ(bond.info().usable, 1u);
	send_all(bond.port(), make_burst(64));
	EXPECT_EQ(receive_all(a.backend.port(), 64), range(0, 64));
}

TEST_F(VirtioUserHotplug, PulledMemberIsPendingAndComesBackWithItsNameAndId)
{
	wire a(dir, 0);
	wire b(dir, 1);
	a.connect();
	b.connect();
	running_bond bond("mode=active-backup,primary=net_virtio_user0,"
	                  "member=net_virtio_user0,member=net_virtio_user1");
	const std::uint32_t first = bond.id_of("net_virtio_user0");
	const std::uint32_t second = bond.id_of("net_virtio_user1");
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_EQ(braid_member_rename(bond.port(), first, "uplink"), 0);

	for (unsigned round = 0; round < 10; round++) {
		SCOPED_TRACE(round);
		ASSERT_TRUE(bond.has_active(first));
		// As an application does that pulls a device: stop, then remove. The bond notices the first
		// by itself.
		ASSERT_EQ(rte_eth_dev_stop(a.device.port()), 0);
		ASSERT_TRUE(bond.has_active(second));
		ASSERT_EQ(a.device.pull(), 0);
		EXPECT_TRUE(bond.has_member_in(first, BRAID_MEMBER_PENDING));
		EXPECT_EQ(bond.member(first).port_id, BRAID_NO_PORT);
		EXPECT_EQ(bond.info().members, 2u);
		send_all(bond.port(), make_burst(64));
		EXPECT_EQ(receive_all(b.backend.port(), 64), range(0, 64));

		a.device.plug();
		ASSERT_TRUE(bond.has_member_in(first, BRAID_MEMBER_RUNNING));
		ASSERT_TRUE(bond.has_active(first));
		EXPECT_STREQ(bond.member(first).name, "uplink");
		EXPECT_EQ(bond.id_of("uplink"), first);
		EXPECT_EQ(bond.id_of("net_virtio_user0"), first);
		send_all(bond.port(), make_burst(64));
		EXPECT_EQ(receive_all(a.backend.port(), 64), range(0, 64));
		send_all(a.backend.port(), make_burst(64));
		EXPECT_EQ(receive_all(bond.port(), 64), range(0, 64));
	}
}

TEST_F(VirtioUserHotplug, RemovedMemberCanBePulledWhileTheBondRuns)
{
	wire a(dir, 0);
	wire b(dir, 1);
	a.connect();
	b.connect();
	running_bond bond("mode=round-robin,member=net_virtio_user0,member=net_virtio_user1");
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_EQ(braid_member_remove(bond.port(), bond.id_of("net_virtio_user0")), 0);
	EXPECT_EQ(a.device.pull(), 0);
	EXPECT_EQ(bond.info().members, 1u);
	send_all(bond.port(), make_burst(64));
	EXPECT_EQ(receive_all(b.backend.port(), 64), range(0, 64));
}

} // namespace
} // namespace braid
