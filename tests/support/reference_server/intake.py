"""The intake half of docs/PROTOCOL.md: events, counted and told apart by id, with an outcome each."""

import json
import re
import zlib

from http1 import Answer, problem

BATCH_EVENTS = 500
BATCH_BYTES = 1 << 20
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


class Intake:
    def __init__(self, settings):
        self.settings = settings
        self.reset()

    def reset(self):
        self.ids = set()  # accepted
        self.records = []  # accepted, as they came, where `keep_events` is set
        self.counts = {"batches": 0, "received": 0, "accepted": 0, "repeated": 0, "rejected": 0, "retry": 0, "refused_batches": 0}

    def answer(self, request):
        batch, error = self.read(request)
        if error is not None:
            self.counts["refused_batches"] += 1
            return error
        self.counts["batches"] += 1
        events = batch["events"]
        first = self.counts["received"]
        self.counts["received"] += len(events)
        outcomes = [self.take(record, first + i) for i, record in enumerate(events)]
        body = '{"outcomes":[' + ",".join(outcome for outcome in outcomes if outcome is not None) + "]}"
        return Answer(200, body.encode(), {"Content-Type": "application/json"})

    def read(self, request):
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            unzip = zlib.decompressobj(31)
            try:
                body = unzip.decompress(body, BATCH_BYTES + 1)
            except zlib.error:
                return None, problem(400, "the body is no gzip")
        if len(body) > BATCH_BYTES:
            return None, problem(413, "a batch has at most 1 MiB")
        try:
            batch = json.loads(body)
        except ValueError:
            return None, problem(400, "the body is no JSON")
        if not isinstance(batch, dict) or not isinstance(batch.get("events"), list) or not isinstance(batch.get("sent_at"), int):
            return None, problem(400, "a batch has events and sent_at")
        if len(batch["events"]) > BATCH_EVENTS:
            return None, problem(413, "a batch has at most 500 events")
        return batch, None

    def take(self, record, number):
        """The outcome of one event as JSON; `number` counts all that were ever received."""
        event_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(event_id, str) or not ID(event_id):
            self.counts["rejected"] += 1
            return json.dumps({"id": event_id, "status": "rejected", "reason": "id: must be a UUID"})
        if event_id in self.ids:
            self.counts["repeated"] += 1
            return f'{{"id":"{event_id}","status":"accepted"}}'
        settings = self.settings
        if record.get("type") not in ("exposure", "track"):
            self.counts["rejected"] += 1
            return f'{{"id":"{event_id}","status":"rejected","reason":"type: must be exposure or track"}}'
        if settings["reject_every"] and number % settings["reject_every"] == 0:
            self.counts["rejected"] += 1
            return f'{{"id":"{event_id}","status":"rejected","reason":"the test rejects it"}}'
        if settings["retry_every"] and number % settings["retry_every"] == 0:
            self.counts["retry"] += 1
            return f'{{"id":"{event_id}","status":"retry"}}'
        if settings["forget_every"] and number % settings["forget_every"] == 0:
            self.counts["retry"] += 1
            return None  # an event without an outcome is offered again
        self.ids.add(event_id)
        self.counts["accepted"] += 1
        if settings["keep_events"]:
            self.records.append(record)
        return f'{{"id":"{event_id}","status":"accepted"}}'
