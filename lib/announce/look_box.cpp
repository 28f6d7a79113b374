/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/look_box.hpp"

#include "announce/sources.hpp"

#include <algorithm>
#include <optional>

namespace braid {

void look_box::fill(std::span<rte_mbuf *const> packets) noexcept
{
	count = 0;
	for (const rte_mbuf *packet : packets.first(std::min<std::size_t>(packets.size(), source.size())))
		if (const std::optional<sighting> found = source_of(*packet))
			source[count++] = *found;
}

} // namespace braid
