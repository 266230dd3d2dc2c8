"""What the tests of the Python package share: where the data is, and clients that are closed again."""

import os
import sys
from pathlib import Path

import pytest

import expplat

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/python"))


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnknownMarkWarning")  # the features' tags
    config.addinivalue_line("filterwarnings", "ignore:nanobind. attempted to:RuntimeWarning")  # tests that do so on purpose


def pytest_terminal_summary(terminalreporter):
    """The counts of the stage, and a line for each test that was skipped."""
    stats = terminalreporter.stats
    for report in stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[2]}")
    counts = [len(stats.get(name, [])) for name in ("passed", "failed", "skipped")]
    counts[1] += len(stats.get("error", []))
    if path := os.environ.get("STAGE_COUNTS"):
        Path(path).write_text(" ".join(map(str, counts)) + "\n", encoding="utf-8")


@pytest.fixture
def quickstart():
    with expplat.Client(expplat.Source.file(TOP / "examples/quickstart.json")) as client:
        yield client


@pytest.fixture
def ann():
    return expplat.User("ann", {"country": "DE", "app_version": "2.5.1"})
