"""The reference server as a process of its own, for scripts that publish rulesets: the demo and the benchmarks.

Binds a free port of 127.0.0.1 and ends with its `with` block.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from pathlib import Path

MAIN = Path(__file__).resolve().parent / "main.py"


class Server:
    """The server, as who publishes rulesets sees it: the calls of `admin.py`."""

    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method, name, value=None):
        return self.ask_raw(method, name, None if value is None else json.dumps(value))

    def ask_raw(self, method, name, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, f"/_test/{name}", body)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                raise RuntimeError(f"{method} {name}: {response.status} {answer[:300]}")
            return json.loads(answer)

    def wait_for_a_stream(self, program):
        while self.ask("GET", "state")["streams"] == 0 and program.poll() is None:
            time.sleep(.01)


@contextlib.contextmanager
def reference_server(key):
    process = subprocess.Popen([sys.executable, str(MAIN), "--key", key], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    try:
        yield Server(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
