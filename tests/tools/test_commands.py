# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench and scripts/test in a tree where a build, the benchmark and what draws are only played, and written down."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = pathlib.Path(os.environ.get("BRAID_BUILD_DIR", ROOT / "build")) / "app" / "braid-bench"
NOTE = '#!/bin/bash\ntree=$(readlink -f "$(dirname "$0")/{up}")\necho "{name} $*" >>"$tree/log"\n'
NOTE_PY = 'import os, sys\nopen(os.environ["PLAYED_LOG"], "a").write(" ".join(["{name}", *sys.argv[1:]]) + "\\n")\n'
# As braid-bench does: --json FILE is written when everything was measured, whatever came out.
PLAYED_BENCH = NOTE.format(name="braid-bench", up="../..") + """
while [ $# -gt 0 ]; do
	[ "$1" = --json ] && file=$2
	shift
done
[ -n "${PLAYED_FAILURE-}" ] && exit 1
[ -z "${file-}" ] || echo "measured" >"$file"
exit "${PLAYED_STATUS-0}"
"""
# The picture is what it was drawn from.
PLAYED_PLOT = 'open(sys.argv[1], "w").write("".join(open(file).read() for file in sys.argv[2:]))\n'


class Tree(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = pathlib.Path(directory.name)
        shutil.copytree(ROOT / "scripts", self.tree / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (self.tree / "docs").mkdir()
        self.play("bin/gnuplot", "")
        self.play("scripts/build", NOTE.format(name="build", up=".."))
        self.play("build/app/braid-bench", PLAYED_BENCH)
        self.play("scripts/lib/bench_plot.py", NOTE_PY.format(name="bench_plot") + PLAYED_PLOT)
        for tool in ("count_instructions", "bench_document"):
            self.play(f"scripts/lib/{tool}.py", NOTE_PY.format(name=tool))

    def play(self, path, text):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def run_script(self, name, *args, **environment):
        """The exit status, standard error (output is in self.printed), and the names of what was played with its arguments."""
        log = self.tree / "log"
        log.unlink(missing_ok=True)
        done = subprocess.run([self.tree / "scripts" / name, *args], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.tree, env={**os.environ, "PATH": f"{self.tree}/bin:{os.environ['PATH']}", "PLAYED_LOG": str(log),
                                   **environment})
        self.printed = done.stdout
        return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []

    def assert_refused(self, said, *args, **environment):
        """Before anything else is done."""
        self.assertEqual(self.run_script("bench", *args, **environment), (1, f"bench: {said}\n", []))


class Help(Tree):
    def test_is_answered_before_anything_else(self):
        for words in (("-h",), ("--help",), ("control", "--help"), ("--instructions", "-h"), ("--plot", "a.svg", "--help")):
            self.assertEqual(self.run_script("bench", *words), (0, "", []), words)
            self.assertTrue(self.printed.startswith("Usage: scripts/bench "), self.printed)

    def test_names_every_option_of_the_benchmark(self):
        self.run_script("bench", "--help")
        for words in ((), ("control",)):
            known = subprocess.run([BENCH, *words, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
            options = set(re.findall(r"^  (?:-h,)?(--[a-z]+)", known, re.M))
            self.assertGreater(options, {"--help"})
            self.assertEqual({option for option in options - {"--help"} if f"{option} " not in self.printed}, set())


class Action(Tree):
    def test_instructions_are_counted(self):
        bench, bounds = self.tree / "build/app/braid-bench", self.tree / "app/bench/instructions.txt"
        for record in ((), ("--record",)):
            self.assertEqual(self.run_script("bench", "--instructions", *record),
                             (0, "", ["build ", " ".join(["count_instructions", str(bench), str(bounds), *record])]))

    def test_instructions_with_a_word_too_many(self):
        for word in ("foo", "--recrod", "--check", ""):
            self.assert_refused(f'--instructions: knows --record and not "{word}" (try --help)', "--instructions", word)
            self.assert_refused(f'--instructions: knows --record and not "{word}" (try --help)', "--instructions", "--record", word)

    def test_document_with_a_word_too_many(self):
        for word in ("foo", "--check"):
            self.assert_refused(f'document: stands alone, without "{word}" (try --help)', "document", word)

    def test_a_word_that_the_help_does_not_name(self):
        for word in ("--recrod", "--case-", "-c", "contrl", "count", "--", "", "[OPTION...]", "--FILE", "N"):
            self.assert_refused(f'does not know "{word}" (try --help)', word)
            self.assert_refused(f'does not know "{word}" (try --help)', "control", "--cpu", "1", word)
        self.assert_refused('does not know "--jsno" (try --help)', "--jsno=a.json")

    def test_an_option_without_its_value(self):
        for option in ("--case", "--seconds", "--cpu"):
            self.assert_refused(f"{option}: needs a value (try --help)", "--all", option)

    def test_a_word_in_the_wrong_place(self):
        for words in (("control", "document"), ("--check", "--instructions"), ("--record",), ("floor", "--record")):
            self.assert_refused(f"{words[-1]}: does not stand there (try --help)", *words)

    def test_every_option_that_the_help_names_is_known(self):
        self.run_script("bench", "--help")
        words = [word for option, value in re.findall(r"^  (--[a-z]+)(?: ([A-Z]+))?  ", self.printed, re.M)
                 if option not in ("--plot", "--json", "--record") for word in ([option, "-1"] if value else [option])]
        self.assertGreater(len(words), 10)
        for subject in ([], ["control"], ["floor"]):
            status, said, played = self.run_script("bench", *subject, *words)
            self.assertEqual((status, said, played), (0, "", ["build ", " ".join(["braid-bench", *subject, *words])]))

    def test_values_are_for_the_benchmark(self):
        words = ("--case=no such (case", "--case", "--recrod", "--cpu", "-1", "control")
        self.assertEqual(self.run_script("bench", *words), (0, "", ["build ", "braid-bench " + " ".join(words)]))

    def test_a_document_is_made(self):
        status, said, played = self.run_script("bench", "document")
        self.assertEqual((status, said), (0, ""))
        self.assertEqual([line.split()[0] for line in played], ["build", *["braid-bench"] * 3, "bench_plot", "bench_document"])

    def test_everything_else_is_for_the_benchmark(self):
        self.assertEqual(self.run_script("bench", "control", "--cpu", "1"), (0, "", ["build ", "braid-bench control --cpu 1"]))
        self.assertEqual(self.run_script("bench", PLAYED_STATUS="1"), (1, "", ["build ", "braid-bench "]))


class Files(Tree):
    def content(self, name):
        file = self.tree / name
        return file.read_text() if file.exists() else None

    def test_a_plot_is_drawn_from_what_was_measured(self):
        for plot in (("--plot", "a.svg"), ("--plot=a.svg",)):
            status, said, _ = self.run_script("bench", "--check", *plot)
            self.assertEqual((status, said, self.content("a.svg")), (0, "", "measured\n"))

    def test_a_plot_and_the_results(self):
        for results in (("--json", "a.json"), ("--json=a.json",)):
            status, said, _ = self.run_script("bench", "--plot", "a.svg", *results)
            self.assertEqual((status, said, self.content("a.svg"), self.content("a.json")), (0, "", "measured\n", "measured\n"))
            (self.tree / "a.json").unlink()

    def test_results_without_a_plot(self):
        status, said, played = self.run_script("bench", "--json=a.json", "control")
        self.assertEqual((status, said, played[1:]), (0, "", ["braid-bench control --json a.json"]))

    def test_missed_bounds_are_drawn(self):
        status, _, _ = self.run_script("bench", "--check", "--plot", "a.png", PLAYED_STATUS="1")
        self.assertEqual((status, self.content("a.png")), (1, "measured\n"))

    def test_an_earlier_measurement_is_not_drawn(self):
        self.run_script("bench", "--plot", "a.svg")
        status, _, played = self.run_script("bench", "--plot", "b.svg", "--json", "b.json", PLAYED_FAILURE="yes")
        self.assertEqual((status, len(played), self.content("b.svg"), self.content("b.json")), (1, 2, None, None))
        self.run_script("bench", "document")
        status, _, played = self.run_script("bench", "document", PLAYED_FAILURE="yes")
        self.assertEqual((status, len(played)), (1, 2))

    def test_without_a_name(self):
        for option in ("--plot", "--json"):
            for words in ((option,), (option, ""), (f"{option}=",)):
                self.assert_refused(f"{option}: needs the name of a file (try --help)", *words)

    def test_given_twice(self):
        self.assert_refused("--plot: is given twice", "--plot", "a.svg", "--plot=b.svg")
        self.assert_refused("--json: is given twice", "--json", "a", "--json", "a")

    def test_a_picture_of_another_kind(self):
        self.assert_refused('--plot: "a.gif" is neither *.svg nor *.png', "--plot", "a.gif")

    def test_that_cannot_be_written(self):
        (self.tree / "a.svg").mkdir()
        self.assert_refused('--plot: cannot write "a.svg": Is a directory', "--plot", "a.svg")
        self.assert_refused('--json: cannot write "a.svg": Is a directory', "--json", "a.svg")
        self.assert_refused('--plot: cannot write "none/a.png": No such file or directory', "--plot=none/a.png")
        self.assert_refused('--json: cannot write "none/a": No such file or directory', "--json", "none/a", "--plot", "b.svg")
        self.assertFalse((self.tree / "b.svg").exists())

    def test_that_exist_are_kept_by_a_run_that_fails(self):
        for name in ("a.svg", "a.json"):
            (self.tree / name).write_text("earlier")
        self.run_script("bench", "--plot", "a.svg", "--json", "a.json", PLAYED_FAILURE="yes")
        self.assertEqual((self.content("a.svg"), self.content("a.json")), ("earlier", "earlier"))

    def test_nothing_is_measured_without_what_draws(self):
        (self.tree / "bin/gnuplot").unlink()
        for tool in ("bash", "readlink", "dirname", "mkdir", "rm", "sed"):
            (self.tree / "bin" / tool).symlink_to(shutil.which(tool))
        self.play("scripts/lib/setup.sh", 'install_packages() { fail "cannot install $*"; }\n')
        for words in (("--plot", "a.svg"), ("document",)):
            self.assertEqual(self.run_script("bench", *words, PATH=str(self.tree / "bin")),
                             (1, "bench: cannot install gnuplot-nox\n", ["build "]))

    def test_a_plot_of_what_cannot_be_drawn(self):
        for word in ("control", "floor", "document", "--list", "--instructions"):
            self.assert_refused(f"--plot: {word} measures no cases that could be drawn", word, "--plot", "a.svg")


class Seed(Tree):
    def test_is_a_whole_number(self):
        for seed in ("abc", "1.5", "-3", " 7", "1 2"):
            self.assertEqual(self.run_script("test", "tools", BRAID_TEST_SEED=seed),
                             (1, f'test: BRAID_TEST_SEED: "{seed}" is not a whole number\n', []))

    def test_is_one_that_gtest_takes(self):
        for seed in ("0", "100000", "00", "99999999999999999999"):
            self.assertEqual(self.run_script("test", "tools", BRAID_TEST_SEED=seed),
                             (1, f'test: BRAID_TEST_SEED: "{seed}" is not between 1 and 99999\n', []))
