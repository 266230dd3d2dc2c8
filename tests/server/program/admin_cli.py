#!/usr/bin/env python3
"""The command line's administration against the real server: logging in and its tokens, flags, experiments, keys, differences,
promotion, publishing of a file, and the audit's export checked without the server, whole and tampered with.

Usage:  admin_cli.py EXPPLAT_SERVER EXPPLAT
"""

import http.server
import json
import os
import pathlib
import pty
import re
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from certificate import make_certificate  # noqa: E402
from served import EMAIL, PASSWORD, Served  # noqa: E402

CLI = os.path.abspath(sys.argv.pop(2))
PROGRAM = sys.argv.pop(1)
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "README.md")
P = "/api/v1/projects/game"
SECRET = "a secret of the test of more than 32 characters"
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
EXPERIMENT = {"type": "string", "variants": {"a": "1", "b": "2"},
              "split": [{"variant": "a", "weight": 50}, {"variant": "b", "weight": 50}]}


class CommandLine(unittest.TestCase):
    """The tests of a class share a server; each uses keys of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = Served(PROGRAM, environment={"SECRET_KEY": SECRET}).__enter__()
        cls.server.set_up()
        cls.folder = tempfile.TemporaryDirectory(prefix="expplat-admin-cli-")
        cls.home = cls.folder.name
        cls.session = os.path.join(cls.home, "expplat", "session.json")
        cls.must_log_in()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.folder.cleanup()

    @classmethod
    def run_it(cls, *words, home=None, variables=None, text=None):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPPLAT_", "SECRET_"))}
        return subprocess.run([CLI, *words], env=kept | {"XDG_CONFIG_HOME": home or cls.home} | (variables or {}),
                              input=text if text is not None else "", capture_output=True, text=True, timeout=120, check=False)

    @classmethod
    def must_log_in(cls, home=None):
        done = cls.run_it("login", cls.server.url, "--email", EMAIL, home=home, variables={"EXPPLAT_PASSWORD": PASSWORD})
        assert done.returncode == 0, done.stderr
        return done

    def must(self, *words, **more):
        done = self.run_it(*words, **more)
        self.assertEqual(done.returncode, 0, (words, done.stdout, done.stderr))
        return done.stdout

    def refused(self, status, said, *words, **more):
        done = self.run_it(*words, **more)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        self.assertIn(said, done.stderr)
        return done

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def body(self, kind, key, environment):
        return self.server.must("GET", f"{P}/{kind}/{key}/environments/{environment}").json["body"]


class Https(unittest.TestCase):
    def test_a_server_with_a_certificate(self):
        with tempfile.TemporaryDirectory(prefix="expplat-https-") as home:
            make_certificate(pathlib.Path(home), "server", "IP:127.0.0.1")
            authority = os.path.join(home, "ca.pem")
            settings = {"EXPPLAT_TLS_CERTIFICATE": os.path.join(home, "server.pem"),
                        "EXPPLAT_TLS_KEY": os.path.join(home, "server.key")}
            with Served(PROGRAM, environment=settings) as server:
                self.assertTrue(server.url.startswith("https://"), server.url)
                context = ssl.create_default_context(cafile=authority)
                context.set_alpn_protocols(["h2", "http/1.1"])
                with urllib.request.urlopen(f"{server.url}/health/live", context=context, timeout=20) as answer:
                    self.assertEqual(answer.status, 200)

                def log_in(**variables):
                    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXPPLAT_")}
                    return subprocess.run([CLI, "login", server.url, "--email", EMAIL], timeout=60, check=False, input="",
                                          capture_output=True, text=True,
                                          env=kept | {"XDG_CONFIG_HOME": home, "EXPPLAT_PASSWORD": PASSWORD} | variables)
                done = log_in(SSL_CERT_FILE=authority)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("logged in at https://", done.stdout)
                done = log_in()
                self.assertEqual(done.returncode, 1, "an authority that nobody knows")
                self.assertIn("certificate", done.stderr)


class Sessions(CommandLine):
    def test_a_log_in_is_kept_for_its_owner_alone(self):
        with tempfile.TemporaryDirectory() as home:
            done = self.must_log_in(home)
            self.assertIn(f"logged in at {self.server.url} as {EMAIL}", done.stdout)
            path = os.path.join(home, "expplat", "session.json")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
            with open(path, encoding="utf-8") as file:
                self.assertNotIn(PASSWORD, file.read())
            self.must("flags", "list", home=home)
            # The other log-ins of the person end with it, so it is the last one that this test makes of it.
            self.must("logout", home=home)
            self.assertFalse(os.path.exists(path))
            self.refused(1, "which server?", "flags", "list", home=home)
            self.assertIn("nobody was logged in", self.must("logout", home=home))
        # Tokens of before the second that a log-out fell into are over with it.
        time.sleep(1.1)
        self.must_log_in()
        self.server.log_in()

    def test_a_wrong_password_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as home:
            self.refused(1, "password is wrong", "login", self.server.url, "--email", EMAIL, home=home,
                         variables={"EXPPLAT_PASSWORD": "something else"})
            self.assertEqual(os.listdir(home), [])
            self.refused(1, "there is no password", "login", self.server.url, "--email", EMAIL, home=home)
            self.refused(2, "expected --email", "login", self.server.url, home=home)
            self.refused(2, "expected the server's URL", "login", home=home)
            self.refused(1, "URL", "login", "flags.example.com", "--email", EMAIL, home=home)

    def test_a_password_comes_from_standard_input(self):
        with tempfile.TemporaryDirectory() as home:
            self.must("login", self.server.url + "/", "--email", EMAIL, home=home, text=PASSWORD + "\n")
            self.must("flags", "list", home=home)

    def test_a_password_is_asked_for_at_a_terminal_and_not_shown(self):
        with tempfile.TemporaryDirectory() as home:
            pid, terminal = pty.fork()
            if pid == 0:
                os.environ["XDG_CONFIG_HOME"] = home
                os.execv(CLI, [CLI, "login", self.server.url, "--email", EMAIL])
            shown = b""
            while b"Password of" not in shown or not shown.endswith(b": "):
                shown += os.read(terminal, 1000)
            os.write(terminal, PASSWORD.encode() + b"\n")
            try:
                while piece := os.read(terminal, 1000):
                    shown += piece
            except OSError:
                pass  # the terminal is gone with the program
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, shown)
            os.close(terminal)
            self.assertNotIn(PASSWORD.encode(), shown)
            self.assertIn(b"logged in", shown)

    def test_a_token_that_is_over_is_renewed_and_kept(self):
        with tempfile.TemporaryDirectory() as home:
            self.must_log_in(home)
            path = os.path.join(home, "expplat", "session.json")
            for change in ({"expires_ms": 1}, {"access_token": "e30.e30.e30"}):
                with open(path, encoding="utf-8") as file:
                    session = json.load(file)
                old = session["access_token"]
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(session | change, file)
                self.must("flags", "list", home=home)
                with open(path, encoding="utf-8") as file:
                    renewed = json.load(file)
                self.assertNotEqual(renewed["access_token"], (session | change)["access_token"])
                self.assertGreater(renewed["expires_ms"], time.time() * 1000)
                self.assertTrue(old)
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(renewed | {"expires_ms": 1, "refresh_token": "e30.e30.e30"}, file)
            self.refused(1, f"expplat login {self.server.url}", "flags", "list", home=home)
            with open(path, "w", encoding="utf-8") as file:
                file.write("{")
            self.refused(1, "log in again", "flags", "list", home=home)

    def test_the_tokens_go_to_their_own_server_alone(self):
        asked = []

        class Other(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.headers)
                self.send_error(500)

            def log_message(self, *_):
                pass
        other = http.server.HTTPServer(("127.0.0.1", 0), Other)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{other.server_port}"
            self.refused(1, f"not logged in at {url}", "flags", "list", "--url", url)
            self.assertEqual(asked, [])
            self.refused(1, "the server answers 500", "flags", "list", "--project", "p", "--url", url,
                         variables={"EXPPLAT_KEY": "xp_admin_of_there"})
            self.assertEqual(asked[0]["Authorization"], "Bearer xp_admin_of_there")
        finally:
            other.shutdown()
            other.server_close()

    def test_a_server_that_is_away_is_told(self):
        with tempfile.TemporaryDirectory() as home:
            self.refused(1, "", "login", "http://127.0.0.1:1", "--email", EMAIL, home=home,
                         variables={"EXPPLAT_PASSWORD": "x"})

    def test_an_admin_key_does_without_a_log_in(self):
        with tempfile.TemporaryDirectory() as home:
            key = self.must("keys", "create", "automation", "--kind", "admin", "--environment", "staging").strip()
            self.assertTrue(key.startswith("xp_admin_"), key)
            variables = {"EXPPLAT_KEY": key, "EXPPLAT_URL": self.server.url, "EXPPLAT_PROJECT": "game"}
            self.must("flags", "list", home=home, variables=variables)
            self.refused(1, "", "keys", "create", "more", "--environment", "staging", home=home, variables=variables)
            self.refused(1, "", "flags", "list", home=home, variables=variables | {"EXPPLAT_KEY": key[:-1] + "!"})
            whole = self.must("keys", "create", "the pipeline", "--kind", "admin", "--days", "9").strip()
            self.assertIn("the pipeline", self.must("keys", "list"))
            variables["EXPPLAT_KEY"] = whole
            del variables["EXPPLAT_PROJECT"]
            self.must("flags", "create", "by-key", "--boolean", "--environment", "staging", home=home, variables=variables)
            self.must("promote", "staging", "production", "--flag", "by-key", "--yes", home=home, variables=variables)
            self.must("diff", "staging", "production", home=home, variables=variables)


class Entities(CommandLine):
    def test_a_flag_lives(self):
        self.assertIn("not configured anywhere yet",
                      self.must("flags", "create", "f1", "--name", "Die Erste", "--tag", "ui", "--tag", "shop"))
        path = self.file("flag.json", FLAG)
        self.assertIn("revision 1: on: by default on",
                      self.must("flags", "set", "f1", path, "--environment", "production"))
        listed = self.must("flags", "list", "--environment", "production")
        self.assertRegex(listed, r"(?m)^KEY +production +NAME +TAGS +UPDATED$")
        self.assertRegex(listed, r"(?m)^f1 +on +Die Erste +ui, shop +20\d\d-")
        self.assertIn("off: everybody gets off", self.must("flags", "disable", "f1", "--environment", "production"))
        self.assertFalse(self.body("flags", "f1", "production")["enabled"])
        self.must("flags", "enable", "f1", "--environment", "production")
        self.must("flags", "set", "f1", "--default", "off", "--environment", "production")
        self.assertEqual(self.body("flags", "f1", "production"), FLAG | {"enabled": True, "default": "off"})
        shown = self.must("flags", "show", "f1")
        self.assertIn("name: Die Erste", shown)
        self.assertIn("production, revision 4: on: by default off", shown)
        self.assertNotIn("\x1b", shown)
        machine = json.loads(self.must("flags", "show", "f1", "--json"))
        self.assertEqual(machine["configurations"]["production"]["revision"], 4)
        self.must("flags", "archive", "f1")
        self.assertNotIn("f1 ", self.must("flags", "list"))
        self.assertIn("f1 ", self.must("flags", "list", "--archived"))
        self.must("flags", "unarchive", "f1")

    def test_a_boolean_flag_begins_switched_off(self):
        self.must("flags", "create", "f2", "--boolean", "--environment", "staging")
        self.assertFalse(self.body("flags", "f2", "staging")["enabled"])
        self.refused(1, "taken", "flags", "create", "f2")
        self.refused(2, "for which --environment?", "flags", "create", "f3", "--boolean")

    def test_a_change_by_somebody_else_is_not_overwritten(self):
        self.must("flags", "create", "f4", "--boolean", "--environment", "staging")
        self.must("flags", "enable", "f4", "--environment", "staging", "--if-revision", "1")
        self.refused(1, "somebody changed it in the meantime", "flags", "disable", "f4", "--environment", "staging",
                     "--if-revision", "1")
        path = self.file("f4.json", FLAG)
        self.refused(1, "somebody changed it", "flags", "set", "f4", path, "--environment", "staging", "--if-revision", "1")
        self.assertTrue(self.body("flags", "f4", "staging")["enabled"])

    def test_what_is_wrong_is_told_with_its_place(self):
        self.must("flags", "create", "f5")
        path = self.file("wrong.json", FLAG | {"default": "nowhere", "off": "neither"})
        done = self.refused(1, "would not be valid", "flags", "set", "f5", path, "--environment", "production")
        self.assertIn("\n  /default: ", done.stderr)
        self.assertIn("\n  /off: ", done.stderr)
        self.refused(1, "no flag", "flags", "show", "nobody")
        self.refused(1, "cannot read", "flags", "set", "f5", path + "-not", "--environment", "production")
        for words in (("flags",), ("flags", "start", "f5"), ("flags", "frobnicate"), ("experiments", "enable", "e"),
                      ("flags", "show"), ("flags", "list", "more"), ("flags", "set", "f5"), ("flags", "enable", "f5"),
                      ("flags", "list", "--nonsense"), ("keys", "create"), ("keys", "create", "x"), ("audit",), ("diff", "a"),
                      ("promote", "a", "a"), ("publish",)):
            done = self.run_it(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), (words, done.stderr))
            self.assertIn("--help", done.stderr)

    def test_an_experiment_lives(self):
        path = self.file("e1.json", EXPERIMENT)
        self.must("experiments", "create", "e1", path, "--environment", "production")
        self.assertRegex(self.must("experiments", "list", "--environment", "production"), r"(?m)^e1 +draft ")
        verbs = ("start", "running"), ("pause", "paused"), ("start", "running")
        for verb, state in verbs:
            self.assertIn(f"in production: {state}", self.must("experiments", verb, "e1", "--environment", "production"))
        other = self.file("e1b.json", EXPERIMENT | {"split": [{"variant": "a", "weight": 1}]})
        self.refused(1, "new phase", "experiments", "set", "e1", other, "--environment", "production")
        self.must("experiments", "set", "e1", other, "--environment", "production", "--new-phase", "only a")
        self.assertIn("completed, winner a",
                      self.must("experiments", "complete", "e1", "--winner", "a", "--environment", "production"))
        self.refused(1, "cannot become", "experiments", "start", "e1", "--environment", "production")

    def test_keys_are_made_listed_and_revoked(self):
        key = self.must("keys", "create", "the game", "--environment", "production", "--days", "30").strip()
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset", token=key).status, 200)
        listed = self.must("keys", "list", "--environment", "production")
        self.assertNotIn(key, listed)
        # The newest is first.
        ident = listed.splitlines()[1].split()[0]
        self.assertIn("good until", listed.splitlines()[1])
        self.assertIn("is revoked", self.must("keys", "revoke", ident))
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset", token=key).status, 401)
        self.assertIn("revoked 20", self.must("keys", "list", "--environment", "production"))
        self.refused(1, "kind", "keys", "create", "x", "--kind", "golden", "--environment", "production")

    def test_keys_with_a_slash_and_a_project_that_must_be_named(self):
        self.must("flags", "create", "shop/cart:v2", "--boolean", "--environment", "staging")
        self.must("flags", "enable", "shop/cart:v2", "--environment", "staging")
        self.server.must("POST", "/api/v1/projects", {"key": "another"})
        try:
            self.refused(1, "one of another, game", "flags", "list")
            self.must("flags", "list", "--project", "game")
        finally:
            self.server.must("PATCH", "/api/v1/projects/another", {"archived": True})
        self.must("flags", "list")

    def test_every_command_has_help_with_an_example(self):
        for command in ("login", "logout", "flags", "experiments", "keys", "diff", "promote", "publish", "audit"):
            text = self.must(command, "--help")
            self.assertRegex(text, rf"(?m)^  (export .*)?.*expplat {command}", command)
            self.assertIn(f"expplat {command}", self.must("--help"))


class Environments(CommandLine):
    def setUp(self):
        """A project of its own for each test."""
        self.project = self.id().rsplit(".", 1)[1][:60].replace("_", "-")
        self.server.must("POST", "/api/v1/projects", {"key": self.project})
        for environment in ("production", "staging"):
            self.server.must("POST", f"/api/v1/projects/{self.project}/environments", {"key": environment})

    def make(self, kind, key, **bodies):
        self.server.must("POST", f"/api/v1/projects/{self.project}/{kind}", {"key": key, "configurations": bodies})

    def get(self, kind, key, environment):
        answer = self.server.ask("GET", f"/api/v1/projects/{self.project}/{kind}/{key}/environments/{environment}")
        return answer.json["body"] if answer.status == 200 else None

    def put(self, kind, key, environment, body):
        self.server.must("PUT", f"/api/v1/projects/{self.project}/{kind}/{key}/environments/{environment}", body)

    def cli(self, *words):
        return (*words, "--project", self.project)

    def test_differences_in_words_and_for_machines(self):
        self.make("flags", "same", staging=FLAG, production={**FLAG, "enabled": True})
        self.assertIn("are the same", self.must(*self.cli("diff", "staging", "production")))
        self.make("flags", "other", staging=FLAG, production=FLAG | {"default": "off"})
        self.make("flags", "new", staging=FLAG)
        self.make("segments", "old", production={"included": ["u"]})
        done = self.run_it(*self.cli("diff", "staging", "production"))
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(done.stdout, "segment old: only in production\n"
                                      "flag new: only in staging\n"
                                      "flag other: 1 place differs\n"
                                      '  /default: "on" in staging, "off" in production\n')
        done = self.run_it(*self.cli("diff", "staging", "production", "--json"))
        self.assertEqual(json.loads(done.stdout)["differences"][2],
                         {"kind": "flag", "key": "other",
                          "places": [{"pointer": "/default", "left": "on", "right": "off"}]})
        self.refused(2, "no environment", *self.cli("diff", "staging", "nowhere"))

    def test_a_promotion_copies_all_of_it_or_nothing(self):
        rules = [{"id": "vip", "if": {"segment": "vip"}, "serve": "off"}]
        self.make("segments", "vip", staging={"included": ["anna"]})
        self.make("flags", "new", staging=FLAG | {"rules": rules})
        self.make("flags", "other", staging=FLAG, production=FLAG | {"default": "off"})
        self.make("flags", "stays", production=FLAG)
        done = self.run_it(*self.cli("promote", "staging", "production"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("flag new: only in staging", done.stdout)
        self.assertIn("1 more is only in production and stay", done.stdout)
        self.assertIn("--yes", done.stderr)
        self.assertIsNone(self.get("flags", "new", "production"), "nobody was there to ask")
        # A flag without the segment that it names would not compile: nothing of it is done.
        done = self.refused(1, "segment", *self.cli("promote", "staging", "production", "--flag", "new", "--flag", "other",
                                                    "--yes"))
        self.assertEqual(self.get("flags", "other", "production")["default"], "off")
        self.refused(1, "neither in staging nor in production",
                     *self.cli("promote", "staging", "production", "--flag", "nwe", "--yes"))
        self.assertIn("would take it", self.must(*self.cli("promote", "staging", "production", "--dry-run")))
        self.assertIsNone(self.get("flags", "new", "production"))
        self.must(*self.cli("promote", "staging", "production", "--flag", "other", "--yes"))
        self.assertEqual(self.get("flags", "other", "production"), FLAG)
        self.assertIsNone(self.get("flags", "new", "production"))
        self.assertIn("production is changed: 2 entities", self.must(*self.cli("promote", "staging", "production", "--yes")))
        self.assertEqual(self.get("flags", "new", "production"), FLAG | {"rules": rules})
        self.assertEqual(self.get("flags", "stays", "production"), FLAG)
        self.must(*self.cli("promote", "staging", "production", "--yes", "--prune"))
        self.assertIsNone(self.get("flags", "stays", "production"))
        self.assertIn("nothing to change", self.must(*self.cli("promote", "staging", "production")))
        self.must(*self.cli("diff", "staging", "production"))

    def test_a_promotion_asks_at_a_terminal(self):
        self.make("flags", "f", staging=FLAG)
        for answer, expected in ((b"n\n", None), (b"y\n", FLAG)):
            pid, terminal = pty.fork()
            if pid == 0:
                os.environ["XDG_CONFIG_HOME"] = self.home
                os.execv(CLI, [CLI, "promote", "staging", "production", "--project", self.project])
            shown = b""
            while b"[y/N] " not in shown:
                shown += os.read(terminal, 1000)
            os.write(terminal, answer)
            try:
                while os.read(terminal, 1000):
                    pass
            except OSError:
                pass
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 1 if expected is None else 0)
            os.close(terminal)
            self.assertEqual(self.get("flags", "f", "production"), expected)

    def test_a_promotion_leaves_an_experiments_life_to_its_environment(self):
        self.make("experiments", "e", staging=EXPERIMENT, production=EXPERIMENT | {"traffic": 50})
        self.make("experiments", "new", staging=EXPERIMENT)
        for key, environment in (("e", "production"), ("new", "staging")):
            self.must(*self.cli("experiments", "start", key, "--environment", environment))
        self.must(*self.cli("promote", "staging", "production", "--yes"))
        self.assertEqual(self.get("experiments", "e", "production"), EXPERIMENT | {"status": "running"})
        self.assertEqual(self.get("experiments", "new", "production")["status"], "draft")
        self.assertIn("nothing to change", self.must(*self.cli("promote", "staging", "production")))

    def test_an_environment_that_takes_changes_by_request_alone_says_so(self):
        self.make("flags", "f", staging=FLAG)
        self.server.must("PATCH", f"/api/v1/projects/{self.project}/environments/production", {"requires_approval": True})
        self.refused(1, "change request", *self.cli("promote", "staging", "production", "--yes"))

    def test_a_file_is_published(self):
        ruleset = {"format": "expplat.ruleset/1", "environment": "anything", "version": 1,
                   "segments": {"vip": {"included": ["anna"]}},
                   "flags": {"f": FLAG | {"rules": [{"id": "r", "if": {"segment": "vip"}, "serve": "off"}]}},
                   "experiments": {"e": EXPERIMENT | {"status": "running"}}}
        path = self.file("ruleset.json", ruleset)
        self.make("flags", "stays", staging=FLAG)
        words = self.cli("publish", path, "--environment", "staging", "--yes")
        said = self.must(*words)
        self.assertIn("staging is changed: 3 entities", said)
        self.assertRegex(said, r"version \d+ of staging is in force")
        self.assertEqual(self.get("experiments", "e", "staging"), EXPERIMENT | {"status": "running"})
        self.assertIn("nothing to change", self.must(*words))
        done = self.run_it(*self.cli("diff", path, "staging"))
        self.assertEqual((done.returncode, done.stdout), (1, "flag stays: only in staging\n"))
        ruleset["experiments"]["e"] |= {"status": "completed", "winner": "b"}
        self.must(*self.cli("publish", self.file("ruleset.json", ruleset), "--environment", "staging", "--yes"))
        self.assertEqual(self.get("experiments", "e", "staging"), EXPERIMENT | {"status": "completed", "winner": "b"})
        ruleset["experiments"]["e"] |= {"status": "running", "winner": None}
        self.refused(1, "is completed in staging and cannot become running",
                     *self.cli("publish", self.file("ruleset.json", ruleset), "--environment", "staging", "--yes"))
        ruleset["flags"]["f"]["default"] = "nowhere"
        self.refused(1, "/flags/f/default: ",
                     *self.cli("publish", self.file("ruleset.json", ruleset), "--environment", "staging", "--yes"))
        self.assertRegex(self.must(*self.cli("publish", "--environment", "staging")), r"version \d+ of staging is in force")


class Approval(CommandLine):
    def test_where_approval_is_needed_the_error_says_what_to_do_and_the_bodies_of_readme_do_it(self):
        self.server.must("POST", f"{P}/flags", {"key": "new-ui", "configurations": {"production": FLAG, "staging": FLAG}})
        self.server.must("POST", f"{P}/flags/new-ui/environments/production/disable")
        self.server.must("PATCH", f"{P}/environments/production", {"requires_approval": True})
        self.refused(1, "change-requests", "flags", "enable", "new-ui", "--environment", "production")
        self.refused(1, "change-requests", "promote", "staging", "production", "--yes")
        with open(README, encoding="utf-8") as file:
            part = file.read().split("**Changes for later.**")[1].split("**OpenFeature.**")[0]
        self.server.must("PATCH", f"{P}/environments/production", {"requires_approval": False})
        calls = re.findall(r"call \$api/projects/game/(\S+) -d '([^']*)'", part)
        self.assertEqual([path for path, _ in calls], ["change-requests"] + ["schedules"] * 3)
        for path, body in calls:
            body = json.loads(body)
            if "due_ms" in body:
                body["due_ms"] = int(time.time() * 1000) + 3_600_000
            self.server.must("POST", f"{P}/{path}", body)
            self.server.must("POST", f"{P}/changes", {"rehearse": True, "changes": [body["change"]]})


class Page(CommandLine):
    """README.md's session with a server: its `sh` block is typed at a terminal, and what is shown must be what the page shows."""

    TYPED = {"Password of": PASSWORD + "\n", "[y/N] ": "y\n"}  # by the end of what is shown

    def shown_by(self, command):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(XDG_CONFIG_HOME=self.home, PATH=os.path.dirname(CLI) + ":" + os.environ["PATH"])
            os.execvp("bash", ["bash", "-c", command])
        shown, read = "", 0
        try:
            while piece := os.read(terminal, 1000):
                shown += piece.decode()
                for end, typed in self.TYPED.items():
                    if end in shown[read:] and shown.endswith((": ", "[y/N] ")):
                        os.write(terminal, typed.encode())
                        read = len(shown)
        except OSError:
            pass  # the terminal is gone with the program
        os.waitpid(pid, 0)
        os.close(terminal)
        return re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")  # a terminal gets colours

    def test_what_readme_shows_is_what_happens(self):
        with open(README, encoding="utf-8") as file:
            blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.DOTALL | re.MULTILINE)
        self.assertEqual(len(blocks), 1)
        page = blocks[0].replace("https://flags.example.com", self.server.url).replace("ann@example.com", EMAIL)
        steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", page, re.MULTILINE)
        self.assertGreater(len(steps), 5)
        for command, expected in steps:
            shown = "\n".join(line.rstrip() for line in self.shown_by(command).split("\n"))
            ids = r"\b[0-9a-f]{16}\b"  # drawn at random
            self.assertEqual(re.sub(ids, "ID", shown), re.sub(ids, "ID", expected), command)


class Audit(CommandLine):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for key in ("f1", "=f2", "f3")[::2]:
            cls.server.must("POST", f"{P}/flags", {"key": key, "name": "=1+1, \"quoted\"\nand a line",
                                                   "configurations": {"production": FLAG}})
        # What a spreadsheet would take for a formula, in the audit as somebody sent it.
        for word in ("=1+1", "'=1+1,x", "-plain", "@a\"b"):
            cls.server.must("POST", f"{P}/flags/f1/environments/production/disable", headers={"X-Request-Id": word})
            cls.server.must("POST", f"{P}/flags/f1/environments/production/enable")
        cls.files = {}
        for form in ("ndjson", "json", "csv"):
            path = os.path.join(cls.folder.name, f"audit.{form}")
            done = cls.run_it("audit", "export", "--format", form, "-o", path)
            assert done.returncode == 0, done.stderr
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            with open(path, encoding="utf-8", newline="") as file:
                cls.files[form] = file.read()

    def verify(self, form, text, variables=None, words=()):
        return self.run_it("audit", "verify", self.file(f"tampered.{form}", text), *words,
                           variables={"SECRET_KEY": SECRET} if variables is None else variables)

    def found(self, form, text, said, line=None, variables=None):
        done = self.verify(form, text, variables)
        self.assertEqual((done.returncode, done.stdout), (1, ""), (form, said, done.stderr))
        self.assertIn(said, done.stderr)
        match = re.search(rf"tampered\.{form}:(\d+): ", done.stderr)
        self.assertTrue(match, done.stderr)
        if line is not None:
            self.assertEqual(int(match[1]), line, done.stderr)

    def test_an_export_that_nobody_touched_is_intact(self):
        for form, text in self.files.items():
            done = self.verify(form, text)
            self.assertEqual(done.returncode, 0, (form, done.stderr))
            self.assertRegex(done.stdout, r"is intact: \d+ entries, 1 to \d+" +
                             ("\n$" if form == "csv" else ", signed by this server\n$"))
            self.assertEqual("no signed head" in done.stderr, form == "csv")
        pretty = json.dumps(json.loads(self.files["json"]), indent=2, ensure_ascii=False)
        self.assertEqual(self.verify("json", pretty).returncode, 0, "white space is no change")
        done = self.run_it("audit", "export")
        self.assertEqual(self.verify("ndjson", done.stdout).returncode, 0)

    def test_without_the_secret_the_chain_alone_is_checked_and_that_is_said(self):
        done = self.verify("ndjson", self.files["ndjson"], {})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the chain alone was checked", done.stderr)
        self.assertNotIn("signed", done.stdout)
        self.found("ndjson", self.files["ndjson"], "signature", variables={"SECRET_KEY": "x" * 40})
        self.assertEqual(self.verify("ndjson", self.files["ndjson"], {"SECRET_KEY": "x" * 40,
                                                                      "SECRET_KEY_PREVIOUS": f"y, {SECRET}"}).returncode, 0)
        secret = self.file("secret-key", SECRET + "\n")
        self.assertEqual(self.verify("ndjson", self.files["ndjson"], {}, ("--secret-file", secret)).returncode, 0)
        verdict = json.loads(self.verify("ndjson", self.files["ndjson"], words=("--json",)).stdout)
        self.assertEqual((verdict["intact"], verdict["first"], verdict["signature"]), (True, 1, "good"))

    def test_edits_are_found_and_told_with_their_line(self):
        for form, text in self.files.items():
            lines = text.splitlines(keepends=True)
            for number in (1, 4, len(lines) // 2):
                edited = list(lines)
                self.assertIn(EMAIL, edited[number], form)
                edited[number] = edited[number].replace(EMAIL, "nobody@example.com", 1)
                # A record of CSV may begin on a line before.
                self.found(form, "".join(edited), "was changed", number + 1 if form != "csv" else None)

    def test_deletions_are_found(self):
        for form in ("ndjson", "json"):
            lines = self.files[form].splitlines(keepends=True)
            first = 0 if form == "ndjson" else 1
            for number in (first, first + 3):
                self.found(form, "".join(lines[:number] + lines[number + 1:]), "missing")
        rows = self.files["csv"].split("\r\n")
        self.found("csv", "\r\n".join(rows[:3] + rows[4:]), "missing or out of order", None)

    def test_reordering_is_found(self):
        lines = self.files["ndjson"].splitlines(keepends=True)
        lines[3], lines[4] = lines[4], lines[3]
        self.found("ndjson", "".join(lines), "out of order", 4)
        lines = self.files["json"].splitlines(keepends=True)
        lines[3], lines[4] = lines[4], lines[3]
        self.found("json", "".join(lines), "out of order", 4)
        rows = self.files["csv"].split("\r\n")
        rows[3], rows[4] = rows[4], rows[3]
        self.found("csv", "\r\n".join(rows), "out of order")

    def test_what_is_cut_off_is_found(self):
        for variables in ({"SECRET_KEY": SECRET}, {}):
            lines = self.files["ndjson"].splitlines(keepends=True)
            self.found("ndjson", "".join(lines[:-1]), "no head", len(lines), variables)
            self.found("ndjson", "".join(lines[:-2] + lines[-1:]), "at the end are missing", len(lines) - 1, variables)
            self.found("ndjson", self.files["ndjson"][:-40], "no entry", len(lines), variables)
            self.found("ndjson", "", "no head", 1, variables)
            document = json.loads(self.files["json"])
            for count in (0, 1, 5):
                cut = {"entries": document["entries"][:count], "head": document["head"]}
                self.found("json", json.dumps(cut, ensure_ascii=False), "missing", None, variables)
            self.found("json", self.files["json"][:-2], "no head", None, variables)
            self.found("json", self.files["json"][:len(self.files["json"]) // 2], "", None, variables)
            self.found("csv", self.files["csv"][:-20], "", None, variables)

    def test_a_chain_that_was_made_anew_has_no_signature(self):
        lines = [json.loads(line) for line in self.files["ndjson"].splitlines()]
        import hashlib
        previous = ""
        for entry in lines[:-1]:
            entry["actor"]["name"] = "nobody"
            entry["previous"] = previous
            del entry["hash"]
            previous = hashlib.sha256(json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
            entry["hash"] = previous
        lines[-1]["head"]["hash"] = previous
        text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
        self.assertEqual(self.verify("ndjson", text, {}).returncode, 0, "nobody without the secret can tell")
        self.found("ndjson", text, "signature")
        # An export that begins later, by the same server, in the place of this one.
        lines = self.files["ndjson"].splitlines(keepends=True)
        head = json.loads(lines[-1])
        head["head"]["first"] = 3
        self.found("ndjson", "".join(lines[2:-1]) + json.dumps(head) + "\n", "signature")

    def test_a_part_of_the_time(self):
        entries = [json.loads(line) for line in self.files["ndjson"].splitlines()[:-1]]
        middle = entries[len(entries) // 2]["time_ms"]
        done = self.run_it("audit", "export", "--from", str(middle))
        first = json.loads(done.stdout.splitlines()[0])
        self.assertEqual(first["time_ms"], middle)
        self.found("ndjson", done.stdout, f"--from {first['sequence']} says to verify")
        self.assertEqual(self.verify("ndjson", done.stdout, words=("--from", str(first["sequence"]))).returncode, 0)
        self.refused(2, "--from takes the number", "audit", "verify", "x", "--from", "yesterday")
        self.assertIn("no entry", self.verify("ndjson", self.run_it("audit", "export", "--to", "2020-01-01").stdout).stdout)
        self.refused(2, "--from takes", "audit", "export", "--from", "yesterday")

    def test_an_export_that_cannot_be_written_leaves_no_file(self):
        self.refused(1, "cannot write", "audit", "export", "-o", os.path.join(self.folder.name, "nowhere", "x"))
        self.refused(2, "--format takes", "audit", "export", "--format", "xml")
        self.refused(1, "cannot read", "audit", "verify", os.path.join(self.folder.name, "nothing"))


del CommandLine  # a base alone

if __name__ == "__main__":
    unittest.main()
