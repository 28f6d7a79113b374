/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/borders.hpp"

#include "policy/snapshot.hpp"

#include <cstring>

namespace braid {

borders find_borders(std::span<const std::uint8_t, bucket_count> table, unsigned members) noexcept
{
	if (members != 2)
		return {};
	constexpr std::uint8_t first = bucket_entry(0, 2), second = bucket_entry(1, 2);
	constexpr unsigned half = bucket_count / 2;
	constexpr std::uint32_t hashes_of_bucket = UINT32_MAX / bucket_count + 1;
	std::uint8_t holder = table[half];
	borders found;
	found.second_comes_first = holder == second;
	// The upper half of the hashes are negative as signed numbers.
	for (const unsigned from : {half, 0u}) {
		const std::uint8_t *at = table.data() + from;
		const std::uint8_t *const end = at + half;
		for (;;) {
			const std::uint8_t other = holder == first ? second : first;
			const void *const border = std::memchr(at, other, static_cast<std::size_t>(end - at));
			if (border == nullptr)
				break;
			if (found.count == borders::most)
				return {};
			at = static_cast<const std::uint8_t *>(border);
			const auto bucket = static_cast<std::uint32_t>(at - table.data());
			found.last[found.count++] = static_cast<std::int32_t>(bucket * hashes_of_bucket - 1);
			holder = other;
		}
	}
	return found;
}

} // namespace braid
