#!/usr/bin/env python3
"""The budgets of the live client: `./dev bench live`. README.md says how they are measured.

Usage:  live.py PROGRAM PARTS [PART...]

PROGRAM is expplat_bench_live; PARTS the folder in which `.ci/setup.sh` installs kinesalite; PART is intake, kinesis or follow, by
default all. Servers are on free ports of 127.0.0.1 and end with this script. It fails where a part cannot be measured, not
where a budget is missed: a shared machine misses some now and then.
"""

import base64
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
for folder in ("aws", "reference_server"):
    sys.path.insert(0, str(TOP / "tests/support" / folder))

import servers  # noqa: E402
from process import reference_server  # noqa: E402
from stream import AUTHORIZATION, Stream  # noqa: E402

KEY = "sdk-bench"
FLAGS = 10_000
INTAKE_EVENTS, RECORDS, AGGREGATED_EVENTS = 500_000, 60_000, 150_000
BARE_RECORDS, BARE_BATCH, BARE_BYTES = 30_000, 500, 330  # the bare loop's; an exposure has about as many bytes
PATCHES, PUTS = 40, 20
REPEATS = 3
MIB = 1 << 20


def row(name, budget, measured, holds=None):
    verdict = {True: "holds", False: "missed", None: ""}[holds]
    print(f"{name:<52}{budget:<28}{measured:<62}{verdict}", flush=True)


def program_says(program, *words):
    run = subprocess.run([program, *map(str, words)], stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    said = json.loads(run.stdout)
    if said["acknowledged"] != said["recorded"] or said["dropped"] > 0:
        raise RuntimeError(f"not every event was delivered: {said}")
    return said


def rate_of(said):
    return said["acknowledged"] / said["seconds"]


def cpu_us_of(said):
    return said["cpu_seconds"] / said["acknowledged"] * 1e6


# ---- events to an intake ----


def measure_intake(program):
    runs = [program_says(program, "http", INTAKE_EVENTS) for _ in range(REPEATS)]
    rate = statistics.median(map(rate_of, runs))
    cpu_us = statistics.median(map(cpu_us_of, runs))
    row("events to an intake, by the clock", ">= 100,000/s", f"{rate:,.0f}/s", rate >= 100_000)
    row("  the client's own thread", "<= 10 us an event", f"{cpu_us:.2f} us of CPU: {1e6 / cpu_us:,.0f}/s on a whole core",
        cpu_us <= 10)


# ---- records to a Kinesis ----


def bare_rate(port, stream):
    """Records/s of kinesalite itself: one kept connection, one body over and over."""
    data = base64.b64encode(b"x" * BARE_BYTES).decode()
    body = json.dumps({"StreamName": stream, "Records": [{"Data": data, "PartitionKey": f"user-{i}"}
                                                         for i in range(BARE_BATCH)]})
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.PutRecords",
               "X-Amz-Date": "20250101T000000Z", "Authorization": AUTHORIZATION}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        start = time.monotonic()
        for _ in range(BARE_RECORDS // BARE_BATCH):
            connection.request("POST", "/", body, headers)
            answer = json.loads(connection.getresponse().read())
            if answer["FailedRecordCount"] > 0:
                raise RuntimeError(f"kinesalite refused {answer['FailedRecordCount']} records")
        return BARE_RECORDS / (time.monotonic() - start)


def in_a_stream(parts, name, measure):
    """Each measurement has a kinesalite of its own: it keeps all records, and slows down as they grow."""
    with servers.kinesalite(parts) as port, contextlib.closing(Stream(port, name)):
        return measure(port, name)


def measure_kinesis(program, parts):
    def client(aggregate, events):
        return in_a_stream(parts, "client", lambda port, name: program_says(
            program, "kinesis", f"http://127.0.0.1:{port}", name, aggregate, events))

    bare, plain = [], []
    for _ in range(REPEATS):  # side by side, so that other work on the machine meets both
        bare.append(in_a_stream(parts, "bare", bare_rate))
        plain.append(client(0, RECORDS))
    aggregated = [client(1, AGGREGATED_EVENTS) for _ in range(REPEATS)]
    limit, rate = statistics.median(bare), statistics.median(map(rate_of, plain))
    row("kinesalite alone, a bare loop of PutRecords", "-", f"{limit:,.0f} records/s")
    row("a record an event, by the clock", ">= 15,000/s or kinesalite's", f"{rate:,.0f} records/s",
        rate >= min(15_000, limit))
    row("  the client's own thread", "-", f"{statistics.median(map(cpu_us_of, plain)):.2f} us of CPU an event")
    row("aggregated, by the clock", "-", f"{statistics.median(map(rate_of, aggregated)):,.0f} events/s")
    row("  the client's own thread", "-", f"{statistics.median(map(cpu_us_of, aggregated)):.2f} us of CPU an event")


# ---- a change, and memory ----


class Follower:
    """The program that asks one flag over and over, and says when it saw which version."""

    def __init__(self, program, server):
        self.process = subprocess.Popen([program, "follow", server.url, KEY], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.next_change()

    def next_change(self):
        """The nanosecond of the first answer under a new version."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the program ended before it saw a change")
        self.version, seen_ns, self.cpu_ns, self.image_bytes, self.images = map(int, line.split())
        return seen_ns

    def resident_bytes(self):
        return resident_bytes(self.process.pid)

    def close(self):
        self.process.stdin.close()
        servers.end(self.process)
        self.process.stdout.close()


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no VmRSS of {pid}")


def empty_program_bytes():
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        time.sleep(.2)
        return resident_bytes(process.pid)
    finally:
        process.stdin.close()
        process.wait()


def event(name, version, value):
    """As the reference server writes it. Made here: what the server would spend on it is no part of the measurement."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (version, name, json.dumps(value, separators=(",", ":")).encode())


def patch_event(document, version):
    key, flag = f"flag-{version % FLAGS}", dict(document["flags"][f"flag-{version % FLAGS}"])
    flag["off"] = "red"
    return event(b"patch", version, {"base": version - 1, "version": version, "set": {"flags": {key: flag}}})


def put_event(document, version):
    return event(b"put", version, {**document, "version": version})


def admin_ms(server, data):
    """What handing the bytes to the server costs where nobody listens."""
    took = []
    for _ in range(10):
        start = time.monotonic_ns()
        server.ask_raw("POST", "send", data)
        took.append((time.monotonic_ns() - start) / 1e6)
    return statistics.median(took)


class Changes:
    """Milliseconds of each: by the clock, and of CPU from the answer before to this one."""

    def __init__(self, server, follower, document, make, count):
        self.took, self.cpu = [], []
        for _ in range(count):
            version = follower.version + 1
            data = make(document, version)
            time.sleep(.1)
            cpu_before_ns = follower.cpu_ns
            start = time.monotonic_ns()
            server.ask_raw("POST", "send", data)
            seen_ns = follower.next_change()
            if follower.version != version:
                raise RuntimeError(f"the program saw version {follower.version} and not {version}")
            self.took.append((seen_ns - start) / 1e6)
            self.cpu.append((follower.cpu_ns - cpu_before_ns) / 1e6)

    def print(self, name, budget_ms, own_ms):
        median = statistics.median(self.took) - own_ms
        row(name, f"<= {budget_ms} ms", f"median {median:.1f} ms, max {max(self.took) - own_ms:.1f} ms"
            f" (and {own_ms:.1f} ms of the call itself)", median <= budget_ms)
        row("  the client's own thread", "-", f"median {statistics.median(self.cpu):.1f} ms of CPU,"
            f" max {max(self.cpu):.1f} ms")


def row_of_memory(name, follower, empty):
    budget, used = 12 * MIB + 6 * follower.image_bytes, follower.resident_bytes() - empty
    row(name, f"<= {budget / MIB:.1f} MiB", f"{used / MIB:.1f} MiB ({follower.images} images of {follower.image_bytes / MIB:.2f} MiB)",
        used <= budget)


def measure_follow(program):
    text = subprocess.run([program, "ruleset", str(FLAGS)], stdout=subprocess.PIPE, check=True).stdout
    document = json.loads(text)
    empty = empty_program_bytes()
    with reference_server(KEY) as server:
        server.ask("POST", "ruleset", document)
        patch_own_ms = admin_ms(server, patch_event(document, 1))
        put_own_ms = admin_ms(server, put_event(document, 1))
        with contextlib.closing(Follower(program, server)) as follower:
            time.sleep(1)
            row_of_memory(f"memory with {FLAGS:,} flags, after start", follower, empty)
            puts = Changes(server, follower, document, put_event, PUTS)
            time.sleep(1)
            row_of_memory(f"  after {PUTS} puts", follower, empty)
            patches = Changes(server, follower, document, patch_event, PATCHES)
            time.sleep(1)
            row_of_memory(f"  and after {PATCHES} patches", follower, empty)
    patches.print(f"a patch of {FLAGS:,} flags, to the first answer", 10, patch_own_ms)
    puts.print(f"a put of {FLAGS:,} flags ({len(text) / 1e6:.1f} MB)", 250, put_own_ms)


def main():
    program, parts = sys.argv[1:3]
    wanted = sys.argv[3:] or ["intake", "kinesis", "follow"]
    measures = {"intake": lambda: measure_intake(program), "kinesis": lambda: measure_kinesis(program, parts),
                "follow": lambda: measure_follow(program)}
    for name in wanted:
        if name not in measures:
            sys.exit(f"live.py: no part `{name}`; there are {', '.join(measures)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} in the last minute")
    for name in wanted:
        measures[name]()


if __name__ == "__main__":
    main()
