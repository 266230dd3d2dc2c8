#!/usr/bin/env python3
"""Instructions per operation, counted by callgrind and held to a committed baseline.

Usage:  bench/instructions.py PROGRAM            compare with bench/instructions.json; exit 1 over the limit
        bench/instructions.py PROGRAM --update   write the baseline
        bench/instructions.py --self-test

PROGRAM is `expplat_instructions`: `PROGRAM SCENARIO COUNT` sets the scenario up and performs it COUNT
times; `PROGRAM --list` names the scenarios, one a line. Each runs twice under callgrind and the
difference of the two totals, divided by the difference of the two counts, is the figure: set-up and
start-up cancel out. Counts do not depend on the machine's load, but on the compiler: `compiler.txt`
beside PROGRAM names it, and a baseline of another compiler is not compared with (exit 77, "skipped").
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BASELINE = Path(__file__).resolve().parent / "instructions.json"
COUNTS = (1_000, 11_000)
LIMIT_PERCENT = 5.0
SKIPPED = 77


def scenarios_of(program):
    done = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def total_instructions(callgrind_output):
    """The total that a callgrind file states, in its `totals:` or `summary:` line."""
    found = re.search(r"^(?:totals|summary):\s*(\d+)", callgrind_output, re.MULTILINE)
    if found is None:
        raise ValueError("callgrind wrote no total")
    return int(found.group(1))


def run_under_callgrind(program, scenario, count):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet",
                        str(program), scenario, str(count)],
                       stdout=subprocess.DEVNULL, check=True)
        return total_instructions(out.read_text(encoding="utf-8"))


def measure(program, scenario):
    low, high = (run_under_callgrind(program, scenario, count) for count in COUNTS)
    return round((high - low) / (COUNTS[1] - COUNTS[0]), 1)


def compare(baseline, measured, limit_percent=LIMIT_PERCENT):
    """Rows (scenario, before or None, now or None, verdict): `ok`, `slower`, `faster`, `new`, `gone`."""
    rows = []
    for scenario in sorted({*baseline, *measured}):
        before, now = baseline.get(scenario), measured.get(scenario)
        if before is None:
            verdict = "new"
        elif now is None:
            verdict = "gone"
        elif now > before * (1 + limit_percent / 100):
            verdict = "slower"
        elif now < before * (1 - limit_percent / 100):
            verdict = "faster"
        else:
            verdict = "ok"
        rows.append((scenario, before, now, verdict))
    return rows


def passes(rows):
    """A scenario without a baseline, or a baseline without its scenario, is a gate that holds nothing."""
    return bool(rows) and all(verdict in ("ok", "faster") for *_, verdict in rows)


def print_rows(rows):
    print(f"{'scenario':<36} {'baseline':>10} {'now':>10} {'change':>8}")
    for scenario, before, now, verdict in rows:
        change = f"{100 * (now / before - 1):+.1f}%" if before and now is not None else ""
        note = "" if verdict == "ok" else verdict
        print(f"{scenario:<36} {before if before is not None else '-':>10} "
              f"{now if now is not None else '-':>10} {change:>8} {note}".rstrip())


def self_test():
    base = {"a": 100.0, "b": 40.0}
    checks = [
        ("the same counts pass", passes(compare(base, {"a": 100.0, "b": 40.0}))),
        ("+5 % passes", passes(compare(base, {"a": 105.0, "b": 42.0}))),
        ("over +5 % fails", not passes(compare(base, {"a": 105.1, "b": 40.0}))),
        ("a faster scenario passes", passes(compare(base, {"a": 10.0, "b": 40.0}))),
        ("a scenario without a baseline fails", not passes(compare(base, {**base, "c": 1.0}))),
        ("a baseline without a scenario fails", not passes(compare(base, {"a": 100.0}))),
        ("no scenario at all fails", not passes(compare({}, {}))),
        ("the total is found", total_instructions("version: 1\nsummary: 1234\n\ntotals: 1234\n") == 1234),
    ]
    failed = [what for what, held in checks if not held]
    for what in failed:
        print(f"failed: {what}")
    print(f"instructions self-test: {len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Instructions per operation, held to a baseline.")
    parser.add_argument("program", nargs="?", type=Path)
    parser.add_argument("--update", action="store_true", help="write the baseline instead of comparing")
    parser.add_argument("--baseline", type=Path, default=BASELINE)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if arguments.program is None:
        parser.error("PROGRAM is missing")

    program = arguments.program.resolve()
    compiler = (program.parent / "compiler.txt").read_text(encoding="utf-8").strip()
    baseline = {"compiler": compiler, "scenarios": {}}   # every scenario is then `new`, and the gate fails
    if arguments.baseline.is_file():
        baseline = json.loads(arguments.baseline.read_text(encoding="utf-8"))
    if not arguments.update and baseline["compiler"] != compiler:
        print(f"skipped: the baseline is of `{baseline['compiler']}`, this program of `{compiler}`; "
              "--update writes one")
        return SKIPPED

    scenarios = scenarios_of(program)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        measured = dict(zip(scenarios, pool.map(lambda scenario: measure(program, scenario), scenarios)))
    rows = compare(baseline["scenarios"], measured)
    print_rows(rows)
    if arguments.update:
        arguments.baseline.write_text(
            json.dumps({"compiler": compiler, "unit": "instructions per operation",
                        "scenarios": dict(sorted(measured.items()))},
                       indent=4) + "\n", encoding="utf-8")
        print(f"written: {arguments.baseline.name}")
        return 0
    if not passes(rows):
        print(f"a scenario is more than {LIMIT_PERCENT:g} % over its baseline, or has none; "
              "where that is meant, --update and say why in the commit")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
