/* SPDX-License-Identifier: BSD-3-Clause */
// Which compiled burst function a snapshot carries. Chosen once, when the snapshot is built; never in a burst.
#pragma once

#include "base/options.hpp"
#include "policy/active_backup.hpp"
#include "policy/balance.hpp"
#include "policy/broadcast.hpp"
#include "policy/receive.hpp"
#include "policy/round_robin.hpp"

namespace braid {

template <member_port Port> tx_function balance_function(hash_policy fields) noexcept
{
	switch (fields) {
	case hash_policy::l2: return spread<balance<hash_policy::l2>, Port>;
	case hash_policy::l23: return spread<balance<hash_policy::l23>, Port>;
	case hash_policy::l34: return spread<balance<hash_policy::l34>, Port>;
	case hash_policy::flow: return spread<balance<hash_policy::flow>, Port>;
	case hash_policy::encap23: return spread<balance<hash_policy::encap23>, Port>;
	case hash_policy::encap34: return spread<balance<hash_policy::encap34>, Port>;
	case hash_policy::vlan_srcmac: return spread<balance<hash_policy::vlan_srcmac>, Port>;
	case hash_policy::l2_sym: return spread<balance<hash_policy::l2_sym>, Port>;
	case hash_policy::l23_sym: return spread<balance<hash_policy::l23_sym>, Port>;
	case hash_policy::l34_sym: return spread<balance<hash_policy::l34_sym>, Port>;
	case hash_policy::encap23_sym: return spread<balance<hash_policy::encap23_sym>, Port>;
	case hash_policy::encap34_sym: return spread<balance<hash_policy::encap34_sym>, Port>;
	}
	__builtin_unreachable();
}

template <member_port Port>
tx_function select_tx(mode m, hash_policy fields, unsigned usable, tx_empty when_empty) noexcept
{
	if (usable == 0)
		return when_empty == tx_empty::keep ? keep_all : drop_all<Port>;
	if (usable == 1)
		return send_on_only_member<Port>;
	switch (m) {
	case mode::round_robin: return spread<round_robin, Port>;
	case mode::active_backup: return send_on_only_member<Port>;
	case mode::balance: return balance_function<Port>(fields);
	case mode::broadcast: return broadcast<Port>::send;
	case mode::lacp:
	case mode::tlb:
	case mode::alb: break; // refused before a snapshot is built (is_supported)
	}
	__builtin_unreachable();
}

template <member_port Port> rx_function select_rx(unsigned polled, rx_port owner) noexcept
{
	if (polled == 0)
		return receive_nothing;
	return owner == rx_port::bond ? receive<Port, rx_port::bond> : receive<Port, rx_port::member>;
}

} // namespace braid
