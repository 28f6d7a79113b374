/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.hpp"

#include "eal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace braid {
namespace {

constexpr int start_ms = 60'000;

// It is built beside this program.
std::string program()
{
	std::error_code failed;
	const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
	require(failed ? -failed.value() : 0, "the path of this program");
	return self.parent_path() / "vhost_peer";
}

struct pipe_ends {
	int read;
	int write;
};

pipe_ends make_pipe()
{
	int ends[2];
	require(pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno, "a pipe");
	return {ends[0], ends[1]};
}

// The peer closes its standard output when it is ready; one that dies before has written why to standard
// error.
void wait_for_end_of(int fd)
{
	pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
	require(poll(&watched, 1, start_ms) == 1 ? 0 : -ETIMEDOUT, "waiting for vhost_peer");
	char word[8];
	require(read(fd, word, sizeof word) > 0 ? 0 : -ECHILD, "vhost_peer did not start");
	close(fd);
}

} // namespace

peer::peer(const socket_dir &dir, unsigned number, listener who)
{
	const pipe_ends in = make_pipe();
	const pipe_ends out = make_pipe();
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
	// EAL and vhost open descriptors that would be inherited; a socket among them would seem open when we
	// close it.
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);

	const std::string path = program();
	const std::string args = "iface=" + dir.socket(number) + (who == listener::device ? ",client=1" : "");
	if (who == listener::backend)
		unlink(dir.socket(number).c_str()); // of one that was killed
	char *argv[] = {const_cast<char *>(path.c_str()), const_cast<char *>(args.c_str()), nullptr};
	const int failed = posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	require(-failed, "starting " + path);
	close(in.read);
	close(out.write);
	stdin_ = in.write;
	wait_for_end_of(out.read);
}

peer::~peer()
{
	if (runs())
		finish();
}

int peer::wait()
{
	close(stdin_);
	int status = 0;
	pid_t got;
	do
		got = waitpid(pid_, &status, 0);
	while (got < 0 && errno == EINTR);
	EXPECT_EQ(got, pid_);
	pid_ = -1;
	return status;
}

void peer::finish()
{
	const int status = wait();
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), EXIT_SUCCESS);
}

void peer::kill()
{
	const pid_t pid = pid_;
	EXPECT_EQ(::kill(pid, SIGKILL), 0);
	const int status = wait();
	EXPECT_TRUE(WIFSIGNALED(status));
	remove_runtime_dir(pid);
}

} // namespace braid
