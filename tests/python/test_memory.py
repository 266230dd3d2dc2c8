"""Memory stays flat over a million calls of each kind, and over clients that come and go."""

import gc
import os
import tracemalloc
from pathlib import Path

import pytest

from expplat import Client, Sink, Source, User

QUICKSTART = Path(__file__).resolve().parents[2] / "examples/quickstart.json"
CALLS = 1_000_000
KEPT_TEXTS = 2_048 * 2 * 100  # each ruleset is a new one to the texts that are kept, which are so many at most
USER = {"key": "user-7", "attributes": {"country": "DE", "app_version": "2.5.1", "beta": True, "roles": ["a", "b"],
                                        "device": {"os": "ios"}, "age": 31}}


def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def flat(act, times, most_bytes=2 << 20, most_traced=4_096):
    """Runs it so often; what Python has more afterwards, and what the process has, stays below a bound."""
    for _ in range(min(times, 20_000)):
        act()
    gc.collect()
    before = resident()
    for _ in range(times):
        act()
    gc.collect()
    assert resident() - before < most_bytes
    tracemalloc.start()
    try:
        act()
        first = tracemalloc.get_traced_memory()[0]
        for _ in range(1_000):
            act()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - first < most_traced
    finally:
        tracemalloc.stop()


@pytest.fixture
def client(tmp_path):
    with Client(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events")) as opened:
        yield opened


def test_variants_of_a_resident_user(client):
    user = User("user-7", USER["attributes"])
    flat(lambda: client.variant("checkout-cta", user), CALLS)


def test_dicts_of_long_names_are_not_kept(client):
    gc.collect()
    before = resident()
    for first in "ABCDEFGH":
        client.variant("checkout-cta", {"key": "u", "attributes": {f"{first}{i:02}" + "n" * 60_000: i for i in range(64)}})
    gc.collect()
    assert resident() - before < 16 << 20


def test_variants_of_a_dict(client):
    flat(lambda: client.variant("checkout-cta", USER), CALLS)


def test_handles(client):
    handle = client.handle("checkout-cta")
    user = User("user-7", USER["attributes"])
    flat(lambda: handle.variant(user), CALLS)


def test_what_is_unreadable(client):
    broken = {"key": "u", "attributes": {"a": 1, "b": object()}}
    flat(lambda: client.variant(3, broken), CALLS // 4)


def test_typed_values(client):
    flat(lambda: client.string_detail("checkout-cta", USER, "x"), CALLS // 4)


def test_everything_else(client):
    def act():
        client.evaluate_all(USER)
        client.evaluate_case('{"key": "new-ui", "user": {"key": "u"}}')
        client.status()
        client.stats()
        client.handle("new-ui").key
        User("u", USER["attributes"]).attributes

    flat(act, 20_000)


def test_mistakes(client):
    def act():
        for call in (lambda: client.variant(), lambda: User(3), lambda: User("u", {"a": object()}), lambda: User.from_json("{"),
                     lambda: client.track("", {}), lambda: Client(Source.text("{}")), lambda: client.flush("x")):
            try:
                call()
            except (TypeError, ValueError):
                continue

    flat(act, 2_000)


def test_clients_that_come_and_go():
    def act():
        with Client(Source.file(QUICKSTART), on_status=lambda status: None) as client:
            client.handle("new-ui").variant(USER)

    flat(act, 300, 4 << 20, KEPT_TEXTS)
