"""The wheel as others get it: its types, its platform, and the quickstarts of the READMEs in an empty environment."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import expplat

TOP = Path(__file__).resolve().parents[2]
WHEELS = TOP / "build/python/wheels"
MAGIC = {(3, 10): "cp310-cp310", (3, 11): "cp311-cp311"}.get(sys.version_info[:2], "cp312-abi3")


def run(*command, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, check=False, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel():
    wheels = list(WHEELS.glob(f"expplat-{expplat.__version__}-{MAGIC}-manylinux*.whl"))
    assert len(wheels) == 1, f"no wheel in {WHEELS}, or several"
    return wheels[0]


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An empty environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv/bin/python", "-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    return folder / "venv/bin/python"


def quickstarts():
    for path in (TOP / "README.md", TOP / "bindings/python/README.md"):
        for block in re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            if block.startswith("import expplat\n"):
                yield path, block


def test_both_readmes_have_the_quickstart():
    assert {path for path, _ in quickstarts()} == {TOP / "README.md", TOP / "bindings/python/README.md"}
    assert len({block for _, block in quickstarts()}) == 1
    assert len(next(quickstarts())[1].strip().splitlines()) <= 12


def test_the_quickstart_in_an_empty_environment(environment, tmp_path):
    (tmp_path / "examples").symlink_to(TOP / "examples")
    for _, block in quickstarts():
        assert run(environment, "-c", block, cwd=tmp_path) == "new-ui: on\ncheckout-cta: green\n"
        assert len((tmp_path / "exposures.jsonl").read_text().splitlines()) == 2
        (tmp_path / "exposures.jsonl").unlink()


def test_openfeature_is_not_needed(environment):
    assert "ModuleNotFoundError" in subprocess.run([environment, "-c", "import expplat.openfeature"], capture_output=True, text=True,
                                                   check=False).stderr


def test_what_is_in_the_wheel(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("py.typed", "_native.pyi", "LICENSE", "openfeature.py"):
        assert f"expplat/{name}" in names
    assert sorted(name for name in names if "LICENSE-" in name) == [
        f"expplat/LICENSE-{part}" for part in ("OpenSSL", "RE2", "abseil", "c-ares", "nanobind", "nlohmann_json", "xxHash", "zstd")]
    assert not [name for name in names if name.startswith(("include/", "lib/", "bin/", "src/"))]


def test_the_bill_of_materials_names_the_version_that_is_built_with():
    [named] = [part for part in json.loads((TOP / "packaging/dependencies.json").read_text()) if part["name"] == "nanobind"]
    assert f"nanobind=={named['version']}" in (TOP / "tests/python/requirements.txt").read_text().split()


def test_everything_is_inside_the_extension(wheel, tmp_path):
    binaries = [name for name in zipfile.ZipFile(wheel).namelist() if ".so" in name or ".libs/" in name]
    assert len(binaries) == 1 and binaries[0].startswith("expplat/_native."), binaries
    extension = zipfile.ZipFile(wheel).extract(binaries[0], tmp_path)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", extension))
    assert not [name for name in needed if not re.match(r"(lib(c|m|gcc_s|stdc\+\+)\.so\.|ld-linux)", name)]


def test_the_platform_that_the_readme_names(wheel):
    shown = run(sys.executable, "-m", "auditwheel", "show", wheel)
    platform = re.search(r"manylinux_\d+_\d+", wheel.name).group()
    assert re.search(rf'"{platform}_\w+"', shown), shown
    assert f"`{platform}`" in (TOP / "bindings/python/README.md").read_text(encoding="utf-8")


def test_types(tmp_path):
    (tmp_path / "program.py").write_text("""
import expplat

def show(client: expplat.Client) -> None:
    user = expplat.User("u", {"country": "DE"})
    reveal_type(client.boolean("a", user, False))
    reveal_type(client.string("a", {"key": "u"}, None))
    reveal_type(client.integer_detail("a", user, 0))
    reveal_type(client.variant("a", user).key)
    client.variant("a", 3)
    client.boolean("a", user)
    expplat.Client("rules.json")
    expplat.Client(expplat.Source.file("rules.json"), no_such=1)
""")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "program.py"],
                          cwd=tmp_path, capture_output=True, text=True, check=False)
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert [text.replace("builtins.", "") for text in revealed] == [
        "bool", "str | None", "tuple[int, expplat._native.Variant, fallback=expplat._native.Detail[int]]", "str | None"] or len(revealed) == 4
    assert len(re.findall(r": error: ", done.stdout)) == 4, done.stdout


def test_the_package_itself_is_strictly_typed(tmp_path):
    run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, "-p", "expplat", cwd=tmp_path)


def test_the_stubs_are_what_the_module_has(tmp_path):
    run(sys.executable, "-m", "mypy.stubtest", "expplat", "--ignore-missing-stub", "--concise", "--allowlist",
        TOP / "tests/python/stubtest_allowlist.txt", cwd=tmp_path)
