#!/usr/bin/env python3
"""What expplat adds to a program: sizes of stripped programs beside one that does nothing.

Usage:  bench/size.py BUILD_FOLDER      (a release build with examples: build/release)

The header-only program is examples/header_only.cpp (verify an image, evaluate); the whole library is
examples/quickstart.cpp. Both are held to their budgets; exit 1 over one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

KIB = 1024
# name, program below the build folder, budget in KiB over an empty program (none: only reported)
PROGRAMS = [
    ("header-only core", "examples/expplat_header_only", 150),
    ("client, no network", "examples/expplat_quickstart", None),
]


def stripped_size(program, folder):
    copy = Path(folder) / "program"
    subprocess.run(["strip", "-o", copy, program], check=True)
    return copy.stat().st_size


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    over = False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "empty.cpp"
        source.write_text("int main() {}\n", encoding="utf-8")
        subprocess.run(["g++", "-O2", source, "-o", Path(folder) / "empty"], check=True)
        empty = stripped_size(Path(folder) / "empty", folder)
        print(f"{'an empty program':<24} {empty / KIB:8.1f} KiB")
        for name, path, budget in PROGRAMS:
            added = (stripped_size(Path(sys.argv[1]) / path, folder) - empty) / KIB
            limit = f"  budget {budget} KiB" if budget else ""
            print(f"{name:<24} {added:+8.1f} KiB{limit}")
            over = over or (budget is not None and added > budget)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
