/* SPDX-License-Identifier: BSD-3-Clause */
// Backends in processes of their own, which die without a word. Each sends back what it receives, so that the
// bond sees what became of every packet.
#include "peer.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <map>
#include <memory>

namespace braid {
namespace {

using VirtioUserTwoProcesses = virtio_user;

constexpr char both[] = "member=net_virtio_user0,member=net_virtio_user1,";
constexpr char first_of_two[] = "member=net_virtio_user0,member=net_virtio_user1,"
                                "mode=active-backup,primary=net_virtio_user0";

// Sends packets `from` to `end` through the bond and expects each to come back so many times.
void expect_echo(const running_bond &bond, std::uint32_t from, std::uint32_t end, unsigned copies)
{
	send_all(bond.port(), make_burst(end - from, from, end - from));
	std::map<std::uint32_t, unsigned> seen;
	for (const std::uint32_t number : receive_all(bond.port(), (end - from) * copies))
		seen[number]++;
	for (std::uint32_t number = from; number < end; number++)
		EXPECT_EQ(seen[number], copies) << "packet " << number;
	EXPECT_EQ(seen.size(), end - from);
}

TEST_F(VirtioUserTwoProcesses, OtherProcessesGetEachPacketOnceInEachModeAndTwiceInBroadcast)
{
	const peer a(dir, 0, listener::backend);
	const peer b(dir, 1, listener::backend);
	virtio_device first(dir, 0, listener::backend);
	virtio_device second(dir, 1, listener::backend);
	first.plug();
	second.plug();
	running_bond bond(both + std::string("mode=round-robin,xmit_policy=l34,seed=1"));
	ASSERT_TRUE(bond.has_usable(2));

	expect_echo(bond, 0, 128, 1);
	ASSERT_EQ(braid_mode_set(bond.port(), BRAID_MODE_BALANCE), 0);
	expect_echo(bond, 128, 256, 1);
	ASSERT_EQ(braid_mode_set(bond.port(), BRAID_MODE_ACTIVE_BACKUP), 0);
	expect_echo(bond, 256, 384, 1);
	ASSERT_EQ(braid_mode_set(bond.port(), BRAID_MODE_BROADCAST), 0);
	// A shared packet takes two descriptors of a virtio ring, and a ring has 256: a copy that finds it full is dropped.
	expect_echo(bond, 384, 448, 2);
	expect_echo(bond, 448, 512, 2);
}

TEST_F(VirtioUserTwoProcesses, ProcessThatDiesIsReplacedByTheOtherMember)
{
	peer a(dir, 0, listener::backend);
	const peer b(dir, 1, listener::backend);
	virtio_device first(dir, 0, listener::backend);
	virtio_device second(dir, 1, listener::backend);
	first.plug();
	second.plug();
	running_bond bond(first_of_two);
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user0")));
	expect_echo(bond, 0, 64, 1);

	a.kill();
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user1")));
	EXPECT_EQ(bond.info().usable, 1u);
	expect_echo(bond, 64, 128, 1);
}

// The device that connects cannot reconnect, so it is pulled and plugged in again; the member stays who it
// is.
TEST_F(VirtioUserTwoProcesses, DeviceIsPluggedInAgainAfterItsProcessDied)
{
	auto a = std::make_unique<peer>(dir, 0, listener::backend);
	virtio_device device(dir, 0, listener::backend);
	device.plug();
	running_bond bond("mode=round-robin,member=net_virtio_user0");
	const std::uint32_t id = bond.id_of("net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	expect_echo(bond, 0, 64, 1);

	a->kill();
	ASSERT_TRUE(bond.has_usable(0));
	ASSERT_EQ(rte_eth_dev_stop(device.port()), 0);
	ASSERT_EQ(device.pull(), 0);
	ASSERT_TRUE(bond.has_member_in(id, BRAID_MEMBER_PENDING));

	a = std::make_unique<peer>(dir, 0, listener::backend);
	device.plug();
	ASSERT_TRUE(bond.has_usable(1));
	EXPECT_EQ(bond.id_of("net_virtio_user0"), id);
	expect_echo(bond, 64, 128, 1);
}

TEST_F(VirtioUserTwoProcesses, NewProcessConnectsToTheDeviceAndIsUsed)
{
	auto a = std::make_unique<peer>(dir, 0, listener::device);
	const peer b(dir, 1, listener::device);
	virtio_device first(dir, 0, listener::device);
	virtio_device second(dir, 1, listener::device);
	first.plug();
	second.plug();
	running_bond bond(first_of_two);
	const std::uint32_t preferred = bond.id_of("net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_TRUE(bond.has_active(preferred));
	expect_echo(bond, 0, 64, 1);

	a->kill();
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user1")));
	expect_echo(bond, 64, 128, 1);

	a = std::make_unique<peer>(dir, 0, listener::device);
	ASSERT_TRUE(bond.has_active(preferred));
	expect_echo(bond, 128, 192, 1);
	a->finish();
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user1")));
	expect_echo(bond, 192, 256, 1);
}

} // namespace
} // namespace braid
