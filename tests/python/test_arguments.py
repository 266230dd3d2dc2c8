"""Arguments of any shape: no call crashes, a question raises nothing but for too few or too many arguments, nothing leaks."""

import random
from pathlib import Path

import pytest

import expplat
from expplat import Client, Source, User

QUICKSTART = Path(__file__).resolve().parents[2] / "examples/quickstart.json"
ROUNDS = 6_000


class Text(str):
    __slots__ = ()


class Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError

    def __hash__(self):
        return hash("attributes")

    def __bool__(self):
        raise RuntimeError

    def __float__(self):
        raise RuntimeError

    def __fspath__(self):
        raise RuntimeError

    def __iter__(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


class Thief:
    """Equal to `key` and `attributes` by its hash; it empties the dict that looks for them."""

    def __init__(self, prey):
        self.prey = prey

    def __hash__(self):
        return hash("attributes")

    def __eq__(self, other):
        self.prey.clear()
        return False


def ring(kind):
    made = kind()
    if kind is dict:
        made["a"] = made["b"] = made
    else:
        made.extend([made, made])
    return made


def stolen():
    prey = {}
    prey[Thief(prey)] = 1
    prey["attributes"] = {"country": "D" * 1000}
    prey["key"] = "k" * 1000
    return prey


def scalar(dice):
    return dice.choice([
        None, True, False, 0, -1, 2**63 - 1, 2**63, -(2**63), 2**200, 10**400, 0.0, -0.0, 1.5, float("inf"), float("nan"), 1e308,
        "", "key", "attributes", "a", "süß", "\0", "\ud800", "x" * 5000, Text("new-ui"), "new-ui", "checkout-cta", b"", b"bytes",
        object(), Hostile(), type, len, 1j, range(3), Ellipsis, User("u"), User.__new__(User)])


def anything(dice, depth=0):
    roll = dice.random()
    if roll < 0.55 or depth > 4:
        return scalar(dice)
    if roll < 0.60:
        return dice.choice([ring(dict), ring(list), stolen()])
    items = [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    if roll < 0.70:
        return dice.choice([list, tuple])(items)
    made = {}
    for item in items:
        key = dice.choice(["key", "attributes", "a", "device", "", "a.b", 3, Hostile(), b"a"])
        try:
            made[key] = item
        except RuntimeError:
            continue
    return made if roll < 0.9 else {"key": scalar(dice), "attributes": made}


@pytest.fixture(scope="module")
def client():
    with Client(Source.file(QUICKSTART)) as opened:
        yield opened


QUESTIONS = ["variant", *(kind + detail for kind in ("boolean", "integer", "number", "string", "object") for detail in ("", "_detail"))]


@pytest.mark.parametrize("seed", range(4))
def test_questions_of_any_shape(client, seed):
    dice = random.Random(seed)
    handle = client.handle("checkout-cta")
    for _ in range(ROUNDS):
        key, user, default = (anything(dice) for _ in range(3))
        assert isinstance(client.variant(key, user), expplat.Variant)
        assert isinstance(handle.variant(user), expplat.Variant)
        name = dice.choice(QUESTIONS[1:])
        getattr(client, name)(key, user, default)
        if isinstance(user, (User, dict)) and dice.random() < 0.1:
            assert len(client.evaluate_all(user)) == 2


@pytest.mark.parametrize("seed", range(2))
def test_calls_of_any_shape(client, seed):
    """Every method with any number of arguments, named or not: what it raises is one of Python's own mistakes."""
    dice = random.Random(seed)
    methods = [name for name in dir(Client) if not name.startswith("__") and name not in ("close", "flush", "wait_ready")]
    names = ["key", "user", "default", "event", "value", "properties", "line", "timeout", "no_such"]
    for _ in range(ROUNDS):
        call = getattr(client, dice.choice(methods))
        arguments = [anything(dice) for _ in range(dice.randrange(4))]
        named = {name: anything(dice) for name in dice.sample(names, dice.randrange(3))}
        try:
            call(*arguments, **named)
        except (TypeError, ValueError, RuntimeError, OverflowError, RecursionError):
            continue


@pytest.mark.parametrize("seed", range(2))
def test_set_up_of_any_shape(seed, tmp_path):
    dice = random.Random(seed)
    settings = ["cache", "project", "spool_bytes", "streaming", "queue_events", "event_attributes", "network_proxy", "no_such"]
    makers = [
        lambda: User(anything(dice), anything(dice)),
        lambda: User("u").set(anything(dice), anything(dice)),
        lambda: User.from_json(anything(dice)),
        lambda: Source.file(anything(dice), anything(dice)),
        lambda: Client(anything(dice), sink=anything(dice)),
        lambda: Client(Source.text(anything(dice))),
        lambda: Client(Source.server(anything(dice), anything(dice)), shutdown_timeout_ms=0, logger=anything(dice)),
        lambda: Client(Source.text("{}"), **{dice.choice(settings): anything(dice)}),
        lambda: Client(Source.text("{}"), on_status=anything(dice), on_ruleset=anything(dice)),
    ]
    for _ in range(ROUNDS // 2):
        try:
            dice.choice(makers)()
        except (TypeError, ValueError, RuntimeError, OSError, OverflowError, MemoryError, RecursionError):
            continue


def test_a_user_that_another_thread_changes_is_still_one(client):
    user = User("u")
    for number in range(2_000):
        user.set(f"a{number}", "x" * number)
        client.variant("new-ui", user)
    assert len(user.attributes) == 2_000
