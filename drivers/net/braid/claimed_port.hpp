/* SPDX-License-Identifier: BSD-3-Clause */
// An ethdev port that belongs to the bond, and what must be put back when it does not any more.
#pragma once

#include "base/result.hpp"
#include "member_config.hpp"

#include <cstdint>

namespace braid {

// Move-only. While one lives, the port is owned by the bond (rte_eth_dev_owner), so that applications that iterate over
// ports do not see it. The destructor stops the port, restores what claim() found and gives the ownership back.
// Not thread-safe: the member's device lock is held around every call.
class claimed_port {
public:
	// EBUSY: somebody else owns the port; `owner` itself may. Remembers MAC, MTU, promiscuity and allmulticast. A port
	// that runs goes on until start() configures it.
	static result<claimed_port> claim(std::uint16_t port, const rte_eth_dev_owner &owner) noexcept;

	claimed_port(claimed_port &&other) noexcept;
	claimed_port &operator=(claimed_port &&) = delete;
	~claimed_port();

	std::uint16_t port() const noexcept { return port_; }
	const rte_ether_addr &own_mac() const noexcept { return saved_.mac; } // as claim() found it
	rte_ether_addr mac() const noexcept;                                  // as it is now

	// A transmit queue that none of the bond's is behind, if it was started with one. For one thread.
	std::optional<std::uint16_t> announce_queue() const noexcept { return announce_queue_; }

	// Whether it frees what it has sent in the way that shared mbufs do not bear (MBUF_FAST_FREE).
	bool frees_fast() const noexcept { return fast_free_; }
	bool runs() const noexcept { return started_; }

	// Whether the port can do what the bond is configured for; nothing is touched. ENOTSUP names what is missing.
	result<void> check(const member_config &wanted) const noexcept;

	// ENOTSUP if its driver cannot change its address while it runs. Is told its present one again to find out.
	result<void> check_live_mac() noexcept;

	// Brings the port from whatever it is to `wanted` and `mac` and starts it. A step that fails is named in the error, and
	// the steps before it are undone.
	result<void> start(const member_config &wanted, const rte_ether_addr &mac) noexcept;

	void stop() noexcept;
	// As claim() found it, still claimed.
	void put_back() noexcept;

	// The device behind the port is gone: nothing touches it from now on.
	void abandon() noexcept { dead_ = true; }

	// Live changes, for a port that runs; errors name the operation, not the member.
	// ENOTSUP if its driver cannot.
	result<void> change_mac(const rte_ether_addr &mac) noexcept;
	// A port whose driver cannot change it keeps its own, which is said in the log.
	result<void> set_mac(const rte_ether_addr &mac) noexcept;
	result<void> set_mtu(std::uint16_t mtu) noexcept;
	result<void> set_promiscuous(bool on) noexcept;
	result<void> set_allmulticast(bool on) noexcept;
	result<void> add_mac(const rte_ether_addr &mac) noexcept;
	result<void> remove_mac(const rte_ether_addr &mac) noexcept;
	result<void> set_vlan(std::uint16_t id, bool on) noexcept;
	result<void> set_multicast(const std::vector<rte_ether_addr> &list) noexcept;
	// With the filter the VLANs of `wanted`.
	result<void> set_vlan_offloads(std::uint64_t rx_offloads, const member_config &wanted) noexcept;
	// Empty key: the present one stays. undo_rss() takes the last call back, as far as it got; `before` is what the bond
	// wanted until now, for a device that cannot tell.
	result<void> set_rss(std::uint64_t types, const std::vector<std::uint8_t> &key, const member_config &before) noexcept;
	result<void> undo_rss() noexcept;
	result<void> set_reta(const member_config &wanted) noexcept;

private:
	claimed_port(std::uint16_t port, const rte_eth_dev_owner &owner) noexcept : port_(port), owner_(owner) {}

	result<rte_eth_dev_info> capabilities() const noexcept;
	result<void> configure_queues(const member_config &wanted, const rte_eth_dev_info &info) noexcept;
	result<void> configure(const member_config &wanted, const rte_eth_dev_info &info, bool spare) noexcept;
	result<void> set_up_queues(const member_config &wanted, const rte_eth_dev_info &info, bool spare) noexcept;
	result<void> set_addresses(const member_config &wanted, const rte_ether_addr &mac) noexcept;
	result<void> set_filters(const member_config &wanted, std::uint16_t reta_size) noexcept;
	result<void> set_reta(const member_config &wanted, std::uint16_t size) noexcept;
	result<void> set_vlans(const member_config &wanted) noexcept;
	result<void> bring_up(const member_config &wanted, const rte_ether_addr &mac) noexcept;
	void restore() noexcept;
	bool is_taken_back(int refused, int refused_again, const char *what) const noexcept;
	// Promiscuous or allmulticast, as ethdev is asked for it.
	struct rx_switch {
		const char *name;
		int (*is_on)(std::uint16_t port);
		int (*enable)(std::uint16_t port);
		int (*disable)(std::uint16_t port);
		void (*believe)(rte_eth_dev_data &data, bool is);
	};
	int flip(const rx_switch &s, bool on) noexcept;
	result<void> set_switch(const rx_switch &s, bool &unsure, bool on) noexcept;
	bool has_mac(const rte_ether_addr &mac) const noexcept;
	const char *device() const noexcept { return rte_eth_devices[port_].data->name; }

	std::uint16_t port_;
	rte_eth_dev_owner owner_;
	bool claimed_ = true;
	bool dead_ = false;
	bool started_ = false;
	bool fast_free_ = false;
	std::optional<std::uint16_t> announce_queue_;
	std::uint32_t mac_slots_ = 0; // of the list of addresses that ethdev keeps; known once configured
	std::uint16_t device_mtu_ = 0; // what the device was last told; 0: not known
	// What the device has may not be what ethdev believes: it refused a change, and then to take it back.
	bool mac_unsure_ = false;
	bool promiscuous_unsure_ = false;
	bool allmulticast_unsure_ = false;

	// As claim() found it.
	struct {
		rte_ether_addr mac{};
		std::uint16_t mtu = RTE_ETHER_MTU;
		bool promiscuous = false;
		bool allmulticast = false;
	} saved_;

	// What of `wanted` has reached the port and must be taken back.
	std::vector<rte_ether_addr> added_macs_;
	std::bitset<RTE_ETHER_MAX_VLAN_ID + 1> added_vlans_;
	bool multicast_set_ = false;

	// As the last set_rss() found it; without types if it changed nothing.
	std::optional<std::uint64_t> former_types_;
	std::vector<std::uint8_t> former_key_;
};

// The errno as text, for the end of a sentence.
const char *describe(int negative_errno) noexcept;

} // namespace braid
