# SPDX-License-Identifier: BSD-3-Clause
"""The demo's laboratory: namespaces, processes, a directory. Leaving it gives all of them back.

    namespace `client`        | namespace `net`
                              |                               +-- tap1 --+
    iperf3 -c, ping -- eth0 --|-- br-client -- tap0 -- testpmd            br-server: iperf3 -s
                              |                               +-- tap2 --+

The namespaces have no names. Each is held by a process of ours, and the kernel removes it, with every interface
in it, when the last process in it is gone. The processes in turn are told by the kernel to die with us. So no
process and no interface stays behind even if we are killed with SIGKILL, and two demos at once have nothing to
collide over.

All taps stay in the namespace in which testpmd runs: net_tap finds its interface by name through a socket of
the namespace where it was opened, so a tap that moved away would look unplugged to it. This is why the client
is reached over a veth and a bridge of its own.

What makes two members in one bridge sound, although nothing tells the bridge that they are one trunk:
- tap1 and tap2 are isolated: the bridge passes nothing from one to the other. Without that, each broadcast
  that goes out of one member comes back in by the other, is forwarded to the client's side, and br-client
  learns that the client lives behind testpmd.
- What the bridge floods reaches the bond once per member, so nothing may need flooding for long: both ends have
  permanent neighbour entries (no ARP), there is no IPv6 and no multicast snooping. A unicast frame is flooded
  only until the client's next frame shows which member it uses now.
- br-server's address is its own. A bridge otherwise borrows the lowest one of its ports, and that changes when
  a member is given the bond's address, or loses it.
- Learning stays on: when a member's link goes, the kernel forgets what it learned there, so answers find the
  other member at once. In round-robin mode the client moves between the two ports all the time, which is fine.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import time

CLIENT_ADDRESS = "198.18.0.1"
SERVER_ADDRESS = "198.18.0.2"
CLIENT_MAC = "02:00:00:00:00:01"
SERVER_MAC = "02:00:00:00:00:02"

# Router solicitations and the like would only be flooded to and fro. A kernel without IPv6 has no such file.
NO_IPV6 = "for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $file ] || echo 1 >$file; done"


class LabError(Exception):
    """The laboratory could not be built, or something in it died. The message is one for the user."""


def wait_until(condition, what, deadline_s=30.0):
    """Polls condition until it holds and returns what it returned; LabError when the deadline passes."""
    give_up = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise LabError(f"{what} did not happen within {deadline_s:.0f} seconds")
        time.sleep(0.005)


def run(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"{' '.join(command)}: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


class Namespace:
    """A network namespace that lives as long as its holder process."""

    def __init__(self, holder):
        self._holder = holder
        self.pid = holder.pid

    def inside(self, command):
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *command]

    def run(self, command):
        return run(self.inside(command.split()))


class Lab:
    """Owns what the demo makes. Use it in a `with` block."""

    def __init__(self):
        self._undo = contextlib.ExitStack()

    def __enter__(self):
        try:
            directory = tempfile.TemporaryDirectory(prefix="braid-demo-")
            self.directory = pathlib.Path(self._undo.enter_context(directory))
            self.client = self._make_namespace()
            self.net = self._make_namespace()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_exception):
        self._undo.close()

    def spawn(self, command, namespace=None, **options):
        """Starts a process that is ended when the lab is left, and by the kernel when we die."""
        # A session of its own: Ctrl-C is for us, and we end the others in the right order.
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
        if namespace:
            command = namespace.inside(command)
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(command, start_new_session=True, **options)
        self._undo.callback(end, process)
        return process

    def _make_namespace(self):
        ours = os.readlink("/proc/self/ns/net")
        holder = self.spawn(["unshare", "--net", "--", "sleep", "infinity"], stderr=subprocess.PIPE, text=True)

        def is_ready():
            if holder.poll() is not None:
                raise LabError(f"a network namespace cannot be made here: {holder.stderr.read().strip()}")
            return os.readlink(f"/proc/{holder.pid}/ns/net") != ours

        wait_until(is_ready, "a new network namespace")
        namespace = Namespace(holder)
        run(namespace.inside(["sh", "-c", NO_IPV6]))
        namespace.run("ip link set lo up")
        return namespace

    def connect(self):
        """Wires everything as in the picture. The taps must be there."""
        client, net = self.client, self.net
        client.run(f"ip link add eth0 address {CLIENT_MAC} type veth peer name veth0 netns {net.pid}")
        client.run(f"ip address add {CLIENT_ADDRESS}/24 dev eth0")
        client.run("ip link set eth0 up")
        client.run(f"ip neighbour add {SERVER_ADDRESS} lladdr {SERVER_MAC} dev eth0 nud permanent")

        net.run("ip link add br-client type bridge mcast_snooping 0")
        net.run(f"ip link add br-server address {SERVER_MAC} type bridge mcast_snooping 0")
        net.run("ip link set veth0 master br-client")
        net.run("ip link set tap0 master br-client")
        for member in ("tap1", "tap2"):
            self.connect_member(member)
        net.run(f"ip address add {SERVER_ADDRESS}/24 dev br-server")
        for interface in ("veth0", "tap0", "br-client", "br-server"):
            net.run(f"ip link set {interface} up")
        net.run(f"ip neighbour add {CLIENT_ADDRESS} lladdr {CLIENT_MAC} dev br-server nud permanent")

    def connect_member(self, tap):
        self.net.run(f"ip link set {tap} master br-server")
        self.net.run(f"ip link set {tap} type bridge_slave isolated on")

    def delete_tap(self, tap):
        self.net.run(f"ip link delete {tap}")

    def pull_link(self, tap):
        # Down, and not `carrier off`: the kernel tells of a lost carrier at most once a second, so the time to
        # detect it would be the kernel's.
        self.net.run(f"ip link set {tap} down")

    def restore_link(self, tap):
        self.net.run(f"ip link set {tap} up")


def end(process, patience_s=2.0):
    """Ends a process of ours: politely, then not. Returns its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()
