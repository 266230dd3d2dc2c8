#!/usr/bin/env python3
"""The program expplat-server over HTTP: changes that others review or that wait for their time, webhooks, roles of one's own.

Usage:  workflow.py EXPPLAT_SERVER
"""

import json
import os
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
PASSWORD = "a long enough one"


def off(key, environment="production"):
    return {"operation": "disable", "kind": "flag", "key": key, "environment": environment}


class OneServer(served.OneServer):
    program = PROGRAM

    def person(self, name, *grants):
        """Her id and token; grants are (role, project, environment)."""
        made = self.must("POST", "/api/v1/users", {
            "email": f"{name}@example.com", "password": PASSWORD,
            "grants": [dict(zip(("role", "project", "environment"), grant)) for grant in grants]}).json
        return made["id"], self.server.log_in(f"{name}@example.com", PASSWORD).json["access_token"]

    def flag(self, key, environment="production"):
        self.must("POST", f"{P}/flags", {"key": key, "configurations": {environment: FLAG}})

    def served(self, key, name, project="game", environment="production"):
        query = f"?project={project}&environment={environment}"
        return self.must("GET", "/api/v1/sdk/ruleset" + query).json["flags"][key].get(name)


class ChangeRequests(OneServer):
    def test_what_one_proposes_another_approves_and_then_it_is_in_force(self):
        self.must("POST", f"{P}/environments", {"key": "guarded"})
        self.flag("c1", "guarded")
        self.must("PATCH", f"{P}/environments/guarded", {"requires_approval": True})
        path = f"{P}/flags/c1/environments/guarded"
        self.refused(409, "approval-required", "PUT", path, FLAG | {"default": "off"})
        _, ann = self.person("c1-ann", ("developer", "game", ""))
        _, bob = self.person("c1-bob", ("developer", "game", ""))
        made = self.must("POST", f"{P}/change-requests", {
            "title": "off for all", "change": {"operation": "configure", "kind": "flag", "key": "c1",
                                               "environment": "guarded", "body": FLAG | {"default": "off"}}},
            token=ann)
        self.assertEqual((made.status, made.headers["ETag"], made.json["state"]), (201, '"1"', "open"))
        one = f"{P}/change-requests/{made.json['id']}"
        seen = self.must("GET", one, token=bob).json
        self.assertTrue(seen["current"])
        self.assertEqual(seen["differences"], [{"pointer": "/default", "before": "on", "after": "off"}])
        self.refused(409, "conflict", "POST", one + "/apply", token=ann)
        self.refused(403, "forbidden", "POST", one + "/approve", token=ann)
        approved = self.must("POST", one + "/approve", {"comment": "good"}, token=bob).json
        self.assertEqual((approved["state"], approved["reviewer_name"]), ("approved", "c1-bob@example.com"))
        self.assertEqual(self.must("POST", one + "/apply", token=ann).json["state"], "applied")
        self.assertEqual(self.served("c1", "default", environment="guarded"), "off")
        self.refused(409, "conflict", "POST", one + "/withdraw", token=ann)
        self.assertEqual(self.must("GET", one).json["differences"], [])

    def test_a_request_is_rejected_withdrawn_or_too_old(self):
        self.flag("c2")
        _, ann = self.person("c2-ann", ("analyst", "game", ""))

        def propose():
            made = self.must("POST", f"{P}/change-requests", {"title": "off", "change": off("c2")}, token=ann)
            return f"{P}/change-requests/{made.json['id']}"
        self.refused(403, "forbidden", "POST", propose() + "/approve", token=ann)
        rejected = propose()
        self.assertEqual(self.must("POST", rejected + "/reject", {"comment": "no"}).json["state"], "rejected")
        withdrawn = propose()
        self.assertEqual(self.must("POST", withdrawn + "/withdraw", token=ann).json["state"], "withdrawn")
        old = propose()
        self.must("POST", old + "/approve")
        self.must("PUT", f"{P}/flags/c2/environments/production", FLAG | {"default": "off"})
        self.assertFalse(self.must("GET", old).json["current"])
        self.refused(409, "conflict", "POST", old + "/apply")
        first = self.must("GET", f"{P}/change-requests?limit=1").json
        self.assertEqual(len(first["items"]), 1)
        rest = self.must("GET", f"{P}/change-requests?after={first['next']}").json
        self.assertGreaterEqual(len(rest["items"]), 3)
        states = {one["state"] for one in self.must("GET", f"{P}/change-requests?state=rejected").json["items"]}
        self.assertEqual(states, {"rejected"})

    def test_what_is_wrong_is_refused_where_it_is(self):
        self.flag("c3")
        change = {"operation": "configure", "kind": "flag", "key": "c3", "environment": "production",
                  "body": FLAG | {"default": "none"}}
        problem = self.refused(422, "invalid", "POST", f"{P}/change-requests", {"title": "t", "change": change})
        self.assertEqual(problem["errors"][0]["pointer"], "/change/body/default")
        self.refused(422, "invalid", "POST", f"{P}/change-requests", {"title": "t"})
        self.refused(404, "not-found", "POST", f"{P}/change-requests", {"title": "t", "change": off("nowhere")})
        self.refused(404, "not-found", "GET", f"{P}/change-requests/nowhere")
        self.refused(404, "not-found", "GET", "/api/v1/projects/nowhere/change-requests")


class Schedules(OneServer):
    def test_a_change_is_made_at_its_time(self):
        self.flag("s1")
        due = int(time.time() * 1000) + 1500
        made = self.must("POST", f"{P}/schedules", {"change": off("s1"), "due_ms": due, "comment": "night"}).json
        self.assertEqual((made["state"], made["due_ms"]), ("waiting", due))
        # It is published at once, not when the publisher looks for news the next time.
        until(lambda: self.served("s1", "enabled") is False)
        self.assertGreaterEqual(time.time() * 1000, due)
        one = self.must("GET", f"{P}/schedules/{made['id']}").json
        self.assertEqual((one["state"], one["attempts"]), ("applied", 1))
        history = self.must("GET", f"{P}/flags/s1/history").json["items"][0]["entry"]
        self.assertEqual(history["actor"]["kind"], "system")

    def test_one_that_is_cancelled_is_not_made(self):
        self.flag("s2")
        due = int(time.time() * 1000) + 3_600_000
        made = self.must("POST", f"{P}/schedules", {"change": off("s2"), "due_ms": due}).json
        self.assertEqual(self.must("POST", f"{P}/schedules/{made['id']}/cancel").json["state"], "cancelled")
        self.refused(409, "conflict", "POST", f"{P}/schedules/{made['id']}/cancel")
        listed = self.must("GET", f"{P}/schedules?state=cancelled").json["items"]
        self.assertIn(made["id"], [one["id"] for one in listed])

    def test_who_may_not_make_the_change_may_not_schedule_it(self):
        self.flag("s3")
        body = {"change": off("s3"), "due_ms": int(time.time() * 1000) + 60_000}
        self.must("POST", "/api/v1/roles", {"key": "planner", "operations": ["schedules.write", "schedules.read"]})
        _, eve = self.person("s3-eve", ("planner", "game", ""))
        self.refused(403, "forbidden", "POST", f"{P}/schedules", body, token=eve)
        self.assertIn("items", self.must("GET", f"{P}/schedules", token=eve).json)
        for wrong in ({}, {"change": off("s3")}, {"change": off("s3"), "due_ms": 1}, {"change": 7, "due_ms": 1}):
            self.refused(422, "invalid", "POST", f"{P}/schedules", wrong)

    def test_one_is_made_if_its_author_still_may(self):
        self.flag("s4")
        ann, token = self.person("s4-ann", ("developer", "game", ""))
        key = self.must("POST", f"{P}/environments/production/keys", {"kind": "admin", "name": "s4 automation"}).json
        due = int(time.time() * 1000) + 3_600_000
        made = [self.must("POST", f"{P}/schedules", {"change": off("s4"), "due_ms": due}, token=one).json["id"]
                for one in (token, key["key"])]
        self.must("PATCH", f"/api/v1/users/{ann}", {"grants": [{"role": "viewer", "project": "game"}]})
        self.must("POST", f"{P}/keys/{key['id']}/revoke")
        ids = ", ".join(f"'{one}'" for one in made)
        self.server.change(f"UPDATE schedules SET due_ms = created_ms WHERE id IN ({ids})")
        for one, author in zip(made, ("s4-ann@example.com", "s4 automation")):
            failed = until(lambda one=one: (found := self.must("GET", f"{P}/schedules/{one}").json)["state"] != "waiting" and found)
            self.assertEqual((failed["state"], failed["outcome"]),
                             ("failed", f"its author `{author}` has no right to `flag.toggle` there any more"))
        self.assertTrue(self.served("s4", "enabled") is not False)

    def test_of_two_servers_one_makes_it(self):
        with tempfile.TemporaryDirectory() as data:
            with Served(PROGRAM, data) as first:
                first.set_up()
                first.must("POST", f"{P}/flags", {"key": "f", "configurations": {"production": FLAG}})
                with Served(PROGRAM, data) as second:
                    due = int(time.time() * 1000) + 1200
                    for i in range(6):
                        change = off("f") | {"operation": "disable" if i % 2 == 0 else "enable"}
                        first.must("POST", f"{P}/schedules", {"change": change, "due_ms": due + i})

                    def applied():
                        listed = first.must("GET", f"{P}/schedules?state=applied").json["items"]
                        return len(listed) == 6
                    until(applied)
                    second.token = first.token
                    revision = second.must("GET", f"{P}/flags/f/environments/production").json["revision"]
                    self.assertEqual(revision, 7)


class Webhooks(OneServer):
    def test_a_webhook_is_registered_changed_and_removed(self):
        made = self.must("POST", f"{P}/webhooks", {"url": "https://hooks.example/x", "events": ["flag.*"]})
        secret = made.json["secret"]
        self.assertTrue(secret.startswith("whsec_"))
        self.assertEqual(made.headers["Cache-Control"], "no-store")
        one = f"{P}/webhooks/{made.json['id']}"
        self.assertNotIn("secret", self.must("GET", one).json)
        self.assertNotIn(secret.encode(), self.must("GET", f"{P}/webhooks").body)
        changed = self.must("PATCH", one, {"enabled": False}, headers={"If-Match": '"1"'})
        self.assertEqual((changed.json["enabled"], changed.headers["ETag"]), (False, '"2"'))
        self.refused(412, "precondition-failed", "PATCH", one, {"enabled": True}, headers={"If-Match": '"1"'})
        self.assertNotIn(secret.encode(), self.must("GET", "/api/v1/compliance/export").body)
        self.assertEqual(self.must("DELETE", one).status, 204)
        self.refused(404, "not-found", "GET", one)

    def test_what_is_no_safe_url_is_refused(self):
        for url in ("http://hooks.example/x", "https://user@hooks.example/", "file:///etc/passwd", ""):
            problem = self.refused(422, "invalid", "POST", f"{P}/webhooks", {"url": url})
            self.assertEqual(problem["errors"][0]["pointer"], "/url")
        self.refused(404, "not-found", "POST", "/api/v1/projects/nowhere/webhooks", {"url": "https://a.example/"})
        self.refused(422, "invalid", "POST", f"{P}/webhooks", {"url": "https://a.example/"},
                     headers={"Idempotency-Key": "k"})
        _, eve = self.person("w-eve", ("developer", "game", ""))
        self.refused(403, "forbidden", "POST", f"{P}/webhooks", {"url": "https://a.example/"}, token=eve)
        self.must("GET", f"{P}/webhooks", token=eve)


class Roles(OneServer):
    def test_a_role_of_ones_own_has_exactly_its_operations(self):
        self.flag("r1")
        made = self.must("POST", "/api/v1/roles", {"key": "switcher", "operations": ["flags.read", "flags.publish"]})
        self.assertEqual((made.status, made.headers["ETag"]), (201, '"1"'))
        _, eve = self.person("r1-eve", ("switcher", "game", "production"))
        self.must("POST", f"{P}/flags/r1/environments/production/disable", token=eve)
        self.must("GET", f"{P}/flags", token=eve)
        for method, path, body in (("POST", f"{P}/flags", {"key": "no"}), ("POST", f"{P}/flags/r1/archive", None),
                                   ("GET", f"{P}/experiments", None), ("GET", "/api/v1/roles", None),
                                   ("GET", f"{P}/environments/production/keys", None),
                                   ("PUT", f"{P}/flags/r1/environments/staging", FLAG)):
            self.refused(403, "forbidden", method, path, body, token=eve)
        # What is changed is in force from the next request on.
        self.must("PATCH", "/api/v1/roles/switcher", {"operations": ["experiments.read"]})
        self.must("GET", f"{P}/experiments", token=eve)
        self.refused(403, "forbidden", "POST", f"{P}/flags/r1/environments/production/enable", token=eve)
        self.refused(409, "in-use", "DELETE", "/api/v1/roles/switcher")

    def test_each_operation_opens_its_own_door_alone(self):
        place = "project=game&environment=production"
        doors = {
            "projects.read": ("GET", P), "environments.read": ("GET", f"{P}/environments"),
            "flags.read": ("GET", f"{P}/flags"), "experiments.read": ("GET", f"{P}/experiments"),
            "segments.read": ("GET", f"{P}/segments"), "layers.read": ("GET", f"{P}/layers"),
            "holdouts.read": ("GET", f"{P}/holdouts"), "change-requests.read": ("GET", f"{P}/change-requests"),
            "schedules.read": ("GET", f"{P}/schedules"), "webhooks.read": ("GET", f"{P}/webhooks"),
            "keys.read": ("GET", f"{P}/environments/production/keys"), "events.read": ("GET", f"/api/v1/events?{place}"),
            "users.read": ("GET", "/api/v1/users"), "roles.read": ("GET", "/api/v1/roles"),
            "sdk.ruleset": ("GET", f"/api/v1/sdk/ruleset?{place}"),
            "flags.write": ("POST", f"{P}/flags", {}), "segments.write": ("POST", f"{P}/segments", {}),
            "flags.archive": ("POST", f"{P}/flags/door/archive"), "roles.write": ("DELETE", "/api/v1/roles/nowhere"),
            "webhooks.write": ("DELETE", f"{P}/webhooks/nowhere"),
            "flags.publish": ("POST", f"{P}/flags/door/environments/production/disable"),
            "experiments.publish": ("POST", f"{P}/experiments/door/environments/production/start"),
            "environments.write": ("PATCH", f"{P}/environments/nowhere", {"name": "x"}),
            "projects.write": ("PATCH", "/api/v1/projects/nowhere", {"name": "x"}),
        }
        # A body that lacks its key is refused before anybody's right is asked.
        bodies = {"flags.write": {"key": "a key"}, "segments.write": {"key": "a key"}}
        self.must("POST", "/api/v1/roles", {"key": "door", "operations": []})
        _, eve = self.person("door-eve", ("door", "", ""))
        for operation in doors:
            self.must("PATCH", "/api/v1/roles/door", {"operations": [operation]})
            for other, (method, path, *body) in doors.items():
                answer = self.ask(method, path, bodies.get(other, *body or [None]), token=eve)
                self.assertEqual(answer.status != 403, other == operation, (operation, other, answer.body))

    def test_roles_are_made_listed_and_removed(self):
        self.must("POST", "/api/v1/roles", {"key": "r2", "name": "Second", "operations": ["flags.read"]})
        listed = {one["key"]: one for one in self.must("GET", "/api/v1/roles").json["items"]}
        self.assertTrue(listed["admin"]["built_in"])
        for name in ("admin", "developer", "analyst", "viewer"):
            self.assertEqual(self.must("GET", f"/api/v1/roles/{name}").json, listed[name])
        self.assertIn("server.admin", listed["admin"]["operations"])
        self.refused(404, "not-found", "DELETE", "/api/v1/roles/nowhere")
        self.assertEqual(listed["r2"]["operations"], ["flags.read"])
        self.refused(409, "already-exists", "POST", "/api/v1/roles", {"key": "r2"})
        self.refused(412, "precondition-failed", "PATCH", "/api/v1/roles/r2", {"name": "x"}, headers={"If-Match": '"9"'})
        for wrong in ({"key": "admin"}, {"key": "R 2"}, {"key": "r3", "operations": ["flags.fly"]},
                      {"key": "r3", "operations": ["server.admin"]}, {"key": "r3", "operations": "flags.read"}):
            self.refused(422, "invalid", "POST", "/api/v1/roles", wrong)
        self.must("DELETE", "/api/v1/roles/r2")
        self.refused(404, "not-found", "GET", "/api/v1/roles/r2")
        self.refused(422, "invalid", "POST", "/api/v1/users", {"email": "r2@example.com", "password": PASSWORD,
                                                               "grants": [{"role": "r2"}]})

    def test_a_role_that_is_always_there_is_not_changed(self):
        _, eve = self.person("r7-eve", ("developer", "", ""))
        for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
            self.assertIn("always there", self.refused(409, "conflict", method, "/api/v1/roles/viewer", body)["detail"])
            self.refused(403, "forbidden", method, "/api/v1/roles/viewer", body, token=eve)

    def test_nobody_gives_what_they_have_not(self):
        self.must("POST", "/api/v1/roles", {"key": "personnel", "operations": [
            "users.read", "users.write", "roles.read", "roles.write", "flags.read"]})
        eve_id, eve = self.person("r4-eve", ("personnel", "", ""))
        root = self.must("GET", "/api/v1/account").json

        def grants(*names):
            return {"grants": [{"role": "personnel"}, *({"role": name} for name in names)]}
        self.refused(403, "forbidden", "PATCH", f"/api/v1/users/{eve_id}", grants("admin"), token=eve)
        self.refused(403, "forbidden", "PATCH", f"/api/v1/users/{eve_id}", grants("viewer"), token=eve)
        self.refused(403, "forbidden", "POST", "/api/v1/users", {
            "email": "r4-puppet@example.com", "password": PASSWORD, "grants": [{"role": "admin"}]}, token=eve)
        self.refused(403, "forbidden", "POST", "/api/v1/roles", {"key": "r4", "operations": ["flags.publish"]}, token=eve)
        self.refused(403, "forbidden", "PATCH", "/api/v1/roles/personnel", {"operations": ["keys.write"]}, token=eve)
        # A password is a way to be somebody.
        self.refused(403, "forbidden", "PATCH", f"/api/v1/users/{root['id']}", {"password": PASSWORD}, token=eve)
        # What she has she may give.
        self.must("POST", "/api/v1/roles", {"key": "r4-reader", "operations": ["flags.read"]}, token=eve)
        made = self.must("POST", "/api/v1/users", {"email": "r4-bob@example.com", "password": PASSWORD, "grants": [
            {"role": "r4-reader", "project": "game"}]}, token=eve).json
        self.must("PATCH", f"/api/v1/users/{made['id']}", {"password": PASSWORD + "!"}, token=eve)
        denied = [one for one in self.must("GET", "/api/v1/audit?action=denied").json["items"]
                  if one["actor"]["name"].startswith("r4-eve")]
        self.assertGreaterEqual(len(denied), 5)

    def test_who_makes_keys_makes_none_that_may_more(self):
        self.must("POST", "/api/v1/roles", {"key": "key-maker", "operations": [
            "keys.write", "events.write", "client.ruleset", "client.stream", "client.evaluate"]})
        _, eve = self.person("r5-eve", ("key-maker", "game", "staging"))
        keys = f"{P}/environments/staging/keys"
        self.must("POST", keys, {"kind": "client", "name": "web"}, token=eve)
        for kind in ("server", "admin"):
            self.refused(403, "forbidden", "POST", keys, {"kind": kind, "name": "more"}, token=eve)
        self.refused(403, "forbidden", "POST", f"{P}/environments/production/keys", {"kind": "client", "name": "w"},
                     token=eve)


    def test_an_admin_key_may_be_of_a_whole_project(self):
        made = self.must("POST", f"{P}/keys", {"kind": "admin", "name": "automation"}).json
        self.assertEqual(made["environment"], "")
        self.must("POST", f"{P}/environments", {"key": "made-by-key"}, token=made["key"])
        self.must("POST", f"{P}/flags", {"key": "r6", "configurations": {"production": FLAG, "made-by-key": FLAG}},
                  token=made["key"])
        self.must("GET", "/api/v1/sdk/ruleset?project=game&environment=made-by-key", token=made["key"])
        self.must("POST", "/api/v1/projects", {"key": "other"})
        self.must("POST", "/api/v1/projects/other/environments", {"key": "production"})
        for path in ("/api/v1/projects/other/flags", "/api/v1/sdk/ruleset?project=other&environment=production",
                     "/api/v1/users"):
            self.refused(403, "forbidden", "GET", path, token=made["key"])
        self.assertEqual([key["id"] for key in self.must("GET", f"{P}/keys").json["items"]], [made["id"]])
        self.refused(422, "invalid", "POST", f"{P}/keys", {"kind": "server", "name": "n"})
        self.must("POST", f"{P}/keys/{made['id']}/revoke")
        self.refused(401, "unauthorized", "GET", f"{P}/flags", token=made["key"])


class Places(OneServer):
    def test_what_is_nowhere_is_not_written_to(self):
        event = {"v": 1, "id": "0193f1c2-7a3b-7c44-9f0e-000000000001", "type": "exposure", "time": 1,
                 "experiment": "e", "variant": "a", "unit": "key", "unit_id": "u", "ruleset": 1}
        for query in ("project=nowhere&environment=production", "project=game&environment=nowhere"):
            self.refused(404, "not-found", "POST", f"/api/v1/events?{query}", {"events": [event]})
            self.refused(404, "not-found", "GET", f"/api/v1/events?{query}")
            self.refused(404, "not-found", "GET", f"/api/v1/events/counts?{query}")
        self.refused(404, "not-found", "POST", "/api/v1/projects/nowhere/flags", {"key": "f"})
        self.refused(404, "not-found", "POST", "/api/v1/projects/nowhere/environments", {"key": "e"})
        problem = self.refused(422, "invalid", "POST", "/api/v1/users", {
            "email": "nowhere@example.com", "password": PASSWORD, "grants": [{"role": "viewer", "project": "nowhere"}]})
        self.assertEqual(problem["errors"][0]["pointer"], "/grants/0/project")

    def test_the_same_event_in_two_environments_counts_in_both(self):
        event = {"v": 1, "id": "0193f1c2-7a3b-7c44-9f0e-000000000002", "type": "exposure", "time": 1,
                 "experiment": "e", "variant": "a", "unit": "key", "unit_id": "u", "ruleset": 1}
        for environment in ("production", "staging"):
            query = f"project=game&environment={environment}"
            self.must("POST", f"/api/v1/events?{query}", {"events": [event]})
            counts = self.must("GET", f"/api/v1/events/counts?{query}").json["items"]
            self.assertEqual(counts, [{"experiment": "e", "variant": "a", "events": 1}])

    def test_an_archived_environment_is_served_no_more(self):
        self.must("POST", f"{P}/environments", {"key": "short"})
        key = self.must("POST", f"{P}/environments/short/keys", {"kind": "server", "name": "k"}).json["key"]
        self.must("GET", "/api/v1/sdk/ruleset", token=key)
        self.must("PATCH", f"{P}/environments/short", {"archived": True})
        self.refused(404, "not-found", "GET", "/api/v1/sdk/ruleset", token=key)
        self.must("PATCH", f"{P}/environments/short", {"archived": False})
        self.must("GET", "/api/v1/sdk/ruleset", token=key)

    def test_environments_of_an_archived_project_are_served_no_more(self):
        self.must("POST", "/api/v1/projects", {"key": "over"})
        self.must("POST", "/api/v1/projects/over/environments", {"key": "live"})
        keys = {kind: self.must("POST", "/api/v1/projects/over/environments/live/keys", {"kind": kind, "name": kind}).json["key"]
                for kind in ("server", "client")}
        asks = [("GET", "/api/v1/sdk/ruleset", None), ("GET", "/api/v1/sdk/stream", None),
                ("POST", "/api/v1/evaluate", {"keys": ["f"], "user": {"key": "u"}}),
                ("POST", "/ofrep/v1/evaluate/flags", {"context": {}})]
        for key in keys.values():
            self.must("GET", "/api/v1/sdk/ruleset", token=key)
        self.must("PATCH", "/api/v1/projects/over", {"archived": True})
        for kind, key in keys.items():
            for method, path, body in asks:
                self.refused(404, "not-found", method, path, body, token=key)
        self.must("PATCH", "/api/v1/projects/over", {"archived": False})
        for key in keys.values():
            self.must("GET", "/api/v1/sdk/ruleset", token=key)

    def test_who_may_archive_may_not_rename_with_it(self):
        self.must("POST", f"{P}/environments", {"key": "named"})
        self.must("POST", "/api/v1/roles", {"key": "archivist", "operations": ["environments.archive"]})
        _, eve = self.person("p-eve", ("archivist", "game", ""))
        self.refused(403, "forbidden", "PATCH", f"{P}/environments/named", {"archived": True, "name": "x"}, token=eve)
        self.must("PATCH", f"{P}/environments/named", {"archived": True}, token=eve)

    def test_a_json_schema_is_taken_away_by_null(self):
        self.must("POST", f"{P}/flags", {"key": "schema", "json_schema": {"type": "object"}})
        self.assertEqual(self.must("PATCH", f"{P}/flags/schema", {"name": "n"}).json["json_schema"], {"type": "object"})
        self.assertIsNone(self.must("PATCH", f"{P}/flags/schema", {"json_schema": None}).json["json_schema"])

    def test_old_events_go(self):
        with tempfile.TemporaryDirectory() as data:
            with Served(PROGRAM, data) as first:
                first.set_up()
                first.must("POST", "/api/v1/events", {"events": [
                    {"v": 1, "id": "0193f1c2-7a3b-7c44-9f0e-000000000003", "type": "exposure", "time": 1,
                     "experiment": "e", "variant": "a", "unit": "key", "unit_id": "u", "ruleset": 1}]}, token=first.key)
                token = first.token
            with Served(PROGRAM, data) as kept:
                kept.change("UPDATE received_events SET received_ms = received_ms - 86400000")
                kept.token = token
                query = "project=game&environment=production"
                self.assertEqual(len(kept.must("GET", f"/api/v1/events?{query}").json["items"]), 1)
            with Served(PROGRAM, data, {"EXPPLAT_EVENTS_DAYS": "1"}) as again:
                again.token = token
                until(lambda: again.must("GET", f"/api/v1/events?{query}").json["items"] == [])
                counts = again.must("GET", f"/api/v1/events/counts?{query}").json["items"]
                self.assertEqual(json.dumps(counts), '[{"experiment": "e", "variant": "a", "events": 1}]')


if __name__ == "__main__":
    unittest.main()
