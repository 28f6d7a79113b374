# SPDX-License-Identifier: BSD-3-Clause
import unittest

import prompt


class Prompt(unittest.TestCase):
    def test_in_one_piece(self):
        self.assertEqual(prompt.before("Done\ntestpmd> "), "Done\n")

    def test_is_not_there(self):
        for text in ("", "Done\n", "testpmd>", "testpmd: Failed\n", "test\npmd: x> "):
            self.assertIsNone(prompt.before(text), text)

    def test_with_an_event_in_the_middle(self):
        self.assertEqual(prompt.before("Done\nte\nPort 3: link state change event\nstpmd> "), "Done\n")

    def test_with_log_and_event_in_the_middle(self):
        text = ("Done\ntBRAID: net_braid0: member net_tap2 is usable\nBRAID: net_braid0: link up\n"
                "\nePort 3: link state change event\nstpmd> ")
        self.assertEqual(prompt.before(text), "Done\n")

    def test_the_first_of_two(self):
        self.assertEqual(prompt.before("a\ntestpmd> b\ntestpmd> "), "a\n")
