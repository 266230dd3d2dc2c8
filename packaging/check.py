#!/usr/bin/env python3
"""What the packages say of themselves is true: one line a fault, exit 1 where there is any.

Usage:  packaging/check.py [PYSPDXTOOLS]     with the path of that program, the bills of materials are validated as well

  versions      every package's file says the version of include/expplat/version.hpp, and CHANGELOG.md has a heading for it
  dependencies  packaging/dependencies.json names every library that CMake looks for and vcpkg.json asks for, and no other
  bills         each artefact's bill of materials is valid SPDX 2.3
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sbom

ROOT = sbom.ROOT
# What CMake looks for and no artefact contains.
TOOLS = {"Python3", "Threads", "GTest", "benchmark", "expplat"}
# vcpkg splits Boost, and has what tests need.
VCPKG_TOO = {"boost-beast", "gtest", "benchmark"}

# Where a version stands beside version.hpp: a file and what finds it. A file that is not there has none.
STATED = [
    ("bindings/python/pyproject.toml", r'^version = "([^"]+)"'),
    ("bindings/node/package.json", r'^\s*"version": "([^"]+)"'),
    ("bindings/wasm/package.json", r'^\s*"version": "([^"]+)"'),
    ("CHANGELOG.md", r"^## \[(?:Unreleased\]: )?([0-9.]+)"),
]


def wrong_versions():
    for name, pattern in STATED:
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        stated = re.search(pattern, text, re.MULTILINE)
        if stated is None:
            # pyproject.toml may read it from version.hpp instead.
            if "version.hpp" not in text:
                yield f"{name}: says no version"
        elif stated.group(1) != sbom.version():
            yield f"{name}: says {stated.group(1)}, version.hpp says {sbom.version()}"


def cmake_names():
    names = set()
    for path in [ROOT / "CMakeLists.txt", *ROOT.glob("server/**/CMakeLists.txt"), *ROOT.glob("src/**/CMakeLists.txt")]:
        names |= set(re.findall(r"^\s*find_package\((\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return names - TOOLS


def wrong_dependencies():
    table = sbom.dependencies()
    for kind, asked in (("cmake", cmake_names()), ("vcpkg", vcpkg_names())):
        named = {one[kind] for one in table if kind in one}
        for name in sorted(asked - named):
            yield f"packaging/dependencies.json: {name}, which {kind} asks for, is missing"
        for name in sorted(named - asked):
            yield f"packaging/dependencies.json: {kind} does not ask for {name}"
    for one in table:
        unknown = set(one["in"]) - set(sbom.ARTEFACTS)
        if unknown or not one["in"]:
            yield f"packaging/dependencies.json: {one['name']}: in no artefact, or an unknown one"
        if "version" not in one and not one.get("debian"):
            yield f"packaging/dependencies.json: {one['name']}: has neither a version nor Debian packages"


def vcpkg_names():
    manifest = json.loads((ROOT / "vcpkg.json").read_text(encoding="utf-8"))
    names = set(manifest["dependencies"])
    for feature in manifest["features"].values():
        names |= set(feature["dependencies"])
    return names - VCPKG_TOO


def wrong_bills(validator):
    with tempfile.TemporaryDirectory() as folder:
        for artefact in sbom.ARTEFACTS:
            path = Path(folder) / f"{artefact}.spdx.json"
            path.write_text(json.dumps(sbom.document(artefact)), encoding="utf-8")
            done = subprocess.run([validator, "--infile", str(path), "--version", "SPDX-2.3"], capture_output=True, text=True,
                                  check=False)
            if done.returncode != 0:
                yield f"the bill of {artefact}: {done.stdout}{done.stderr}"


def main(arguments):
    faults = [*wrong_versions(), *wrong_dependencies()]
    if arguments:
        faults += wrong_bills(arguments[0])
    else:
        print("not validated: the bills of materials, without pyspdxtools")
    for fault in faults:
        print(fault)
    print(f"version {sbom.version()}, {len(sbom.dependencies())} dependencies, {len(sbom.ARTEFACTS)} bills: "
          f"{'wrong' if faults else 'right'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
