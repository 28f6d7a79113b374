# SPDX-License-Identifier: BSD-3-Clause
"""What braid-bench says of options that are wrong: one sentence, and exit status 1 before anything is measured."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = pathlib.Path(os.environ.get("BRAID_BUILD_DIR", ROOT / "build")) / "app" / "braid-bench"


def run(*args):
    return subprocess.run([BENCH, *args], capture_output=True, text=True, timeout=60, check=False)


class Options(unittest.TestCase):
    def assert_refused(self, said, *args):
        done = run(*args)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertEqual(done.stderr.splitlines(), [f"bench: {said}"])

    def test_that_do_not_exist(self):
        self.assert_refused("The following argument was not expected: --recrod (try --help)", "--recrod")
        self.assert_refused("--rounds: Value 0 not in range 1 to 100000", "control", "--rounds", "0")

    def test_no_regular_expression(self):
        self.assert_refused('--case: "(" is no regular expression: Unmatched ( or \\(', "--case", "(")
        self.assert_refused('--case: "a{2" is no regular expression: Unmatched \\{', "--case", "a{2")
        self.assert_refused('--case: "" is no regular expression: it is empty', "--case", "")

    def test_a_regular_expression(self):
        done = run("--list", "--case", r"^tx/balance-(vlan\+srcmac|l34\+sym)/.*hot$")
        self.assertEqual(done.stdout.splitlines(), [f"tx/balance-{which}/m2/b32/hot" for which in (
            "vlan+srcmac/ipv4", "vlan+srcmac/vlan", "l34+sym/ipv4", "l34+sym/ipv6", "l34+sym/mixed")])

    def test_no_time_for_a_case(self):
        for text in ("x", "0", "-1", "nan", "1s", "", "1 2", "0x10"):
            self.assert_refused(f'--seconds: "{text}" is not a number of seconds above 0', "--seconds", text)
        for text in ("3601", "3600.5", "inf", "1e300", "1e999"):
            self.assert_refused(f'--seconds: "{text}" is more than 3600', "floor", "--seconds", text)

    def test_a_time_for_a_case(self):
        for text in ("0.02", "1", ".5", "1e3", "3600"):
            self.assertEqual(run("--list", "--seconds", text).returncode, 0, text)

    def test_results_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as directory:
            none = f"{directory}/none/results"
            self.assert_refused(f'--json: cannot write "{none}": No such file or directory', "--json", none)
            self.assert_refused(f'--json: cannot write "{directory}": Is a directory', "control", "--json", directory)
            self.assert_refused('--json: cannot write "": No such file or directory', "--json", "")

    def test_results_are_touched_only_when_there_are_some(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "results")
            self.assertEqual(run("--json", file, "--list").returncode, 0)
            self.assertFalse(file.exists())
            file.write_text("earlier", encoding="utf-8")
            self.assertEqual(run("--json", file, "--case", "no such case").returncode, 1)
            self.assertEqual(file.read_text(encoding="utf-8"), "earlier")

    def test_of_another_measurement(self):
        for option in ("--all", "--case=x", "--list", "--seconds=1"):
            self.assert_refused(f"control: has no use for {option.split('=')[0]}", "control", option)
        for option in ("--all", "--case=x", "--list", "--check", "--json=/dev/null"):
            self.assert_refused(f"floor: has no use for {option.split('=')[0]}", option, "floor")

    def test_of_two_measurements(self):
        self.assert_refused("The following argument was not expected: floor (try --help)", "control", "floor")

    def test_no_cpu(self):
        self.assert_refused("--cpu: Value -5 not in range -1 to 1023", "--cpu", "-5")

    def test_help_is_no_error(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--case", done.stdout)
