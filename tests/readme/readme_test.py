#!/usr/bin/env python3
"""README.md tells the truth: its code is that of the examples, its commands run and print what it says, and
the paths and ./dev verbs that it names are there.

Usage:  tests/readme/readme_test.py EXPPLAT QUICKSTART [--update]

EXPPLAT is the built command line, QUICKSTART the built examples/quickstart.cpp. With --update the blocks are
written anew: the examples' code and what the commands print.

How blocks are read: `cpp` and `json` blocks are text of a file in examples/, the first of each the whole
quickstart; in `console` blocks a line that begins with `$ ` is run in a folder that has examples/ and include/,
and the lines below it are what it must print; the one `sh` block is a session with a server, which
tests/server/program/admin_cli.py types at a terminal; a `python` block is run by tests/python/test_package.py, a `js` block by
tests/node/package.test.mjs or tests/wasm/package.test.mjs. Other indented or fenced text is not run, and must not call expplat.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WHOLE = {"cpp": "examples/quickstart.cpp", "json": "examples/quickstart.json"}
# What a reader makes by following the page, or a server in its bucket: not in a fresh clone.
MADE = ("build/", "third_party/", "rulesets/", "clients/", "current.json")
PROGRAMS = ("expplat ", "./quickstart", "./header_only ", "g++ ")
SUFFIXES = (".md", ".json", ".hpp", ".cpp", ".py", ".txt")


class Sandbox:
    """A folder as the reader's: the examples, the headers and the built programs."""

    def __init__(self, folder, expplat, quickstart):
        self.folder = Path(folder)
        shutil.copytree(ROOT / "examples", self.folder / "examples")
        (self.folder / "include").symlink_to(ROOT / "include")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "expplat").symlink_to(Path(expplat).resolve())
        (self.folder / "quickstart").symlink_to(Path(quickstart).resolve())

    def run(self, command):
        """What the command prints, both streams, with its exit status where that is not 0."""
        done = subprocess.run(["bash", "-c", f'PATH="$PWD/bin:$PATH"; {command}'], cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        return done.stdout + (f"(exit status {done.returncode})\n" if done.returncode != 0 else "")


def transcript(sandbox, body, problems):
    """The console block with what its commands print now."""
    out = []
    for line in body.splitlines():
        if not line.startswith("$ "):
            continue
        command = line[2:]
        out.append(line + "\n")
        if not command.startswith(PROGRAMS):
            problems.append(f"the test does not know how to run `{command}`")
            continue
        printed = sandbox.run(command)
        if "exit status" in printed:
            problems.append(f"`{command}` fails: {printed}")
        out.append(printed)
    return "".join(out)


def example_texts():
    files = [path for path in sorted((ROOT / "examples").rglob("*")) if path.suffix in (".cpp", ".hpp", ".json")]
    return [path.read_text(encoding="utf-8") for path in files if path.stat().st_size < 50_000]


def renew_blocks(page, sandbox, problems):
    """The page with every block as it must be; what cannot be renewed is a problem."""
    seen = set()

    def renew(match):
        language, body = match.groups()
        if language == "console":
            body = transcript(sandbox, body, problems)
        elif language in WHOLE and language not in seen:
            body = (ROOT / WHOLE[language]).read_text(encoding="utf-8")
        elif language in WHOLE and not any(body in text for text in example_texts()):
            problems.append(f"no file of examples/ has this code:\n{body}")
        elif language not in (*WHOLE, "cmake", "sh", "python", "js"):
            problems.append(f"a block of the language `{language}`: use cpp, json, cmake, console, sh, python or js")
        seen.add(language)
        return f"```{language}\n{body}```"

    return BLOCK.sub(renew, page)


def check_paths(prose, problems):
    """Paths in backticks or links, from the top folder or from the folder named first in the same table row."""
    for line in prose.splitlines():
        words = re.findall(r"`([^`]+)`", line)
        links = [link for link in re.findall(r"\]\(([^)]+)\)", line) if not link.startswith(("http", "#"))]
        folders = [ROOT] + [folder for folder in (ROOT / word for word in words) if folder.is_dir()]
        folders += [(ROOT / word).parent for word in words if "/" in word and (ROOT / word).is_file()]
        for word in words + links:
            looks_like_path = ("/" in word or word.endswith(SUFFIXES)) and re.fullmatch(r"[\w./+-]+", word)
            if not looks_like_path or word.startswith(("-", "/", "./", *MADE)) or word == "xxhash.h":
                continue
            if not any((folder / word).exists() for folder in folders):
                problems.append(f"README.md names {word}, which is not there")


def check_verbs(page, problems):
    script = (ROOT / "dev").read_text(encoding="utf-8") + (ROOT / ".ci/setup.sh").read_text(encoding="utf-8")
    stages = (ROOT / ".ci/stages.sh").read_text(encoding="utf-8")
    for verb, argument in re.findall(r"\./dev ([\w-]+)(?: ([\w-]+))?", page):
        if f"verb_{verb}()" not in script:
            problems.append(f"README.md names ./dev {verb}, and there is no such verb")
        if verb == "test" and argument and f"stage_{argument}()" not in stages and f"`./dev test {argument}`" in page:
            problems.append(f"README.md names ./dev test {argument}, and there is no such stage")


def check_unrun(page, problems):
    """A command of expplat's that nothing runs could say anything."""
    outside = BLOCK.sub("", page)
    for line in outside.splitlines():
        if re.match(r"(    |\$ )+(\./)?(build/\S+/)?expplat ", line):
            problems.append(f"this command is in no console block, so nothing runs it: {line.strip()}")


def first_difference(page, renewed):
    for number, (old, new) in enumerate(zip(page.splitlines(), renewed.splitlines()), start=1):
        if old != new:
            return f"README.md:{number} is out of date\n  page: {old}\n  real: {new}"
    return "README.md has a block that is out of date at its end"


def main(arguments):
    update = "--update" in arguments
    arguments = [argument for argument in arguments if argument != "--update"]
    if len(arguments) != 2:
        print(__doc__)
        return 2
    page = README.read_text(encoding="utf-8")
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        renewed = renew_blocks(page, Sandbox(folder, *arguments), problems)
        events = Path(folder) / "exposures.jsonl"
        if not events.is_file() or len(events.read_text(encoding="utf-8").splitlines()) != 2:
            problems.append("the quickstart did not leave two events in exposures.jsonl")
    if update:
        README.write_text(renewed, encoding="utf-8")
    elif renewed != page:
        problems.append(first_difference(page, renewed) + "\ntests/readme/readme_test.py EXPPLAT QUICKSTART --update")
    check_paths(BLOCK.sub("", page), problems)
    check_verbs(page, problems)
    check_unrun(page, problems)
    for problem in problems:
        print(problem)
    print(f"readme: {len(BLOCK.findall(page))} blocks, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
