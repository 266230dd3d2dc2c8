"""Shared by the tests of the built `expplat`: the program started and read line by line, what is checked, and a ruleset.

Waits are for lines that must come, each bounded.
"""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path

PATIENCE_S = 60
COUNTS = ("deduplicated", "acknowledged", "spooled", "dead_lettered", "dropped_queue_full", "dropped_shutdown",
          "dropped_spool", "in_flight")


def ruleset(version, default="blue", extra=None):
    return json.dumps({
        "format": "expplat.ruleset/1", "environment": "test", "version": version,
        "flags": {"cta": {"type": "string", "variants": {"blue": "b", "green": "g"}, "off": "blue", "default": default},
                  **(extra or {})},
        "experiments": {"exp": {"type": "string", "status": "running", "variants": {"a": "A", "b": "B"},
                                "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}})


class Program:
    """A started program whose lines are read by a thread, so that waiting for one is bounded."""

    def __init__(self, words, **streams):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **streams)
        self.lines, self.errors = queue.Queue(), []
        self.readers = [threading.Thread(target=self.read, args=arguments, daemon=True)
                        for arguments in ((self.process.stdout, self.lines.put), (self.process.stderr, self.errors.append))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, keep):
        for line in stream:
            keep(line.rstrip("\n"))

    def line(self):
        return self.lines.get(timeout=PATIENCE_S)

    def line_with(self, words):
        """The next line that holds the words, and those before it."""
        before = []
        try:
            while words not in (line := self.line()):
                before.append(line)
        except queue.Empty:
            raise TimeoutError(f"no line with {words!r} came, but {before} and {self.errors}") from None
        return line, before

    def error_with(self, words):
        """The first line of standard error that holds the words."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for line in self.errors:
                if words in line:
                    return line
            time.sleep(.005)
        raise TimeoutError(f"no line with {words!r} came on standard error, but {self.errors}")

    def end(self):
        """The exit status and what came after the lines that were read."""
        status = self.process.wait(timeout=PATIENCE_S)
        for reader in self.readers:
            reader.join()
        rest = []
        while not self.lines.empty():
            rest.append(self.lines.get())
        return status, rest, self.errors


class Checks:
    def __init__(self, program, folder):
        self.program, self.folder, self.failures, self.count = program, Path(folder), [], 0
        self.environment = {name: value for name, value in os.environ.items() if name != "EXPPLAT_SDK_KEY"}
        self.started = []

    def expect(self, what, held, seen=""):
        self.count += 1
        if not held:
            self.failures.append(f"{what}: {seen}")

    def write(self, name, content):
        """Replaced by rename, as a ruleset must be."""
        path = self.folder / name
        beside = self.folder / (name + ".part")
        beside.write_text(content, encoding="utf-8")
        beside.rename(path)
        return path

    def run(self, *words, **streams):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, cwd=self.folder,
                              timeout=PATIENCE_S, env=self.environment, check=False, **streams)

    def start(self, *words, **streams):
        self.started.append(Program([self.program, *map(str, words)], cwd=self.folder, env=self.environment, **streams))
        return self.started[-1]

    def check(self, *parts):
        """Runs each part; one that waits in vain has failed. Nothing that was started is left."""
        try:
            for part in parts:
                try:
                    part(self)
                except (TimeoutError, queue.Empty, subprocess.TimeoutExpired) as problem:
                    self.expect(part.__name__, False, repr(problem))
        finally:
            for program in self.started:
                program.process.kill()
                program.process.wait()

    def report(self, name):
        """Prints what failed; the exit status."""
        for failure in self.failures:
            print(f"failed: {failure}")
        print(f"{name}: {self.count - len(self.failures)} passed, {len(self.failures)} failed")
        return 1 if self.failures or not self.count else 0

    def expect_sum(self, what, stats):
        self.expect(what, stats["recorded"] + stats["adopted"] == sum(stats[name] for name in COUNTS), stats)


def stats_of(errors):
    return json.loads(errors[-1])
