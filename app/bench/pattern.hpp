/* SPDX-License-Identifier: BSD-3-Clause */
// Which cases are wanted, by their names.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <utility>

#include <regex.h>

namespace braid::bench {

// An extended regular expression of POSIX. std::regex has no way but an exception to say that an expression is none.
class pattern {
public:
	// The error says what is wrong with the text.
	static result<pattern> make(const std::string &text);

	// Whether it is found anywhere in the name.
	bool is_in(const std::string &name) const;

private:
	struct release {
		void operator()(regex_t *compiled) const;
	};
	using compiled = std::unique_ptr<regex_t, release>;

	explicit pattern(compiled made) : compiled_(std::move(made)) {}

	compiled compiled_;
};

} // namespace braid::bench
