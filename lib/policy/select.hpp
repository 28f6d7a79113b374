/* SPDX-License-Identifier: BSD-3-Clause */
// Which compiled burst function a snapshot carries. Chosen once, when the snapshot is built; never in a burst.
#pragma once

#include "base/options.hpp"
#include "packet/hash_simd.hpp"
#include "policy/active_backup.hpp"
#include "policy/balance.hpp"
#include "policy/broadcast.hpp"
#include "policy/pinning.hpp"
#include "policy/receive.hpp"
#include "policy/round_robin.hpp"

namespace braid {

template <hash_function Hash, member_port Port, deal_function Deal = deal>
tx_function balance_function(unsigned usable) noexcept
{
	return usable <= few_members ? spread<balance<Hash, Deal>, Port> : spread<balance_over_many<Hash>, Port>;
}

template <hash_policy P, member_port Port>
tx_function balance_function([[maybe_unused]] simd wide, unsigned usable) noexcept
{
#ifdef RTE_ARCH_X86_64
	const bool has_avx2 = wide == simd::avx2 || wide == simd::avx512;
	constexpr bool by_eights = P != hash_policy::encap23 && P != hash_policy::encap23_sym;
	if constexpr (P == hash_policy::flow) {
		if (has_avx2)
			return balance_function<rss_hash_burst_avx2, Port, deal_with_avx2>(usable);
	} else if constexpr (by_eights) {
		if (wide == simd::avx512)
			return balance_function<flow_hash_burst_avx512<P>, Port, deal_with_avx2>(usable);
		if (has_avx2)
			return balance_function<flow_hash_burst_avx2<P>, Port, deal_with_avx2>(usable);
	} else if (has_avx2) {
		return balance_function<flow_hash_burst<P>, Port, deal_with_avx2>(usable);
	}
#endif
	return balance_function<flow_hash_burst<P>, Port>(usable);
}

template <member_port Port> tx_function balance_function(hash_policy fields, simd wide, unsigned usable) noexcept
{
	switch (fields) {
	case hash_policy::l2: return balance_function<hash_policy::l2, Port>(wide, usable);
	case hash_policy::l23: return balance_function<hash_policy::l23, Port>(wide, usable);
	case hash_policy::l34: return balance_function<hash_policy::l34, Port>(wide, usable);
	case hash_policy::flow: return balance_function<hash_policy::flow, Port>(wide, usable);
	case hash_policy::encap23: return balance_function<hash_policy::encap23, Port>(wide, usable);
	case hash_policy::encap34: return balance_function<hash_policy::encap34, Port>(wide, usable);
	case hash_policy::vlan_srcmac: return balance_function<hash_policy::vlan_srcmac, Port>(wide, usable);
	case hash_policy::l2_sym: return balance_function<hash_policy::l2_sym, Port>(wide, usable);
	case hash_policy::l23_sym: return balance_function<hash_policy::l23_sym, Port>(wide, usable);
	case hash_policy::l34_sym: return balance_function<hash_policy::l34_sym, Port>(wide, usable);
	case hash_policy::encap23_sym: return balance_function<hash_policy::encap23_sym, Port>(wide, usable);
	case hash_policy::encap34_sym: return balance_function<hash_policy::encap34_sym, Port>(wide, usable);
	}
	__builtin_unreachable();
}

template <member_port Port>
tx_function round_robin_function(std::uint16_t limit, std::uint16_t turns, unsigned usable) noexcept
{
	if (turns > 0)
		return spread<round_robin_by_weight, Port>;
	if (limit > 1)
		return spread<round_robin_in_runs, Port>;
	switch (usable) {
	case 2: return spread<round_robin<2>, Port>;
	case 4: return spread<round_robin<4>, Port>;
	case 8: return spread<round_robin<8>, Port>;
	default: return spread<round_robin<0>, Port>;
	}
}

// What an operator or the machine has chosen, besides mode and policy.
struct tx_options {
	tx_empty when_empty = tx_empty::keep;
	std::uint16_t rr_limit = 1;
	std::uint16_t turns = 0; // of the snapshot
	simd wide = simd::scalar;
};

template <member_port Port>
tx_function select_tx(mode m, hash_policy fields, unsigned usable, const tx_options &options) noexcept
{
	if (usable == 0)
		return options.when_empty == tx_empty::keep ? keep_all : drop_all<Port>;
	if (usable == 1)
		return send_on_only_member<Port>;
	switch (m) {
	case mode::round_robin: return round_robin_function<Port>(options.rr_limit, options.turns, usable);
	case mode::active_backup: return send_on_only_member<Port>;
	case mode::balance: return balance_function<Port>(fields, options.wide, usable);
	case mode::broadcast: return broadcast<Port>::send;
	case mode::lacp:
	case mode::tlb:
	case mode::alb: break; // refused before a snapshot is built (is_supported)
	}
	__builtin_unreachable();
}

// With pinning, in a snapshot whose tx is chosen, puts that before it.
template <member_port Port> void put_pinning_before(snapshot &s) noexcept
{
	if (s.tx_count == 0)
		return; // nobody to send to, pinned or not
	s.pin.others = s.tx;
	s.tx = send_pinned<Port>;
}

template <member_port Port, rx_port Owner> rx_function select_rx(unsigned polled) noexcept
{
	switch (polled) {
	case 0: return receive_nothing;
	case 1: return receive_from_one<Port, Owner>;
	case 2: return receive_from_two<Port, Owner>;
	default: return receive<Port, Owner>;
	}
}

template <member_port Port> rx_function select_rx(unsigned polled, rx_port owner) noexcept
{
	return owner == rx_port::bond ? select_rx<Port, rx_port::bond>(polled) : select_rx<Port, rx_port::member>(polled);
}

} // namespace braid
