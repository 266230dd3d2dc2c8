#!/usr/bin/env python3
"""The image without Docker: server/docker/build.sh assembles its file system from the built programs, and they run in it, and in
nothing else, as the Dockerfile has them run.

Usage:  image.py EXPPLAT_SERVER EXPPLAT

As root by chroot, as anybody else in a user namespace; ends with 77 where neither can be. With EXPPLAT_FULL the programs are built
by the script too. That the image itself comes out of the Dockerfile needs a Docker daemon, and is not tested here.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

PROGRAMS = [os.path.abspath(path) for path in sys.argv[1:3]]
del sys.argv[1:3]
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
SCRIPT = os.path.join(SOURCE, "server", "docker", "build.sh")
with open(os.path.join(SOURCE, "Dockerfile"), encoding="utf-8") as _file:
    DOCKERFILE = _file.read().replace("\\\n", " ")


def instruction(name):
    """The last one of that name."""
    return re.findall(rf"(?m)^{name}\s+(.*)$", DOCKERFILE)[-1].strip()


USER = int(instruction("USER").split(":")[0])
ENVIRONMENT = dict(pair.split("=", 1) for pair in instruction("ENV").split())
ENTRYPOINT = json.loads(instruction("ENTRYPOINT"))
HEALTHCHECK = json.loads(instruction("HEALTHCHECK").split("CMD", 1)[1])


def inside(root):
    """What a command is run by in the image's file system; nothing where that cannot be."""
    if os.geteuid() == 0:
        return ["chroot", f"--userspec={USER}:{USER}", root]
    words = ["unshare", "--user", "--map-root-user", f"--root={root}"]
    tried = subprocess.run([*words, "/usr/bin/expplat", "--version"], capture_output=True, check=False)
    return words if tried.returncode == 0 else None


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="expplat-image-")
        os.chmod(cls.folder.name, 0o755)
        programs = PROGRAMS
        if os.environ.get("EXPPLAT_FULL"):
            build = os.path.join(SOURCE, "build", "docker")
            subprocess.run([SCRIPT, "compile", build], check=True, stdout=subprocess.DEVNULL)
            programs = [os.path.join(build, "bin", os.path.basename(program)) for program in PROGRAMS]
        cls.root = os.path.join(cls.folder.name, "root")
        subprocess.run([SCRIPT, "assemble", cls.root, *programs], check=True)
        # The volume.
        cls.data = cls.root + ENVIRONMENT["EXPPLAT_DATA"]
        os.makedirs(cls.data, 0o700)
        if os.geteuid() == 0:
            os.chown(cls.data, USER, USER)
        cls.words = inside(cls.root)
        if cls.words is None:
            print("skipped: no chroot and no user namespace here")
            cls.folder.cleanup()
            os._exit(77)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def command(self, *words, **more):
        environment = ENVIRONMENT | {"PATH": os.environ["PATH"]} | more
        return subprocess.run([*self.words, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)

    def test_the_server_lives_in_it_and_needs_nothing_else(self):
        listen = {"EXPPLAT_LISTEN": f"127.0.0.1:{free_port()}"}
        self.assertEqual(self.command(*HEALTHCHECK, **listen).returncode, 1, "nobody is there yet")
        for times in (1, 2):
            with subprocess.Popen([*self.words, *ENTRYPOINT], env=ENVIRONMENT | {"PATH": os.environ["PATH"]} | listen,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
                try:
                    line = process.stdout.readline()
                    self.assertTrue(line.startswith("listening on http://"), line)
                    # unshare forks for nothing, chroot neither: this process is the server.
                    if os.geteuid() == 0:
                        self.assertEqual(os.stat(f"/proc/{process.pid}").st_uid, USER)
                    with urllib.request.urlopen(line.split()[2] + "/health/live", timeout=30) as answer:
                        self.assertEqual(answer.status, 200)
                    with urllib.request.urlopen(line.split()[2] + "/health/ready", timeout=30) as answer:
                        self.assertEqual(answer.status, 200)
                    healthy = self.command(*HEALTHCHECK, **listen)
                    self.assertEqual((healthy.returncode, healthy.stdout), (0, "alive\n"), healthy.stderr)
                    if times == 1:
                        self.assertIn("log in as", process.stdout.readline())
                finally:
                    process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(30), 0)
        exported = self.command(*ENTRYPOINT, "export")
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertIn('"expplat":"export/1"', exported.stdout)
        made = [os.path.join(self.data, name) for name in os.listdir(self.data)]
        self.assertTrue(any(path.endswith("expplat.db") for path in made), made)
        for path in made:
            self.assertEqual(os.stat(path).st_uid, USER if os.geteuid() == 0 else os.geteuid(), path)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, path)

    def test_the_command_line_is_there_too(self):
        done = self.command("/usr/bin/expplat", "--version")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("expplat "))

    def test_there_is_what_is_needed_and_no_more(self):
        def within(path):
            return self.root + path
        self.assertEqual(sorted(os.listdir(within("/usr/bin"))), ["expplat", "expplat-server"])
        self.assertGreater(os.path.getsize(within("/etc/ssl/certs/ca-certificates.crt")), 100_000)
        self.assertTrue(os.path.lexists(within("/usr/lib/ssl/cert.pem")))
        self.assertTrue(os.path.exists(within("/usr/share/zoneinfo/Europe/Berlin")))
        with open(within("/etc/passwd"), encoding="utf-8") as file:
            self.assertEqual([line.split(":")[2] for line in file], [str(USER)])
        size = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                status = os.lstat(os.path.join(folder, name))
                size += status.st_size if stat.S_ISREG(status.st_mode) else 0
                self.assertFalse(status.st_mode & (stat.S_ISUID | stat.S_ISGID), name)
                self.assertNotIn(name, ("sh", "bash", "dash", "busybox"))
        self.assertLess(size, 100 << 20)

    def test_a_root_that_is_there_is_left_alone(self):
        done = subprocess.run([SCRIPT, "assemble", self.root, *PROGRAMS], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not empty", done.stderr)
        self.assertEqual(subprocess.run([SCRIPT, "assemble", self.root], capture_output=True, check=False).returncode, 1)

    def test_the_image_is_built_from_what_the_build_needs(self):
        """What .dockerignore leaves out is not missed: CMakeLists.txt names it only where its option is on."""
        with open(os.path.join(SOURCE, ".dockerignore"), encoding="utf-8") as file:
            ignored = {line.strip() for line in file if line.strip() and not line.startswith("#")}
        self.assertTrue({"build", ".git", "tests"} <= ignored)
        if not os.environ.get("EXPPLAT_FULL") or shutil.which("cmake") is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "source")
            shutil.copytree(SOURCE, copy, ignore=lambda path, names: [
                name for name in names if path == SOURCE and name in ignored])
            subprocess.run(["cmake", "-S", copy, "-B", os.path.join(folder, "build"), "-G", "Ninja",
                            "-DEXPPLAT_BUILD_TESTS=OFF", "-DEXPPLAT_BUILD_BENCH=OFF", "-DEXPPLAT_BUILD_EXAMPLES=OFF"],
                           check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
