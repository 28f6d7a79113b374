/* SPDX-License-Identifier: BSD-3-Clause */
// A MAC address for people: as it is written in the devargs, in lower case, which rte_ether_format_addr() does not.
#pragma once

#include <rte_ether.h>

#include <cstdio>

namespace braid {

class mac_text {
public:
	explicit mac_text(const rte_ether_addr &mac) noexcept
	{
		const std::uint8_t *const b = mac.addr_bytes;
		std::snprintf(text_, sizeof text_, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	}
	const char *c_str() const noexcept { return text_; }

private:
	char text_[RTE_ETHER_ADDR_FMT_SIZE];
};

} // namespace braid
