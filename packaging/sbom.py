#!/usr/bin/env python3
"""Writes the bill of materials of one artefact as SPDX 2.3 in JSON.

Usage:  packaging/sbom.py ARTEFACT [OUT]     ARTEFACT: library, server, python, node or wasm; OUT: a file, else standard output

What an artefact is made of stands in `packaging/dependencies.json`; `check.py` holds that table to the build. A version is
that of the Debian package which this machine would compile against, or the pinned one of the table, and NOASSERTION where the
package is not installed. The same commit on the same machine gives the same bytes: the time is the commit's.
"""

import datetime
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARTEFACTS = {
    "library": "the C++ library, its C face and the command line",
    "server": "expplat-server",
    "python": "the Python package",
    "node": "the Node package",
    "wasm": "the WebAssembly package",
}


def version():
    """Of the project: where it lives."""
    header = (ROOT / "include/expplat/version.hpp").read_text(encoding="utf-8")
    return re.search(r'string_view version = "([0-9.]+)"', header).group(1)


def dependencies():
    return json.loads((ROOT / "packaging/dependencies.json").read_text(encoding="utf-8"))


def debian_version(packages):
    """The installed one of the first package that is; None where none is."""
    for package in packages:
        done = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", package],
                              capture_output=True, text=True, check=False)
        status, _, found = done.stdout.partition(" ")
        if status == "installed":
            return found
    return None


def commit_time():
    """RFC 3339, in UTC; the epoch's beginning outside a clone."""
    done = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
    seconds = int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 0
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(name):
    """An SPDX element's: letters, digits, dots and hyphens."""
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package_of(dependency):
    found = dependency.get("version") or debian_version(dependency.get("debian", []))
    package = {
        "SPDXID": identifier(dependency["name"]),
        "name": dependency["name"],
        "versionInfo": found or "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "homepage": dependency["home"],
        "licenseConcluded": dependency["license"],
        "licenseDeclared": dependency["license"],
        "copyrightText": "NOASSERTION",
        "filesAnalyzed": False,
    }
    if found is None:
        package["comment"] = "not installed where this was written"
    elif "version" not in dependency:
        package["comment"] = f"as Debian packages it: {' or '.join(dependency['debian'])}"
    return package


def document(artefact):
    own = {
        "SPDXID": identifier(f"expplat-{artefact}"),
        "name": f"expplat-{artefact}",
        "versionInfo": version(),
        "summary": ARTEFACTS[artefact],
        "downloadLocation": "NOASSERTION",
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
        "filesAnalyzed": False,
    }
    parts = [package_of(one) for one in dependencies() if artefact in one["in"]]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]}]
    relations += [{"spdxElementId": own["SPDXID"], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": part["SPDXID"]}
                  for part in parts]
    # A document's name is its own for ever: it follows from what the document says.
    said = json.dumps([own, parts], sort_keys=True)
    name = f"expplat-{artefact}-{version()}"
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name + said)}",
        "creationInfo": {"created": commit_time(), "creators": [f"Tool: expplat-sbom-{version()}"]},
        "packages": [own, *parts],
        "relationships": relations,
    }


def main(arguments):
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ARTEFACTS:
        print(__doc__, file=sys.stderr)
        return 2
    text = json.dumps(document(arguments[0]), indent=2, ensure_ascii=False) + "\n"
    if len(arguments) == 2:
        Path(arguments[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
