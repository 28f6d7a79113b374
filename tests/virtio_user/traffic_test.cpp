/* SPDX-License-Identifier: BSD-3-Clause */
// Packets through a bond whose members are virtio-user devices, both ways, in each mode. The rings are shared
// memory: what a device took its backend can fetch at once, so that "exactly once" needs no waiting to be
// seen.
#include "devices.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <map>
#include <set>

namespace braid {
namespace {

constexpr char both[] = "member=net_virtio_user0,member=net_virtio_user1,";

using VirtioUserQueues = virtio_user;

class VirtioUserTraffic : public virtio_user {
protected:
	VirtioUserTraffic()
	{
		a.connect();
		b.connect();
	}

	wire a{dir, 0};
	wire b{dir, 1};
};

sequences sorted(sequences numbers)
{
	std::sort(numbers.begin(), numbers.end());
	return numbers;
}

sequences joined(const std::vector<sequences> &lists)
{
	sequences all;
	for (const sequences &list : lists)
		all.insert(all.end(), list.begin(), list.end());
	return sorted(all);
}

TEST_F(VirtioUserTraffic, RoundRobinSendsInTurn)
{
	running_bond bond(both + std::string("mode=round-robin"));
	ASSERT_TRUE(bond.has_usable(2));
	send_all(bond.port(), make_burst(64));
	const auto at = receive_all({a.backend.port(), b.backend.port()}, 64);
	EXPECT_EQ(at[0], every(2, 0, 64));
	EXPECT_EQ(at[1], every(2, 1, 64));
}

TEST_F(VirtioUserTraffic, ActiveBackupSendsOnThePrimaryOnly)
{
	running_bond bond(both + std::string("mode=active-backup,primary=net_virtio_user1"));
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user1")));
	send_all(bond.port(), make_burst(64));
	const auto at = receive_all({a.backend.port(), b.backend.port()}, 64);
	EXPECT_EQ(at[0], sequences{});
	EXPECT_EQ(at[1], range(0, 64));
}

TEST_F(VirtioUserTraffic, BalanceSendsEachPacketOnceAndKeepsFlowsTogether)
{
	constexpr unsigned flows = 50;
	running_bond bond(both + std::string("mode=balance,xmit_policy=l34,seed=1"));
	ASSERT_TRUE(bond.has_usable(2));
	send_all(bond.port(), make_burst(200, 0, flows));
	const auto at = receive_all({a.backend.port(), b.backend.port()}, 200);
	EXPECT_EQ(joined(at), range(0, 200));

	std::map<unsigned, std::set<unsigned>> members_of;
	for (unsigned member = 0; member < 2; member++)
		for (const std::uint32_t number : at[member])
			members_of[number % flows].insert(member);
	for (const auto &[flow, members] : members_of)
		EXPECT_EQ(members.size(), 1u) << "flow " << flow;
	EXPECT_FALSE(at[0].empty());
	EXPECT_FALSE(at[1].empty());
}

TEST_F(VirtioUserTraffic, BroadcastSendsEachPacketOnEachMember)
{
	running_bond bond(both + std::string("mode=broadcast"));
	ASSERT_TRUE(bond.has_usable(2));
	send_all(bond.port(), make_burst(64));
	const auto at = receive_all({a.backend.port(), b.backend.port()}, 128);
	EXPECT_EQ(at[0], range(0, 64));
	EXPECT_EQ(at[1], range(0, 64));
}

// receive_all() looks at the port that each packet names.
TEST_F(VirtioUserTraffic, ReceivesFromEveryMemberInTheNameOfTheBond)
{
	running_bond bond(both + std::string("mode=round-robin"));
	ASSERT_TRUE(bond.has_usable(2));
	for (const braid_mode mode : {BRAID_MODE_ROUND_ROBIN, BRAID_MODE_BALANCE, BRAID_MODE_BROADCAST}) {
		SCOPED_TRACE(mode);
		ASSERT_EQ(braid_mode_set(bond.port(), mode), 0);
		send_all(a.backend.port(), make_burst(50, 0));
		send_all(b.backend.port(), make_burst(50, 50));
		EXPECT_EQ(sorted(receive_all(bond.port(), 100)), range(0, 100));
	}
}

TEST_F(VirtioUserTraffic, ActiveBackupReceivesFromTheActiveMemberOnly)
{
	running_bond bond(both + std::string("mode=active-backup,primary=net_virtio_user0"));
	ASSERT_TRUE(bond.has_active(bond.id_of("net_virtio_user0")));
	send_all(b.backend.port(), make_burst(50, 50));
	send_all(a.backend.port(), make_burst(50, 0));
	EXPECT_EQ(receive_all(bond.port(), 50), range(0, 50));
}

TEST_F(VirtioUserQueues, EachQueueOfTheBondIsThatQueueOfItsMembers)
{
	wire a(dir, 0, listener::backend, 2);
	a.connect();
	running_bond bond("mode=round-robin,member=net_virtio_user0", 2);
	ASSERT_TRUE(bond.has_usable(1));
	for (std::uint16_t queue = 0; queue < 2; queue++) {
		SCOPED_TRACE(queue);
		const auto other = static_cast<std::uint16_t>(1 - queue);
		send_all(bond.port(), make_burst(40), queue);
		EXPECT_EQ(receive_all(a.backend.port(), 40, queue), range(0, 40));
		EXPECT_EQ(receive_once(a.backend.port(), other), sequences{});
		send_all(a.backend.port(), make_burst(40), queue);
		EXPECT_EQ(receive_all(bond.port(), 40, queue), range(0, 40));
		EXPECT_EQ(receive_once(bond.port(), other), sequences{});
	}
}

TEST_F(VirtioUserQueues, PreparesPacketsForItsMembers)
{
	wire a(dir, 0);
	a.connect();
	running_bond bond("mode=round-robin,member=net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	std::vector<rte_mbuf *> packets = make_burst(8);
	EXPECT_EQ(rte_eth_tx_prepare(bond.port(), 0, packets.data(), 8), 8);
	send_all(bond.port(), packets);
	EXPECT_EQ(receive_all(a.backend.port(), 8), range(0, 8));
}

} // namespace
} // namespace braid
