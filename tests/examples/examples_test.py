#!/usr/bin/env python3
"""Every example runs, prints what it promises and leaves the events it says; each is shorter than 60 lines.

Usage:  tests/examples/examples_test.py --quickstart PROGRAM --game-loop PROGRAM --custom-sink PROGRAM
                                        --kinesis PROGRAM --c-quickstart PROGRAM

The Kinesis one is only asked for a stream here: it is run where there is one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "examples" / "quickstart.json"
MOST_LINES = 60


class Examples:
    def __init__(self):
        self.failures, self.count = [], 0

    def expect(self, what, held, seen=""):
        self.count += 1
        if not held:
            self.failures.append(f"{what}: {seen}")

    def run(self, what, status, out, program, *words):
        environment = {name: value for name, value in os.environ.items() if name != "EXPPLAT_STREAM"}
        with tempfile.TemporaryDirectory() as folder:
            examples = Path(folder) / "examples"  # run from the top folder, where paths are as in the sources
            examples.mkdir()
            (examples / "quickstart.json").write_bytes(RULES.read_bytes())
            done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=60,
                                  env=environment, stdin=subprocess.DEVNULL, check=False)
            self.expect(what, done.returncode == status and done.stdout == out,
                        f"exit {done.returncode}, out {done.stdout!r}, err {done.stderr!r}")
            events = Path(folder) / "exposures.jsonl"
            lines = events.read_text(encoding="utf-8").splitlines() if events.is_file() else []
            return [json.loads(line)["type"] for line in lines]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("quickstart", "game-loop", "custom-sink", "kinesis", "c-quickstart"):
        parser.add_argument(f"--{name}", required=True, type=lambda path: str(Path(path).resolve()))
    programs = parser.parse_args()
    examples = Examples()

    quick = "new-ui: on\ncheckout-cta: green\n"
    for name, program in (("quickstart", programs.quickstart), ("c_quickstart", programs.c_quickstart)):
        events = examples.run(name, 0, quick, program)
        examples.expect(f"{name} leaves an exposure and a purchase", events == ["exposure", "track"], events)
        examples.run(f"{name} without rules", 0 if name == "quickstart" else 1,
                     quick if name == "quickstart" else "", program, "absent.json")
    events = examples.run("game_loop", 0, "ruleset 1\ngreen in 180 of 180 frames\nrecorded 180, acknowledged 1\n",
                          programs.game_loop)
    examples.expect("game_loop leaves one exposure", events == ["exposure"], events)
    examples.run("game_loop without rules", 1, "", programs.game_loop, "absent.json")
    examples.run("custom_sink", 0, "user-7: checkout-cta green\nuser-7: purchase \n"
                 "acknowledged 2, failed deliveries 1\n", programs.custom_sink)
    examples.run("kinesis without a stream", 2, "", programs.kinesis)

    for source in sorted((ROOT / "examples").glob("*.c*")):
        if source.suffix in (".c", ".cpp"):
            lines = len(source.read_text(encoding="utf-8").splitlines())
            examples.expect(f"{source.name} is short", lines < MOST_LINES, f"{lines} lines")

    for failure in examples.failures:
        print(f"failed: {failure}")
    print(f"examples: {examples.count - len(examples.failures)} passed, {len(examples.failures)} failed")
    return 1 if examples.failures else 0


if __name__ == "__main__":
    sys.exit(main())
