#!/usr/bin/env python3
"""expplat-server's door: who asks from where, how often, with what, and what HTTP says of it.

    door.py PROGRAM
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import served  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
P = "/api/v1/projects/game"
OFREP = "/ofrep/v1/evaluate/flags"
KEYS = f"{P}/environments/production/keys"
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}


def check_config(**environment):
    """What --check-config finds wrong; empty: nothing."""
    done = subprocess.run([PROGRAM, "--check-config"], capture_output=True, text=True, env=environment)
    return done.stderr if done.returncode else ""


def logged(server, path):
    """The access log's lines of a path."""
    lines = [json.loads(line) for line in server.log_text().splitlines()]
    return [line for line in lines if line.get("path") == path]


class OneServer(served.OneServer):
    program = PROGRAM


class WhoAsks(unittest.TestCase):
    def test_the_old_password_cannot_be_guessed_with_a_stolen_token(self):
        with Served(PROGRAM) as server:
            server.log_in()
            person = {"email": "stolen@example.com", "password": "a long enough one"}
            server.must("POST", "/api/v1/users", person)
            token = server.log_in(**person).json["access_token"]
            def change(old):
                return server.ask("POST", "/api/v1/account/password", {"old": old, "new": "another long one"}, token=token)
            self.assertEqual([change(f"guess {i}").status for i in range(6)], [422] * 5 + [429])
            waiting = change(person["password"])
            self.assertEqual((waiting.status, waiting.problem), (429, "too-many-requests"), "even who knows it")
            self.assertGreaterEqual(int(waiting.headers["Retry-After"]), 1)

    def test_a_trusted_proxy_says_who_asks(self):
        with Served(PROGRAM, environment={"EXPPLAT_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8"}) as server:
            server.log_in()
            cases = [("203.0.113.9", "203.0.113.9"), ("198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
                     ("garbage", "127.0.0.1"), (None, "127.0.0.1")]
            for forwarded, _ in cases:
                server.must("GET", "/api/v1/account", headers={"X-Forwarded-For": forwarded} if forwarded else {})
            lines = until(lambda: (found := logged(server, "/api/v1/account"))[len(cases) - 1:] and found)
            self.assertEqual([line["remote"] for line in lines], [remote for _, remote in cases])
            server.must("POST", "/api/v1/projects", {"key": "seen"}, headers={"X-Forwarded-For": "203.0.113.77"})
            entries = server.must("GET", "/api/v1/audit?limit=500").json["items"]
            self.assertIn("203.0.113.77", json.dumps([entry for entry in entries if entry["action"] == "project.create"]))
            statuses = [server.ask("POST", "/api/v1/sessions", {"email": f"n{i}@example.com", "password": "x"}, token="",
                                   headers={"X-Forwarded-For": "203.0.113.5"}).status for i in range(7)]
            self.assertEqual(statuses, [401] * 7, "many accounts may be tried from one address")

    def test_who_comes_too_often_has_to_wait(self):
        with Served(PROGRAM, environment={"EXPPLAT_RATE_LIMITS": "server=1/3,log-in=1/4,client=off"}) as server:
            server.set_up()
            def until_refused(ask):
                return until(lambda: next((answer for answer in [ask()] if answer.status == 429), None))
            def ruleset(key=server.key):
                return server.ask("GET", "/api/v1/sdk/ruleset", token=key)
            self.assertEqual([ruleset().status for _ in range(3)], [200] * 3)
            refused = until_refused(ruleset)
            self.assertEqual(refused.problem, "too-many-requests")
            self.assertEqual(refused.headers["Retry-After"], "1")
            until_refused(lambda: server.ask("POST", "/api/v1/events", {"events": []}, token=server.key))
            client = server.must("POST", KEYS, {"kind": "client", "name": "web"}).json["key"]
            self.assertEqual([ruleset(client).status for _ in range(30)], [200] * 30)
            another = server.must("POST", KEYS, {"kind": "server", "name": "OFREP"}).json["key"]
            def evaluated(path=""):
                return server.ask("POST", f"{OFREP}{path}", {"context": {}}, token=another)
            target = evaluated().json["eventStreams"][0]["endpoint"]["requestUri"]
            for path in ("", "/nowhere"):
                refused = until_refused(lambda path=path: evaluated(path))
                self.assertEqual((refused.problem, refused.headers["Retry-After"]), ("too-many-requests", "1"))
            refused = until_refused(lambda: evaluated() and server.ask("GET", target, token=""))
            self.assertEqual((refused.problem, refused.headers["Retry-After"]), ("too-many-requests", "1"))
            refused = until_refused(lambda: server.ask("POST", "/api/v1/sessions", {}, token=""))
            self.assertEqual(refused.headers["Retry-After"], "1")

    def test_settings_are_judged(self):
        for name, wrong, right in [
                ("EXPPLAT_TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.0/8,::1"),
                ("EXPPLAT_RATE_LIMITS", "server=fast", "server=1/1,client=off"),
                ("EXPPLAT_CORS_ORIGINS", "https://example.com/path", "https://example.com,http://localhost:3000"),
                ("EXPPLAT_METRICS_TOKEN", "short", "a long enough token")]:
            self.assertIn(name, check_config(**{name: wrong}))
            self.assertEqual(check_config(**{name: right}), "")
        pool = {"COGNITO_USER_POOL_ID": "eu-west-1_AbCdEfGhI", "COGNITO_CLIENT_ID": "client"}
        self.assertEqual(check_config(**pool), "")
        self.assertIn("COGNITO_CLIENT_ID", check_config(COGNITO_USER_POOL_ID=pool["COGNITO_USER_POOL_ID"]))
        self.assertIn("COGNITO_USER_POOL_ID", check_config(**pool | {"COGNITO_USER_POOL_ID": "pool"}))
        self.assertIn("COGNITO_ENDPOINT", check_config(**pool, COGNITO_ENDPOINT="nowhere"))


class Http(OneServer):
    def test_what_is_known_is_not_sent_again(self):
        made = self.must("POST", f"{P}/flags", {"key": "known", "configurations": {"production": FLAG}})
        for path in (f"{P}/flags/known", f"{P}/flags/known/environments/production", P, f"{P}/environments/production",
                     "/api/v1/account"):
            first = self.must("GET", path)
            again = self.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})
            self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", first.headers["ETag"]), path)
            self.assertNotIn("Content-Type", again.headers)
            self.must("GET", path, headers={"If-None-Match": '"another"'})
        self.assertEqual(made.headers["ETag"], self.must("GET", f"{P}/flags/known").headers["ETag"])

    def test_an_entitys_tag_changes_with_what_it_shows(self):
        path = f"{P}/flags/tagged"
        self.must("POST", f"{P}/flags", {"key": "tagged", "configurations": {"production": FLAG}})
        seen = set()
        def tag(answer=None):
            etag = (answer or self.must("GET", path)).headers["ETag"]
            self.assertEqual(etag, self.must("GET", path).headers["ETag"])
            self.assertNotIn(etag, seen)
            seen.add(etag)
            return etag
        first = tag()
        self.must("POST", path + "/environments/production/disable")
        second = tag()
        self.refused(412, "precondition-failed", "PATCH", path, {"name": "x"}, headers={"If-Match": first})
        self.refused(412, "precondition-failed", "POST", path + "/archive", headers={"If-Match": first})
        third = tag(self.must("PATCH", path, {"name": "x"}, headers={"If-Match": second}))
        self.must("PUT", path + "/environments/staging", FLAG)
        self.refused(412, "precondition-failed", "DELETE", path, headers={"If-Match": third})
        fourth = tag()
        self.must("DELETE", path + "/environments/staging")
        self.refused(412, "precondition-failed", "POST", path + "/archive", headers={"If-Match": fourth})
        self.must("POST", path + "/environments/production/enable", headers={})
        toggled = self.must("GET", path + "/history").json["items"][0]["entry"]["sequence"]
        self.refused(412, "precondition-failed", "POST", path + "/revert", {"sequence": toggled}, headers={"If-Match": fourth})
        fifth = tag()
        tag(self.must("POST", path + "/revert", {"sequence": toggled}, headers={"If-Match": f'"1-0", {fifth}'}))
        bare = '"%d"' % self.must("GET", path).json["revision"]
        tag(self.must("POST", path + "/archive", headers={"If-Match": bare}))

    def test_if_match_of_anything_means_that_it_is_there(self):
        path = f"{P}/flags/there"
        self.must("POST", f"{P}/flags", {"key": "there"})
        self.refused(412, "precondition-failed", "PUT", path + "/environments/production", FLAG, headers={"If-Match": "*"})
        self.must("PUT", path + "/environments/production", FLAG)
        self.must("PUT", path + "/environments/production", FLAG | {"default": "off"}, headers={"If-Match": "*"})
        self.must("PATCH", path, {"name": "x"}, headers={"If-Match": "*"})
        for etag in ('"x"', "1", 'W/"1"', '"1", "2"', '""'):
            self.refused(412, "precondition-failed", "PATCH", path, {"name": "y"}, headers={"If-Match": etag})

    def test_what_is_made_has_a_location(self):
        for path, body in [("/api/v1/projects", {"key": "located"}), (f"{P}/environments", {"key": "located"}),
                           (f"{P}/segments", {"key": "a/b:c"}), (KEYS, {"kind": "server", "name": "x"}),
                           ("/api/v1/users", {"email": "l@example.com", "password": "a long enough one"})]:
            made = self.must("POST", path, body)
            self.assertEqual(made.status, 201)
            found = self.must("GET", made.headers["Location"]).json
            for member in {"key", "id"} & set(found):
                self.assertEqual(found[member], made.json[member])
        clone = self.must("POST", f"{P}/segments/a%2Fb:c/clone", {"key": "d"})
        self.assertEqual(clone.headers["Location"], f"{P}/segments/d")

    def test_who_was_not_let_in_may_try_again_with_the_same_key(self):
        self.must("POST", "/api/v1/users", {"email": "eager@example.com", "password": "a long enough one",
                                            "grants": [{"role": "viewer", "project": "game"}]})
        eager = self.server.log_in("eager@example.com", "a long enough one").json
        once = {"headers": {"Idempotency-Key": "once"}, "token": eager["access_token"]}
        self.refused(403, "forbidden", "POST", f"{P}/flags", {"key": "eager"}, **once)
        self.must("PATCH", f"/api/v1/users/{eager['user']['id']}", {"grants": [{"role": "developer", "project": "game"}]})
        made = self.must("POST", f"{P}/flags", {"key": "eager"}, **once)
        again = self.must("POST", f"{P}/flags", {"key": "eager"}, **once)
        self.assertEqual((again.status, again.body), (201, made.body))

    def test_who_only_asks_or_has_a_clients_key_leaves_no_answers_behind(self):
        self.must("POST", f"{P}/flags", {"key": "asked", "client_visible": True, "configurations": {"production": FLAG}})
        client = self.must("POST", KEYS, {"kind": "client", "name": "web"}).json["key"]
        once = {"Idempotency-Key": "asked"}
        def value(key):
            flags = self.must("POST", OFREP, {"context": {}}, token=key, headers=once).json["flags"]
            return next(flag["value"] for flag in flags if flag["key"] == "asked")
        self.assertEqual([value(client), value(self.server.key)], [True, True])
        self.must("PUT", f"{P}/flags/asked/environments/production", FLAG | {"default": "off"})
        self.assertEqual([value(client), value(self.server.key)], [False, False], "a day later it would be the old answer")
        self.must("POST", "/api/v1/explain", {"key": "asked", "user": {"key": "u"}}, token=self.server.key, headers=once)
        for i in range(3):
            self.must("POST", "/api/v1/events", {"events": []}, token=client, headers={"Idempotency-Key": f"asked-{i}"})
        self.assertEqual(int(self.server.query("SELECT COUNT(*) FROM idempotency WHERE key LIKE 'asked%'")), 0)

    def test_what_is_refused_before_any_transaction_is_audited_too(self):
        self.must("POST", "/api/v1/users", {"email": "curious@example.com", "password": "a long enough one",
                                            "grants": [{"role": "viewer", "project": "game"}]})
        curious = self.server.log_in("curious@example.com", "a long enough one").json
        place = "project=game&environment=production"
        made = self.must("POST", KEYS, {"kind": "client", "name": "curious"}).json
        self.must("POST", "/api/v1/evaluate", {"keys": [], "user": {"key": "u"}}, token=made["key"])  # it is remembered
        for actor, token, operation, words in (
                (curious["user"]["id"], curious["access_token"], "users.write", ("POST", "/api/v1/users", {})),
                (curious["user"]["id"], curious["access_token"], "client.ruleset", ("GET", f"/api/v1/sdk/ruleset?{place}")),
                (curious["user"]["id"], curious["access_token"], "client.stream", ("GET", f"/api/v1/sdk/stream?{place}")),
                (curious["user"]["id"], curious["access_token"], "events.write", ("POST", f"/api/v1/events?{place}", {})),
                (made["id"], made["key"], "explain", ("POST", "/api/v1/explain", {"key": "f", "user": {"key": "u"}})),
                (made["id"], made["key"], "events.read", ("GET", "/api/v1/events"))):
            self.refused(403, "forbidden", *words, token=token)
            newest = self.must("GET", f"/api/v1/audit?action=denied&actor={actor}&limit=1").json["items"][0]
            self.assertEqual(newest["subject"], f"operation/{operation}")

    def test_methods_of_strangers_fill_no_table(self):
        for i in range(20):
            self.ask(f"X{i}", "/health/live")
        text = self.must("GET", "/metrics", token="").body.decode()
        self.assertIn('method="other"', text)
        self.assertNotIn("X7", text)

    def test_the_log_has_the_trace_and_no_key(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        path = f"/nowhere/{self.server.key}"
        self.ask("GET", path, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        self.ask("GET", "/untraced", headers={"traceparent": f"00-{trace.upper()}-00f067aa0ba902b7-01"})
        self.assertNotIn("trace", until(lambda: logged(self.server, "/untraced"))[0])
        lines = [json.loads(line) for line in self.server.log_text().splitlines() if trace in line]
        self.assertEqual([line["trace"] for line in lines], [trace])
        self.assertTrue(lines[0]["path"].startswith("/nowhere/xp_server_"))
        self.assertNotIn(self.server.key, self.server.log_text())


class Browsers(unittest.TestCase):
    def test_pages_of_allowed_origins_may_ask(self):
        page = "https://console.example.com"
        with Served(PROGRAM, environment={"EXPPLAT_CORS_ORIGINS": f"{page}, http://localhost:3000"}) as server:
            server.set_up()
            asked = {"Origin": page, "Access-Control-Request-Method": "PUT",
                     "Access-Control-Request-Headers": "authorization, if-match"}
            for path in (f"{P}/flags/x/environments/production", OFREP):
                preflight = server.ask("OPTIONS", path, token="", headers=asked)
                self.assertEqual(preflight.status, 204)
                self.assertEqual(preflight.headers["Access-Control-Allow-Origin"], page)
                self.assertIn("PUT", preflight.headers["Access-Control-Allow-Methods"])
                for name in ("authorization", "if-match", "if-none-match", "content-type", "x-api-key"):
                    self.assertIn(name, preflight.headers["Access-Control-Allow-Headers"].lower())
                self.assertNotIn("Access-Control-Allow-Credentials", preflight.headers)
            evaluated = server.ask("POST", OFREP, {"context": {}}, token=server.key, headers={"Origin": page})
            self.assertEqual((evaluated.status, evaluated.headers["Access-Control-Allow-Origin"]), (200, page))
            for path, token in [(f"{P}/flags", None), ("/api/v1/sdk/ruleset", server.key), (f"{P}/flags", ""), ("/no", "")]:
                answer = server.ask("GET", path, token=token, headers={"Origin": page})
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], page, path)
                for name in ("ETag", "Retry-After", "X-Request-Id"):
                    self.assertIn(name, answer.headers["Access-Control-Expose-Headers"])
                self.assertIn("Origin", answer.headers.get_all("Vary"))
            for origin in ("https://evil.example", page + ".evil.example", "null"):
                answer = server.ask("GET", "/health/live", token="", headers={"Origin": origin})
                self.assertNotIn("Access-Control-Allow-Origin", answer.headers, origin)
                answer = server.ask("OPTIONS", "/health/live", token="", headers=asked | {"Origin": origin})
                self.assertNotIn("Access-Control-Allow-Methods", answer.headers, origin)
            self.assertEqual(server.ask("GET", "/health/live", token="").headers["Vary"], "Origin")

    def test_any_origin_and_none(self):
        asked = {"Origin": "https://any.example", "Access-Control-Request-Method": "GET"}
        with Served(PROGRAM, environment={"EXPPLAT_CORS_ORIGINS": "*"}) as server:
            answer = server.ask("GET", "/health/live", token="", headers=asked)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
            self.assertNotIn("Vary", answer.headers)
            self.assertEqual(server.ask("GET", "/health/live", token="").headers["Access-Control-Allow-Origin"], "*",
                             "what a cache keeps of it is good for pages too")
        with Served(PROGRAM) as server:
            for method in ("GET", "OPTIONS"):
                answer = server.ask(method, "/health/live", token="", headers=asked)
                self.assertFalse([name for name in answer.headers if name.startswith("Access-Control")])


class Metrics(unittest.TestCase):
    def test_they_are_for_this_machine_or_for_a_token(self):
        token = "a token for Prometheus"
        with Served(PROGRAM) as server:
            self.assertEqual(server.ask("GET", "/metrics", token="").status, 200)
        with Served(PROGRAM, environment={"EXPPLAT_LISTEN": "0.0.0.0:0"}) as server:
            self.assertEqual(server.ask("GET", "/metrics", token="").status, 404)
        for address in ("127.0.0.1:0", "0.0.0.0:0"):
            environment = {"EXPPLAT_LISTEN": address, "EXPPLAT_METRICS_TOKEN": token}
            with Served(PROGRAM, environment=environment) as server:
                for shown in ("", token[:-1], token + "x"):
                    self.assertEqual(server.ask("GET", "/metrics", token=shown).status, 401)
                self.assertIn(b"expplat_http_requests_total", server.ask("GET", "/metrics", token=token).body)


class Log(unittest.TestCase):
    def test_a_log_that_nobody_reads_stalls_nobody(self):
        with Served(PROGRAM, log=subprocess.PIPE) as server:
            path = "/" + "x" * 1000
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
                for _ in range(200):  # more than a pipe holds
                    connection.request("GET", path)
                    self.assertEqual(connection.getresponse().read()[:1], b"{")
            self.assertIn("expplat_log_lines_dropped 0", server.must("GET", "/metrics", token="").body.decode())
        # Nor did it keep the program from ending.


class Streams(OneServer):
    def stream(self, port, key, target="/api/v1/sdk/stream"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.addCleanup(connection.close)
        until(lambda: response.readline() == b"\n")  # its first event
        return response

    def key(self, kind="server"):
        return self.must("POST", KEYS, {"kind": kind, "name": "followed"}).json

    def ends(self, response):
        """True where the server ends it before the socket's time is over."""
        try:
            while response.readline():
                pass
            return True
        except socket.timeout:
            return False

    def test_end_with_their_key(self):
        made, other = self.key(), self.key("client")
        mine, another = self.stream(self.server.port, made["key"]), self.stream(self.server.port, other["key"])
        self.must("POST", f"{P}/keys/{made['id']}/revoke")
        self.assertTrue(self.ends(mine))
        self.assertEqual(self.ask("GET", "/api/v1/sdk/stream", token=made["key"]).status, 401)
        self.must("POST", f"{P}/flags", {"key": "heard", "client_visible": True, "configurations": {"production": FLAG}})
        until(lambda: b"heard" in another.readline())

    def test_of_ofrep_end_with_their_key(self):
        made = self.key("client")
        bulk = self.must("POST", OFREP, {"context": {}}, token=made["key"]).json
        mine = self.stream(self.server.port, made["key"], bulk["eventStreams"][0]["endpoint"]["requestUri"])
        self.must("POST", f"{P}/keys/{made['id']}/revoke")
        self.assertTrue(self.ends(mine))

    def test_end_when_their_key_expires(self):
        made = self.key()
        bulk = self.must("POST", OFREP, {"context": {}}, token=made["key"]).json
        changes = bulk["eventStreams"][0]["endpoint"]["requestUri"]
        followed = [self.stream(self.server.port, made["key"], target) for target in ("/api/v1/sdk/stream", changes)]
        self.server.change(f"UPDATE keys SET expires_ms = 1 WHERE id = '{made['id']}'")
        for stream in followed:
            self.assertTrue(self.ends(stream))
        self.assertEqual(self.ask("GET", changes, token="").status, 401)

    def test_end_when_another_server_took_the_key_back(self):
        made = self.key()
        with Served(PROGRAM, data=self.server.data) as second:
            mine = self.stream(second.port, made["key"])
            self.must("POST", f"{P}/keys/{made['id']}/revoke")
            self.assertTrue(self.ends(mine))

    def test_end_when_their_person_is_shut_out(self):
        self.must("POST", "/api/v1/users", {"email": "out@example.com", "password": "a long enough one",
                                            "grants": [{"role": "developer", "project": "game"}]})
        person = self.server.log_in("out@example.com", "a long enough one").json
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/sdk/stream?project=game&environment=production",
                           headers={"Authorization": f"Bearer {person['access_token']}"})
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.must("PATCH", f"/api/v1/users/{person['user']['id']}", {"disabled": True})
        self.assertTrue(self.ends(response))


if __name__ == "__main__":
    unittest.main()
