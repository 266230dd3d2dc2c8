#!/usr/bin/env python3
"""The budgets of the Python package: what a call costs beside an empty one of the same shape, and an import.

Usage:  budgets.py            with a Python that has `expplat` installed

Each row is the fastest of several runs: it was disturbed least. The exit code is 1 where a budget is missed.
"""

import json
import subprocess
import sys
import timeit

import expplat

FLAGS = 1_000
CALLS = 200_000
RUNS = 9
COUNTRIES = ["DE", "FR", "IT", "ES"]


def flag(number):
    """As bench/workload.cpp has them: three rules of which none holds, and a split over three variants."""
    return {
        "type": "string",
        "variants": {"control": "a", "green": "b", "blue": "c"},
        "off": "control",
        "rules": [
            {"id": "country", "if": {"attribute": "country", "in": COUNTRIES}, "serve": "green"},
            {"id": "plan", "serve": "blue",
             "if": {"all": [{"attribute": "plan", "is": "enterprise"}, {"attribute": "app_version", "version_at_least": "3.0"}]}},
            {"id": "staff", "if": {"attribute": "email", "ends_with": "@example.org"}, "serve": "green"},
        ],
        "default": {"split": [{"variant": name, "weight": weight} for name, weight in
                              (("control", 50), ("green", 25), ("blue", 25))], "salt": f"salt-{number}"},
    }


ATTRIBUTES = {"country": "US", "plan": "pro", "app_version": "2.5.1", "email": "ann@example.com", "beta": True, "age": 31}
USER = {"key": "user-7", "attributes": ATTRIBUTES}


class Empty:
    """Calls of the same shape that do nothing, in Python; the built-in `isinstance` stands for one in C."""

    def two(self, key, user):
        pass

    def one(self, user):
        pass

    def three(self, key, user, default):
        pass


def nanoseconds(statement, names):
    return min(timeit.repeat(statement, number=CALLS, repeat=RUNS, globals=names)) / CALLS * 1e9


def import_ms():
    """What `import expplat` adds to an interpreter that has started: the interpreter's own clock, the fastest of some."""
    program = "import time; t = time.perf_counter(); import expplat; print((time.perf_counter() - t) * 1e3)"
    return min(float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
               for _ in range(RUNS))


def main():
    document = {"format": "expplat.ruleset/1", "environment": "bench", "version": 1,
                "flags": {f"flag-{number:04}": flag(number) for number in range(FLAGS)}}
    missed = False
    with expplat.Client(expplat.Source.text(json.dumps(document))) as client:
        user = expplat.User("user-7", ATTRIBUTES)
        assert client.variant("flag-0500", user).reason == client.variant("flag-0500", USER).reason == "SPLIT"
        names = {"client": client, "user": user, "attributes": USER, "empty": Empty(), "handle": client.handle("flag-0500"),
                 "isinstance": isinstance, "object": object}
        rows = [
            ("an empty Python method of two arguments", "empty.two('flag-0500', user)", None),
            ("a built-in function of two arguments", "isinstance(user, object)", None),
            ("client.variant(key, user)", "client.variant('flag-0500', user)", 120),
            ("client.variant(key, dict of 6 attributes)", "client.variant('flag-0500', attributes)", 350),
            ("handle.variant(user)", "handle.variant(user)", None),
            ("client.string(key, user, default)", "client.string('flag-0500', user, 'x')", None),
            ("client.string_detail(key, user, default)", "client.string_detail('flag-0500', user, 'x')", None),
        ]
        for name, statement, budget in rows:
            measured = nanoseconds(statement, names)
            missed |= budget is not None and measured > budget
            print(f"{name:44} {measured:8.0f} ns" + (f"   budget {budget} ns" if budget else ""))
    measured = import_ms()
    missed |= measured > 40
    print(f"{'import expplat':44} {measured:8.1f} ms   budget 40 ms")
    print("a budget is missed" if missed else "all budgets hold")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
