/* SPDX-License-Identifier: BSD-3-Clause */
// The table of operations that ethdev calls for a bond's port.
#pragma once

#include "registry.hpp"
#include "sdk.hpp"

namespace braid {

// What dev_private holds: ethdev's share in the bond.
struct port_private {
	bond_ptr bond;
	rte_ether_addr macs[32]; // data->mac_addrs; member_config.hpp: max_macs
};

extern const eth_dev_ops braid_ops;

} // namespace braid
