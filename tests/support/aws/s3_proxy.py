"""An S3 that misbehaves: a proxy before moto that checks every signature against botocore's and fails what it is told to.

`fails` is asked for each request (method, path) and gives a status for it, or None; what is failed is not forwarded. `done` is
what went through, in order: (method, path, body). Threads of its own; `close` ends them.
"""

import email.utils
import hashlib
import http.client
import http.server
import re
import threading

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/s3/aws4_request, "
                           r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$")
REQUIRED = {"host", "x-amz-date", "x-amz-content-sha256"}


def signature_fault(method, url, headers, body, secret):
    """None, or why botocore would have signed otherwise."""
    match = AUTHORIZATION.match(headers.get("authorization", ""))
    if not match:
        return "no Authorization header of AWS4-HMAC-SHA256 for s3"
    key_id, region, signed, signature = match.groups()
    names = signed.split(";")
    if REQUIRED - set(names):
        return f"not signed: {REQUIRED - set(names)}"
    if hashlib.sha256(body).hexdigest() != headers["x-amz-content-sha256"]:
        return "x-amz-content-sha256 is not the body's"
    request = AWSRequest(method, url, data=body)
    for name in names:
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    signer = S3SigV4Auth(Credentials(key_id, secret), "s3", region)
    expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return None if expected == signature else "another signature"


class S3Proxy:
    def __init__(self, backend_port, secret, fails=None):
        self.backend_port = backend_port
        self.secret = secret
        self.fails = fails or (lambda method, path: None)
        self.lock = threading.Lock()
        self.done = []
        self.refusals = []
        self.requests = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one(self):
                proxy.handle(self)

            do_PUT = do_GET = do_DELETE = handle_one

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": .05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        fault = signature_fault(handler.command, f"http://{headers['host']}{handler.path}", headers, body, self.secret)
        with self.lock:
            self.requests += 1
            if fault:
                self.refusals.append(fault)
        status = 403 if fault else self.fails(handler.command, handler.path)
        if status is not None:
            return self.answer(handler, status, b"<Error><Code>InternalError</Code><Message>on purpose</Message></Error>")
        connection = http.client.HTTPConnection("127.0.0.1", self.backend_port, timeout=30)
        connection.request(handler.command, handler.path, body, {
            name: value for name, value in headers.items() if name not in ("host", "connection", "content-length")})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status < 300:
            with self.lock:
                self.done.append((handler.command, handler.path, body))
        return self.answer(handler, response.status, answer)

    @staticmethod
    def answer(handler, status, body):
        handler.send_response_only(status)
        handler.send_header("Date", email.utils.formatdate(usegmt=True))
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if status != 204:
            handler.wfile.write(body)
