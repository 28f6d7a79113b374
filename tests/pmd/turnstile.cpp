/* SPDX-License-Identifier: BSD-3-Clause */
// The driver is a library of its own, so that this program's functions are found before those of other libraries.
#include "turnstile.hpp"

#include <rte_ethdev.h>

#include <dlfcn.h>
#include <pthread.h>

#include <cstring>
#include <thread>

namespace braid {
namespace {

std::atomic<turnstile *> present{nullptr};
std::atomic<unsigned> inside{0}; // threads that may be looking at `present`

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

std::atomic<int (*)(pthread_mutex_t *)> lock_mutex{nullptr};
std::atomic<int (*)(std::uint16_t, std::uint64_t)> give_up_port{nullptr};

} // namespace

turnstile::turnstile(const char *thread, unsigned nth) : thread_(thread), left_(nth) { present = this; }

turnstile::~turnstile()
{
	open();
	present = nullptr;
	while (inside != 0)
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

void turnstile::pass() noexcept
{
	if (present.load(std::memory_order_relaxed) == nullptr)
		return;
	inside++;
	if (turnstile *const here = present; here != nullptr && here->left_ != 0 && here->is_for_this_thread())
		if (--here->left_ == 0)
			here->stop_here();
	inside--;
}

} // namespace braid

extern "C" [[gnu::visibility("default")]] int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept
{
	const auto lock = braid::next(braid::lock_mutex, "pthread_mutex_lock");
	braid::turnstile::pass();
	return lock(mutex);
}

extern "C" [[gnu::visibility("default")]] int rte_eth_dev_owner_unset(std::uint16_t port, std::uint64_t owner)
{
	const auto unset = braid::next(braid::give_up_port, "rte_eth_dev_owner_unset");
	braid::turnstile::pass();
	return unset(port, owner);
}
