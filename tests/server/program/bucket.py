#!/usr/bin/env python3
"""What is published is put into a bucket of S3: moto behind a proxy that checks signatures and fails what it is told to.

Usage:  bucket.py EXPPLAT_SERVER [unittest's own words]      with the Python that .ci/setup.sh makes for moto
"""

import contextlib
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "support", "aws"))

import servers  # noqa: E402
from s3_proxy import S3Proxy  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
POINTER = "xp/rulesets/game/production/current.json"


class Bucket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.moto = cls.stack.enter_context(servers.moto())
        cls.buckets = 0

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def setUp(self):
        Bucket.buckets += 1
        self.bucket = f"rules-{self.buckets}"
        self.fails = lambda method, path: None
        self.proxy = S3Proxy(self.moto, SECRET, lambda method, path: self.fails(method, path))
        self.addCleanup(self.close)

    def close(self):
        self.proxy.close()
        self.assertEqual(self.proxy.refusals, [])

    def s3(self, method, key="", body=None):
        """Past the proxy and without a signature, which moto does not check."""
        connection = http.client.HTTPConnection("127.0.0.1", self.moto, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"/{self.bucket}/{key}", body, {
                "Authorization": "AWS4-HMAC-SHA256 Credential=TEST/20250101/us-east-1/s3/aws4_request, "
                                 "SignedHeaders=host, Signature=0", "X-Amz-Date": "20250101T000000Z"})
            response = connection.getresponse()
            return response.status, response.read(), response.headers

    def make_bucket(self):
        self.assertEqual(self.s3("PUT")[0], 200)

    def environment(self, **more):
        return {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.proxy.port}", "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true",
                "HOME": "/nonexistent", "RULESET_BUCKET": self.bucket, "RULESET_PREFIX": "xp"} | more

    def served(self, data=None, errors=False, **more):
        return Served(PROGRAM, data, self.environment(**more), errors=errors)

    @staticmethod
    def change(server, key):
        server.must("POST", "/api/v1/projects/game/flags", {"key": key, "client_visible": True,
                                                            "configurations": {"production": FLAG}})

    def pointed(self):
        """The ruleset that the pointer leads to; None while there is no pointer."""
        status, text, headers = self.s3("GET", POINTER)
        if status != 200:
            return None
        self.assertEqual(headers["Cache-Control"], "private, no-cache")
        pointer = json.loads(text)
        status, document, headers = self.s3("GET", pointer["object"])
        self.assertEqual(status, 200, "a pointer to nothing")
        self.assertIn("immutable", headers["Cache-Control"])
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(hashlib.sha256(document).hexdigest(), pointer["sha256"])
        self.assertEqual(pointer["object"], f"xp/rulesets/game/production/{pointer['sha256']}.json")
        ruleset = json.loads(document)
        self.assertEqual(ruleset["version"], pointer["version"])
        return ruleset

    def wait_for(self, flag):
        return until(lambda: (ruleset := self.pointed()) and flag in ruleset.get("flags", {}) and ruleset)

    def metric(self, server, outcome):
        name = f'expplat_ruleset_bucket_total{{outcome="{outcome}"}} '
        for line in server.must("GET", "/metrics", token="").body.decode().splitlines():
            if line.startswith(name):
                return float(line.removeprefix(name))
        raise AssertionError(name)

    def test_a_publication_is_an_object_and_then_the_pointer(self):
        self.make_bucket()
        with self.served() as server:
            server.set_up()
            for i in range(5):
                self.change(server, f"f{i}")
            ruleset = self.wait_for("f4")
            here = server.must("GET", "/api/v1/sdk/ruleset", token=server.key)
            self.assertEqual(json.loads(here.body), ruleset)
            self.assertGreater(self.metric(server, "published"), 0)
            self.assertEqual(self.metric(server, "failed"), 0)
            until(lambda: int(server.query("SELECT COUNT(*) FROM outbox WHERE topic = 'ruleset'")) == 0)
        self.check_order()

    def check_order(self):
        """No pointer before its object, none back."""
        there, last = set(), 0
        for method, path, body in self.proxy.done:
            if method == "PUT" and path.endswith("current.json"):
                pointer = json.loads(body)
                self.assertIn(f"/{self.bucket}/{pointer['object']}", there)
                if POINTER in path:
                    self.assertGreaterEqual(pointer["version"], last)
                    last = pointer["version"]
            elif method == "PUT":
                there.add(path)

    def test_a_client_key_has_an_object_until_it_is_revoked(self):
        self.make_bucket()
        with self.served() as server:
            server.set_up()
            self.change(server, "shown")
            server.must("POST", "/api/v1/projects/game/flags", {"key": "hidden", "configurations": {"production": FLAG}})
            keys = "/api/v1/projects/game/environments/production/keys"
            made = server.must("POST", keys, {"kind": "client", "name": "web"}).json
            self.assertRegex(made["object"], r"^xp/clients/[A-Za-z0-9_-]{43}\.json$")
            self.assertNotIn("object", server.must("POST", keys, {"kind": "server", "name": "s"}).json)
            self.assertNotIn("object", server.must("GET", keys).json["items"][0])
            status, document, headers = until(lambda: (got := self.s3("GET", made["object"]))[0] == 200 and got)
            self.assertEqual(headers["Cache-Control"], "public, max-age=5")
            self.assertEqual(list(json.loads(document)["flags"]), ["shown"])
            self.change(server, "also")
            until(lambda: "also" in json.loads(self.s3("GET", made["object"])[1])["flags"])
            server.must("POST", f"/api/v1/projects/game/keys/{made['id']}/revoke")
            until(lambda: self.s3("GET", made["object"])[0] == 404)
            self.change(server, "later")
            self.wait_for("later")
            self.assertEqual(self.s3("GET", made["object"])[0], 404, "it stays away")

    def test_what_is_archived_goes_and_comes_back(self):
        self.make_bucket()
        with self.served() as server:
            server.set_up()
            self.change(server, "shown")
            keys = "/api/v1/projects/game/environments/production/keys"
            made = server.must("POST", keys, {"kind": "client", "name": "web"}).json
            places = (made["object"], POINTER)
            for path in ("/api/v1/projects/game", "/api/v1/projects/game/environments/production"):
                until(lambda: all(self.s3("GET", place)[0] == 200 for place in places))
                server.must("PATCH", path, {"archived": True})
                until(lambda: all(self.s3("GET", place)[0] == 404 for place in places))
                server.must("PATCH", path, {"archived": False})
            until(lambda: all(self.s3("GET", place)[0] == 200 for place in places))
            server.must("POST", f"/api/v1/projects/game/keys/{made['id']}/revoke")
            until(lambda: self.s3("GET", made["object"])[0] == 404)

    def test_a_bucket_that_is_missing_keeps_nobody_from_publishing(self):
        with self.served(errors=True) as server:
            server.set_up()
            self.change(server, "f")
            self.assertIn("f", server.must("GET", "/api/v1/sdk/ruleset", token=server.key).json["flags"])
            until(lambda: self.metric(server, "failed") >= 2)
            lines = [line for line in server.log_text().splitlines() if "NoSuchBucket" in line]
            self.assertEqual(len(lines), 1, "said once")
            self.assertIn('"level":"error"', lines[0])
            self.assertEqual(server.must("GET", "/health/ready", token="").status, 200)
            self.make_bucket()
            self.wait_for("f")
            until(lambda: "works again" in server.log_text())
            self.assertNotIn(SECRET, server.log_text())

    def test_a_pointer_that_fails_is_tried_until_it_is_there(self):
        self.make_bucket()
        left = [3]

        def fails(method, path):
            if method == "PUT" and path.endswith("production/current.json") and left[0] > 0:
                left[0] -= 1
                return 503
            return None

        self.fails = fails
        with self.served(errors=True) as server:
            server.set_up()
            self.change(server, "f")
            self.wait_for("f")
            self.assertEqual(left, [0])
        self.check_order()

    def test_an_object_that_fails_has_no_pointer(self):
        self.make_bucket()
        self.fails = lambda method, path: 500 if method == "PUT" and not path.endswith("current.json") else None
        with tempfile.TemporaryDirectory() as data:
            server = self.served(data, errors=True).__enter__()
            server.set_up()
            self.change(server, "f")
            until(lambda: self.metric(server, "failed") >= 2)
            self.assertIsNone(self.pointed())
            server.end(signal.SIGKILL)  # with rows in the outbox
            self.fails = lambda method, path: None
            with self.served(data, errors=True) as again:
                again.log_in()
                self.wait_for("f")
        self.check_order()

    def test_two_servers_never_put_a_pointer_back(self):
        self.make_bucket()
        seen = [0]

        def fails(method, path):
            seen[0] += 1
            return 503 if seen[0] % 7 == 0 else None

        self.fails = fails
        with tempfile.TemporaryDirectory() as data, self.served(data, errors=True) as one:
            one.set_up()
            with self.served(data, errors=True) as two:
                two.token = one.token

                def work(server, name):
                    for i in range(10):
                        self.change(server, f"{name}{i}")

                threads = [threading.Thread(target=work, args=pair) for pair in ((one, "a"), (two, "b"))]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.fails = lambda method, path: None
                until(lambda: (ruleset := self.pointed()) and len(ruleset.get("flags", {})) == 20, 90)
        self.check_order()

    def test_without_credentials_it_says_so_and_serves(self):
        with self.served(errors=True, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="") as server:
            server.set_up()
            self.change(server, "f")
            until(lambda: "no AWS credentials" in server.log_text())
            self.assertIn("f", server.must("GET", "/api/v1/sdk/ruleset", token=server.key).json["flags"])

    def test_a_configuration_that_is_wrong_is_refused(self):
        def check(**variables):
            environment = {name: value for name, value in os.environ.items()
                           if not name.startswith(("PG", "EXPPLAT_", "AWS_"))}
            return subprocess.run([PROGRAM, "--check-config"], env=environment | {"HOME": "/nonexistent"} | variables,
                                  capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("RULESET_BUCKET", check(RULESET_BUCKET="Not A Bucket", AWS_REGION="eu-west-1").stderr)
        self.assertIn("region", check(RULESET_BUCKET="rules").stderr)
        self.assertIn("RULESET_PREFIX", check(RULESET_PREFIX="x").stderr)
        self.assertIn("prefix", check(RULESET_BUCKET="rules", AWS_REGION="eu-west-1", RULESET_PREFIX="/x").stderr)
        self.assertEqual(check(RULESET_BUCKET="rules", AWS_REGION="eu-west-1", RULESET_PREFIX="x/").returncode, 0)


if __name__ == "__main__":
    unittest.main()
