/* SPDX-License-Identifier: BSD-3-Clause */
// Patterns of fnmatch(3), before it gets them: it takes everything, and some of it in a way that nobody means.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace braid {

// EINVAL with the end of a sentence that begins with the pattern: a backslash stands before nothing, or a bracket is not closed or
// has in it what is no character, no class of characters and no range from one to a later one.
result<void> is_whole_glob(std::string_view pattern) noexcept;

} // namespace braid
