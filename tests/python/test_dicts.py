"""Users that are dicts: what one call keeps for the next shows nowhere."""

import gc
import json
import random

import pytest

from expplat import Client, Source, User

CONDITIONS = [
    {"attribute": "country", "in": ["DE", "FR"]},
    {"attribute": "app_version", "version_at_least": "4.3"},
    {"attribute": "a name of more than seven bytes", "is": "x" * 2_000},
    {"attribute": "level", "greater_than": 10},
    {"attribute": "tags", "is": "b"},
    {"attribute": "device.os", "is": "ios"},
    {"attribute": "key", "version_below": "2"},
    {"attribute": "country", "exists": False},
]


def flag(condition):
    return {
        "type": "boolean",
        "variants": {"yes": True, "no": False},
        "off": "no",
        "rules": [{"if": condition, "serve": "yes"}],
        "default": {"split": [{"variant": "yes", "weight": 1}, {"variant": "no", "weight": 1}]},
    }


@pytest.fixture
def client():
    flags = {f"f{i}": flag(condition) for i, condition in enumerate(CONDITIONS)}
    ruleset = {"format": "expplat.ruleset/1", "environment": "test", "version": 1, "flags": flags}
    with Client(Source.text(json.dumps(ruleset))) as opened:
        yield opened


SHAPES = [
    lambda draw: {"country": draw(["DE", "FR", "US", 3, True]), "app_version": draw(["4.2", "4.3.0", "4.3.0-rc.1", "10"])},
    lambda draw: {"country": draw(["DE", "US", None]), "a name of more than seven bytes": "x" * draw([1, 1_999, 2_000])},
    lambda draw: {"tags": draw([[], ["a"], ["a", "b"], [1]]), "level": draw([1, 11]), "country": "FR"},
    lambda draw: {"device.os": draw(["ios", "android"]), "device": {"os": draw(["ios", "android"])}, "level": 11},
    lambda draw: {"country": draw(["FR", "\ud83d"]), "level": draw([1.5, 11, 2**60, 2**70, float("nan")])},
    lambda draw: {"level": 11, "country": "DE"},
    lambda draw: {"country": "DE", "level": 11},
    lambda draw: {"key": draw(["1.0", "3.0"]), "": 1, "country": "DE"},
    lambda draw: {f"attribute {i}": draw([1, "x"]) for i in range(draw([1, 63, 64, 65, 200]))},
    lambda draw: json.loads('{"country": "DE", "level": %d}' % draw([1, 11])),
    lambda draw: {},
]


def test_a_dict_is_answered_as_its_user_is(client):
    random.seed(7)
    shape, key, asked = SHAPES[0], "u", 0
    for _ in range(5_000):
        if random.random() < 0.3:
            shape = random.choice(SHAPES)
        if random.random() < 0.3:
            key = random.choice(["", "u", "1.2", "10.0", "user-42", "k" * 500, "k" * 3_000])
        attributes = shape(random.choice)
        answers = client.evaluate_all({"key": key, "attributes": attributes})
        try:
            user = User(key, attributes)
        except ValueError:
            assert {answer.error for answer in answers.values()} == {"PARSE_ERROR"}
            continue
        assert answers == client.evaluate_all(user)
        asked += 1
    assert asked > 4_000


def test_a_call_inside_of_another_has_a_user_of_its_own(client):
    """Whatever makes Python objects may collect garbage, and that may ask a question."""
    asked = []

    class Garbage:
        def __init__(self):
            self.me = self

        def __del__(self):
            asked.append(client.variant("f0", {"key": "other", "attributes": {"country": "FR", "level": 1}}).rule)

    user = {"key": "u", "attributes": {"country": "US", "level": 11}}
    expected = client.evaluate_all(user)
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(200):
            Garbage()
            assert client.evaluate_all(user) == expected
    finally:
        gc.set_threshold(*before)
    assert len(asked) > 100


def test_names_that_are_objects_of_their_own_may_ask_when_they_die(client):
    asked = []

    class Name(str):
        def __del__(self):
            other = {"key": "other", "attributes": {"country": "US", "level": len(asked)}}
            asked.append(client.variant("f7", other).key)

    for i in range(100):
        attributes = {Name("country"): "DE", Name(f"level{i}"): 1}
        assert client.variant("f0", {"key": "u", "attributes": attributes}).key == "yes"
        del attributes
    assert len(asked) >= 198
