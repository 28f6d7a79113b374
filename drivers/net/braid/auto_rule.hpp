/* SPDX-License-Identifier: BSD-3-Clause */
// Rules by which a bond takes ports that nobody has named. Pure: nothing here looks at a port or takes one (auto_attach.cpp does).
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include <rte_dev.h>
#include <rte_ether.h>

namespace braid {

struct port_facts; // member_spec.hpp

inline constexpr unsigned max_auto_rules = 16;

// Whether a port is meant.
struct auto_rule {
	enum class kind : std::uint8_t {
		mac,  // its address, before anybody changes it, is the bond's
		name, // its ethdev or device name matches the pattern
		pci,  // its PCI address, as 0000:01:00.0, matches the pattern
	};
	kind what = kind::mac;
	// NUL-terminated as it was given: "mac", "name:net_tap*", "pci:0000:01:*".
	char text[RTE_DEV_NAME_MAX_LEN + 8] = "";

	// Of fnmatch(3); "" for kind mac.
	const char *pattern() const noexcept;
	bool operator==(const auto_rule &other) const noexcept { return std::string_view(text) == other.text; }
};

class rule_list {
public:
	// EEXIST: it is there already; ENOSPC: there are max_auto_rules.
	result<void> push(const auto_rule &rule) noexcept;
	// False: there is none that was given as this text.
	bool remove(std::string_view text) noexcept;
	void clear() noexcept { count_ = 0; }

	unsigned size() const noexcept { return count_; }
	bool empty() const noexcept { return count_ == 0; }
	const auto_rule *begin() const noexcept { return rules_.data(); }
	const auto_rule *end() const noexcept { return rules_.data() + count_; }

private:
	std::array<auto_rule, max_auto_rules> rules_{};
	unsigned count_ = 0;
};

// Understands `mac`, `name:<glob>` and `pci:<glob>`. A pattern has 1 to 63 printable characters without space, comma and =, and
// is_whole_glob(); one of PCI addresses begins as one does, up to its first wildcard. The error is EINVAL, one line.
result<auto_rule> parse_auto_rule(std::string_view text) noexcept;

// True when a rule means this port. `own_mac` is the port's; `bond_mac` is null while the bond's is made up: it is nobody's.
bool matches(const rule_list &rules, const port_facts &port, const rte_ether_addr *own_mac,
             const rte_ether_addr *bond_mac) noexcept;

} // namespace braid
