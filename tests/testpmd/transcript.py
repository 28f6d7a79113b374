# SPDX-License-Identifier: BSD-3-Clause
"""What a process prints, collected as it comes."""

import os
import select
import threading

import prompt


class Transcript:
    """Collects by a thread, for a full pipe would stop the process.

    Output and log stay apart: testpmd writes its prompt byte by byte, and other threads log in between. What was logged
    before something was output is here no later than that.
    """

    def __init__(self, output, log):
        os.set_blocking(log, False)
        self._output, self._log = output, log
        self._text = {output: "", log: ""}
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        open_ = {self._output, self._log}
        while open_:
            ready = set(select.select(open_, [], [])[0])
            data = {}
            # The log last and whatever select() has said, so that it has everything from before this output.
            for fd in sorted(ready | open_ & {self._log}, key=lambda fd: fd == self._log):
                data[fd] = self._read(fd)
                if data[fd] == b"":
                    open_.remove(fd)
            with self._changed:
                for fd, new in data.items():
                    self._text[fd] += (new or b"").decode(errors="replace")
                self._ended = not open_
                self._changed.notify_all()

    @staticmethod
    def _read(fd):
        """Some bytes, none at the end, None if there is nothing now."""
        try:
            return os.read(fd, 65536)
        except BlockingIOError:
            return None
        except OSError:  # how a terminal tells that nobody is left on its other side
            return b""

    def output(self, start=0):
        with self._changed:
            return self._text[self._output][start:]

    def log(self, start=0):
        with self._changed:
            return self._text[self._log][start:]

    def wait_for_prompt(self, start, deadline_s):
        """The output from start to the next prompt; None if the process ends or the deadline passes first."""
        def answer():
            return prompt.before(self._text[self._output][start:])

        with self._changed:
            self._changed.wait_for(lambda: self._ended or answer() is not None, deadline_s)
            return answer()

    def close(self):
        """When the process has ended."""
        self._reader.join()
        for fd in self._text:
            os.close(fd)
