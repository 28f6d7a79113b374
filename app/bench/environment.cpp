/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace braid::bench {
namespace {

constexpr unsigned pool_size = 36863;

// Small, so that the pages of 4 KiB that an EAL without huge pages has cost little more than huge ones would: with
// buffers of the usual 2 KiB, 256 packets exceed the first-level TLB, and that is all one would measure.
constexpr std::uint16_t buffer_size = RTE_PKTMBUF_HEADROOM + 128;

cpu_set_t allowed; // to this process, before EAL put its lcore on one of them
int chosen_cpu = -1;

} // namespace

void give_up(const std::string &why)
{
	std::fprintf(stderr, "bench: %s\n", why.c_str());
	std::_Exit(EXIT_FAILURE);
}

int measuring_cpu() { return chosen_cpu; }

void start_eal(int cpu)
{
	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof allowed, &allowed);
	if (cpu >= CPU_SETSIZE || (cpu >= 0 && !CPU_ISSET(cpu, &allowed)))
		give_up("CPU " + std::to_string(cpu) + " is not ours to use");
	// Interrupts and whatever started us are more often found on the first.
	for (int i = 0; cpu < 0 && i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed))
			chosen_cpu = i;
	if (cpu >= 0)
		chosen_cpu = cpu;

	// What net_braid refuses is in the report; its log would say it again.
	std::vector<std::string> args = {"braid-bench",
	                                 "--no-huge",
	                                 "-m",
	                                 "256",
	                                 "--no-pci",
	                                 "--no-shconf",
	                                 "--no-telemetry",
	                                 "--file-prefix",
	                                 "braid_bench_" + std::to_string(getpid()),
	                                 "--lcores",
	                                 "0@" + std::to_string(chosen_cpu),
	                                 "--log-level",
	                                 "warning",
	                                 "--log-level",
	                                 "pmd.net.braid:critical"};
	std::vector<char *> argv;
	for (auto &arg : args)
		argv.push_back(arg.data());
	if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
		give_up(std::string("the EAL did not start: ") + rte_strerror(rte_errno));
}

void end_eal()
{
	const std::string directory = rte_eal_get_runtime_dir();
	rte_eal_cleanup();
	rmdir(directory.c_str()); // EAL leaves it behind, and our prefix makes it a new one each time
}

// Without a cache, so that packets come in the order of their addresses.
// As rte_pktmbuf_pool_create() makes one on huge pages: one packet follows the other. On pages of 4 KiB it begins anew on each
// page, so that 256 mbufs share 12 of the first-level cache's 64 sets and do not fit there.
static rte_mempool *contiguous_pool()
{
	rte_mempool *const pool = rte_mempool_create_empty("bench", pool_size, sizeof(rte_mbuf) + buffer_size, 0,
	                                                   sizeof(rte_pktmbuf_pool_private),
	                                                   static_cast<int>(rte_socket_id()), RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (pool == nullptr)
		return nullptr;
	rte_pktmbuf_pool_private sizes = {};
	sizes.mbuf_data_room_size = buffer_size;
	rte_pktmbuf_pool_init(pool, &sizes);
	if (rte_mempool_populate_default(pool) != static_cast<int>(pool_size))
		return nullptr;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
	return pool;
}

rte_mempool *packet_pool()
{
	static rte_mempool *const pool = contiguous_pool();
	if (pool == nullptr)
		give_up(std::string("no memory for packets: ") + rte_strerror(rte_errno));
	return pool;
}

void leave_measuring_cpu()
{
	cpu_set_t others = allowed;
	CPU_CLR(chosen_cpu, &others);
	if (CPU_COUNT(&others) > 0)
		pthread_setaffinity_np(pthread_self(), sizeof others, &others);
}

errand::errand(std::function<void()> what)
	: thread_([this, what = std::move(what)] {
		  leave_measuring_cpu();
		  state_.store(state::ready);
		  state_.notify_one();
		  while (state_.load(std::memory_order_acquire) == state::ready)
			  rte_pause();
		  what();
		  state_.store(state::done, std::memory_order_release);
	  })
{
	state_.wait(state::coming);
}

errand::~errand()
{
	start();
	thread_.join();
}

background::background(std::function<void()> step) : step_(std::move(step)), thread_([this] { loop(); }) {}

background::~background()
{
	want_.store(want::end);
	want_.notify_all();
	thread_.join();
}

void background::run()
{
	stepped_.store(false);
	want_.store(want::run);
	want_.notify_all();
	stepped_.wait(false);
}

void background::rest()
{
	want_.store(want::rest);
	const std::lock_guard wait_for_the_last_step(stepping_);
}

void background::loop()
{
	leave_measuring_cpu();
	for (;;) {
		want_.wait(want::rest);
		if (want_.load() == want::end)
			return;
		const std::lock_guard guard(stepping_);
		while (want_.load(std::memory_order_relaxed) == want::run) {
			step_();
			if (!stepped_.exchange(true))
				stepped_.notify_all();
		}
	}
}

} // namespace braid::bench
