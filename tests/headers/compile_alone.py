#!/usr/bin/env python3
"""Compiles each header alone, and the core for the platforms that a game or a phone is built for.

Usage:  tests/headers/compile_alone.py [--jobs N] [ROOT]

  public headers     g++ and clang++, with every warning an error
  src headers        g++; but for those that a source of the same name includes first, which has compiled them alone
  base image eval exposure
                     with -fno-exceptions -fno-rtti
  base image eval c  also for Windows (mingw-w64) and aarch64 Linux, alone, and all of them together as one
                     object; the C face also as C99, pedantically

A compiler that is not installed is a failure: `./dev setup` installs all of them.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WARNINGS = ["-std=c++20", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
HARD = ["-fno-exceptions", "-fno-rtti"]
HARD_LAYERS = ("base", "image", "eval", "exposure")
PORTABLE_LAYERS = ("base", "image", "eval")
NATIVE = ("g++", "clang++")
CROSS = ("x86_64-w64-mingw32-g++-posix", "aarch64-linux-gnu-g++")
C_COMPILERS = ("gcc", "clang")


def headers(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".hpp", ".h"))


def first_include(source):
    """What a source includes first; nothing where there is no such source."""
    if not source.is_file():
        return None
    found = re.search(r'^#include "([^"]+)"', source.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else None


def xxhash_folder(scratch):
    """A folder with xxhash.h and no other header of this machine, for the cross compilers."""
    folder = scratch / "xxhash"
    folder.mkdir()
    for root in (Path("/usr/include"), Path("/usr/local/include")):
        for name in ("xxhash.h", "xxh3.h"):
            if (root / name).is_file():
                shutil.copy(root / name, folder / name)
    return folder


def commands(root, scratch):
    """(what is compiled, command) of every compilation."""
    include = root / "include"
    public = headers(include / "expplat")
    roots = [f"-I{include}", f"-I{root}"]

    def layer(path):
        return path.relative_to(include / "expplat").parts[0]

    def alone(compiler, header, flags):
        name = header.relative_to(root).as_posix()
        mode = " ".join(flag for flag in flags if flag in HARD)
        source = scratch / (name.replace("/", "_") + ".cpp")
        if not source.exists():
            relative = header.relative_to(include if include in header.parents else root)
            source.write_text(f'#include "{relative.as_posix()}"\n', encoding="utf-8")
        return (f"{name} with {compiler} {mode}".rstrip(),
                [compiler, *WARNINGS, *flags, "-fsyntax-only", str(source)])

    for header in public:
        hard = layer(header) in HARD_LAYERS
        for compiler in NATIVE:
            # With exceptions and RTTI every test compiles it; here, what a game does.
            yield alone(compiler, header, [*roots, *(HARD if hard else ())])
        if header.suffix == ".h":
            source = scratch / (header.stem + ".c")  # included, as `#pragma once` wants it
            source.write_text(f'#include "{header.relative_to(include).as_posix()}"\n', encoding="utf-8")
            for compiler in C_COMPILERS:
                yield (f"{header.name} as C with {compiler}",
                       [compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", *roots, "-fsyntax-only",
                        str(source)])
    for header in headers(root / "src"):
        if first_include(header.with_suffix(".cpp")) != header.relative_to(root).as_posix():
            yield alone("g++", header, roots)

    portable = [header for header in public if layer(header) in (*PORTABLE_LAYERS, "c")]
    together = scratch / "together.cpp"
    together.write_text("".join(f'#include "{header.relative_to(include).as_posix()}"\n' for header in portable),
                        encoding="utf-8")
    cross_roots = [f"-I{include}", f"-isystem{xxhash_folder(scratch)}"]
    for compiler in CROSS:
        for header in portable:
            yield alone(compiler, header, [*cross_roots, *HARD])
        yield (f"the core with {compiler}",
               [compiler, *WARNINGS, *cross_roots, *HARD, "-O2", "-c", str(together), "-o",
                str(scratch / f"{compiler}.o")])


def run(job):
    what, command = job
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return what, command, done.returncode, done.stdout


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()

    missing = [name for name in (*NATIVE, *CROSS, *C_COMPILERS) if shutil.which(name) is None]
    if missing:
        print("not installed: " + ", ".join(missing) + " (./dev setup installs them)")
        return 1

    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        jobs = list(commands(arguments.root.resolve(), Path(scratch)))
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for what, command, status, output in pool.map(run, jobs):
                if status != 0:
                    failed += 1
                    print(f"--- {what}\n    {' '.join(command)}\n{output}")
    print(f"headers: {len(jobs)} compilations, {failed} failed")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
