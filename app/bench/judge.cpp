/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.hpp"

#include <limits>

namespace braid::bench {

double figure(const measured &m)
{
	constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
	const double braid = m.of(series::braid).min;
	const double bonding = m.of(series::bonding).min;
	const double burst = m.what.burst;
	const bool tx = m.what.way == direction::tx;
	if (!m.has(series::braid))
		return nothing;
	switch (m.what.must.kind) {
	case bound_kind::over_bare_per_burst:
		return m.has(series::bare) ? (braid - m.of(series::bare).min) * (tx ? burst : 1) : nothing;
	case bound_kind::over_bonding_per_packet:
		return m.has(series::bonding) ? (braid - bonding) / (tx ? 1 : burst) : nothing;
	case bound_kind::over_quiet:
		return m.has(series::churned) ? m.of(series::churned).min / braid : nothing;
	case bound_kind::none:
		if (m.what.pins != pinning::off)
			return m.has(series::unpinned) ? braid / m.of(series::unpinned).min : nothing;
		[[fallthrough]];
	case bound_kind::fewer_than_bonding:
		return m.has(series::bonding) ? bonding / braid : nothing;
	}
	return nothing;
}

// A figure that is not there fails both comparisons: what could not be measured was not met.
verdict judge(const measured &m)
{
	const double value = figure(m);
	switch (m.what.must.kind) {
	case bound_kind::none:
		return verdict::unbound;
	case bound_kind::fewer_than_bonding:
		return value >= m.what.must.value ? verdict::met : verdict::missed;
	case bound_kind::over_bare_per_burst:
	case bound_kind::over_bonding_per_packet:
	case bound_kind::over_quiet:
		return value <= m.what.must.value ? verdict::met : verdict::missed;
	}
	return verdict::missed;
}

} // namespace braid::bench
