"""A Kinesis that misbehaves: a proxy before kinesalite or moto that checks every signature and injects faults.

Used by `tests/kinesis/kinesis_test.py`. A `FaultPlan` gives the chances; the random numbers are seeded. Records that it fails
are not forwarded, so that they are really not in the stream. Threads of its own; `close` ends them.
"""

import dataclasses
import datetime
import email.utils
import http.client
import http.server
import json
import random
import socket
import struct
import threading
import time

import signature

MINUTES_OFF = 5


@dataclasses.dataclass
class FaultPlan:
    seed: int = 1
    partial: float = 0      # some records of the call are failed
    throttle: float = 0     # 400 ProvisionedThroughputExceededException
    error: float = 0        # 500, with and without AWS's JSON
    reset_before: float = 0  # the connection is reset, and nothing was put
    reset_after: float = 0  # records are put, then it is reset in the middle of the answer
    slow: float = 0         # the answer comes in small pieces
    poison: str = ""        # a call with a record of this partition key is a ValidationException

    @staticmethod
    def all(seed):
        return FaultPlan(seed, partial=.2, throttle=.1, error=.1, reset_before=.08, reset_after=.08, slow=.1)


class FaultProxy:
    def __init__(self, backend_port, secrets, plan=None):
        """`secrets`: key id -> (secret, session token); a key that is not there is an expired one."""
        self.backend_port = backend_port
        self.secrets = secrets
        self.plan = plan or FaultPlan()
        self.random = random.Random(self.plan.seed)
        self.lock = threading.Lock()
        self.counts = {}
        self.refusals = []  # signatures that were not botocore's: must stay empty
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                proxy.handle(self)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a connection that was reset on purpose

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": .05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def happens(self, chance):
        with self.lock:
            return self.random.random() < chance

    # ---- one request ----

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.count("requests")
        problem = self.authenticate(handler, headers, body)
        if problem:
            return self.answer(handler, *problem)
        plan = self.plan
        operation = headers["x-amz-target"].split(".")[-1]
        if operation != "PutRecords":
            return self.answer(handler, *self.forward(headers, body))
        request = json.loads(body)
        if plan.poison and any(record["PartitionKey"] == plan.poison for record in request["Records"]):
            self.count("poison")
            return self.answer(handler, 400, error("ValidationException", "1 validation error detected: Value at "
                                                   "'records.1.member.partitionKey' failed to satisfy constraint"))
        if self.happens(plan.throttle):
            self.count("throttle")
            return self.answer(handler, 400, error("ProvisionedThroughputExceededException", "Rate exceeded"))
        if self.happens(plan.error):
            self.count("error")
            page = self.happens(.5)
            return self.answer(handler, 503 if page else 500,
                               b"<html>busy</html>" if page else error("InternalFailure", "try again"))
        if self.happens(plan.reset_before):
            self.count("reset_before")
            return reset(handler)
        status, answer = self.put(headers, request)
        if self.happens(plan.reset_after):
            self.count("reset_after")
            self.head(handler, status, len(answer))
            handler.wfile.write(answer[:len(answer) // 2])
            handler.wfile.flush()
            return reset(handler)
        slow = self.happens(plan.slow)
        if slow:
            self.count("slow")
        self.answer(handler, status, answer, slow)

    def authenticate(self, handler, headers, body):
        """None, or the status and body of a refusal."""
        signer = signature.signer_of(headers)
        if signer and signer[0] not in self.secrets:
            self.count("expired")
            return 400, error("ExpiredTokenException", "The security token included in the request is expired")
        secret, token = self.secrets[signer[0]] if signer else ("", "")
        try:
            sent = signature.check_signature(handler.command, handler.path, headers, body, secret, token)
        except signature.Refused as refused:
            with self.lock:
                self.refusals.append(str(refused))
            return 403, error("InvalidSignatureException", "The request signature we calculated does not match")
        off = abs((datetime.datetime.now(datetime.timezone.utc) - sent).total_seconds())
        if off > MINUTES_OFF * 60:
            self.count("skew")
            return 403, error("InvalidSignatureException", f"Signature expired: it is {off:.0f} s off")
        self.count("signatures")
        return None

    def put(self, headers, request):
        """Forwards the records that do not fail, and answers for all of them."""
        records = request["Records"]
        failed = set()
        if self.happens(self.plan.partial):
            self.count("partial")
            with self.lock:
                failed = {i for i in range(len(records)) if self.random.random() < .4} or {0}
        kept = [record for i, record in enumerate(records) if i not in failed]
        answers = []
        if kept:
            status, answer = self.forward(headers, json.dumps({**request, "Records": kept}).encode())
            if status != 200:
                return status, answer
            answers = json.loads(answer)["Records"]
        merged = []
        for i in range(len(records)):
            merged.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
                          if i in failed else answers.pop(0))
        count = sum("ErrorCode" in record for record in merged)
        return 200, json.dumps({"FailedRecordCount": count, "Records": merged}).encode()

    def forward(self, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.backend_port, timeout=30)
        try:
            kept = ("content-type", "x-amz-target", "x-amz-date", "authorization")
            connection.request("POST", "/", body, {name: headers[name] for name in kept})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    # ---- answering ----

    @staticmethod
    def head(handler, status, length):
        handler.send_response_only(status)
        handler.send_header("Date", email.utils.formatdate(usegmt=True))
        handler.send_header("Content-Type", "application/x-amz-json-1.1")
        handler.send_header("Content-Length", str(length))
        handler.end_headers()

    def answer(self, handler, status, body, slow=False):
        self.head(handler, status, len(body))
        pieces = 10 if slow else 1
        size = max(1, -(-len(body) // pieces))
        for begin in range(0, len(body), size):
            if slow:
                time.sleep(.01)
            handler.wfile.write(body[begin:begin + size])
            handler.wfile.flush()


def error(code, message):
    return json.dumps({"__type": code, "message": message}).encode()


def reset(handler):
    """Ends the connection with RST, not FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.wfile = handler.connection.makefile("wb", 0)
    handler.connection.close()
