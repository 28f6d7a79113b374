/* SPDX-License-Identifier: BSD-3-Clause */
// Members that join and leave a running bond while packets flow.
#include "devices.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace braid {
namespace {

using VirtioUserAddress = virtio_user;

class VirtioUserMembership : public virtio_user {
protected:
	VirtioUserMembership()
	{
		a.connect();
		b.connect();
	}

	wire a{dir, 0};
	wire b{dir, 1};
};

// Sends numbered packets on a bond and fetches them from two backends, in a thread of its own, until stop().
// Polls the bond's receive queue as well, as an application does.
class stream {
public:
	stream(std::uint16_t bond, std::uint16_t first, std::uint16_t second)
		: bond_(bond), ports_{first, second}, thread_([this] { run(); })
	{
	}
	~stream() { stop(); }
	stream(const stream &) = delete;
	stream &operator=(const stream &) = delete;

	// How many packets have come through the backend so far.
	std::size_t count(unsigned backend) const { return counts_[backend].load(); }
	bool grows(unsigned backend) const
	{
		const std::size_t before = count(backend);
		return eventually([&] { return count(backend) > before; });
	}

	// Ends sending, and returns when all that was taken has been fetched or nothing more comes.
	void stop()
	{
		stopping_ = true;
		if (thread_.joinable())
			thread_.join();
	}

	// After stop().
	std::uint32_t sent() const { return sent_; }
	sequences received() const
	{
		sequences all = received_;
		std::sort(all.begin(), all.end());
		return all;
	}

private:
	void run()
	{
		while (!stopping_) {
			send();
			fetch();
			receive_once(bond_);
		}
		eventually([this] {
			fetch();
			return received_.size() >= sent_;
		});
		fetch();
	}

	// What the bond does not take is given up: it was not sent, and its number is used again.
	void send()
	{
		std::vector<rte_mbuf *> packets = make_burst(16, sent_, 64); // flows enough for every member, whatever the seed
		const std::uint16_t taken = rte_eth_tx_burst(bond_, 0, packets.data(), 16);
		sent_ += taken;
		packets.erase(packets.begin(), packets.begin() + taken);
		free_all(packets);
	}

	void fetch()
	{
		for (unsigned backend = 0; backend < 2; backend++) {
			const sequences numbers = receive_once(ports_[backend]);
			received_.insert(received_.end(), numbers.begin(), numbers.end());
			counts_[backend] += numbers.size();
		}
	}

	const std::uint16_t bond_;
	const std::uint16_t ports_[2];
	std::atomic<std::size_t> counts_[2] = {};
	std::atomic<bool> stopping_{false};
	std::uint32_t sent_ = 0;
	sequences received_;
	std::thread thread_; // last: it uses the others
};

class JoinAndLeave : public VirtioUserMembership, public testing::WithParamInterface<const char *> {};

TEST_P(JoinAndLeave, UnderTrafficEachPacketArrivesOnce)
{
	running_bond bond(std::string("member=net_virtio_user0,xmit_policy=l34,seed=1,mode=") + GetParam());
	ASSERT_TRUE(bond.has_usable(1));
	stream packets(bond.port(), a.backend.port(), b.backend.port());
	for (unsigned round = 0; round < 5; round++) {
		SCOPED_TRACE(round);
		EXPECT_TRUE(packets.grows(0));
		const std::uint32_t id = bond.add("net_virtio_user1");
		EXPECT_EQ(braid_primary_set(bond.port(), id), 0);
		EXPECT_TRUE(packets.grows(1));
		EXPECT_EQ(braid_member_remove(bond.port(), id), 0);
	}
	EXPECT_TRUE(packets.grows(0));
	packets.stop();
	EXPECT_EQ(packets.received(), range(0, packets.sent()));
}

INSTANTIATE_TEST_SUITE_P(VirtioUser, JoinAndLeave, testing::Values("round-robin", "active-backup", "balance"),
                         [](const auto &info) {
	                         std::string name = info.param;
	                         std::erase(name, '-');
	                         return name;
                         });

// The packets stand in the member's ring before its removal begins; nobody polls until then. Meanwhile the
// other member is busy.
TEST_F(VirtioUserMembership, RemovalUnderTrafficDeliversWhatHadArrived)
{
	constexpr std::uint32_t waiting = 200;
	running_bond bond("mode=round-robin,member=net_virtio_user0,member=net_virtio_user1,drain_ms=20000");
	ASSERT_TRUE(bond.has_usable(2));
	send_all(b.backend.port(), make_burst(waiting));

	const std::uint32_t leaving = bond.id_of("net_virtio_user1");
	std::atomic<bool> removed{false};
	std::thread remover([&] {
		EXPECT_EQ(braid_member_remove(bond.port(), leaving), 0);
		removed = true;
	});
	EXPECT_TRUE(eventually([&] { return removed || bond.member(leaving).state == BRAID_MEMBER_LEAVING; }));
	EXPECT_FALSE(removed) << "nobody has polled yet";
	sequences received;
	const auto receive = [&] {
		const sequences numbers = receive_once(bond.port());
		received.insert(received.end(), numbers.begin(), numbers.end());
	};
	std::uint32_t end = waiting;
	EXPECT_TRUE(eventually([&] {
		send_all(a.backend.port(), make_burst(1, end++));
		receive();
		return removed.load();
	}));
	remover.join();
	EXPECT_TRUE(eventually([&] {
		receive();
		return received.size() >= end;
	}));
	std::sort(received.begin(), received.end());
	EXPECT_EQ(received, range(0, end));
	EXPECT_EQ(bond.info().members, 1u);
}

TEST_F(VirtioUserMembership, TheLastMemberMayGoAndComeBack)
{
	running_bond bond("mode=round-robin,member=net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	ASSERT_EQ(braid_member_remove(bond.port(), bond.id_of("net_virtio_user0")), 0);

	std::vector<rte_mbuf *> packets = make_burst(8);
	EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, packets.data(), 8), 0);
	EXPECT_EQ(receive_once(bond.port()), sequences{});

	bond.add("net_virtio_user0");
	ASSERT_TRUE(bond.has_usable(1));
	send_all(bond.port(), packets);
	EXPECT_EQ(receive_all(a.backend.port(), 8), range(0, 8));
	send_all(a.backend.port(), make_burst(8));
	EXPECT_EQ(receive_all(bond.port(), 8), range(0, 8));
}

std::string address_of(std::uint16_t port)
{
	rte_ether_addr mac{};
	require(rte_eth_macaddr_get(port, &mac), "a MAC address");
	char text[RTE_ETHER_ADDR_FMT_SIZE];
	rte_ether_format_addr(text, sizeof text, &mac);
	return text;
}

TEST_F(VirtioUserAddress, MemberTakesTheAddressOfTheBondAndGetsItsOwnBack)
{
	const std::string own = "02:00:00:00:00:AA";
	const std::string shared = "02:00:00:00:00:BB";
	wire a(dir, 0, listener::backend, 1, "mac=" + own);
	a.connect();
	running_bond bond("mode=round-robin,mac=" + shared);
	ASSERT_EQ(address_of(a.device.port()), own);
	const std::uint32_t id = bond.add("net_virtio_user0");
	EXPECT_EQ(address_of(a.device.port()), shared);
	EXPECT_EQ(braid_member_remove(bond.port(), id), 0);
	EXPECT_EQ(address_of(a.device.port()), own);
}

} // namespace
} // namespace braid
