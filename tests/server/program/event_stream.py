#!/usr/bin/env python3
"""Events go onward into a stream of Kinesis: what is acknowledged is in it, whatever Kinesis does meanwhile.

Usage:  event_stream.py EXPPLAT_SERVER [--parts FOLDER] [unittest's own words]

By itself against a Kinesis of its own, which answers what it is told to, when it is told to. With FOLDER (what .ci/setup.sh
makes for kinesalite), and the Python in it, against kinesalite too, behind a proxy that checks signatures and injects faults.
"""

import base64
import concurrent.futures
import contextlib
import gzip
import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import unittest
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "support", "aws"))

from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
PARTS = None
if sys.argv[1:2] == ["--parts"]:
    PARTS = sys.argv[2]
    del sys.argv[1:3]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AWS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET,
       "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", "KINESIS_STREAM": "Events"}
PATIENCE_SECONDS = 5  # of a request that the stream does not take
CALLS_AT_ONCE = 4
FAULTS = ("partial", "throttle", "error", "reset_before", "reset_after", "slow")  # of fault_proxy.py


def event(**more):
    return {"v": 1, "id": str(uuid.uuid4()), "type": "exposure", "time": 1763902800123, "unit": "key", "unit_id": "u",
            "experiment": "cta", "variant": "green"} | more


def error(code, message="on purpose"):
    return json.dumps({"__type": code, "message": message}).encode()


class FakeKinesis:
    """Takes in plain records. `answers`: what the next calls are answered instead, (status, body); `open`: until it is set
    nobody is answered. `look`: the answer to who looks whether the stream is there."""

    def __init__(self):
        self.records = []  # (partition key, event), those that were taken
        self.calls = 0
        self.answers = []
        self.always = None
        self.look = (200, json.dumps({"StreamDescriptionSummary": {"StreamARN": "", "StreamStatus": "ACTIVE",
                                                                   "OpenShardCount": 2}}).encode())
        self.open = threading.Event()
        self.open.set()
        self.lock = threading.Lock()
        kinesis = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                kinesis.handle(self)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": .05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        assert body["StreamName"] == "Events"
        if handler.headers["X-Amz-Target"].endswith(".DescribeStreamSummary"):
            return self.send(handler, *self.look)
        with self.lock:
            self.calls += 1
        self.open.wait(60)
        with self.lock:
            answer = self.answers.pop(0) if self.answers else self.always
            status, text = answer(body["Records"]) if callable(answer) else answer or self.take(body["Records"])
        self.send(handler, status, text)

    @staticmethod
    def send(handler, status, text):
        handler.send_response_only(status)
        handler.send_header("Content-Type", "application/x-amz-json-1.1")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def take(self, records, fails=lambda number, record: None):
        answers = []
        for number, record in enumerate(records):
            if code := fails(number, record):
                answers.append({"ErrorCode": code, "ErrorMessage": "on purpose"})
                continue
            self.records.append((record["PartitionKey"], json.loads(base64.b64decode(record["Data"]))))
            answers.append({"SequenceNumber": "1", "ShardId": "shardId-0"})
        failed = sum("ErrorCode" in answer for answer in answers)
        return 200, json.dumps({"FailedRecordCount": failed, "Records": answers}).encode()

    def ids(self):
        with self.lock:
            return [one["id"] for _, one in self.records]


class WithServer(unittest.TestCase):
    def serve(self, port, errors=False, **more):
        environment = AWS | {"AWS_ENDPOINT_URL_KINESIS": f"http://127.0.0.1:{port}"} | more
        server = Served(PROGRAM, environment=environment, errors=errors).__enter__()
        self.addCleanup(server.end)
        server.set_up()
        return server

    @staticmethod
    def send(server, events, **more):
        return server.ask("POST", "/api/v1/events", {"events": events}, token=server.key, **more)

    @staticmethod
    def metric(server, name):
        for line in server.must("GET", "/metrics", token="").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0

    def counted(self, server):
        return {outcome: self.metric(server, f'expplat_events_total{{outcome="{outcome}"}}')
                for outcome in ("accepted", "rejected", "retry")}


class Onward(WithServer):
    def setUp(self):
        self.kinesis = FakeKinesis()
        self.kinesis.__enter__()
        self.addCleanup(self.kinesis.__exit__)

    def serve(self, errors=False, **more):
        return super().serve(self.kinesis.port, errors, **({"KINESIS_AGGREGATION": "off"} | more))

    def test_what_is_acknowledged_is_in_the_stream_and_not_before(self):
        server = self.serve()
        sent = [event(unit_id=f"u{i}") for i in range(3)]
        self.kinesis.open.clear()
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            answer = threads.submit(self.send, server, [*sent, event(type="nonsense")])
            until(lambda: self.kinesis.calls == 1)
            self.assertEqual(self.metric(server, "expplat_event_stream_waiting"), 3)
            self.assertFalse(answer.done())
            self.kinesis.open.set()
            outcomes = answer.result().json["outcomes"]
        self.assertEqual({one["id"]: one["status"] for one in outcomes if one["status"] == "accepted"},
                         {one["id"]: "accepted" for one in sent})
        self.assertEqual([one["reason"] for one in outcomes if one["status"] == "rejected"],
                         ["type: must be exposure or track"])
        self.assertEqual(self.kinesis.records, [(one["unit_id"], {"project": "game", "environment": "production"} | one)
                                                for one in sent])
        self.assertEqual(self.counted(server), {"accepted": 3, "rejected": 1, "retry": 0})
        self.assertEqual(self.metric(server, "expplat_event_stream_waiting"), 0)

    def test_an_event_is_of_its_keys_environment_whatever_it_says(self):
        server = self.serve()
        self.assertEqual(self.send(server, [event(project="another", environment="staging", properties={"project": "p"})]).status,
                         200)
        record = self.kinesis.records[0][1]
        self.assertEqual((record["project"], record["environment"]), ("game", "production"))
        self.assertEqual(record["properties"], {"project": "p"})

    def test_nothing_is_kept_here(self):
        server = self.serve()
        self.send(server, [event()])
        for path in ("/api/v1/events", "/api/v1/events/counts"):
            answer = server.ask("GET", path + "?project=game&environment=production")
            self.assertEqual((answer.status, answer.problem), (409, "conflict"))
        answer = server.ask("POST", "/api/v1/events?project=game&environment=nowhere", {"events": [event()]})
        self.assertEqual(answer.status, 404)
        self.assertEqual(self.send(server, []).json, {"outcomes": []})
        self.assertEqual(server.ask("POST", "/api/v1/events", {"events": []}, token="").status, 401)

    def test_a_compressed_batch(self):
        server = self.serve()
        sent = [event() for _ in range(500)]
        answer = server.ask("POST", "/api/v1/events", token=server.key, headers={"Content-Encoding": "gzip"},
                            raw=gzip.compress(json.dumps({"events": sent}).encode()))
        self.assertEqual([one["status"] for one in answer.json["outcomes"]], ["accepted"] * 500)
        self.assertEqual(self.kinesis.ids(), [one["id"] for one in sent])

    def test_what_a_call_did_not_take_is_sent_again(self):
        server = self.serve(errors=True)
        sent = [event() for _ in range(10)]
        self.kinesis.answers = [
            lambda records: self.kinesis.take(
                records, lambda i, _: "ProvisionedThroughputExceededException" if i % 3 == 0 else None),
            (500, error("InternalFailure")),
            (400, error("ProvisionedThroughputExceededException")),
            lambda records: self.kinesis.take(records, lambda i, _: "InternalFailure" if i == 0 else None),
        ]
        self.assertEqual([one["status"] for one in self.send(server, sent).json["outcomes"]], ["accepted"] * 10)
        self.assertEqual(sorted(self.kinesis.ids()), sorted(one["id"] for one in sent))
        self.assertEqual(self.kinesis.calls, 5)
        self.assertEqual(self.metric(server, "expplat_event_stream_failures_total"), 4)
        self.assertIn("takes events again", server.log_text())

    def test_a_stream_that_takes_nothing_is_said_to_who_sends(self):
        for always, status in (((500, error("InternalFailure")), 503),
                               ((400, error("ProvisionedThroughputExceededException")), 429)):
            with self.subTest(status=status):
                server = self.serve(errors=True)
                self.kinesis.always = always
                began = time.monotonic()
                answer = self.send(server, [event(), event()])
                self.assertEqual((answer.status, answer.headers["Retry-After"]), (status, "1"))
                self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
                self.assertGreater(time.monotonic() - began, PATIENCE_SECONDS - .5)
                self.assertEqual(self.counted(server), {"accepted": 0, "rejected": 0, "retry": 2})
                lines = [line for line in server.log_text().splitlines() if '"error"' in line]
                self.assertEqual(len(lines), 1, lines)
                self.assertNotIn(SECRET, server.log_text())
        self.assertEqual(self.kinesis.records, [])

    @staticmethod
    def ready(server):
        return server.must("GET", "/health/ready", token="").json

    def test_a_stream_that_is_not_there_is_said_before_events_come(self):
        for look, words in (((400, error("ResourceNotFoundException", "Stream Events under account 1 not found.")), "not found"),
                            ((200, json.dumps({"StreamDescriptionSummary": {"StreamStatus": "CREATING"}}).encode()), "CREATING"),
                            ((500, error("InternalFailure")), "InternalFailure")):
            with self.subTest(words=words):
                self.kinesis.look = look
                server = self.serve(errors=True)
                until(lambda: words in server.log_text())
                until(lambda: self.ready(server) == {"status": "ready", "event_stream": "failing"})
                lines = [line for line in server.log_text().splitlines() if '"level":"error"' in line]
                self.assertEqual(len(lines), 1, lines)
                self.assertIn("Events", lines[0])
                self.assertEqual(self.send(server, [event()]).status, 200)
                self.assertEqual(self.ready(server)["event_stream"], "working")

    def test_who_may_not_look_at_the_stream_may_put_events_into_it(self):
        self.kinesis.look = (400, error("AccessDeniedException", "not authorized to perform: kinesis:DescribeStreamSummary"))
        server = self.serve()
        until(lambda: "cannot be looked at" in server.log_text())
        self.assertEqual(self.send(server, [event()]).status, 200)
        self.assertEqual(self.ready(server)["event_stream"], "working")

    def test_what_an_operator_must_mend_keeps_nobody_waiting(self):
        server = self.serve(errors=True)
        self.kinesis.always = (400, error("ResourceNotFoundException", "Stream Events under account 1 not found."))
        began = time.monotonic()
        answer = self.send(server, [event()])
        self.assertEqual((answer.status, answer.problem), (503, "unavailable"))
        self.assertLess(time.monotonic() - began, PATIENCE_SECONDS - 1)
        self.assertIn("ResourceNotFoundException", server.log_text())
        self.kinesis.always = None
        self.assertEqual(self.send(server, [event()]).status, 200)

    def test_some_of_a_batch_may_have_to_come_again(self):
        server = self.serve(errors=True)
        sent = [event(unit_id="cold"), event(unit_id="hot")]

        def hot(records):
            return self.kinesis.take(records, lambda _, record: record["PartitionKey"] == "hot" and "InternalFailure")

        self.kinesis.always = hot
        answer = self.send(server, sent)
        self.assertEqual([one["status"] for one in answer.json["outcomes"]], ["accepted", "retry"])
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.assertEqual(self.counted(server), {"accepted": 1, "rejected": 0, "retry": 1})

    def test_an_event_that_is_refused_for_itself_is_found(self):
        server = self.serve(errors=True)
        sent = [event(unit_id=f"u{i}") for i in range(40)]
        refused = sent[17]["unit_id"]

        def poisoned(records):
            if any(record["PartitionKey"] == refused for record in records):
                return 400, error("ValidationException", "Value at 'records.1.member.partitionKey' failed")
            return self.kinesis.take(records)

        self.kinesis.always = poisoned
        outcomes = {one["id"]: one for one in self.send(server, sent).json["outcomes"]}
        self.assertEqual([one["unit_id"] for one in sent if outcomes[one["id"]]["status"] != "accepted"], [refused])
        self.assertIn("partitionKey", outcomes[sent[17]["id"]]["reason"])
        self.assertEqual(sorted(self.kinesis.ids()), sorted(one["id"] for one in sent if one["unit_id"] != refused))

    def test_small_requests_share_a_call(self):
        server = self.serve()
        self.kinesis.open.clear()
        with concurrent.futures.ThreadPoolExecutor(40) as threads:
            answers = []
            for call in range(CALLS_AT_ONCE):
                answers.append(threads.submit(self.send, server, [event()]))
                until(lambda call=call: self.kinesis.calls == call + 1)
            answers += [threads.submit(self.send, server, [event()]) for _ in range(40 - CALLS_AT_ONCE)]
            until(lambda: self.metric(server, "expplat_event_stream_waiting") == 40)
            self.assertEqual(self.kinesis.calls, CALLS_AT_ONCE)
            self.kinesis.open.set()
            self.assertEqual({answer.result().status for answer in answers}, {200})
        self.assertEqual(self.kinesis.calls, CALLS_AT_ONCE + 1)
        self.assertEqual(len(set(self.kinesis.ids())), 40)

    def test_there_is_room_for_so_much_and_no_more(self):
        server = self.serve()
        self.kinesis.open.clear()
        large = [event(properties={"text": "x" * 990_000})]
        with concurrent.futures.ThreadPoolExecutor(40) as threads:
            answers = [threads.submit(self.send, server, large) for _ in range(40)]
            refused = [answer.result() for answer in concurrent.futures.as_completed(answers)]
        self.assertEqual({answer.headers["Retry-After"] for answer in refused}, {"1"})
        too_many = sum(answer.status == 429 for answer in refused)
        self.assertGreaterEqual(too_many, 40 - 34)  # 32 MiB
        self.assertEqual(sum(answer.status == 503 for answer in refused), 40 - too_many)
        self.assertEqual(self.metric(server, "expplat_event_stream_waiting"), 0)
        self.kinesis.open.set()
        self.assertEqual(self.send(server, [event()]).status, 200)

    def test_a_request_is_done_once_for_its_key(self):
        server = self.serve(errors=True)
        sent, headers = [event()], {"Idempotency-Key": "k"}
        self.kinesis.answers = [(400, error("ResourceNotFoundException"))]
        self.assertEqual(self.send(server, sent, headers=headers).status, 503)  # which is to be done again
        answers = [self.send(server, sent, headers=headers) for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 200])
        self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(self.kinesis.ids(), [sent[0]["id"]])
        self.assertEqual(self.send(server, [event()], headers=headers).status, 409)
        wrong = {"Idempotency-Key": "w"}
        self.assertEqual([server.ask("POST", "/api/v1/events", {"events": 7}, token=server.key, headers=wrong).status
                          for _ in range(2)], [422, 422])

    def test_who_waits_when_it_ends_is_answered(self):
        server = self.serve(EXPPLAT_DRAIN_MS="20000")
        sent = [event()]
        self.kinesis.open.clear()
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            answer = threads.submit(self.send, server, sent)
            until(lambda: self.kinesis.calls == 1)
            ended = threads.submit(server.process.wait, 60)
            server.process.terminate()
            # It takes nobody any more, and has not ended.
            until(lambda: self.refuses(server.port))
            self.assertFalse(ended.done())
            self.kinesis.open.set()
            self.assertEqual(answer.result().json["outcomes"][0]["status"], "accepted")
            self.assertEqual(ended.result(), 0)
        self.assertEqual(self.kinesis.ids(), [sent[0]["id"]])

    def test_it_ends_although_the_stream_never_answers(self):
        server = self.serve(EXPPLAT_DRAIN_MS="0")
        self.kinesis.open.clear()
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            answer = threads.submit(self.send, server, [event()])
            until(lambda: self.kinesis.calls == 1)
            began = time.monotonic()
            server.process.terminate()
            self.assertEqual(server.process.wait(60), 0)
            self.assertLess(time.monotonic() - began, PATIENCE_SECONDS - 1)
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.assertEqual(answer.result().status, 503)  # or none: it was not acknowledged

    @staticmethod
    def refuses(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0


class Configuration(WithServer):
    @staticmethod
    def check(**variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "EXPPLAT_", "AWS_"))}
        return subprocess.run([PROGRAM, "--check-config"], env=environment | {"HOME": "/nonexistent"} | variables,
                              capture_output=True, text=True, timeout=60, check=False)

    def test_what_is_wrong_is_refused(self):
        for words, variables in (
                ("KINESIS_STREAM", {"KINESIS_STREAM": "no stream"}),
                ("region", {"KINESIS_STREAM": "Events", "AWS_REGION": ""}),
                ("KINESIS_AGGREGATION: must be on or off", {"KINESIS_AGGREGATION": "yes"} | AWS),
                ("without KINESIS_STREAM", {"KINESIS_AGGREGATION": "off"}),
                ("KINESIS_STREAM", AWS | {"AWS_ENDPOINT_URL_KINESIS": "nonsense"})):
            with self.subTest(words=words):
                said = self.check(**variables)
                self.assertEqual(said.returncode, 2, said.stderr)
                self.assertIn(words, said.stderr)
                self.assertNotIn(SECRET, said.stderr)
        self.assertEqual(self.check(**AWS).returncode, 0)
        arn = {"KINESIS_STREAM": "arn:aws:kinesis:eu-west-1:123456789012:stream/Events"}
        self.assertEqual(self.check(**arn).returncode, 0)

    def test_nobody_there(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            server = self.serve(probe.getsockname()[1], errors=True)
            self.assertEqual(self.send(server, [event()]).status, 503)

    def test_no_credentials(self):
        server = self.serve(1, errors=True, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        self.assertEqual(self.send(server, [event()]).status, 503)
        self.assertIn("credentials", server.log_text())


@unittest.skipUnless(PARTS, "without kinesalite")
class Kinesalite(WithServer):
    def setUp(self):
        import fault_proxy
        import servers
        import stream
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        port = stack.enter_context(servers.kinesalite(PARTS))
        self.stream = stack.enter_context(contextlib.closing(stream.Stream(port, "Events")))
        self.plan = fault_proxy.FaultPlan()
        self.proxy = stack.enter_context(contextlib.closing(
            fault_proxy.FaultProxy(port, {"AKIDEXAMPLE": (SECRET, None)}, self.plan)))
        self.faults = fault_proxy.FaultPlan.all

    def deliver(self, server, batches, of_each):
        """Offers each event until it is acknowledged, as clients do; from several threads."""
        sent = [[event(unit_id=f"u{batch}-{i}") for i in range(of_each)] for batch in range(batches)]

        def offer(events):
            rest = {one["id"]: one for one in events}
            end = time.monotonic() + 100
            while rest:
                assert time.monotonic() < end, "it is never taken in"
                answer = self.send(server, list(rest.values()))
                assert answer.status in (200, 429, 503), answer.body
                for one in answer.json["outcomes"] if answer.status == 200 else ():
                    assert one["status"] in ("accepted", "retry"), one
                    if one["status"] == "accepted":
                        rest.pop(one["id"])

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(offer, sent))
        return {one["id"]: one["unit_id"] for events in sent for one in events}

    def check(self, sent):
        """All of it is in the stream, and nothing else; how often something is there again."""
        found = [(key, one) for _, key, one in self.stream.events()]
        self.assertEqual({one["id"]: one["unit_id"] for _, one in found}, sent)
        for key, one in found:
            self.assertEqual((key, one["project"], one["environment"]), (one["unit_id"], "game", "production"))
        self.assertEqual(self.proxy.refusals, [])
        self.assertGreater(self.proxy.counts["signatures"], 0)
        return len(found) - len(sent)

    def test_all_of_it_once(self):
        server = self.serve(self.proxy.port)
        sent = self.deliver(server, 60, 50)
        self.assertEqual(self.check(sent), 0)
        self.assertLess(len(list(self.stream.records())), len(sent) / 4, "it is not aggregated")
        self.assertEqual(self.counted(server), {"accepted": 3000, "rejected": 0, "retry": 0})

    def test_nothing_is_lost_whatever_goes_wrong(self):
        self.proxy.plan = self.faults(seed=7)
        sent = {}
        for aggregation in ("on", "off"):
            with self.subTest(aggregation=aggregation):
                server = self.serve(self.proxy.port, errors=True, KINESIS_AGGREGATION=aggregation)
                self.proxy.counts = {}
                here = {}
                # How many calls there are is a matter of time: until each fault has met one.
                while not here or any(kind not in self.proxy.counts for kind in FAULTS):
                    here |= self.deliver(server, 40, 20)
                sent |= here
                repeats = self.check(sent)
                counted = self.counted(server)
                self.assertEqual((counted["accepted"], counted["rejected"]), (len(here), 0))
                print(f"aggregation {aggregation}: {len(here)} events, {repeats} repeats in all, {counted['retry']:.0f} came again, "
                      f"{self.proxy.counts}", flush=True)


if __name__ == "__main__":
    unittest.main()
