"""The distribution half of docs/PROTOCOL.md: the ruleset with its ETag, and the stream with put, patches and heartbeats."""

import hashlib
import json

from http1 import Answer, compressed

MAPS = ("segments", "layers", "holdouts", "flags", "experiments")


def event(name, version, data):
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (version, name, data)


class Rulesets:
    """The current document, the patches that led to it, and its text."""

    def __init__(self, history):
        self.history_limit = history
        self.history = []  # (base, version, text of the patch), oldest first
        self.set_document({"format": "expplat.ruleset/1", "environment": "test", "version": 1})

    def set_document(self, document):
        self.document = document
        self.history.clear()
        self.set_text(json.dumps(document, separators=(",", ":")).encode(), document["version"])

    def set_text(self, text, version):
        """Whatever the text is: for documents that no server would publish."""
        self.text = text
        self.version = version
        self.etag = '"' + hashlib.sha256(text).hexdigest()[:32] + '"'

    def apply(self, change):
        """Applies `{"set": …, "remove": …}` and returns the patch's text; `version` is the next one where it is left out."""
        patch = {"base": self.version, "version": change.get("version", self.version + 1)}
        for name in MAPS:
            entities = self.document.setdefault(name, {}) if name in change.get("set", {}) else self.document.get(name, {})
            entities.update(change.get("set", {}).get(name, {}))
            for key in change.get("remove", {}).get(name, []):
                entities.pop(key, None)
        for name in ("set", "remove"):
            if name in change:
                patch[name] = change[name]
        text = json.dumps(patch, separators=(",", ":")).encode()
        self.history.append((patch["base"], patch["version"], text))
        del self.history[:max(0, len(self.history) - self.history_limit)]
        self.document["version"] = patch["version"]
        self.set_text(json.dumps(self.document, separators=(",", ":")).encode(), patch["version"])
        return text

    def since(self, version):
        """The patches from that version on, or None where the history does not reach it."""
        if version == self.version:
            return []
        for i, (base, _, _) in enumerate(self.history):
            if base == version:
                return self.history[i:]
        return None


class Distribution:
    def __init__(self, settings):
        self.settings = settings
        self.rulesets = Rulesets(settings["history"])
        self.streams = {}  # connection -> key
        self.paused = set()  # half-open: nothing is written to them any more
        self.opened = 0
        self.resumed = 0
        self.not_modified = 0

    def answer_ruleset(self, request):
        headers = {"ETag": self.rulesets.etag, "Expplat-Environment": self.rulesets.document["environment"],
                   "Cache-Control": "no-cache", "Content-Type": "application/json"}
        if request.headers.get("if-none-match") == self.rulesets.etag:
            self.not_modified += 1
            return Answer(304, b"", headers)
        return compressed(Answer(200, self.rulesets.text, headers), request)

    def open_stream(self, connection, request, key):
        self.opened += 1
        connection.begin_stream()
        if self.settings["retry_ms"] is not None:
            connection.write_stream(b"retry: %d\n\n" % self.settings["retry_ms"])
        resume_from = request.headers.get("last-event-id", "")
        patches = self.rulesets.since(int(resume_from)) if resume_from.isdigit() else None
        if patches is None:
            connection.write_stream(event(b"put", self.rulesets.version, self.rulesets.text))
        else:
            self.resumed += 1
            connection.write_stream(b": resumed\n\n" + b"".join(event(b"patch", version, text)
                                                               for _, version, text in patches))
        self.streams[connection] = key
        self.beat(connection)

    def beat(self, connection):
        if connection.lost or connection not in self.streams:
            return
        connection.loop.call_later(self.settings["heartbeat_ms"] / 1000, self.beat_again, connection)

    def beat_again(self, connection):
        if connection in self.streams and connection not in self.paused:
            connection.write_stream(b": heartbeat\n\n")
        self.beat(connection)

    def forget(self, connection):
        self.streams.pop(connection, None)
        self.paused.discard(connection)

    def send(self, data):
        for connection in list(self.streams):
            if connection not in self.paused:
                connection.write_stream(data)

    def put(self, document):
        self.rulesets.set_document(document)
        self.send(event(b"put", self.rulesets.version, self.rulesets.text))

    def patch(self, change):
        text = self.rulesets.apply(change)
        self.send(event(b"patch", self.rulesets.version, text))

    def drop(self, keys=None, abort=False):
        for connection, key in list(self.streams.items()):
            if keys is None or key in keys:
                connection.end_stream(abort)
                self.forget(connection)

    def pause(self):
        self.paused.update(self.streams)

    def resume(self):
        self.paused.clear()
