/* SPDX-License-Identifier: BSD-3-Clause */
#include "churner.hpp"

#include <braid.h>

#include <thread>

namespace braid::bench {

churner::churner(const bench_case &what, subject &bond)
	: what_(what), port_(bond.port()), member_(bond.members().back()), thread_([this] { step(); })
{}

void churner::run()
{
	next_ = std::chrono::steady_clock::now();
	since_ = next_;
	thread_.run();
}

void churner::rest()
{
	thread_.rest();
	running_ += std::chrono::steady_clock::now() - since_;
	if (changed_)
		change();
}

double churner::per_s() const { return static_cast<double>(count_) / std::chrono::duration<double>(running_).count(); }

void churner::step()
{
	std::this_thread::sleep_until(next_);
	next_ += std::chrono::nanoseconds(1'000'000'000 / what_.changes_per_s);
	change();
	count_++;
}

void churner::change()
{
	switch (what_.change) {
	case churn::none:
		break;
	case churn::membership:
		failed_ |= move_member() != 0;
		break;
	case churn::links:
		member_.set_link(changed_);
		break;
	case churn::mode:
		failed_ |= switch_mode() != 0;
		break;
	}
	changed_ = !changed_;
}

int churner::switch_mode()
{
	const auto own = static_cast<braid_mode>(what_.mode);
	const auto other = own == BRAID_MODE_ROUND_ROBIN ? BRAID_MODE_BALANCE : BRAID_MODE_ROUND_ROBIN;
	return braid_mode_set(port_, changed_ ? own : other);
}

int churner::move_member()
{
	if (changed_)
		return braid_member_add(port_, member_.name().c_str(), nullptr, nullptr);
	std::uint32_t id = BRAID_NO_MEMBER;
	const int missing = braid_member_find(port_, member_.name().c_str(), &id);
	return missing != 0 ? missing : braid_member_remove(port_, id);
}

} // namespace braid::bench
