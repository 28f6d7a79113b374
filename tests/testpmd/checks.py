# SPDX-License-Identifier: BSD-3-Clause
"""What the cases are made of: a sentence that can be false, a few ways to find out, and polling with a deadline."""

import contextlib
import sys
import time
import traceback

# The machine may be busy with other things; nothing here takes longer than that unless it is broken.
DEADLINE_S = 30.0

failures = 0


class Failed(Exception):
    """A case is false, or could not be tried."""


@contextlib.contextmanager
def case(sentence):
    """Reports whether its block got to the end. The cases after a failed one are still tried."""
    global failures
    try:
        yield
    except Exception as error:  # noqa: BLE001: also a mistake of the test itself is reported as the case's
        failures += 1
        print(f"not ok - {sentence}")
        for line in describe(error):
            print(f"    {line}")
    else:
        print(f"ok - {sentence}")
    sys.stdout.flush()


def describe(error):
    where = traceback.extract_tb(error.__traceback__)[1:]
    lines = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}: {frame.line}" for frame in where]
    lines += f"{type(error).__name__}: {error}".splitlines()
    for note in getattr(error, "__notes__", []):
        lines += note.splitlines()
    return lines


def expect(condition, what):
    if not condition:
        raise Failed(what)


def expect_equal(actual, wanted, what):
    if actual != wanted:
        raise Failed(f"{what}: wanted {wanted!r}, got {actual!r}")


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Polls condition until it is true and returns its value."""
    give_up = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise Failed(f"within {deadline_s:.0f} s it did not happen that {what}")
        time.sleep(0.01)
