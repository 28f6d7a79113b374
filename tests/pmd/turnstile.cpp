/* SPDX-License-Identifier: BSD-3-Clause */
// The driver is a library of its own, so that this program's functions are found before those of other libraries.
#include "turnstile.hpp"

#include <rte_ethdev.h>

#include <dlfcn.h>
#include <pthread.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace braid {
namespace {

struct place {
	std::atomic<turnstile *> present{nullptr};
	std::atomic<unsigned> inside{0}; // threads that may be looking at it
};
std::array<place, 2> places;

thread_local unsigned held = 0; // mutexes, by this thread

// The function that would be called without this program's.
template <typename Function> Function *next(std::atomic<Function *> &known, const char *name) noexcept
{
	Function *found = known.load(std::memory_order_relaxed);
	if (found == nullptr) {
		found = reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
		known.store(found, std::memory_order_relaxed);
	}
	return found;
}

std::atomic<int (*)(pthread_mutex_t *)> lock_mutex{nullptr}, try_mutex{nullptr}, unlock_mutex{nullptr};
std::atomic<int (*)(std::uint16_t, std::uint64_t)> give_up_port{nullptr};

} // namespace

turnstile::turnstile(const char *thread, unsigned nth) : thread_(thread), for_empty_hands_(false), left_(nth) { stand_up(); }

turnstile::turnstile(const char *thread, mutex) : thread_(thread), for_empty_hands_(true), left_(1) { stand_up(); }

void turnstile::stand_up() noexcept
{
	for (place &free : places)
		if (turnstile *nobody = nullptr; free.present.compare_exchange_strong(nobody, this))
			return;
	std::abort();
}

turnstile::~turnstile()
{
	open();
	for (place &own : places)
		if (turnstile *self = this; own.present.compare_exchange_strong(self, nullptr))
			while (own.inside != 0)
				std::this_thread::yield();
}

void turnstile::open()
{
	open_ = true;
	open_.notify_all();
}

bool turnstile::is_for_this_thread() const noexcept
{
	char name[16] = "";
	pthread_getname_np(pthread_self(), name, sizeof name);
	return std::strcmp(name, thread_) == 0;
}

void turnstile::stop_here() noexcept
{
	occupied_ = true;
	open_.wait(false);
	passed_ = true;
	occupied_ = false;
}

void turnstile::meet(unsigned held) noexcept
{
	if (left_ != 0 && !(for_empty_hands_ && held != 0) && is_for_this_thread() && --left_ == 0)
		stop_here();
}

void turnstile::pass(unsigned held) noexcept
{
	for (place &each : places) {
		if (each.present.load(std::memory_order_relaxed) == nullptr)
			continue;
		each.inside++;
		if (turnstile *const here = each.present; here != nullptr)
			here->meet(held);
		each.inside--;
	}
}

} // namespace braid

extern "C" [[gnu::visibility("default")]] int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept
{
	const auto lock = braid::next(braid::lock_mutex, "pthread_mutex_lock");
	braid::turnstile::pass(braid::held);
	const int failed = lock(mutex);
	braid::held += failed == 0;
	return failed;
}

extern "C" [[gnu::visibility("default")]] int pthread_mutex_trylock(pthread_mutex_t *mutex) noexcept
{
	const int failed = braid::next(braid::try_mutex, "pthread_mutex_trylock")(mutex);
	braid::held += failed == 0;
	return failed;
}

extern "C" [[gnu::visibility("default")]] int pthread_mutex_unlock(pthread_mutex_t *mutex) noexcept
{
	braid::held--;
	return braid::next(braid::unlock_mutex, "pthread_mutex_unlock")(mutex);
}

extern "C" [[gnu::visibility("default")]] int rte_eth_dev_owner_unset(std::uint16_t port, std::uint64_t owner)
{
	const auto unset = braid::next(braid::give_up_port, "rte_eth_dev_owner_unset");
	braid::turnstile::pass(braid::held);
	return unset(port, owner);
}
