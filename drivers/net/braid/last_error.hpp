/* SPDX-License-Identifier: BSD-3-Clause */
// Why something failed: logged once, and kept for the thread that asked (braid_error_text).
#pragma once

#include "base/result.hpp"

namespace braid {

// Logs "who: why", keeps the sentence for this thread, and returns the negative errno.
int fail(const char *who, const error &why) noexcept;

// The same for a question that has been answered with no: nobody needs to read of it in the log.
int fail_quietly(const error &why) noexcept;

// The sentence of the last failure on this thread since it was forgotten; "" without one.
const char *last_error() noexcept;
void forget_last_error() noexcept;

} // namespace braid
