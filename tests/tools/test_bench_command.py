# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench and scripts/test in a tree where a build, the benchmark and what draws are only played, and written down."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
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


class Tree(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = pathlib.Path(directory.name)
        shutil.copytree(ROOT / "scripts", self.tree / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        self.play("scripts/build", NOTE.format(name="build", up=".."))
        self.play("build/app/braid-bench", PLAYED_BENCH)
        for tool in ("count_instructions", "bench_plot", "bench_document"):
            self.play(f"scripts/lib/{tool}.py", NOTE_PY.format(name=tool))

    def play(self, path, text):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def run_script(self, name, *args, **environment):
        """The exit status, standard error, and the names of what was played with its arguments."""
        log = self.tree / "log"
        log.unlink(missing_ok=True)
        done = subprocess.run([self.tree / "scripts" / name, *args], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.tree, env={**os.environ, "PLAYED_LOG": str(log), **environment})
        return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []

    def assert_refused(self, said, *args, **environment):
        """Before anything else is done."""
        self.assertEqual(self.run_script("bench", *args, **environment), (1, f"bench: {said}\n", []))


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

    def test_a_document_is_made(self):
        status, said, played = self.run_script("bench", "document")
        self.assertEqual((status, said), (0, ""))
        self.assertEqual([line.split()[0] for line in played], ["build", *["braid-bench"] * 3, "bench_plot", "bench_document"])

    def test_everything_else_is_for_the_benchmark(self):
        self.assertEqual(self.run_script("bench", "control", "--cpu", "1"), (0, "", ["build ", "braid-bench control --cpu 1"]))
        self.assertEqual(self.run_script("bench", PLAYED_STATUS="1"), (1, "", ["build ", "braid-bench "]))
