#!/usr/bin/env python3
"""`expplat run` and `expplat watch` with a server as their source: changes, refusals, absence, and a signal while events leave.

Usage:  tests/cli/with_a_server.py EXPPLAT

The server is the tests' reference server. Waits are for lines and counts that must come, each bounded.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "reference_server"))

from program import PATIENCE_S, Checks, ruleset, stats_of  # noqa: E402
from started import running  # noqa: E402

KEY = "sdk-test"
CLOSES_IN_S = 2      # the time that a client has to close, after a signal
LATE_MS = 60_000     # after the client has closed: it has seen no acknowledgement of what is at the server
MACHINE_SLOW_S = 20  # what a loaded machine may take beside; less than the 30 s that `run` waits at its usual end
LATER = "sdk-later"


def url(server):
    return f"http://127.0.0.1:{server.port}"


def from_server(server, key=KEY):
    return ("--source", url(server), "--key", key)


def cases_of(prefix, count):
    return "".join(json.dumps({"key": "exp", "user": {"key": f"{prefix}{i}"}}) + "\n" for i in range(count))


class PlainServer:
    """Answers whoever connects in plain HTTP, at once, and closes."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        with contextlib.suppress(OSError):  # the listener's end
            while True:
                connection, _ = self.listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def await_state(server, holds):
    """Until the server's counts are such; the counts."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds(state := server.state()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server came to {state}")
        time.sleep(.005)
    return state


def check_changes(checks):
    """Each change is a line as it happens, by a put and by a patch; a revoked key is said, and the answers stay."""
    with running() as server:
        server.admin("ruleset", ruleset(1).encode())
        program = checks.start("watch", *from_server(server), "--user", '{"key": "u1"}', "cta")
        line, before = program.line_with("version 1")
        checks.expect("the first ruleset", line == "version 1: 2 flags and experiments", (before, line))
        line = program.line()
        checks.expect("a named key's answer", line == '  cta: "blue" = "b", DEFAULT', line)
        line, before = program.line_with("streaming")
        checks.expect("the status", line == "READY from server, streaming", (before, line))

        server.admin("ruleset", ruleset(2, "green").encode())
        line, before = program.line_with("version 2")
        checks.expect("a put says what changed", line == "version 2: 1 changed: cta", (before, line))
        line = program.line()
        checks.expect("and the answer", line == '  cta: "blue" = "b", DEFAULT → "green" = "g", DEFAULT', line)
        server.admin("patch", {"set": {"flags": {"new": {"type": "boolean", "variants": {"on": True}, "off": "on",
                                                         "default": "on"}}}, "remove": {"experiments": ["exp"]}})
        line, before = program.line_with("version 3")
        checks.expect("so does a patch", line == "version 3: 2 changed: new, exp", (before, line))

        server.admin("keys", {"revoke": [KEY]})
        line, before = program.line_with("UNAUTHORIZED")
        checks.expect("a revoked key", line.startswith("UNAUTHORIZED from server") and "401" in line and KEY not in line,
                      (before, line))
        program.process.send_signal(signal.SIGTERM)
        status, rest, errors = program.end()
        checks.expect("a watch of a revoked key ends well", status == 0 and not any("version" in line for line in rest),
                      (status, rest, errors))
        checks.expect("the key is in no line", not any(KEY in line for line in errors), errors)


def check_keys(checks):
    with running() as server:
        server.admin("ruleset", ruleset(1).encode())
        begin = time.monotonic()
        done = checks.run("run", *from_server(server, "sdk-revoked"), "--cases", "-", input=cases_of("k", 1))
        checks.expect("run with a refused key", done.returncode == 1 and done.stdout == ""
                      and "UNAUTHORIZED" in done.stderr and "401" in done.stderr, (done.returncode, done.stderr))
        checks.expect("a refused key is not waited for", time.monotonic() - begin < MACHINE_SLOW_S)
        checks.expect("a refused key is not printed", "sdk-revoked" not in done.stderr, done.stderr)
        checks.expect("nor is it tried again fast", server.state()["refused_keys"] <= 2, server.state())

        # Revoked while it runs: it goes on answering, and what it records is kept for a good key.
        program = checks.start("run", *from_server(server), "--cases", "-", "--sink", "http", "--spool", "kept",
                               stdin=subprocess.PIPE)
        program.process.stdin.write(cases_of("before", 1))
        program.process.stdin.flush()
        program.line()
        await_state(server, lambda state: state["distinct"] == 1)
        server.admin("keys", {"revoke": [KEY], "add": [LATER]})
        program.process.stdin.write(cases_of("after", 3))
        program.process.stdin.flush()
        answers = [json.loads(program.line()) for _ in range(3)]
        checks.expect("a revoked key changes no answer", all(answer["variant"] in "ab" for answer in answers), answers)
        await_state(server, lambda state: state["refused_keys"] > 0)
        program.process.send_signal(signal.SIGTERM)
        status, _, errors = program.end()
        program.process.stdin.close()
        stats = stats_of(errors)
        checks.expect("what a revoked key could not send is kept", status == 0 and stats["acknowledged"] == 1
                      and stats["spooled"] == 3, (status, errors))
        checks.expect_sum("the counts of a revoked key add up", stats)
        checks.expect("a revoked key is said", any("401" in line for line in errors), errors)
        done = checks.run("run", *from_server(server, LATER), "--cases", "-", "--sink", "http", "--spool", "kept", input="")
        stats = stats_of(done.stderr.splitlines())
        checks.expect("and a good one sends it", done.returncode == 0 and stats["adopted"] == stats["acknowledged"] == 3,
                      (done.returncode, done.stderr))
        checks.expect("each once", server.state()["distinct"] == 4 and server.state()["repeated"] == 0, server.state())


def check_absence(checks):
    """Addresses that lead nowhere, and a server that is away."""
    for what, address, said in (("no host", "http://", "no host"), ("a user in the address", "http://a:b@localhost", "user"),
                                ("no port", "http://127.0.0.1:port", "port")):
        for command in (("run", "--cases", "-"), ("watch",)):
            done = checks.run(*command, "--source", address, "--key", KEY, stdin=subprocess.DEVNULL)
            checks.expect(f"{command[0]} with {what}", done.returncode in (1, 2) and said in done.stderr
                          and done.stdout == "" and "a:b" not in done.stderr, (done.returncode, done.stderr))
    with socket.socket() as nobody, running() as server, PlainServer() as plain:
        nobody.bind(("127.0.0.1", 0))  # and never listens: connections are refused
        absent = f"127.0.0.1:{nobody.getsockname()[1]}"
        for what, address, said in (("an unknown host", "http://nowhere.invalid", "nowhere.invalid"),
                                    ("nobody listening", f"http://{absent}", "refused"),
                                    ("a path that is not there", url(server) + "/elsewhere", "404"),
                                    ("TLS where there is none", f"https://127.0.0.1:{plain.port}", "TLS: ")):
            done = checks.run("run", "--source", address, "--key", KEY, "--cases", "-", "--wait", "2", input=cases_of("x", 1))
            checks.expect(f"run with {what}", done.returncode == 1 and done.stdout == "" and said in done.stderr
                          and "no ruleset yet" in done.stderr, (done.returncode, done.stderr))
            checks.expect_sum(f"{what}: the counts add up", stats_of(done.stderr.splitlines()))
            watch = checks.start("watch", "--source", address, "--key", KEY)
            line, before = watch.line_with(said)
            checks.expect(f"watch with {what}", not line.startswith("READY"), (before, line))
            watch.process.send_signal(signal.SIGINT)
            status, rest, errors = watch.end()
            checks.expect(f"watch with {what} ends", status == 0, (status, rest, errors))


def check_cache(checks):
    """The last ruleset of a server that is away: run answers with it, and watch says that it is old."""
    words = ("--cache", "cached.xpr", "--cases", "-")
    with running() as server:
        server.admin("ruleset", ruleset(7).encode())
        source = from_server(server)
        fresh = checks.run("run", *source, *words, input=cases_of("c", 5))
        checks.expect("a server's answers", fresh.returncode == 0 and fresh.stdout.count('"variant"') == 5,
                      (fresh.stdout, fresh.stderr))
        port = server.port
    done = checks.run("run", *source, *words, input=cases_of("c", 5))
    checks.expect("the cache answers the same", done.returncode == 0 and done.stdout == fresh.stdout,
                  (done.returncode, done.stdout, done.stderr))
    checks.expect("of the same ruleset", stats_of(done.stderr.splitlines())["ruleset_version"] == 7, done.stderr)
    done = checks.run("run", "--source", url(server), "--key", "sdk-other", *words, "--wait", "1", input=cases_of("c", 5))
    checks.expect("another key is not shown it", done.returncode == 1 and done.stdout == "", (done.stdout, done.stderr))
    # That run's cache was another's: nothing came, so nothing was replaced.
    program = checks.start("watch", *source, "--cache", "cached.xpr")
    line, before = program.line_with("STALE")
    checks.expect("watch says that it is old", line.startswith("STALE from cache"), (before, line))
    with running("--port", str(port)) as again:
        again.admin("ruleset", ruleset(8).encode())
        program.line_with("version 8")
        line, before = program.line_with("streaming")
        checks.expect("and that it is no more", line == "READY from server, streaming", (before, line))
        program.process.send_signal(signal.SIGTERM)
        status, rest, _ = program.end()
        checks.expect("the watch ends", status == 0, (status, rest))


def check_signal_while_sending(checks):
    """SIGTERM while it sends: it ends in its time, its counts add up, and what was acknowledged is at the server."""
    path = checks.write("many.jsonl", cases_of("u", 2_000))
    for what, fault, spool in (("slow answers", {"delay_ms": 50}, ()), ("no answers", {"hang": True}, ()),
                               ("late answers and a spool", {"delay_ms": LATE_MS}, ("--spool", "late")),
                               ("no answers and a spool", {"hang": True}, ("--spool", "hanging"))):
        with running("--keep-events", "true") as server:
            server.admin("ruleset", ruleset(1).encode())
            server.admin("fault", {"on": "events", "count": 1_000_000, **fault})
            program = checks.start("run", *from_server(server), "--cases", path, "--sink", "http", "--track", "--repeat",
                                   "1000000000", *spool)
            # In the midst of it: batches are under way, and more is queued than four can hold.
            await_state(server, lambda state: state["requests"]["events"] >= 4)
            begin = time.monotonic()
            program.process.send_signal(signal.SIGTERM)
            status, _, errors = program.end()
            took = time.monotonic() - begin
            stats = stats_of(errors)
            checks.expect(f"{what}: it ends in its time", took < CLOSES_IN_S + MACHINE_SLOW_S, took)
            checks.expect_sum(f"{what}: the counts add up", stats)
            checks.expect(f"{what}: nothing is in flight", stats["in_flight"] == 0, stats)
            lost = stats["dropped_queue_full"] + stats["dropped_shutdown"] + stats["dropped_spool"] + stats["dead_lettered"]
            checks.expect(f"{what}: the status says whether one was lost", status == (1 if lost else 0), (status, stats))
            if spool:
                checks.expect(f"{what}: what is not sent is kept", lost == 0 and stats["spooled"] > 0, stats)
            names = [(event["unit_id"], event["type"], event["id"])
                     for event in map(json.loads, server.admin("events").splitlines())]
            ids = {name[2] for name in names}
            checks.expect(f"{what}: what was acknowledged is there", len(ids) == len(names) >= stats["acknowledged"],
                          (len(ids), len(names), stats))
            checks.expect(f"{what}: an exposure a user", sum(kind == "exposure" for _, kind, _ in names)
                          == len({unit for unit, kind, _ in names if kind == "exposure"}) <= 2_000)
            if "hang" in fault:
                checks.expect(f"{what}: nothing arrived", not names and stats["acknowledged"] == 0, stats)
            if spool:
                finish_spool(checks, server, what, stats, spool, ids)


def finish_spool(checks, server, what, stats, spool, already):
    """The next run sends what the one that was ended has kept."""
    server.admin("reset", b"{}")  # no faults any more
    done = checks.run("run", *from_server(server), "--cases", "-", "--sink", "http", *spool, input="")
    after = stats_of(done.stderr.splitlines())
    checks.expect(f"{what}: the next run sends it", done.returncode == 0
                  and after["adopted"] == after["acknowledged"] == stats["spooled"], (stats, after, done.stderr))
    ids = set(server.admin("ids").decode().split())
    checks.expect(f"{what}: in the end each is there once", len(already | ids)
                  == stats["recorded"] - stats["deduplicated"], (len(already), len(ids), stats))


def main(arguments):
    if len(arguments) != 1:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(str(Path(arguments[0]).resolve()), folder)
        checks.check(check_changes, check_keys, check_absence, check_cache, check_signal_while_sending)
    return checks.report("with a server")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
