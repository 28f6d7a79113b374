/* SPDX-License-Identifier: BSD-3-Clause */
// What telemetry shows of a bond, of a member and of an event, and how long that is: one answer has 16384 bytes, and what does not
// fit is left out without a word, and of what is nested all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <rte_telemetry.h>

namespace braid {

struct auto_rule;
struct bond_facts;
struct bond_settings;
struct event;
struct member_facts;

// What is told of a bond, its members only by their names.
struct shown_bond {
	std::string_view name;
	std::uint16_t port;
	const bond_settings &made_with;
	const bond_facts &facts;
	std::span<const member_facts> members;
	std::span<const auto_rule> rules;
};

// Text for telemetry, whose JSON knows no bytes from 0x80 up (it looks them up before the beginning of a table): they
// become \xNN.
std::string in_ascii(std::string_view text) noexcept;

// Telemetry cuts a string of a dictionary after 127 bytes. What does not fit goes on in others: "name", "name_goes_on",
// "name_goes_on_2", ... A name of 63 bytes takes up to three.
void add_text(rte_tel_data *d, const char *key, std::string_view text) noexcept;

void show_bond(rte_tel_data *d, const shown_bond &b) noexcept;
// By its id; by its number.
void show_member(rte_tel_data *members, const member_facts &m) noexcept;
void show_event(rte_tel_data *events, const event &e) noexcept;

// What they take in JSON at most. Of a text: quotes and escapes included, and the keys of what goes on.
std::size_t json_size(std::string_view text) noexcept;
std::size_t json_size(const shown_bond &b) noexcept; // the whole answer, with no member in it
std::size_t json_size(const member_facts &m) noexcept;
std::size_t json_size(const event &e) noexcept;

} // namespace braid
