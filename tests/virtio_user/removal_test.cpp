/* SPDX-License-Identifier: BSD-3-Clause */
// Removal under full load loses nothing, in neither direction: every packet that the bond takes goes out over a member, comes back
// on the same, and is delivered, while a member is removed and added over and over. On devices of three kinds.
#include "devices.hpp"

#include <rte_ethdev.h>

#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <ostream>
#include <thread>

namespace braid {
namespace {

// The other end of a member, which sends back what it receives.
class far_end {
public:
	virtual ~far_end() = default;
	virtual std::string member() const = 0;
	// Once, as much as there is at the moment. Called by one thread. How many packets there were.
	virtual std::uint32_t echo() = 0;
};

class virtio_end final : public far_end {
public:
	virtio_end(const socket_dir &dir, unsigned number) : wire_(dir, number) {}
	void connect() { wire_.connect(); }
	std::string member() const override { return wire_.device.name(); }
	std::uint32_t echo() override
	{
		std::vector<rte_mbuf *> packets(64);
		const std::uint16_t got = rte_eth_rx_burst(wire_.backend.port(), 0, packets.data(), 64);
		packets.resize(got);
		// The ring in the other direction has room for all that is under way.
		EXPECT_EQ(rte_eth_tx_burst(wire_.backend.port(), 0, packets.data(), got), got);
		return got;
	}

private:
	wire wire_;
};

// net_ring is its own other end: it receives from the ring that it sends to.
class ring_end final : public far_end {
public:
	explicit ring_end(unsigned number) : device_("net_ring" + std::to_string(number), "") { device_.plug(); }
	std::string member() const override { return device_.name(); }
	std::uint32_t echo() override { return 0; }

private:
	hot_device device_;
};

// A tap of a network namespace of our own, and a packet socket on it.
class tap_end final : public far_end {
public:
	explicit tap_end(unsigned number)
		: interface_("lossless" + std::to_string(number)),
		  device_("net_tap" + std::to_string(number), "iface=" + interface_)
	{
		static const int separated = require(unshare(CLONE_NEWNET) == 0 ? 0 : -errno, "a network namespace");
		(void)separated;
		be_silent();
		device_.plug();
		socket_ = require(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0) , "a packet socket");
		const int on = 1, room = 1 << 22;
		require(setsockopt(socket_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on), "no outgoing packets");
		require(setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room), "a larger buffer");
		sockaddr_ll at{};
		at.sll_family = AF_PACKET;
		at.sll_protocol = rte_cpu_to_be_16(0x0003); // ETH_P_ALL
		at.sll_ifindex = static_cast<int>(if_nametoindex(interface_.c_str()));
		require(bind(socket_, reinterpret_cast<const sockaddr *>(&at), sizeof at), "binding to " + interface_);
	}
	~tap_end() override { close(socket_); }
	std::string member() const override { return device_.name(); }
	std::uint32_t echo() override
	{
		std::array<char, 2048> frame;
		ssize_t size;
		std::uint32_t frames = 0;
		for (; (size = recv(socket_, frame.data(), frame.size(), 0)) > 0; frames++)
			EXPECT_EQ(send(socket_, frame.data(), static_cast<std::size_t>(size), 0), size) << errno;
		return frames;
	}

private:
	// The kernel sends nothing of its own.
	static void be_silent()
	{
		if (std::FILE *const f = std::fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w")) {
			std::fputs("1", f);
			std::fclose(f);
		}
	}

	std::string interface_;
	hot_device device_;
	int socket_ = -1;
};

// Sends numbered packets as fast as they come back, and keeps account of each.
class account {
public:
	// So many may be under way; less than any ring on their way holds.
	static constexpr std::uint32_t window = 128;

	account(std::uint16_t bond, std::vector<std::unique_ptr<far_end>> &ends)
		: bond_(bond), ends_(ends), thread_([this] { run(); })
	{
	}
	~account() { stop(); }
	account(const account &) = delete;
	account &operator=(const account &) = delete;

	void pause() { sending_ = false; }
	void resume() { sending_ = true; }
	// Receives nothing: what comes back stands in the members' queues.
	void look_away() { looking_ = false; }
	void look_again() { looking_ = true; }
	void stop()
	{
		stopping_ = true;
		if (thread_.joinable())
			thread_.join();
	}

	std::uint32_t sent() const { return sent_; }
	std::uint32_t delivered() const { return delivered_; }
	bool grows() const
	{
		const std::uint32_t before = delivered_;
		return eventually([&] { return delivered_ > before + 4 * window; });
	}
	// Each packet that was taken has been delivered, but for so many. Only while it is paused.
	bool is_settled_but_for(std::uint32_t missing) const
	{
		return eventually([&] { return idle_ && delivered_ + missing == sent_; });
	}
	bool is_settled() const { return is_settled_but_for(0); }
	// From the far ends.
	std::uint32_t sent_back() const { return sent_back_; }
	std::uint64_t duplicates() const { return duplicates_; }

private:
	void run()
	{
		while (!stopping_) {
			idle_ = !sending_;
			if (!idle_ && sent_ - delivered_ < window)
				send();
			for (const auto &end : ends_)
				sent_back_ += end->echo();
			if (looking_)
				receive();
		}
	}

	void send()
	{
		std::vector<rte_mbuf *> packets;
		for (std::uint32_t i = 0; i < 32; i++)
			packets.push_back(make_packet(udp_flow((sent_ + i) % 64, sent_ + i)));
		const std::uint16_t taken = rte_eth_tx_burst(bond_, 0, packets.data(), 32);
		sent_ += taken;
		packets.erase(packets.begin(), packets.begin() + taken);
		free_all(packets);
		seen_.resize(sent_);
	}

	void receive()
	{
		for (const std::uint32_t number : receive_once(bond_)) {
			if (number >= seen_.size())
				continue; // not one of ours
			if (seen_[number]) {
				duplicates_++;
				continue;
			}
			seen_[number] = true;
			delivered_++;
		}
	}

	const std::uint16_t bond_;
	std::vector<std::unique_ptr<far_end>> &ends_;
	std::atomic<bool> sending_{true}, looking_{true}, idle_{false}, stopping_{false};
	std::atomic<std::uint32_t> sent_{0}, delivered_{0}, sent_back_{0};
	std::atomic<std::uint64_t> duplicates_{0};
	std::vector<bool> seen_;
	std::thread thread_; // last: it uses the others
};

enum class kind { virtio, ring, tap };

struct scene {
	kind devices;
	const char *mode;

	friend std::ostream &operator<<(std::ostream &to, const scene &s)
	{
		constexpr const char *names[] = {"Virtio", "Ring", "Tap"};
		std::string mode = s.mode;
		std::erase(mode, '-');
		return to << names[static_cast<int>(s.devices)] << "_" << mode;
	}
};

class Lossless : public virtio_user, public testing::WithParamInterface<scene> {
protected:
	// Two of the kind, to be destroyed after the bond.
	std::vector<std::unique_ptr<far_end>> make_ends()
	{
		std::vector<std::unique_ptr<far_end>> ends;
		if (GetParam().devices == kind::virtio) {
			auto first = std::make_unique<virtio_end>(dir, 0), second = std::make_unique<virtio_end>(dir, 1);
			first->connect();
			second->connect();
			ends.push_back(std::move(first));
			ends.push_back(std::move(second));
			return ends;
		}
		for (const unsigned number : {0u, 1u}) {
			if (GetParam().devices == kind::ring)
				ends.push_back(std::make_unique<ring_end>(number));
			else
				ends.push_back(std::make_unique<tap_end>(number));
		}
		return ends;
	}
};

TEST_P(Lossless, RemovalUnderFullLoadDeliversEveryPacket)
{
	constexpr unsigned rounds = 20;
	std::vector<std::unique_ptr<far_end>> ends = make_ends();
	const std::string staying = ends[0]->member(), leaving = ends[1]->member();
	running_bond bond(std::string("drain_ms=20000,xmit_policy=l34,seed=1,member=") + staying + ",member=" + leaving +
	                  ",mode=" + GetParam().mode);
	std::uint32_t id = bond.id_of(leaving);
	account packets(bond.port(), ends);
	for (unsigned round = 0; round < rounds; round++) {
		SCOPED_TRACE(round);
		ASSERT_TRUE(bond.has_usable(2));
		// While nothing is under way: what comes back on a member that has become a backup is dropped, removal or not.
		packets.pause();
		ASSERT_TRUE(packets.is_settled());
		ASSERT_EQ(braid_primary_set(bond.port(), id), 0);
		packets.resume();
		ASSERT_TRUE(packets.grows());
		ASSERT_EQ(braid_member_remove(bond.port(), id), 0);
		packets.pause();
		ASSERT_TRUE(packets.is_settled()) << packets.sent() - packets.delivered() << " of " << packets.sent()
						   << " packets were lost";
		packets.resume();
		id = bond.add(leaving);
	}
	packets.pause();
	ASSERT_TRUE(packets.is_settled());
	packets.stop();
	while (!receive_once(bond.port()).empty())
		continue; // copies, of broadcast
	if (std::string(GetParam().mode) != "broadcast") {
		EXPECT_EQ(packets.duplicates(), 0u);
	}
}

// The account can tell: without a drain, what stands in the leaving member's queue is missing.
class Lossy : public Lossless {};

TEST_P(Lossy, RemovalAtOnceLosesWhatStandsInTheQueues)
{
	constexpr std::uint32_t on_each = account::window / 2;
	std::vector<std::unique_ptr<far_end>> ends = make_ends();
	const std::string staying = ends[0]->member(), leaving = ends[1]->member();
	running_bond bond("mode=round-robin,member=" + staying + ",member=" + leaving);
	account packets(bond.port(), ends);
	ASSERT_TRUE(bond.has_usable(2));
	ASSERT_TRUE(packets.grows());
	packets.pause();
	ASSERT_TRUE(packets.is_settled());

	const std::uint32_t sent_before = packets.sent(), sent_back_before = packets.sent_back();
	packets.look_away();
	packets.resume();
	ASSERT_TRUE(eventually([&] { return packets.sent() - sent_before == account::window; }));
	packets.pause();
	if (GetParam().devices != kind::ring) { // which is its own far end
		ASSERT_TRUE(eventually([&] { return packets.sent_back() - sent_back_before == account::window; }));
	}
	ASSERT_EQ(braid_member_remove_now(bond.port(), bond.id_of(leaving)), 0);
	packets.look_again();
	EXPECT_TRUE(packets.is_settled_but_for(on_each)) << packets.sent() - packets.delivered();
	packets.resume();
	EXPECT_TRUE(packets.grows());
	packets.pause();
	EXPECT_TRUE(packets.is_settled_but_for(on_each)) << packets.sent() - packets.delivered();
	if (GetParam().devices == kind::ring) { // whose packets are nobody's now
		bond.add(leaving);
		EXPECT_TRUE(packets.is_settled());
	}
}

INSTANTIATE_TEST_SUITE_P(Removal, Lossy,
                         testing::Values(scene{kind::virtio, "round-robin"}, scene{kind::ring, "round-robin"},
                                         scene{kind::tap, "round-robin"}),
                         testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Removal, Lossless,
                         testing::ValuesIn([] {
	                         std::vector<scene> all;
	                         for (const kind devices : {kind::virtio, kind::ring, kind::tap})
		                         for (const char *mode : {"round-robin", "active-backup", "balance", "broadcast"})
			                         all.push_back({devices, mode});
	                         return all;
                         }()),
                         testing::PrintToStringParamName());

} // namespace
} // namespace braid
