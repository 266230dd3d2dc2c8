#!/usr/bin/env python3
"""Real clients of the library against the real server: `expplat run` and `expplat watch` follow it and send it their events;
two servers on one database; a server that ends and comes back; a key that is taken back; a client that starts without a server.

Usage:  clients.py EXPPLAT_SERVER EXPPLAT
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from served import Served, until  # noqa: E402

CLI = sys.argv.pop(2)
PROGRAM = sys.argv.pop(1)
P = "/api/v1/projects/game"
EXPERIMENT = {"type": "string", "variants": {"a": "1", "b": "2"},
              "split": [{"variant": "a", "weight": 50}, {"variant": "b", "weight": 50}]}


def start_experiment(server, key="cta"):
    server.must("POST", f"{P}/experiments", {"key": key, "configurations": {"production": EXPERIMENT}})
    server.must("POST", f"{P}/experiments/{key}/environments/production/start")


class Watch:
    """`expplat watch`, and the lines that it printed."""

    def __init__(self, server, *words):
        self.process = subprocess.Popen([CLI, "watch", "--source", server.url, *words], stdout=subprocess.PIPE, text=True,
                                        env=os.environ | {"EXPPLAT_SDK_KEY": server.key})
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.reader.join()
        self.process.stdout.close()

    def says(self, text):
        return until(lambda: next((line for line in self.lines if text in line), None))


class Run:
    """`expplat run` that is asked one case after the other, and what it logged."""

    def __init__(self, server):
        self.process = subprocess.Popen([CLI, "run", "--source", server.url, "--cases", "-"], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=os.environ | {"EXPPLAT_SDK_KEY": server.key})
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(iter(self.process.stderr.readline, "")), daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        assert status == 0, (status, self.log)

    def answer(self, key, user):
        print(json.dumps({"key": key, "user": {"key": user}}), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def logs(self, text):
        return until(lambda: next((line for line in self.log if text in line), None))


class Clients(unittest.TestCase):
    def test_events_of_a_run_are_all_at_the_server_once(self):
        users = 3_000
        with Served(PROGRAM) as server, tempfile.TemporaryDirectory() as folder:
            server.set_up()
            start_experiment(server)
            cases = os.path.join(folder, "cases.jsonl")
            with open(cases, "w", encoding="utf-8") as file:
                for i in range(users):
                    print(json.dumps({"key": "cta", "user": {"key": f"u{i}"}}), file=file)
            done = subprocess.run([CLI, "run", "--source", server.url, "--sink", "http", "--cases", cases, "--threads", "2"],
                                  env=os.environ | {"EXPPLAT_SDK_KEY": server.key}, capture_output=True, text=True,
                                  timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(len(answers), users)
            stats = json.loads(done.stderr.splitlines()[-1])
            self.assertEqual(stats["acknowledged"], users)
            counts = server.must("GET", "/api/v1/events/counts?project=game&environment=production").json["items"]
            counted = {item["variant"]: item["events"] for item in counts}
            expected = {variant: sum(answer["variant"] == variant for answer in answers) for variant in ("a", "b")}
            self.assertEqual(counted, expected)
            whole = server.must("POST", "/api/v1/evaluate", {"user": {"key": "u7"}, "key": "cta"}, token=server.key).json
            self.assertEqual(whole["answers"][0]["variant"], answers[7]["variant"], "the server answers as the library")

    def test_a_change_reaches_a_client_that_follows(self):
        with Served(PROGRAM) as server:
            server.set_up()
            start_experiment(server)
            with Watch(server, "--user", '{"key":"u"}', "cta") as watch:
                watch.says("READY")
                begun = time.monotonic()
                server.must("POST", f"{P}/experiments/cta/environments/production/pause")
                watch.says("cta")
                until(lambda: len([line for line in watch.lines if "cta" in line]) >= 2)
                self.assertLess(time.monotonic() - begun, 10)

    def test_a_server_that_ends_and_comes_back_is_followed_again(self):
        with tempfile.TemporaryDirectory() as data:
            with Served(PROGRAM, data) as server:
                server.set_up()
                watch = Watch(server)
                watch.says("READY")
                port = server.port
            with watch, Served(PROGRAM, data, {"EXPPLAT_LISTEN": f"127.0.0.1:{port}"}) as again:
                again.key = server.key
                again.log_in()
                start_experiment(again, "later")
                watch.says("later")

    def test_two_servers_on_one_database_tell_each_others_clients(self):
        with tempfile.TemporaryDirectory() as data, Served(PROGRAM, data) as one, Served(PROGRAM, data) as other:
            one.set_up()
            other.key = one.key
            until(lambda: other.ask("GET", "/api/v1/sdk/ruleset", token=one.key).status == 200)
            with Watch(other) as watch:
                watch.says("READY")
                start_experiment(one, "here")
                watch.says("here")

    def test_a_key_that_is_taken_back_is_said_and_what_is_there_goes_on_answering(self):
        with Served(PROGRAM) as server:
            made = server.set_up()
            start_experiment(server)
            with Run(server) as run, Watch(server) as watch:
                watch.says("READY from server")
                before = run.answer("cta", "u")
                self.assertEqual(before["reason"], "SPLIT")
                server.must("POST", f"{P}/keys/{made['id']}/revoke")
                self.assertIn("401 (the key is refused)", watch.says("UNAUTHORIZED from server"))
                run.logs("401 (the key is refused)")
                server.must("POST", f"{P}/experiments/cta/environments/production/pause")
                self.assertEqual(run.answer("cta", "u"), before, "it is not told what came after")
                self.assertEqual(run.answer("cta", "another")["reason"], "SPLIT")
                self.assertNotIn(server.key, "".join(run.log + watch.lines))

    def test_a_client_that_starts_without_a_server_answers_from_its_cache_and_catches_up(self):
        with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as folder:
            words = ("--cache", os.path.join(folder, "cache"), "--user", '{"key":"u"}', "cta")
            with Served(PROGRAM, data) as server:
                server.set_up()
                start_experiment(server)
                with Watch(server, *words) as watch:
                    before = watch.says("  cta: ")
                    watch.says("READY from server")
                server.must("POST", f"{P}/experiments/cta/environments/production/pause")
            with Watch(server, *words) as watch:
                self.assertEqual(watch.says("  cta: "), before)
                watch.says("STALE from cache")
                self.assertFalse([line for line in watch.lines if "READY" in line], watch.lines)
                with Served(PROGRAM, data, {"EXPPLAT_LISTEN": f"127.0.0.1:{server.port}"}):
                    watch.says("READY from server")
                    self.assertTrue(watch.says(" → ").startswith(before.rstrip()), watch.lines)


if __name__ == "__main__":
    unittest.main()
