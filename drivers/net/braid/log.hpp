/* SPDX-License-Identifier: BSD-3-Clause */
// The driver's log. One line where somebody can act on it; never for a packet.
#pragma once

#include "base/result.hpp"

#include <rte_log.h>

namespace braid {

// The log type "pmd.net.braid", for --log-level.
extern int log_type;

} // namespace braid

#define BRAID_LOG(level, format, ...) rte_log(RTE_LOG_##level, ::braid::log_type, "BRAID: " format "\n", ##__VA_ARGS__)
