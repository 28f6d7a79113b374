/* SPDX-License-Identifier: BSD-3-Clause */
// Counts what one thread takes from the heap with operator new, the driver's threads included.
#pragma once

#include <cstdint>

namespace braid {

// One at a time, from its construction to its destruction.
class allocations {
public:
	// By the thread's name, as the system shows it: "braid-watch".
	explicit allocations(const char *thread) noexcept;
	~allocations();
	allocations(const allocations &) = delete;
	allocations &operator=(const allocations &) = delete;

	std::uint64_t count() const noexcept;
};

} // namespace braid
