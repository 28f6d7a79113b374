/* SPDX-License-Identifier: BSD-3-Clause */
// Bounds that several layers share. Each is a power of two and small enough for an array.
#pragma once

#include <cstddef>
#include <cstdint>

namespace braid {

// Members of one bond. A set of members fits one 64-bit mask; DPDK as packaged has 32 ports in all.
inline constexpr unsigned max_members = 64;

// Packets a burst function handles at a time; a longer burst is cut into batches of this size.
inline constexpr unsigned batch_size = 64;

// Slots of the hash table of mode balance.
inline constexpr unsigned bucket_count = 4096;

// Longest name of a member in bytes, without the terminating NUL.
inline constexpr std::size_t max_name_length = 63;

} // namespace braid
