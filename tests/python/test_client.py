"""Clients, users and answers as a program uses them; mistakes of set-up are exceptions, those of a question the caller's default."""

import copy
import json
import logging
import pickle
import threading
from pathlib import Path

import pytest

import expplat
from expplat import Client, Sink, Source, User

QUICKSTART = Path(__file__).resolve().parents[2] / "examples/quickstart.json"


def ruleset(**flags):
    return json.dumps({"format": "expplat.ruleset/1", "environment": "test", "version": 7, "flags": flags})


def plain(kind, value, off):
    return {"type": kind, "variants": {"a": value, "b": off}, "off": "b", "default": "a"}


EVERY_TYPE = ruleset(boolean=plain("boolean", True, False), integer=plain("integer", 2**62, 0),
                     number=plain("double", 0.5, 0), string=plain("string", "süß\0", ""),
                     object=plain("object", {"n": [1, {"x": None}]}, {}))


@pytest.fixture
def every_type():
    with Client(Source.text(EVERY_TYPE)) as client:
        yield client


@pytest.mark.parametrize("kind, value", [("boolean", True), ("integer", 2**62), ("number", 0.5), ("string", "süß\0"),
                                         ("object", {"n": [1, {"x": None}]})])
def test_typed_values(every_type, kind, value):
    user = User("u")
    assert getattr(every_type, kind)(kind, user, None) == value
    assert every_type.variant(kind, user).value == value
    detail = getattr(every_type, f"{kind}_detail")(key=kind, user=user, default=None)
    assert (detail.value, detail.variant.key, detail.variant.reason) == (value, "a", "DEFAULT")
    for other in {"boolean", "integer", "number", "string", "object"} - {kind}:
        fallback = object()
        detail = getattr(every_type, f"{other}_detail")(kind, user, fallback)
        assert detail.value is fallback and (detail.variant.reason, detail.variant.error) == ("ERROR", "TYPE_MISMATCH")
        assert getattr(every_type, other)(kind, user, fallback) is fallback


def test_an_object_is_the_callers_own(every_type):
    every_type.object("object", User("u"), None)["n"].append("mine")
    assert every_type.object("object", User("u"), None) == {"n": [1, {"x": None}]}


def test_variants_compare_with_their_key(quickstart, ann):
    variant = quickstart.variant("checkout-cta", User("user-7", {"country": "DE"}))
    assert variant and variant == "green" and variant != "control" and hash(variant) == hash("green")
    assert variant == quickstart.handle("checkout-cta").variant({"key": "user-7", "attributes": {"country": "DE"}})
    assert "SPLIT" in repr(variant)
    nobody = quickstart.variant("checkout-cta", User("user-7"))
    assert not nobody and nobody.key is None and nobody.value is None and nobody.reason == "NOT_TARGETED"
    with pytest.raises((AttributeError, TypeError)):
        variant.key = "other"
    with pytest.raises(TypeError):
        type(variant)()
    with pytest.raises(TypeError):
        pickle.dumps(variant)


def test_users():
    user = User("u", {"s": "x", "i": 3, "f": 1.5, "b": True, "l": ["a", None, [1], 2], "device": {"os": "ios"}, "no": None,
                      "big": 2**70})
    assert user.key == "u"
    assert user.attributes == {"s": "x", "i": 3, "f": 1.5, "b": True, "l": ["a", 2], "device.os": "ios", "big": float(2**70)}
    user.set("s", None)
    user.set("new", {"deep": {"er": 1}})
    assert "s" not in user.attributes and user.attributes["new.deep.er"] == 1
    for twin in (copy.copy(user), copy.deepcopy(user), pickle.loads(pickle.dumps(user))):
        assert (twin.key, twin.attributes) == (user.key, user.attributes)
    assert User.from_json('{"key": "k", "attributes": {"a": {"b": 1}}}').attributes == {"a.b": 1}


@pytest.mark.parametrize("make, error", [
    (lambda: User(3), TypeError),
    (lambda: User("u", []), TypeError),
    (lambda: User("u", {"a": object()}), TypeError),
    (lambda: User("u", {3: "a"}), TypeError),
    (lambda: User("\ud800"), ValueError),
    (lambda: User("u", {"a": "\ud800"}), ValueError),
    (lambda: User("u", {"a": 10**400}), ValueError),
    (lambda: User("u", {"a" * 70_000: 1}), ValueError),
    (lambda: User("u").set("key", 1), ValueError),
    (lambda: User("u").set("", 1), ValueError),
    (lambda: User("u").set("a", object()), TypeError),
    (lambda: User.from_json("[]"), ValueError),
    (lambda: User.from_json(b"\xff"), ValueError),
    (lambda: User.from_json(3), TypeError),
    (lambda: User("u").__init__("v"), TypeError),
    (lambda: Client(), TypeError),
    (lambda: Client("rules.json"), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), sink="events.jsonl"), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), no_such_setting=1), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), streaming="yes"), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), batch_events=0), ValueError),
    (lambda: Client(Source.text(EVERY_TYPE), batch_events=2**80), ValueError),
    (lambda: Client(Source.text(EVERY_TYPE), event_attributes=[1]), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), on_status=3), TypeError),
    (lambda: Client(Source.text(EVERY_TYPE), logger="log"), TypeError),
    (lambda: Client(Source.text("{}")), expplat.errors.InvalidRulesetError),
    (lambda: Client(Source.text("{}")), ValueError),
    (lambda: Client(Source.file("/no/such/file")), FileNotFoundError),
    (lambda: Client(Source.file("/no/such/file")), expplat.Error),
    (lambda: Client(Source.file(b"bytes")), TypeError),
    (lambda: Client(Source.server(3, "key")), TypeError),
    (lambda: Client(Source.server("no url", "key")), ValueError),
])
def test_mistakes_of_set_up(make, error):
    with pytest.raises(error):
        make()


@pytest.mark.parametrize("make, error, words", [
    (lambda: User("a\ud800"), ValueError, "key holds lone surrogates"),
    (lambda: User("a").set("\ud800", 1), ValueError, "name holds lone surrogates"),
    (lambda: Client(Source.file("a\0b")), ValueError, "path holds a null character"),
    (lambda: Client(Source.text(EVERY_TYPE), poll_interval_ms=1.5), TypeError, "poll_interval_ms must be .* not <class 'float'>"),
    (lambda: Client(Source.text(EVERY_TYPE), cache=None), TypeError, "cache must be .* not <class 'NoneType'>"),
    (lambda: Client(Source.text(EVERY_TYPE), cache=b"rules"), TypeError, "cache must be .* not <class 'bytes'>"),
])
def test_a_mistake_is_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_questions_never_raise(quickstart):
    for key in ("new-ui", "no-such", "", "\ud800", None, 3, b"new-ui", object()):
        for user in (User("u"), {}, {"key": 3}, {"attributes": None}, {"attributes": []}, {"key": "\ud800"}, None, "u",
                     {"attributes": {"a": object()}}, {"attributes": {"a": "\ud800"}}, {"attributes": {3: 4}}, [], object()):
            fallback = object()
            variant = quickstart.variant(key, user)
            assert variant.error in (None, "FLAG_NOT_FOUND", "PARSE_ERROR")
            assert variant.ruleset_version == 1
            if variant.error is not None:
                assert quickstart.boolean(key, user, fallback) is fallback
                assert quickstart.boolean_detail(key, user, fallback).value is fallback


@pytest.mark.parametrize("call", [
    lambda client: client.variant(),
    lambda client: client.variant("a"),
    lambda client: client.variant("a", {}, 3),
    lambda client: client.variant("a", {}, key="b"),
    lambda client: client.variant("a", who={}),
    lambda client: client.boolean("a", {}),
    lambda client: Client.variant(object(), "a", {}),
    lambda client: client.handle(3),
    lambda client: client.track(3, {}),
    lambda client: client.track("a", {}, "much"),
    lambda client: client.track("a", {}, properties=3),
    lambda client: client.track("a", None),
    lambda client: client.flush("soon"),
    lambda client: client.evaluate_case(3),
])
def test_calls_that_are_none(quickstart, call):
    with pytest.raises(TypeError):
        call(quickstart)


def test_what_was_never_initialised(ann):
    for made in (Client.__new__(Client), expplat.Handle.__new__(expplat.Handle)):
        for name in ("variant", "boolean", "flush", "close", "status", "stats", "evaluate_all", "track", "poll", "reload"):
            if hasattr(made, name):
                with pytest.raises((RuntimeError, TypeError)):
                    getattr(made, name)(*["a", ann, 1][: {"boolean": 3}.get(name, 2)])
    with pytest.raises(RuntimeError):
        Client.__new__(Client).close()
    user = User.__new__(User)
    with Client(Source.file(QUICKSTART)) as client:
        assert client.variant("new-ui", user).error == "PARSE_ERROR"


def test_properties_that_json_has_no_word_for_are_refused_whole(tmp_path):
    with Client(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events.jsonl")) as client:
        for wrong in (float("nan"), float("-inf"), "\ud800", {"deep": [float("inf")]}):
            with pytest.raises(ValueError):
                client.track("e", User("u"), 1.0, {"p": wrong, "q": 1})
        with pytest.raises(TypeError):
            client.track("e", User("u"), 1.0, {"p": object()})
        with pytest.raises(ValueError, match="value is an int too large"):
            client.track("e", User("u"), 10**400)
        with pytest.raises(ValueError, match="event holds lone surrogates"):
            client.track("\ud800", User("u"))
        client.track("e", User("u"), 1.0, {"p": "grün", "q": 1})
        assert client.flush(timeout=10)
    (line,) = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["properties"] == {"p": "grün", "q": 1}


def test_exposures_and_track_events(tmp_path):
    path = tmp_path / "events.jsonl"
    user = User("user-7", {"country": "DE", "plan": "pro"})
    with Client(Source.file(QUICKSTART), sink=Sink.file(path), project="shop", event_attributes=["plan"]) as client:
        assert client.variant("checkout-cta", user) == "green"
        client.handle("checkout-cta").variant(user)  # deduplicated
        client.track("purchase", user, 12.5, {"currency": "EUR"})
        client.track("opened", {"key": "user-8"}, properties='{"a": 1}')
        assert client.flush(timeout=10)
        stats = client.stats()
        assert (stats.recorded, stats.deduplicated, stats.acknowledged, stats.in_flight) == (4, 1, 3, 0)
    exposure, purchase, opened = map(json.loads, path.read_text().splitlines())
    assert (exposure["variant"], exposure["attributes"], exposure["project"]) == ("green", {"plan": "pro"}, "shop")
    assert (purchase["value"], purchase["properties"]) == (12.5, {"currency": "EUR"})
    assert (opened["unit_id"], opened["properties"]) == ("user-8", {"a": 1})
    assert {event["sdk"] for event in (exposure, purchase, opened)} == {f"expplat-python/{expplat.__version__}"}


def test_closed(quickstart, ann):
    quickstart.close()
    quickstart.close()
    assert quickstart.variant("new-ui", ann).reason == "TARGETING_MATCH"  # from the last ruleset
    assert quickstart.status().state == "CLOSED"
    assert quickstart.flush(0) in (True, False)


def test_listeners_and_reload(tmp_path):
    path = tmp_path / "rules.json"
    path.write_text(QUICKSTART.read_text())
    changes, states, changed = [], [], threading.Event()

    def on_ruleset(change):
        changes.append(change)
        if not change.everything:
            changed.set()

    with Client(Source.file(path), on_ruleset=on_ruleset, on_status=states.append) as client:
        document = json.loads(path.read_text())
        document["version"] = 2
        document["flags"]["new-ui"]["default"] = "on"
        path.write_text(json.dumps(document))
        client.reload()
        assert changed.wait(10)
        assert changes[-1].keys == ("new-ui",) and changes[-1].version == 2
        path.write_text("broken")
        with pytest.raises(expplat.errors.InvalidRulesetError):
            client.reload()
        assert client.status().ruleset_version == 2


def test_a_file_that_is_watched(tmp_path, ann):
    path = tmp_path / "rules.json"
    path.write_text(QUICKSTART.read_text())
    changed = threading.Event()
    with Client(Source.file(path, watch_interval_ms=20), on_ruleset=lambda change: change.everything or changed.set()):
        path.write_text(QUICKSTART.read_text().replace('"version": 1', '"version": 2'))
        assert changed.wait(10)


def test_lines_go_to_logging(tmp_path):
    arrived = threading.Event()
    lines = []

    class Handler(logging.Handler):
        def emit(self, record):
            lines.append((record.name, record.levelno, record.getMessage()))
            arrived.set()

    path = tmp_path / "rules.json"
    path.write_text(QUICKSTART.read_text())
    for logger in (None, logging.getLogger("mine")):
        handler, arrived = Handler(), threading.Event()
        target = logger or logging.getLogger("expplat")
        target.addHandler(handler)
        try:
            with Client(Source.file(path), sink=Sink.file(tmp_path / "events"), logger=logger) as client:
                client.track("event", {"key": "u"}, properties="no json")
                assert arrived.wait(10)
            name, level, line = lines[-1]
            assert (name, level) == (target.name, logging.WARNING) and "event" in line
        finally:
            target.removeHandler(handler)


def test_a_listener_that_raises_is_logged(caplog):
    arrived = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record):
            if record.exc_info:
                arrived.set()

    handler = Handler()
    logging.getLogger("expplat").addHandler(handler)
    try:
        with Client(Source.file(QUICKSTART), on_ruleset=lambda change: 1 / 0):
            assert arrived.wait(10)
    finally:
        logging.getLogger("expplat").removeHandler(handler)


def test_a_client_that_is_polled(tmp_path):
    with Client(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events"), manual_poll=True, batch_age_ms=1) as client:
        client.track("event", {"key": "u"})
        while client.stats().acknowledged == 0:
            assert client.poll() >= 0


def test_names_and_versions():
    version = (QUICKSTART.parents[1] / "include/expplat/version.hpp").read_text()
    assert f'"{expplat.__version__}"' in version
    for name in expplat.__all__:
        assert getattr(expplat, name).__doc__ or name == "__version__", name
    for type_ in (Client, expplat.Handle, User):
        for name, member in vars(type_).items():
            assert name.startswith("_") or member.__doc__, name
