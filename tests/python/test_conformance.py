"""Every worked case of tests/conformance through Python: answers are compared member for member, integers staying integers.

A case's user goes the three ways that Python has: as the line of a file, as a `User` from its text, and as a dict, where
Python's own objects can say what the text says.
"""

import json
from pathlib import Path

import pytest

import expplat

CONFORMANCE = Path(__file__).resolve().parents[1] / "conformance"
SETS = sorted(path.parent.relative_to(CONFORMANCE).as_posix() for path in CONFORMANCE.rglob("cases.jsonl"))


DEEPEST = 64  # levels of a JSON text


class Unsayable(Exception):
    """A text that Python's objects cannot say as it stands: a repeated member, a number that rounds to an infinity."""


def members(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unsayable
    return found


def number(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Unsayable
    return value


def integer(text):
    value = int(text)
    return value if -(2**63) <= value < 2**63 else number(text)


def refuse(text):
    raise Unsayable


def read_case(line):
    """The line as a dict, or None where Python's objects cannot say what it says."""
    try:
        case = json.loads(line, object_pairs_hook=members, parse_float=number, parse_int=integer, parse_constant=refuse)
        line.encode()
        json.dumps(case, ensure_ascii=False).encode()  # lone surrogates
    except (Unsayable, ValueError, RecursionError):
        return None
    if not isinstance(case, dict) or not isinstance(case.get("key"), str) or "user" not in case:
        return None
    return case if depth(case) <= DEEPEST else None  # a user alone may be one level deeper


def exact(value):
    """The value with the type of each number, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return type(value), value


def depth(value):
    if isinstance(value, (dict, list)):
        return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)
    return 0


def as_double(answer):
    """The answer of a flag of type double: its value is a float in Python, however the ruleset writes it."""
    return {**answer, "value": None if answer["value"] is None else float(answer["value"])}


def answer_of(key, variant):
    return {"key": key, "variant": variant.key, "value": variant.value, "reason": variant.reason, "rule": variant.rule,
            "error": variant.error, "exposure": variant.exposure, "version": variant.ruleset_version}


def user_of(value):
    """A `User` of a case's user, None where it is none."""
    try:
        return expplat.User.from_json(json.dumps(value))
    except ValueError:
        return None


@pytest.mark.parametrize("name", SETS)
def test_every_answer(name):
    cases = (CONFORMANCE / name / "cases.jsonl").read_bytes().splitlines()
    answers = (CONFORMANCE / name / "answers.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    cases = [case for case in cases if case.strip()]
    assert cases and len(cases) == len(answers)
    ruleset = json.loads((CONFORMANCE / name / "ruleset.json").read_text(encoding="utf-8"))
    entities = {**ruleset.get("flags", {}), **ruleset.get("experiments", {})}
    doubles = {key for key, entity in entities.items() if entity["type"] == "double"}
    said = 0
    with expplat.Client(expplat.Source.file(CONFORMANCE / name / "ruleset.json")) as client:
        for line, expected_line in zip(cases, answers):
            answer = json.loads(expected_line)
            assert exact(json.loads(client.evaluate_case(line))) == exact(answer), line
            case = read_case(line.decode("utf-8", "surrogateescape"))
            if case is None:
                continue
            expected = exact(as_double(answer) if case["key"] in doubles else answer)
            said += 1
            user = user_of(case["user"])
            assert exact(answer_of(case["key"], client.variant(case["key"], user))) == expected, line
            assert exact(answer_of(case["key"], client.variant(case["key"], case["user"]))) == expected, line
            assert exact(answer_of(case["key"], client.handle(case["key"]).variant(user))) == expected, line
            everything = client.evaluate_all(user)
            if case["key"] in everything:
                assert exact(answer_of(case["key"], everything[case["key"]])) == expected, line
    assert said > len(cases) // 2


def test_every_set_is_found():
    assert len(SETS) >= 9


def test_refused_rulesets():
    lines = (CONFORMANCE / "vectors/invalid.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    for line in lines:
        case = json.loads(line)
        text = case["text"] if "text" in case else json.dumps(case["ruleset"], ensure_ascii=False)
        try:
            source = expplat.Source.text(text)
            with expplat.Client(source):
                pass
        except UnicodeEncodeError:
            continue  # lone surrogates are no text for Python either
        except expplat.Error as error:
            assert isinstance(error, ValueError)
            # a client is tolerant of what it does not know, so it may accept what is refused where rules are written
            assert case["pointer"] is not None, line
        else:
            continue
