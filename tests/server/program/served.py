"""A running expplat-server for tests, and a client of its interface.

`Served(program)` starts one in a folder of its own, on a free port; `with` ends it (SIGTERM) and asserts that it went well.
Where EXPPLAT_TEST_POSTGRES is set (tests/server/support/with_postgres.py sets it), every folder has a schema of its own in
that PostgreSQL instead of a SQLite file.
"""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

POSTGRES = os.environ.get("EXPPLAT_TEST_POSTGRES")
PASSWORD = "correct horse battery"
EMAIL = "root@example.com"


def database_of(folder):
    """DATABASE_URL of the folder, and a secret for where that is needed."""
    if not POSTGRES:
        return {}
    schema = "served_" + os.path.basename(folder).replace("-", "_").lower()
    subprocess.run(["psql", "-qX", POSTGRES, "-c", f"CREATE SCHEMA IF NOT EXISTS {schema}"], check=True)
    joined = "&" if "?" in POSTGRES else "?"
    return {"DATABASE_URL": f"{POSTGRES}{joined}options=-csearch_path%3D{schema}", "SECRET_KEY": "s" * 40}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def problem(self):
        return self.json["type"].removeprefix("/problems/")


class Served:
    def __init__(self, program, data=None, environment=None, errors=False, log=None):
        """`errors`: the log may have lines of that level. `log`: where it goes, if not into the file `log` of `data`."""
        self.program = program
        self.folder = None if data else tempfile.TemporaryDirectory(prefix="expplat-server-")
        self.data = data or self.folder.name
        self.environment = environment or {}
        self.errors = errors
        self.stderr = log
        self.port = None
        self.token = None
        self.key = None

    def __enter__(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "EXPPLAT_"))}
        environment |= {"EXPPLAT_LISTEN": "127.0.0.1:0", "EXPPLAT_DATA": self.data, "EXPPLAT_ADMIN_EMAIL": EMAIL,
                        "EXPPLAT_ADMIN_PASSWORD": PASSWORD, "EXPPLAT_DRAIN_MS": "500"}
        environment |= database_of(self.data) | self.environment
        self.log = open(os.path.join(self.data, "log"), "ab")
        self.process = subprocess.Popen([self.program], env=environment, stdout=subprocess.PIPE,
                                        stderr=self.stderr or self.log,
                                        text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), (line, self.log_text())
        self.url = line.split()[2]
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.end()

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            status = self.process.wait(timeout=60)
            assert status == (0 if number == signal.SIGTERM else -number), (status, self.log_text())
            assert self.errors or '"level":"error"' not in self.log_text(), self.log_text()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()
        self.log.close()
        if self.folder:
            self.folder.cleanup()

    def log_text(self):
        """With all that was logged so far: the server writes it in turn, but on a thread of its own."""
        if self.port and self.process.poll() is None:
            mark = f"/log/{time.monotonic_ns()}"
            self.ask("GET", mark, token="")
            until(lambda: mark in self.log_file())
        return self.log_file()

    def log_file(self):
        with open(os.path.join(self.data, "log"), encoding="utf-8") as file:
            return file.read()

    def query(self, sql):
        """The one value that a statement answers, from the database itself."""
        url = database_of(self.data).get("DATABASE_URL")
        if url:
            return subprocess.run(["psql", "-qXAt", url, "-c", sql], check=True, capture_output=True, text=True).stdout.strip()
        with contextlib.closing(sqlite3.connect(os.path.join(self.data, "expplat.db"))) as database:
            return database.execute(sql).fetchone()[0]

    def change(self, sql):
        url = database_of(self.data).get("DATABASE_URL")
        if url:
            subprocess.run(["psql", "-qXAt", url, "-c", sql], check=True)
            return
        with contextlib.closing(sqlite3.connect(os.path.join(self.data, "expplat.db"), timeout=30)) as database:
            database.execute(sql)
            database.commit()

    def ask(self, method, path, body=None, token=None, headers=None, raw=None):
        """`token`: None the admin's, "" nobody's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            sent = {"Content-Type": "application/json"} | (headers or {})
            token = self.token if token is None else token
            if token:
                sent["Authorization"] = f"Bearer {token}"
            text = raw if raw is not None else None if body is None else json.dumps(body)
            connection.request(method, path, text, sent)
            return Answer(connection.getresponse())

    def log_in(self, email=EMAIL, password=PASSWORD):
        answer = self.ask("POST", "/api/v1/sessions", {"email": email, "password": password}, token="")
        if answer.status == 200 and email == EMAIL:
            self.token = answer.json["access_token"]
        return answer

    def must(self, method, path, body=None, **more):
        answer = self.ask(method, path, body, **more)
        assert answer.status < 300, (method, path, answer.status, answer.body)
        return answer

    def set_up(self):
        """A project `game` with `production` and `staging`, and a server key of production."""
        self.log_in()
        self.must("POST", "/api/v1/projects", {"key": "game"})
        for environment in ("production", "staging"):
            self.must("POST", "/api/v1/projects/game/environments", {"key": environment})
        made = self.must("POST", "/api/v1/projects/game/environments/production/keys",
                         {"kind": "server", "name": "the game"}).json
        self.key = made["key"]
        return made


class OneServer(unittest.TestCase):
    """The tests of a class share a server, of the subclass's `program`; each uses keys of its own."""

    program = None

    @classmethod
    def setUpClass(cls):
        cls.server = Served(cls.program).__enter__()
        cls.made = cls.server.set_up()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def ask(self, *words, **more):
        return self.server.ask(*words, **more)

    def must(self, *words, **more):
        return self.server.must(*words, **more)

    def refused(self, status, problem, *words, **more):
        answer = self.ask(*words, **more)
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.problem, problem)
        return answer.json


def until(condition, seconds=30):
    """Waits for it; fails where it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(.01)
    raise AssertionError("it did not come")
