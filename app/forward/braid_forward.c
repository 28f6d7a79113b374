/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest program that embeds Braid: a bond over two members forwards what it receives while a third member is
 * added and taken away again.
 *
 *     braid-forward --no-huge -m 256 --no-pci --vdev net_null0 --vdev net_null1 --vdev net_null2 -- 100000
 *
 * Forwards that many packets (1,000,000 without an argument) and prints what happened.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <braid.h>

#define BURST 32

static atomic_ullong forwarded;
static unsigned long long goal = 1000000;
static atomic_bool told_of_removal;

static void tell(uint16_t bond, const struct braid_event *event, void *arg)
{
	(void)bond;
	(void)arg;
	if (event->kind == BRAID_EVENT_MEMBER_ADDED)
		printf("event: %s was added\n", event->name);
	else if (event->kind == BRAID_EVENT_MEMBER_RENAMED)
		printf("event: %s is now %s\n", event->old_name, event->name);
	if (event->kind == BRAID_EVENT_MEMBER_REMOVED) {
		printf("event: %s was removed\n", event->name);
		told_of_removal = true;
	}
}

/* An ordinary loop: nothing in it knows that the port is a bond. */
static void *forward(void *arg)
{
	const uint16_t port = *(const uint16_t *)arg;
	struct rte_mbuf *packets[BURST];

	while (forwarded < goal) {
		const uint16_t received = rte_eth_rx_burst(port, 0, packets, BURST);
		const uint16_t sent = rte_eth_tx_burst(port, 0, packets, received);

		/* What was not taken is still ours, at the tail. */
		rte_pktmbuf_free_bulk(packets + sent, received - sent);
		forwarded += sent;
	}
	return NULL;
}

static void start_port(uint16_t port)
{
	const struct rte_eth_conf conf = {0};
	struct rte_mempool *pool = rte_pktmbuf_pool_create("packets", 8191, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
	                                                   SOCKET_ID_ANY);

	if (pool == NULL || rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL) != 0 || rte_eth_dev_start(port) != 0)
		rte_exit(EXIT_FAILURE, "the bond does not start\n");
}

/* A bond without members is legal and forwards nothing; here that is a slip of the command line. */
static void require_members(uint16_t bond)
{
	struct braid_info info = {.size = sizeof(info)};

	if (braid_info_get(bond, &info) != 0 || info.usable != info.members)
		rte_exit(EXIT_FAILURE, "no members: start with --vdev net_null0 --vdev net_null1 --vdev net_null2\n");
}

/* Returns once the loop has forwarded that part, in percent, of its packets. */
static void wait_until_done(unsigned int percent)
{
	while (forwarded < goal / 100 * percent)
		sched_yield();
}

/* All of the embedding: everything else is a DPDK application as it ever was. */
static void add_and_remove_a_member(uint16_t bond)
{
	struct braid_member_options options = {.size = sizeof(options), .name = "guest"};
	uint32_t id;

	wait_until_done(30);
	if (braid_member_add(bond, "net_null2", &options, &id) != 0)
		rte_exit(EXIT_FAILURE, "add: %s\n", braid_error_text());
	printf("added net_null2 as \"guest\" after %llu packets\n", (unsigned long long)forwarded);

	wait_until_done(50);
	if (braid_member_rename(bond, id, "visitor") != 0)
		rte_exit(EXIT_FAILURE, "rename: %s\n", braid_error_text());

	wait_until_done(70);
	if (braid_member_remove(bond, id) != 0)
		rte_exit(EXIT_FAILURE, "remove: %s\n", braid_error_text());
	printf("removed it after %llu packets\n", (unsigned long long)forwarded);

	/* Another thread tells, and what it has not told when the bond is destroyed is never told. */
	while (!told_of_removal)
		sched_yield();
}

int main(int argc, char **argv)
{
	const int eal_args = rte_eal_init(argc, argv);
	struct rte_eth_stats stats;
	pthread_t loop;

	if (eal_args < 0)
		rte_exit(EXIT_FAILURE, "EAL does not start\n");
	if (argc > eal_args + 1)
		goal = strtoull(argv[eal_args + 1], NULL, 10);

	const int created = braid_create("net_braid0", "mode=round-robin,member=net_null0,member=net_null1");

	if (created < 0)
		rte_exit(EXIT_FAILURE, "create: %s\n", braid_error_text());
	uint16_t bond = (uint16_t)created;

	if (braid_event_callback_register(bond, tell, NULL) != 0)
		rte_exit(EXIT_FAILURE, "listen: %s\n", braid_error_text());
	start_port(bond);
	require_members(bond);
	if (pthread_create(&loop, NULL, forward, &bond) != 0)
		rte_exit(EXIT_FAILURE, "no thread\n");
	add_and_remove_a_member(bond);
	pthread_join(loop, NULL);

	if (rte_eth_stats_get(bond, &stats) != 0 || stats.opackets < goal)
		rte_exit(EXIT_FAILURE, "packets are missing: %" PRIu64 "\n", stats.opackets);
	if (braid_destroy(bond) != 0)
		rte_exit(EXIT_FAILURE, "destroy: %s\n", braid_error_text());
	printf("forwarded %llu packets\n", (unsigned long long)forwarded);
	return rte_eal_cleanup() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
