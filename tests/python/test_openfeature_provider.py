"""The OpenFeature provider beyond the features: events, tracking, attributes of every kind, reasons and metadata."""

import datetime
import json
import sys
import threading
import types
from pathlib import Path

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.exception import ErrorCode, ProviderFatalError, ProviderNotReadyError
from openfeature.track import TrackingEventDetails

from expplat import Sink, Source
from expplat.openfeature import Provider

TOP = Path(__file__).resolve().parents[2]
QUICKSTART = TOP / "examples/quickstart.json"
sys.path.insert(0, str(TOP / "tests/support/reference_server"))

import started  # noqa: E402


@pytest.fixture(autouse=True)
def no_providers():
    api.clear_providers()
    yield
    api.clear_providers()


def ruleset(**flags):
    return json.dumps({"format": "expplat.ruleset/1", "environment": "test", "version": 1, "flags": flags})


def after(attribute_rule):
    return {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off",
            "rules": [{"id": "r", "if": attribute_rule, "serve": "on"}], "default": "off"}


class Told:
    """Waits for an event of the provider."""

    def __init__(self, event):
        self.arrived = threading.Event()
        self.details = None
        api.add_handler(event, self)

    def __call__(self, details):
        self.details = details
        self.arrived.set()

    def wait(self):
        assert self.arrived.wait(20)
        return self.details


def test_events_of_a_live_client():
    document = json.loads(QUICKSTART.read_text(encoding="utf-8"))
    with started.running("--ruleset", str(QUICKSTART), "--key", "sdk-test") as server:
        source = Source.server(f"http://127.0.0.1:{server.port}", "sdk-test")
        api.set_provider_and_wait(Provider(source, streaming=False, poll_interval_ms=50))
        changed, stale = Told(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED), Told(ProviderEvent.PROVIDER_STALE)
        document["version"] += 1
        document["flags"]["new-ui"]["enabled"] = False
        server.admin("ruleset", document)
        details = changed.wait()
        assert details.flags_changed == ["new-ui"] and details.provider_name == "expplat"
        assert api.get_client().get_boolean_details("new-ui", True).reason == "DISABLED"
    assert stale.wait().message
    assert api.get_client().get_boolean_value("new-ui", True) is False  # the last ruleset goes on serving


def test_a_ruleset_that_comes_late_makes_the_provider_ready():
    with started.running("--ruleset", str(QUICKSTART), "--key", "sdk-test") as server:
        server.admin("fault", {"on": "any", "status": 503, "count": 3})
        source = Source.server(f"http://127.0.0.1:{server.port}", "sdk-test")
        with pytest.raises(ProviderNotReadyError):
            api.set_provider_and_wait(Provider(source, ready_timeout=0, streaming=False, poll_interval_ms=50))
        assert api.get_client().get_provider_status().name == "ERROR"
        ready = threading.Event()
        api.add_handler(ProviderEvent.PROVIDER_READY, lambda _: ready.set())
        assert ready.wait(20)
        assert api.get_client().get_boolean_details("new-ui", True).reason == "DEFAULT"


def test_a_refused_key_is_fatal():
    with started.running("--ruleset", str(QUICKSTART), "--key", "another") as server:
        source = Source.server(f"http://127.0.0.1:{server.port}", "sdk-test")
        with pytest.raises(ProviderFatalError):
            api.set_provider_and_wait(Provider(source, ready_timeout=2))
        assert api.get_client().get_provider_status().name == "FATAL"


def test_tracking_goes_to_the_sink(tmp_path):
    provider = Provider(Source.file(QUICKSTART), sink=Sink.file(tmp_path / "events.jsonl"))
    api.set_provider_and_wait(provider)
    client = api.get_client()
    context = EvaluationContext("user-7", {"country": "DE"})
    assert client.get_string_value("checkout-cta", "red", context) == "green"
    client.track("purchase", context, TrackingEventDetails(12.5, {"currency": "EUR", "items": [1, 2]}))
    client.track("opened", context)
    client.track("broken", context, TrackingEventDetails(1, {"what": object()}))
    assert provider.client.flush()
    exposure, purchase, opened = map(json.loads, (tmp_path / "events.jsonl").read_text().splitlines())
    assert (exposure["type"], exposure["experiment"], exposure["variant"]) == ("exposure", "checkout-cta", "green")
    assert (purchase["event"], purchase["value"], purchase["unit_id"]) == ("purchase", 12.5, "user-7")
    assert purchase["properties"] == {"currency": "EUR", "items": [1, 2]}
    assert opened["event"] == "opened" and "value" not in opened
    provider.shutdown()
    assert provider.client is None


def test_attributes_of_every_kind():
    then = "2026-01-02T03:04:05Z"
    rules = {"time": after({"attribute": "seen", "after": then}), "list": after({"attribute": "roles", "is": "admin"}),
             "nested": after({"attribute": "device.os", "is": "ios"})}
    api.set_provider_and_wait(Provider(Source.text(ruleset(**rules))))
    client = api.get_client()
    seen = datetime.datetime(2026, 1, 2, 4, 4, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    context = EvaluationContext("u", {"seen": seen, "roles": ("user", "admin"),
                                      "device": types.MappingProxyType({"os": "ios"})})
    for flag in rules:
        assert client.get_boolean_value(flag, False, context) is True, flag
        assert client.get_boolean_value(flag, True, EvaluationContext("u")) is False, flag


def test_a_context_that_cannot_be_read():
    api.set_provider_and_wait(Provider(Source.file(QUICKSTART)))
    details = api.get_client().get_boolean_details("new-ui", True, EvaluationContext("u", {"what": object()}))
    assert (details.value, details.error_code) == (True, ErrorCode.INVALID_CONTEXT)


def test_reasons_and_metadata():
    api.set_provider_and_wait(Provider(Source.file(QUICKSTART)))
    client = api.get_client()
    details = client.get_string_details("checkout-cta", "red", EvaluationContext("user-7", {"country": "US"}))
    assert (details.value, details.variant, details.reason) == ("red", None, "DEFAULT")
    assert details.flag_metadata == {"reason": "NOT_TARGETED"}
    details = client.get_string_details("checkout-cta", "red", EvaluationContext("user-7", {"country": "DE"}))
    assert (details.reason, details.flag_metadata) == ("SPLIT", {"exposure": True})
    details = client.get_boolean_details("new-ui", False, EvaluationContext("user-7", {"beta": True}))
    assert (details.reason, details.flag_metadata) == ("TARGETING_MATCH", {"rule": "beta"})
