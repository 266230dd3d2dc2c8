#!/usr/bin/env python3
"""libexpplat.so shows the functions of expplat/c/expplat.h, all of them and nothing else, each as EXPPLAT_0.

Usage:  tests/c/symbols.py LIBRARY HEADER
"""

import re
import subprocess
import sys
from pathlib import Path

VERSION = "EXPPLAT_0"


def main(arguments):
    if len(arguments) != 2:
        print(__doc__)
        return 2
    library, header = arguments
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    shown = {line.split()[-1] for line in listed.stdout.splitlines() if line.split()[-1] != VERSION}
    text = re.sub(r"//[^\n]*|/\*[\s\S]*?\*/", "", Path(header).read_text(encoding="utf-8"))
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    declared = {f"{name}@@{VERSION}" for name in re.findall(r"EXPPLAT_API[^;(]*?\b(expplat_\w+)\(", text)}
    for name in sorted(shown - declared):
        print(f"shown, and not in the header: {name}")
    for name in sorted(declared - shown):
        print(f"in the header, and not shown: {name}")
    print(f"symbols: {len(declared)} functions")
    return 1 if shown != declared or not declared else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
