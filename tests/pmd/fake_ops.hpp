/* SPDX-License-Identifier: BSD-3-Clause */
// What the device ops of a fake port share: the way from the ethdev port to the device, the frame of every op, and the table
// that each of the files of ops puts its own into. With fake_driver.cpp and those files the only part of the fake that knows the
// driver side of DPDK, through the same header as the product, which absorbs the differences between releases.
#pragma once

#include "fake_device.hpp"

#include "sdk.hpp"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace braid::fake {

using device = fake_port::device;

// Only this pointer lives in dev_private, which ethdev frees; and the ops, since each port may lack others.
struct private_data {
	device *owner;
	eth_dev_ops ops;
};

inline device &of(const rte_eth_dev *dev) { return *static_cast<private_data *>(dev->data->dev_private)->owner; }

// An op from its first line to its return.
class op_call {
public:
	op_call(const rte_eth_dev *dev, fake_op op, std::string args = {})
		: owner(of(dev)), op_(op), how_(owner.enter(op, std::move(args)))
	{}
	~op_call() { owner.leave(op_, how_); }
	op_call(const op_call &) = delete;
	op_call &operator=(const op_call &) = delete;

	bool refused() const { return how_.status != 0 && !how_.carried_out; }
	int status() const { return how_.status; }
	int refuse(int error)
	{
		how_.status = -error;
		return how_.status;
	}

	device &owner;

private:
	fake_op op_;
	device::entry how_;
};

template <typename... Args> std::string text(const char *format, Args... args)
{
	char buffer[96];
	std::snprintf(buffer, sizeof buffer, format, args...);
	return buffer;
}

inline std::string text(const rte_ether_addr &a)
{
	const auto *b = a.addr_bytes;
	return text("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

// For an op that only changes what the hardware holds: the frame, and the change under the lock.
template <typename Change> int change(rte_eth_dev *dev, fake_op op, std::string args, Change apply)
{
	const op_call call(dev, op, std::move(args));
	if (call.refused())
		return call.status();
	const std::lock_guard guard(call.owner.lock);
	apply(call.owner.hw);
	return call.status();
}

// Filled one by one, since the order of the fields differs between releases.
class op_table {
public:
	op_table(eth_dev_ops &table, const std::vector<fake_op> &absent) : ops(table), absent_(absent) {}

	// Unless the port is to lack it.
	template <typename Slot, typename Function> void add(fake_op op, Slot &slot, Function function)
	{
		const bool lacks = std::find(absent_.begin(), absent_.end(), op) != absent_.end();
		lacking_ += lacks;
		slot = lacks ? nullptr : function;
	}
	std::size_t lacking() const { return lacking_; }

	eth_dev_ops &ops; // for those that every driver has

private:
	const std::vector<fake_op> &absent_;
	std::size_t lacking_ = 0;
};

void add_life_ops(op_table &table);
void add_settings_ops(op_table &table);
void add_report_ops(op_table &table);

} // namespace braid::fake
