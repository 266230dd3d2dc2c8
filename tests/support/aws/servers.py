"""Starts the servers that play AWS, on free ports of 127.0.0.1, and ends them.

`parts` is the folder into which `.ci/setup.sh` installs them: `node_modules` and `venv`.
"""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def kinesalite(parts):
    # A script finds modules from where it is, so it runs from beside them.
    script = pathlib.Path(parts) / "kinesalite_server.js"
    shutil.copyfile(HERE / "kinesalite_server.js", script)
    process = subprocess.Popen(["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        end(process)
        process.stdout.close()


@contextlib.contextmanager
def moto():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None:
                raise RuntimeError("moto's server ended at once")
            time.sleep(.1)
        yield port
    finally:
        process.terminate()
        end(process)


def end(process):
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
