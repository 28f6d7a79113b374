/* SPDX-License-Identifier: BSD-3-Clause */
// Backends that go away and come back: a member's link follows its backend, and the bond follows the link.
//
// A backend goes when its connection does. A vhost port that is merely stopped keeps it, takes no packets,
// and has no way to say so: to virtio-user that is a slow backend whose ring is full.
#include "devices.hpp"

#include <rte_ethdev.h>

namespace braid {
namespace {

using VirtioUserFailover = virtio_user;

constexpr char first_of_two[] = "mode=active-backup,member=net_virtio_user0,member=net_virtio_user1,"
                                "primary=net_virtio_user0";

TEST_F(VirtioUserFailover, BackendThatGoesTakesTheLinkDownAndTheOtherMemberTakesOver)
{
	wire a(dir, 0);
	wire b(dir, 1);
	a.connect();
	b.connect();
	running_bond bond(first_of_two);
	const std::uint32_t first = bond.id_of("net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_TRUE(bond.has_active(first));

	a.backend.pull();
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user1")));
	EXPECT_EQ(bond.info().usable, 1u);
	EXPECT_EQ(bond.member(first).state, BRAID_MEMBER_RUNNING);
	EXPECT_EQ(bond.member(first).why_not, BRAID_WHY_NOT_LINK_DOWN);
	EXPECT_EQ(bond.member(first).link_failures, 1u);
	send_all(bond.port(), make_burst(64));
	EXPECT_EQ(receive_all(b.backend.port(), 64), range(0, 64));
	send_all(b.backend.port(), make_burst(64));
	EXPECT_EQ(receive_all(bond.port(), 64), range(0, 64));
}

TEST_F(VirtioUserFailover, MemberIsUsedAgainWhenItsBackendIsBack)
{
	wire a(dir, 0, listener::device);
	wire b(dir, 1, listener::device);
	a.connect();
	b.connect();
	running_bond bond(first_of_two);
	const std::uint32_t first = bond.id_of("net_virtio_user0");
	const std::uint32_t second = bond.id_of("net_virtio_user1");
	for (unsigned round = 0; round < 2; round++) {
		SCOPED_TRACE(round);
		ASSERT_TRUE(bond.has_active(first));
		send_all(bond.port(), make_burst(64));
		EXPECT_EQ(receive_all(a.backend.port(), 64), range(0, 64));
		send_all(a.backend.port(), make_burst(64));
		EXPECT_EQ(receive_all(bond.port(), 64), range(0, 64));

		a.backend.pull();
		ASSERT_TRUE(bond.has_active(second));
		send_all(bond.port(), make_burst(64));
		EXPECT_EQ(receive_all(b.backend.port(), 64), range(0, 64));

		a.backend.plug();
	}
	ASSERT_TRUE(bond.has_active(first));
	EXPECT_EQ(bond.member(first).link_failures, 2u);
	EXPECT_EQ(bond.info().usable, 2u);
}

TEST_F(VirtioUserFailover, WithoutAnyBackendPacketsStayTheCallers)
{
	wire a(dir, 0, listener::device);
	a.connect();
	running_bond bond("mode=balance,member=net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	a.backend.pull();
	ASSERT_TRUE(bond.has_usable(0));

	// send_all() offers them until they are taken, which is when the backend is back.
	std::vector<rte_mbuf *> packets = make_burst(16);
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 16), 0);
	a.backend.plug();
	send_all(bond.port(), packets);
	EXPECT_EQ(receive_all(a.backend.port(), 16), range(0, 16));
}

} // namespace
} // namespace braid
