/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/result.hpp"

namespace braid {

// Logs why a call on `who` failed, keeps it for braid_error_text() of this thread, and returns the negative errno.
int fail(const char *who, const error &why) noexcept;

} // namespace braid
