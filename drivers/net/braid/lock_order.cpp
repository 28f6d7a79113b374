/* SPDX-License-Identifier: BSD-3-Clause */
#include "lock_order.hpp"

#include "log.hpp"

#include <array>
#include <atomic>
#include <bit>

namespace braid {
namespace {

// One bit for each place of which this thread holds a lock. A try_lock may take a second one of a place that is held; then
// the bit goes with the first that is given back, which misses a mistake and never invents one.
constinit thread_local std::uint32_t held = 0;

constexpr std::uint32_t bit_of(lock_place p) noexcept { return 1u << static_cast<unsigned>(p); }

// By the place wanted and the innermost place held.
std::array<std::array<std::atomic<bool>, lock_place_count>, lock_place_count> reported;

void report(lock_place wanted) noexcept
{
	const auto innermost = static_cast<unsigned>(std::bit_width(held) - 1);
	if (!reported[static_cast<unsigned>(wanted)][innermost].exchange(true, std::memory_order_relaxed))
		BRAID_LOG(CRIT, "lock order: the lock of %s is taken while that of %s is held: please report this",
		          to_string(wanted), to_string(static_cast<lock_place>(innermost)));
}

} // namespace

const char *to_string(lock_place p) noexcept
{
	switch (p) {
	case lock_place::configuration: return "configuration";
	case lock_place::addresses: return "addresses";
	case lock_place::device: return "a member's device";
	case lock_place::state: return "state";
	case lock_place::inbox: return "inbox";
	case lock_place::bonds: return "the list of bonds";
	case lock_place::ports: return "ports";
	case lock_place::book: return "the address book";
	}
	return "?";
}

void check_lock_order(lock_place wanted) noexcept
{
	if (held >= bit_of(wanted)) [[unlikely]]
		report(wanted);
}

void note_locked(lock_place taken) noexcept { held |= bit_of(taken); }
void note_unlocked(lock_place given_back) noexcept { held &= ~bit_of(given_back); }
bool holds_any_lock() noexcept { return held != 0; }

} // namespace braid
