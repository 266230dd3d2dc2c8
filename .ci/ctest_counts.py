#!/usr/bin/env python3
"""Reads ctest's JUnit file and writes `passed failed skipped`; names what failed or was skipped, and why.

Usage:  .ci/ctest_counts.py JUNIT.xml COUNTS
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def reason(case):
    """Why a test was skipped: what GTEST_SKIP() said, else ctest's own word."""
    said = re.search(r": Skipped\n(.*)", case.findtext("system-out") or "")
    if said is not None and said.group(1).strip():
        return said.group(1).strip()
    element = case.find("skipped")
    return "no reason given" if element is None else element.get("message")


def main(junit, counts):
    passed, failed, skipped = 0, 0, 0
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if status == "run":
            passed += 1
        elif status == "fail":
            failed += 1
            print(f"failed: {name}")
        else:
            skipped += 1
            print(f"skipped: {name}: {reason(case)}")
    with open(counts, "w", encoding="utf-8") as out:
        out.write(f"{passed} {failed} {skipped}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
