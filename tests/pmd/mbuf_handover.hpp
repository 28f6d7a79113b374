/* SPDX-License-Identifier: BSD-3-Clause */
// What ThreadSanitizer cannot see: an mbuf that one thread gives back to a mempool is taken out by another, but mempools are
// not instrumented. Unsaid, each packet would be reported as a race with the one before it in the same mbuf, and a burst that
// touches a packet which is no longer its own would drown in them. Nothing at all in other builds.
#pragma once

#include "rcu/thread_sanitizer.hpp"

#include <rte_mempool.h>

#include <span>

namespace braid {

#ifdef BRAID_THREAD_SANITIZER
// The operations of one kind of mempool, with the handing over of each object said.
struct mbuf_handover {
	// Of `pool`, and of all others of its kind. Before a second thread uses one of them.
	static void show(const rte_mempool &pool) noexcept
	{
		rte_mempool_ops &ops = rte_mempool_ops_table.ops[pool.ops_index];
		enqueue_ = ops.enqueue;
		dequeue_ = ops.dequeue;
		ops.enqueue = enqueue;
		ops.dequeue = dequeue;
	}

private:
	static int enqueue(rte_mempool *pool, void *const *objects, unsigned n) noexcept
	{
		for (void *object : std::span(objects, n))
			__tsan_release(object);
		return enqueue_(pool, objects, n);
	}
	static int dequeue(rte_mempool *pool, void **objects, unsigned n) noexcept
	{
		const int failed = dequeue_(pool, objects, n);
		if (failed == 0)
			for (void *object : std::span(objects, n))
				__tsan_acquire(object);
		return failed;
	}

	static inline rte_mempool_enqueue_t enqueue_ = nullptr;
	static inline rte_mempool_dequeue_t dequeue_ = nullptr;
};
#else
struct mbuf_handover {
	static void show(const rte_mempool &) noexcept {}
};
#endif

} // namespace braid
