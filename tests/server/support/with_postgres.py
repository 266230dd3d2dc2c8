#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL of its own.

Usage:  with_postgres.py COMMAND [ARGUMENT ...]

Makes a cluster in a temporary folder, as an unprivileged user where this is root, on a Unix socket alone; sets
EXPPLAT_TEST_POSTGRES to its address for the command; stops it by its process id and removes the folder. Ends as the
command does. The server's own log is shown where it does not start.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_SECONDS = 60
PR_SET_PDEATHSIG = 1


def programs():
    """The folder with initdb and postgres: Debian's newest, else that of the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    if found is None:
        sys.exit("with_postgres.py: no initdb; install the package postgresql")
    return Path(found).resolve().parent


def unprivileged():
    """Arguments of subprocess that make the server run as somebody who is not root, which it refuses to be."""
    if os.geteuid() != 0:
        return {}, None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}, entry
    sys.exit("with_postgres.py: this is root, and there is neither a user postgres nor nobody")


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def wait_until_ready(server, binaries, folder, log, identity):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        probe = subprocess.run([binaries / "pg_isready", "-q", "-h", folder, "-d", "postgres"], check=False, **identity)
        if probe.returncode == 0:
            return
        time.sleep(0.05)
    sys.exit(f"with_postgres.py: PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def stop(server):
    server.send_signal(signal.SIGINT)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)


def main(command):
    if not command or command[0].startswith("-"):
        sys.exit(__doc__)
    binaries = programs()
    identity, entry = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="expplat-postgres-", dir="/tmp"))
    log = folder / "log"
    server = None
    try:
        if entry is not None:
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        cluster = folder / "cluster"
        made = subprocess.run([binaries / "initdb", "-D", cluster, "-U", "expplat", "-A", "trust", "-E", "UTF8",
                               "--locale=C.UTF-8", "--no-sync"], capture_output=True, text=True, cwd=folder, check=False,
                              **identity)
        if made.returncode != 0:
            sys.exit(f"with_postgres.py: initdb failed:\n{made.stdout}{made.stderr}")
        with open(log, "w", encoding="utf-8") as output:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", cluster, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
                 "-c", "shared_buffers=32MB", "-c", "max_connections=60"],
                stdout=output, stderr=output, cwd=folder, preexec_fn=end_with_parent, **identity)
        wait_until_ready(server, binaries, folder, log, identity)
        address = f"postgres://expplat@/postgres?host={folder}"
        return subprocess.run(command, env={**os.environ, "EXPPLAT_TEST_POSTGRES": address}, check=False).returncode
    finally:
        if server is not None:
            stop(server)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
