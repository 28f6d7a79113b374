/* SPDX-License-Identifier: BSD-3-Clause */
// Everything the driver needs from DPDK that is private to drivers or differs between releases.
//
// The only file that includes driver-side headers. It speaks 22.11 to 26.07, so that the rest of the driver
// is written once: an operation whose prototype changed is written in the form given here and wrapped by the
// adaptor of the same name. A release is named where it changed something; a branch goes when that release is
// no longer built. RTE_ETH_DEV_TO_VDEV and its kin, which left in 26.07, are not missed: probe and remove are
// handed the vdev.
#pragma once

#include "base/result.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <new>
#include <pthread.h>
#include <span>
#include <utility>

#include <rte_version.h>

#include <bus_vdev_driver.h>
#include <dev_driver.h>
#include <ethdev_driver.h>
#include <ethdev_vdev.h>
#include <rte_lcore.h>
#include <rte_telemetry.h>
#include <rte_thread.h>

// True if the DPDK compiled against is that release or a newer one.
#define BRAID_DPDK_SINCE(year, month) (RTE_VERSION >= RTE_VERSION_NUM(year, month, 0, 0))

// Makes `vdev_driver`, an rte_vdev_driver at file scope, known to the vdev bus under `vdev_name` when the
// library is loaded. `params` says for people which arguments there are; dpdk-pmdinfo prints it. Both are
// string literals without quotes or backslashes inside.
//
// RTE_PMD_REGISTER_VDEV is not used: its export macro lost an argument and moved to another header in 25.11,
// and the symbols it makes serve only the build of DPDK, which turns them into the record that is written
// here at once.
#define BRAID_REGISTER_VDEV(vdev_name, vdev_driver, params)                                                \
	RTE_INIT(register_##vdev_driver)                                                                  \
	{                                                                                                 \
		(vdev_driver).driver.name = vdev_name;                                                    \
		rte_vdev_register(&(vdev_driver));                                                        \
	}                                                                                                 \
	[[gnu::used]] static const char vdev_driver##_pmd_info[] =                                        \
		"PMD_INFO_STRING= {\"name\": \"" vdev_name "\", \"params\": \"" params "\", \"pci_ids\": []}"

namespace braid::sdk {

// ---- the port and its private data ------------------------------------------------------------------------

// The driver's object of a port. Only valid for ports that probe_port<Private> made.
template <typename Private> Private &private_of(const rte_eth_dev *dev) noexcept
{
	return *static_cast<Private *>(dev->data->dev_private);
}

// Ends the life of the driver's object and leaves its memory to ethdev, which frees it after dev_close.
// ethdev frees mac_addrs as well, so an array inside the object is taken from it.
template <typename Private> void destroy_private(rte_eth_dev *dev) noexcept
{
	auto *begin = static_cast<std::byte *>(dev->data->dev_private);
	auto *addrs = reinterpret_cast<std::byte *>(dev->data->mac_addrs);
	if (addrs >= begin && addrs < begin + sizeof(Private))
		dev->data->mac_addrs = nullptr;
	private_of<Private>(dev).~Private();
}

// A port while it is being probed: given back, with the driver's object, unless finish() is reached.
template <typename Private> class probe_port {
public:
	// Takes a free ethdev slot under the device's name and constructs Private in its private data. False
	// afterwards if the name is taken, no slot is free, or memory ran out.
	template <typename... Args>
	explicit probe_port(rte_vdev_device *vdev, Args &&...args) noexcept
		: dev_(rte_eth_vdev_allocate(vdev, sizeof(Private)))
	{
		static_assert(alignof(Private) <= RTE_CACHE_LINE_SIZE, "ethdev aligns it to a cache line");
		if (dev_)
			new (dev_->data->dev_private) Private(std::forward<Args>(args)...);
	}
	probe_port(const probe_port &) = delete;
	probe_port &operator=(const probe_port &) = delete;
	~probe_port()
	{
		if (!dev_)
			return;
		destroy_private<Private>(dev_);
		rte_eth_dev_release_port(dev_);
	}

	explicit operator bool() const noexcept { return dev_ != nullptr; }
	rte_eth_dev *get() const noexcept { return dev_; }
	rte_eth_dev *operator->() const noexcept { return dev_; }
	Private &operator*() const noexcept { return private_of<Private>(dev_); }

	// Announces the port: from here on dev_close ends it. RTE_ETH_EVENT_NEW is raised inside this call,
	// in every release while the port is not yet attached, so a listener queries the port later.
	rte_eth_dev *finish() noexcept
	{
		rte_eth_dev_probing_finish(dev_);
		return std::exchange(dev_, nullptr);
	}

private:
	rte_eth_dev *dev_;
};

// ---- link -------------------------------------------------------------------------------------------------

// Reads and replaces the published link as one 64-bit value. rte_eth_linkstatus_set of 22.11 does it through
// pointers of another type, which our optimisation level may reorder; in 24.07 rte_eth_link became a union.
// The builtins take the structure as it is in each.
static_assert(sizeof(rte_eth_link) == sizeof(std::uint64_t));

inline rte_eth_link link_of(const rte_eth_dev *dev) noexcept
{
	rte_eth_link link;
	__atomic_load(&dev->data->dev_link, &link, __ATOMIC_SEQ_CST);
	return link;
}

// Has the driver look at the link now, as rte_eth_link_get_nowait() does: not of a port configured for LSC, whose driver
// writes the link itself. Asked beside its own interrupt handler, virtio-user of 22.11 closes descriptors under EAL's
// interrupt thread. The port must not be released meanwhile.
inline void refresh_link(rte_eth_dev *dev) noexcept
{
	if (dev->data->dev_conf.intr_conf.lsc == 0 && dev->dev_ops->link_update != nullptr)
		dev->dev_ops->link_update(dev, 0);
}

// True if the status (up or down) is another one than before.
inline bool set_link(rte_eth_dev *dev, rte_eth_link link) noexcept
{
	rte_eth_link before;
	__atomic_exchange(&dev->data->dev_link, &link, &before, __ATOMIC_SEQ_CST);
	return before.link_status != link.link_status;
}

// ---- statistics -------------------------------------------------------------------------------------------

struct queue_counters {
	std::uint64_t rx_packets;
	std::uint64_t rx_bytes;
	std::uint64_t rx_errors;
	std::uint64_t tx_packets;
	std::uint64_t tx_bytes;
};

// Where stats_get leaves the counters of queue q. Queues ethdev has no room for, and callers that did not
// ask, are passed over. 25.11 moved the arrays out of rte_eth_stats into an argument that may be null.
class queue_stats {
public:
#if BRAID_DPDK_SINCE(25, 11)
	using arrays = eth_queue_stats;
#else
	using arrays = rte_eth_stats;
#endif
	explicit queue_stats(arrays *to) noexcept : to_(to) {}

	void set(unsigned queue, const queue_counters &counters) noexcept
	{
		if (!to_ || queue >= RTE_ETHDEV_QUEUE_STAT_CNTRS)
			return;
		to_->q_ipackets[queue] = counters.rx_packets;
		to_->q_ibytes[queue] = counters.rx_bytes;
		to_->q_errors[queue] = counters.rx_errors;
		to_->q_opackets[queue] = counters.tx_packets;
		to_->q_obytes[queue] = counters.tx_bytes;
	}

private:
	arrays *to_;
};

// `ops.stats_get = sdk::stats_get<handler>`, where handler is
// int handler(rte_eth_dev *, rte_eth_stats &, sdk::queue_stats &).
#if BRAID_DPDK_SINCE(25, 11)
template <auto Handler>
int stats_get(rte_eth_dev *dev, rte_eth_stats *stats, eth_queue_stats *per_queue) noexcept
{
	queue_stats queues(per_queue);
	return Handler(dev, *stats, queues);
}
#else
template <auto Handler> int stats_get(rte_eth_dev *dev, rte_eth_stats *stats) noexcept
{
	queue_stats queues(stats);
	return Handler(dev, *stats, queues);
}
#endif

// Fills `stats` of any port and calls visit(queue, counters) for each queue it has room for; 0 or a negative
// errno. Since 25.11 rte_eth_stats_get tells about no queue, so the port's driver is asked as ethdev itself
// asks it for the extended statistics.
template <typename Visit> int read_stats(std::uint16_t port, rte_eth_stats &stats, Visit visit) noexcept
{
	stats = {};
#if BRAID_DPDK_SINCE(25, 11)
	if (!rte_eth_dev_is_valid_port(port))
		return -ENODEV;
	rte_eth_dev *const dev = &rte_eth_devices[port];
	if (!dev->dev_ops->stats_get)
		return -ENOTSUP;
	stats.rx_nombuf = dev->data->rx_mbuf_alloc_failed;
	eth_queue_stats per_queue = {};
	const int failed = dev->dev_ops->stats_get(dev, &stats, &per_queue);
#else
	const rte_eth_stats &per_queue = stats;
	const int failed = rte_eth_stats_get(port, &stats);
#endif
	if (failed)
		return failed;
	for (unsigned q = 0; q < RTE_ETHDEV_QUEUE_STAT_CNTRS; q++)
		visit(q, queue_counters{per_queue.q_ipackets[q], per_queue.q_ibytes[q], per_queue.q_errors[q],
		                        per_queue.q_opackets[q], per_queue.q_obytes[q]});
	return 0;
}

// ---- other operations whose prototype changed -------------------------------------------------------------

// `ops.dev_supported_ptypes_get = sdk::supported_ptypes_get<handler>`, where handler is
// std::span<const uint32_t> handler(rte_eth_dev *): either empty, or types that outlive the call and end with
// RTE_PTYPE_UNKNOWN. Up to 23.11 ethdev looks for that end; 24.03 takes a count that leaves it out.
#if BRAID_DPDK_SINCE(24, 3)
template <auto Handler>
const std::uint32_t *supported_ptypes_get(rte_eth_dev *dev, std::size_t *count) noexcept
{
	const std::span<const std::uint32_t> types = Handler(dev);
	*count = types.empty() ? 0 : types.size() - 1;
	return types.empty() ? nullptr : types.data();
}
#else
template <auto Handler> const std::uint32_t *supported_ptypes_get(rte_eth_dev *dev) noexcept
{
	const std::span<const std::uint32_t> types = Handler(dev);
	return types.empty() ? nullptr : types.data();
}
#endif

// `dev->rx_queue_count = sdk::rx_queue_count<handler>`, where handler is int handler(void *queue): a count or
// a negative errno. It returned uint32_t up to 25.07, which ethdev casts back to int.
//
// Since 25.11 ethdev calls the burst-side pointers of a port without a test for null. A port gets harmless
// ones when it is allocated: what the driver does not offer is left alone, never set to null. In 25.11 itself
// a stopped port has null pointers again, so rte_eth_tx_prepare, rte_eth_rx_queue_count and the descriptor
// status calls crash on a member that was stopped.
#if BRAID_DPDK_SINCE(25, 11)
template <auto Handler> int rx_queue_count(void *queue) noexcept { return Handler(queue); }
#else
template <auto Handler> std::uint32_t rx_queue_count(void *queue) noexcept
{
	return static_cast<std::uint32_t>(Handler(queue));
}
#endif

// How many descriptors of a transmit queue of a running port are in use, or -ENOTSUP. Known since 24.03; the inline function
// of ethdev stands behind an "experimental" mark for some releases and does not look for a driver without an answer.
inline int tx_queue_count([[maybe_unused]] std::uint16_t port, [[maybe_unused]] std::uint16_t queue) noexcept
{
#if BRAID_DPDK_SINCE(24, 3)
	const auto &ops = rte_eth_fp_ops[port]; // its type has the same name
	return ops.tx_queue_count != nullptr ? ops.tx_queue_count(ops.txq.data[queue]) : -ENOTSUP;
#else
	return -ENOTSUP;
#endif
}

// Tells ethdev to leave MAC addresses, promiscuity and allmulticast alone after dev_start: the bond replays
// them to its members itself, in the transaction that can still fail. Before 24.11 ethdev repeats them in any
// case, so the operations concerned must accept a value that is already set.
inline void replay_configuration_ourselves([[maybe_unused]] eth_dev_ops &ops) noexcept
{
#if BRAID_DPDK_SINCE(24, 11)
	ops.get_restore_flags = [](rte_eth_dev *, rte_eth_dev_operation) -> std::uint64_t { return 0; };
#endif
}

// ---- capabilities and receive-side scaling ----------------------------------------------------------------

// Largest receive buffer in bytes that is of use; UINT32_MAX if there is no bound. Known since 23.11.
inline std::uint32_t max_rx_bufsize([[maybe_unused]] const rte_eth_dev_info &info) noexcept
{
#if BRAID_DPDK_SINCE(23, 11)
	return info.max_rx_bufsize;
#else
	return UINT32_MAX;
#endif
}

inline void set_max_rx_bufsize([[maybe_unused]] rte_eth_dev_info &info,
                               [[maybe_unused]] std::uint32_t bytes) noexcept
{
#if BRAID_DPDK_SINCE(23, 11)
	info.max_rx_bufsize = bytes;
#endif
}

// Bit n set: hash algorithm n can be chosen. Known since 23.11; bit 0, the device's own choice, is always
// meant.
inline std::uint32_t rss_algorithms([[maybe_unused]] const rte_eth_dev_info &info) noexcept
{
#if BRAID_DPDK_SINCE(23, 11)
	return info.rss_algo_capa;
#else
	return 1;
#endif
}

inline void set_rss_algorithms([[maybe_unused]] rte_eth_dev_info &info,
                               [[maybe_unused]] std::uint32_t mask) noexcept
{
#if BRAID_DPDK_SINCE(23, 11)
	info.rss_algo_capa = mask;
#endif
}

// The key an application gave, empty if none. Up to 23.07 a key without a length was 40 bytes by definition;
// since 23.11 ethdev refuses a length that is not the device's.
inline std::span<const std::uint8_t> rss_key(const rte_eth_rss_conf &conf) noexcept
{
	if (!conf.rss_key)
		return {};
#if !BRAID_DPDK_SINCE(23, 11)
	if (conf.rss_key_len == 0)
		return {conf.rss_key, 40};
#endif
	return {conf.rss_key, conf.rss_key_len};
}

// Puts a key and its length into `conf`, an empty one for the device's own. ethdev only reads it when it
// configures.
inline void set_rss_key(rte_eth_rss_conf &conf, std::span<std::uint8_t> key) noexcept
{
	conf.rss_key = key.empty() ? nullptr : key.data();
	conf.rss_key_len = static_cast<std::uint8_t>(key.size());
}

// ---- control threads --------------------------------------------------------------------------------------

// A thread that DPDK keeps off the cores that carry packets. The owner makes it end, then joins; the
// destructor joins what was not.
class control_thread {
public:
	control_thread() noexcept = default;
	control_thread(control_thread &&other) noexcept
		: id_(other.id_), joinable_(std::exchange(other.joinable_, false))
	{
	}
	control_thread &operator=(control_thread &&other) noexcept
	{
		join();
		id_ = other.id_;
		joinable_ = std::exchange(other.joinable_, false);
		return *this;
	}
	~control_thread() { join(); }

	bool joinable() const noexcept { return joinable_; }

	// Lets the thread go on alone; it ends by itself.
	void detach() noexcept
	{
		if (!std::exchange(joinable_, false))
			return;
#if BRAID_DPDK_SINCE(23, 11)
		rte_thread_detach(id_);
#else
		pthread_detach(id_);
#endif
	}

	void join() noexcept
	{
		if (!std::exchange(joinable_, false))
			return;
#if BRAID_DPDK_SINCE(23, 11)
		rte_thread_join(id_, nullptr);
#else
		pthread_join(id_, nullptr);
#endif
	}

private:
	template <auto Run, typename Owner>
	friend result<control_thread> start_control_thread(const char *name, Owner *owner) noexcept;

#if BRAID_DPDK_SINCE(23, 11)
	rte_thread_t id_ = {};
#else
	pthread_t id_ = {};
#endif
	bool joinable_ = false;
};

// Runs (owner->*Run)() or Run(owner) on a new control thread. Linux shows the first 15 bytes of the name.
// rte_ctrl_thread_create was stable until it left in 23.11; its successor was experimental until then.
template <auto Run, typename Owner>
result<control_thread> start_control_thread(const char *name, Owner *owner) noexcept
{
	control_thread thread;
	char short_name[16];
	std::snprintf(short_name, sizeof short_name, "%.15s", name);
#if BRAID_DPDK_SINCE(23, 11)
	const int failed = rte_thread_create_control(&thread.id_, short_name, [](void *arg) -> std::uint32_t {
		std::invoke(Run, static_cast<Owner *>(arg));
		return 0;
	}, owner);
#else
	const int failed = rte_ctrl_thread_create(&thread.id_, short_name, nullptr, [](void *arg) -> void * {
		std::invoke(Run, static_cast<Owner *>(arg));
		return nullptr;
	}, owner);
#endif
	if (failed)
		return error(failed < 0 ? -failed : failed, "cannot start control thread %s", short_name);
	thread.joinable_ = true;
	return thread;
}

// ---- telemetry --------------------------------------------------------------------------------------------

// 23.03 renamed u64 to uint; the old names left in 25.11.
inline int tel_add_dict_uint(rte_tel_data *dict, const char *name, std::uint64_t value) noexcept
{
#if BRAID_DPDK_SINCE(23, 3)
	return rte_tel_data_add_dict_uint(dict, name, value);
#else
	return rte_tel_data_add_dict_u64(dict, name, value);
#endif
}

} // namespace braid::sdk
