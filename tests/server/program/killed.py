#!/usr/bin/env python3
"""The server is killed (SIGKILL) at random moments while several writers change flags and a stream listens.

After each life: what was acknowledged is there; no update is lost (each writer counts up with If-Match); what the interface
says of a flag and what the published ruleset says is the same; the ruleset's version never went back for who listened; the
audit's chain is unbroken. 10 lives; 100 where EXPPLAT_FULL is set.

Usage:  killed.py EXPPLAT_SERVER
"""

import contextlib
import http.client
import os
import random
import signal
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
LIVES = 100 if os.environ.get("EXPPLAT_FULL") else 10
SEED = int(os.environ.get("EXPPLAT_SEED", random.randrange(1 << 30)))
FLAGS, WRITERS = 3, 4
P = "/api/v1/projects/game"
GONE = (OSError, http.client.HTTPException)


def counting(number):
    return {"type": "integer", "variants": {"n": number}, "off": "n", "default": "n"}


def path_of(flag):
    return f"{P}/flags/counter-{flag}/environments/production"


class Writer(threading.Thread):
    """Counts flags up until the server is gone. `acknowledged[flag]` are the numbers that it was told are saved."""

    def __init__(self, server, chooser):
        super().__init__()
        self.server = server
        self.chooser = chooser
        self.acknowledged = {flag: [] for flag in range(FLAGS)}
        self.faults = []

    def run(self):
        try:
            while True:
                self.count_up(self.chooser.randrange(FLAGS))
        except GONE:
            pass

    def count_up(self, flag):
        before = self.server.ask("GET", path_of(flag))
        if before.status != 200:
            self.faults.append((before.status, before.body))
            return
        number = before.json["body"]["variants"]["n"] + 1
        after = self.server.ask("PUT", path_of(flag), counting(number), headers={"If-Match": before.headers["ETag"]})
        if after.status == 200:
            self.acknowledged[flag].append(number)
        elif after.status != 412:
            self.faults.append((after.status, after.body))


class Listener(threading.Thread):
    """The versions that a stream was sent."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.versions = []

    def run(self):
        try:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)) as connection:
                connection.request("GET", "/api/v1/sdk/stream", headers={"Authorization": f"Bearer {self.server.key}"})
                response = connection.getresponse()
                while line := response.readline():
                    if line.startswith(b"id:"):
                        self.versions.append(int(line[3:]))
        except GONE:
            pass


class Killed(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_nothing_is_published_by_half(self):
        chooser = random.Random(SEED)
        print(f"EXPPLAT_SEED={SEED}", file=sys.stderr)
        numbers = {flag: 0 for flag in range(FLAGS)}
        version = 0
        with tempfile.TemporaryDirectory() as data:
            key = self.prepare(data)
            for life in range(LIVES):
                with self.subTest(life=life):
                    server = Served(PROGRAM, data).__enter__()
                    server.key = key
                    server.log_in()
                    self.check(server, numbers, version)
                    listener = Listener(server)
                    writers = [Writer(server, random.Random(chooser.random())) for _ in range(WRITERS)]
                    for thread in [listener, *writers]:
                        thread.start()
                    until(lambda: all(any(writer.acknowledged.values()) for writer in writers))
                    time.sleep(chooser.random() * .5)
                    server.end(signal.SIGKILL)
                    for thread in [listener, *writers]:
                        thread.join(60)
                    self.assertEqual([fault for writer in writers for fault in writer.faults], [])
                    self.assertEqual(listener.versions, sorted(set(listener.versions)))
                    version = max([version, *listener.versions])
                    for flag in numbers:
                        told = sorted(number for writer in writers for number in writer.acknowledged[flag])
                        self.assertEqual(len(told), len(set(told)), "two writers were told the same number")
                        numbers[flag] = max([numbers[flag], *told])
            with Served(PROGRAM, data) as server:
                server.key = key
                server.log_in()
                self.check(server, numbers, version)

    def prepare(self, data):
        with Served(PROGRAM, data) as server:
            server.set_up()
            for flag in range(FLAGS):
                server.must("POST", f"{P}/flags", {"key": f"counter-{flag}", "configurations": {"production": counting(0)}})
            return server.key

    def check(self, server, numbers, version):
        """`numbers` becomes what is saved: at most WRITERS above what was acknowledged."""
        ruleset = server.must("GET", "/api/v1/sdk/ruleset", token=server.key).json
        self.assertGreaterEqual(ruleset["version"], version, "who listened has seen a later version")
        for flag, number in numbers.items():
            saved = server.must("GET", path_of(flag)).json["body"]["variants"]["n"]
            self.assertIn(saved, range(number, number + WRITERS + 1))
            self.assertEqual(ruleset["flags"][f"counter-{flag}"]["variants"]["n"], saved)
            numbers[flag] = saved
        self.assertTrue(server.must("GET", "/api/v1/audit/verify").json["intact"])


if __name__ == "__main__":
    unittest.main()
