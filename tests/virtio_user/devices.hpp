/* SPDX-License-Identifier: BSD-3-Clause */
// What a test plugs together: sockets, vhost ports, virtio-user devices, a bond; each taken away again when
// its object ends.
//
// What a test cannot do without ends the program with a sentence when it fails; what a test is about is
// returned.
#pragma once

#include "harness.hpp"
#include "packet.hpp"

#include <braid.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace braid {

using sequences = std::vector<std::uint32_t>;

// from, from + step, ... below `end`.
sequences every(std::uint32_t step, std::uint32_t from, std::uint32_t end);
inline sequences range(std::uint32_t from, std::uint32_t end) { return every(1, from, end); }

// A new directory for sockets, removed with all that is in it.
class socket_dir {
public:
	socket_dir();
	~socket_dir();
	socket_dir(const socket_dir &) = delete;
	socket_dir &operator=(const socket_dir &) = delete;

	std::string socket(unsigned number) const { return path_ + "/" + std::to_string(number) + ".sock"; }

private:
	std::string path_;
};

// Which of the two makes the socket and waits. The one that does not can come back after it has gone: a
// virtio-user device that connects never does so again, one that listens takes the next backend.
enum class listener { backend, device };

// A vdev that can be pulled and plugged in again.
class hot_device {
public:
	hot_device(std::string name, std::string args) : name_(std::move(name)), args_(std::move(args)) {}
	~hot_device();
	hot_device(const hot_device &) = delete;
	hot_device &operator=(const hot_device &) = delete;

	void plug();
	// 0, or what EAL answered; then the device is still there.
	int pull();

	const std::string &name() const { return name_; }
	std::uint16_t port() const { return port_; }
	bool is_plugged() const { return plugged_; }

private:
	std::string name_;
	std::string args_;
	std::uint16_t port_ = UINT16_MAX;
	bool plugged_ = false;
};

// A vhost port, started.
class vhost_backend {
public:
	vhost_backend(const socket_dir &dir, unsigned number, listener who, std::uint16_t queues = 1);

	void plug();
	void pull();
	std::uint16_t port() const { return device_.port(); }
	// A virtio-user device is connected and its queues can be used.
	bool is_connected() const;

private:
	hot_device device_;
	std::uint16_t queues_;
};

// A virtio-user device, not plugged in yet. `more` goes to its arguments.
class virtio_device : public hot_device {
public:
	virtio_device(const socket_dir &dir, unsigned number, listener who, std::uint16_t queues = 1,
	              const std::string &more = "");
};

// net_vhost<number>, started, and net_virtio_user<number>, to be plugged in. In this order: plugging in a
// virtio-user device ends only when the backend has answered. Make all wires of a test before the first
// connect(), as vhost looks for new sockets once a second; and before the bond, which must let go of a device
// before that can be pulled.
struct wire {
	wire(const socket_dir &dir, unsigned number, listener who = listener::backend, std::uint16_t queues = 1,
	     const std::string &more = "");

	// Plugs the device in, and returns when its backend knows.
	void connect();

	vhost_backend backend;
	virtio_device device;
};

// The bond net_braid0, configured and started.
class running_bond {
public:
	explicit running_bond(const std::string &devargs, std::uint16_t queues = 1);
	~running_bond();
	running_bond(const running_bond &) = delete;
	running_bond &operator=(const running_bond &) = delete;

	std::uint16_t port() const { return port_; }
	std::uint32_t add(const std::string &device);
	std::uint32_t id_of(const std::string &name) const;
	braid_info info() const;
	braid_member_info member(std::uint32_t id) const; // all zero when there is none

	// Each waits until it is so, and is false if that did not come to pass.
	bool has_usable(unsigned members) const;
	bool has_active(std::uint32_t id) const;
	bool has_member_in(std::uint32_t id, braid_member_state state) const;

private:
	std::uint16_t port_;
};

// Sends all packets on a port, offering again what was not taken, and fails the test if they are not taken in
// time.
void send_all(std::uint16_t port, std::vector<rte_mbuf *> packets, std::uint16_t queue = 0);

// Receives once, frees the packets and tells their sequence numbers. Fails the test if a packet says that
// another port received it.
sequences receive_once(std::uint16_t port, std::uint16_t queue = 0);

// Receives until `count` packets have come through these ports together, and once more for any that should
// not have come. One list for each port, in order of arrival.
std::vector<sequences> receive_all(std::initializer_list<std::uint16_t> ports, std::size_t count,
                                   std::uint16_t queue = 0);
inline sequences receive_all(std::uint16_t port, std::size_t count, std::uint16_t queue = 0)
{
	return receive_all({port}, count, queue).front();
}

// Starts all queues of a port.
void start_port(std::uint16_t port, std::uint16_t queues);

// Ends the program unless `status` is 0 or positive.
int require(int status, const std::string &what);

// A fixture with a directory for sockets, whose test gives back every mbuf: also those that stood in a ring.
class virtio_user : public mbuf_accounting {
protected:
	socket_dir dir;
};

} // namespace braid
