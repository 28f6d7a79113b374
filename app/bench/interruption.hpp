/* SPDX-License-Identifier: BSD-3-Clause */
// For how long control interrupts traffic: from a link that is lost to the first packet on another member, and while devices
// are attached to a bond that forwards on others.
#pragma once

#include "stopwatch.hpp"

#include <vector>

namespace braid::bench {

// Each `rounds` times, while a thread sends and receives.
std::vector<operation_times> time_failovers(unsigned rounds);
std::vector<operation_times> time_publications(unsigned rounds);
std::vector<operation_times> time_gaps(unsigned rounds);

} // namespace braid::bench
