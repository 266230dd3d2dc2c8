#!/usr/bin/env python3
"""The Kinesis sink against real parts: kinesalite and moto behind a proxy that checks signatures and injects faults.

Usage:  kinesis_test.py --send PROGRAM --cli PROGRAM --example PROGRAM --parts FOLDER [NAME...]

The programs are expplat_kinesis_send, expplat and expplat_kinesis; FOLDER has the `node_modules` and `venv` that `.ci/setup.sh`
makes. After each run the stream is read back: every event that was sent is there at least once, no other is, and the distinct
count is exact. client_cases.py has the cases through a whole client.
"""

import argparse
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "aws"))

import client_cases  # noqa: E402
import servers  # noqa: E402
import stream as streams  # noqa: E402
from bench import FAULTS, KEYS, NO_AWS, STATIC, Bench, Failed, expect  # noqa: E402
from fault_proxy import FaultPlan, FaultProxy  # noqa: E402


def run_with_faults(bench, port, by_arn=False, **arguments):
    plan = FaultPlan.all(seed=arguments["events"])
    with bench.make_stream(port) as stream, contextlib.closing(FaultProxy(port, KEYS, plan)) as proxy:
        said, sent = bench.send(stream=stream.arn if by_arn else stream.name, endpoint=f"http://127.0.0.1:{proxy.port}",
                                speed=50, limit_s=100, **arguments)
        repeats, shards = bench.check(said, sent, stream)
        bench.check_proxy(proxy, *FAULTS)
        expect(len(shards) == 4, f"only the shards {list(shards)} were used")
        return f"{len(sent)} events, {repeats} repeats, {proxy.counts}"


def test_aggregated_with_faults(bench):
    return run_with_faults(bench, bench.kinesalite, events=12000, batch=100, aggregate=1)


def test_plain_with_faults(bench):
    return run_with_faults(bench, bench.kinesalite, events=6000, batch=50, aggregate=0)


def test_moto_aggregated_with_faults(bench):
    return run_with_faults(bench, bench.moto, by_arn=True, events=8000, batch=80, aggregate=1)


def test_moto_plain_with_faults(bench):
    return run_with_faults(bench, bench.moto, events=2400, batch=20, aggregate=0)


def test_clean_run_has_no_repeats(bench):
    with bench.make_stream(bench.kinesalite) as stream, contextlib.closing(FaultProxy(bench.kinesalite, KEYS)) as proxy:
        said, sent = bench.send(stream=stream.name, endpoint=f"http://127.0.0.1:{proxy.port}", events=3000)
        repeats, _ = bench.check(said, sent, stream)
        bench.check_proxy(proxy)
        expect(repeats == 0, f"{repeats} repeats")
        expect(said["retried"] == 0 and said["message"] == "", f"{said}")


def test_wrong_clock_is_corrected(bench):
    for offset_ms in (3_600_000, -86_400_000):
        with bench.make_stream(bench.kinesalite) as stream, \
                contextlib.closing(FaultProxy(bench.kinesalite, KEYS)) as proxy:
            said, sent = bench.send(stream=stream.name, endpoint=f"http://127.0.0.1:{proxy.port}", events=2000,
                                    clock_offset_ms=offset_ms)
            bench.check(said, sent, stream)
            bench.check_proxy(proxy, "skew")
            # At most the calls that were under way when the first was refused.
            expect(proxy.counts["skew"] <= 4, f"{proxy.counts}")
            expect(said["retried"] == 0, f"{said}")


def test_wrong_secret_is_kept_and_slow(bench):
    with bench.make_stream(bench.kinesalite) as stream, contextlib.closing(FaultProxy(bench.kinesalite, KEYS)) as proxy:
        said, _ = bench.send({**STATIC, "AWS_SECRET_ACCESS_KEY": "wrong"}, stream=stream.name,
                             endpoint=f"http://127.0.0.1:{proxy.port}", events=10, limit_s=2)
        expect(said["acknowledged"] == 0 and said["left"] == 1 and not said["rejected"], f"{said}")
        expect(said["most_wait_ms"] == 5000 and proxy.counts["requests"] == 1, f"{said} {proxy.counts}")
        expect("InvalidSignatureException" in said["message"] and "wrong" not in said["message"].split("(")[1],
               said["message"])


def test_missing_stream_is_said_and_kept(bench):
    arguments = {"stream": "nowhere", "endpoint": f"http://127.0.0.1:{bench.kinesalite}"}
    said, _ = bench.send(**arguments, describe=1)
    expect(said["described"].startswith("not_found: the Kinesis stream nowhere (us-east-1): "), f"{said}")
    said, _ = bench.send(**arguments, events=10, limit_s=1)
    expect(said["acknowledged"] == 0 and said["left"] == 1 and not said["rejected"], f"{said}")
    expect(said["most_wait_ms"] == 5000 and "ResourceNotFoundException" in said["message"], f"{said}")


def test_a_stream_is_described(bench):
    for port in (bench.kinesalite, bench.moto):
        with bench.make_stream(port, shards=3) as stream:
            said, _ = bench.send(stream=stream.name, endpoint=f"http://127.0.0.1:{port}", describe=1)
            expect(said["described"] == "ACTIVE 3", f"{said}")


def test_no_credentials_lists_the_places(bench):
    nothing = {**NO_AWS, "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}
    said, _ = bench.send(nothing, stream="s", endpoint=f"http://127.0.0.1:{bench.kinesalite}", events=10, limit_s=1)
    expect(said["acknowledged"] == 0 and said["left"] == 1 and not said["rejected"], f"{said}")
    for place in ("settings", "environment", "/nonexistent/.aws/config", "web identity", "container", "EC2 instance"):
        expect(place in said["message"], f"{place} is not in: {said['message']}")


def test_a_refused_record_is_found(bench):
    plan = FaultPlan(poison="poisoned")
    with bench.make_stream(bench.kinesalite) as stream, \
            contextlib.closing(FaultProxy(bench.kinesalite, KEYS, plan)) as proxy:
        said, sent = bench.send(stream=stream.name, endpoint=f"http://127.0.0.1:{proxy.port}", events=1000,
                                aggregate=0, unit="poisoned")
        expect(said["rejected"] == [sent[333]], f"{said}")
        bench.check(said, sent, stream, rejected=said["rejected"])
        bench.check_proxy(proxy, "poison")


class RoleAddress:
    """A container's credentials address: each answer is a new key, and only the newest is good."""

    def __init__(self, secrets):
        address = self
        self.given = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.headers.get("Authorization") == "container-token" and self.path == "/credentials"
                body = json.dumps(address.next(secrets)) if good else "{}"
                self.send_response(200 if good else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": .05})
        self.thread.start()

    def next(self, secrets):
        self.given += 1
        name = f"ASIAEXAMPLE{self.given}"
        secrets.clear()
        secrets[name] = (f"secret+/{self.given}", f"token/{self.given}==")
        return {"AccessKeyId": name, "SecretAccessKey": secrets[name][0], "Token": secrets[name][1],
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_expired_credentials_are_renewed(bench):
    secrets = {}
    with bench.make_stream(bench.kinesalite) as stream, \
            contextlib.closing(FaultProxy(bench.kinesalite, secrets, FaultPlan(slow=1))) as proxy, \
            contextlib.closing(RoleAddress(secrets)) as address, tempfile.TemporaryDirectory() as folder:
        token = os.path.join(folder, "token")
        pathlib.Path(token).write_text("container-token\n", encoding="utf-8")
        environment = {**NO_AWS, "HOME": folder, "AWS_REGION": "us-east-1",
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{address.port}/credentials",
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token}
        def expire():
            """In the midst of it, whenever that is."""
            deadline = time.monotonic() + 60
            while proxy.counts.get("signatures", 0) < 10 and time.monotonic() < deadline:
                time.sleep(.002)
            secrets.clear()

        rotate = threading.Thread(target=expire)
        rotate.start()
        said, sent = bench.send(environment, stream=stream.name, endpoint=f"http://127.0.0.1:{proxy.port}",
                                events=9000, batch=100)
        rotate.join()
        bench.check(said, sent, stream)
        bench.check_proxy(proxy, "expired")
        expect(address.given >= 2, f"{address.given} keys were given")
        return f"{address.given} keys, {proxy.counts}"


def test_a_web_identity_from_a_profile(bench):
    secrets = {}

    class Sts(http.server.BaseHTTPRequestHandler):
        """Passes on to moto and notes which key was made."""

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            connection = http.client.HTTPConnection("127.0.0.1", bench.moto, timeout=30)
            connection.request("POST", "/", body, {"Content-Type": self.headers["Content-Type"], "Host": "sts.amazonaws.com"})
            answer = connection.getresponse().read()
            connection.close()
            between = lambda name: answer.split(f"<{name}>".encode())[1].split(b"<")[0].decode()  # noqa: E731
            secrets[between("AccessKeyId")] = (between("SecretAccessKey"), between("SessionToken"))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .05})
    thread.start()
    try:
        with bench.make_stream(bench.kinesalite) as stream, \
                contextlib.closing(FaultProxy(bench.kinesalite, secrets)) as proxy, \
                tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / ".aws").mkdir()
            (pathlib.Path(folder) / "token").write_text("a.b.c", encoding="utf-8")
            (pathlib.Path(folder) / ".aws" / "config").write_text(
                "[profile game]\nregion = eu-west-1\nservices = local\nrole_arn = arn:aws:iam::123456789012:role/game\n"
                f"web_identity_token_file = {folder}/token  # rotated\n"
                f"[services local]\nkinesis =\n  endpoint_url = http://127.0.0.1:{proxy.port}\n"
                f"sts =\n  endpoint_url = http://127.0.0.1:{server.server_address[1]}\n", encoding="utf-8")
            said, sent = bench.send({**NO_AWS, "HOME": folder, "AWS_PROFILE": "game"}, stream=stream.name, events=500)
            bench.check(said, sent, stream)
            bench.check_proxy(proxy)
            expect(len(secrets) == 1, f"{len(secrets)} keys were made")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_rates(bench):
    """Figures, not limits: records a second into kinesalite, and what kinesalite itself takes."""
    words = []
    with bench.make_stream(bench.kinesalite) as stream:
        own_limit(bench.kinesalite, stream)  # warms kinesalite up
    for what, arguments in (("aggregated", {"events": 60000, "aggregate": 1}),
                            ("plain", {"events": 20000, "aggregate": 0})):
        with bench.make_stream(bench.kinesalite) as stream:
            said, sent = bench.send(stream=stream.name, endpoint=f"http://127.0.0.1:{bench.kinesalite}", **arguments)
            bench.check(said, sent, stream)
            words.append(f"{what} {len(sent) / said['seconds']:.0f} events/s "
                         f"({said['cpu_seconds'] * 1e6 / len(sent):.1f} us of CPU an event)")
    with bench.make_stream(bench.kinesalite) as stream:
        words.append(f"kinesalite's own limit {own_limit(bench.kinesalite, stream):.0f} plain records/s")
    return ", ".join(words)


def own_limit(port, stream, calls=40):
    """Records a second that kinesalite takes from a client that does nothing but send one prepared call."""
    data = "eyJ2IjoxLCJpZCI6IjAwMDAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJ9" * 4
    body = json.dumps({"StreamName": stream.name,
                       "Records": [{"Data": data, "PartitionKey": f"user-{i}"} for i in range(500)]}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.PutRecords",
               "X-Amz-Date": "20250101T000000Z", "Authorization": streams.AUTHORIZATION}

    def send():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(calls // 4):
            connection.request("POST", "/", body, headers)
            expect(connection.getresponse().read().startswith(b"{"), "kinesalite refused a call")
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 500 * calls / (time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("send", "cli", "example", "parts"):
        parser.add_argument("--" + name, required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    tests = [(name[len("test_"):], test) for name, test in {**globals(), **vars(client_cases)}.items()
             if name.startswith("test_")]
    if arguments.names:
        tests = [(name, test) for name, test in tests if any(wanted in name for wanted in arguments.names)]
    passed = failed = 0
    with servers.kinesalite(arguments.parts) as kinesalite_port, servers.moto() as moto_port:
        bench = Bench(arguments, kinesalite_port, moto_port)
        for name, test in tests:
            begin = time.monotonic()
            try:
                words = test(bench)
                passed += 1
                print(f"passed  {name} ({time.monotonic() - begin:.1f} s){': ' + words if words else ''}", flush=True)
            except (Failed, RuntimeError, OSError, ValueError, queue.Empty, subprocess.TimeoutExpired) as problem:
                failed += 1
                print(f"FAILED  {name}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed")
    if counts := os.environ.get("STAGE_COUNTS"):
        pathlib.Path(counts).write_text(f"{passed} {failed} 0\n", encoding="utf-8")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
