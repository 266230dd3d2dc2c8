"""Starts the reference server on a free port, for the tests in Python, and speaks to it; it ends with the block."""

import contextlib
import gzip
import http.client
import json
import subprocess
import sys
from pathlib import Path

MAIN = Path(__file__).resolve().parent / "main.py"
TIMEOUT_S = 20


@contextlib.contextmanager
def running(*arguments):
    process = subprocess.Popen([sys.executable, str(MAIN), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Server(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(TIMEOUT_S)
        process.stdout.close()


class Server:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, headers=None, key="sdk-test"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {key}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read()
        finally:
            connection.close()

    def admin(self, name, body=None):
        body = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        status, _, text = self.ask("GET" if body is None else "POST", "/_test/" + name, body)
        assert status == 200, (name, status, text)
        return text

    def state(self):
        return json.loads(self.admin("state"))

    def send_events(self, records, **headers):
        body = gzip.compress(json.dumps({"sent_at": 1, "events": records}).encode())
        status, _, text = self.ask("POST", "/api/v1/events", body, {"Content-Encoding": "gzip", **headers})
        return status, text

    def outcomes(self, records):
        status, text = self.send_events(records)
        assert status == 200, (status, text)
        return {outcome["id"]: outcome["status"] for outcome in json.loads(text)["outcomes"]}
