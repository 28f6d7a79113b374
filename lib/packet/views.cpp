/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/views.hpp"

#include <algorithm>

namespace braid {

bool packet_bytes::gather(std::size_t offset, std::span<std::byte> to) const noexcept
{
	const rte_mbuf *segment = &mbuf_;
	for (unsigned left = mbuf_.nb_segs; left != 0 && segment != nullptr; left--) {
		const std::size_t available = segment->data_len;
		if (offset < available) {
			const auto *data = static_cast<const std::byte *>(segment->buf_addr) + segment->data_off;
			const std::size_t part = std::min(to.size(), available - offset);
			std::memcpy(to.data(), data + offset, part);
			to = to.subspan(part);
			offset = 0;
			if (to.empty())
				return true;
		} else {
			offset -= available;
		}
		// `next` of a last segment is another cache line and worth nothing.
		if (left > 1)
			segment = segment->next;
	}
	return false;
}

} // namespace braid
