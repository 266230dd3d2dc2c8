#!/usr/bin/env python3
"""The reference server speaks docs/PROTOCOL.md, and each of its faults is what it says.

Usage:  reference_server_test.py            the tests
        reference_server_test.py --load     how many events a second it takes, in batches of 500 with gzip
"""

import contextlib
import gzip
import http.client
import json
import socket
import sys
import time
import unittest
import uuid

from started import TIMEOUT_S, running


class Stream:
    """One stream, read by events; a comment is ("", its text)."""

    def __init__(self, server, last_event_id=None, key="sdk-test"):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self.connection.request("GET", "/api/v1/sdk/stream", headers=headers)
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def line(self):
        return self.answer.readline().decode().rstrip("\n")

    def next(self):
        fields = {}
        while True:
            line = self.line()
            if line.startswith(":"):
                self.line()
                return "", line
            if not line:
                return fields.get("event", "retry" if "retry" in fields else None), fields
            name, _, value = line.partition(": ")
            fields[name] = value


def record(number=None):
    event_id = str(uuid.uuid4() if number is None else uuid.UUID(int=number))
    return {"v": 1, "id": event_id, "type": "exposure", "time": 1763902800123, "project": "game", "environment": "production",
            "experiment": "checkout-cta", "variant": "green", "unit": "key", "unit_id": "user-42", "ruleset": 42,
            "sdk": "expplat-cpp/0.1.0", "attributes": {"country": "DE"}}


FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}


def document(version, **maps):
    return {"format": "expplat.ruleset/1", "environment": "test", "version": version, **maps}


class ReferenceServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.server = cls.stack.enter_context(running("--heartbeat-ms", "50"))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def setUp(self):
        self.server.admin("reset", {})
        self.server.admin("ruleset", document(10, flags={"a": FLAG}))
        self.server.admin("settings", {"heartbeat_ms": 50, "retry_ms": None, "history": 100, "reject_every": 0,
                                       "retry_every": 0, "forget_every": 0, "keep_events": False})

    # ---- the ruleset ----

    def test_ruleset_with_etag(self):
        status, headers, body = self.server.ask("GET", "/api/v1/sdk/ruleset")
        self.assertEqual((status, json.loads(body)["version"], headers["expplat-environment"]), (200, 10, "test"))
        status, _, body = self.server.ask("GET", "/api/v1/sdk/ruleset", headers={"If-None-Match": headers["etag"]})
        self.assertEqual((status, body), (304, b""))
        self.server.admin("ruleset", document(11))
        status, _, body = self.server.ask("GET", "/api/v1/sdk/ruleset", headers={"If-None-Match": headers["etag"]})
        self.assertEqual((status, json.loads(body)["version"]), (200, 11))

    def test_ruleset_compressed(self):
        self.server.admin("ruleset", document(12, flags={f"flag-{i}": FLAG for i in range(100)}))
        status, headers, body = self.server.ask("GET", "/api/v1/sdk/ruleset", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers["content-encoding"]), (200, "gzip"))
        self.assertEqual(len(json.loads(gzip.decompress(body))["flags"]), 100)

    def test_keys(self):
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset", key="other")[0], 401)
        self.server.admin("keys", {"add": ["other"]})
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset", key="other")[0], 200)
        with Stream(self.server, key="other") as stream:
            self.assertEqual(stream.next()[0], "put")
            self.server.admin("keys", {"revoke": ["other"]})
            while stream.line():
                pass  # it ends
        with Stream(self.server, key="other") as stream:
            self.assertEqual(stream.answer.status, 401)
            self.assertIn("title", json.loads(stream.answer.read()))

    def test_unknown_paths(self):
        self.assertEqual(self.server.ask("GET", "/")[0], 404)
        self.assertEqual(self.server.ask("POST", "/api/v1/sdk/ruleset", b"{}")[0], 405)
        self.assertEqual(self.server.ask("POST", "/_test/nothing", b"{}")[0], 404)
        self.assertEqual(self.server.ask("POST", "/_test/settings", b'{"no": 1}')[0], 400)

    # ---- the stream ----

    def test_put_patches_and_heartbeats(self):
        with Stream(self.server) as stream:
            self.assertEqual(stream.answer.getheader("Content-Type"), "text/event-stream")
            name, fields = stream.next()
            self.assertEqual((name, fields["id"], json.loads(fields["data"])["version"]), ("put", "10", 10))
            self.assertEqual(stream.next(), ("", ": heartbeat"))
            self.server.admin("patch", {"set": {"flags": {"b": FLAG}}, "remove": {"flags": ["a"]}})
            name, fields = stream.next()
            while name == "":
                name, fields = stream.next()
            patch = json.loads(fields["data"])
            self.assertEqual((name, fields["id"], patch["base"], patch["version"]), ("patch", "11", 10, 11))
            self.assertEqual((patch["set"], patch["remove"]), ({"flags": {"b": FLAG}}, {"flags": ["a"]}))
        self.assertEqual(json.loads(self.server.ask("GET", "/api/v1/sdk/ruleset")[2])["flags"], {"b": FLAG})

    def test_resumes_within_its_history(self):
        for _ in range(3):
            self.server.admin("patch", {"set": {"flags": {"b": FLAG}}})
        with Stream(self.server, 11) as stream:
            self.assertEqual(stream.next(), ("", ": resumed"))
            self.assertEqual([stream.next()[1]["id"] for _ in range(2)], ["12", "13"])
        with Stream(self.server, 13) as stream:
            self.assertEqual([stream.next()[0], stream.next()[1]], ["", ": heartbeat"])
        for unknown in (9, "x", 14):
            with Stream(self.server, unknown) as stream:
                self.assertEqual(stream.next()[0], "put")
        self.server.admin("ruleset", document(20))
        with Stream(self.server, 13) as stream:
            self.assertEqual(stream.next()[0], "put", "a put forgets the patches before it")

    def test_retry(self):
        self.server.admin("settings", {"retry_ms": 1234})
        with Stream(self.server) as stream:
            self.assertEqual(stream.next(), ("retry", {"retry": "1234"}))
            self.assertEqual(stream.next()[0], "put")

    def test_drop(self):
        with Stream(self.server) as stream:
            stream.next()
            self.server.admin("drop", {})
            while stream.line():
                stream.line()
        self.assertEqual(self.server.state()["streams"], 0)
        with Stream(self.server) as stream:
            stream.next()
            self.server.admin("drop", {"abort": True})
            with self.assertRaises((ConnectionError, http.client.IncompleteRead)):
                for _ in range(1000):
                    if not stream.line() and not stream.line():
                        raise ConnectionError

    def test_pause_is_half_open(self):
        with Stream(self.server) as stream:
            stream.next()
            self.server.admin("pause", {})
            self.server.admin("patch", {"set": {"flags": {"b": FLAG}}})
            stream.connection.sock.settimeout(0.3)
            with self.assertRaises((TimeoutError, socket.timeout)):
                for _ in range(100):
                    stream.next()
        with Stream(self.server) as stream:
            self.assertEqual(stream.next()[0], "put", "later streams are well")

    def test_garbage(self):
        with Stream(self.server) as stream:
            stream.next()
            self.server.admin("text?version=3", b"{no\njson")
            name, fields = stream.next()
            while name == "":
                name, fields = stream.next()
            self.assertEqual((name, fields["id"]), ("put", "3"))
            self.server.admin("send", b"data: endless")
            lines = [stream.line() for _ in range(20)]
            self.assertEqual(len([line for line in lines if line.startswith("data: endless")]), 1)
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset")[2], b"{no\njson")

    # ---- events ----

    def test_events_are_idempotent_by_id(self):
        records = [record() for _ in range(500)]
        self.assertEqual(set(self.server.outcomes(records).values()), {"accepted"})
        self.assertEqual(set(self.server.outcomes(records[:10]).values()), {"accepted"})
        state = self.server.state()
        self.assertEqual((state["received"], state["distinct"], state["repeated"]), (510, 500, 10))
        ids = self.server.admin("ids").decode().split()
        self.assertEqual(sorted(ids), sorted(each["id"] for each in records))

    def test_events_plain(self):
        status, _, _ = self.server.ask("POST", "/api/v1/events", json.dumps({"sent_at": 1, "events": [record()]}))
        self.assertEqual(status, 200)

    def test_bad_batches(self):
        self.assertEqual(self.server.send_events([record() for _ in range(501)])[0], 413)
        self.assertEqual(self.server.send_events([{**record(), "x": "y" * (1 << 20)}])[0], 413)
        for body in (b"", b"{", b"[]", b'{"events": []}', b'{"sent_at": 1}'):
            self.assertEqual(self.server.ask("POST", "/api/v1/events", body)[0], 400, body)
        self.assertEqual(self.server.ask("POST", "/api/v1/events", b"x", {"Content-Encoding": "gzip"})[0], 400)
        self.assertEqual(self.server.state()["refused_batches"], 8)

    def test_outcomes(self):
        bad_type = {**record(), "type": "other"}
        self.assertEqual(self.server.outcomes([bad_type, {"id": "x"}]), {bad_type["id"]: "rejected", "x": "rejected"})
        self.server.admin("reset", {})
        self.server.admin("settings", {"retry_every": 2, "keep_events": True})
        records = [record() for _ in range(4)]
        self.assertEqual(list(self.server.outcomes(records).values()), ["retry", "accepted", "retry", "accepted"])
        kept = [json.loads(line) for line in self.server.admin("events").splitlines()]
        self.assertEqual(kept, records[1::2])
        self.server.admin("settings", {"retry_every": 0, "forget_every": 2})
        self.assertEqual(len(self.server.outcomes([record(), record()])), 1)
        self.server.admin("settings", {"forget_every": 0, "reject_every": 1})
        self.assertEqual(set(self.server.outcomes([record()]).values()), {"rejected"})

    # ---- faults ----

    def test_faults_are_counted_and_over(self):
        self.server.admin("fault", {"on": "events", "status": 429, "count": 2, "headers": {"Retry-After": "3"}})
        for _ in range(2):
            status, headers, _ = self.server.ask("POST", "/api/v1/events", b"{}")
            self.assertEqual((status, headers["retry-after"]), (429, "3"))
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset")[0], 200)
        self.assertEqual(set(self.server.outcomes([record()]).values()), {"accepted"})

    def test_fault_of_a_stream(self):
        self.server.admin("fault", {"on": "stream", "status": 200, "content_type": "text/html", "body": "<html>"})
        with Stream(self.server) as stream:
            self.assertEqual((stream.answer.getheader("Content-Type"), stream.answer.read()), ("text/html", b"<html>"))

    def test_faults_of_the_connection(self):
        for fault in ({"close": True}, {"reset": True}):
            self.server.admin("fault", fault)
            with self.assertRaises(ConnectionError):
                self.server.ask("GET", "/api/v1/sdk/ruleset")
        self.server.admin("fault", {"cut": True})
        with self.assertRaises(http.client.IncompleteRead):
            self.server.ask("GET", "/api/v1/sdk/ruleset")
        self.server.admin("fault", {"delay_ms": 100, "piece_bytes": 50, "piece_ms": 20})
        begin = time.monotonic()
        status, _, body = self.server.ask("GET", "/api/v1/sdk/ruleset")
        self.assertEqual((status, json.loads(body)["version"]), (200, 10))
        self.assertGreater(time.monotonic() - begin, 0.12)

    def test_requests_on_one_connection(self):
        request = b"GET /api/v1/sdk/ruleset HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sdk-test\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT_S) as raw:
            raw.sendall(request * 3)
            received = b""
            while received.count(b'"version":10') < 3:
                received += raw.recv(65536)
        self.assertEqual(received.count(b"HTTP/1.1 200 OK"), 3)

    def test_ends_with_its_input(self):
        with running() as server:
            self.assertEqual(server.state()["version"], 1)
        with self.assertRaises(ConnectionError):
            server.state()


def measure():
    batches = 400
    bodies = []
    for b in range(batches):
        text = json.dumps({"sent_at": 1, "events": [record(b * 500 + i + 1) for i in range(500)]}).encode()
        bodies.append(gzip.compress(text, 1))
    with running() as server:
        begin = time.monotonic()
        connections = [socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S) for _ in range(4)]
        for b in range(0, batches, 4):
            for connection, body in zip(connections, bodies[b:b + 4]):
                connection.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sdk-test\r\n"
                                   b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            for connection in connections:
                received = connection.recv(1 << 20)
                while not received.endswith(b"]}"):
                    received += connection.recv(1 << 20)
        elapsed = time.monotonic() - begin
        for connection in connections:
            connection.close()
        distinct = server.state()["distinct"]
    print(f"{distinct} events in {elapsed:.2f} s: {distinct / elapsed:.0f} events/s, {batches / elapsed:.0f} batches/s")


if __name__ == "__main__":
    if sys.argv[1:] == ["--load"]:
        measure()
    else:
        unittest.main()
