#!/usr/bin/env python3
"""Servers of one database that tell each other of changes by Redis; and what they do without it.

Usage:  redis.py EXPPLAT_SERVER [unittest's own words]
"""

import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from redis_server import RedisServer  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
CHANGES = 8
PASSWORD = "s3cret-of-redis"


class Follower:
    """A stream of a server's ruleset: when it has heard of a flag."""

    def __init__(self, server, key):
        self.heard = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.request("GET", "/api/v1/sdk/stream", headers={"Authorization": f"Bearer {key}"})
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.began = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.began.wait(30)

    def run(self):
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while line := self.response.readline():
                self.began.set()
                if line.startswith(b"data: "):
                    now = time.monotonic()
                    document = json.loads(line[6:])
                    for flag in document.get("set", document).get("flags", {}):
                        self.heard.setdefault(flag, now)

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.connection.close()


class Pair(contextlib.ExitStack):
    """Two servers of one database."""

    def __init__(self, **environment):
        super().__init__()
        self.data = self.enter_context(tempfile.TemporaryDirectory(prefix="expplat-server-"))
        self.one = self.enter_context(Served(PROGRAM, self.data, environment))
        self.one.set_up()
        self.two = self.enter_context(Served(PROGRAM, self.data, environment))
        self.two.token = self.one.token
        self.followers = {server: Follower(server, self.one.key) for server in (self.one, self.two)}
        for follower in self.followers.values():
            self.callback(follower.close)
        self.flags = 0

    def delay(self):
        """Seconds until a change on one server is on a stream of the other; the servers take turns."""
        here, there = (self.one, self.two) if self.flags % 2 == 0 else (self.two, self.one)
        self.flags += 1
        flag = f"f{self.flags}"
        here.must("POST", "/api/v1/projects/game/flags", {"key": flag, "configurations": {"production": FLAG}})
        answered = time.monotonic()
        heard = until(lambda: self.followers[there].heard.get(flag))
        return max(heard - answered, 0)

    def delays(self):
        return [self.delay() for _ in range(CHANGES)]

    def metric(self, server, name):
        for line in server.must("GET", "/metrics", token="").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def wait_until_connected(self):
        for server in (self.one, self.two):
            until(lambda server=server: self.metric(server, "expplat_redis_connected") == 1)

    def lines(self, word):
        return [line for line in self.one.log_text().splitlines() if word in line]


class HostilePeer:
    """A server that answers each connection with the same bytes, and then stays or goes."""

    def __init__(self, answer, stays=True):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer = answer
        self.stays = stays
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with contextlib.suppress(OSError):
                    connection.sendall(self.answer)
                if self.stays:
                    self.connections.append(connection)
                else:
                    connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Hints(unittest.TestCase):
    def quick(self, pair):
        pair.wait_until_connected()
        delays = pair.delays()
        # Without hints they would be anything up to 5 s.
        self.assertLess(statistics.median(delays), .5, delays)
        self.assertLess(max(delays), 2.5, delays)
        print(f"from one server to a stream of the other: median {statistics.median(delays) * 1000:.0f} ms, "
              f"longest {max(delays) * 1000:.0f} ms", flush=True)

    def test_a_change_on_one_server_reaches_streams_of_the_other(self):
        with RedisServer() as redis, Pair(REDIS_URL=redis.url) as pair:
            self.quick(pair)
            self.assertGreaterEqual(pair.metric(pair.one, 'expplat_redis_hints_total{way="sent"}'), CHANGES / 2)
            self.assertGreaterEqual(pair.metric(pair.one, 'expplat_redis_hints_total{way="heard"}'), CHANGES)
            self.assertEqual(pair.lines("warning"), [])

    def test_with_a_password(self):
        with RedisServer(password=PASSWORD) as redis, Pair(REDIS_URL=redis.url) as pair:
            self.quick(pair)
            self.assertEqual(pair.lines(PASSWORD), [])

    def test_as_a_user_who_may_do_no_more_than_that_over_tls(self):
        with RedisServer(password=PASSWORD, user="expplat", tls=True) as redis, \
                Pair(REDIS_URL=redis.url, REDIS_CA_FILE=redis.ca_file) as pair:
            self.quick(pair)

    def test_a_redis_that_dies_makes_changes_late_and_no_more(self):
        with RedisServer() as redis, Pair(REDIS_URL=redis.url) as pair:
            self.quick(pair)
            redis.kill()
            until(lambda: pair.metric(pair.one, "expplat_redis_connected") == 0)
            self.assertLess(pair.delay(), 10)
            self.assertLess(pair.delay(), 10)
            self.assertEqual(pair.one.ask("GET", "/health/ready", token="").status, 200)
            # Both servers write one log; each says what was lost, and once that it is still away.
            self.assertLessEqual(len(pair.lines('"warning"')), 4, pair.lines("redis"))
            self.assertGreaterEqual(len(pair.lines('"warning"')), 2)
            self.assertTrue(redis.start())
            self.quick(pair)
            self.assertEqual(len(pair.lines("redis: connected again")), 2)
            self.assertGreater(pair.metric(pair.one, "expplat_redis_faults_total"), 0)


class WithoutHints(unittest.TestCase):
    """What is wrong with Redis is said once, and the server serves."""

    def says(self, words, **environment):
        began = time.monotonic()
        with Served(PROGRAM, environment=environment) as server:
            self.assertLess(time.monotonic() - began, 5, "nobody waits for Redis")
            server.set_up()
            until(lambda: words in server.log_text())
            server.must("POST", "/api/v1/projects/game/flags", {"key": "f", "configurations": {"production": FLAG}})
            self.assertIn("f", server.must("GET", "/api/v1/sdk/ruleset", token=server.key).json["flags"])
            lines = [line for line in server.log_text().splitlines() if words in line]
            self.assertEqual(len(lines), 1, lines)
            self.assertNotIn(PASSWORD, server.log_text())
            self.assertNotIn("s3cret", server.log_text())

    def test_a_wrong_password(self):
        with RedisServer(password="another") as redis:
            self.says("WRONGPASS", REDIS_URL=f"redis://:{PASSWORD}@localhost:{redis.port}")

    def test_no_password_where_one_is_needed(self):
        with RedisServer(password="another") as redis:
            self.says("NOAUTH", REDIS_URL=f"redis://localhost:{redis.port}")

    def test_a_certificate_of_nobody_who_is_known(self):
        with RedisServer(tls=True) as redis:
            self.says("certificate is refused", REDIS_URL=redis.url)

    def test_a_certificate_for_another_name(self):
        with RedisServer(tls=True) as redis:
            self.says("certificate is refused", REDIS_URL=redis.url.replace("localhost", "127.0.0.1"),
                      REDIS_CA_FILE=redis.ca_file)

    def test_nobody_there(self):
        with RedisServer() as redis:
            pass
        self.says("hints are not", REDIS_URL=redis.url)

    def test_somebody_else_there(self):
        for answer, words in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", "not Redis's protocol"),
                              (b"$99999999\r\n", "larger than"), (b"*1\r\n" * 100, "larger than"),
                              (b"+" + b"x" * 100_000, "larger than"), (b":1\r\n", "an answer that is none"),
                              (b"-ERR unknown command 'AUTH', with args beginning with: 's3cret'\r\n", "refused: ERR"),
                              (b"+OK\r\n+OK\r\n-NOPERM s3cret\r\n", "refused: NOPERM")):
            with self.subTest(answer=answer[:20]), HostilePeer(answer) as peer:
                self.says(words, REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{peer.port}")

    def test_connections_that_are_closed_at_once(self):
        for answer in (b"", b"+OK\r\n+OK\r\n"):
            with self.subTest(answer=answer), HostilePeer(answer, stays=False) as peer:
                self.says('"warning"', REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{peer.port}")

    def test_somebody_who_says_nothing(self):
        with HostilePeer(b"") as peer:
            self.says("no answer in time", REDIS_URL=f"redis://127.0.0.1:{peer.port}")

    def test_a_configuration_that_is_wrong_is_refused(self):
        def check(**variables):
            environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "EXPPLAT_"))}
            return subprocess.run([PROGRAM, "--check-config"], env=environment | variables, capture_output=True, text=True,
                                  timeout=60, check=False)
        wrong = check(REDIS_URL=f"redis://:{PASSWORD}@h:x")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("REDIS_URL", wrong.stderr)
        self.assertNotIn(PASSWORD, wrong.stderr)
        self.assertIn("REDIS_CA_FILE", check(REDIS_URL="rediss://h", REDIS_CA_FILE="/nowhere").stderr)
        self.assertIn("REDIS_CA_FILE", check(REDIS_CA_FILE="/etc/ssl/certs/ca-certificates.crt").stderr)
        self.assertEqual(check(REDIS_URL="rediss://h/2").returncode, 0)


if __name__ == "__main__":
    unittest.main()
