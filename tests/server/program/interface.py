#!/usr/bin/env python3
"""The program expplat-server over HTTP: every noun of the interface, who may use it, and what is refused.

Usage:  interface.py EXPPLAT_SERVER
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import served  # noqa: E402
from served import Served, until  # noqa: E402

PROGRAM = sys.argv.pop(1)
P = "/api/v1/projects/game"
FLAG = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
EXPERIMENT = {"type": "string", "variants": {"a": "1", "b": "2"},
              "split": [{"variant": "a", "weight": 50}, {"variant": "b", "weight": 50}]}


class OneServer(served.OneServer):
    program = PROGRAM


class Entities(OneServer):
    def test_a_flag_is_made_configured_and_evaluated(self):
        made = self.must("POST", f"{P}/flags", {"key": "f1", "name": "First", "tags": ["ui"],
                                                "configurations": {"production": FLAG}})
        self.assertEqual(made.status, 201)
        self.assertRegex(made.headers["ETag"], '^"1-[0-9a-f]{16}"$')
        self.assertEqual(made.json["configurations"]["production"]["body"], FLAG)

        def value():
            answers = self.must("POST", "/api/v1/evaluate", {"user": {"key": "u"}, "key": "f1"},
                                token=self.server.key).json["answers"]
            return answers[0] if answers[0]["error"] is None else None
        self.assertEqual(until(value)["variant"], "on")
        self.must("POST", f"{P}/flags/f1/environments/production/disable")
        until(lambda: value()["variant"] == "off")
        lines = self.must("POST", "/api/v1/explain", {"user": {"key": "u"}, "key": "f1"},
                          token=self.server.key).json["explanations"][0]["lines"]
        self.assertTrue(any("disabled" in line or "off" in line for line in lines), lines)

    def test_what_does_not_compile_is_not_saved_and_says_where(self):
        self.must("POST", f"{P}/flags", {"key": "f2"})
        wrong = FLAG | {"default": "nowhere"}
        problem = self.refused(422, "invalid", "PUT", f"{P}/flags/f2/environments/production", wrong)
        self.assertEqual(problem["errors"][0]["pointer"], "/default")
        self.assertEqual(self.ask("GET", f"{P}/flags/f2/environments/production").status, 404)
        problem = self.refused(422, "invalid", "POST", f"{P}/flags",
                               {"key": "f3", "configurations": {"production": wrong}})
        self.assertEqual(problem["errors"][0]["pointer"], "/configurations/production/default")
        self.assertEqual(self.ask("GET", f"{P}/flags/f3").status, 404)

    def test_two_writers_lose_nothing(self):
        self.must("POST", f"{P}/flags", {"key": "f4", "configurations": {"production": FLAG}})
        path = f"{P}/flags/f4/environments/production"
        etag = self.must("GET", path).headers["ETag"]
        self.must("PUT", path, FLAG | {"default": "off"}, headers={"If-Match": etag})
        self.refused(412, "precondition-failed", "PUT", path, FLAG, headers={"If-Match": etag})
        self.refused(412, "precondition-failed", "PUT", path, FLAG, headers={"If-Match": 'W/"2"'})
        self.assertEqual(self.must("GET", path).json["body"]["default"], "off")

    def test_a_post_that_comes_twice_is_done_once(self):
        headers = {"Idempotency-Key": "once"}
        first = self.must("POST", f"{P}/flags", {"key": "f5"}, headers=headers)
        again = self.must("POST", f"{P}/flags", {"key": "f5"}, headers=headers)
        self.assertEqual((again.status, again.body, again.headers["ETag"]),
                         (first.status, first.body, first.headers["ETag"]))
        self.refused(409, "idempotency-conflict", "POST", f"{P}/flags", {"key": "f6"}, headers=headers)

    def test_what_is_remembered_of_a_request_is_keyed_with_the_servers_secret(self):
        def remembered(server):
            server.must("POST", "/api/v1/users", {"email": "same@example.com", "password": "the very same one"},
                        headers={"Idempotency-Key": "same"})
            return server.query("SELECT request_hash FROM idempotency WHERE key = 'same'")
        # A secret each: where the database has no file beside it, one is given.
        with Served(PROGRAM, environment={"SECRET_KEY": "another secret of forty characters and so"}) as other:
            other.log_in()
            self.assertNotEqual(remembered(self.server), remembered(other))

    def test_history_differences_and_taking_back(self):
        self.must("POST", f"{P}/flags", {"key": "f7", "configurations": {"production": FLAG}})
        self.must("PUT", f"{P}/flags/f7/environments/production", FLAG | {"default": "off"})
        newest = self.must("GET", f"{P}/flags/f7/history").json["items"][0]
        self.assertEqual(newest["entry"]["action"], "flag.configure")
        self.assertEqual(newest["entry"]["actor"]["name"], served.EMAIL)
        self.assertIn("default", newest["differences"][0]["pointer"])
        self.must("POST", f"{P}/flags/f7/revert", {"sequence": newest["entry"]["sequence"]})
        self.assertEqual(self.must("GET", f"{P}/flags/f7/environments/production").json["body"], FLAG)

    def test_an_experiment_lives(self):
        path = f"{P}/experiments/e1/environments/production"
        self.must("POST", f"{P}/experiments", {"key": "e1", "configurations": {"production": EXPERIMENT}})
        self.assertEqual(self.must("POST", path + "/start").json["state"], "running")
        self.refused(409, "frozen", "PUT", path, EXPERIMENT | {"split": [{"variant": "a", "weight": 100}]})
        self.must("PUT", path + "?new_phase=only%20a", EXPERIMENT | {"split": [{"variant": "a", "weight": 100}]})
        self.assertEqual(len(self.must("GET", path + "/phases").json["items"]), 2)
        self.assertEqual(self.must("POST", path + "/pause").json["state"], "paused")
        self.assertEqual(self.must("POST", path + "/complete", {"winner": "a"}).json["state"], "completed")
        self.refused(409, "conflict", "POST", path + "/start")

    def test_names_that_are_used_and_names_that_are_taken(self):
        self.must("POST", f"{P}/segments", {"key": "s1", "configurations": {
            "production": {"if": {"attribute": "a", "is": 1}}}})
        self.must("POST", f"{P}/flags", {"key": "f8", "configurations": {"production": FLAG | {
            "rules": [{"id": "r", "if": {"segment": "s1"}, "serve": "off"}]}}})
        self.refused(409, "in-use", "POST", f"{P}/segments/s1/archive")
        uses = self.must("GET", f"{P}/segments/s1/uses").json["items"]
        self.assertEqual((uses[0]["kind"], uses[0]["key"]), ("flag", "f8"))
        self.refused(409, "already-exists", "POST", f"{P}/flags", {"key": "f8"})
        self.must("POST", f"{P}/flags/f8/clone", {"key": "f9"})
        self.must("POST", f"{P}/flags/f8/archive")
        self.must("DELETE", f"{P}/flags/f8")
        self.assertEqual(self.ask("GET", f"{P}/flags/f8").status, 404)

    def test_keys_may_have_a_slash(self):
        self.must("POST", f"{P}/flags", {"key": "shop/cart:v2", "configurations": {"production": FLAG}})
        self.assertEqual(self.must("GET", f"{P}/flags/shop%2Fcart%3Av2").json["key"], "shop/cart:v2")
        self.must("POST", f"{P}/flags/shop%2Fcart:v2/environments/production/disable")

    def test_lists_go_on_page_by_page(self):
        for i in range(5):
            self.must("POST", f"{P}/holdouts", {"key": f"h{i}"})
        first = self.must("GET", f"{P}/holdouts?limit=3").json
        rest = self.must("GET", f"{P}/holdouts?limit=3&after={first['next']}").json
        self.assertEqual([item["key"] for item in first["items"] + rest["items"]], [f"h{i}" for i in range(5)])
        self.assertIsNone(rest["next"])

    def test_bodies_that_are_wrong(self):
        for raw in ("", "{", "[]", "null", '"x"', '{"key":"a","key":"b"}', "[" * 1000):
            self.refused(422, "invalid", "POST", f"{P}/flags", raw=raw)
        problem = self.refused(422, "invalid", "POST", f"{P}/flags", {"key": "x", "nmae": "y"})
        self.assertEqual(problem["errors"][0]["pointer"], "/nmae")
        self.refused(422, "invalid", "POST", f"{P}/flags", {"key": 7})
        for key in ("", "a b", "é", "x" * 129, "'; DROP TABLE entities; --"):
            self.refused(422, "invalid", "POST", f"{P}/flags", {"key": key})
        self.assertEqual(self.must("GET", f"{P}/flags?text='%20OR%201=1%20--").json["items"], [])


class Access(OneServer):
    def test_nobody_gets_in_without_a_token_or_key(self):
        for token in ("", "x", "xp_server_" + "a" * 49, "e30.e30.e30", self.server.key[:-1] + "!"):
            answer = self.refused(401, "unauthorized", "GET", f"{P}/flags", token=token)
            self.assertNotIn(token or "-", json.dumps(answer))
        self.refused(401, "unauthorized", "POST", "/api/v1/sessions",
                     {"email": served.EMAIL, "password": "a wrong password"}, token="")

    def test_keys_do_what_they_are_for(self):
        self.refused(403, "forbidden", "POST", f"{P}/flags", {"key": "k"}, token=self.server.key)
        self.refused(403, "forbidden", "GET", "/api/v1/users", token=self.server.key)
        made = self.must("POST", f"{P}/environments/staging/keys", {"kind": "server", "name": "other"}).json
        ruleset = self.must("GET", "/api/v1/sdk/ruleset", token=made["key"])
        self.assertEqual(ruleset.json["environment"], "staging", "each key its own environment")
        self.must("POST", f"{P}/keys/{made['id']}/revoke")
        self.refused(401, "unauthorized", "GET", "/api/v1/sdk/ruleset", token=made["key"])
        listed = self.must("GET", f"{P}/environments/staging/keys")
        self.assertNotIn(made["key"].encode(), listed.body)
        self.assertIsNotNone(listed.json["items"][0]["revoked_ms"])

    def test_a_key_that_names_another_place_does_not_get_its_own(self):
        key = self.server.key
        own = "?project=game&environment=production"
        self.must("GET", "/api/v1/sdk/ruleset" + own, token=key)
        for other in ("?project=game&environment=staging", "?environment=staging", "?project=other"):
            problem = self.refused(403, "forbidden", "GET", "/api/v1/sdk/ruleset" + other, token=key)
            self.assertIn("environment `production` of project `game`", problem["detail"])
            self.refused(403, "forbidden", "POST", "/api/v1/events" + other, {"events": []}, token=key)
            self.refused(403, "forbidden", "POST", "/ofrep/v1/evaluate/flags" + other, {"context": {}}, token=key)
        for path in ("evaluate", "explain"):
            body = {"user": {"key": "u"}, "key": "x", "environment": "staging"}
            self.refused(403, "forbidden", "POST", f"/api/v1/{path}", body, token=key)
        self.must("POST", "/api/v1/evaluate", {"user": {"key": "u"}, "environment": "production"}, token=key)

    def test_mistakes_of_a_query_have_a_pointer_and_those_of_a_whole_body_no_colon_before_them(self):
        for limit in ("x", "0"):
            problem = self.refused(422, "invalid", "GET", f"{P}/flags?limit={limit}")
            self.assertEqual(problem["errors"][0]["pointer"], "/limit")
        self.assertEqual(self.refused(422, "invalid", "POST", f"{P}/flags", raw="[]")["detail"], "must be a JSON object")

    def test_which_of_several_changes_is_bad_is_said(self):
        self.must("POST", f"{P}/flags", {"key": "good", "configurations": {"production": FLAG}})
        change = {"operation": "disable", "kind": "flag", "key": "good", "environment": "production"}
        problem = self.refused(404, "not-found", "POST", f"{P}/changes",
                               {"changes": [change, change, change | {"key": "none"}]})
        self.assertEqual(problem["errors"][0]["pointer"], "/changes/2")
        self.assertTrue(problem["detail"].startswith("/changes/2: "), problem)

    def test_what_the_listener_refuses_has_a_stable_type(self):
        self.refused(414, "uri-too-long", "GET", "/" + "x" * 100_000)
        self.refused(415, "unsupported-encoding", "POST", "/api/v1/evaluate", {}, headers={"Content-Encoding": "br"})

    def test_a_client_key_sees_what_is_marked(self):
        self.must("POST", f"{P}/flags", {"key": "shown", "client_visible": True, "configurations": {"production": FLAG}})
        self.must("POST", f"{P}/flags", {"key": "secret", "configurations": {"production": FLAG}})
        key = self.must("POST", f"{P}/environments/production/keys", {"kind": "client", "name": "web"}).json["key"]
        flags = until(lambda: self.must("GET", "/api/v1/sdk/ruleset", token=key).json.get("flags"))
        self.assertIn("shown", flags)
        self.assertNotIn("secret", flags)
        answers = self.must("POST", "/api/v1/evaluate", {"user": {"key": "u"}}, token=key).json["answers"]
        self.assertEqual([answer["key"] for answer in answers], ["shown"])
        self.refused(403, "forbidden", "POST", "/api/v1/explain", {"user": {"key": "u"}, "key": "shown"}, token=key)

    def test_a_text_that_no_database_keeps_is_the_callers_fault(self):
        someone = self.must("POST", "/api/v1/users", {"email": "nul@example.com", "password": "a long enough one"}).json
        for grant in ({"role": "\0"}, {"role": "viewer", "project": "a\0b"}):
            self.refused(422, "invalid", "PATCH", f"/api/v1/users/{someone['id']}", {"grants": [grant]})

    def test_people_have_roles_in_places(self):
        self.must("POST", "/api/v1/users", {"email": "eve@example.com", "password": "a long enough one",
                                            "grants": [{"role": "viewer", "project": "game", "environment": ""}]})
        eve = self.server.log_in("eve@example.com", "a long enough one").json
        token = eve["access_token"]
        self.must("GET", f"{P}/flags", token=token)
        self.refused(403, "forbidden", "POST", f"{P}/flags", {"key": "no"}, token=token)
        self.must("PATCH", f"/api/v1/users/{eve['user']['id']}", {"grants": [{"role": "developer", "project": "game"}]})
        self.must("POST", f"{P}/flags", {"key": "yes"}, token=token)
        self.must("POST", "/api/v1/account/password", {"old": "a long enough one", "new": "another long one"},
                  token=token)
        self.refused(401, "unauthorized", "GET", f"{P}/flags", token=token)
        self.refused(401, "unauthorized", "POST", "/api/v1/sessions/refresh", {"refresh_token": eve["refresh_token"]})
        again = self.server.log_in("EVE@example.com", "another long one").json
        fresh = self.must("POST", "/api/v1/sessions/refresh", {"refresh_token": again["refresh_token"]}, token="")
        self.must("DELETE", "/api/v1/sessions", token=fresh.json["access_token"])
        self.refused(401, "unauthorized", "GET", "/api/v1/account", token=fresh.json["access_token"])
        problem = self.refused(422, "invalid", "POST", "/api/v1/users", {"email": "x@y.z", "password": "short"})
        self.assertEqual(problem["errors"][0]["pointer"], "/password")

    def test_who_may_see_one_environment_sees_nothing_of_the_others(self):
        self.must("POST", f"{P}/segments", {"key": "vip", "configurations": {
            "production": {"included": ["a-secret-person"]}, "staging": {"included": ["somebody"]}}})
        self.must("POST", f"{P}/flags", {"key": "f-vip", "configurations": {"production": FLAG | {
            "rules": [{"id": "r", "if": {"segment": "vip"}, "serve": "off"}]}}})
        self.must("POST", "/api/v1/users", {
            "email": "sam@example.com", "password": "a long enough one",
            "grants": [{"role": "viewer", "project": "game", "environment": "staging"}]})
        token = self.server.log_in("sam@example.com", "a long enough one").json["access_token"]
        view = self.must("GET", f"{P}/segments/vip", token=token)
        self.assertEqual(list(view.json["configurations"]), ["staging"])
        self.assertEqual(self.ask("GET", f"{P}/segments/vip/environments/production", token=token).status, 404)
        self.assertEqual(self.must("GET", f"{P}/segments/vip/uses", token=token).json["items"], [])
        history = self.must("GET", f"{P}/segments/vip/history", token=token)
        for answer in (view, history):
            self.assertNotIn(b"a-secret-person", answer.body)
        self.assertIn(b"somebody", history.body)

    def test_what_costs_much_is_bounded_and_for_who_may(self):
        self.refused(413, "too-large", "POST", "/api/v1/evaluate", {"user": {"key": "u"}, "keys": ["f"] * 1001},
                     token=self.server.key)
        self.refused(403, "forbidden", "POST", "/api/v1/users", {"email": "x@y.z", "password": "p" * 20},
                     token=self.server.key)
        self.refused(401, "unauthorized", "POST", "/api/v1/sessions", {"email": "x" * 10_000, "password": "p"}, token="")

    def test_log_ins_that_fail_have_to_wait(self):
        def attempt():
            return self.ask("POST", "/api/v1/sessions", {"email": "nobody@example.com", "password": "x"}, token="",
                            headers={}).status
        with Served(PROGRAM) as other:
            answers = [other.ask("POST", "/api/v1/sessions", {"email": "nobody@example.com", "password": "x"},
                                 token="") for _ in range(7)]
        self.assertEqual([answer.status for answer in answers], [401] * 5 + [429] * 2)
        self.assertTrue(all(1 <= int(answer.headers["Retry-After"]) <= 30 for answer in answers[5:]))
        self.assertEqual(attempt(), 401)

    def test_the_audit_knows_and_holds(self):
        self.must("GET", "/api/v1/sdk/ruleset", token=self.server.key)
        self.refused(403, "forbidden", "POST", f"{P}/flags", {"key": "k"}, token=self.server.key)
        actions = [item["action"] for item in self.must("GET", "/api/v1/audit?limit=500").json["items"]]
        for action in ("session.begin", "project.create", "key.create", "key.use", "denied"):
            self.assertTrue(any(action in one for one in actions), (action, actions))
        self.assertTrue(self.must("GET", "/api/v1/audit/verify").json["intact"])
        export = self.must("GET", "/api/v1/compliance/export")
        lines = export.body.decode().splitlines()
        self.assertIn("head", json.loads(lines[-1]))
        self.assertEqual([json.loads(line)["sequence"] for line in lines[:-1]], list(range(1, len(lines))))
        self.assertTrue(self.must("GET", "/api/v1/compliance/export?format=csv").body.startswith(b"sequence,"))
        self.assertNotIn(self.server.key.encode(), export.body)
        self.assertNotIn(served.PASSWORD.encode(), export.body)


class Distribution(OneServer):
    def stream(self, key, last=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": last} if last else {})
        connection.request("GET", "/api/v1/sdk/stream", headers=headers)
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers["Content-Type"], "text/event-stream")
        self.addCleanup(connection.close)
        return response

    @staticmethod
    def event(response):
        lines = []
        while line := response.readline().decode().rstrip("\n"):
            lines.append(line)
        return dict(line.split(": ", 1) for line in lines if not line.startswith(":"))

    def test_a_stream_begins_with_all_and_goes_on_with_patches(self):
        stream = self.stream(self.server.key)
        put = self.event(stream)
        self.assertEqual(put["event"], "put")
        self.must("POST", f"{P}/flags", {"key": "streamed", "configurations": {"production": FLAG}})
        patch = self.event(stream)
        if patch["event"] == "patch":
            self.assertEqual(json.loads(patch["data"])["base"], int(put["id"]))
        self.assertIn("streamed", json.loads(patch["data"]).get("set", json.loads(patch["data"]))["flags"])
        up_to_date = self.stream(self.server.key, patch["id"])
        self.assertEqual(self.event(up_to_date), {}, "a comment")

    def test_a_ruleset_is_not_sent_twice(self):
        first = self.must("GET", "/api/v1/sdk/ruleset", token=self.server.key)
        self.assertEqual(first.json["format"], "expplat.ruleset/1")
        again = self.ask("GET", "/api/v1/sdk/ruleset", token=self.server.key,
                         headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        image = self.must("GET", "/api/v1/sdk/ruleset", token=self.server.key,
                          headers={"Accept": "application/vnd.expplat.image"})
        self.assertNotEqual(image.headers["ETag"], first.headers["ETag"])
        self.assertEqual(image.headers["Content-Type"], "application/vnd.expplat.image")
        self.assertEqual(self.ask("HEAD", "/api/v1/sdk/ruleset", token=self.server.key).body, b"")

    def test_events_are_taken_in_once_and_counted(self):
        def event(number, **more):
            return {"v": 1, "id": f"0193f1c2-7a3b-7c44-9f0e-{number:012x}", "type": "exposure", "time": 1_763_902_800_123,
                    "experiment": "cta", "variant": "green", "unit": "key", "unit_id": f"u{number}", "ruleset": 1} | more
        batch = {"sent_at": 1, "events": [event(1), event(2), event(3, type="nonsense"), {"v": 1}, 7,
                                          event(4, type="track", event="buy", value="much")]}
        outcomes = self.must("POST", "/api/v1/events", batch, token=self.server.key).json["outcomes"]
        by_id = {one["id"]: one for one in outcomes}
        self.assertEqual(len(outcomes), 6)
        self.assertEqual(by_id[event(1)["id"]]["status"], "accepted")
        self.assertEqual(by_id[event(3)["id"]]["reason"], "type: must be exposure or track")
        self.assertIn("value", by_id[event(4)["id"]]["reason"])
        self.must("POST", "/api/v1/events", batch, token=self.server.key)
        counts = self.must("GET", "/api/v1/events/counts?project=game&environment=production").json["items"]
        self.assertEqual(counts, [{"experiment": "cta", "variant": "green", "events": 2}])
        newest = self.must("GET", "/api/v1/events?project=game&environment=production").json["items"]
        self.assertEqual(sum(item["event"]["type"] == "exposure" for item in newest), 2)
        self.refused(413, "too-large", "POST", "/api/v1/events", {"events": [event(i) for i in range(501)]},
                     token=self.server.key)
        self.refused(422, "invalid", "POST", "/api/v1/events", {"events": {}}, token=self.server.key)

    def test_a_sender_with_a_wrong_clock_is_corrected(self):
        slow = int(time.time() * 1000) - 7_200_000
        event = {"v": 1, "id": "0193f1c2-7a3b-7c44-9f0e-00000000c10c", "type": "track", "event": "buy", "time": slow - 1_000,
                 "unit": "key", "unit_id": "u-slow"}
        for _ in range(2):
            self.must("POST", "/api/v1/events", {"sent_at": slow, "events": [event]}, token=self.server.key)
        newest = self.must("GET", "/api/v1/events?project=game&environment=production").json["items"]
        kept = [item["event"] for item in newest if item["event"]["id"] == event["id"]]
        self.assertEqual(kept, [event | {"time": event["time"] + 7_200_000}])

    def test_the_interface_is_described(self):
        described = self.must("GET", "/api/v1/openapi.json", token="")
        self.assertEqual(described.json["openapi"], "3.1.0")
        page = self.must("GET", "/api/v1/reference", token="")
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        for path, answer in (("openapi.json", described), ("reference", page)):
            again = self.ask("GET", f"/api/v1/{path}", token="", headers={"If-None-Match": answer.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))

    def test_health_and_metrics(self):
        self.assertEqual(self.must("GET", "/health/live", token="").json["status"], "live")
        self.assertEqual(self.must("GET", "/health/ready", token="").json["status"], "ready")
        text = self.must("GET", "/metrics", token="").body.decode()
        self.assertIn('expplat_http_requests_total{method="GET",route="/health/live",status="200"}', text)
        self.assertEqual(self.ask("GET", "/nowhere").status, 404)
        self.assertEqual(self.ask("PUT", "/health/live").headers["Allow"], "GET, HEAD, OPTIONS")


class Program(unittest.TestCase):
    def run_program(self, *words, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "EXPPLAT_"))}
        return subprocess.run([PROGRAM, *words], env=environment | variables, capture_output=True, text=True,
                              timeout=60, check=False)

    def test_a_wrong_configuration_is_said_whole(self):
        done = self.run_program("--check-config", EXPPLAT_LISTEN="nowhere", SECRET_KEY="short", EXPPLAT_WORKERS="0",
                                DATABASE_URL="mysql://u:hunter2@h/d", EXPPLAT_TLS_KEY="k")
        self.assertEqual(done.returncode, 2)
        for name in ("EXPPLAT_LISTEN", "SECRET_KEY", "EXPPLAT_WORKERS", "DATABASE_URL", "EXPPLAT_TLS_CERTIFICATE"):
            self.assertIn(name, done.stderr)
        self.assertNotIn("hunter2", done.stderr)
        self.assertNotIn("short", done.stderr.replace("shorter", ""))
        self.assertEqual(self.run_program("--check-config").returncode, 0)
        self.assertEqual(self.run_program("--nonsense").returncode, 2)
        self.assertIn("EXPPLAT_LISTEN", self.run_program("--help").stdout)
        self.assertIn("SECRET_KEY", self.run_program("--check-config", DATABASE_URL="postgres://h/d").stderr)

    def test_what_a_start_would_refuse_is_said_by_check_config(self):
        wrong = {"EXPPLAT_ADMIN_EMAIL": "nomail", "EXPPLAT_ADMIN_PASSWORD": "hunter2", "SECRET_KEY": " " * 34,
                 "EXPPLAT_TLS_CERTIFICATE": "/nowhere/c.pem", "EXPPLAT_TLS_KEY": "/nowhere/k.pem",
                 "EXPPLAT_LISTEN": "localhost:0", "EXPPLAT_DATA": "/etc/passwd", "DATABASE_URL": "sqlite:/nowhere/x.db"}
        done = self.run_program("--check-config", **wrong)
        self.assertEqual(done.returncode, 2)
        for name in wrong:
            self.assertIn(name, done.stderr)
        self.assertNotIn("hunter2", done.stderr)
        for name, text in (("EXPPLAT_LISTEN", "256.1.1.1:0"), ("EXPPLAT_ADMIN_PASSWORD", "x")):
            self.assertIn(name, self.run_program("--check-config", **{name: text}).stderr)
        for good in ("[::1]:0", "0.0.0.0:8080"):
            self.assertEqual(self.run_program("--check-config", EXPPLAT_LISTEN=good).returncode, 0, good)

    def test_folders_that_a_start_cannot_make_are_said_by_check_config(self):
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "file"), "w", encoding="utf-8").close()
            for data in ("none/deep", "file/below"):
                done = self.run_program("--check-config", EXPPLAT_DATA=os.path.join(folder, data))
                self.assertEqual(done.returncode, 2, data)
                self.assertIn("EXPPLAT_DATA", done.stderr)
            done = self.run_program("--check-config", DATABASE_URL=f"sqlite:{folder}")
            self.assertIn("is a folder", done.stderr)

    def test_a_data_folder_to_be_made_may_hold_the_database_however_it_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            for data in ("new", "new/", "./new", "new/.", "other/../new"):
                done = self.run_program("--check-config", EXPPLAT_DATA=os.path.join(folder, data),
                                        DATABASE_URL=f"sqlite:{folder}/new/x.db")
                self.assertEqual(done.returncode, 0, done.stderr)
            relative = os.path.relpath(os.path.join(folder, "new"))
            done = self.run_program("--check-config", EXPPLAT_DATA=relative, DATABASE_URL=f"sqlite:{folder}/new/x.db")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_variable_that_is_misspelt_is_told(self):
        done = self.run_program("--check-config", EXPPLAT_LSITEN="hunter2", EXPPLAT_URL="u", EXPPLAT_TEST_POSTGRES="p")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (0, 1), done.stderr)
        self.assertIn("warning: EXPPLAT_LSITEN", done.stderr)
        self.assertNotIn("hunter2", done.stderr)
        with Served(PROGRAM, environment={"EXPPLAT_LSITEN": "hunter2"}) as server:
            lines = [json.loads(line) for line in server.log_text().splitlines()]
        told = [line for line in lines if "EXPPLAT_LSITEN" in line.get("message", "")]
        self.assertEqual([line["level"] for line in told], ["warning"])

    @unittest.skipIf(served.POSTGRES, "SECRET_KEY is given there")
    def test_a_secret_that_others_may_read_or_that_was_lost_is_told(self):
        def warnings(server):
            lines = [json.loads(line) for line in server.log_text().splitlines()]
            return [line["message"] for line in lines if line.get("level") == "warning"]

        with tempfile.TemporaryDirectory() as data:
            path = os.path.join(data, "secret-key")
            with Served(PROGRAM, data) as first:
                self.assertEqual(warnings(first), [])
            os.chmod(path, 0o640)
            with Served(PROGRAM, data) as exposed:
                self.assertIn("others than its owner", "".join(warnings(exposed)))
            os.remove(path)
            os.remove(os.path.join(data, "log"))
            with Served(PROGRAM, data) as anew:
                self.assertEqual(len(warnings(anew)), 1)
                self.assertIn("made anew", warnings(anew)[0])
            os.remove(os.path.join(data, "log"))
            with Served(PROGRAM, data) as after:
                self.assertEqual(warnings(after), [])

    def test_the_end_says_what_it_waits_for(self):
        with tempfile.TemporaryDirectory() as data:
            with Served(PROGRAM, data, {"EXPPLAT_DRAIN_MS": "0"}) as server:
                server.end()
            self.assertIn("ends, within 0 ms: 0 connections, 0 streams", server.log_file())

    def test_a_start_that_fails_makes_no_password_that_nobody_sees(self):
        with tempfile.TemporaryDirectory() as data, socket.create_server(("127.0.0.1", 0)) as taken:
            again = {"EXPPLAT_DATA": data, "EXPPLAT_ADMIN_EMAIL": served.EMAIL} | served.database_of(data)
            done = self.run_program(EXPPLAT_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}", **again)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("cannot listen", done.stderr)
            with Served(PROGRAM, data, {"EXPPLAT_ADMIN_PASSWORD": ""}) as server:
                word = server.process.stdout.readline().split(" password ")[1].split()[0]
                self.assertEqual(server.log_in(served.EMAIL, word).status, 200)

    def test_an_address_of_ipv6_is_told_as_a_url(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:  # a machine without IPv6, which the server must say
            with tempfile.TemporaryDirectory() as data:
                done = self.run_program(EXPPLAT_LISTEN="[::1]:0", EXPPLAT_DATA=data, **served.database_of(data))
            self.assertEqual((done.returncode, "::1" in done.stderr), (1, True), done.stderr)
            return
        with Served(PROGRAM, environment={"EXPPLAT_LISTEN": "[::1]:0"}) as server:
            self.assertTrue(server.url.startswith("http://[::1]:"), server.url)

    def test_a_file_of_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write("# comment\nEXPPLAT_WORKERS = 3\nNONSENSE=1\n")
            done = self.run_program("--config", path, "--check-config")
            self.assertIn("line 3", done.stderr)

    def test_it_remembers_and_makes_a_password_once(self):
        with tempfile.TemporaryDirectory() as data:
            with Served(PROGRAM, data, {"EXPPLAT_ADMIN_PASSWORD": ""}) as first:
                word = first.process.stdout.readline().split(" password ")[1].split()[0]
                self.assertEqual(first.log_in(served.EMAIL, word).status, 200)
                first.must("POST", "/api/v1/projects", {"key": "kept"})
                token = first.token
            with Served(PROGRAM, data) as again:
                again.token = token
                self.assertEqual(again.must("GET", "/api/v1/projects").json["items"][0]["key"], "kept")
                log = again.log_text()
            self.assertNotIn(word, log)
            if not served.POSTGRES:
                self.assertEqual(os.stat(os.path.join(data, "secret-key")).st_mode & 0o777, 0o600)

    def test_what_was_answered_survives_a_kill(self):
        with tempfile.TemporaryDirectory() as data:
            first = Served(PROGRAM, data).__enter__()
            first.set_up()
            for i in range(20):
                first.must("POST", f"{P}/flags", {"key": f"f{i}", "configurations": {"production": FLAG}})
            first.end(signal.SIGKILL)
            with Served(PROGRAM, data) as again:
                again.log_in()
                flags = again.must("GET", "/api/v1/sdk/ruleset", token=first.key).json["flags"]
                self.assertEqual(len(flags), 20)
                self.assertTrue(again.must("GET", "/api/v1/audit/verify").json["intact"])

    def test_the_port_may_be_taken_and_the_data_unwritable(self):
        with Served(PROGRAM) as first:
            done = self.run_program(EXPPLAT_LISTEN=f"127.0.0.1:{first.port}", EXPPLAT_DATA=first.data,
                                    EXPPLAT_ADMIN_PASSWORD="x" * 12)
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(first.port), done.stderr)
        done = self.run_program(EXPPLAT_LISTEN="127.0.0.1:0", EXPPLAT_DATA="/proc/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/proc/nowhere", done.stderr)


if __name__ == "__main__":
    unittest.main()
