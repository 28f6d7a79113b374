/* SPDX-License-Identifier: BSD-3-Clause */
#include "rename_guards.hpp"

#include "claimed_port.hpp"
#include "log.hpp"
#include "names/quoted.hpp"

#include <algorithm>
#include <cerrno>

namespace braid {
namespace {

// A guard that renames has its guards asked, which may rename. Deeper than this somebody chases his own tail.
constexpr unsigned deepest = 8;

// The renamings that this thread is inside of, the innermost first.
thread_local rename_guards::proposal *innermost = nullptr;

// The errno of a refusal. What is no errno is EPERM.
int errno_of(int answer) noexcept { return answer < 0 && answer > -4096 ? -answer : EPERM; }

} // namespace

struct rename_guards::entry {
	rename_guard guard;
	unsigned running = 0; // on how many threads
	bool removed = false;
};

rename_guards::rename_guards() noexcept = default;
rename_guards::~rename_guards() = default;

result<void> rename_guards::add(const rename_guard &g) noexcept
{
	const std::lock_guard guard(lock_);
	if (std::any_of(entries_.begin(), entries_.end(), [&g](const auto &each) { return each->guard == g; }))
		return error(EEXIST, "this rename guard is registered already");
	entries_.push_back(std::make_shared<entry>(entry{g}));
	count_ = entries_.size();
	return {};
}

// Waits also for one that has been taken back before, by itself or by somebody else, and still runs.
result<void> rename_guards::remove(const rename_guard &g) noexcept
{
	std::unique_lock guard(lock_);
	const auto is_it = [&g](const auto &each) { return each->guard == g; };
	std::erase_if(leaving_, [](const auto &each) { return each->running == 0; });
	const auto found = std::find_if(entries_.begin(), entries_.end(), is_it);
	const bool registered = found != entries_.end();
	if (registered) {
		(*found)->removed = true;
		leaving_.push_back(*found);
		entries_.erase(found);
		count_ = entries_.size();
	}
	bool own = false;
	for (const proposal *p = innermost; p != nullptr; p = p->outer_)
		own |= p->calling_ != nullptr && p->calling_->guard == g;
	if (!own)
		changed_.wait(guard, [&] {
			return std::none_of(leaving_.begin(), leaving_.end(),
			                    [&](const auto &each) { return is_it(each) && each->running != 0; });
		});
	if (!registered)
		return error(ENOENT, "this rename guard is not registered");
	return {};
}

bool rename_guards::is_closed() const noexcept
{
	const std::lock_guard guard(lock_);
	return closed_;
}

// Who has planned a renaming may come to propose it at any time later, when what guards use has been given up. They stay in the
// list: whoever takes one back still waits for it to end.
void rename_guards::close() noexcept
{
	unsigned own = 0;
	for (const proposal *p = innermost; p != nullptr; p = p->outer_)
		own += &p->guards_ == this;
	std::unique_lock guard(lock_);
	changed_.wait(guard, [&] { return proposals_ == own; });
	closed_ = true;
}

bool rename_guards::running_here() const noexcept
{
	for (const proposal *p = innermost; p != nullptr; p = p->outer_)
		if (&p->guards_ == this)
			return true;
	return false;
}

bool rename_guards::any_running_here() noexcept { return innermost != nullptr; }

rename_guards::proposal::proposal(rename_guards &guards, std::uint16_t bond_port,
                                  std::span<const rename_outcome> what) noexcept
	: guards_(guards), bond_port_(bond_port), what_(what), outer_(innermost),
	  depth_(outer_ != nullptr ? outer_->depth_ + 1 : 1)
{
	innermost = this;
	const std::lock_guard guard(guards_.lock_);
	guards_.proposals_++;
	if (!guards_.closed_)
		asked_ = guards_.entries_;
}

rename_guards::proposal::~proposal()
{
	innermost = outer_;
	{
		const std::lock_guard guard(guards_.lock_);
		guards_.proposals_--;
	}
	guards_.changed_.notify_all();
}

// False if the guard has been taken back since the renaming began.
bool rename_guards::proposal::call(entry &guard, rename_phase phase, int &answer) noexcept
{
	{
		const std::lock_guard lock(guards_.lock_);
		if (guard.removed)
			return false;
		guard.running++;
	}
	if (holds_any_lock())
		BRAID_LOG(CRIT, "lock order: a rename guard is called with a lock held: please report this");
	calling_ = &guard;
	answer = guard.guard.call(bond_port_, phase, what_, guard.guard.callback, guard.guard.arg);
	calling_ = nullptr;
	{
		const std::lock_guard lock(guards_.lock_);
		guard.running--;
	}
	guards_.changed_.notify_all();
	return true;
}

result<void> rename_guards::proposal::ask() noexcept
{
	if (depth_ > deepest)
		return error(ELOOP, "rename guards that rename are nested more than %u deep", deepest);
	for (const std::shared_ptr<entry> &guard : asked_) {
		if (guards_.is_closed()) // by the guard before this one
			return error(ENODEV, "the bond's port was closed while rename guards were asked");
		int answer = 0;
		if (!call(*guard, rename_phase::proposed, answer))
			continue;
		if (answer != 0) {
			const rename_outcome &first = what_[0];
			const int why = errno_of(answer);
			return error(why, "a rename guard refuses that %s becomes %s%s: %s",
			             quoted(first.before.view()).c_str(), quoted(first.after.view()).c_str(),
			             what_.size() > 1 ? " and what goes with it" : "", describe(-why));
		}
		agreed_.push_back(guard);
	}
	return {};
}

void rename_guards::proposal::revert() noexcept
{
	for (; !agreed_.empty(); agreed_.pop_back()) {
		int ignored = 0;
		call(*agreed_.back(), rename_phase::reverted, ignored);
	}
}

} // namespace braid
