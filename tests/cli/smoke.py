#!/usr/bin/env python3
"""The built command line does what RULESET.md, section 8, says: each command once, and its exit codes.

Usage:  tests/cli/smoke.py EXPPLAT

Small on purpose: every answer's value is the conformance runner's business, this is the program as it
is installed, started as a user starts it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

RULESET = {
    "format": "expplat.ruleset/1", "environment": "production", "version": 7,
    "flags": {"cta": {"type": "string", "variants": {"blue": "b", "green": "g"}, "off": "blue",
                      "rules": [{"id": "germany", "if": {"attribute": "country", "is": "DE"}, "serve": "green"}],
                      "default": "blue"}},
}
GERMAN = '{"key": "u1", "attributes": {"country": "DE"}}'
ANSWER = {"key": "cta", "variant": "green", "value": "g", "reason": "TARGETING_MATCH", "rule": "germany",
          "error": None, "exposure": False, "version": 7}


class Smoke:
    def __init__(self, program, folder):
        self.program, self.folder, self.failures, self.count = program, Path(folder), [], 0

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, cwd=self.folder,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    def expect(self, what, held, done=None):
        self.count += 1
        if not held:
            seen = "" if done is None else f": exit {done.returncode}, out {done.stdout!r}, err {done.stderr!r}"
            self.failures.append(f"{what}{seen}")

    def expect_exit(self, what, status, *arguments, out="", err=""):
        done = self.run(*arguments)
        self.expect(what, done.returncode == status and out in done.stdout and err in done.stderr, done)
        return done

    def answers(self, done):
        try:
            return [json.loads(line) for line in done.stdout.splitlines()]
        except json.JSONDecodeError:
            return None


def check(smoke):
    (smoke.folder / "ruleset.json").write_text(json.dumps(RULESET), encoding="utf-8")
    broken = json.loads(json.dumps(RULESET))
    broken["flags"]["cta"]["off"] = "red"
    (smoke.folder / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
    (smoke.folder / "empty.json").write_text("", encoding="utf-8")
    cases = [{"key": "cta", "user": json.loads(GERMAN)}, {"key": "nobody", "user": json.loads(GERMAN)}]
    (smoke.folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n\n" for case in cases) + "not JSON\n",
                                              encoding="utf-8")

    version = smoke.expect_exit("--version", 0, "--version")
    smoke.expect("--version says a version", any(c.isdigit() for c in version.stdout), version)
    for command in ("validate", "compile", "evaluate", "explain"):
        smoke.expect_exit(f"--help names {command}", 0, "--help", out=command)

    smoke.expect_exit("validate accepts", 0, "validate", "ruleset.json")
    smoke.expect_exit("validate refuses with a pointer", 1, "validate", "broken.json", err="/flags/cta/off: ")
    smoke.expect_exit("an empty file is refused", 1, "validate", "empty.json", err=":")
    absent = smoke.expect_exit("an absent file is named", 1, "validate", "absent.json", err="absent.json")
    smoke.expect("nothing goes to standard output", absent.stdout == "", absent)
    smoke.expect_exit("a directory is no ruleset", 1, "validate", smoke.folder)

    smoke.expect_exit("compile", 0, "compile", "ruleset.json", "-o", "ruleset.xpr")
    smoke.expect("the image is there", (smoke.folder / "ruleset.xpr").is_file())
    smoke.expect_exit("compile refuses", 1, "compile", "broken.json", "-o", "broken.xpr", err="/flags/cta/off: ")
    (smoke.folder / "no.json").write_text("root:x:0\n")
    smoke.expect_exit("what is no JSON is refused with the name of its file", 1, "compile", "no.json", "-o", "no.xpr",
                      err="no.json: line 1, column 1: ")
    smoke.expect("a refusal leaves no image", not (smoke.folder / "broken.xpr").exists())
    for ruleset in ("ruleset.json", "ruleset.xpr"):
        done = smoke.run("evaluate", ruleset, "--user", GERMAN)
        smoke.expect(f"evaluate {ruleset} --user", done.returncode == 0 and smoke.answers(done) == [ANSWER], done)
        done = smoke.run("evaluate", ruleset, "--cases", "cases.jsonl")
        answers = smoke.answers(done)
        smoke.expect(f"evaluate {ruleset} --cases", done.returncode == 0 and answers is not None and len(answers) == 3
                     and answers[0] == ANSWER and answers[1]["error"] == "FLAG_NOT_FOUND"
                     and answers[2]["error"] == "PARSE_ERROR" and answers[2]["key"] is None, done)
        smoke.expect_exit(f"explain {ruleset}", 0, "explain", ruleset, "--user", GERMAN, "cta", out="germany")
    smoke.expect_exit("cases that are not there are said to be", 1, "evaluate", "ruleset.json", "--cases", "none.jsonl",
                      err="cannot read the cases none.jsonl: No such file or directory")
    smoke.expect_exit("a folder of cases is said to be one", 1, "evaluate", "ruleset.json", "--cases", ".",
                      err="cannot read the cases .: Is a directory")
    smoke.expect_exit("a user who cannot be read is said to be", 0, "evaluate", "ruleset.json", "--user", "nobody",
                      out="PARSE_ERROR", err="the user cannot be read: user: line 1, column 2: ")
    image = smoke.folder / "ruleset.xpr"
    whole = image.read_bytes() if image.is_file() else b""
    (smoke.folder / "cut.xpr").write_bytes(whole[: len(whole) // 2])
    smoke.expect_exit("half an image is refused", 1, "evaluate", "cut.xpr", "--user", GERMAN)

    for arguments in ([], ["frobnicate"], ["validate"], ["compile", "ruleset.json"], ["evaluate", "ruleset.json"],
                      ["evaluate", "ruleset.json", "--frobnicate"], ["explain", "ruleset.json", "--user", GERMAN]):
        done = smoke.expect_exit(f"usage: {' '.join(arguments) or 'nothing'}", 2, *arguments)
        smoke.expect("usage errors say something", done.stderr != "", done)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        smoke = Smoke(str(Path(arguments[0]).resolve()), folder)
        check(smoke)
    for failure in smoke.failures:
        print(f"failed: {failure}")
    print(f"cli: {smoke.count - len(smoke.failures)} passed, {len(smoke.failures)} failed")
    return 1 if smoke.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
