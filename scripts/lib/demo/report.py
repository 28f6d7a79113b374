# SPDX-License-Identifier: BSD-3-Clause
"""What a person sees: a line per step while it happens, then a table with the numbers around each step."""

import os
import sys

from demo import analysis
from demo.observation import milliseconds
from demo.traffic import HALF_SECOND

BEFORE, AFTER = 2, 4  # half seconds shown on either side of a step


class Paint:
    """Colours for a terminal, nothing for a file. NO_COLOR is respected."""

    def __init__(self, stream):
        self._enabled = stream.isatty() and not os.environ.get("NO_COLOR")

    def _wrap(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self._enabled else text

    def good(self, text):
        return self._wrap("32", text)

    def bad(self, text):
        return self._wrap("1;31", text)

    def strong(self, text):
        return self._wrap("1", text)


paint = Paint(sys.stdout)


def say(text=""):
    print(text, flush=True)


def live_line(at, mode, text, transmitting=(), took="", answer=""):
    names = " ".join(sorted(transmitting))
    say(f"  {at:5.1f} s  {mode:<14} {text:<38} {took:>8}  {names:<18} {answer}".rstrip())


def start(mode, transmitting):
    say(f"  {'time':>7}  {'mode':<14} {'step':<38} {'took':>8}  {'transmitting':<18} answer")
    live_line(0.0, mode, "transfer and ping start", transmitting)


def event(done, transmitting):
    colour = paint.good if done.answer.expected else paint.bad
    live_line(done.step.at, done.step.mode, done.step.text, transmitting, milliseconds(done.took),
        colour(done.answer.text))


def end(at, ended_well):
    live_line(at, "", "the transfer ends" if ended_well else paint.bad("the transfer died"))


def cells(values, width):
    return " ".join(f"{value:4.0f}" for value in values).rjust(5 * width - 1)


def table(observation):
    width = 5 * (BEFORE + AFTER) + 1
    heading = "Mbit/s per half second"
    say(f"  {'':7}  {'':14} {'':38} {heading:^{width}}  {'longest':>9}  {'sent':>5}")
    say(f"  {'time':>7}  {'mode':<14} {'step':<38} {'before':>{5 * BEFORE - 1}} | {'after':<{5 * AFTER - 1}} "
        f" {'gap':>8}  {'again':>5}")
    for index, event in enumerate(observation.events):
        at = event.step.at
        began, ended = observation.window(index)
        until = ended - observation.started_at
        before = analysis.throughput(observation.intervals, at - BEFORE * HALF_SECOND, at)
        after = analysis.throughput(observation.intervals, at, min(at + AFTER * HALF_SECOND, until))
        silence = analysis.longest_silence(observation.replies, began, ended)
        say(f"  {at:5.1f} s  {event.step.mode:<14} {event.step.text:<38} {cells(before, BEFORE)} | "
            f"{cells(after, 0):<{5 * AFTER - 1}}  {milliseconds(silence.length):>8}  "
            f"{analysis.retransmitted(observation.intervals, at, until):>5}")


def totals(observation):
    numbers = observation.totals
    received = f"{numbers['receiver']:.0f} Mbit/s received" if "receiver" in numbers else "not finished"
    again = numbers.get("retransmitted", sum(one.retransmitted for one in observation.intervals))
    say(f"  transfer: {received}, {again:,} segments sent again; ping: {len(observation.replies):,} answers")
    for mode in dict.fromkeys(event.step.mode for event in observation.events):
        say(f"  longest gap in {mode:<14} {milliseconds(observation.longest_gap_in_mode(mode)):>8}")
