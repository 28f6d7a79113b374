/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest program that embeds Braid: a bond over two members forwards what it receives while a third member is
 * added, renamed and taken away again.
 *
 *     braid-forward --no-huge -m 256 --no-pci --vdev net_null0 --vdev net_null1 --vdev net_null2 -- 100000
 *
 * Forwards that many packets (1,000,000 without an argument), or until it is interrupted, and prints what happened.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <braid.h>

#define BURST 32
#define PACKETS 8191 /* in the mempool */

static atomic_ullong forwarded;
static unsigned long long goal = 1000000;
static atomic_bool stopping;
static atomic_bool told_of_removal;

static void stop(int signal)
{
	(void)signal;
	stopping = true;
}

/* Always false, for whoever returns that something has failed. */
static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "braid-forward: %s: %s\n", what, why);
	return false;
}

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

	while (forwarded < goal && !stopping) {
		const uint16_t received = rte_eth_rx_burst(port, 0, packets, BURST);
		const uint16_t sent = rte_eth_tx_burst(port, 0, packets, received);

		/* What was not taken is still ours, at the tail. */
		rte_pktmbuf_free_bulk(packets + sent, received - sent);
		forwarded += sent;
	}
	return NULL;
}

static bool start_port(uint16_t port)
{
	const struct rte_eth_conf conf = {0};
	struct rte_mempool *pool = rte_pktmbuf_pool_create("packets", PACKETS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
	                                                   SOCKET_ID_ANY);
	int status;

	if (pool == NULL)
		return complain("the mempool cannot be made; give EAL more memory (-m 64)", rte_strerror(rte_errno));
	status = rte_eth_dev_configure(port, 1, 1, &conf);
	if (status == 0)
		status = rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool);
	if (status == 0)
		status = rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL);
	if (status == 0)
		status = rte_eth_dev_start(port);
	return status == 0 || complain("the bond does not start", rte_strerror(-status));
}

static bool is_pending(uint16_t bond, uint32_t id, struct braid_member_info *info)
{
	*info = (struct braid_member_info){.size = sizeof(*info)};
	return braid_member_info_get(bond, id, info) == 0 && info->state == BRAID_MEMBER_PENDING;
}

/* A bond works with the members that are there, and waits for the others; here these are a slip of the command line. */
static bool members_are_there(uint16_t bond)
{
	uint32_t ids[BRAID_MAX_MEMBERS];
	const int n = braid_members_get(bond, ids, BRAID_MAX_MEMBERS);
	struct braid_member_info member;
	bool all = true;

	for (int i = 0; i < n; i++)
		if (is_pending(bond, ids[i], &member))
			all = complain(member.device, "there is no such port; start with --vdev net_null0 --vdev net_null1 "
			                              "--vdev net_null2");
	return all;
}

/* Returns once the loop has forwarded that part, in percent, of its packets. False: it will not. */
static bool wait_until_done(unsigned int percent)
{
	while (forwarded < goal / 100 * percent && !stopping)
		sched_yield();
	return !stopping;
}

/* All of the embedding: everything else is a DPDK application as it ever was. */
static bool add_and_remove_a_member(uint16_t bond)
{
	struct braid_member_options options = {.size = sizeof(options), .name = "guest"};
	struct braid_member_info member;
	uint32_t id;

	if (!wait_until_done(30))
		return true;
	if (braid_member_add(bond, "net_null2", &options, &id) != 0)
		return complain("add", braid_error_text());
	printf("added net_null2 as \"guest\" after %llu packets%s\n", (unsigned long long)forwarded,
	       is_pending(bond, id, &member) ? "; there is no such port yet, it joins when it appears" : "");

	if (!wait_until_done(50))
		return true;
	if (braid_member_rename(bond, id, "visitor") != 0)
		return complain("rename", braid_error_text());

	if (!wait_until_done(70))
		return true;
	/* Waits until nothing comes from it, which net_null never ends to do, at most for drain_ms: here 100 ms. */
	if (braid_member_remove(bond, id) != 0)
		return complain("remove", braid_error_text());
	printf("removed it after %llu packets\n", (unsigned long long)forwarded);

	/* Another thread tells, and what it has not told when the bond is destroyed is never told. */
	while (!told_of_removal && !stopping)
		sched_yield();
	return true;
}

static bool nothing_is_missing(uint16_t bond)
{
	struct rte_eth_stats stats;
	char counted[64];

	if (rte_eth_stats_get(bond, &stats) != 0)
		return complain("statistics", "the bond has none");
	snprintf(counted, sizeof(counted), "%" PRIu64 " of %llu", stats.opackets, (unsigned long long)forwarded);
	return stats.opackets == forwarded || complain("the bond has counted other packets than were forwarded", counted);
}

static bool run(uint16_t bond)
{
	pthread_t loop;
	bool done;

	if (braid_event_callback_register(bond, tell, NULL) != 0)
		return complain("listen", braid_error_text());
	if (!members_are_there(bond) || !start_port(bond))
		return false;
	if (pthread_create(&loop, NULL, forward, &bond) != 0)
		return complain("thread", "the system has none left");
	done = add_and_remove_a_member(bond);
	if (!done)
		stopping = true;
	pthread_join(loop, NULL);
	return nothing_is_missing(bond) && done;
}

/* Digits only: strtoull() by itself takes -5 for a number that is never reached. */
static bool read_goal(int argc, char **argv)
{
	char *end;

	if (argc < 2)
		return true;
	errno = 0;
	goal = strtoull(argv[1], &end, 10);
	if (argc > 2 || !isdigit((unsigned char)*argv[1]) || *end != '\0' || errno != 0)
		return complain(argv[argc - 1], "write -- and a number of packets behind the options of EAL, and nothing else");
	return true;
}

int main(int argc, char **argv)
{
	const int eal_args = rte_eal_init(argc, argv);
	bool done;

	if (eal_args < 0)
		rte_exit(EXIT_FAILURE, "EAL does not start: %s\n", rte_strerror(rte_errno));
	if (!read_goal(argc - eal_args, argv + eal_args)) {
		rte_eal_cleanup();
		return EXIT_FAILURE;
	}
	signal(SIGINT, stop);
	signal(SIGTERM, stop);

	const int bond = braid_create("net_braid0", "mode=round-robin,member=net_null0,member=net_null1");

	if (bond < 0)
		rte_exit(EXIT_FAILURE, "create: %s\n", braid_error_text());
	done = run((uint16_t)bond);
	if (braid_destroy((uint16_t)bond) != 0)
		done = complain("destroy", braid_error_text());
	if (done)
		printf("%s %llu packets\n", forwarded < goal ? "interrupted after" : "forwarded", (unsigned long long)forwarded);
	return rte_eal_cleanup() == 0 && done ? EXIT_SUCCESS : EXIT_FAILURE;
}
