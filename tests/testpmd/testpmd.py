# SPDX-License-Identifier: BSD-3-Clause
"""A running dpdk-testpmd with the driver loaded: typed at through its prompt, steered and read through telemetry."""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import tty

import telemetry
from checks import DEADLINE_S, Failed, expect, expect_equal, wait_until
from transcript import Transcript

NOT_UNDERSTOOD = ("Command not found", "Bad arguments", "Ambiguous command")
TRANSCRIPT_LINES = 30

_number = itertools.count()


def driver():
    """The driver that scripts/test has put where EAL loads it from, or else the one of the build."""
    build = os.environ.get("BRAID_BUILD_DIR") or pathlib.Path(__file__).resolve().parents[2] / "build"
    return os.environ.get("BRAID_DRIVER") or f"{build}/drivers/net/braid/librte_net_braid.so"


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    expect(len(cores) >= 2, "two cores are needed: one forwards, the other listens")
    return f"{cores[0]},{cores[1]}"


def braid_lines(log):
    """What the driver itself has said."""
    return re.findall(r"BRAID: (.*)", log)


class Testpmd:
    """One testpmd in a with block, which ends with `quit` and with the demand that testpmd leaves without complaint."""

    def __init__(self, *devices, arguments=(), namespace=False):
        self._prefix = f"braid-testpmd-{os.getpid()}-{next(_number)}"
        vdevs = [argument for device in devices for argument in ("--vdev", device)]
        self._arguments = [
            # Should we be killed, the kernel ends testpmd with us.
            *(["unshare", "--net", "--"] if namespace else []), "setpriv", "--pdeathsig", "KILL", "--",
            "dpdk-testpmd", "--no-huge", "-m", "512", "--no-pci", "-l", two_cores(), "--file-prefix", self._prefix,
            "-d", driver(), *vdevs,
            # Link events would be printed by other threads, in the middle of a prompt.
            "--", "-i", "--total-num-mbufs=16384", "--mask-event", "intr_lsc", *arguments]
        self._telemetry = None

    def __enter__(self):
        self._launch()
        try:
            if self._transcript.wait_for_prompt(0, 2 * DEADLINE_S) is None:
                raise Failed(f"testpmd did not get to its prompt, exit status {self._process.poll()}")
            self._telemetry = telemetry.connect(telemetry.socket_path(self._prefix), DEADLINE_S)
        except BaseException as error:  # also when we are told to stop
            self._clean_up(error)
            raise
        return self

    def __exit__(self, _kind, error, _traceback):
        try:
            if error is None:
                self._quit()
        except Failed as failed:
            error = failed
            raise
        finally:
            self._clean_up(error)

    def _launch(self):
        # Its output is a terminal, so that it writes each line at once. Its input is a pipe: nobody types there.
        output, its_output = os.openpty()
        log, its_log = os.pipe()
        tty.setraw(its_output)
        self._transcript = Transcript(output, log)
        try:
            self._process = subprocess.Popen(self._arguments, stdin=subprocess.PIPE, stdout=its_output, stderr=its_log,
                                             start_new_session=True)
        finally:
            os.close(its_output)
            os.close(its_log)

    def _quit(self):
        self._send("quit")
        try:
            status = self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired as error:
            raise Failed("testpmd does not quit") from error
        expect_equal(status, 0, "the exit status of testpmd")

    def _clean_up(self, error):
        if self._telemetry:
            self._telemetry.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._transcript.close()
        shutil.rmtree(os.path.dirname(telemetry.socket_path(self._prefix)), ignore_errors=True)
        if error is not None:
            for what, text in (("output", self._transcript.output()), ("log", self._transcript.log())):
                error.add_note(f"the last lines of testpmd's {what}:")
                error.add_note("\n".join(f"| {line}" for line in text.splitlines()[-TRANSCRIPT_LINES:]))

    def in_namespace(self, *command):
        """Output of a command in testpmd's network namespace."""
        inside = ["nsenter", f"--net=/proc/{self._process.pid}/ns/net", "--", *command]
        return subprocess.run(inside, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout

    # ---- its prompt and its log

    def _send(self, line):
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Failed(f"testpmd is gone, exit status {self._process.wait()}; `{line}` cannot be typed") from error

    def type(self, line):
        """Types a command; returns what is printed until the prompt is back."""
        start = len(self._transcript.output())
        self._send(line)
        text = self._transcript.wait_for_prompt(start, DEADLINE_S)
        if text is None:
            status = self._process.poll()
            self._process.kill()  # so that the cases that follow do not wait for it as well
            raise Failed(f"`{line}` does not come to an end, exit status {status}")
        for refusal in NOT_UNDERSTOOD:
            expect(refusal not in text, f"testpmd does not understand `{line}`: {text}")
        return text.removeprefix(line)

    def answer(self, line):
        """Types a command; returns what is printed and then what is logged until the prompt is back."""
        start = len(self._transcript.log())
        printed = self.type(line)
        return printed + self._transcript.log(start)

    def log(self):
        return self._transcript.log()

    def port_summary(self):
        """Port ids by name, of the ports that testpmd lists."""
        text = self.type("show port summary all")
        available = int(re.search(r"Number of available ports: (\d+)", text)[1])
        rows = re.findall(r"^(\d+) +[0-9A-F:]{17} +(\S+)", text, re.M)
        expect(available == len(rows), f"{available} ports are available and {len(rows)} are listed")
        return {name: int(port) for port, name in rows}

    def start_forwarding(self, *ports):
        """Starts, between these ports if they are given, else between those it has been started with."""
        if ports:
            self.type(f"set portlist {','.join(map(str, ports))}")
        text = self.type("start")
        expect("packet forwarding - ports=" in text, f"testpmd does not forward: {text} {self.log()[-200:]}")

    def stop_forwarding(self):
        """Stops; returns, for each port, how many packets were received, sent and dropped since the start."""
        text = self.type("stop")
        found = re.findall(r"statistics for port (\d+) +-+\s+RX-packets: (\d+).*\s+TX-packets: (\d+) +TX-dropped: (\d+)",
                           text)
        return {int(port): (int(rx), int(tx), int(dropped)) for port, rx, tx, dropped in found}

    # ---- telemetry

    def ask(self, command, *parameters):
        return self._telemetry.ask(command, *parameters)

    def steer(self, command, *parameters):
        """A control operation that has to succeed."""
        reply = self.ask(f"/braid/{command}", *parameters)
        expect(reply == {"result": "ok"}, f"{command} {parameters}: {reply}")

    def refused(self, command, *parameters):
        """A control operation that has to be refused: its errno. The refusal has a reason in words."""
        reply = self.ask(f"/braid/{command}", *parameters)
        expect(telemetry.is_error(reply), f"{command} {parameters} was not refused: {reply}")
        expect(reply.get("error", "") != "", f"{command} {parameters} was refused without a reason: {reply}")
        return reply["errno"]

    def show(self, bond="net_braid0"):
        reply = self.ask("/braid/show", bond)
        expect(not telemetry.is_error(reply), f"/braid/show,{bond}: {reply}")
        return reply

    def state(self, bond="net_braid0"):
        """What /braid/show tells, without what grows by itself: to be compared with what it tells later."""
        shown = self.show(bond)
        for of_its_own_accord in ("retired", "publish_last_ns", "publish_longest_ns"):
            shown.pop(of_its_own_accord)
        for member in shown["members"].values():
            member.pop("why_not_ms")
        return shown

    def members(self, bond="net_braid0"):
        """What /braid/show tells of each member, by its name."""
        return {member["name"]: member for member in self.show(bond)["members"].values()}

    def link(self, port):
        return self.ask("/ethdev/link_status", port)["status"]

    def stats(self, port):
        return self.ask("/ethdev/stats", port)

    def xstats(self, port):
        return self.ask("/ethdev/xstats", port)

    def wait_for_members(self, *names, bond="net_braid0", state="running"):
        """Until the bond has exactly these members and all of them are in this state."""
        def there():
            members = self.members(bond)
            return set(members) == set(names) and all(m["state"] == state for m in members.values())
        wait_until(there, f"{bond} has the members {names}, {state}")

    def wait_for_traffic(self, port, packets=2000):
        """Until the port has sent so many packets more than now."""
        before = self.stats(port)["opackets"]
        wait_until(lambda: self.stats(port)["opackets"] >= before + packets, f"port {port} sends {packets} packets")
