/* SPDX-License-Identifier: BSD-3-Clause */
// The other process of the tests: one vhost port that sends back every packet it receives.
//
//   vhost_peer iface=/path/of/socket[,client=1]
//
// Writes "ready" when the port has been started. Ends when its standard input does, which is also what
// happens when the process that started it ends, however it ends.
#include "eal.hpp"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <poll.h>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr unsigned memory_mb = 32;
constexpr unsigned mempool_size = 1023;
constexpr std::uint16_t ring_size = 256;
constexpr std::uint16_t burst_size = 32;
constexpr int idle_ms = 1;

[[noreturn]] void fail(const char *step, int error)
{
	std::fprintf(stderr, "vhost_peer: %s: %s\n", step, rte_strerror(error));
	std::exit(EXIT_FAILURE);
}

void require(int status, const char *step)
{
	if (status < 0)
		fail(step, -status);
}

std::uint16_t start_port(const char *args)
{
	constexpr char name[] = "net_vhost0";
	rte_mempool *const pool = rte_pktmbuf_pool_create(
		"vhost_peer", mempool_size, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, static_cast<int>(rte_socket_id()));
	if (pool == nullptr)
		fail("a mempool", rte_errno);
	std::uint16_t port = 0;
	const rte_eth_conf conf{};
	require(rte_eal_hotplug_add("vdev", name, args), args);
	require(rte_eth_dev_get_port_by_name(name, &port), "its port");
	require(rte_eth_dev_configure(port, 1, 1, &conf), "configure");
	require(rte_eth_rx_queue_setup(port, 0, ring_size, SOCKET_ID_ANY, nullptr, pool), "receive queue");
	require(rte_eth_tx_queue_setup(port, 0, ring_size, SOCKET_ID_ANY, nullptr), "transmit queue");
	require(rte_eth_dev_start(port), "start");
	return port;
}

// True when standard input has ended; waits for that as long as told.
bool is_told_to_end(int wait_ms)
{
	pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
	return poll(&input, 1, wait_ms) > 0;
}

void send_back(std::uint16_t port)
{
	rte_mbuf *packets[burst_size];
	std::uint16_t count = 0;
	std::uint16_t sent = 0;
	while (!is_told_to_end(sent < count ? 0 : idle_ms)) {
		if (sent == count) {
			sent = 0;
			count = rte_eth_rx_burst(port, 0, packets, burst_size);
		}
		sent = static_cast<std::uint16_t>(
			sent + rte_eth_tx_burst(port, 0, packets + sent, static_cast<std::uint16_t>(count - sent)));
	}
	rte_pktmbuf_free_bulk(packets + sent, static_cast<unsigned>(count - sent));
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 2) {
		std::fprintf(stderr, "usage: %s iface=<socket>[,client=1]\n", argv[0]);
		return EXIT_FAILURE;
	}
	if (braid::start_eal(argv[0], memory_mb) < 0)
		fail("the EAL did not start", rte_errno);
	rte_log_set_level_pattern("lib.vhost.*", RTE_LOG_WARNING);
	const std::uint16_t port = start_port(argv[1]);
	std::puts("ready");
	std::fflush(stdout);
	send_back(port);
	rte_eal_hotplug_remove("vdev", "net_vhost0");
	rte_eal_cleanup();
	braid::remove_runtime_dir();
	return EXIT_SUCCESS;
}
