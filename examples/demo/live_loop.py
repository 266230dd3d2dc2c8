#!/usr/bin/env python3
"""The live half of the demo in Python: what live.cpp does, by the package `expplat`. live.py runs it.

Usage:  live_loop.py SERVER_URL SDK_KEY KINESIS_URL STREAM COUNTS_FILE

One thread asks one experiment for the same users, over and over, until a second after somebody has changed the experiment on
the server. COUNTS_FILE gets what must be in the stream, and who got what before the change and after it.
"""

import collections
import json
import logging
import sys
import time
from pathlib import Path

from expplat import Client, Sink, Source, User

USERS = 4_000
EXPERIMENT = "checkout-cta"
PATIENCE_S = 20  # until the change comes
ASKED_ON_FOR_S = 1  # after it has come


def ask_until_it_changed(client):
    """Returns who got what before and after, when the first answer under the new version came, and the answers counted."""
    people = [User(f"user-{number}", {"country": "DE"}) for number in range(USERS)]
    handle = client.handle(EXPERIMENT)
    version = client.status().ruleset_version
    before, after = [None] * USERS, [None] * USERS
    first = None
    asked = exposures = 0
    end = time.time() + PATIENCE_S
    while time.time() < end:
        for number, person in enumerate(people):
            answer = handle.variant(person)
            if answer.ruleset_version == version:
                before[number] = answer.key
            else:
                if first is None:
                    first = time.time()
                    end = first + ASKED_ON_FOR_S
                after[number] = answer.key
            exposures += answer.exposure
        asked += USERS
    return before, after, first, asked, exposures


def count(keys):
    counted = collections.Counter(keys)
    return {key: counted[key] for key in ("control", "green")}


def main(url, key, kinesis_url, stream, counts_path):
    logging.basicConfig(level=logging.WARNING, format="live_loop.py: %(message)s")
    sink = Sink.kinesis(stream, region="us-east-1", endpoint_url=kinesis_url, access_key_id="demo", secret_access_key="demo",
                        aggregate=False)
    with Client(Source.server(url, key), sink=sink, project="demo") as client:
        if not client.wait_ready(10):
            sys.exit(f"live_loop.py: no ruleset: {client.status().error}")
        start = time.time()
        before, after, first, asked, exposures = ask_until_it_changed(client)
        seconds = time.time() - start
        posted = int(sys.stdin.readline()) / 1e6
        if first is None:
            sys.exit(f"live_loop.py: no change came in {seconds:.0f} s")
        flushed = client.flush(30)
        stats = client.stats()
        kept = all(was is None or was == now for was, now in zip(before, after))
        adds_up = flushed and stats.recorded == exposures == stats.deduplicated + stats.acknowledged
        print(f"\nThe same in Python\n\n  {asked:,} answers on one thread in {seconds:.1f} s; the first under the new version came "
              f"{(first - posted) * 1e3:.1f} ms after\n  the change was posted. Those who were in the experiment before "
              f"{'kept their variant' if kept else 'did NOT all keep their variant'}.\n"
              f"  {stats.recorded:,} exposures = {stats.deduplicated:,} deduplicated + {stats.acknowledged:,} acknowledged by "
              f"Kinesis: {'it adds up' if adds_up else 'it does NOT add up'}", flush=True)
        Path(counts_path).write_text(json.dumps({
            "acknowledged": stats.acknowledged, "failed_deliveries": stats.failed_deliveries,
            "before": count(before), "variants": count(after)}), encoding="utf-8")
    return 0 if kept and adds_up and first >= posted else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
