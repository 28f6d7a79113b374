# SPDX-License-Identifier: BSD-3-Clause
"""Which promises of scripts/demo an observation breaks."""

import dataclasses
import unittest

from demo.analysis import Interval
from demo.observation import Event, Observation, failures
from demo.steps import Answer, Step


def every_ten_ms(begin, end):
    return [begin + 0.01 * step for step in range(round((end - begin) / 0.01))]


def event(at, mode, text="a step", answer=Answer("ok")):
    """The transfer of these tests started at 100 s."""
    return Event(Step(at, text, None, mode, None), answer, began=100.0 + at, took=0.001)


WELL = Observation(
    started_at=100.0, seconds=6.0, intervals=[], replies=every_ten_ms(99.0, 106.1),
    events=[event(2.0, "round-robin"), event(4.0, "active-backup")],
    totals={"sender": 100.0, "receiver": 100.0, "retransmitted": 0}, transfer_ended_well=True, testpmd_status=0)


def without_replies(begin, end):
    return dataclasses.replace(WELL, replies=[time for time in WELL.replies if not begin <= time < end])


class Failures(unittest.TestCase):
    def test_a_good_run_has_none(self):
        self.assertEqual(list(failures(WELL)), [])

    def test_a_long_gap_in_active_backup_is_one(self):
        self.assertEqual(len(list(failures(without_replies(105.0, 105.2)))), 1)

    def test_a_gap_that_begins_with_the_switch_to_active_backup_is_one(self):
        self.assertEqual(len(list(failures(without_replies(103.995, 104.15)))), 1)

    def test_a_path_that_stays_silent_is_one(self):
        self.assertEqual(len(list(failures(without_replies(105.5, 107.0)))), 1)

    def test_a_short_gap_in_active_backup_is_none(self):
        self.assertEqual(list(failures(without_replies(105.0, 105.08))), [])

    def test_a_long_gap_in_another_mode_is_none(self):
        self.assertEqual(list(failures(without_replies(102.0, 103.5))), [])

    def test_a_dead_transfer_is_one(self):
        self.assertEqual(list(failures(dataclasses.replace(WELL, transfer_ended_well=False))), ["the transfer died"])

    def test_a_transfer_that_stands_still_is_one(self):
        intervals = [Interval(0.0, 0.5, 100.0, 0), Interval(0.5, 1.0, 0.0, 0), Interval(1.0, 1.5, 0.0, 0)]
        self.assertEqual(list(failures(dataclasses.replace(WELL, intervals=intervals))),
                         ["the transfer stood still for 1.0 s"])
        self.assertEqual(list(failures(dataclasses.replace(WELL, intervals=intervals[:2]))), [])

    def test_an_unexpected_answer_is_one_and_is_told(self):
        refused = event(2.0, "round-robin", "net_tap1 renamed", Answer("no such member", expected=False))
        observed = dataclasses.replace(WELL, events=[refused, WELL.events[1]])
        self.assertEqual(list(failures(observed)), ["net_tap1 renamed: no such member"])

    def test_a_forwarder_that_crashed_at_the_end_is_one(self):
        self.assertEqual(list(failures(dataclasses.replace(WELL, testpmd_status=-11))), ["testpmd ended with status -11"])


if __name__ == "__main__":
    unittest.main()
