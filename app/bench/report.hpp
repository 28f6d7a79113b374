/* SPDX-License-Identifier: BSD-3-Clause */
// Results, for people on standard output and for machines in a file.
#pragma once

#include "control.hpp"
#include "loss.hpp"
#include "measure.hpp"

#include <string>
#include <vector>

namespace braid::bench {

void print_machine();
void print_head();
void print_row(const measured &m);

// The totals. Returns how many bounds were missed.
unsigned print_verdict(const std::vector<measured> &all);

// Returns how many bounds were missed.
unsigned print_operations(const std::vector<operation_times> &all);
unsigned print_losses(const std::vector<removal_loss> &all);
void print_movements(const std::vector<movement> &all);

// 0, or the errno that writing this file would fail with. For before a measurement: it leaves the file as it is.
int trouble_writing(const std::string &file);

// False if the file cannot be written.
bool write_json(const std::string &file, const std::vector<measured> &all);
bool write_json(const std::string &file, const std::vector<operation_times> &times,
                const std::vector<removal_loss> &losses, const std::vector<movement> &movements);

} // namespace braid::bench
