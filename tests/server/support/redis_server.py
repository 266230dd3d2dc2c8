"""A Redis for tests, in a temporary folder, on a free port of the loopback.

`RedisServer(password=…, user=…, tls=True)` starts one; `with` ends it and removes the folder. `kill` and `start` go through
an outage on the same port. `url` is what REDIS_URL wants, `ca_file` what REDIS_CA_FILE does. Nothing is kept on disk.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from certificate import make_certificate

START_SECONDS = 30
PORTS_TRIED = 5
PR_SET_PDEATHSIG = 1


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    def __init__(self, password="", user="", tls=False):
        if shutil.which("redis-server") is None:
            sys.exit("redis_server.py: no redis-server; install the Debian package of that name")
        self.password = password
        self.user = user
        self.tls = tls
        self.folder = Path(tempfile.mkdtemp(prefix="expplat-redis-", dir="/tmp"))
        self.port = 0
        self.process = None

    def __enter__(self):
        try:
            if self.tls:
                make_certificate(self.folder, "redis")
            for _ in range(PORTS_TRIED):
                self.port = free_port()  # somebody else may take it before Redis does
                if self.start():
                    return self
            sys.exit(f"redis_server.py: Redis did not start:\n{self.log()}")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        who = f"{self.user}:{self.password}@" if self.password else ""
        return f"redis{'s' if self.tls else ''}://{who}localhost:{self.port}/0"

    @property
    def ca_file(self):
        return str(self.folder / "ca.pem")

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        words = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        words += ["--port", "0" if self.tls else str(self.port)]
        if self.tls:
            words += ["--tls-port", str(self.port), "--tls-cert-file", "redis.pem", "--tls-key-file", "redis.key",
                      "--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"]
        if self.user:
            # No more than hints need.
            (self.folder / "acl").write_text(
                f"user default off\nuser {self.user} on >{self.password} resetchannels &expplat:0:ruleset:* -@all +psubscribe "
                "+publish +ping +select\n", encoding="utf-8")
            words += ["--aclfile", "acl"]
        elif self.password:
            words += ["--requirepass", self.password]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log, preexec_fn=end_with_parent)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self.process.poll() is None
            time.sleep(.02)
        self.kill()
        return False

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
