/* SPDX-License-Identifier: BSD-3-Clause */
// The driver is a library of its own, so this program's pthread_mutex_lock() is found before the system's.
#include "turnstile.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <cstring>
#include <thread>

namespace braid {
namespace {

std::atomic<turnstile *> present{nullptr};
std::atomic<unsigned> inside{0}; // threads that may be looking at `present`

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

extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept
{
	using lock_function = int (*)(pthread_mutex_t *);
	static std::atomic<lock_function> system{nullptr};
	lock_function lock = system.load(std::memory_order_relaxed);
	if (lock == nullptr) {
		lock = reinterpret_cast<lock_function>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
		system.store(lock, std::memory_order_relaxed);
	}
	braid::turnstile::pass();
	return lock(mutex);
}
