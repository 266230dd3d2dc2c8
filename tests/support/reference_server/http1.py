"""HTTP/1.1 on one asyncio connection: reads requests one after the other, writes answers, at once or slowly.

Only what the reference server needs: bodies with Content-Length, keep-alive, pipelined requests answered in order. A
handler gets (connection, request) and calls `connection.respond` once, now or later, or takes the connection over with
`connection.begin_stream`.
"""

import asyncio
import gzip
import json
from dataclasses import dataclass, field

HEAD_BYTES = 64 << 10
BODY_BYTES = 80 << 20
# A stream whose reader is this far behind is dropped.
UNREAD_BYTES = 256 << 20

PHRASES = {200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 405: "Method Not Allowed", 411: "Length Required", 413: "Content Too Large",
           429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: dict  # names in lower case
    body: bytes = b""

    def json(self):
        return json.loads(self.body) if self.body else {}


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    # Slowly: so many bytes of the body at a time, with so long between them. 0: at once.
    piece_bytes: int = 0
    piece_ms: int = 0
    delay_ms: int = 0  # before the head
    declared_length: int | None = None  # another length than the body has: the connection is closed after it


def json_answer(value, status=200, headers=None):
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def problem(status, title, headers=None):
    return Answer(status, json.dumps({"status": status, "title": title}).encode(),
                  {"Content-Type": "application/problem+json", **(headers or {})})


def compressed(answer, request):
    """The answer with gzip where the request takes it and it is worth it."""
    if "gzip" in request.headers.get("accept-encoding", "") and len(answer.body) > 1024:
        answer.body = gzip.compress(answer.body, 1)
        answer.headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return answer


class Connection(asyncio.Protocol):
    def __init__(self, handle, on_lost=None):
        self.handle = handle
        self.on_lost = on_lost
        self.transport = None
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.busy = False  # a request is being answered, or the connection is a stream
        self.lost = False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        self.lost = True
        if self.on_lost is not None:
            self.on_lost(self)

    def data_received(self, data):
        self.buffer += data
        self.read_requests()

    def read_requests(self):
        while not self.busy and not self.lost:
            request = self.take_request()
            if request is None:
                return
            self.busy = True
            self.handle(self, request)

    def take_request(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > HEAD_BYTES:
                self.transport.abort()
            return None
        try:
            lines = self.buffer[:end].decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
        except ValueError:
            self.transport.abort()
            return None
        if length > BODY_BYTES or "transfer-encoding" in headers:
            self.busy = True
            self.respond(problem(413 if length > BODY_BYTES else 411, "send a Content-Length of at most 80 MiB"), close=True)
            return None
        if len(self.buffer) < end + 4 + length:
            if headers.get("expect", "").lower() == "100-continue" and len(self.buffer) == end + 4:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self.buffer[end + 4:end + 4 + length])
        del self.buffer[:end + 4 + length]
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def respond(self, answer, close=False):
        if answer.delay_ms > 0:
            delay_s, answer.delay_ms = answer.delay_ms / 1000, 0
            self.loop.call_later(delay_s, self.respond, answer, close)
            return
        if self.lost:
            return
        length = len(answer.body) if answer.declared_length is None else answer.declared_length
        close = close or answer.declared_length is not None
        head = [f"HTTP/1.1 {answer.status} {PHRASES.get(answer.status, 'Status')}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status not in (204, 304):
            head.append(f"Content-Length: {length}")
        if close:
            head.append("Connection: close")
        self.transport.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")
        if answer.piece_bytes > 0:
            self.write_slowly(answer, 0, close)
            return
        self.transport.write(answer.body)
        self.finish(close)

    def write_slowly(self, answer, begin, close):
        if self.lost:
            return
        if begin >= len(answer.body):
            self.finish(close)
            return
        self.transport.write(answer.body[begin:begin + answer.piece_bytes])
        self.loop.call_later(answer.piece_ms / 1000, self.write_slowly, answer, begin + answer.piece_bytes, close)

    def finish(self, close):
        if close:
            self.transport.close()
            return
        self.busy = False
        if self.buffer:
            self.loop.call_soon(self.read_requests)

    def begin_stream(self, content_type="text/event-stream"):
        self.transport.write(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n".encode())

    def write_stream(self, data):
        if self.lost or not data:
            return
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()

    def end_stream(self, abort=False):
        if self.lost:
            return
        if abort:
            self.transport.abort()
        else:
            self.transport.write(b"0\r\n\r\n")
            self.transport.close()
