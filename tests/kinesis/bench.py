"""What the tests of Kinesis share: streams, the program that sends, and what must be found in a stream afterwards."""

import collections
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "aws"))

import stream as streams  # noqa: E402

KEYS = {"AKIDEXAMPLE": ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)}
NO_AWS = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
STATIC = {**NO_AWS, "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
          "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": KEYS["AKIDEXAMPLE"][0]}


class Failed(Exception):
    pass


def expect(condition, words):
    if not condition:
        raise Failed(words)


class Bench:
    """The programs, and the servers that they are run against."""

    def __init__(self, programs, kinesalite_port, moto_port):
        self.program = programs.send
        self.cli = programs.cli
        self.example = programs.example
        self.kinesalite = kinesalite_port
        self.moto = moto_port
        self.streams = 0

    def make_stream(self, port, shards=4):
        self.streams += 1
        return contextlib.closing(streams.Stream(port, f"Events-{self.streams}", shards))

    def send(self, environment=None, **arguments):
        """Runs the program; what it said, and the ids of the events that it sent."""
        with tempfile.TemporaryDirectory() as folder:
            ids = os.path.join(folder, "ids")
            arguments.setdefault("ids", ids)
            words = [f"{name}={value}" for name, value in arguments.items()]
            run = subprocess.run([self.program, *words], env=environment or STATIC, capture_output=True, text=True,
                                 timeout=150)
            expect(run.returncode == 0, f"the program failed: {run.stderr}")
            sent = []
            if os.path.exists(ids):
                with open(ids, encoding="utf-8") as file:
                    sent = file.read().split()
            return json.loads(run.stdout), sent

    @staticmethod
    def check(said, sent, stream, rejected=()):
        """Everything that was sent, and nothing else, is in the stream; (repeats, events by shard)."""
        expect(said["left"] == 0, f"not all was delivered in time: {said}")
        expect(said["acknowledged"] == len(sent) - len(rejected), f"acknowledged: {said}")
        found = collections.Counter()
        shards = collections.Counter()
        units = {}
        for shard, key, event in stream.events():
            found[event["id"]] += 1
            shards[shard] += 1
            expect(key == event["unit_id"], f"the partition key {key} of {event}")
            units[event["id"]] = event["unit_id"]
        expected = set(sent) - set(rejected)
        expect(len(set(sent)) == len(sent), "ids are not distinct")
        expect(set(found) == expected, f"{len(expected - set(found))} are absent, {len(set(found) - expected)} too many")
        return sum(found.values()) - len(found), shards

    @staticmethod
    def check_proxy(proxy, *kinds):
        expect(not proxy.refusals, f"signatures: {proxy.refusals[:3]}")
        expect(proxy.counts["signatures"] > 0, "no signature was checked")
        for kind in kinds:
            expect(proxy.counts.get(kind, 0) > 0, f"the proxy never injected {kind}: {proxy.counts}")


FAULTS = ("partial", "throttle", "error", "reset_before", "reset_after", "slow")
