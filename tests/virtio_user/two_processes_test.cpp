/* SPDX-License-Identifier: BSD-3-Clause */
// Backends in processes of their own, which die without a word. Each sends back what it receives, so that the
// bond sees what became of every packet.
#include "peer.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>

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

// Sends on a bond without a pause, and receives what is sent back.
class back_and_forth {
public:
	explicit back_and_forth(std::uint16_t bond) : bond_(bond), thread_([this] { run(); }) {}
	~back_and_forth()
	{
		stopping_ = true;
		thread_.join();
	}
	back_and_forth(const back_and_forth &) = delete;
	back_and_forth &operator=(const back_and_forth &) = delete;

	// Whether packets make the whole way from now on.
	bool goes_on() const
	{
		const std::uint64_t before = received_;
		return eventually([&] { return received_ > before + 1024; });
	}

private:
	void run()
	{
		for (std::uint32_t next = 0; !stopping_; next++) {
			std::vector<rte_mbuf *> packets = make_burst(16, 16 * next, 64);
			const std::uint16_t taken = rte_eth_tx_burst(bond_, 0, packets.data(), 16);
			packets.erase(packets.begin(), packets.begin() + taken);
			free_all(packets);
			received_ += receive_once(bond_).size();
		}
	}

	const std::uint16_t bond_;
	std::atomic<bool> stopping_{false};
	std::atomic<std::uint64_t> received_{0};
	std::thread thread_; // last: it uses the others
};

constexpr char uplink_and_spare[] = "member=net_virtio_user0;name=uplink;role=primary,member=net_virtio_user1,mode=active-backup";

void expect_the_same_uplink(const running_bond &bond, std::uint32_t id)
{
	EXPECT_EQ(bond.id_of("uplink"), id);
	EXPECT_TRUE(bond.member(id).is_primary);
}

// As docs/failover.md says of a vhost backend that dies: the member stays, with its link down.
TEST_F(VirtioUserTwoProcesses, BackendThatEndsUnderTrafficIsBackAsWhoItWas)
{
	auto a = std::make_unique<peer>(dir, 0, listener::device);
	const peer b(dir, 1, listener::device);
	virtio_device first(dir, 0, listener::device);
	virtio_device second(dir, 1, listener::device);
	first.plug();
	second.plug();
	running_bond bond(uplink_and_spare);
	const std::uint32_t uplink = bond.id_of("uplink"), spare = bond.id_of("net_virtio_user1");
	ASSERT_TRUE(bond.has_usable(2));
	const back_and_forth packets(bond.port());
	for (unsigned round = 0; round < 4; round++) {
		SCOPED_TRACE(round);
		ASSERT_TRUE(bond.has_active(uplink));
		EXPECT_TRUE(packets.goes_on());
		if (round % 2 == 0)
			a->kill();
		else
			a->finish();
		ASSERT_TRUE(bond.has_active(spare));
		EXPECT_EQ(bond.info().usable, 1u);
		EXPECT_EQ(bond.member(uplink).state, BRAID_MEMBER_RUNNING);
		EXPECT_EQ(bond.member(uplink).why_not, BRAID_WHY_NOT_LINK_DOWN);
		EXPECT_EQ(bond.member(uplink).link_failures, round + 1);
		expect_the_same_uplink(bond, uplink);
		EXPECT_TRUE(packets.goes_on());
		a = std::make_unique<peer>(dir, 0, listener::device);
	}
	ASSERT_TRUE(bond.has_active(uplink));
	expect_the_same_uplink(bond, uplink);
	EXPECT_TRUE(packets.goes_on());
}

// A device that connects has to be made anew with its backend; until then its member is pending.
TEST_F(VirtioUserTwoProcesses, DeviceThatIsMadeAnewWithItsBackendIsTheSameMember)
{
	auto a = std::make_unique<peer>(dir, 0, listener::backend);
	const peer b(dir, 1, listener::backend);
	virtio_device first(dir, 0, listener::backend);
	virtio_device second(dir, 1, listener::backend);
	first.plug();
	second.plug();
	running_bond bond(uplink_and_spare);
	const std::uint32_t uplink = bond.id_of("uplink"), spare = bond.id_of("net_virtio_user1");
	ASSERT_TRUE(bond.has_usable(2));
	for (unsigned round = 0; round < 3; round++) {
		SCOPED_TRACE(round);
		ASSERT_TRUE(bond.has_active(uplink));
		{
			const back_and_forth packets(bond.port());
			EXPECT_TRUE(packets.goes_on());
			a->kill();
			ASSERT_TRUE(bond.has_active(spare));
			EXPECT_TRUE(packets.goes_on());
		}
		ASSERT_EQ(rte_eth_dev_stop(first.port()), 0); // ethdev closes no port that runs; nobody polls it meanwhile
		ASSERT_EQ(first.pull(), 0);
		ASSERT_TRUE(bond.has_member_in(uplink, BRAID_MEMBER_PENDING));
		expect_the_same_uplink(bond, uplink);
		const back_and_forth packets(bond.port());
		EXPECT_TRUE(packets.goes_on());
		a = std::make_unique<peer>(dir, 0, listener::backend);
		first.plug();
		ASSERT_TRUE(bond.has_active(uplink));
		EXPECT_EQ(bond.member(uplink).port_id, first.port());
		expect_the_same_uplink(bond, uplink);
		EXPECT_TRUE(packets.goes_on());
	}
}

} // namespace
} // namespace braid
