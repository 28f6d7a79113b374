/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices.hpp"

#include <rte_alarm.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace braid {
namespace {

constexpr std::uint16_t burst_size = 32;
constexpr std::uint16_t ring_size = 256;

std::string vhost_args(const std::string &socket, listener who, std::uint16_t queues)
{
	const char *const role = who == listener::device ? ",client=1" : "";
	return "iface=" + socket + ",queues=" + std::to_string(queues) + role;
}

std::string virtio_args(const std::string &socket, listener who, std::uint16_t queues, const std::string &more)
{
	const char *const role = who == listener::device ? ",server=1" : "";
	return "path=" + socket + ",queues=" + std::to_string(queues) + role + (more.empty() ? "" : "," + more);
}

// Returns when the interrupt thread of EAL has done all it was asked before. A virtio-user device that loses
// its backend leaves alarms there that still refer to it, and closing the device does not take them back.
void wait_for_interrupt_thread()
{
	std::atomic<bool> reached{false};
	const auto arrive = [](void *flag) { static_cast<std::atomic<bool> *>(flag)->store(true); };
	require(rte_eal_alarm_set(1, arrive, &reached), "an alarm");
	require(eventually([&] { return reached.load(); }) ? 0 : -ETIMEDOUT, "the interrupt thread");
}

} // namespace

int require(int status, const std::string &what)
{
	if (status < 0) {
		std::fprintf(stderr, "virtio_user_tests: %s: %s\n", what.c_str(), rte_strerror(-status));
		std::abort();
	}
	return status;
}

sequences every(std::uint32_t step, std::uint32_t from, std::uint32_t end)
{
	sequences numbers;
	for (std::uint32_t i = from; i < end; i += step)
		numbers.push_back(i);
	return numbers;
}

socket_dir::socket_dir() : path_(testing::TempDir() + "braid-virtio-user-XXXXXX")
{
	require(mkdtemp(path_.data()) != nullptr ? 0 : -errno, "a directory for sockets, " + path_);
}

socket_dir::~socket_dir()
{
	std::error_code ignored;
	std::filesystem::remove_all(path_, ignored);
}

hot_device::~hot_device()
{
	if (plugged_)
		require(pull(), "pulling " + name_);
}

void hot_device::plug()
{
	require(rte_eal_hotplug_add("vdev", name_.c_str(), args_.c_str()),
	        "plugging in " + name_ + " with " + args_);
	require(rte_eth_dev_get_port_by_name(name_.c_str(), &port_), "the port of " + name_);
	plugged_ = true;
}

int hot_device::pull()
{
	wait_for_interrupt_thread();
	const int status = rte_eal_hotplug_remove("vdev", name_.c_str());
	plugged_ = status != 0;
	return status;
}

void start_port(std::uint16_t port, std::uint16_t queues)
{
	const std::string name = "port " + std::to_string(port);
	const rte_eth_conf conf{};
	require(rte_eth_dev_configure(port, queues, queues, &conf), "configuring " + name);
	for (std::uint16_t q = 0; q < queues; q++) {
		require(rte_eth_rx_queue_setup(port, q, ring_size, SOCKET_ID_ANY, nullptr, eal_mempool()),
		        "a receive queue of " + name);
		require(rte_eth_tx_queue_setup(port, q, ring_size, SOCKET_ID_ANY, nullptr),
		        "a transmit queue of " + name);
	}
	require(rte_eth_dev_start(port), "starting " + name);
}

vhost_backend::vhost_backend(const socket_dir &dir, unsigned number, listener who, std::uint16_t queues)
	: device_("net_vhost" + std::to_string(number), vhost_args(dir.socket(number), who, queues)),
	  queues_(queues)
{
	plug();
}

void vhost_backend::plug()
{
	device_.plug();
	start_port(device_.port(), queues_);
}

void vhost_backend::pull() { require(device_.pull(), "pulling " + device_.name()); }

bool vhost_backend::is_connected() const
{
	rte_eth_link link{};
	return rte_eth_link_get_nowait(port(), &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

virtio_device::virtio_device(const socket_dir &dir, unsigned number, listener who, std::uint16_t queues,
                             const std::string &more)
	: hot_device("net_virtio_user" + std::to_string(number), virtio_args(dir.socket(number), who, queues, more))
{
}

wire::wire(const socket_dir &dir, unsigned number, listener who, std::uint16_t queues, const std::string &more)
	: backend(dir, number, who, queues), device(dir, number, who, queues, more)
{
}

void wire::connect()
{
	device.plug();
	const bool connected = eventually([this] { return backend.is_connected(); });
	require(connected ? 0 : -ETIMEDOUT, "connecting " + device.name());
}

running_bond::running_bond(const std::string &devargs, std::uint16_t queues)
{
	const int port = require(braid_create("net_braid0", devargs.c_str()), "net_braid0," + devargs);
	port_ = static_cast<std::uint16_t>(port);
	start_port(port_, queues);
}

running_bond::~running_bond() { require(braid_destroy(port_), "destroying net_braid0"); }

std::uint32_t running_bond::add(const std::string &device)
{
	std::uint32_t id = BRAID_NO_MEMBER;
	require(braid_member_add(port_, device.c_str(), nullptr, &id), "adding " + device);
	return id;
}

std::uint32_t running_bond::id_of(const std::string &name) const
{
	std::uint32_t id = BRAID_NO_MEMBER;
	require(braid_member_find(port_, name.c_str(), &id), "finding " + name);
	return id;
}

braid_info running_bond::info() const
{
	braid_info info{};
	info.size = sizeof info;
	require(braid_info_get(port_, &info), "braid_info_get");
	return info;
}

braid_member_info running_bond::member(std::uint32_t id) const
{
	braid_member_info info{};
	info.size = sizeof info;
	if (braid_member_info_get(port_, id, &info) != 0)
		return {};
	return info;
}

bool running_bond::has_usable(unsigned members) const
{
	return eventually([&] { return info().usable == members; });
}

bool running_bond::has_active(std::uint32_t id) const
{
	return eventually([&] { return info().active == id; });
}

bool running_bond::has_member_in(std::uint32_t id, braid_member_state state) const
{
	return eventually([&] { return member(id).state == state; });
}

void send_all(std::uint16_t port, std::vector<rte_mbuf *> packets, std::uint16_t queue)
{
	std::size_t sent = 0;
	EXPECT_TRUE(eventually([&] {
		const std::size_t size = std::min<std::size_t>(burst_size, packets.size() - sent);
		sent += rte_eth_tx_burst(port, queue, packets.data() + sent, static_cast<std::uint16_t>(size));
		return sent == packets.size();
	})) << "port " << port << " took " << sent << " of " << packets.size() << " packets";
	packets.erase(packets.begin(), packets.begin() + static_cast<std::ptrdiff_t>(sent));
	free_all(packets);
}

sequences receive_once(std::uint16_t port, std::uint16_t queue)
{
	std::vector<rte_mbuf *> packets(burst_size);
	packets.resize(rte_eth_rx_burst(port, queue, packets.data(), burst_size));
	for (const rte_mbuf *packet : packets)
		EXPECT_EQ(packet->port, port);
	sequences numbers = sequences_of(packets);
	free_all(packets);
	return numbers;
}

std::vector<sequences> receive_all(std::initializer_list<std::uint16_t> ports, std::size_t count,
                                   std::uint16_t queue)
{
	std::vector<sequences> received(ports.size());
	std::size_t total = 0;
	const auto round = [&] {
		std::size_t got = 0;
		auto list = received.begin();
		for (const std::uint16_t port : ports) {
			const sequences numbers = receive_once(port, queue);
			list->insert(list->end(), numbers.begin(), numbers.end());
			got += numbers.size();
			++list;
		}
		total += got;
		return got;
	};
	const auto enough = [&] {
		round();
		return total >= count;
	};
	EXPECT_TRUE(eventually(enough)) << total << " of " << count << " packets came";
	while (round() > 0)
		continue;
	EXPECT_EQ(total, count);
	return received;
}

} // namespace braid
