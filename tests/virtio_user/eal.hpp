/* SPDX-License-Identifier: BSD-3-Clause */
// How both programs of these tests start EAL, so that vhost works on a machine without huge pages.
//
// vhost-user shares memory by passing file descriptors, so the memory of a virtio-user device must be a file.
// `--no-huge` is enough for that: EAL then backs all its memory with one memfd, mapped shared, and hands it
// out as the descriptor of every page (eal_legacy_hugepage_init). It needs neither
// --single-file-segments, which it implies, nor --in-memory, nor memory mapped at the same address in both
// processes: the backend maps the whole memfd where it likes and translates. That is also why the memory is
// small: each connection maps, and touches, all of it.
#pragma once

#include <rte_eal.h>

#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

namespace braid {

// One lcore that floats over every CPU we may use. With `-l 0` each thread would inherit CPU 0.
inline std::string floating_lcore()
{
	cpu_set_t allowed;
	CPU_ZERO(&allowed);
	sched_getaffinity(0, sizeof allowed, &allowed);
	std::string set = "0@";
	char before = '(';
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &allowed))
			continue;
		set += before;
		set += std::to_string(i);
		before = ',';
	}
	return set += ')';
}

inline std::string file_prefix(pid_t pid) { return "virtio_user_" + std::to_string(pid); }

// Starts EAL with `megabytes` of memory and no file of its own but its runtime directory. Negative on
// failure.
inline int start_eal(const char *program, unsigned megabytes)
{
	// virtio-user writes to its backend's socket without MSG_NOSIGNAL, so closing a device whose backend
	// has died would end the process.
	std::signal(SIGPIPE, SIG_IGN);
	std::vector<std::string> args = {program,
	                                 "--no-huge",
	                                 "-m",
	                                 std::to_string(megabytes),
	                                 "--no-pci",
	                                 "--no-shconf",
	                                 "--no-telemetry",
	                                 "--file-prefix",
	                                 file_prefix(getpid()),
	                                 "--lcores",
	                                 floating_lcore(),
	                                 "--log-level",
	                                 "lib.eal:warning"};
	std::vector<char *> argv;
	for (auto &arg : args)
		argv.push_back(arg.data());
	return rte_eal_init(static_cast<int>(argv.size()), argv.data());
}

// EAL leaves its directory behind, and our prefix makes it a new one each time. For this process, after
// rte_eal_cleanup(), or for another that has ended without.
inline void remove_runtime_dir(pid_t pid = getpid())
{
	const std::string own = rte_eal_get_runtime_dir();
	rmdir((own.substr(0, own.rfind('/') + 1) + file_prefix(pid)).c_str());
}

} // namespace braid
