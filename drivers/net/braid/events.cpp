/* SPDX-License-Identifier: BSD-3-Clause */
// What happens to a bond, told in order: written down where it happens, under whatever lock is held there; logged and told to
// listeners by the teller, with no lock held.
#include "bond.hpp"

#include "clock.hpp"
#include "log.hpp"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <string>
#include <utility>

namespace braid {
namespace {

// For readers who come late.
constexpr std::size_t kept_events = 1024;

// What listeners that never return may cost in memory: 16384 events of some 300 bytes.
constexpr std::size_t most_waiting_events = 16384;

// From here on operators wait until listeners have caught up with half of it, at most this long for each call.
constexpr std::size_t far_behind = most_waiting_events / 2;
constexpr time_ms patience_ms = 1000;

// Events are copied under the lock that a failover takes to write its own: so many at a time.
constexpr std::size_t copied_at_once = 32;

// Events that this thread has written down, of whatever bond.
constinit thread_local std::uint64_t told_here = 0;

// What is told has room wherever it is read (BRAID_REASON_SIZE).
std::string fitting(std::string reason) noexcept
{
	if (reason.size() < error::text_size)
		return reason;
	reason.resize(error::text_size - 1);
	show_the_cut(reason.data(), error::text_size);
	return reason.c_str();
}

} // namespace

// Here and not where it happens: a log that blocks must not hold up a failover.
void bond::log(const event &e) noexcept
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
	case event_kind::member_renamed: log_rename(e); break;
	case event_kind::member_usable: BRAID_LOG(NOTICE, "%s: member %s is usable", device_name_, who); break;
	case event_kind::member_unusable:
		BRAID_LOG(NOTICE, "%s: member %s is not usable any more: %s", device_name_, who, e.reason.c_str());
		break;
	case event_kind::active_changed:
		BRAID_LOG(NOTICE, "%s: active member is %s", device_name_, e.after.empty() ? "none" : who);
		break;
	case event_kind::mode_changed: BRAID_LOG(NOTICE, "%s: %s", device_name_, e.reason.c_str()); break;
	case event_kind::link_up: BRAID_LOG(NOTICE, "%s: link up", device_name_); break;
	case event_kind::link_down: BRAID_LOG(NOTICE, "%s: link down", device_name_); break;
	case event_kind::mac_changed: BRAID_LOG(NOTICE, "%s: %s", device_name_, e.reason.c_str()); break;
	case event_kind::mac_failed: BRAID_LOG(ERR, "%s: member %s: %s", device_name_, who, e.reason.c_str()); break;
	case event_kind::attach_failed:
		if (e.id == member_id::none)
			BRAID_LOG(ERR, "%s: port %s", device_name_, e.reason.c_str());
		else
			BRAID_LOG(ERR, "%s: member %s has appeared and cannot join: %s", device_name_, who, e.reason.c_str());
		break;
	case event_kind::option_changed:
		if (e.id == member_id::none)
			BRAID_LOG(INFO, "%s: %s", device_name_, e.reason.c_str());
		else
			BRAID_LOG(INFO, "%s: member %s: %s", device_name_, who, e.reason.c_str());
		break;
	case event_kind::member_wanted:
		BRAID_LOG(INFO, "%s: member %s is wanted and joins when its device appears: %s", device_name_, who, e.reason.c_str());
		break;
	case event_kind::events_lost: BRAID_LOG(WARNING, "%s: %s", device_name_, e.reason.c_str()); break;
	}
}

void bond::log_rename(const event &e) noexcept
{
	if (rte_log_can_log(static_cast<std::uint32_t>(log_type), RTE_LOG_INFO) && rename_log_.admits(now_ms()))
		BRAID_LOG(INFO, "%s: member %s is now %s", device_name_, e.before.c_str(), e.after.c_str());
}

void bond::log_other_renames() noexcept
{
	BRAID_LOG(INFO, "%s: and %" PRIu64 " more renames", device_name_, rename_log_.take(now_ms()));
}

std::uint64_t bond::told_by_this_thread() noexcept { return told_here; }

// Written down, in the order in which it happened. What listeners have not been told stays, and the last ones besides.
void bond::tell(event_kind kind, member_id id, std::string reason, const name &before) noexcept
{
	told_here++;
	event e{0, kind, id, now_ns(), generation_, id == member_id::none ? name() : names_.of(id), before,
	        fitting(std::move(reason))};
	{
		const std::lock_guard inbox(inbox_);
		e.number = next_event_++;
		events_.push_back(std::move(e));
		if (backlog() > most_waiting_events) {
			next_to_tell_++;
			lost_to_tell_++;
			events_lost_++;
		}
		forget_old_events();
	}
	tell_wakes_.notify_all();
}

// With inbox_ held.
void bond::forget_old_events() noexcept
{
	while (events_.size() > kept_events && events_.front().number < next_to_tell_)
		events_.pop_front();
}

// The application hears of it as RTE_ETH_EVENT_INTR_LSC of the bond; several at once are one. To be followed by tell(), which
// wakes the teller.
void bond::announce_link() noexcept
{
	const std::lock_guard inbox(inbox_);
	link_event_due_ = true;
}

// The teller's: the next event, and before it how many had to be dropped.
void bond::tell_listeners(inbox_lock &inbox) noexcept
{
	const event e = events_[events_.size() - backlog()];
	const std::uint64_t lost = std::exchange(lost_to_tell_, 0);
	next_to_tell_++;
	told_++;
	forget_old_events();
	const bool near = backlog() <= far_behind / 2;
	inbox.unlock();
	if (near)
		caught_up_.notify_all();
	if (lost != 0) {
		const event gap{e.number - 1, event_kind::events_lost, member_id::none, e.time_ns, e.generation, {}, {},
		                std::to_string(lost) + " events were dropped: listeners are too slow for them"};
		log(gap);
		deliver(gap);
	}
	log(e);
	deliver(e);
	inbox.lock();
}

// For operators' calls: what they do in a loop must not outrun the listeners. Waits for none who does not move, and never inside
// what listeners or the renaming itself wait for, nor in a callback of ethdev that is called inside an operation of a bond.
void bond::let_listeners_catch_up() noexcept
{
	if (holds_any_lock() || on_own_thread() || rename_guards::any_running_here())
		return;
	inbox_lock inbox(inbox_);
	if (backlog() < far_behind || told_ == stuck_at_)
		return;
	const std::uint64_t before = told_;
	const bool near = caught_up_.wait_for(inbox, std::chrono::milliseconds(patience_ms),
	                                      [this] { return backlog() <= far_behind / 2 || stop_working_; });
	if (!near && told_ == before)
		stuck_at_ = before;
}

result<event_page> bond::read_events(std::uint64_t from, std::size_t most) noexcept
{
	event_page page;
	page.next = from;
	for (bool first = true;; first = false) {
		const std::lock_guard inbox(inbox_);
		const std::uint64_t oldest = next_event_ - events_.size();
		if (from == UINT64_MAX)
			page.next = from = next_event_;
		if (from > next_event_)
			return error(EINVAL, "event %" PRIu64 " is yet to happen: the next one is %" PRIu64, from, next_event_);
		if (page.next < oldest) {
			if (!first)
				break; // overwritten while we were copying: the next call tells
			page.missed = oldest - page.next;
			page.next = oldest;
		}
		const std::size_t n = std::min({copied_at_once, most - page.events.size(),
		                                static_cast<std::size_t>(next_event_ - page.next)});
		const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(page.next - oldest);
		page.events.insert(page.events.end(), begin, begin + static_cast<std::ptrdiff_t>(n));
		page.next += n;
		page.left = next_event_ - page.next;
		if (n < copied_at_once)
			break;
	}
	return page;
}

result<void> bond::set_lsc_on_failover(bool on) noexcept
{
	const pacing pace(*this);
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	if (std::exchange(lsc_on_failover_, on) != on)
		tell(new_value("lsc_on_failover", on));
	return {};
}

bool bond::on_teller_thread() const noexcept { return pthread_equal(teller_id_.load(), pthread_self()) != 0; }

bool bond::on_own_thread() const noexcept
{
	return on_teller_thread() || pthread_equal(worker_id_.load(), pthread_self()) != 0;
}

// The thread that tells. It is one of its own because the worker may be busy for seconds with a device that it attaches, while an
// application waits to hear that its link is down.
void bond::talk() noexcept
{
	const auto alive = shared_from_this(); // until this returns, also if a callback closes the bond
	teller_id_ = pthread_self();
	inbox_lock inbox(inbox_);
	while (!stop_working_) {
		if (now_ms() >= rename_log_.due()) {
			inbox.unlock();
			log_other_renames();
			inbox.lock();
		} else if (link_event_due_) {
			// Before the events, which may never come to an end: a listener may make the next one.
			link_event_due_ = false;
			inbox.unlock();
			rte_eth_dev_callback_process(&rte_eth_devices[port_], RTE_ETH_EVENT_INTR_LSC, nullptr);
			inbox.lock();
		} else if (backlog() != 0) {
			tell_listeners(inbox);
		} else if (const time_ms wake = rename_log_.due(); wake != never) {
			tell_wakes_.wait_until(inbox, to_time_point(wake));
		} else {
			tell_wakes_.wait(inbox);
		}
	}
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

// Also while the bond is being closed, and waits then too: whoever asks may free what the listener uses.
result<void> bond::remove_listener(const listener &l) noexcept
{
	std::unique_lock inbox(inbox_);
	const bool registered = std::erase(listeners_, l) != 0;
	// Also of one that is not registered any more: it may have taken itself back and still run.
	if (!on_teller_thread())
		call_ended_.wait(inbox, [&] { return calling_ == nullptr || !(*calling_ == l); });
	if (!registered)
		return error(ENOENT, "%s: this callback is not registered", device_name_);
	return {};
}

} // namespace braid
