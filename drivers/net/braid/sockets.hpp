/* SPDX-License-Identifier: BSD-3-Clause */
// The sockets (NUMA nodes) that a bond can be on.
#pragma once

#include "base/result.hpp"

#include <span>
#include <vector>

namespace braid {

// As EAL counts them, whether it has memory there or not.
std::vector<int> sockets_of_this_machine() noexcept;

// EINVAL if it is none of `there`; SOCKET_ID_ANY is one of every machine's.
result<void> is_a_socket_of(std::span<const int> there, int socket) noexcept;

} // namespace braid
