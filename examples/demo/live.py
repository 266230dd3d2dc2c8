#!/usr/bin/env python3
"""The live half of `./dev demo`: a server, a stream, and a program between them.

Usage:  live.py SERVER PARTS COUNTS PROGRAM [ARGUMENT...]

Starts SERVER (expplat-server) and kinesalite (installed in PARTS) on free ports of 127.0.0.1, makes a flag and an experiment
through the server's interface, runs PROGRAM (expplat_demo_live, or the same in another language), changes the experiment
while it evaluates, and reads back what has come into the stream. Fails where the stream does not hold exactly what the
program says it sent. The file COUNTS is left by the first program: who got what; another one's counts must be the same. Both
servers end with this script.
"""

import collections
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
for folder in ("support/aws", "server/program"):
    sys.path.insert(0, str(TOP / "tests" / folder))

import served  # noqa: E402
import servers  # noqa: E402
from stream import Stream  # noqa: E402

STREAM = "exposures"
EXPERIMENT = "checkout-cta"
PROJECT = "/api/v1/projects/shop"
TRAFFIC = (10, 80)  # percent, before and after
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def inked(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def experiment_at(document, traffic):
    experiment = {**document["experiments"][EXPERIMENT], "traffic": traffic}
    del experiment["status"]  # the server's affair: its experiments are started
    return experiment


def set_up(server, is_first):
    """Logs in with the password that the server has made, and makes examples/quickstart.json of it, started at the lower
    traffic; prints what was done, the first time. Returns what the experiment becomes later."""
    password = server.process.stdout.readline().split(" password ")[1].split()[0]
    assert server.log_in(served.EMAIL, password).status == 200
    document = json.loads((TOP / "examples/quickstart.json").read_text(encoding="utf-8"))
    before, after = (experiment_at(document, traffic) for traffic in TRAFFIC)
    server.must("POST", "/api/v1/projects", {"key": "shop"})
    server.must("POST", f"{PROJECT}/environments", {"key": "production"})
    for kind, bodies in (("segments", document["segments"]), ("flags", document["flags"]),
                         ("experiments", {EXPERIMENT: before})):
        for key, body in bodies.items():
            server.must("POST", f"{PROJECT}/{kind}", {"key": key, "configurations": {"production": body}})
    server.must("POST", f"{PROJECT}/experiments/{EXPERIMENT}/environments/production/start")
    server.key = server.must("POST", f"{PROJECT}/environments/production/keys",
                             {"kind": "server", "name": "the demo"}).json["key"]
    if is_first:
        print(f"\n{inked(1, '6  Run the server')}\n\n"
              f"  expplat-server at {server.url}, with its database in a folder; it made a password for {served.EMAIL}:\n"
              f"  {password}. Over its interface: the flag new-ui with its segment, the experiment {EXPERIMENT},\n"
              f"  started, and a key for a program; {len(server.must('GET', '/api/v1/audit').json['items'])} entries in its audit.\n"
              "  The server and its password end with this demo; README.md, \"Running the server\", starts one that stays.",
              flush=True)
    return after


def wait_for_a_stream(server, process):
    while b"expplat_streams 1" not in server.must("GET", "/metrics").body and process.poll() is None:
        time.sleep(.01)


def run_program(program, server, kinesis_port, counts_path, is_first):
    """Runs it with a change on the way, and returns its exit code."""
    after = set_up(server, is_first)
    process = subprocess.Popen([*program, server.url, server.key, f"http://127.0.0.1:{kinesis_port}", STREAM, counts_path],
                               stdin=subprocess.PIPE, text=True)
    try:
        wait_for_a_stream(server, process)
        time.sleep(1)
        posted_us = time.time_ns() // 1000
        server.must("PUT", f"{PROJECT}/experiments/{EXPERIMENT}/environments/production", after)
        process.communicate(f"{posted_us}\n", timeout=90)
        return process.returncode
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def check_stream(stream, counts):
    """Prints what is in the stream; True where it is what the program counted."""
    texts = [data for _, _, data in stream.records()]
    events = {event["id"]: event for event in map(json.loads, texts)}
    # An exposure may be recorded again (the table that deduplicates is bounded), and then with another id: users are
    # counted by their name. Delivery is at least once: an id may come again only where a batch was offered again.
    users = {(event["unit_id"], event["variant"]) for event in events.values() if event["type"] == "exposure"}
    variants = collections.Counter(variant for _, variant in users)
    right = (len(events) == counts["acknowledged"] and dict(variants) == counts["variants"]
             and (len(texts) == len(events) or counts["failed_deliveries"] > 0))
    verdict = inked(32, "as acknowledged") if right else inked(31, f"NOT as acknowledged: {counts}")
    by_variant = " and ".join(f"{count:,} users got {name}" for name, count in sorted(variants.items()))
    print(f"  Read back from the stream: {len(texts):,} records in {len(stream.shards)} shards, {len(events):,} distinct ids,\n"
          f"  {by_variant or 'no exposures'}: {verdict}")
    if texts:
        print(f"\n  {inked(2, texts[0].decode())}")
    return right


def check_against_first(counts, path):
    """True where the counts are those that the first program left; leaves them where none did."""
    who_got_what = json.dumps({name: counts[name] for name in ("before", "variants")}, sort_keys=True)
    if not path.exists():
        path.write_text(who_got_what, encoding="utf-8")
        return True
    right = path.read_text(encoding="utf-8") == who_got_what
    print(f"  Before and after the change the same users got each variant as in C++: "
          f"{inked(32, 'equal counts') if right else inked(31, 'NOT equal')}", flush=True)
    return right


def main():
    server_program, parts, first_path, *program = sys.argv[1:]
    first_path = Path(first_path)
    with served.Served(server_program, environment={"EXPPLAT_ADMIN_PASSWORD": ""}) as server, \
            servers.kinesalite(parts) as kinesis_port, tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Stream(kinesis_port, STREAM)) as stream:
        counts_path = Path(folder) / "counts.json"
        status = run_program(program, server, kinesis_port, str(counts_path), not first_path.exists())
        if not counts_path.exists():
            sys.exit(f"live.py: {program[0]} ended with {status} before it had sent anything")
        counts = json.loads(counts_path.read_text(encoding="utf-8"))
        right = check_stream(stream, counts) and check_against_first(counts, first_path)
        return 0 if right and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
