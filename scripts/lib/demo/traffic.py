# SPDX-License-Identifier: BSD-3-Clause
"""What runs through the bond while it is being changed: one TCP transfer, and a ping every few milliseconds."""

import subprocess
import threading
import time

from demo import analysis, lab

HALF_SECOND = 0.5
PING_EVERY_S = 0.002


class Transfer:
    """iperf3 from the client to the server. The sender is on the client's side: its packets leave by the bond."""

    def __init__(self, the_lab, seconds, mbit_per_s):
        self.lines = []
        self.intervals = []
        self.started_at = None
        self._server_log = the_lab.directory / "iperf3-server"
        with self._server_log.open("w") as log:
            self._server = the_lab.spawn(
                ["iperf3", "--server", "--one-off", "--forceflush", "--bind", lab.SERVER_ADDRESS],
                namespace=the_lab.net, stdout=log, stderr=subprocess.STDOUT)
        lab.wait_until(self._is_listening, "the start of the iperf3 server")
        self.process = the_lab.spawn(
            ["iperf3", "--client", lab.SERVER_ADDRESS, "--time", str(seconds), "--interval", str(HALF_SECOND),
            "--format", "m", "--bitrate", f"{mbit_per_s}M", "--forceflush", "--connect-timeout", "10000"],
            namespace=the_lab.client, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        lab.wait_until(self._is_flowing, "the first half second of the transfer")

    def _is_listening(self):
        if self._server.poll() is not None:
            raise lab.LabError(f"the iperf3 server did not start: {self._server_log.read_text().strip()}")
        return "Server listening" in self._server_log.read_text()

    def _is_flowing(self):
        if self.process.poll() is not None:
            self._reader.join()
            raise lab.LabError("the transfer did not start: " + " ".join(self.lines).strip())
        return self.started_at

    def _read(self):
        for line in self.process.stdout:
            now = time.time()
            self.lines.append(line)
            interval = analysis.parse_interval(line)
            if interval:
                self.intervals.append(interval)
                # iperf3 does not tell when it started more exactly than to the second; its first line does.
                self.started_at = self.started_at or now - interval.end

    def finish(self, patience_s):
        """Waits for the end of the transfer; returns whether it ended well, and iperf3's totals."""
        try:
            status = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            status = lab.end(self.process)
        self._reader.join()
        totals = analysis.parse_totals(self.lines)
        return status == 0 and "receiver" in totals, totals


class Ping:
    """A ping from the client to the server that does not wait for answers before it sends the next."""

    def __init__(self, the_lab):
        self._log = the_lab.directory / "ping"
        with self._log.open("w") as log:
            self._process = the_lab.spawn(
                ["ping", "-n", "-D", "-i", str(PING_EVERY_S), lab.SERVER_ADDRESS],
                namespace=the_lab.client, stdout=log, stderr=subprocess.STDOUT)

    def finish(self):
        """Returns the times at which replies came."""
        lab.end(self._process)
        with self._log.open() as log:
            return analysis.reply_times(log)
