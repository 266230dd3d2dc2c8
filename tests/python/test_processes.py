"""Clients over fork, in workers, and at the end of the interpreter. Each runs in an interpreter of its own, with a deadline."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
QUICKSTART = TOP / "examples/quickstart.json"
# From 3.12 on CPython warns of every fork of a process with threads.
PYTHON = [sys.executable, "-X", "faulthandler", "-W", "ignore:This process:DeprecationWarning"]
OPENED = f"""
import os, sys, threading, time
from expplat import Client, Sink, Source, User
user = User("user-7", {{"country": "DE"}})
def opened(path, **more):
    return Client(Source.file({str(QUICKSTART)!r}), sink=Sink.file(path), **more)
"""


def run(program, *arguments, status=0):
    """Runs the program and returns what it printed; a crash, a hang or a word on standard error is a failure."""
    done = subprocess.run([*PYTHON, "-c", OPENED + textwrap.dedent(program), *map(str, arguments)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (status, ""), done
    return done.stdout


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_fork(tmp_path):
    """Parent and children answer and send, each what it recorded itself; nothing is sent twice."""
    out = run("""
        folder = sys.argv[1]
        client = opened(folder + "/events", on_status=lambda status: None)
        client.track("before", user)
        children = []
        for number in range(8):
            pid = os.fork()
            if pid == 0:
                client.track(f"child-{number}", user)
                right = client.variant("checkout-cta", user) == "green" and client.flush(20)
                os._exit(0 if right else 1)
            children.append(pid)
            client.track(f"parent-{number}", user)
        print(all(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 for pid in children))
        client.close()
        """, tmp_path)
    assert out == "True\n"
    tracked = [event["event"] for event in events(tmp_path / "events") if event["type"] == "track"]
    assert sorted(tracked) == sorted(["before", *(f"{who}-{n}" for who in ("child", "parent") for n in range(8))])


def test_fork_while_clients_have_much_to_say(tmp_path):
    """Whoever forks holds the GIL and waits for the client's thread: that thread must never wait for the GIL."""
    run("""
        import logging
        from pathlib import Path
        logging.getLogger("expplat").addHandler(logging.NullHandler())
        logging.getLogger("expplat").propagate = False
        path = Path(sys.argv[1], "rules.json")
        text = Path(sys.argv[2]).read_text()
        path.write_text(text)
        clients = [Client(Source.file(path, watch_interval_ms=1), sink=Sink.file(sys.argv[1] + "/events"),
                          on_ruleset=lambda change: sum(range(10_000)), on_status=lambda _: None) for _ in range(4)]
        for number in range(60):
            path.write_text(text.replace('"version": 1', f'"version": {number + 2}'))
            for client in clients:
                client.track("event", user, properties="no json")
            pid = os.fork()
            if pid == 0:
                os._exit(0 if clients[0].variant("checkout-cta", user) == "green" else 1)
            assert os.waitpid(pid, 0)[1] == 0
        """, tmp_path, QUICKSTART)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(tmp_path, method):
    """A worker's events are sent though it ends without `atexit`."""
    program = tmp_path / "program.py"
    program.write_text(OPENED + textwrap.dedent("""
        import multiprocessing
        folder = sys.argv[1]
        def work(number):
            global client
            if "client" not in globals():
                client = opened(folder + "/events")
            client.track(f"event-{number}", user)
            return client.variant("checkout-cta", user).key
        if __name__ == "__main__":
            multiprocessing.set_start_method(sys.argv[2])
            client = opened(folder + "/events")
            pool = multiprocessing.Pool(3)
            print(set(pool.map(work, range(30))))
            pool.close()
            pool.join()
        """))
    done = subprocess.run([*PYTHON, str(program), str(tmp_path), method], capture_output=True, text=True, timeout=60,
                          check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{'green'}\n", "")
    names = {event["event"] for event in events(tmp_path / "events") if event["type"] == "track"}
    assert names == {f"event-{number}" for number in range(30)}


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.mark.parametrize("options", [["--preload"], []])
def test_gunicorn(tmp_path, options):
    """A real gunicorn with two workers of threads: a client that is opened before the fork, or after it."""
    (tmp_path / "app.py").write_text(OPENED + textwrap.dedent("""
        client = opened(os.environ["EVENTS"], batch_age_ms=20)
        def application(environ, start_response):
            client.track("request", {"key": environ["PATH_INFO"][1:]})
            body = f"{client.variant('checkout-cta', user).key} {os.getpid()}".encode()
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        """))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers=2", "--threads=2", f"--bind=127.0.0.1:{port}", "--log-level=warning",
         "--no-control-socket", *options, "app:application"],
        cwd=tmp_path, env={**os.environ, "EVENTS": str(tmp_path / "events")}, stderr=subprocess.PIPE, text=True)
    try:
        answers = set()
        deadline = time.monotonic() + 30
        asked = 0
        while (asked < 60 or len(answers) < 2) and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/user-{asked}", timeout=5) as answer:
                    answers.add(answer.read().decode())
                asked += 1
            except OSError:
                assert server.poll() is None, server.stderr.read()
                time.sleep(0.05)
        assert {answer.split()[0] for answer in answers} == {"green"} and len(answers) == 2
    finally:
        server.send_signal(signal.SIGTERM)
        _, words = server.communicate(timeout=30)
    assert server.returncode == 0, words
    assert "Traceback" not in words and "rror" not in words, words
    asked_users = {f"user-{number}" for number in range(asked)}
    assert {event["unit_id"] for event in events(tmp_path / "events") if event["type"] == "track"} == asked_users


ENDINGS = {
    "open": "client = opened(sys.argv[1])\nclient.track('event', user)",
    "in a ring": "class Ring: pass\nring = Ring()\nring.ring, ring.client = ring, opened(sys.argv[1])\n"
                 "ring.client.track('event', user)",
    "of a module": "import builtins\nbuiltins.client = opened(sys.argv[1])\nbuiltins.client.track('event', user)",
    "of a thread": "opened(sys.argv[1]).track('event', user)\nclient = opened(sys.argv[1])\n"
                   "threading.Thread(target=lambda: [client.variant('checkout-cta', user) for _ in iter(int, 1)], daemon=True).start()",
    "while a thread waits": "import logging\nlogging.getLogger('expplat').setLevel(logging.CRITICAL)\nclient = opened(sys.argv[1])\nclient.track('event', user)\n"
                            "other = Client(Source.server('http://127.0.0.1:9', 'key'), shutdown_timeout_ms=1)\n"
                            "threading.Thread(target=other.wait_ready, args=(None,), daemon=True).start()\ntime.sleep(.1)",
    "with listeners": "client = opened(sys.argv[1], on_status=lambda s: None, on_ruleset=lambda c: None)\nclient.track('event', user)",
    "asked in __del__": "class Last:\n    def __del__(self):\n        client.variant('checkout-cta', user); client.close()\n"
                        "client = opened(sys.argv[1])\nclient.track('event', user)\nlast = Last()",
    "by sys.exit in a handler": "client = opened(sys.argv[1])\nclient.track('event', user)\nimport atexit\n"
                                "atexit.register(lambda: client.variant('checkout-cta', user))\nsys.exit(0)",
    "garbage": "import gc\ngc.disable()\ndef lose():\n    held = []\n    client = opened(sys.argv[1], on_ruleset=held.append)\n"
               "    held.append(client)\n    client.track('event', user)\nlose()",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_end_of_the_interpreter(tmp_path, how):
    run(ENDINGS[how], tmp_path / "events")
    assert "event" in {event.get("event") for event in events(tmp_path / "events")}


def test_ctrl_c_is_heard(tmp_path):
    program = OPENED + textwrap.dedent("""
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        client = Client(Source.server('http://127.0.0.1:9', 'key'))
        print('waiting', flush=True)
        client.wait_ready(None)
        """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in words


def test_importing_is_light():
    """What is slow to import is not imported before it is needed."""
    out = run("print([name for name in ('logging', 'json', 'dataclasses', 'asyncio', 'openfeature') if name in sys.modules])")
    assert out == "[]\n"
