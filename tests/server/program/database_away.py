#!/usr/bin/env python3
"""expplat-server while its PostgreSQL is away, as README says: who was seen goes on for five seconds, then is answered 503;
streams stay open; changes and events are answered 503 at once; afterwards all is as before.

Usage:  with_postgres.py database_away.py PROGRAM
"""

import contextlib
import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import served  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
SOCKET = ".s.PGSQL.5432"
KNOWN_SECONDS = 5  # for so long a key is not looked up again
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}


class Wire:
    """A Unix socket before PostgreSQL's, which can be cut and mended."""

    def __init__(self, folder, behind):
        self.path = os.path.join(folder, SOCKET)
        self.behind = behind
        self.pairs = []
        self.mend()

    def mend(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.behind)
                self.pairs.append((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(one, other):
        with contextlib.suppress(OSError):
            while chunk := one.recv(65536):
                other.sendall(chunk)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()


class DatabaseAway(unittest.TestCase):
    def test_what_goes_on_and_what_does_not(self):
        with tempfile.TemporaryDirectory(prefix="expplat-away-") as folder:
            direct = served.database_of(folder)
            behind = urllib.parse.parse_qs(urllib.parse.urlsplit(direct["DATABASE_URL"]).query)["host"][0]
            wire = Wire(folder, os.path.join(behind, SOCKET))
            through = direct | {"DATABASE_URL": direct["DATABASE_URL"].replace(behind, folder)}
            with Served(PROGRAM, folder, through, errors=True) as server:
                server.set_up()
                server.must("POST", "/api/v1/projects/game/flags", {"key": "f"})
                server.must("PUT", "/api/v1/projects/game/flags/f/environments/production", FLAG)
                self.ask_while_away(server, wire)
                wire.mend()
                until(lambda: server.ask("GET", "/health/ready", token="").status == 200)
                self.assertEqual(self.evaluate(server).status, 200)
                server.must("POST", "/api/v1/projects/game/flags", {"key": "late"})

    def evaluate(self, server, key=None):
        question = {"key": "f", "user": {"key": "u1"}}
        return server.ask("POST", "/api/v1/evaluate", question, token=key or server.key)

    def ask_while_away(self, server, wire):
        other = server.must("POST", "/api/v1/projects/game/environments/production/keys",
                            {"kind": "server", "name": "not seen yet"}).json["key"]
        stream = http.client.HTTPConnection("127.0.0.1", server.port, timeout=KNOWN_SECONDS + 2)
        stream.request("GET", "/api/v1/sdk/stream", headers={"Authorization": f"Bearer {server.key}"})
        followed = stream.getresponse()
        self.assertEqual(followed.status, 200)
        self.assertNotEqual(followed.readline(), b"")
        self.assertEqual(self.evaluate(server).status, 200)
        wire.cut()
        away = time.monotonic()
        for answer in (self.evaluate(server), server.ask("GET", "/api/v1/sdk/ruleset", token=server.key)):
            self.assertEqual(answer.status, 200, answer.body)
        event = {"v": 1, "id": "0193f1c2-7a3b-7c44-9f0e-0000000000aa", "type": "track", "event": "buy", "time": 1, "unit": "key",
                 "unit_id": "u1"}
        for answer in (server.ask("POST", "/api/v1/projects/game/flags", {"key": "g"}), self.evaluate(server, other),
                       server.ask("POST", "/api/v1/events", {"events": [event]}, token=server.key)):
            self.assertEqual((answer.status, answer.problem), (503, "unavailable"), answer.body)
        answer = until(lambda: (found := self.evaluate(server)).status == 503 and found)
        self.assertEqual(answer.problem, "unavailable")
        self.assertGreaterEqual(time.monotonic() - away, KNOWN_SECONDS - 1)
        # The stream is not ended by the looks after who may follow it: nothing comes, which is no end.
        with self.assertRaises(TimeoutError):
            while followed.readline():
                pass
        followed.close()
        stream.close()


if __name__ == "__main__":
    if not served.POSTGRES:
        sys.exit("database_away.py: runs with a PostgreSQL (tests/server/support/with_postgres.py)")
    unittest.main()
