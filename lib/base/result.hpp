/* SPDX-License-Identifier: BSD-3-Clause */
// A failure that names its reason, and a value-or-failure in the spelling of std::expected.
#pragma once

#include "base/whole_prefix.hpp"

#include <cassert>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>
#include <variant>

namespace braid {

// What went wrong: a positive errno for programs and one sentence for people, cut where it has no room, and then "..." stands at
// its end. A sentence about members that have valid names is never so long.
class error {
public:
	static constexpr std::size_t text_size = 252; // with the terminating NUL

	[[gnu::format(printf, 3, 4)]] error(int code, const char *format, ...) noexcept : code_(code)
	{
		va_list args;
		va_start(args, format);
		const int length = std::vsnprintf(text_, sizeof text_, format, args);
		va_end(args);
		if (length >= static_cast<int>(sizeof text_))
			show_the_cut(text_, sizeof text_);
	}

	int code() const noexcept { return code_; }
	const char *text() const noexcept { return text_; }

	// Which step of an operation of several failed, for programs: a word that lives for ever, "" where there are no steps.
	const char *step() const noexcept { return step_; }
	error at(const char *step) const noexcept
	{
		error same = *this;
		same.step_ = step;
		return same;
	}

	// The same failure, told about what it happened to: "<what>: <text>".
	[[gnu::format(printf, 2, 3)]] error in(const char *format, ...) const noexcept
	{
		char what[sizeof text_];
		va_list args;
		va_start(args, format);
		std::vsnprintf(what, sizeof what, format, args);
		va_end(args);
		return error(code_, "%s: %s", what, text_).at(step_);
	}

private:
	int code_;
	char text_[text_size];
	const char *step_ = "";
};

// Holds a T or the error that kept it from being made. Reading the side that is not there is a programming error.
template <typename T> class [[nodiscard]] result {
public:
	result(T value) noexcept : state_(std::in_place_index<0>, std::move(value)) {}
	result(braid::error why) noexcept : state_(std::in_place_index<1>, why) {}

	bool has_value() const noexcept { return state_.index() == 0; }
	explicit operator bool() const noexcept { return has_value(); }

	T &operator*() noexcept { return value(); }
	const T &operator*() const noexcept { return value(); }
	T *operator->() noexcept { return &value(); }
	const T *operator->() const noexcept { return &value(); }

	T &value() noexcept
	{
		assert(has_value());
		return *std::get_if<0>(&state_);
	}
	const T &value() const noexcept
	{
		assert(has_value());
		return *std::get_if<0>(&state_);
	}
	const braid::error &error() const noexcept
	{
		assert(!has_value());
		return *std::get_if<1>(&state_);
	}

private:
	std::variant<T, braid::error> state_;
};

template <> class [[nodiscard]] result<void> {
public:
	result() noexcept = default;
	result(braid::error why) noexcept : state_(std::in_place_index<1>, why) {}

	bool has_value() const noexcept { return state_.index() == 0; }
	explicit operator bool() const noexcept { return has_value(); }
	const braid::error &error() const noexcept
	{
		assert(!has_value());
		return *std::get_if<1>(&state_);
	}

private:
	std::variant<std::monostate, braid::error> state_;
};

} // namespace braid
