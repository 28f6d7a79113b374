# SPDX-License-Identifier: BSD-3-Clause
"""Runs the suites of a build and counts their cases: run_tests.py SOURCE BUILD [SUITE...]

A gtest binary is counted from its JSON report, a script (tests/*/run) from its lines `ok - text` and `not ok - text`.
A suite that crashes, runs out of time, reports nothing or exits non-zero without naming a failure is one failure more.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT_S = 300


@dataclass
class Suite:
    name: str
    command: list
    is_gtest: bool
    directory: str
    groups: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    timeout_s: int = TIMEOUT_S


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)

    def fail(self, what):
        self.failed += 1
        self.failures.append(what)

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def meson_suites(build):
    """Every test() of the build; those with protocol gtest report JSON, the others speak in ok lines."""
    listing = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True)
    for test in json.loads(listing.stdout):
        groups = [group.split(":", 1)[1] for group in test["suite"] if ":" in group]
        yield Suite(test["name"], test["cmd"], test["protocol"] == "gtest", test["workdir"] or str(build), groups,
                    test["env"], max(test["timeout"], TIMEOUT_S))


def script_suites(source):
    for script in sorted(source.glob("tests/*/run")):
        if os.access(script, os.X_OK):
            yield Suite(script.parent.name, [str(script)], False, str(source))


def count_gtest(count, report, output, status):
    try:
        cases = [case for group in json.loads(report)["testsuites"] for case in group["testsuite"]]
    except (ValueError, KeyError):
        # It died before it could write the report: what it printed is all there is.
        count.passed = len(re.findall(r"^\[       OK \] ", output, re.M))
        for name in re.findall(r"^\[  FAILED  \] (\S+) \(\d+ ms\)", output, re.M):
            count.fail(name)
        started = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
        count.fail(f"{describe(status)}{f' in or after {started[-1]}' if started else ''}")
        return
    for case in cases:
        if case.get("failures"):
            count.fail(f"{case['classname']}.{case['name']}")
        elif case["status"] == "RUN" and case["result"] == "COMPLETED":
            count.passed += 1
        else:
            count.skipped += 1


def count_lines(count, output):
    for verdict, text in re.findall(r"^(ok|not ok)\b[ \d]*(?:- )?(.*)$", output, re.M):
        if verdict == "not ok":
            count.fail(text)
        elif re.search(r"# *skip", text, re.I):
            count.skipped += 1
        else:
            count.passed += 1


def count_suite(suite, report, output, status):
    count = Count()
    if suite.is_gtest:
        count_gtest(count, report, output, status)
    else:
        count_lines(count, output)
    if status != 0 and not count.failed:
        count.fail(describe(status))
    if not (count.passed or count.failed):
        count.fail("ran no case")
    return count


def describe(status):
    if status is None:
        return "ran out of time"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


def end(process):
    """Ends the suite and whatever it has left behind in its process group."""
    if process.poll() is None:
        # Politely first, so that a script can take its network namespaces down.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_suite(suite, logs, seed):
    """Runs the suite as the leader of a process group; gives back its count and where its output is."""
    log = logs / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', suite.name)}.log"
    report = log.with_suffix(".json")
    report.unlink(missing_ok=True)
    # By environment and not by arguments: a binary that starts an EAL has its own ideas about argv.
    environment = {**os.environ, **suite.environment, "GTEST_COLOR": "no", "GTEST_SHUFFLE": "1",
                   "GTEST_RANDOM_SEED": str(seed), "GTEST_OUTPUT": f"json:{report}"}
    with open(log, "wb") as output:
        process = subprocess.Popen(suite.command, cwd=suite.directory, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(suite.timeout_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end(process)
    text = log.read_text(errors="replace")
    return count_suite(suite, report.read_text() if report.exists() else "", text, status), log


def select(suites, wanted):
    unknown = [name for name in wanted if not any(name == s.name or name in s.groups for s in suites)]
    if unknown:
        known = sorted({name for s in suites for name in [s.name, *s.groups]})
        sys.exit(f"test: no suite {', '.join(unknown)}; there are: {' '.join(known)}")
    return [s for s in suites if not wanted or s.name in wanted or set(s.groups) & set(wanted)]


def excerpts(output):
    """What the output says about each failure, or its last lines if it names none."""
    blocks = re.findall(r"^not ok\b.*(?:\n(?!ok\b|not ok\b).*)*", output, re.M)
    blocks += re.findall(r"^\[ RUN      \] .*\n(?:(?!\[       OK \]|\[ RUN ).*\n)*?\[  FAILED  \] .*", output, re.M)
    return [block.splitlines()[:40] for block in blocks[:10]] or [output.splitlines()[-40:]]


def print_failures(count, log):
    for failure in count.failures:
        print(f"    FAILED {failure}")
    for lines in excerpts(log.read_text(errors="replace")):
        print("".join(f"    | {line}\n" for line in lines))
    print(f"    all of its output: {log}", flush=True)


def main(source, build, wanted):
    # So that a request to stop unwinds the stack, and with it ends the suite that is running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    seed = int(os.environ.get("BRAID_TEST_SEED") or random.randint(1, 99999))
    os.environ.update(BRAID_SOURCE_DIR=str(source), BRAID_BUILD_DIR=str(build))
    logs = build / "test-logs"
    logs.mkdir(exist_ok=True)
    suites = select([*script_suites(source), *meson_suites(build)], wanted)
    print(f"test: {len(suites)} suites, BRAID_TEST_SEED={seed}")
    total = Count()
    for suite in suites:
        start = time.monotonic()
        count, log = run_suite(suite, logs, seed)
        cases = count.passed + count.failed + count.skipped
        verdict = f"{count.failed} of {cases} cases FAILED" if count.failed else f"{cases} cases"
        print(f"  {suite.name:<20} {verdict:>12} {time.monotonic() - start:7.1f} s", flush=True)
        if count.failed:
            print_failures(count, log)
        total.passed += count.passed
        total.failed += count.failed
        total.skipped += count.skipped
    print(total, flush=True)
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
