#!/usr/bin/env python3
"""The server of docs/PROTOCOL.md as far as a client sees it, for the tests, until the real one is there.

Usage:  main.py [--ruleset FILE] [--key KEY ...] [--certificate PEM --private-key PEM] [--NAME VALUE ...]

Binds 127.0.0.1 at a free port (or --port) and prints the port as its first line. Ends at SIGTERM, and when its standard
input ends, so that it never outlives the test that started it. `admin.py` says what tests can ask of it.
"""

import argparse
import asyncio
import json
import signal
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from admin import Admin  # noqa: E402
from distribution import Distribution  # noqa: E402
from http1 import Connection, problem  # noqa: E402
from intake import Intake  # noqa: E402

SETTINGS = {
    "heartbeat_ms": 20_000,
    "retry_ms": None,     # sent as `retry:` at the start of each stream
    "history": 100,       # patches that a stream can be resumed over
    "reject_every": 0,    # events: each so many is rejected, answered `retry`, or left without an outcome
    "retry_every": 0,
    "forget_every": 0,
    "keep_events": False,
}
NAMES = {"/api/v1/sdk/stream": ("GET", "stream"), "/api/v1/sdk/ruleset": ("GET", "ruleset"),
         "/api/v1/events": ("POST", "events")}


class ReferenceServer:
    def __init__(self, settings, keys):
        self.settings = settings
        self.keys = set(keys)
        self.distribution = Distribution(settings)
        self.intake = Intake(settings)
        self.admin = Admin(self)
        self.faults = []
        self.requests = {"stream": 0, "ruleset": 0, "events": 0}
        self.refused_keys = 0

    def connection(self):
        return Connection(self.handle, self.distribution.forget)

    def handle(self, connection, request):
        if request.path.startswith("/_test/"):
            connection.respond(self.admin.answer(request))
            return
        method, name = NAMES.get(request.path, (None, None))
        if name is None or request.method != method:
            connection.respond(problem(404 if name is None else 405, "no such thing here"))
            return
        self.requests[name] += 1
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        fault = self.take_fault(name)
        if fault is not None and (name != "stream" or not fault.is_usual()):
            fault.apply(connection, lambda: self.usual(name, request, key))
        elif key not in self.keys:
            connection.respond(self.refusal())
        elif name == "stream":
            self.distribution.open_stream(connection, request, key)
        else:
            connection.respond(self.usual(name, request, key))

    def refusal(self):
        self.refused_keys += 1
        return problem(401, "the key is unknown or revoked")

    def usual(self, name, request, key):
        if key not in self.keys:
            return self.refusal()
        return self.distribution.answer_ruleset(request) if name == "ruleset" else self.intake.answer(request)

    def take_fault(self, name):
        for fault in self.faults:
            if fault.on in (name, "any"):
                fault.left -= 1
                if fault.left <= 0:
                    self.faults.remove(fault)
                return fault
        return None


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ruleset", type=Path)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--private-key")
    for name, value in SETTINGS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=json.loads, default=value)
    return parser.parse_args()


async def serve(arguments):
    settings = {name: getattr(arguments, name) for name in SETTINGS}
    server = ReferenceServer(settings, arguments.key or ["sdk-test"])
    if arguments.ruleset:
        server.distribution.put(json.loads(arguments.ruleset.read_text(encoding="utf-8")))
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.private_key)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    watch_input(loop, ended)
    listener = await loop.create_server(server.connection, "127.0.0.1", arguments.port, ssl=context, backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.distribution.drop(abort=True)
    listener.close()


def watch_input(loop, ended):
    def read():
        if not sys.stdin.buffer.raw.read(4096):
            loop.remove_reader(sys.stdin)
            ended.set()

    try:
        loop.add_reader(sys.stdin, read)
    except (PermissionError, ValueError, OSError):
        pass  # a file or nothing: there is no end to wait for


if __name__ == "__main__":
    asyncio.run(serve(parse_arguments()))
