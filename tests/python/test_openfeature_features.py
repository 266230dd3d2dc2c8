"""OpenFeature's own Gherkin features, through its SDK, our provider and a real client with tests/data/openfeature-spec/ruleset.json."""

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagEvaluationOptions
from openfeature.hook import Hook
from openfeature.transaction_context import ContextVarsTransactionContextPropagator
from pytest_bdd import given, parsers, scenarios, then, when

from expplat import Source
from expplat.openfeature import Provider

TOP = Path(__file__).resolve().parents[2]
SPEC = TOP / "tests/data/openfeature-spec"
RULESET = SPEC / "ruleset.json"
sys.path.insert(0, str(TOP / "tests/support/reference_server"))

import started  # noqa: E402

CONVERT = {
    "Boolean": lambda text: text.lower() == "true",
    "String": lambda text: text.replace('\\"', '"'),
    "Integer": int,
    "Float": float,
    "Object": lambda text: json.loads(text.replace('\\"', '"')),
}
SKIPPED = {
    "reason-codes-cached": "a client evaluates each time: no answer is cached",
    "metadata-flag": "a ruleset's `meta` is for people: no client carries it",
}

scenarios(str(SPEC / "gherkin"))


class World:
    """What the steps of one scenario share."""

    def __init__(self):
        self.client = api.get_client()
        self.flag = None  # type, key, default
        self.attributes = {}
        self.options = None
        self.details = None
        self.value = None
        self.levels = []

    def evaluate(self, flag=None, context=None):
        kind, key, default = flag or self.flag
        ask = getattr(self.client, f"get_{kind.lower()}_details")
        self.details = ask(key, default, context or EvaluationContext(attributes=self.attributes), self.options)
        return self.details


class Remembering(Hook):
    def __init__(self, log=None, name=""):
        self.called = {}
        self.log = [] if log is None else log
        self.name = name

    def note(self, stage, details=None):
        self.called[stage] = details
        self.log.append((stage, self.name))

    def before(self, hook_context, hints):
        self.note("before")

    def after(self, hook_context, details, hints):
        self.note("after", details)

    def error(self, hook_context, exception, hints):
        self.note("error", exception)

    def finally_after(self, hook_context, details, hints):
        self.note("finally", details)


def dead_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def wait_for_status(client, status):
    deadline = time.monotonic() + 20
    while client.get_provider_status().name != status and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.get_provider_status().name == status


@pytest.fixture
def world(request):
    for word, reason in SKIPPED.items():
        if request.node.get_closest_marker(word):
            pytest.skip(reason)
    api.clear_providers()
    api.set_evaluation_context(EvaluationContext())
    yield World()
    api.clear_hooks()
    api.clear_providers()
    api.set_evaluation_context(EvaluationContext())


# ---- providers ----


@given("a stable provider")
def stable_provider(world):
    api.set_provider_and_wait(Provider(Source.file(RULESET)))


@given("a not ready provider")
def not_ready_provider(world):
    api.set_provider(Provider(Source.server(f"http://127.0.0.1:{dead_port()}", "key"), ready_timeout=3))


@given("a error provider")
def error_provider(world):
    api.set_provider(Provider(Source.server(f"http://127.0.0.1:{dead_port()}", "key"), ready_timeout=0))
    wait_for_status(world.client, "ERROR")


@given("a fatal provider")
def fatal_provider(world):
    api.set_provider(Provider(Source.text("no ruleset")))
    wait_for_status(world.client, "FATAL")


@given("a stale provider")
def stale_provider(world):
    with started.running("--ruleset", str(RULESET), "--key", "sdk-test") as server:
        source = Source.server(f"http://127.0.0.1:{server.port}", "sdk-test")
        api.set_provider_and_wait(Provider(source, streaming=False, poll_interval_ms=50))
    wait_for_status(world.client, "STALE")


@then(parsers.parse('the provider status should be "{status}"'))
def provider_status(world, status):
    assert world.client.get_provider_status().name == status


# ---- evaluation_v2, metadata, hooks ----


@given(parsers.re(r'an? (?P<kind>\w+)-flag with key "(?P<key>[^"]*)" and a fallback value "(?P<default>.*)"'))
def flag(world, kind, key, default):
    if key in SKIPPED:
        pytest.skip(SKIPPED[key])
    kind = kind.capitalize()
    world.flag = (kind, key, CONVERT[kind](default))


@given(parsers.parse('a context containing a key "{key}", with type "{kind}" and with value "{value}"'))
def context_entry(world, key, kind, value):
    world.attributes[key] = CONVERT[kind](value)


@given(parsers.parse('a context containing a key "{key}" with null value'))
def context_null(world, key):
    world.attributes[key] = None


@given("an evaluation context with modifiable data")
def modifiable_context(world):
    world.attributes = {"list": ["a", "b"], "nested": {"deep": [1, 2]}}


@given("evaluation options containing specific hooks")
def options_with_hooks(world):
    world.order = []
    world.hooks = [Remembering(world.order, "first"), Remembering(world.order, "second")]
    world.options = FlagEvaluationOptions(hooks=world.hooks)


@given("a client with added hook")
def client_with_hook(world):
    world.hook = Remembering()
    world.client.add_hooks([world.hook])


@when("the flag was evaluated with details")
@when("the flag was evaluated with details using the evaluation options")
def evaluated(world):
    world.evaluate()


@when("the flag was evaluated with details asynchronously")
def evaluated_asynchronously(world):
    kind, key, default = world.flag
    ask = getattr(world.client, f"get_{kind.lower()}_details_async")

    async def both():
        beside = []

        async def tick():
            beside.append(1)

        details, _ = await asyncio.gather(ask(key, default), tick())
        return details, beside

    world.details, world.beside = asyncio.run(both())


@then("the evaluation should complete without blocking")
def not_blocked(world):
    assert world.beside == [1]


@then(parsers.re(r'the resolved details value should be "(?P<value>.*)"$'))
def details_value(world, value):
    expected = CONVERT[world.flag[0]](value)
    assert world.details.value == expected and type(world.details.value) is type(expected)


@then(parsers.re(r'the reason should be "(?P<reason>\w+)"$'))
def details_reason(world, reason):
    assert world.details.reason == reason


@then(parsers.parse('the error-code should be "{code}"'))
def details_error(world, code):
    assert world.details.error_code == code


@then(parsers.parse('the flag key should be "{key}"'))
def details_key(world, key):
    assert world.details.flag_key == key


@then(parsers.re(r'the variant should be "(?P<variant>[\w-]+)"$'))
def details_variant(world, variant):
    assert world.details.variant == variant


@then("the resolved metadata is empty")
def no_metadata(world):
    assert not world.details.flag_metadata


@then("the resolved metadata should contain")
def some_metadata(world):
    raise AssertionError("these scenarios are skipped")


@then("the specified hooks should execute during evaluation")
def hooks_ran(world):
    assert all({"before", "after", "finally"} <= set(hook.called) for hook in world.hooks)


@then("the hook order should be maintained")
def hooks_in_order(world):
    assert world.order == [("before", "first"), ("before", "second"), ("after", "second"), ("after", "first"),
                           ("finally", "second"), ("finally", "first")]


@then("the original evaluation context should remain unmodified")
def context_unmodified(world):
    assert world.attributes == {"list": ["a", "b"], "nested": {"deep": [1, 2]}}


@then("the evaluation details should be immutable")
def details_of_its_own(world):
    before = world.details.value
    world.details.value = None  # the SDK's details are an object of the caller's: changing it changes no later answer
    assert world.evaluate().value == before


@then(parsers.parse('the "{stage}" hook should have been executed'))
def hook_executed(world, stage):
    assert stage in world.hook.called


@then(parsers.parse('the "{stages}" hooks should be called with evaluation details'))
def hook_details(world, stages, datatable):
    for stage in stages.split(", "):
        details = world.hook.called[stage]
        for kind, key, value in datatable[1:]:
            expected = None if value == "null" else CONVERT[kind.capitalize()](value)
            assert getattr(details, key) == expected, (stage, key)


# ---- evaluation (deprecated) ----


def plain(kind, text):
    text = text.strip('"')
    return CONVERT[kind.capitalize()](text)


@when(parsers.re(r'an? (?P<kind>boolean|string|integer|float) flag with key "(?P<key>[^"]*)" is evaluated with (?P<how>details and )?default value (?P<default>.*)'))
def old_evaluated(world, kind, key, how, default):
    world.flag = (kind.capitalize(), key, plain(kind, default))
    world.value = world.evaluate().value


@when(parsers.re(r'an object flag with key "(?P<key>[^"]*)" is evaluated with (details and )?a null default value'))
def old_evaluated_object(world, key):
    world.flag = ("Object", key, {})
    world.value = world.evaluate().value


@then(parsers.re(r'the resolved (?P<kind>boolean|string|integer|float) value should be (?P<value>[^,]*)$'))
def old_value(world, kind, value):
    assert world.value == plain(kind, value)


@then(parsers.re(r'the resolved (?P<kind>\w+) details value should be (?P<value>[^,]*), the variant should be "(?P<variant>\w+)", and the reason should be "(?P<reason>\w+)"'))
def old_details(world, kind, value, variant, reason):
    assert (world.value, world.details.variant, world.details.reason) == (plain(kind, value), variant, reason)


@then(parsers.re(r'the resolved object (details )?value should be contain fields .*'))
def old_object(world):
    assert world.value == {"showImages": True, "title": "Check out these pics!", "imagesPerPage": 100}


@then(parsers.parse('the variant should be "{variant}", and the reason should be "{reason}"'))
def old_variant(world, variant, reason):
    assert (world.details.variant, world.details.reason) == (variant, reason)


@when(parsers.parse('context contains keys "fn", "ln", "age", "customer" with values "{fn}", "{ln}", {age:d}, "{customer}"'))
def old_context(world, fn, ln, age, customer):
    world.attributes = {"fn": fn, "ln": ln, "age": age, "customer": customer == "true"}


@when(parsers.parse('a flag with key "{key}" is evaluated with default value "{default}"'))
def old_with_context(world, key, default):
    world.flag = ("String", key, default)
    world.value = world.evaluate().value


@then(parsers.parse('the resolved string response should be "{value}"'))
def old_response(world, value):
    assert world.value == value


@then(parsers.parse('the resolved flag value is "{value}" when the context is empty'))
def old_without_context(world, value):
    world.attributes = {}
    assert world.evaluate().value == value


@when(parsers.parse('a non-existent string flag with key "{key}" is evaluated with details and a fallback value "{default}"'))
def old_missing(world, key, default):
    world.flag = ("String", key, default)
    world.evaluate()


@when(parsers.parse('a string flag with key "{key}" is evaluated as an integer, with details and a fallback value {default:d}'))
def old_wrong_type(world, key, default):
    world.flag = ("Integer", key, default)
    world.evaluate()


@then(parsers.re(r"the default (string|integer) value should be returned"))
def old_default(world):
    assert world.details.value == world.flag[2]


@then(parsers.re(r'the reason should indicate an error and the error code should indicate .* with "(?P<code>\w+)"'))
def old_error(world, code):
    assert (world.details.reason, world.details.error_code) == ("ERROR", code)


# ---- context merging ----


class Retrievable(Provider):
    """Our provider; it remembers the context that it was asked with."""

    context = None

    def _resolve(self, ask, key, default, context):
        self.context = context
        return super()._resolve(ask, key, default, context)


class Adding(Hook):
    def __init__(self, attributes):
        self.attributes = attributes

    def before(self, hook_context, hints):
        return EvaluationContext(attributes=self.attributes)


@given("a stable provider with retrievable context is registered")
def retrievable(world):
    world.provider = Retrievable(Source.file(RULESET))
    api.set_provider_and_wait(world.provider)
    api.set_transaction_context_propagator(ContextVarsTransactionContextPropagator())
    api.set_transaction_context(EvaluationContext())
    world.contexts = {}


@given(parsers.parse('A context entry with key "{key}" and value "{value}" is added to the "{level}" level'))
def level_entry(world, key, value, level):
    world.contexts.setdefault(level, {})[key] = value


@given("A table with levels of increasing precedence")
def levels(world, datatable):
    world.levels = [row[0] for row in datatable]


@given(parsers.parse('Context entries for each level from API level down to the "{level}" level, with key "{key}" and value "{value}"'))
def levels_down_to(world, level, key, value):
    for one in world.levels[: world.levels.index(level) + 1]:
        world.contexts.setdefault(one, {})[key] = one


@when("Some flag was evaluated")
def some_flag(world):
    entries = {level: EvaluationContext(attributes=attributes) for level, attributes in world.contexts.items()}
    nothing = EvaluationContext()
    api.set_evaluation_context(entries.get("API", nothing))
    api.set_transaction_context(entries.get("Transaction", nothing))
    world.client.context = entries.get("Client", nothing)
    if "Before Hooks" in world.contexts:
        world.client.add_hooks([Adding(world.contexts["Before Hooks"])])
    world.client.get_boolean_details("boolean-flag", False, entries.get("Invocation", nothing))


@then(parsers.parse('The merged context contains an entry with key "{key}" and value "{value}"'))
def merged(world, key, value):
    assert world.provider.context.attributes[key] == value
