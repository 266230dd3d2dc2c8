"""What tests ask of the reference server, under /_test/: no part of the protocol, and without a key.

  GET  /_test/state            counts of everything
  POST /_test/ruleset          the document, published with a put
  POST /_test/text?version=N   any bytes as the ruleset, published as if they were one
  POST /_test/patch            {"set": …, "remove": …, "version": N}, published with a patch
  POST /_test/send             any bytes, into every stream
  POST /_test/drop             {"abort": false}: ends every stream
  POST /_test/pause            the open streams fall silent without ending; later ones do not
  POST /_test/resume
  POST /_test/settings         any of the settings of main.py
  POST /_test/keys             {"add": […], "revoke": […]}: revoking ends the key's streams
  POST /_test/fault            what the next requests get instead of their answer; `Fault` says what it may hold
  GET  /_test/ids              the distinct ids of accepted events, a line each
  GET  /_test/events           the accepted records, where `keep_events` is set, a line each
  POST /_test/reset            forgets events, counts of them and faults
"""

import json

from distribution import event
from http1 import Answer, json_answer, problem


class Fault:
    """One thing that goes wrong, `count` times.

    on            stream, ruleset, events, or any (default)
    status        of an answer with `body`, `content_type` and `headers`; the default, 0, is the usual answer
    close         closes the connection without an answer; reset: with a TCP reset
    delay_ms      before the head; hang: no answer ever
    piece_bytes, piece_ms   the body slowly
    cut           ends after half of the body
    """

    def __init__(self, asked):
        self.on = asked.get("on", "any")
        self.left = asked.get("count", 1)
        self.asked = asked

    def is_usual(self):
        """It changes how the usual answer comes, and not which: nothing that a stream has."""
        return not any(self.asked.get(name) for name in ("status", "close", "reset", "hang"))

    def apply(self, connection, usual):
        """Answers in its way; `usual()` makes the usual answer."""
        asked = self.asked
        if asked.get("hang"):
            return
        if asked.get("reset"):
            connection.transport.abort()
            return
        if asked.get("close"):
            connection.transport.close()
            return
        if asked.get("status"):
            answer = Answer(asked["status"], asked.get("body", "").encode(),
                            {"Content-Type": asked.get("content_type", "text/plain"), **asked.get("headers", {})})
        else:
            answer = usual()
        answer.delay_ms = asked.get("delay_ms", 0)
        answer.piece_bytes = asked.get("piece_bytes", 0)
        answer.piece_ms = asked.get("piece_ms", 0)
        if asked.get("cut"):
            answer.declared_length = len(answer.body)
            answer.body = answer.body[:len(answer.body) // 2]
        connection.respond(answer)


class Admin:
    def __init__(self, server):
        self.server = server

    def answer(self, request):
        name = request.path.removeprefix("/_test/")
        handler = getattr(self, f"{request.method.lower()}_{name}", None)
        if handler is None:
            return problem(404, f"no {request.method} {request.path}")
        try:
            return handler(request) or json_answer({})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return problem(400, f"{type(error).__name__}: {error}")

    def get_state(self, _):
        server, distribution = self.server, self.server.distribution
        return json_answer({"version": distribution.rulesets.version, "streams": len(distribution.streams),
                            "streams_opened": distribution.opened, "streams_resumed": distribution.resumed,
                            "not_modified": distribution.not_modified, "requests": server.requests,
                            "refused_keys": server.refused_keys, "distinct": len(server.intake.ids),
                            **server.intake.counts})

    def post_ruleset(self, request):
        self.server.distribution.put(request.json())

    def post_text(self, request):
        rulesets = self.server.distribution.rulesets
        rulesets.set_text(request.body, int(request.query.removeprefix("version=") or 0))
        self.server.distribution.send(event(b"put", rulesets.version, request.body.replace(b"\n", b"\ndata: ")))

    def post_patch(self, request):
        self.server.distribution.patch(request.json())

    def post_send(self, request):
        self.server.distribution.send(request.body)

    def post_drop(self, request):
        self.server.distribution.drop(abort=request.json().get("abort", False))

    def post_pause(self, _):
        self.server.distribution.pause()

    def post_resume(self, _):
        self.server.distribution.resume()

    def post_settings(self, request):
        asked = request.json()
        unknown = set(asked) - set(self.server.settings)
        if unknown:
            raise ValueError(f"no such setting: {sorted(unknown)}")
        self.server.settings.update(asked)

    def post_keys(self, request):
        asked = request.json()
        self.server.keys |= set(asked.get("add", []))
        self.server.keys -= set(asked.get("revoke", []))
        self.server.distribution.drop(keys=set(asked.get("revoke", [])))

    def post_fault(self, request):
        self.server.faults.append(Fault(request.json()))

    def get_ids(self, _):
        return Answer(200, "".join(f"{event_id}\n" for event_id in self.server.intake.ids).encode())

    def get_events(self, _):
        return Answer(200, "".join(json.dumps(record) + "\n" for record in self.server.intake.records).encode())

    def post_reset(self, _):
        self.server.intake.reset()
        self.server.faults.clear()
