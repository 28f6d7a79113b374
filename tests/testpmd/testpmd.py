# SPDX-License-Identifier: BSD-3-Clause
"""A running dpdk-testpmd with the driver loaded: typed at through its prompt, steered and read through telemetry."""

import itertools
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time
import tty

import telemetry
from checks import DEADLINE_S, Failed, expect, wait_until

PROMPT = "testpmd> "
NOT_UNDERSTOOD = ("Command not found", "Bad arguments", "Ambiguous command")
TRANSCRIPT_LINES = 30

_number = itertools.count()


def driver():
    """The driver that scripts/test has put where EAL loads it from, or else the one of the build."""
    build = os.environ.get("BRAID_BUILD_DIR") or pathlib.Path(__file__).resolve().parents[2] / "build"
    return os.environ.get("BRAID_DRIVER") or f"{build}/drivers/net/braid/librte_net_braid.so"


def vdevs(*devices):
    return [argument for device in devices for argument in ("--vdev", device)]


class Transcript:
    """What a process has printed so far. A thread collects it, for a full terminal would stop the process."""

    def __init__(self, master):
        self._master = master
        self._text = ""
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other side is closed
                data = b""
            with self._changed:
                self._text += data.decode(errors="replace")
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def __len__(self):
        return len(self.text())

    def text(self, start=0):
        with self._changed:
            return self._text[start:]

    def wait_for(self, words, start, deadline_s):
        """The text from start on as soon as words are in it; None if the process ends or the deadline passes first."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or words in self._text[start:], deadline_s)
            text = self._text[start:]
            return text if words in text else None

    def close(self):
        self._reader.join()
        os.close(self._master)


class Testpmd:
    """One testpmd in a with block, which ends with `quit` and with the demand that testpmd leaves without complaint."""

    def __init__(self, *devices, arguments=(), namespace=False):
        self.prefix = f"braid-testpmd-{os.getpid()}-{next(_number)}"
        self._arguments = [
            # Should we be killed, the kernel ends testpmd with us.
            *(["unshare", "--net", "--"] if namespace else []), "setpriv", "--pdeathsig", "KILL", "--",
            "dpdk-testpmd", "--no-huge", "-m", "512", "--no-pci", "-l", two_cores(), "--file-prefix", self.prefix,
            "-d", driver(), *vdevs(*devices), "--", "-i", "--total-num-mbufs=16384", *arguments]
        self._telemetry = None

    def __enter__(self):
        self.launch()
        if self.transcript.wait_for(PROMPT, 0, 2 * DEADLINE_S) is None:
            error = Failed(f"testpmd did not get to its prompt, exit status {self._process.poll()}")
            self.__exit__(Failed, error, None)
            raise error
        self._telemetry = telemetry.connect(telemetry.socket_path(self.prefix), DEADLINE_S)
        return self

    def __exit__(self, kind, error, _traceback):
        try:
            if error is None:
                self._quit()
        except Failed as failed:
            error = failed
            raise
        finally:
            self._clean_up()
            if error is not None:
                last = self.transcript.text().splitlines()[-TRANSCRIPT_LINES:]
                error.add_note("\n".join(["the last lines of testpmd:", *(f"| {line}" for line in last)]))

    def launch(self):
        # Its output is a terminal, so that it writes each line at once. Its input is a pipe: nobody types there.
        master, slave = os.openpty()
        tty.setraw(slave)
        try:
            self._process = subprocess.Popen(self._arguments, stdin=subprocess.PIPE, stdout=slave, stderr=slave,
                                             start_new_session=True)
        finally:
            os.close(slave)
        self.transcript = Transcript(master)

    def run_to_its_end(self):
        """For a command line that is refused: exit status and output."""
        self.launch()
        try:
            return self._process.wait(2 * DEADLINE_S), self._clean_up()
        except subprocess.TimeoutExpired as error:
            raise Failed("testpmd did not end") from error
        finally:
            self._clean_up()

    def _quit(self):
        self._send("quit")
        try:
            status = self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired as error:
            raise Failed("testpmd does not quit") from error
        expect(status == 0, f"testpmd has ended with exit status {status}")

    def _clean_up(self):
        if self._telemetry:
            self._telemetry.close()
            self._telemetry = None
        if self._process.stdin:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdin = None
            self.transcript.close()
            shutil.rmtree(os.path.dirname(telemetry.socket_path(self.prefix)), ignore_errors=True)
        return self.transcript.text()

    @property
    def pid(self):
        return self._process.pid

    # ---- its prompt

    def _send(self, line):
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise Failed(f"testpmd is gone, exit status {self._process.wait()}; `{line}` cannot be typed") from error

    def type(self, line):
        """Types a command; returns what is printed until the prompt is back."""
        start = len(self.transcript)
        self._send(line)
        text = self.transcript.wait_for(PROMPT, start, DEADLINE_S)
        if text is None:
            raise Failed(f"`{line}` does not come to an end, exit status {self._process.poll()}")
        for refusal in NOT_UNDERSTOOD:
            expect(refusal not in text, f"testpmd does not understand `{line}`: {text}")
        return text[:text.index(PROMPT)].removeprefix(line)

    def port_summary(self):
        """Port ids and names as testpmd lists them."""
        text = self.type("show port summary all")
        available = int(re.search(r"Number of available ports: (\d+)", text)[1])
        rows = re.findall(r"^(\d+) +[0-9A-F:]{17} +(\S+)", text, re.M)
        expect(available == len(rows), f"{available} ports are available and {len(rows)} are listed")
        return {name: int(port) for port, name in rows}

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

    def members(self, bond="net_braid0"):
        """What /braid/show tells of each member, by its name."""
        return {member["name"]: member for member in self.show(bond)["members"].values()}

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


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    expect(len(cores) >= 2, "two cores are needed: one forwards, one listens")
    return f"{cores[0]},{cores[1]}"


def braid_lines(text):
    """What the driver itself has said."""
    return re.findall(r"BRAID: (.*)", text)


def seconds_until(condition, what):
    start = time.monotonic()
    wait_until(condition, what)
    return time.monotonic() - start
