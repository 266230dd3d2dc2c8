"""Sinks that are functions of the program's: what they are given, what their answers do, and that nobody waits for them."""

import json
import threading
import time

import pytest

import expplat
from expplat import Client, Delivery, Sink, Source, User
from test_processes import QUICKSTART, run

USER = User("user-7", {"country": "DE"})


def opened(function, **settings):
    settings = {"batch_age_ms": 5, "shutdown_timeout_ms": 200} | settings
    return Client(Source.file(QUICKSTART), sink=Sink.custom(function), **settings)


def test_a_sink_is_given_the_records_of_each_batch():
    batches, threads = [], set()

    def sink(batch):
        batches.append(batch)
        threads.add(threading.current_thread().name)

    with opened(sink, event_attributes=["country"], project="grün") as client:
        client.variant("checkout-cta", USER)
        client.track("purchase", USER, 12.5, {"currency": "€"})
        client.track("opened", User("ü"))
        assert client.flush(10)
        assert (client.stats().acknowledged, client.stats().in_flight) == (3, 0)
    events = [event for batch in batches for event in batch]
    exposure, purchase, _ = events
    assert exposure["attributes"] == {"country": "DE"}
    assert (exposure["type"], exposure["experiment"], exposure["variant"]) == ("exposure", "checkout-cta", "green")
    assert (purchase["value"], purchase["properties"], purchase["project"]) == (12.5, {"currency": "€"}, "grün")
    assert {event["sdk"] for event in events} == {f"expplat-python/{expplat.__version__}"}
    assert threads == {"expplat-sinks"}


def test_what_a_sink_does_not_take_is_offered_again(tmp_path):
    seen = []

    def sink(batch):
        seen.append([event["id"] for event in batch])
        return Delivery(1, 1, "no such table") if len(seen) == 1 else None

    with opened(sink, batch_age_ms=60_000, dead_letters=tmp_path / "dead") as client:
        for number in range(3):
            client.track(f"event-{number}", USER)
        assert client.flush(10)
        stats = client.stats()
    assert seen[1] == seen[0][2:]
    assert (stats.acknowledged, stats.dead_lettered) == (2, 1)
    (letter,) = map(json.loads, (tmp_path / "dead").read_text().splitlines())
    assert (letter["reason"], letter["event"]["event"]) == ("no such table", "event-1")


class Wordless(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(("failure", "words"), [
    (ValueError("the table is away"), "ValueError: the table is away"),
    (SystemExit(3), "SystemExit: 3"),
    (Wordless(), "Wordless"),
    (ValueError("\ud800" * 10_000), "ValueError: ???"),
])
def test_a_sink_that_raises_has_taken_nothing(failure, words):
    seen = []

    def sink(batch):
        seen.append(batch)
        if len(seen) == 1:
            raise failure

    with opened(sink) as client:
        client.track("event", USER)
        assert client.flush(10)
        assert (client.stats().acknowledged, client.stats().failed_deliveries) == (1, 1)
    assert seen[0] == seen[1]


def test_why_a_sink_failed_is_logged(caplog):
    answers = iter([17, None])
    with opened(lambda batch: next(answers)) as client:
        client.track("event", USER)
        assert client.flush(10)
    deadline = time.monotonic() + 10
    while "it must return None or a Delivery, not int" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "it must return None or a Delivery, not int" in caplog.text


def test_nobody_waits_for_a_slow_sink():
    go_on = threading.Event()
    client = opened(lambda batch: go_on.wait(20) and None)
    client.track("event", USER)
    started = time.monotonic()
    try:
        assert not client.flush(0.05)
        assert client.variant("checkout-cta", USER) == "green"
        client.reload()
        client.close()
        assert time.monotonic() - started < 5
        assert client.stats().dropped_shutdown == 2
    finally:
        go_on.set()  # late, and heard by nobody


def test_a_sink_may_ask_and_close_its_client():
    done = threading.Event()

    def sink(batch):
        client.variant("checkout-cta", USER)
        client.track("inner", USER)
        client.flush(0.05)
        client.close()
        done.set()

    client = opened(sink)
    client.track("event", USER)
    assert done.wait(10)
    assert client.status().state == "CLOSED"


def test_a_client_that_is_forgotten_delivers_what_it_has():
    events = []
    client = opened(events.extend, batch_age_ms=60_000, shutdown_timeout_ms=5_000)
    client.track("event", USER)
    del client
    assert [event["event"] for event in events] == ["event"]


def test_clients_do_not_get_each_others_batches():
    events = [[] for _ in range(5)]
    clients = [opened(mine.extend) for mine in events]
    for number, client in enumerate(clients * 20):
        client.track(f"event-{number % 5}", USER)
    for client in clients:
        assert client.flush(10)
        client.close()
    assert [{event["event"] for event in mine} for mine in events] == [{f"event-{number}"} for number in range(5)]
    assert all(len(mine) == 20 for mine in events)


@pytest.mark.parametrize(("make", "error"), [
    (lambda: Sink.custom(None), TypeError),
    (lambda: Sink.custom(b"events"), TypeError),
    (lambda: Delivery(-1), ValueError),
    (lambda: Delivery(1, 2**64), ValueError),
    (lambda: Delivery(1.5), TypeError),
    (lambda: Delivery(1, 0, b"why"), TypeError),
])
def test_mistakes(make, error):
    with pytest.raises(error):
        make()


def test_a_coroutine_function_is_refused():
    async def sink(batch):
        pass

    with pytest.raises(TypeError, match="coroutine"):
        Sink.custom(sink)


def test_polling_by_hand():
    events = []
    with opened(events.extend, manual_poll=True, batch_age_ms=1) as client:
        client.track("event", USER)
        deadline = time.monotonic() + 10
        while client.stats().acknowledged == 0 and time.monotonic() < deadline:
            client.poll()
            time.sleep(0.001)
    assert len(events) == 1


OPENED = f"""
    import json
    def write(batch):
        with open(sys.argv[1] + "/events", "a") as file:
            file.writelines(json.dumps(event) + "\\n" for event in batch)
    client = Client(Source.file({str(QUICKSTART)!r}), sink=Sink.custom(write), batch_age_ms=5)
    """


def tracked(folder):
    return sorted(json.loads(line)["event"] for line in (folder / "events").read_text().splitlines())


def test_what_waits_at_the_end_of_the_interpreter_is_delivered(tmp_path):
    run(OPENED + 'client.track("event", user)', tmp_path)
    assert tracked(tmp_path) == ["event"]


def test_a_sink_that_hangs_does_not_keep_the_interpreter(tmp_path):
    for hang in ("time.sleep(3600)", "threading.Event().wait()"):
        started = time.monotonic()
        run(f"""
            client = Client(Source.file({str(QUICKSTART)!r}), sink=Sink.custom(lambda batch: {hang}), batch_age_ms=1,
                            shutdown_timeout_ms=100, spool=sys.argv[1] + "/spool", logger=__import__("logging").getLogger("quiet"))
            __import__("logging").getLogger("quiet").disabled = True
            client.track("event", user)
            client.flush(0.1)
            """, tmp_path)
        assert time.monotonic() - started < 15
    run(f"""
        client = Client(Source.file({str(QUICKSTART)!r}), sink=Sink.custom(lambda batch: print(*(e["event"] for e in batch))),
                        spool=sys.argv[1] + "/spool")
        assert client.flush(10) and client.stats().adopted == 2
        """, tmp_path)


def test_a_sink_that_is_at_work_when_the_interpreter_ends(tmp_path):
    """Its thread comes back to the queue while CPython takes itself apart."""
    for delay in (2.1, 2.15, 2.2):
        run(f"""
            def sink(batch):
                time.sleep({delay})
            client = Client(Source.file({str(QUICKSTART)!r}), sink=Sink.custom(sink), batch_age_ms=1, shutdown_timeout_ms=0,
                            logger=__import__("logging").getLogger("quiet"))
            __import__("logging").getLogger("quiet").disabled = True
            client.track("event", user)
            client.flush(0.1)
            """)


def test_forked_children_deliver_their_own(tmp_path):
    out = run(OPENED + """
    client.track("before", user)
    children = []
    for number in range(20):
        client.track(f"parent-{number}", user)
        pid = os.fork()
        if pid == 0:
            client.track(f"child-{number}", user)
            os._exit(0 if client.flush(20) and client.stats().acknowledged == 1 else 1)
        children.append(pid)
    print(all(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 for pid in children))
    """, tmp_path)
    assert out == "True\n"
    assert tracked(tmp_path) == sorted(["before", *(f"{who}-{n}" for who in ("child", "parent") for n in range(20))])


def test_a_worker_of_multiprocessing_delivers_its_own(tmp_path):
    run(OPENED + """
    import multiprocessing
    def work(number):
        client.track(f"event-{number}", user)
    workers = [multiprocessing.get_context("fork").Process(target=work, args=(number,)) for number in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    """, tmp_path)
    assert tracked(tmp_path) == sorted(f"event-{number}" for number in range(10))
