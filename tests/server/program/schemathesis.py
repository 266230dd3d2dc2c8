#!/usr/bin/env python3
"""Every operation of the served description against the real server, with what schemathesis (PyPI) makes up for it: no 5xx,
no answer that is not described, and bodies as they are described.

Usage:  schemathesis.py EXPPLAT_SERVER PARTS
PARTS is the folder into which setup_schemathesis (.ci/setup.sh) has installed it; ends with 77 where it has not. It takes
about a minute and draws the same each time; where EXPPLAT_FULL is set, five, and what it draws is new each time.
"""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import Served  # noqa: E402

PARTS = os.path.abspath(sys.argv.pop(2))
PROGRAM = sys.argv.pop(1)
SCHEMATHESIS = os.path.join(PARTS, "venv", "bin", "schemathesis")
FULL = bool(os.environ.get("EXPPLAT_FULL"))
SECONDS = 200 if FULL else 36
P = "/api/v1/projects/game"
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
SPLIT = {"type": "string", "variants": {"a": "1", "b": "2"}, "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}
BODIES = {"flags": FLAG, "experiments": SPLIT, "segments": {"included": ["u"]}, "layers": {}, "holdouts": {"percent": 5}}
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method")
# What would end the run's own session or take its rights away, and what does not end.
PLACES = ("updateProject", "updateEnvironment")  # may archive the project under the others
IN_GAME = (("path.project", "game"), ("path.environment", "production"))
OWN = ("logOut", "changePassword", "updateUser", "followRuleset", "followChanges")


def without(*operations):
    return [word for name in operations for word in ("--exclude-operation-id", name)]


class Described(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Served(PROGRAM, environment={"EXPPLAT_RATE_LIMITS": "off"}).__enter__()
        cls.server.set_up()
        for kind, body in BODIES.items():
            for key in ("one", "shop/cart"):
                cls.server.must("POST", f"{P}/{kind}", {"key": key if kind != "experiments" else key + "-x",
                                                        "configurations": {"production": body}})
        cls.other = cls.server.must("POST", "/api/v1/users", {"email": "eve@example.com", "password": "a long enough one"}).json

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def run_over(self, seconds, *words, parameters=(), experiment=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "schemathesis.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("[parameters]\n" + "".join(f'"{name}" = "{value}"\n' for name, value in parameters))
                if experiment:  # flags and experiments share their keys
                    file.write(f'[[operations]]\ninclude-path-regex = "/experiments/"\n'
                               f'parameters = {{ "path.key" = "{experiment}" }}\n')
            done = subprocess.run(
                [SCHEMATHESIS, "--config-file", path, "run", self.server.url + "/api/v1/openapi.json",
                 "--header", f"Authorization: Bearer {self.server.token}", "--checks", ",".join(CHECKS),
                 "--max-time", str(seconds), "--workers", "1", "--continue-on-failure", "--warnings", "off",
                 "--suppress-health-check", "all", "--request-timeout", "20",
                 *(() if FULL else ("--seed", "1")), *words],
                cwd=folder, capture_output=True, text=True, timeout=seconds + 240, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-20_000:] + done.stderr)
        self.assertEqual(self.server.must("GET", "/health/ready", token="").json["status"], "ready")
        self.server.must("GET", "/api/v1/account")  # the run's own session has lasted
        self.assertTrue(self.server.must("GET", "/api/v1/audit/verify").json["intact"])

    def test_operations_on_things_that_are_there(self):
        """They stay, too."""
        self.run_over(SECONDS, *without(*OWN, *PLACES), "--exclude-operation-id-regex", "^(delete|archive)",
                      parameters=IN_GAME + (("path.key", "one"),), experiment="one-x")

    def test_operations_on_things_that_come_and_go(self):
        self.run_over(SECONDS // 2, *without(*OWN, *PLACES), parameters=IN_GAME)

    def test_operations_on_whatever_comes(self):
        self.run_over(SECONDS // 4, *without(*OWN))

    def test_changes_of_a_person(self):
        self.run_over(5, "--include-operation-id", "updateUser", "--phases", "coverage,fuzzing",
                      parameters=(("path.id", self.other["id"]),))


if __name__ == "__main__":
    if not os.path.exists(SCHEMATHESIS):
        print(f"skipped: schemathesis is not installed in {PARTS}")
        sys.exit(77)
    unittest.main()
