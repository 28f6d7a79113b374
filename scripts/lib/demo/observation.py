# SPDX-License-Identifier: BSD-3-Clause
"""Everything that was measured, and whether the promises were kept. No process and no clock: tests build it by hand."""

import dataclasses

from demo import analysis

ALLOWED_GAP_S = 0.1
# A transfer that lives through a second without a byte was rescued by TCP's patience, not by the bond.
DEAD_AFTER_S = 1.0


@dataclasses.dataclass(frozen=True)
class Event:
    """A step that was done."""
    step: object
    answer: object
    began: float  # wall-clock time
    took: float  # seconds until the bond showed what was wanted


@dataclasses.dataclass(frozen=True)
class Observation:
    """One run of the timeline."""
    started_at: float  # wall-clock time of the transfer's start
    seconds: float
    intervals: list
    replies: list
    events: list
    totals: dict
    transfer_ended_well: bool
    testpmd_status: int

    def window(self, index):
        """What follows a step, up to the next one, is put down to it."""
        following = self.events[index + 1:]
        end = following[0].began if following else self.started_at + self.seconds
        return self.events[index].began, end

    def longest_gap_in_mode(self, mode):
        """Of the time the bond was in mode, from the step that chose it. Gaps at its borders count in full."""
        windows = [self.window(index) for index, event in enumerate(self.events) if event.step.mode == mode]
        return analysis.longest_gap(self.replies, windows[0][0], windows[-1][1]).length


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f} ms"


def failures(observation):
    """A sentence for each promise that was not kept."""
    if not observation.transfer_ended_well:
        yield "the transfer died"
    standstill = analysis.longest_standstill(observation.intervals)
    if standstill >= DEAD_AFTER_S:
        yield f"the transfer stood still for {standstill:.1f} s"
    gap = observation.longest_gap_in_mode("active-backup")
    if gap > ALLOWED_GAP_S:
        yield (f"in active-backup nothing came through for {milliseconds(gap)}, "
            f"more than {milliseconds(ALLOWED_GAP_S)}")
    if observation.testpmd_status != 0:
        yield f"testpmd ended with status {observation.testpmd_status}"
    for event in observation.events:
        if not event.answer.expected:
            yield f"{event.step.text}: {event.answer.text}"
