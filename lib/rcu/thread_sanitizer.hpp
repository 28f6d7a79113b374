/* SPDX-License-Identifier: BSD-3-Clause */
// What ThreadSanitizer cannot see: a grace period puts everything in earlier read sections before whatever comes after it,
// and call_rcu hands an object to another thread, but liburcu is not instrumented and the former is membarrier(2)'s work.
// Unsaid, each reuse of memory that bursts have read would be reported as a race. Nothing at all in other builds.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define BRAID_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BRAID_THREAD_SANITIZER 1
#endif
#endif

#ifdef BRAID_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace braid::rcu {

#ifdef BRAID_THREAD_SANITIZER
// Addresses that stand for "all read sections" and "all that was destroyed".
inline char sections, destroyed;

inline void note_section_ends() noexcept { __tsan_release(&sections); }
inline void note_grace_period_over() noexcept { __tsan_acquire(&sections); }
inline void note_retired(void *object) noexcept { __tsan_release(object); }
inline void note_taken(void *object) noexcept { __tsan_acquire(object); }
inline void note_destroyed() noexcept { __tsan_release(&destroyed); }
inline void note_all_destroyed() noexcept { __tsan_acquire(&destroyed); }
#else
inline void note_section_ends() noexcept {}
inline void note_grace_period_over() noexcept {}
inline void note_retired(void *) noexcept {}
inline void note_taken(void *) noexcept {}
inline void note_destroyed() noexcept {}
inline void note_all_destroyed() noexcept {}
#endif

} // namespace braid::rcu
