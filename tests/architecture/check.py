#!/usr/bin/env python3
"""Enforces the house: ARCHITECTURE.md's layer table and STYLE.md's rules that a machine can see.

Usage:  tests/architecture/check.py [ROOT]      one line a violation, exit 1 where there is any
        tests/architecture/check.py --self-test each rule refuses the violation it is for

What it checks:
  layers      every #include under include/, src/, server/, bindings/node/ and bindings/python/ follows an arrow of LAYERS
  third-party a library is included only by the layers that list it
  cycles      no header includes itself through others
  headers     `#pragma once`, and an opening comment of prose before it
  spelling    project headers in quotes and relative to include/ or the top folder
  names       no helper, util, manager, data, info, impl
  listed      every .cpp is in the CMakeLists.txt of its folder or a folder above, and every listed one exists
"""

import re
import sys
import tempfile
from pathlib import Path

# The table. A layer: its folder or files, the layers it may include (itself always), the third-party
# libraries it may include. The first layer whose path matches a file is that file's layer.
PUBLIC = ["base", "image", "eval", "exposure", "client"]
LIBRARY = [*PUBLIC, "c", "ruleset", "net", "aws", "sync", "sinks", "runtime"]
SERVER = ["boost", "openssl", "absl", "nlohmann", "zlib", "zstd"]
DATABASES = ["sqlite", "libpq"]

LAYERS = [
    # name, paths, may include, third party
    ("base", ["include/expplat/base/", "include/expplat/version.hpp"], [], []),
    ("image", ["include/expplat/image/"], ["base"], []),
    ("eval", ["include/expplat/eval/"], ["base", "image"], ["xxhash"]),
    ("exposure", ["include/expplat/exposure/"], ["base"], []),
    ("c", ["include/expplat/c/"], [], []),
    ("client", ["include/expplat/*.hpp"], ["base", "image", "eval", "exposure"], []),
    ("ruleset", ["src/ruleset/"], ["base", "image", "eval"], ["nlohmann", "re2", "absl"]),
    ("net", ["src/net/"], ["base"], ["boost", "openssl", "absl", "zlib", "zstd", "cares"]),
    ("aws", ["src/aws/"], ["base", "net"], ["openssl", "absl", "nlohmann"]),
    ("sync", ["src/sync/"], ["base", "image", "ruleset", "net"], ["absl"]),
    ("sinks", ["src/sinks/"], ["base", "exposure", "net", "aws"], ["absl", "nlohmann"]),
    ("runtime", ["src/client/"], LIBRARY, ["absl"]),
    ("c-face", ["src/c/"], LIBRARY, []),
    # The audit's chain, for who writes it and for who checks an export of it.
    ("audit", ["src/audit/"], ["base", "ruleset", "aws"], []),
    # The interface of the server, typed.
    ("admin", ["src/admin/"], ["base", "ruleset", "net", "sync"], []),
    ("cli", ["src/cli/"], [*LIBRARY, "audit", "admin"], []),
    # Bindings whose hot calls have a budget that the C face's structs would cost.
    ("node", ["bindings/node/addon/"], [*LIBRARY, "c-face"], ["node-api"]),
    ("python", ["bindings/python/src/"], [*LIBRARY, "c-face"], ["cpython"]),
    # The server: api over http, auth, publish and domain; store and the others over domain; only a main.cpp names concrete adapters.
    ("server-main", ["server/main.cpp", "server/*/main.cpp", "server/program/"],
     [*LIBRARY, "domain", "auth", "http", "api", "store", "publish", "pipeline", "stats", "notify", "lambda", "edge"],
     SERVER),
    ("domain", ["server/domain/"], [*LIBRARY, "audit"], ["absl", "openssl"]),
    # Who somebody is and what they may do: plain values, free of HTTP, of the domain and of the store.
    ("auth", ["server/auth/"], LIBRARY, ["openssl", "absl", "nlohmann", "zlib"]),
    # HTTP without a domain word.
    ("http", ["server/http/"], ["base", "net"], ["boost", "openssl", "zlib", "zstd"]),
    ("publish", ["server/publish/"], [*LIBRARY, "domain"], ["absl"]),
    ("api", ["server/api/"], [*LIBRARY, "domain", "auth", "http", "publish"], ["absl"]),
    ("store", ["server/store/"], [*LIBRARY, "domain"], [*SERVER, *DATABASES]),
    *[(name, [f"server/{name}/"], [*LIBRARY, "domain"], SERVER)
      for name in ("pipeline", "stats", "notify")],
    ("lambda", ["server/lambda/"], [*LIBRARY, "domain", "api"], SERVER),
    ("edge", ["server/edge/"], [*LIBRARY, "domain", "api"], SERVER),
]

# How a library is known by an include; what matches none of these and is no project file is the
# standard library or the operating system.
THIRD_PARTY = {
    "xxhash": r"xxh(ash|3)\.h$",
    "nlohmann": r"nlohmann/",
    "re2": r"re2/",
    "absl": r"absl/",
    "boost": r"boost/",
    "openssl": r"openssl/",
    "zlib": r"zlib\.h$",
    "zstd": r"zstd\.h$",
    "cares": r"ares(_version)?\.h$",
    "sqlite": r"sqlite3\.h$",
    "libpq": r"libpq-fe\.h$",
    "googletest": r"(gtest|gmock)/",
    "benchmark": r"benchmark/",
    "curl": r"curl/",
    "node-api": r"(napi|node_api)\.h$",
    "cpython": r"(Python|structmember)\.h$|nanobind/",
    "aws-sdk": r"aws/",
}

STANDARD = re.compile(r"^[a-z0-9_]+$")                                   # <vector>, <cstdint>
SYSTEM = re.compile(r"^((sys|linux|arpa|netinet|net|asm|mach|emscripten)/)?[A-Za-z0-9_]+\.h$")

CHECKED = ["include", "src", "server", "bindings/node", "bindings/python"]
LISTED = ["src", "server", "bindings/node", "bindings/python", "tests", "bench", "fuzz", "examples"]
HEADERS = {".hpp", ".h"}
SOURCES = {".cpp", ".hpp", ".h", ".c", ".cc"}
BANNED_WORDS = {"helper", "helpers", "util", "utils", "utility", "utilities", "manager", "data", "info", "impl"}
PROSE_LINES = 3
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def layer_of(path):
    """The table's row of a file, or None."""
    for row in LAYERS:
        for pattern in row[1]:
            if pattern.endswith("/") and path.startswith(pattern) and "*" not in pattern:
                return row
            if path == pattern or ("*" in pattern and Path(path).match(pattern)):
                return row
    return None


def third_party_of(include):
    for name, pattern in THIRD_PARTY.items():
        if re.match(pattern, include):
            return name
    return None


def without_block_comments(text):
    """The text with /* */ comments blanked, lines kept: a commented-out include counts for nothing."""
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)


def listed_text(lists):
    """A CMakeLists.txt without comments, and without names that CMake makes itself."""
    text = re.sub(r"#.*", "", lists.read_text(encoding="utf-8"))
    return re.sub(r"\S*\$\{\S*", "", text)


class House:
    """One tree of files and what is wrong with it."""

    def __init__(self, root):
        self.root = Path(root)
        self.problems = []
        self.files = {}     # path -> text, of include/, src/, server/
        for folder in CHECKED:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in SOURCES and path.is_file():
                    self.files[path.relative_to(self.root).as_posix()] = path.read_text(encoding="utf-8")

    def report(self, path, line, message):
        self.problems.append(f"{path}:{line}: {message}" if line else f"{path}: {message}")

    def resolve(self, include):
        """The project file that an include names from one of the two roots, or None."""
        for root in ("include/", ""):
            if root + include in self.files:
                return root + include
        return None

    def includes(self, path):
        """(line, quote, name) of every include of a file."""
        text = without_block_comments(self.files[path])
        for match in INCLUDE.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)

    def check(self):
        for path in self.files:
            self.check_includes(path)
            if Path(path).suffix in HEADERS:
                self.check_header(path)
            self.check_name(path)
        self.check_cycles()
        self.check_listed()
        return self.problems

    def check_includes(self, path):
        row = layer_of(path)
        if row is None:
            self.report(path, 0, "belongs to no layer of the table")
            return
        layer, _, may_include, third_party = row
        for line, quote, name in self.includes(path):
            target = self.resolve(name)
            library = third_party_of(name)
            if target is not None:
                if quote == "<":
                    self.report(path, line, f"<{name}> is a project header: write it in quotes")
                other = layer_of(target)
                if other is not None and other[0] != layer and other[0] not in may_include:
                    self.report(path, line, f'layer {layer} must not include layer {other[0]} ("{name}")')
            elif library is not None:
                if library not in third_party:
                    self.report(path, line, f"layer {layer} must not include {library} ({name})")
            elif quote == '"':
                self.report(path, line, f'"{name}" names no file from include/ or the top folder')
            elif not STANDARD.match(name) and not SYSTEM.match(name):
                self.report(path, line, f"<{name}> is of no library that the table knows")

    def check_header(self, path):
        lines = self.files[path].splitlines()
        if not any(re.match(r"\s*#\s*pragma\s+once\b", line) for line in lines):
            self.report(path, 0, "has no #pragma once")
        # The comment's lines up to the first that is none; blank ones between paragraphs count.
        block = bool(lines) and lines[0].startswith("/*")
        opening = []
        for line in lines:
            if not block and not line.startswith("//"):
                break
            opening.append(line)
            if block and "*/" in line:
                break
        if len(opening) < PROSE_LINES or sum(bool(re.search(r"\w", line)) for line in opening) < 2:
            self.report(path, 1, f"must open with {PROSE_LINES} lines of prose or more: what it is, who uses it, "
                                 "how it is shared")

    def check_name(self, path):
        for part in Path(path).parts[1:]:
            words = set(re.split(r"[_\-.]", part.lower()))
            for word in sorted(words & BANNED_WORDS):
                self.report(path, 0, f"the name says `{word}`; name the thing")

    def check_cycles(self):
        done, open_path = set(), []

        def visit(path):
            if path in open_path:
                cycle = [*open_path[open_path.index(path):], path]
                self.report(path, 0, "includes itself: " + " -> ".join(cycle))
                return
            if path in done:
                return
            open_path.append(path)
            for _, _, name in self.includes(path):
                target = self.resolve(name)
                if target is not None:
                    visit(target)
            open_path.pop()
            done.add(path)

        for path in self.files:
            visit(path)

    def check_listed(self):
        consumers = self.root / "tests" / "consumers"
        for folder in LISTED:
            for lists in sorted((self.root / folder).rglob("CMakeLists.txt")):
                for source in re.findall(r"[\w./-]+\.cpp(?!\w)", listed_text(lists)):
                    if not (lists.parent / source).is_file():
                        self.report(lists.relative_to(self.root).as_posix(), 0, f"lists {source}, which is not there")
        for folder in LISTED:
            for path in sorted((self.root / folder).rglob("*.cpp")):
                if consumers in path.parents:
                    continue
                if not self.is_listed(path):
                    self.report(path.relative_to(self.root).as_posix(), 0, "no CMakeLists.txt lists it")

    def is_listed(self, path):
        for folder in path.parents:
            lists = folder / "CMakeLists.txt"
            if lists.is_file():
                name = path.relative_to(folder).as_posix()
                text = listed_text(lists)
                # A fuzz target is listed by its noun: expplat_fuzz(json) is json_fuzz.cpp, whatever it links.
                noun = name.removesuffix("_fuzz.cpp")
                if re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", text) or re.search(
                        rf"expplat_fuzz\({re.escape(noun)}[ )]", text):
                    return True
            if folder == self.root:
                return False
        return False


# --- self-test: a small tree that is in order, then one violation at a time -------------------------

PROSE = "// What this is.\n//\n// Who uses it.\n// Safe from many threads.\n#pragma once\n\n"
ORDERLY = {
    "include/expplat/base/value.hpp": PROSE + "#include <string_view>\n",
    "include/expplat/image/view.hpp": PROSE + '#include "expplat/base/value.hpp"\n',
    "include/expplat/eval/bucket.hpp": PROSE + '#include <xxhash.h>\n#include "expplat/image/view.hpp"\n',
    "include/expplat/c/expplat.h": "/* The C face.\n * Handles are opaque.\n * Calls are thread-safe. */\n"
                                   "#pragma once\n#include <stdint.h>\n",
    "include/expplat/client.hpp": PROSE + '#include "expplat/eval/bucket.hpp"\n',
    "src/ruleset/json.hpp": PROSE + '#include "expplat/base/value.hpp"\n',
    "src/ruleset/json.cpp": '#include "src/ruleset/json.hpp"\n#include <nlohmann/json.hpp>\n',
    "src/client/client.cpp": '#include "expplat/client.hpp"\n#include "src/ruleset/json.hpp"\n#include <sys/stat.h>\n',
    "src/CMakeLists.txt": "ruleset/json.cpp client/client.cpp\n",
}

# (what goes wrong, the files that make it wrong, words of the report)
VIOLATIONS = [
    ("base includes image", {"include/expplat/base/value.hpp": PROSE + '#include "expplat/image/view.hpp"\n'},
     "layer base must not include layer image"),
    ("base includes xxhash", {"include/expplat/base/value.hpp": PROSE + "#include <xxhash.h>\n"},
     "layer base must not include xxhash"),
    ("the public client includes nlohmann",
     {"include/expplat/client.hpp": PROSE + "#include <nlohmann/json.hpp>\n"},
     "layer client must not include nlohmann"),
    ("eval includes RE2", {"include/expplat/eval/bucket.hpp": PROSE + "#include <re2/re2.h>\n"},
     "layer eval must not include re2"),
    ("a public header includes src", {"include/expplat/client.hpp": PROSE + '#include "src/ruleset/json.hpp"\n'},
     "layer client must not include layer ruleset"),
    ("the C face includes C++", {"include/expplat/c/expplat.h": PROSE + '#include "expplat/base/value.hpp"\n'},
     "layer c must not include layer base"),
    ("the runtime includes Beast", {"src/client/client.cpp": "#include <boost/beast.hpp>\n"},
     "layer runtime must not include boost"),
    ("the command line includes nlohmann",
     {"src/cli/main.cpp": "#include <nlohmann/json.hpp>\n", "src/CMakeLists.txt":
      "ruleset/json.cpp client/client.cpp cli/main.cpp\n"}, "layer cli must not include nlohmann"),
    ("ruleset includes the runtime", {"src/ruleset/json.cpp": '#include "src/client/adopt.hpp"\n',
                                      "src/client/adopt.hpp": PROSE}, "layer ruleset must not include layer runtime"),
    ("a sink includes the ruleset", {"src/sinks/file.hpp": PROSE + '#include "src/ruleset/json.hpp"\n'},
     "layer sinks must not include layer ruleset"),
    ("the server's domain includes its store", {"server/domain/flag.hpp": PROSE + '#include "server/store/s.hpp"\n',
                                                "server/store/s.hpp": PROSE},
     "layer domain must not include layer store"),
    ("the server's domain includes a database",
     {"server/domain/flag.hpp": PROSE + "#include <sqlite3.h>\n"}, "layer domain must not include sqlite"),
    ("another layer of the server includes a database",
     {"server/publish/outbox.hpp": PROSE + "#include <libpq-fe.h>\n"}, "layer publish must not include libpq"),
    ("the server's authentication includes its store",
     {"server/auth/token.hpp": PROSE + '#include "server/store/s.hpp"\n', "server/store/s.hpp": PROSE},
     "layer auth must not include layer store"),
    ("the server's authentication speaks HTTP", {"server/auth/token.hpp": PROSE + "#include <boost/beast.hpp>\n"},
     "layer auth must not include boost"),
    ("an unknown library", {"src/ruleset/json.cpp": "#include <folly/json.h>\n"}, "of no library"),
    ("an unknown folder", {"src/misc/thing.hpp": PROSE}, "belongs to no layer"),
    ("an include relative to its own folder", {"src/ruleset/json.cpp": '#include "json.hpp"\n'},
     "names no file from"),
    ("an include that climbs", {"src/ruleset/json.cpp": '#include "../ruleset/json.hpp"\n'}, "names no file from"),
    ("a project header in angle brackets", {"src/ruleset/json.cpp": "#include <expplat/client.hpp>\n"},
     "write it in quotes"),
    ("a spaced directive", {"include/expplat/base/value.hpp": PROSE + "#  include <xxhash.h>\n"},
     "layer base must not include xxhash"),
    ("a cycle", {"src/ruleset/json.hpp": PROSE + '#include "src/ruleset/node.hpp"\n',
                 "src/ruleset/node.hpp": PROSE + '#include "src/ruleset/json.hpp"\n'}, "includes itself"),
    ("no pragma once", {"src/ruleset/json.hpp": PROSE.replace("#pragma once", "")}, "has no #pragma once"),
    ("no prose", {"src/ruleset/json.hpp": "#pragma once\n"}, "must open with"),
    ("too little prose", {"src/ruleset/json.hpp": "// JSON.\n//\n#pragma once\n"}, "must open with"),
    ("a helper", {"src/ruleset/json_helper.hpp": PROSE}, "the name says `helper`"),
    ("a folder of utils", {"src/ruleset/utils/json.hpp": PROSE}, "the name says `utils`"),
    ("a manager", {"include/expplat/eval/bucket-manager.hpp": PROSE}, "the name says `manager`"),
    ("a source that is not listed", {"src/ruleset/read.cpp": "\n"}, "no CMakeLists.txt lists it"),
    ("a source listed in a comment", {"src/CMakeLists.txt": "ruleset/json.cpp # client/client.cpp\n"},
     "no CMakeLists.txt lists it"),
    ("a listed source that is not there", {"src/CMakeLists.txt": "ruleset/json.cpp client/client.cpp gone.cpp\n"},
     "lists gone.cpp, which is not there"),
]
# Not violations: they must pass.
ALLOWED = [
    ("an include in a comment", {"include/expplat/base/value.hpp": PROSE + "/*\n#include <xxhash.h>\n*/\n"}),
    ("a word inside a word", {"src/ruleset/database.hpp": PROSE}),
]


def problems_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return House(folder).check()


def self_test():
    failures = []
    found = problems_of(ORDERLY)
    if found:
        failures.append(f"an orderly tree is refused: {found}")
    for what, files, words in VIOLATIONS:
        found = problems_of({**ORDERLY, **files})
        if not any(words in problem for problem in found):
            failures.append(f"{what}: expected `{words}`, got {found}")
    for what, files in ALLOWED:
        found = problems_of({**ORDERLY, **files})
        if found:
            failures.append(f"{what} is refused: {found}")
    for failure in failures:
        print(failure)
    print(f"architecture self-test: {1 + len(VIOLATIONS) + len(ALLOWED) - len(failures)} passed, "
          f"{len(failures)} failed")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__)
        return 2
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    house = House(root)
    problems = house.check()
    for problem in problems:
        print(problem)
    print(f"architecture: {len(house.files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
