"""What is put into the image is enough to run every process, and nothing more."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from runtime.locks import DEV, IMAGE, pins
from tests.unit.deploy.compose import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
ENTRY_POINTS = (
    "api.__main__", "api.erasure", "api.merchant", "banks.sandbox.__main__",
    "runtime.codec", "runtime.migrate", "runtime.rewrap", "worker",
    "examples.shop",
)  # fmt: skip
LOAD = """
import importlib, sys
modules, absent = (words.split() for words in sys.argv[1:])
sys.modules.update(dict.fromkeys(absent))
for name in modules:
    print(importlib.import_module(name).__file__)
"""


def allowed() -> list[str]:
    """What .dockerignore lets in."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def only_for_developers() -> list[str]:
    """Modules of packages that a checkout has and the image has not."""
    name = re.compile(r"[-_.]+")
    image, dev = (set(pins((ROOT / lock).read_text())) for lock in (IMAGE, DEV))
    extra = {name.sub("-", package).lower() for package in dev - image}
    return [
        module
        for module, packages in packages_distributions().items()
        if {name.sub("-", package).lower() for package in packages} <= extra
    ]


def python_path() -> str:
    """Where the image looks for the client, below its working folder."""
    (said,) = re.findall(r"PYTHONPATH=/danbao/(\S+)", DOCKERFILE)
    return str(said)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `COPY . .` would make."""
    folder = tmp_path_factory.mktemp("image")
    for name in allowed():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        else:
            shutil.copy(source, folder / name)
    return folder


def test_every_process_loads_with_what_the_image_has(image: Path) -> None:
    absent = only_for_developers()
    assert "pytest" in absent

    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, " ".join(ENTRY_POINTS), " ".join(absent)],
        cwd=image,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(image / python_path())},
        capture_output=True,
        text=True,
        check=False,
    )

    assert loaded.returncode == 0, loaded.stderr
    assert all(Path(file).is_relative_to(image) for file in loaded.stdout.split())


def test_what_is_not_code_travels_too(image: Path) -> None:
    for needed in (
        "runtime/migrations/env.py",
        "runtime/migrations/versions/0001_ledger.py",
        "api/pages/templates/base.html",
        "banks/sandbox/templates/base.html",
        "banks/sandbox/schema/0001_bank.sql",
    ):
        assert (image / needed).is_file()


def test_nothing_private_can_get_in() -> None:
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert not {".env", ".git", ".danbao", "tests"} & set(allowed())


def test_the_image_runs_as_nobody_in_particular() -> None:
    (user,) = re.findall(r"^USER (\d+)$", DOCKERFILE, re.M)

    assert int(user) > 0
    assert DOCKERFILE.rindex("COPY") < DOCKERFILE.index("USER"), "its own code is not its own"
    assert "--chown" not in DOCKERFILE


def test_packages_are_those_that_were_locked() -> None:
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE


def test_every_stage_starts_from_one_pinned_python_that_we_support() -> None:
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M))

    assert len(bases) == 1
    version = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-\w+", bases.pop())
    assert version
    assert (int(version[1]), int(version[2])) == (3, 11)
