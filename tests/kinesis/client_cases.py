"""The cases of kinesis_test.py that go through a whole client: `expplat run --sink kinesis:STREAM`, and the example.

Neither says the ids of its events: what must be in the stream follows from the questions, and each of it has one id.
"""

import collections
import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
sys.path.insert(0, str(ROOT / "tests" / "support" / "aws"))

from bench import FAULTS, KEYS, NO_AWS, STATIC, expect  # noqa: E402
from fault_proxy import FaultPlan, FaultProxy  # noqa: E402
from program import COUNTS, Program, ruleset, stats_of  # noqa: E402

USERS = 1_000
ROUNDS = 3
RUN_S = 120


def some_faults(seed):
    """Fewer than FaultPlan.all: time runs as it does, so waits double, and a run has 30 s to send what is left."""
    return FaultPlan(seed, partial=.3, throttle=.07, error=.07, reset_before=.05, reset_after=.05, slow=.1)


def endpoint(port, variables=STATIC):
    return {**variables, "AWS_ENDPOINT_URL_KINESIS": f"http://127.0.0.1:{port}"}


@contextlib.contextmanager
def questions():
    """A folder with a ruleset and the cases: an exposure of each user."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "rules.json").write_text(ruleset(1), encoding="utf-8")
        (pathlib.Path(folder) / "cases.jsonl").write_text(
            "".join(json.dumps({"key": "exp", "user": {"key": f"u{i}"}}) + "\n" for i in range(USERS)), encoding="utf-8")
        yield folder


def run_words(bench, stream, *more):
    return [bench.cli, "run", "--source", "rules.json", "--cases", "cases.jsonl", "--sink", f"kinesis:{stream}", *more]


def found_in(stream):
    """(events by id, repeats)"""
    found, repeats = {}, 0
    for _, key, event in stream.events():
        expect(key == event["unit_id"], f"the partition key {key} of {event}")
        expect(found.setdefault(event["id"], event) == event, f"two events of one id: {event}")
        repeats += 1
    return found, repeats - len(found)


def expect_counts(stats, recorded):
    expect(stats["recorded"] == sum(stats[name] for name in COUNTS), f"the counts do not add up: {stats}")
    expect(stats["recorded"] - stats["deduplicated"] == recorded, f"{recorded} were to be recorded: {stats}")


def run_with_faults(bench, port, by_arn, *more):
    with bench.make_stream(port) as stream, questions() as folder, \
            contextlib.closing(FaultProxy(port, KEYS, some_faults(3))) as proxy:
        run = subprocess.run(run_words(bench, stream.arn if by_arn else stream.name, "--track", "--repeat", str(ROUNDS),
                                       *more),
                             cwd=folder, env=endpoint(proxy.port), capture_output=True, text=True, timeout=RUN_S)
        expect(run.returncode == 0, f"run ended with {run.returncode}: {run.stderr}")
        expect(run.stdout.count('"exposure": true') == USERS, f"answers: {run.stdout[:300]}")
        stats = stats_of(run.stderr.splitlines())
        expect_counts(stats, USERS * (1 + ROUNDS))
        expect(stats["acknowledged"] == USERS * (1 + ROUNDS), f"{stats}")
        found, repeats = found_in(stream)
        expect(len(found) == stats["acknowledged"], f"{len(found)} ids for {stats}")
        kinds = collections.Counter((event["type"], event["unit_id"]) for event in found.values())
        expect(kinds == {**{("exposure", f"u{i}"): 1 for i in range(USERS)},
                         **{("track", f"u{i}"): ROUNDS for i in range(USERS)}}, "each user's events are others")
        bench.check_proxy(proxy)
        injected = sum(proxy.counts.get(kind, 0) for kind in FAULTS)
        expect(injected > 0 and stats["failed_deliveries"] > 0, f"no fault: {proxy.counts}, {stats}")
        return f"{len(found)} events, {repeats} repeats, {proxy.counts}"


def test_run_with_faults(bench):
    return run_with_faults(bench, bench.kinesalite, False)


def test_run_with_faults_by_arn_and_spool(bench):
    return run_with_faults(bench, bench.moto, True, "--spool", "spool", "--threads", "2")


def test_run_keeps_in_its_spool_what_kinesis_refuses(bench):
    """Ended by a signal while every call fails; the next run sends what the spool holds, with the ids it had."""
    with bench.make_stream(bench.kinesalite) as stream, questions() as folder, \
            contextlib.closing(FaultProxy(bench.kinesalite, KEYS, FaultPlan(throttle=1))) as proxy:
        program = Program(run_words(bench, stream.name, "--spool", "spool"), cwd=folder, env=endpoint(proxy.port))
        for _ in range(USERS):
            program.line()
        program.process.send_signal(signal.SIGTERM)
        status, _, errors = program.end()
        stats = stats_of(errors)
        expect(status == 0 and stats["spooled"] == USERS, f"{status}: {errors}")
        expect_counts(stats, USERS)
        expect(not found_in(stream)[0], "what was refused is in the stream")
        proxy.plan = FaultPlan()
        words = [word if word != "cases.jsonl" else "/dev/null" for word in
                 run_words(bench, stream.name, "--spool", "spool")]
        run = subprocess.run(words, cwd=folder, env=endpoint(proxy.port), capture_output=True, text=True, timeout=RUN_S)
        after = stats_of(run.stderr.splitlines())
        expect(run.returncode == 0 and after["adopted"] == after["acknowledged"] == USERS, f"{run.stderr}")
        found, repeats = found_in(stream)
        expect(len(found) == USERS and repeats == 0, f"{len(found)} ids, {repeats} repeats")
        bench.check_proxy(proxy, "throttle")
        return f"{proxy.counts}"


def expect_refusal(bench, environment, stream, *said):
    """The client says it on standard error, keeps what it has for its time to close, and counts it as dropped."""
    with questions() as folder:
        program = Program(run_words(bench, stream), cwd=folder, env=environment)
        for _ in range(USERS):
            program.line()
        line = program.error_with(said[0])
        program.process.send_signal(signal.SIGTERM)
        status, _, errors = program.end()
        expect(status == 1, f"the status is {status}: {errors}")
        for words in said:
            expect(words in line, f"{words} is not in: {line}")
        stats = stats_of(errors)
        expect(stats["dropped_shutdown"] == USERS, f"{stats}")
        expect_counts(stats, USERS)


def test_run_without_credentials_lists_the_places(bench):
    environment = endpoint(bench.kinesalite, {**NO_AWS, "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
                                              "AWS_REGION": "us-east-1"})
    expect_refusal(bench, environment, "nowhere", "credentials", "environment", "/nonexistent/.aws/config",
                   "web identity", "container", "EC2 instance")


def test_run_names_a_stream_that_is_not_there(bench):
    expect_refusal(bench, endpoint(bench.kinesalite), "nowhere", "ResourceNotFoundException", "nowhere")


def test_the_example_with_faults(bench):
    with bench.make_stream(bench.kinesalite) as stream, \
            contextlib.closing(FaultProxy(bench.kinesalite, KEYS, some_faults(2))) as proxy:
        run = subprocess.run([bench.example, ROOT / "examples" / "quickstart.json"], capture_output=True, text=True,
                             timeout=RUN_S, env={**endpoint(proxy.port), "EXPPLAT_STREAM": stream.name})
        expect(run.returncode == 0, f"the example failed: {run.stderr}")
        found, repeats = found_in(stream)
        expect(run.stdout == f"recorded {len(found)}, acknowledged {len(found)}\n", f"{len(found)} ids; {run.stdout}")
        exposed = {event["unit_id"]: event["variant"] for event in found.values() if event["type"] == "exposure"}
        bought = [event["unit_id"] for event in found.values() if event["type"] == "track"]
        expect(sorted(bought) == sorted(unit for unit, variant in exposed.items() if variant == "green") and bought,
               "who bought is not who saw green")
        expect(len(exposed) + len(bought) == len(found), "a user was exposed twice")
        expect({event["project"] for event in found.values()} == {"shop"}, "the project")
        bench.check_proxy(proxy)
        return f"{len(found)} events, {repeats} repeats, {proxy.counts}"
