/* SPDX-License-Identifier: BSD-3-Clause */
#include "pin_place.hpp"

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include <cstdio>

namespace braid {

// To reserve what is reserved already gives the same place again.
result<pin_place> reserve_pin_place() noexcept
{
	rte_mbuf_dynfield field{};
	std::snprintf(field.name, sizeof field.name, "%s", pin_field_name);
	field.size = sizeof(std::uint32_t);
	field.align = alignof(std::uint32_t);
	const int offset = rte_mbuf_dynfield_register(&field);
	if (offset < 0)
		return error(rte_errno, "the dynamic mbuf field %s cannot be had", field.name);
	rte_mbuf_dynflag flag{};
	std::snprintf(flag.name, sizeof flag.name, "%s", pin_flag_name);
	const int bit = rte_mbuf_dynflag_register(&flag);
	if (bit < 0)
		return error(rte_errno, "the dynamic mbuf flag %s cannot be had", flag.name);
	return pin_place{static_cast<std::size_t>(offset), std::uint64_t{1} << bit};
}

} // namespace braid
