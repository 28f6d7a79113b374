/* SPDX-License-Identifier: BSD-3-Clause */
#include "loss.hpp"

#include "braid_bond.hpp"

#include <rte_bus_vdev.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

namespace braid::bench {
namespace {

constexpr std::uint16_t burst = 32;
constexpr unsigned packets_under_way = 256; // less than a ring holds

enum class removing { drained, at_once };

// Two members of a bond that may wait for as long as it takes.
template <typename Device> struct pair_of {
	pair_of(braid::mode m, const char *bond)
	{
		const std::string args = std::string("mode=") + to_string(m) +
		                         ",xmit_policy=l34,seed=1,drain_ms=20000,announce=0,member=" + first.name() +
		                         ",member=" + second.name();
		const int made = braid_create(bond, args.c_str());
		succeed(made, "create");
		port = static_cast<std::uint16_t>(made);
		succeed(start_port(port, 1), "start");
		wait_for_usable(port, 2);
	}
	~pair_of() { succeed(braid_destroy(port), "destroy"); }
	pair_of(const pair_of &) = delete;
	pair_of &operator=(const pair_of &) = delete;

	Device first, second;
	std::uint16_t port = RTE_MAX_ETHPORTS;
};

// net_ring, which receives what it sends.
class ring {
public:
	ring()
	{
		static unsigned made = 0;
		name_ = "net_ring" + std::to_string(made++);
		if (rte_vdev_init(name_.c_str(), "") != 0)
			give_up("no port for " + name_);
	}
	~ring() { rte_vdev_uninit(name_.c_str()); }
	ring(const ring &) = delete;
	ring &operator=(const ring &) = delete;

	const std::string &name() const { return name_; }

private:
	std::string name_;
};

// Sends what it has, and has what it receives.
class circulation {
public:
	explicit circulation(std::uint16_t bond)
		: bond_(bond), packets_(traffic::ipv4, packets_under_way), at_hand_(packets_.all().begin(), packets_.all().end())
	{}

	void round()
	{
		receive();
		const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(burst, at_hand_.size()));
		const std::uint16_t taken = rte_eth_tx_burst(bond_, 0, at_hand_.data(), n);
		at_hand_.erase(at_hand_.begin(), at_hand_.begin() + taken);
		carried_ += taken;
	}

	// How many have not come back when nothing has come for a while.
	std::size_t missing()
	{
		const auto patience = std::chrono::milliseconds(20);
		auto until = std::chrono::steady_clock::now() + patience;
		while (at_hand_.size() < packets_under_way && std::chrono::steady_clock::now() < until)
			if (receive() > 0)
				until = std::chrono::steady_clock::now() + patience;
		return packets_under_way - at_hand_.size();
	}
	std::uint64_t carried() const { return carried_; }

private:
	std::uint16_t receive()
	{
		std::array<rte_mbuf *, burst> received;
		const std::uint16_t got = rte_eth_rx_burst(bond_, 0, received.data(), burst);
		at_hand_.insert(at_hand_.end(), received.begin(), received.begin() + got);
		return got;
	}

	const std::uint16_t bond_;
	packet_set packets_;
	std::vector<rte_mbuf *> at_hand_;
	std::uint64_t carried_ = 0;
};

// Repeats `step` on this thread until the member has been removed on another.
template <typename Step> void while_removing(std::uint16_t bond, const std::string &member, removing how, Step step)
{
	const std::uint32_t id = id_of(bond, member);
	errand removal([&] {
		succeed(how == removing::drained ? braid_member_remove(bond, id) : braid_member_remove_now(bond, id), "remove");
	});
	removal.start();
	while (!removal.done())
		step();
}

void add_again(std::uint16_t bond, const std::string &member)
{
	succeed(braid_member_add(bond, member.c_str(), nullptr, nullptr), "add");
	wait_for_usable(bond, 2);
}

removal_loss lose_over_rings(braid::mode m, removing how, unsigned removals)
{
	removal_loss loss;
	loss.what = std::string(how == removing::drained ? "removal" : "removal at once") + ", net_ring, " + to_string(m);
	if (how == removing::drained)
		loss.most = 0;
	pair_of<ring> bond(m, "net_braid_loss");
	circulation packets(bond.port);
	for (; loss.removals < removals; loss.removals++) {
		for (int k = 0; k < 1000; k++)
			packets.round();
		const std::uint64_t before = packets.carried();
		while_removing(bond.port, bond.second.name(), how, [&] { packets.round(); });
		loss.carried += packets.carried() - before;
		loss.lost += packets.missing();
		add_again(bond.port, bond.second.name());
		if (packets.missing() != 0) // what stood in the ring comes when the member is back
			give_up("packets have vanished for good");
	}
	return loss;
}

removal_loss lose_over_sinks(braid::mode m, unsigned removals)
{
	removal_loss loss;
	loss.what = std::string("removal, transmit, sink, ") + to_string(m);
	loss.most = 0;
	pair_of<sink> bond(m, "net_braid_loss");
	packet_set packets(traffic::ipv4, packets_under_way);
	const auto send = [&] {
		rte_mbuf *received[burst];
		rte_eth_rx_burst(bond.port, 0, received, burst);
		return rte_eth_tx_burst(bond.port, 0, packets.all().data(), burst);
	};
	for (; loss.removals < removals; loss.removals++) {
		const std::uint64_t before = bond.first.sent() + bond.second.sent();
		std::uint64_t carried = 0;
		for (int k = 0; k < 1000; k++)
			carried += send();
		while_removing(bond.port, bond.second.name(), removing::drained, [&] { carried += send(); });
		loss.carried += carried;
		loss.lost += carried - (bond.first.sent() + bond.second.sent() - before);
		add_again(bond.port, bond.second.name());
	}
	return loss;
}

} // namespace

std::vector<removal_loss> count_losses(unsigned removals)
{
	std::vector<removal_loss> all;
	for (const mode m : {mode::round_robin, mode::balance}) {
		all.push_back(lose_over_sinks(m, removals));
		all.push_back(lose_over_rings(m, removing::drained, removals));
		all.push_back(lose_over_rings(m, removing::at_once, removals));
	}
	return all;
}

} // namespace braid::bench
