#!/usr/bin/env python3
"""`expplat run` and `expplat watch`, the built program: answers in order, events counted, signals, changes of a file.

Usage:  tests/cli/run_and_watch.py EXPPLAT

Waits are for lines that must come, each bounded; nothing is asserted about time. Sources and sinks are files; with_a_server.py
has what goes over a network.
"""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from program import PATIENCE_S, Checks, ruleset, stats_of

USERS = 3_000  # more than one batch


def check_run(checks):
    checks.write("rules.json", ruleset(1))
    cases = [{"key": ("exp", "cta", "nobody")[i % 3], "user": {"key": f"u{i}"}} for i in range(USERS)]
    text = "".join(json.dumps(case) + "\n" for case in cases) + "\nnot JSON\n" + '{"key": "cta", "user": []}'
    path = checks.write("cases.jsonl", text)
    expected = checks.run("evaluate", "rules.json", "--cases", path).stdout

    done = checks.run("run", "--source", "rules.json", "--cases", path, "--sink", "file:events.jsonl")
    stats = stats_of(done.stderr.splitlines())
    checks.expect("run answers as evaluate does, in order", done.returncode == 0 and done.stdout == expected,
                  (done.returncode, done.stderr))
    exposures = sum('"exposure": true' in line for line in expected.splitlines())
    events = (checks.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    checks.expect("each exposure is one event", exposures == len(events) == stats["acknowledged"] == USERS // 3, stats)
    checks.expect_sum("the counts add up", stats)

    done = checks.run("run", "--source", "rules.json", "--cases", "-", "--threads", "2", "--repeat", "5", "--track",
                      "--sink", "file:tracked.jsonl", "--project", "shop", input=text)
    stats = stats_of(done.stderr.splitlines())
    events = [json.loads(line) for line in (checks.folder / "tracked.jsonl").read_text(encoding="utf-8").splitlines()]
    checks.expect("threads, repetitions and standard input change no answer",
                  done.returncode == 0 and done.stdout == expected, (done.returncode, done.stderr))
    tracked = sum(event["type"] == "track" for event in events)
    checks.expect("a track event for each time a case was asked", tracked == 5 * USERS, tracked)
    checks.expect("nothing is dropped", stats["dropped_queue_full"] == 0 and stats["acknowledged"] == len(events), stats)
    checks.expect("repetitions are deduplicated", stats["deduplicated"] == 4 * exposures, stats)
    checks.expect("events name the project", {event.get("project") for event in events} == {"shop"})
    checks.expect_sum("the counts add up with threads", stats)

    done = checks.run("run", "--source", "rules.json", "--cases", path)
    checks.expect("without a sink nothing is recorded",
                  done.returncode == 0 and stats_of(done.stderr.splitlines())["recorded"] == 0, done.stderr)


def check_stream(checks):
    """Answers of a stream come as its questions do; a signal ends it, and what is queued is sent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        program = checks.start("run", "--source", "rules.json", "--cases", "-", "--sink", f"file:{number.name}.jsonl",
                               stdin=subprocess.PIPE)
        for i in range(3):
            program.process.stdin.write(json.dumps({"key": "exp", "user": {"key": f"s{i}"}}) + "\n")
            program.process.stdin.flush()
            checks.expect("a streamed answer", json.loads(program.line())["key"] == "exp")
        program.process.send_signal(number)
        status, rest, errors = program.end()
        program.process.stdin.close()
        stats = stats_of(errors)
        checks.expect(f"{number.name} ends it with a flush",
                      status == 0 and not rest and stats["acknowledged"] == 3 and stats["in_flight"] == 0,
                      (status, rest, errors))
        events = (checks.folder / f"{number.name}.jsonl").read_text(encoding="utf-8").splitlines()
        checks.expect(f"{number.name} loses nothing", len(events) == 3, events)

    program = checks.start("run", "--source", "rules.json", "--cases", "-", "--sink", "file:ended.jsonl",
                           stdin=subprocess.PIPE)
    program.process.stdin.write(json.dumps({"key": "exp", "user": {"key": "c"}}))
    program.process.stdin.close()
    status, rest, errors = program.end()
    checks.expect("the end of the input ends it", status == 0 and len(rest) == 1 and stats_of(errors)["acknowledged"] == 1,
                  (rest, errors))

    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([checks.program, "run", "--source", "rules.json", "--cases", "cases.jsonl", "--sink",
                               "file:full.jsonl"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=checks.folder,
                              env=checks.environment, timeout=PATIENCE_S, check=False)
    checks.expect("answers that cannot be written are said", done.returncode == 1 and "standard output" in done.stderr,
                  done.stderr)
    checks.expect("and its counts too", stats_of(done.stderr.splitlines())["in_flight"] == 0, done.stderr)


def check_refusals(checks):
    checks.write("broken.json", "{}")
    for what, status, said, words in (
            ("no source", 2, "--source", ["run", "--cases", "-"]),
            ("no cases", 2, "--cases", ["run", "--source", "rules.json"]),
            ("an operand", 2, "extra", ["run", "--source", "rules.json", "--cases", "-", "extra"]),
            ("a sink that is none", 2, "kinesis:STREAM", ["run", "--source", "rules.json", "--cases", "-", "--sink", "x"]),
            ("a sink without a path", 2, "file:PATH", ["run", "--source", "rules.json", "--cases", "-", "--sink", "file:"]),
            ("http with a file", 2, "server", ["run", "--source", "rules.json", "--cases", "-", "--sink", "http"]),
            ("a server without a key", 2, "EXPPLAT_SDK_KEY", ["run", "--source", "http://127.0.0.1:1", "--cases", "-"]),
            ("a key with a file", 2, "--key", ["run", "--source", "rules.json", "--key", "k", "--cases", "-"]),
            ("no thread", 2, "--threads", ["run", "--source", "rules.json", "--cases", "-", "--threads", "0"]),
            ("absent rules", 1, "absent.json", ["run", "--source", "absent.json", "--cases", "cases.jsonl"]),
            ("absent cases", 1, "absent.jsonl", ["run", "--source", "rules.json", "--cases", "absent.jsonl"]),
            ("a folder as cases", 1, "cases", ["run", "--source", "rules.json", "--cases", "."]),
            ("broken rules", 1, "/format", ["run", "--source", "broken.json", "--cases", "cases.jsonl"]),
            ("a sink's folder that is not there", 1, "nowhere", ["run", "--source", "rules.json", "--cases", "cases.jsonl",
                                                                "--sink", "file:nowhere/e.jsonl"]),
            ("watch without a source", 2, "--source", ["watch"]),
            ("watch of a key without a user", 2, "--user", ["watch", "--source", "rules.json", "cta"]),
            ("watch of a bad user", 2, "user", ["watch", "--source", "rules.json", "--user", "[]"]),
            ("watch of absent rules", 1, "absent.json", ["watch", "--source", "absent.json"])):
        done = checks.run(*words, stdin=subprocess.DEVNULL)
        checks.expect(what, done.returncode == status and said in done.stderr and done.stdout == "",
                      (done.returncode, done.stdout, done.stderr))
    for command in ("run", "watch"):
        done = checks.run(command, "--help")
        checks.expect(f"{command} --help", done.returncode == 0 and f"expplat {command}" in done.stdout,
                      done.stdout)


def check_watch(checks):
    checks.write("watched.json", ruleset(1))
    named = checks.start("watch", "--source", "watched.json", "--user", '{"key": "u1"}', "cta", "exp")
    every = checks.start("watch", "--source", "watched.json", "--user", '{"key": "u1"}')
    for program in (named, every):
        checks.expect("the first ruleset", program.line() == "version 1: 2 flags and experiments")
    checks.expect("a named key's answer", named.line() == '  cta: "blue" = "b", DEFAULT')
    exp = named.line()
    checks.expect("another", exp.startswith("  exp: ") and exp.endswith(", SPLIT"), exp)
    for program in (named, every):
        line = program.line()
        checks.expect("the status", line == "READY from file", line)

    checks.write("watched.json", ruleset(2, "green", {"new": {"type": "boolean", "variants": {"on": True}, "off": "on",
                                                            "default": "on"}}))
    for program in (named, every):
        line = program.line()
        checks.expect("what a ruleset changed", line == "version 2: 2 changed: cta, new", line)
        line = program.line()
        checks.expect("what it changed for the user", line == '  cta: "blue" = "b", DEFAULT → "green" = "g", DEFAULT', line)

    checks.write("watched.json", "{")
    for program in (named, every):
        line = program.line()
        checks.expect("a refused ruleset makes it stale", line.startswith("STALE from file: "), line)
    checks.write("watched.json", ruleset(3, "green"))
    for program, number in ((named, signal.SIGINT), (every, signal.SIGTERM)):
        line = program.line()
        checks.expect("a key that is gone", line == "version 3: 1 changed: new", line)
        if program is every:
            line = program.line()
            checks.expect("its answer", line == '  new: "on" = true, DEFAULT → no variant, ERROR FLAG_NOT_FOUND', line)
        line = program.line()
        checks.expect("and ready again", line == "READY from file", line)
        program.process.send_signal(number)
        status, rest, _ = program.end()
        checks.expect(f"{number.name} ends a watch", status == 0 and not rest, (status, rest))


def main(arguments):
    if len(arguments) != 1:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(str(Path(arguments[0]).resolve()), folder)
        checks.check(check_run, check_stream, check_refusals, check_watch)
    return checks.report("run and watch")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
