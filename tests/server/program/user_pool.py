#!/usr/bin/env python3
"""expplat-server with people who come in by an Amazon Cognito user pool, which this test plays.

    user_pool.py PROGRAM

The pool has RSA keys of its own (the `openssl` command), answers its key set on loopback, and signs whatever a test wants
claimed. Cognito's claims are those of "Using tokens with user pools" in its developer guide.
"""

import base64
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import served  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
POOL = "eu-west-1_AbCdEfGhI"
CLIENT = "4h57pool1client"
AMAZON = f"https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Key:
    def __init__(self, name):
        self.name = name
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "key.pem")
        subprocess.run(["openssl", "genrsa", "-out", self.file, "2048"], check=True, capture_output=True)
        shown = subprocess.run(["openssl", "rsa", "-in", self.file, "-noout", "-modulus"], check=True, capture_output=True,
                               text=True).stdout
        self.modulus = bytes.fromhex(shown.strip().split("=")[1])

    def jwk(self):
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name, "n": base64url(self.modulus), "e": "AQAB"}

    def sign(self, claims):
        header = {"alg": "RS256", "kid": self.name}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.file], input=text.encode(), check=True,
                                   capture_output=True).stdout
        return f"{text}.{base64url(signature)}"


class Pool:
    """Its key set over HTTP; `fetches` counts who asked for it."""

    def __init__(self):
        self.keys = [Key("first")]
        self.fetches = 0
        self.is_away = False
        pool = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                pool.fetches += 1
                is_there = self.path == f"/{POOL}/.well-known/jwks.json" and not pool.is_away
                body = json.dumps({"keys": [key.jwk() for key in pool.keys]}).encode() if is_there else b"{}"
                self.send_response(200 if is_there else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        return {"COGNITO_USER_POOL_ID": POOL, "COGNITO_CLIENT_ID": f"another, {CLIENT}", "COGNITO_ENDPOINT": self.endpoint}

    def claims(self, use, subject, **more):
        now = int(time.time())
        claims = {"sub": subject, "iss": AMAZON, "token_use": use, "iat": now, "exp": now + 3600, "auth_time": now}
        if use == "id":
            claims |= {"aud": CLIENT, "cognito:username": subject, "email": f"{subject}@example.com", "email_verified": True}
        else:
            claims |= {"client_id": CLIENT, "username": subject, "scope": "openid"}
        return claims | more

    def id_token(self, subject, key=None, **more):
        return (key or self.keys[0]).sign(self.claims("id", subject, **more))

    def access_token(self, subject, key=None, **more):
        return (key or self.keys[0]).sign(self.claims("access", subject, **more))


class UserPool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pool = Pool()
        cls.server = Served(PROGRAM, environment=cls.pool.environment() | {"EXPPLAT_ADMIN_PASSWORD": ""}).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.pool.server.shutdown()

    def account(self, token):
        return self.server.ask("GET", "/api/v1/account", token=token)

    def refused(self, status, problem, answer):
        self.assertEqual((answer.status, answer.problem), (status, problem), answer.body)
        return answer.json

    def admin(self):
        """The first admin of the database is who has the pool's token for that e-mail."""
        return self.pool.id_token("root", email=served.EMAIL)

    def test_somebody_new_has_the_roles_of_the_groups(self):
        token = self.pool.id_token("dana", **{"cognito:groups": ["developer", "others"]})
        account = self.account(token)
        self.assertEqual(account.status, 200, account.body)
        self.assertEqual(account.json["email"], "dana@example.com")
        self.assertEqual(account.json["grants"], [{"role": "developer", "project": "", "environment": ""}])
        again = self.account(self.pool.access_token("dana", **{"cognito:groups": ["admin"]}))
        self.assertEqual((again.json["id"], again.json["grants"]), (account.json["id"], account.json["grants"]),
                         "after the first entry roles are changed here")
        nobody = self.account(self.pool.id_token("nina"))
        self.assertEqual(nobody.json["grants"], [])
        self.assertEqual(self.server.ask("POST", "/api/v1/projects", {"key": "no"}, token=token).status, 403)

    def test_somebody_known_is_found_by_the_e_mail(self):
        account = self.account(self.admin())
        self.assertEqual(account.json["grants"], [{"role": "admin", "project": "", "environment": ""}])
        made = self.server.must("POST", "/api/v1/users", {"email": "kim@example.com", "grants": [{"role": "viewer"}]},
                                token=self.admin())
        kim = self.account(self.pool.id_token("kim-at-the-pool", email="Kim@Example.com"))
        self.assertEqual(kim.json["id"], made.json["id"])
        self.assertEqual(self.account(self.pool.access_token("kim-at-the-pool")).json["id"], made.json["id"])
        self.refused(401, "unauthorized", self.account(self.pool.id_token("mallory", email="kim@example.com")))
        actions = [entry["action"] for entry in
                   self.server.must("GET", "/api/v1/audit?limit=500", token=self.admin()).json["items"]]
        self.assertIn("user.link", actions)

    def test_the_first_entry_needs_a_verified_e_mail(self):
        for token in (self.pool.access_token("early"), self.pool.id_token("early", email_verified=False)):
            self.assertIn("ID token", self.refused(401, "unauthorized", self.account(token))["detail"])
        self.assertEqual(self.account(self.pool.id_token("early")).status, 200)
        self.assertEqual(self.account(self.pool.access_token("early")).status, 200)

    def test_tokens_that_are_none_of_the_pools(self):
        now = int(time.time())
        stranger = Key(self.pool.keys[0].name)
        wrong = {"another pool's": {"iss": AMAZON + "x"}, "another client's": {"aud": "stranger"},
                 "over": {"iat": now - 7200, "exp": now - 3600}, "for something else": {"token_use": "refresh"}}
        tokens = {name: self.pool.id_token("eve", **claims) for name, claims in wrong.items()}
        tokens["signed by another"] = self.pool.id_token("eve", key=stranger)
        tokens["cut"] = self.pool.id_token("eve")[:-2]
        for name, token in tokens.items():
            with self.subTest(name):
                self.refused(401, "unauthorized", self.account(token))
        self.assertEqual(self.account(self.pool.id_token("eve", iss=f"{self.pool.endpoint}/{POOL}")).status, 200,
                         "the emulator's own name of the pool")

    def test_there_are_no_passwords(self):
        for path, body in [("/api/v1/sessions", {"email": served.EMAIL, "password": served.PASSWORD}),
                           ("/api/v1/sessions/refresh", {"refresh_token": "x"})]:
            detail = self.refused(403, "forbidden", self.server.ask("POST", path, body, token=""))["detail"]
            self.assertIn(AMAZON, detail)
        token = self.admin()
        for method, path, body in [
                ("POST", "/api/v1/account/password", {"old": "x", "new": "a long enough one"}),
                ("POST", "/api/v1/users", {"email": "p@example.com", "password": "a long enough one"}),
                ("PATCH", f"/api/v1/users/{self.account(token).json['id']}", {"password": "a long enough one"})]:
            self.refused(403, "forbidden", self.server.ask(method, path, body, token=token))

    def test_who_is_shut_out_or_logs_out_stays_out(self):
        gone = self.account(self.pool.id_token("gone")).json
        old = self.pool.access_token("gone", iat=int(time.time()) - 60)
        self.server.must("DELETE", "/api/v1/sessions", token=self.pool.access_token("gone"))
        self.refused(401, "unauthorized", self.account(old))
        until(lambda: self.account(self.pool.access_token("gone")).status == 200)
        self.server.must("PATCH", f"/api/v1/users/{gone['id']}", {"disabled": True}, token=self.admin())
        self.refused(401, "unauthorized", self.account(self.pool.access_token("gone", iat=int(time.time()) + 2)))

    def test_keys_of_programs_are_as_ever(self):
        token = self.admin()
        self.server.must("POST", "/api/v1/projects", {"key": "game"}, token=token)
        self.server.must("POST", "/api/v1/projects/game/environments", {"key": "production"}, token=token)
        key = self.server.must("POST", "/api/v1/projects/game/environments/production/keys",
                               {"kind": "server", "name": "x"}, token=token).json["key"]
        self.assertEqual(self.server.ask("GET", "/api/v1/sdk/ruleset", token=key).status, 200)


class KeySet(unittest.TestCase):
    def test_the_pool_is_not_hammered(self):
        pool = Pool()
        with Served(PROGRAM, environment=pool.environment()) as server:
            self.assertEqual(pool.fetches, 1, "when it starts")
            self.assertEqual(server.ask("GET", "/api/v1/account", token=pool.id_token("ann")).status, 200)
            # A minute after the last fetch at the earliest: not for strangers, however many come. (That it is then fetched
            # again is in tests/server/api/user_pool_test.cpp, which owns time.)
            unknown = Key("nobody's")
            for i in range(20):
                self.assertEqual(server.ask("GET", "/api/v1/account", token=pool.id_token(f"x{i}", key=unknown)).status, 401)
            self.assertEqual(pool.fetches, 1)
        pool.server.shutdown()

    def test_a_pool_that_is_away_is_waited_for(self):
        pool = Pool()
        pool.is_away = True
        with Served(PROGRAM, environment=pool.environment()) as server:
            server.errors = True
            answer = server.ask("GET", "/api/v1/account", token=pool.id_token("ann"))
            self.assertEqual((answer.status, answer.problem), (503, "unavailable"))
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
            pool.is_away = False
            until(lambda: server.ask("GET", "/api/v1/account", token=pool.id_token("ann")).status == 200, seconds=60)
        pool.server.shutdown()


if __name__ == "__main__":
    unittest.main()
