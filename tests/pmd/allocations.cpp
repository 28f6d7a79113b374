/* SPDX-License-Identifier: BSD-3-Clause */
// The driver is a library of its own, so that this program's operators are found before those of the standard library.
#include "allocations.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace braid {
namespace {

std::atomic<const char *> watched{nullptr};
std::atomic<std::uint64_t> counted{0};

void count_if_watched() noexcept
{
	const char *const thread = watched.load(std::memory_order_relaxed);
	if (thread == nullptr)
		return;
	char name[16] = "";
	pthread_getname_np(pthread_self(), name, sizeof name);
	counted += std::strcmp(name, thread) == 0;
}

void *take(std::size_t size, std::size_t alignment) noexcept
{
	count_if_watched();
	const std::size_t whole = alignment == 0 ? size : (size + alignment - 1) / alignment * alignment;
	void *const memory = alignment == 0 ? std::malloc(size) : std::aligned_alloc(alignment, whole);
	if (memory == nullptr)
		std::abort();
	return memory;
}

} // namespace

allocations::allocations(const char *thread) noexcept
{
	counted = 0;
	watched = thread;
}

allocations::~allocations() { watched = nullptr; }

std::uint64_t allocations::count() const noexcept { return counted; }

} // namespace braid

[[gnu::visibility("default")]] void *operator new(std::size_t size) { return braid::take(size, 0); }
[[gnu::visibility("default")]] void *operator new(std::size_t size, std::align_val_t alignment)
{
	return braid::take(size, static_cast<std::size_t>(alignment));
}
[[gnu::visibility("default")]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::visibility("default")]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
[[gnu::visibility("default")]] void operator delete(void *memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::visibility("default")]] void operator delete(void *memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
