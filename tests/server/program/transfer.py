#!/usr/bin/env python3
"""`expplat-server export` and `import`: a server's database out into a file and into the other kind, where everything answers
the same; what is refused; a backup beside a server that runs and is written to.

Usage:  transfer.py EXPPLAT_SERVER
"""

import contextlib
import functools
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import served  # noqa: E402
from served import Served, database_of, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
P = "/api/v1/projects/game"
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on",
        "rules": [{"id": "vip", "if": {"segment": "vip"}, "serve": "off"}]}
EXPERIMENT = {"type": "string", "variants": {"a": "1", "b": "2"},
              "split": [{"variant": "a", "weight": 50}, {"variant": "b", "weight": 50}]}
SECRET = {"SECRET_KEY": "s" * 40}
SQLITE = {"DATABASE_URL": ""}  # beside the data, whatever served.py would choose

# What must be the same on both sides.
PATHS = [f"{P}", f"{P}/environments", f"{P}/flags", f"{P}/flags/new-ui", f"{P}/flags/new-ui/history",
         f"{P}/experiments/cta/environments/production", f"{P}/experiments/cta/environments/production/phases",
         f"{P}/segments/vip", f"{P}/environments/production/keys", "/api/v1/users", "/api/v1/events/counts?project=game&"
         "environment=production", "/api/v1/events?project=game&environment=production"]


@functools.cache
def database(data):
    return database_of(data)


def variables(data, environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "EXPPLAT_", "DATABASE_"))}
    return kept | {"EXPPLAT_DATA": data} | database(data) | environment


def command(data, *words, environment=None, **more):
    return subprocess.run([PROGRAM, *words], env=variables(data, environment or {}), capture_output=True, timeout=120,
                          check=False, **more)


def fill(server):
    server.set_up()
    server.must("POST", f"{P}/segments", {"key": "vip", "configurations": {"production": {"included": ["anna", "bärbel"]}}})
    server.must("POST", f"{P}/flags", {"key": "new-ui", "name": "Neu: “schön”, 'quoted'\n", "configurations": {
        "production": FLAG}})
    server.must("POST", f"{P}/flags/new-ui/environments/production/disable")
    server.must("POST", f"{P}/flags/new-ui/environments/production/enable")
    server.must("POST", f"{P}/experiments", {"key": "cta", "configurations": {"production": EXPERIMENT}})
    server.must("POST", f"{P}/experiments/cta/environments/production/start")
    server.must("POST", "/api/v1/users", {"email": "eve@example.com", "password": "a long enough one",
                                          "grants": [{"role": "viewer", "project": "game", "environment": ""}]})


def answers(server):
    """What the server says to everything that is compared."""
    server.must("GET", "/api/v1/sdk/ruleset", token=server.key)  # a key's first use in an hour is noted with the key
    said = {path: server.must("GET", path).json for path in PATHS}
    ruleset = server.must("GET", "/api/v1/sdk/ruleset", token=server.key)
    said["ruleset"] = (ruleset.headers["ETag"], ruleset.json)
    said["evaluated"] = [server.must("POST", "/api/v1/evaluate", {"user": {"key": user}}, token=server.key).json
                         for user in ("anna", "bärbel", "u1", "u2")]
    return said


class Transfer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="expplat-transfer-")
        self.addCleanup(self.folder.cleanup)

    def new_data(self, name):
        path = os.path.join(self.folder.name, f"{os.path.basename(self.folder.name)}-{name}")
        os.mkdir(path)
        return path

    def test_into_the_other_kind_and_back_everything_answers_the_same(self):
        """From this test's database to SQLite, and from there into a new one of this test's kind."""
        data = self.new_data("first")
        with Served(PROGRAM, data, SECRET) as server:
            fill(server)
            expected = answers(server)
            before = server.query("SELECT COUNT(*) FROM audit")
            key = server.key
        file = os.path.join(self.folder.name, "backup.ndjson")
        for name, from_environment, environment in (("second", SECRET, SECRET | SQLITE), ("third", SECRET | SQLITE, SECRET)):
            done = command(data, "export", file, environment=from_environment)
            self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)
            self.assertRegex(done.stderr.decode(), r"exported: \d+ rows")
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
            data = self.new_data(name)
            done = command(data, "import", file, environment=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            # `query` of served.py asks the database that it chose itself; the interface answers for either.
            with Served(PROGRAM, data, environment) as server:
                server.key = key
                self.assertEqual(server.log_in().status, 200, "the same people with the same passwords")
                self.assertEqual(answers(server), expected)
                verdict = server.must("GET", "/api/v1/audit/verify").json
                self.assertTrue(verdict["intact"], verdict)
                self.assertGreater(verdict["entries"], int(before))
                server.must("POST", f"{P}/flags/new-ui/environments/production/disable")
                server.must("POST", f"{P}/flags/new-ui/environments/production/enable")
                expected = answers(server)
                self.assertTrue(server.must("GET", "/api/v1/audit/verify").json["intact"])
                before = verdict["entries"]

    def test_the_databases_own_backup_does_as_well(self):
        data = self.new_data("own")
        with Served(PROGRAM, data, SECRET) as server:
            fill(server)
            expected = answers(server)
            key = server.key
        if served.POSTGRES:
            url = database(data)["DATABASE_URL"]
            schema = url.rsplit("%3D", 1)[1]
            dump = subprocess.run(["pg_dump", "-n", schema, served.POSTGRES], check=True, capture_output=True).stdout
            for sql in (f"DROP SCHEMA {schema} CASCADE".encode(), dump):
                subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", served.POSTGRES], check=True, input=sql,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        else:
            path = os.path.join(data, "expplat.db")
            with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(path + "2")) as new:
                old.backup(new)
            os.replace(path + "2", path)
        with Served(PROGRAM, data, SECRET) as server:
            server.key = key
            server.log_in()
            self.assertEqual(answers(server), expected)
            self.assertTrue(server.must("GET", "/api/v1/audit/verify").json["intact"])

    def test_an_export_is_its_lines_on_standard_output_and_import_reads_standard_input(self):
        data = self.new_data("one")
        with Served(PROGRAM, data, SECRET) as server:
            server.set_up()
        done = command(data, "export", environment=SECRET)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[0]["expplat"], "export/1")
        self.assertEqual(lines[-1]["end"]["rows"], len(lines) - 2)
        other = self.new_data("two")
        self.assertEqual(command(other, "import", "-", environment=SECRET, input=done.stdout).returncode, 0)
        self.assertEqual(command(other, "export", environment=SECRET).stdout, done.stdout)

    def test_what_is_refused_changes_nothing(self):
        data = self.new_data("one")
        with Served(PROGRAM, data, SECRET) as server:
            server.set_up()
        whole = command(data, "export", environment=SECRET).stdout
        file = os.path.join(self.folder.name, "file")
        with open(file, "wb") as out:
            out.write(whole)
        self.refused(1, "the database is not empty", data, "import", file)
        self.assertEqual(command(data, "export", environment=SECRET).stdout, whole)
        empty = self.new_data("empty")
        for content, said in ((whole[:len(whole) // 2], "line "), (whole[:whole.rindex(b'{"end"')], "cut off"), (b"", "no"),
                              (b"{}\n", "no export"), (whole.replace(b'"export/1"', b'"export/9"', 1), "no export")):
            with open(file, "wb") as out:
                out.write(content)
            self.refused(1, said, empty, "import", file)
        self.refused(1, "No such file", empty, "import", file + "-that-is-not")
        self.refused(1, "Is a directory", empty, "import", self.folder.name)
        self.refused(2, "expected the FILE", empty, "import")
        self.refused(2, "unknown argument", empty, "export", "a", "b")
        self.refused(1, "cannot write", data, "export", os.path.join(self.folder.name, "nowhere", "file"))
        # It is still empty.
        self.assertEqual(command(empty, "import", "-", environment=SECRET, input=whole).returncode, 0)

    def refused(self, status, said, data, *words):
        done = command(data, *words, environment=SECRET)
        self.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr)
        self.assertIn(said, done.stderr.decode())

    def test_there_is_no_export_of_a_database_that_is_not_there(self):
        data = self.new_data("nothing")
        done = command(data, "export", environment=SQLITE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr.decode())
        self.assertEqual(os.listdir(data), [], "nothing was made")

    def test_a_full_disk_is_told_and_leaves_no_file(self):
        data = self.new_data("one")
        with Served(PROGRAM, data, SECRET) as server:
            server.set_up()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "export"], env=variables(data, SECRET), stdout=full, stderr=subprocess.PIPE,
                                  timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr.decode())

    def test_a_server_that_is_written_to_is_exported_as_one_state(self):
        data = self.new_data("live")
        with Served(PROGRAM, data, SECRET) as server:
            server.set_up()
            server.must("POST", f"{P}/flags", {"key": "f", "configurations": {"production": FLAG | {"rules": []}}})
            ended = threading.Event()
            wrote = []

            def write():
                while not ended.is_set():
                    for verb in ("disable", "enable"):
                        server.must("POST", f"{P}/flags/f/environments/production/{verb}")
                        wrote.append(verb)
            writer = threading.Thread(target=write)
            writer.start()
            try:
                exports = [command(data, "export", environment=SECRET) for _ in range(3)]
                until(lambda: len(wrote) > 3)
            finally:
                ended.set()
                writer.join()
            server.must("GET", f"{P}/flags/f")
        for number, done in enumerate(exports):
            self.assertEqual(done.returncode, 0, done.stderr)
            other = self.new_data(f"copy-{number}")
            self.assertEqual(command(other, "import", "-", environment=SECRET, input=done.stdout).returncode, 0)
            with Served(PROGRAM, other, SECRET) as copy:
                copy.log_in()
                self.assertTrue(copy.must("GET", "/api/v1/audit/verify").json["intact"])

    def test_of_servers_that_start_at_once_in_a_new_folder_all_have_one_secret(self):
        if served.POSTGRES:
            self.skipTest("the secret is kept beside a SQLite file")
        data = self.new_data("new")
        with Served(PROGRAM, data) as one, Served(PROGRAM, data) as other:
            one.log_in()
            self.assertEqual(other.ask("GET", "/api/v1/account", token=one.token).status, 200)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(data, "secret-key")).st_mode), 0o600)
        self.assertFalse([name for name in os.listdir(data) if name.startswith("secret-key.")])


if __name__ == "__main__":
    unittest.main()
