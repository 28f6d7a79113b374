/* SPDX-License-Identifier: BSD-3-Clause */
// Those who are asked before a member is renamed, and may refuse.
//
//   proposal p(guards, port, outcomes)     no lock held from here to the end
//   p.ask()      each guard in the order of registration: "proposed"; the first refusal ends it
//   p.revert()   the guards that had agreed, the last one first: "reverted"
//
// A guard runs on the renaming thread and may do what an operator may: rename, register, take itself back, even close the
// bond. What it has changed meanwhile is found out when the renaming is carried out.
#pragma once

#include "base/result.hpp"
#include "lock_order.hpp"
#include "names/book.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace braid {

// Numbered as enum braid_rename_phase.
enum class rename_phase : std::uint8_t { proposed, reverted };

// 0 agrees; a negative errno refuses. Of `reverted` the answer is not looked at.
using rename_guard_function = int (*)(std::uint16_t bond_port, rename_phase phase, std::span<const rename_outcome> what,
                                      void *callback, void *arg);

struct rename_guard {
	rename_guard_function call;
	void *callback;
	void *arg;

	bool operator==(const rename_guard &other) const noexcept = default;
};

class rename_guards {
	struct entry;

public:
	rename_guards() noexcept;
	~rename_guards();

	result<void> add(const rename_guard &g) noexcept;

	// On return the guard does not run and will not be called again, unless this thread is inside it.
	result<void> remove(const rename_guard &g) noexcept;

	bool any() const noexcept { return count_.load(std::memory_order_relaxed) != 0; }

	// Waits until no renaming asks anybody, other than those that this thread is inside of. One that comes later asks nobody.
	void close() noexcept;

	// Whether this thread is inside a guard of this bond; of any bond.
	bool running_here() const noexcept;
	static bool any_running_here() noexcept;
	bool is_closed() const noexcept;

	// One renaming that asks. Lives on the stack of the renaming thread.
	class proposal {
	public:
		proposal(rename_guards &guards, std::uint16_t bond_port, std::span<const rename_outcome> what) noexcept;
		~proposal();
		proposal(const proposal &) = delete;
		proposal &operator=(const proposal &) = delete;

		result<void> ask() noexcept;
		void revert() noexcept;

	private:
		friend class rename_guards;
		bool call(entry &guard, rename_phase phase, int &answer) noexcept;

		rename_guards &guards_;
		const std::uint16_t bond_port_;
		const std::span<const rename_outcome> what_;
		std::vector<std::shared_ptr<entry>> asked_;  // who was there when it began
		std::vector<std::shared_ptr<entry>> agreed_; // those who have been told and did not refuse
		const entry *calling_ = nullptr;
		proposal *const outer_; // of this thread: a guard of it began this one
		const unsigned depth_;
	};

private:
	// Innermost, and nothing is called with it held.
	mutable ordered_mutex<lock_place::inbox> lock_;
	std::condition_variable_any changed_;
	std::vector<std::shared_ptr<entry>> entries_; // in the order of registration
	std::vector<std::shared_ptr<entry>> leaving_; // taken back, of which some may still run
	std::atomic<std::size_t> count_{0};           // of them, for any()
	unsigned proposals_ = 0;
	bool closed_ = false;
};

} // namespace braid
