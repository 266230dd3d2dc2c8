"""A client that is opened before Celery's prefork pool forks: its workers answer, and each event is sent once."""

import json
import os
import signal
import subprocess
import textwrap
import time

from test_processes import PYTHON, QUICKSTART

TASKS = f"""
    import os
    from pathlib import Path
    from celery import Celery
    from celery.signals import worker_process_shutdown
    from expplat import Client, Sink, Source, User

    folder = Path(os.environ["EXPPLAT_TEST_FOLDER"])
    app = Celery("tasks", broker="filesystem://")
    app.conf.broker_transport_options = {{
        "data_folder_in": folder / "queue", "data_folder_out": folder / "queue", "control_folder": folder / "control",
    }}
    client = Client(Source.file({str(QUICKSTART)!r}), sink=Sink.file(folder / "events"), batch_age_ms=60_000)

    @worker_process_shutdown.connect
    def send_what_waits(**_):
        client.close()

    @app.task
    def buy(number):
        user = User(f"user-{{number}}", {{"country": "DE"}})
        client.track(f"{{client.variant('checkout-cta', user).key}} {{os.getpid()}}", user)
        with open(folder / "done", "a") as done:
            done.write("x")
    """
TASK_COUNT = 60


def test_celery_workers_answer_and_send_each_event_once(tmp_path):
    (tmp_path / "tasks.py").write_text(textwrap.dedent(TASKS))
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    done = tmp_path / "done"
    done.touch()
    environment = {**os.environ, "EXPPLAT_TEST_FOLDER": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    subprocess.run([*PYTHON, "-c", f"import tasks\nfor n in range({TASK_COUNT}): tasks.buy.delay(n)"], env=environment, cwd=tmp_path,
                   check=True, timeout=60)
    with open(tmp_path / "log", "w") as log:
        worker = subprocess.Popen([*PYTHON, "-m", "celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "3", "-l", "warning",
                                   "--without-gossip", "--without-mingle", "--without-heartbeat"],
                                  env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while done.stat().st_size < TASK_COUNT and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0, (tmp_path / "log").read_text()
    finally:
        worker.kill()
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    tracked = [(event["unit_id"], *event["event"].split()) for event in events if event["type"] == "track"]
    assert sorted(user for user, _, _ in tracked) == sorted(f"user-{number}" for number in range(TASK_COUNT))
    exposed = [(event["unit_id"], event["variant"]) for event in events if event["type"] == "exposure"]
    assert sorted(exposed) == sorted((user, variant) for user, variant, _ in tracked if variant != "None")
    processes = {process for _, _, process in tracked}
    assert len(processes) > 1
    assert str(worker.pid) not in processes
