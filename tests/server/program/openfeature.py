#!/usr/bin/env python3
"""OpenFeature's own SDKs and OFREP providers (npm) against the real server: values of every type, the program's own where there
is none, errors, keys of both kinds; and a page that is told of changes.

Usage:  openfeature.py EXPPLAT_SERVER PARTS
PARTS is the folder into which setup_openfeature (.ci/setup.sh) has installed them; ends with 77 where it has not.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import Served, until  # noqa: E402

PARTS = os.path.abspath(sys.argv.pop(2))
PROGRAM = sys.argv.pop(1)
SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openfeature")
P = "/api/v1/projects/game"
E = "environments/production"
BOOLEAN = {"type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "on"}
TARGETED = {"type": "string", "variants": {"de": "Hallo", "en": "Hello"}, "off": "en", "default": "en",
            "rules": [{"id": "germany", "if": {"attribute": "address.country", "is": "DE"}, "serve": "de"}]}
RAMP = BOOLEAN | {"default": {"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}]}}
EXPERIMENT = {"type": "string", "variants": {"a": "1", "b": "2"}, "if": {"attribute": "country", "is": "DE"},
              "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 0}]}
FLAGS = {
    "new-ui": BOOLEAN, "greeting": TARGETED, "ramp": RAMP,
    "limit": {"type": "integer", "variants": {"few": 3, "many": 4000}, "off": "few", "default": "many"},
    "share": {"type": "double", "variants": {"half": 0.5}, "off": "half", "default": "half"},
    "theme": {"type": "object", "variants": {"dark": {"background": "#000", "sizes": [1, 2]}}, "off": "dark", "default": "dark"},
    "closed": BOOLEAN | {"enabled": False},
    "waits": BOOLEAN | {"prerequisites": [{"flag": "closed", "variants": ["on"]}]},
}
USER = {"targetingKey": "user-7", "address": {"country": "DE"}}


class OneServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Served(PROGRAM).__enter__()
        cls.server.set_up()
        for key, body in FLAGS.items():
            cls.server.must("POST", f"{P}/flags", {"key": key, "client_visible": key == "new-ui",
                                                   "configurations": {"production": body}})
        cls.server.must("POST", f"{P}/experiments", {"key": "cta", "client_visible": True, "configurations": {"production": EXPERIMENT}})
        cls.server.must("POST", f"{P}/experiments/cta/{E}/start")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    @classmethod
    def make_key(cls, kind):
        return cls.server.must("POST", f"{P}/{E}/keys", {"kind": kind, "name": "openfeature"}).json


class ServerProvider(OneServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.node = subprocess.Popen(["node", os.path.join(SCRIPTS, "server.js"), PARTS, cls.server.url], text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @classmethod
    def tearDownClass(cls):
        cls.node.stdin.close()
        assert cls.node.wait(60) == 0
        cls.node.stdout.close()
        super().tearDownClass()

    def details(self, key, kind, fallback, context=None, headers=None):
        question = {"key": key, "method": f"get{kind}Details", "fallback": fallback,
                    "context": USER if context is None else context,
                    "headers": headers or [["Authorization", f"Bearer {self.server.key}"]]}
        self.node.stdin.write(json.dumps(question) + "\n")
        self.node.stdin.flush()
        return json.loads(self.node.stdout.readline())

    def test_values_of_every_type(self):
        boolean = self.details("new-ui", "Boolean", False)
        self.assertEqual((boolean["value"], boolean["variant"], boolean["reason"]), (True, "on", "DEFAULT"))
        self.assertEqual(self.details("limit", "Number", 1)["value"], 4000)
        self.assertEqual(self.details("share", "Number", 1)["value"], 0.5)
        self.assertEqual(self.details("theme", "Object", {})["value"], FLAGS["theme"]["variants"]["dark"])
        greeting = self.details("greeting", "String", "")
        self.assertEqual((greeting["value"], greeting["variant"], greeting["reason"]), ("Hallo", "de", "TARGETING_MATCH"))
        self.assertEqual(greeting["flagMetadata"], {"exposure": False, "rule": "germany"})
        self.assertEqual(self.details("greeting", "String", "", {"targetingKey": "u"})["value"], "Hello")

    def test_reasons_are_openfeatures_and_ours_are_beside_them(self):
        self.assertEqual(self.details("ramp", "Boolean", False)["reason"], "SPLIT")
        closed = self.details("closed", "Boolean", True)
        self.assertEqual((closed["value"], closed["reason"]), (False, "DISABLED"))
        waits = self.details("waits", "Boolean", True)
        self.assertEqual((waits["value"], waits["reason"], waits["flagMetadata"]["reason"]),
                         (False, "DEFAULT", "PREREQUISITE_FAILED"))

    def test_who_is_in_no_experiment_gets_the_programs_own(self):
        inside = self.details("cta", "String", "own", {"targetingKey": "u", "country": "DE"})
        self.assertEqual((inside["value"], inside["reason"], inside["flagMetadata"]["exposure"]), ("1", "SPLIT", True))
        # This release of the provider is older than answers without a value, and says TYPE_MISMATCH beside it.
        self.assertEqual(self.details("cta", "String", "own", {"targetingKey": "u", "country": "FR"})["value"], "own")

    def test_errors_give_the_programs_own(self):
        for key, kind, fallback, context, code in (
                ("nowhere", "Boolean", True, None, "FLAG_NOT_FOUND"),
                ("ramp", "Boolean", True, {}, "TARGETING_KEY_MISSING"),
                ("new-ui", "String", "own", None, "TYPE_MISMATCH"),
                ("new-ui", "Boolean", True, {"targetingKey": 7}, "INVALID_CONTEXT")):
            with self.subTest(code):
                details = self.details(key, kind, fallback, context)
                self.assertEqual((details["value"], details["reason"], details["errorCode"]), (fallback, "ERROR", code))
        refused = self.details("new-ui", "Boolean", False, headers=[["Authorization", "Bearer xp_nonsense"]])
        self.assertEqual((refused["value"], refused["reason"]), (False, "ERROR"))

    def test_a_client_key_sees_what_is_marked_in_either_header(self):
        key = self.make_key("client")["key"]
        for headers in ([["Authorization", f"Bearer {key}"]], [["X-API-Key", key]]):
            self.assertTrue(self.details("new-ui", "Boolean", False, headers=headers)["value"])
            self.assertEqual(self.details("greeting", "String", "own", headers=headers)["errorCode"], "FLAG_NOT_FOUND")


class Protocol(OneServer):
    def ask(self, path, body, **more):
        return self.server.ask("POST", f"/ofrep/v1/evaluate/flags{path}", body, token=more.pop("token", self.server.key), **more)

    def test_all_flags_have_a_tag_of_the_ruleset_and_the_context(self):
        first = self.ask("", {"context": USER})
        self.assertEqual(first.status, 200)
        found = {flag["key"]: flag for flag in first.json["flags"]}
        self.assertLessEqual(set(FLAGS) | {"cta"}, set(found))
        self.assertNotIn("value", found["cta"])
        same = {"context": dict(reversed(USER.items()))}
        again = self.ask("", same, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", first.headers["ETag"]))
        other = self.ask("", {"context": USER | {"targetingKey": "other"}}, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual(other.status, 200)
        self.server.must("POST", f"{P}/flags/closed/{E}/enable")
        self.addCleanup(self.server.must, "POST", f"{P}/flags/closed/{E}/disable")
        later = self.ask("", {"context": USER}, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual(later.status, 200)
        self.assertGreater(later.json["metadata"]["version"], first.json["metadata"]["version"])

    def test_a_flag_that_cannot_be_evaluated_fails_alone(self):
        found = {flag["key"]: flag for flag in self.ask("", {"context": {}}).json["flags"]}
        self.assertEqual(found["ramp"]["errorCode"], "TARGETING_KEY_MISSING")
        self.assertTrue(found["new-ui"]["value"])

    def test_what_is_wrong_has_the_protocols_words(self):
        for raw, code in (("{", "PARSE_ERROR"), ("[]", "PARSE_ERROR"), ('{"context":{"a":1,"a":2}}', "PARSE_ERROR"),
                          ("{}", "INVALID_CONTEXT"), ('{"context":[]}', "INVALID_CONTEXT"),
                          ('{"context":{"targetingKey":7}}', "INVALID_CONTEXT")):
            for path in ("", "/new-ui"):
                with self.subTest(raw=raw, path=path):
                    answer = self.ask(path, None, raw=raw)
                    self.assertEqual((answer.status, answer.json["errorCode"]), (400, code))
                    self.assertEqual(answer.headers["Content-Type"], "application/json")
                    self.assertEqual(answer.json.get("key"), "new-ui" if path else None)
        missing = self.ask("/nowhere", {"context": {}})
        self.assertEqual((missing.status, missing.json["errorCode"], missing.json["key"]), (404, "FLAG_NOT_FOUND", "nowhere"))
        self.assertEqual(self.ask("/ramp", {"context": {}}).json["errorCode"], "TARGETING_KEY_MISSING")
        self.assertEqual(self.ask("/new-ui", {"context": {}}, token="").status, 401)

    def test_a_person_names_the_environment(self):
        path = "/new-ui?project=game&environment=production"
        self.assertTrue(self.ask(path, {"context": {}}, token=self.server.token).json["value"])
        bulk = self.ask("?project=game&environment=production", {"context": {}}, token=self.server.token)
        self.assertNotIn("eventStreams", bulk.json)
        self.assertEqual(self.ask("/new-ui", {"context": {}}, token=self.server.token).status, 422)

    def stream(self, target, last=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", target, headers={"Last-Event-ID": last} if last else {})
        return connection.getresponse()

    @staticmethod
    def event(response):
        lines = []
        while line := response.readline().decode().rstrip("\n"):
            lines.append(line)
        return dict(line.split(": ", 1) for line in lines if not line.startswith(":"))

    def test_a_stream_says_when_to_ask_again_and_opens_for_its_own_key_alone(self):
        made = self.make_key("server")
        bulk = self.ask("", {"context": {}}, token=made["key"]).json
        [announced] = bulk["eventStreams"]
        self.assertEqual(announced["type"], "sse")
        target = announced["endpoint"]["requestUri"]
        stream = self.stream(target)
        self.assertEqual((stream.status, stream.headers["Content-Type"]), (200, "text/event-stream"))
        current = self.event(stream)
        self.assertEqual(current["id"], str(bulk["metadata"]["version"]))
        self.server.must("POST", f"{P}/flags", {"key": "told", "configurations": {"production": BOOLEAN}})
        changed = self.event(stream)
        self.assertEqual(changed["event"], "message")
        told = json.loads(changed["data"])
        self.assertEqual(told["type"], "refetchEvaluation")
        self.assertNotEqual(told["etag"], json.loads(current["data"])["etag"])
        self.assertEqual(self.event(self.stream(target, changed["id"])), {}, "a comment: it is up to date")
        self.assertEqual(self.event(self.stream(target, current["id"]))["id"], changed["id"])
        self.assertNotIn(target.rsplit("=", 1)[1], self.server.log_text())
        for wrong in (target[:-1], target + "0", target.replace(made["id"], "0" * len(made["id"])), "/ofrep/v1/stream"):
            self.assertEqual(self.stream(wrong).status, 401, wrong)
        self.server.must("POST", f"{P}/keys/{made['id']}/revoke")
        self.assertEqual(self.stream(target).status, 401)

    def test_a_server_that_has_not_seen_the_change_looks_before_it_answers(self):
        with tempfile.TemporaryDirectory() as data, Served(PROGRAM, data) as one, Served(PROGRAM, data) as other:
            one.set_up()
            one.must("POST", f"{P}/flags", {"key": "f", "configurations": {"production": BOOLEAN}})
            until(lambda: one.ask("POST", "/ofrep/v1/evaluate/flags/f", {"context": {}}, token=one.key).status == 200)
            bulk = one.ask("POST", "/ofrep/v1/evaluate/flags", {"context": {}}, token=one.key)
            connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=30)
            self.addCleanup(connection.close)
            connection.request("GET", bulk.json["eventStreams"][0]["endpoint"]["requestUri"])
            told = json.loads(self.event(connection.getresponse())["data"])
            query = f"?flagConfigEtag={told['etag'].replace(chr(34), '%22')}&flagConfigLastModified={told['lastModified']}"
            answer = other.ask("POST", "/ofrep/v1/evaluate/flags" + query, {"context": {}}, token=one.key)
            self.assertEqual([flag["key"] for flag in answer.json["flags"]], ["f"])


class WebProvider(OneServer):
    def test_a_page_is_told_of_changes(self):
        key = self.make_key("client")["key"]
        page = subprocess.Popen(["node", os.path.join(SCRIPTS, "web.js"), PARTS, self.server.url, key, "user-7", "new-ui=false",
                                 'cta="own"', 'greeting="own"'], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(page.stdout.readline, "")), daemon=True)
        reader.start()
        try:
            ready = json.loads(until(lambda: lines and lines[0]))
            self.assertEqual((ready["event"], ready["details"]["new-ui"]["value"]), ("ready", True))
            outside = ready["details"]["cta"]
            self.assertEqual((outside["value"], outside["reason"], outside["flagMetadata"]["reason"]),
                             ("own", "DEFAULT", "NOT_TARGETED"))
            self.assertNotIn("errorCode", outside)
            self.assertEqual(ready["details"]["greeting"]["errorCode"], "FLAG_NOT_FOUND", "it is not client-visible")
            self.server.must("POST", f"{P}/flags/new-ui/{E}/disable")

            def told():
                return [event for event in map(json.loads, lines[1:]) if not event["details"]["new-ui"]["value"]]
            event = until(told)[0]
            self.assertEqual((event["event"], event["flags"]), ("changed", ["new-ui"]))
            self.assertEqual(event["details"]["new-ui"]["reason"], "DISABLED")
        finally:
            page.stdin.close()
            page.wait(30)
            reader.join()
            page.stdout.close()


if __name__ == "__main__":
    if not shutil.which("node") or not os.path.isdir(os.path.join(PARTS, "node_modules", "@openfeature")):
        print(f"skipped: OpenFeature's providers are not installed in {PARTS}")
        sys.exit(77)
    unittest.main()
