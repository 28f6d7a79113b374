/* SPDX-License-Identifier: BSD-3-Clause */
// What happens to a bond, told in order: written down where it happens, under whatever lock is held there; logged and told to
// listeners by the worker, with no lock held.
#include "bond.hpp"

#include "clock.hpp"
#include "log.hpp"

#include <algorithm>

namespace braid {
namespace {

// What listeners that never return may cost in memory.
constexpr std::size_t most_waiting_events = 16384;

} // namespace

// Here and not where it happens: a log that blocks must not hold up a failover.
void bond::log(const event &e) const noexcept
{
	const char *const who = e.after.c_str();
	switch (e.kind) {
	case event_kind::member_added: BRAID_LOG(INFO, "%s: member %s has joined", device_name_, who); break;
	case event_kind::member_removed:
		if (e.reason.empty())
			BRAID_LOG(INFO, "%s: member %s has been removed", device_name_, who);
		else
			BRAID_LOG(WARNING, "%s: member %s has been removed: %s", device_name_, who, e.reason.c_str());
		break;
	case event_kind::member_lost:
		BRAID_LOG(WARNING, "%s: the device of member %s has gone; it joins again when it is back", device_name_, who);
		break;
	case event_kind::member_renamed:
		BRAID_LOG(INFO, "%s: member %s is now %s", device_name_, e.before.c_str(), who);
		break;
	case event_kind::member_usable: BRAID_LOG(NOTICE, "%s: member %s is usable", device_name_, who); break;
	case event_kind::member_unusable:
		BRAID_LOG(NOTICE, "%s: member %s is not usable any more", device_name_, who);
		break;
	case event_kind::active_changed:
		BRAID_LOG(NOTICE, "%s: active member is %s", device_name_, e.after.empty() ? "none" : who);
		break;
	case event_kind::mode_changed: BRAID_LOG(NOTICE, "%s: %s", device_name_, e.reason.c_str()); break;
	case event_kind::link_up: BRAID_LOG(NOTICE, "%s: link up", device_name_); break;
	case event_kind::link_down: BRAID_LOG(NOTICE, "%s: link down", device_name_); break;
	case event_kind::attach_failed:
		BRAID_LOG(ERR, "%s: member %s has appeared and cannot join: %s", device_name_, who, e.reason.c_str());
		break;
	}
}

void bond::tell(event_kind kind, member_id id, std::string reason, const name &before) noexcept
{
	event e{0, kind, id, now_ns(), generation_, id == member_id::none ? name() : names_.of(id), before,
	        std::move(reason)};
	{
		const std::lock_guard inbox(inbox_);
		e.number = next_event_++;
		if (events_.size() >= most_waiting_events)
			events_.pop_front();
		events_.push_back(std::move(e));
	}
	inbox_wakes_.notify_all();
}

void bond::deliver(const event &e) noexcept
{
	std::unique_lock inbox(inbox_);
	const std::vector<listener> told = listeners_;
	for (const listener &l : told) {
		if (stop_working_)
			return; // closed by an earlier one
		const auto now = std::find(listeners_.begin(), listeners_.end(), l);
		if (now == listeners_.end() || e.number < now->first_event)
			continue; // taken back while an earlier one was told, or registered since it happened
		calling_ = &l;
		inbox.unlock();
		if (holds_any_lock())
			BRAID_LOG(CRIT, "lock order: a listener is called with a lock held: please report this");
		l.call(port_, e, l.callback, l.arg);
		inbox.lock();
		calling_ = nullptr;
		call_ended_.notify_all();
	}
}

result<void> bond::add_listener(const listener &l) noexcept
{
	if (result<void> open = still_open(); !open)
		return open;
	const std::lock_guard inbox(inbox_);
	if (std::find(listeners_.begin(), listeners_.end(), l) != listeners_.end())
		return error(EEXIST, "%s: this callback is registered already", device_name_);
	listeners_.push_back(l);
	listeners_.back().first_event = next_event_;
	return {};
}

result<void> bond::remove_listener(const listener &l) noexcept
{
	std::unique_lock inbox(inbox_);
	if (std::erase(listeners_, l) == 0)
		return error(ENOENT, "%s: this callback is not registered", device_name_);
	if (!on_worker_thread())
		call_ended_.wait(inbox, [&] { return calling_ == nullptr || !(*calling_ == l); });
	return {};
}

} // namespace braid
