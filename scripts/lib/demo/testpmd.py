# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own testpmd, as a process that is told what to do through its standard input."""

import os
import re
import signal
import subprocess
import threading

import prompt
from demo import lab

# The cmdline library redraws its line with these.
TERMINAL_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")


def core_options():
    """Core 0 waits for commands, core 1 forwards and never sleeps; on a machine with one CPU they share it."""
    cpus = sorted(os.sched_getaffinity(0))
    return f"--lcores=0@{cpus[0]},1@{cpus[1 % len(cpus)]}"


class Testpmd:
    """A running testpmd with the ports tap0, tap1, tap2 and whatever vdev names. It does not forward yet."""

    def __init__(self, the_lab, vdev, eal_options=(), options=()):
        self._output = ""
        self._grown = threading.Condition()
        self.file_prefix = "demo"
        self.runtime_root = str(the_lab.directory)
        # RUNTIME_DIRECTORY moves what EAL leaves behind (sockets, configuration) from /var/run to our directory.
        environment = {**os.environ, "RUNTIME_DIRECTORY": self.runtime_root, "LC_ALL": "C"}
        # Into a pipe, its printf output would otherwise arrive long after its prompts.
        command = ["stdbuf", "-oL", "dpdk-testpmd", core_options(), "--no-huge", "-m", "256", "--no-pci",
            "--file-prefix", self.file_prefix, *eal_options]
        for port in range(3):
            command += ["--vdev", f"net_tap{port},iface=tap{port}"]
        command += ["--vdev", vdev, "--", "--interactive", "--total-num-mbufs=16384", *options]
        self.process = the_lab.spawn(command, namespace=the_lab.net, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()
        self._wait_for_prompt(0)

    def _read(self):
        while chunk := self.process.stdout.read1(65536):
            with self._grown:
                self._output += TERMINAL_CONTROL.sub("", chunk.decode(errors="replace"))
                self._grown.notify_all()
        with self._grown:
            self._output += f"\n(testpmd has closed its output and ended {self._how_it_ended()})\n"
            self._grown.notify_all()

    def _how_it_ended(self):
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "not yet"
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"

    def _wait_for_prompt(self, position, deadline_s=30.0):
        def is_there():
            text = self._output[position:]
            return prompt.before(text) is not None or "closed its output" in text

        with self._grown:
            self._grown.wait_for(is_there, deadline_s)
            answer = prompt.before(self._output[position:])
        if answer is None:
            raise lab.LabError(f"testpmd does not answer; the last it said:\n{self.tail()}")
        return answer

    def command(self, line):
        """Types line; returns what testpmd printed until its next prompt."""
        with self._grown:
            position = len(self._output)
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise lab.LabError(f"testpmd is gone; the last it said:\n{self.tail()}") from error
        answer = self._wait_for_prompt(position)
        return answer.removeprefix(line).strip()

    def quit(self):
        """Ends it as an operator would; returns its exit status."""
        try:
            self.process.communicate(b"quit\n", timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return self.process.wait()

    def tail(self, lines=15):
        return "\n".join("    " + line for line in self._output.splitlines()[-lines:])
