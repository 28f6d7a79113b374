/* SPDX-License-Identifier: BSD-3-Clause */
// The life of a fake port: configured, its queues set up, started, stopped and closed; and its link.
#include "fake_ops.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace braid::fake {
namespace {

int configure(rte_eth_dev *dev)
{
	const auto *data = dev->data;
	const op_call call(dev, fake_op::configure, text("rx=%u tx=%u", data->nb_rx_queues, data->nb_tx_queues));
	if (call.refused())
		return call.status();
	const auto &conf = data->dev_conf;
	device &owner = call.owner;
	const std::lock_guard guard(owner.lock);
	auto &hw = owner.hw;
	hw.configured = true;
	hw.rx_queues = data->nb_rx_queues;
	hw.tx_queues = data->nb_tx_queues;
	hw.rx_offloads = conf.rxmode.offloads;
	hw.tx_offloads = conf.txmode.offloads;
	hw.lsc = conf.intr_conf.lsc;
	hw.rmv = conf.intr_conf.rmv;
	hw.mtu = data->mtu;
	for (std::size_t i = 0; i < hw.reta.size(); i++)
		hw.reta[i] = static_cast<std::uint16_t>(hw.rx_queues > 0 ? i % hw.rx_queues : 0);
	const auto &rss = conf.rx_adv_conf.rss_conf;
	hw.rss_hf = (conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG) != 0 ? rss.rss_hf : 0;
	const auto key = sdk::rss_key(rss);
	if (hw.rss_hf != 0 && !key.empty())
		hw.rss_key.assign(key.begin(), key.end());
	owner.fast_free.store((hw.tx_offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0);
	return 0;
}

bool all_set_up(device &owner)
{
	const std::lock_guard guard(owner.lock);
	bool all = true;
	for (unsigned i = 0; i < owner.hw.rx_queues; i++)
		all = all && owner.rx[i]->descriptors.load() != 0;
	for (unsigned i = 0; i < owner.hw.tx_queues; i++)
		all = all && owner.tx[i]->descriptors.load() != 0;
	return all;
}

void mark_queues(rte_eth_dev *dev, std::uint8_t state)
{
	std::fill_n(dev->data->rx_queue_state, dev->data->nb_rx_queues, state);
	std::fill_n(dev->data->tx_queue_state, dev->data->nb_tx_queues, state);
}

int start(rte_eth_dev *dev)
{
	op_call call(dev, fake_op::start);
	if (call.refused())
		return call.status();
	device &owner = call.owner;
	if (!all_set_up(owner)) {
		owner.violate("start without all queues set up");
		return call.refuse(EINVAL);
	}
	{
		const std::lock_guard guard(owner.lock);
		owner.hw.replaying = true;
		if (owner.options.stats_reset_on_start)
			owner.reset_counters();
	}
	mark_queues(dev, RTE_ETH_QUEUE_STATE_STARTED);
	owner.run();
	fake_show_link(owner);
	return 0;
}

int stop(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::stop);
	if (call.refused())
		return call.status();
	device &owner = call.owner;
	owner.halt("stop");
	{
		const std::lock_guard guard(owner.lock);
		owner.hw.replaying = false;
	}
	mark_queues(dev, RTE_ETH_QUEUE_STATE_STOPPED);
	fake_show_link(owner);
	owner.trap_fast_path();
	return 0;
}

// ethdev gives the port away after this, whatever is returned.
int close(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::close);
	device &owner = call.owner;
	owner.presence.store(fake_presence::absent);
	owner.halt("close");
	owner.port.store(RTE_MAX_ETHPORTS);
	return call.status();
}

int link_update(rte_eth_dev *dev, int)
{
	device &owner = of(dev);
	{
		const std::lock_guard guard(owner.lock);
		owner.last_link_query = std::this_thread::get_id();
	}
	const op_call call(dev, fake_op::link_update);
	std::this_thread::sleep_for(std::chrono::milliseconds(owner.link_latency_ms.load()));
	if (call.refused())
		return call.status();
	return sdk::set_link(dev, owner.link()) ? 0 : -1;
}

int is_removed(rte_eth_dev *dev)
{
	const op_call call(dev, fake_op::is_removed);
	return call.owner.gone() || call.owner.presence.load() == fake_presence::leaving ? 1 : 0;
}

int link_up(rte_eth_dev *dev)
{
	return change(dev, fake_op::link_up, {}, [](auto &hw) { hw.administrative_up = true; });
}

int link_down(rte_eth_dev *dev)
{
	return change(dev, fake_op::link_down, {}, [](auto &hw) { hw.administrative_up = false; });
}

int rx_queue_setup(rte_eth_dev *dev, std::uint16_t index, std::uint16_t descriptors, unsigned, const rte_eth_rxconf *,
                   rte_mempool *)
{
	const op_call call(dev, fake_op::rx_queue_setup, text("%u desc=%u", index, descriptors));
	if (call.refused())
		return call.status();
	auto &queue = *call.owner.rx[index];
	call.owner.note_inside(queue, "rx queue setup");
	queue.descriptors.store(descriptors);
	dev->data->rx_queues[index] = &queue;
	return 0;
}

int tx_queue_setup(rte_eth_dev *dev, std::uint16_t index, std::uint16_t descriptors, unsigned, const rte_eth_txconf *)
{
	const op_call call(dev, fake_op::tx_queue_setup, text("%u desc=%u", index, descriptors));
	if (call.refused())
		return call.status();
	auto &queue = *call.owner.tx[index];
	call.owner.note_inside(queue, "tx queue setup");
	queue.descriptors.store(descriptors);
	dev->data->tx_queues[index] = &queue;
	return 0;
}

void rx_queue_release(rte_eth_dev *dev, std::uint16_t index)
{
	const op_call call(dev, fake_op::rx_queue_release);
	call.owner.note_inside(*call.owner.rx[index], "rx queue release");
	call.owner.rx[index]->descriptors.store(0);
}

void tx_queue_release(rte_eth_dev *dev, std::uint16_t index)
{
	const op_call call(dev, fake_op::tx_queue_release);
	call.owner.note_inside(*call.owner.tx[index], "tx queue release");
	call.owner.tx[index]->descriptors.store(0);
}

void rxq_info(rte_eth_dev *dev, std::uint16_t index, rte_eth_rxq_info *info)
{
	const op_call call(dev, fake_op::rxq_info);
	info->nb_desc = call.owner.rx[index]->descriptors.load();
}

void txq_info(rte_eth_dev *dev, std::uint16_t index, rte_eth_txq_info *info)
{
	const op_call call(dev, fake_op::txq_info);
	info->nb_desc = call.owner.tx[index]->descriptors.load();
	info->conf.tx_rs_thresh = call.owner.options.tx_rs_thresh;
}

int tx_done_cleanup(void *opaque, std::uint32_t)
{
	auto &queue = *static_cast<device::tx_queue *>(opaque);
	queue.owner->counts[index_of(fake_op::tx_done_cleanup)]++;
	const std::lock_guard guard(queue.kept_lock);
	queue.collect();
	return static_cast<int>(std::exchange(queue.cleaned, 0));
}

} // namespace

void add_life_ops(op_table &table)
{
	eth_dev_ops &ops = table.ops;
	ops.dev_configure = configure;
	ops.dev_start = start;
	ops.dev_stop = stop;
	ops.dev_close = close;
	ops.rx_queue_setup = rx_queue_setup;
	ops.tx_queue_setup = tx_queue_setup;
	ops.rx_queue_release = rx_queue_release;
	ops.tx_queue_release = tx_queue_release;
	table.add(fake_op::link_up, ops.dev_set_link_up, link_up);
	table.add(fake_op::link_down, ops.dev_set_link_down, link_down);
	table.add(fake_op::link_update, ops.link_update, link_update);
	table.add(fake_op::is_removed, ops.is_removed, is_removed);
	table.add(fake_op::rxq_info, ops.rxq_info_get, rxq_info);
	table.add(fake_op::txq_info, ops.txq_info_get, txq_info);
	table.add(fake_op::tx_done_cleanup, ops.tx_done_cleanup, tx_done_cleanup);
}

} // namespace braid::fake
