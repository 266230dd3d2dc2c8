"""Clients in threads and in asyncio: shared by all, waiting without the GIL, gone while others go on."""

import asyncio
import gc
import json
import threading
import time
import weakref
from pathlib import Path

import pytest

from expplat import Client, Sink, Source, User

QUICKSTART = Path(__file__).resolve().parents[2] / "examples/quickstart.json"


def run_together(*works):
    """Runs each in a thread of its own; the first thing that one of them raised is raised."""
    raised = []

    def guarded(work):
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def test_questions_while_rulesets_change(tmp_path):
    """Texts are kept by their place in an image: they must be those of the ruleset that is asked."""
    path = tmp_path / "rules.json"
    document = json.loads(QUICKSTART.read_text())

    def write(version):
        document["version"] = version
        document["experiments"]["checkout-cta"]["variants"] = {"control": f"blue-{version}", "green": f"green-{version}"}
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(document))
        temporary.rename(path)

    write(1)
    done = threading.Event()
    user = User("user-7", {"country": "DE"})
    with Client(Source.file(path), sink=Sink.file(tmp_path / "events")) as client:
        handle = client.handle("checkout-cta")

        def publish():
            for version in range(2, 80):
                write(version)
                client.reload()
            done.set()

        def ask():
            asked = 0
            while not done.is_set() or asked < 1_000:
                for variant in (client.variant("checkout-cta", user), handle.variant({"key": "user-7", "attributes": {"country": "DE"}}),
                                client.evaluate_all(user)["checkout-cta"]):
                    assert variant.value == f"{variant.key}-{variant.ruleset_version}"
                asked += 1

        run_together(publish, ask, ask, ask)
        stats = client.stats()
        assert stats.recorded == stats.deduplicated + stats.acknowledged + stats.in_flight
        assert client.variant("checkout-cta", user).value == "green-79"


@pytest.mark.parametrize("wait", [lambda client: client.flush(1.0), lambda client: client.wait_ready(1.0)])
def test_waiting_lets_other_threads_run(wait):
    """A server that never answers: the wait lasts its second, and the main thread counts meanwhile."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        source = Source.server(f"http://127.0.0.1:{server.getsockname()[1]}", "key")
        with Client(source, sink=Sink.http(), shutdown_timeout_ms=10) as client:
            client.track("event", {"key": "u"})
            counted = 0
            thread = threading.Thread(target=wait, args=(client,))
            thread.start()
            while thread.is_alive():
                counted += 1
                time.sleep(0.001)
            assert counted > 20


def test_a_client_that_is_forgotten():
    def forget():
        held = []
        client = Client(Source.file(QUICKSTART), on_ruleset=lambda change: held.append(change))
        held.append(client)  # a ring: the client holds its listener, the listener the client
        handle = client.handle("new-ui")
        assert handle.variant({}).reason == "DEFAULT"
        return weakref.ref(client)

    reference = forget()
    deadline = time.monotonic() + 10
    while reference() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)  # its notice may be on its way
    assert reference() is None


def test_a_handle_holds_its_client(ann):
    handle = Client(Source.file(QUICKSTART)).handle("new-ui")
    gc.collect()
    assert handle.key == "new-ui" and handle.variant(ann).key == "on"


def test_a_listener_closes_its_client():
    closed = threading.Event()

    def on_ruleset(change):
        client.close()
        closed.set()

    ready = threading.Event()
    client = Client(Source.file(QUICKSTART), on_ruleset=lambda change: ready.wait(10) and on_ruleset(change))
    ready.set()
    assert closed.wait(10) and client.status().state == "CLOSED"


def test_a_client_is_opened_once_however_many_threads_call_init(tmp_path):
    for _ in range(30):
        client = Client.__new__(Client)
        refused = []
        barrier = threading.Barrier(4)

        def init(client=client, refused=refused, barrier=barrier):
            barrier.wait()
            try:
                client.__init__(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events"), on_status=lambda *_: None)
            except TypeError as wrong:
                refused.append(wrong)

        run_together(*[init] * 4)
        assert len(refused) == 3
        assert client.variant("checkout-cta", User("user-7", {"country": "DE"})) == "green"
        client.close()


def test_close_in_many_threads(tmp_path):
    for _ in range(20):
        client = Client(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events"))
        user = User("user-7", {"country": "DE"})
        run_together(client.close, client.close, lambda: client.flush(1), lambda: client.variant("checkout-cta", user),
                     client.status, client.stats)


def test_asyncio(tmp_path):
    async def main():
        user = User("user-7", {"country": "DE"})
        with Client(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events")) as client:
            async def ask(number):
                await asyncio.sleep(0)
                client.track("event", {"key": f"user-{number}"})
                return client.variant("checkout-cta", user).key

            assert set(await asyncio.gather(*map(ask, range(500)))) == {"green"}
            assert await asyncio.to_thread(client.flush, 10)
            assert client.stats().acknowledged == 501

    asyncio.run(main())
