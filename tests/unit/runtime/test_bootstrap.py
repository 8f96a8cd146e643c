import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.bootstrap import (
    ROOT,
    Environment,
    Impossible,
    command,
    prepared,
    python_path,
    with_pip,
)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Of a checkout whose lock asks for nothing, so that making it needs no network."""
    lock = tmp_path / "requirements-dev.lock"
    lock.write_text("")
    return Environment(tmp_path / ".venv", lock)


def pretend_installed(environment: Environment) -> None:
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (environment.folder / "pyvenv.cfg").write_text("home = somewhere\n")
    environment.stamp.write_text(environment.wanted())


def test_a_fresh_checkout_is_not_ready(environment: Environment) -> None:
    assert not environment.ready()


def test_what_was_installed_is_not_installed_again(environment: Environment) -> None:
    pretend_installed(environment)
    assert environment.ready()


def test_a_changed_lock_is_installed_again(environment: Environment) -> None:
    pretend_installed(environment)
    environment.lock.write_text("typer==1\n")
    assert not environment.ready()


def test_an_environment_whose_python_went_away_is_made_again(environment: Environment) -> None:
    pretend_installed(environment)
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python")
    assert not environment.ready()
    assert "--clear" in with_pip(environment)[0]


def test_a_moved_checkout_is_made_again(environment: Environment, tmp_path: Path) -> None:
    """Scripts in an environment begin with the path it was made at."""
    pretend_installed(environment)
    moved = environment.folder.rename(tmp_path / "elsewhere")
    assert not Environment(moved, environment.lock).ready()


def test_every_installation_checks_hashes(environment: Environment) -> None:
    assert "--require-hashes" in with_pip(environment)[-1]


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_says_what_to_type(environment: Environment, missing: str) -> None:
    """Debian splits it off."""
    with pytest.raises(Impossible, match=r"apt-get install python3\.\d+-venv"):
        with_pip(environment, has=lambda module: module != missing)


@pytest.mark.parametrize("path", ["/usr/bin:/bin", f"{ROOT}/.venv/bin:/usr/bin:/bin"])
def test_the_first_run_makes_an_environment_and_the_second_does_nothing(
    environment: Environment,
    tmp_path: Path,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With pip, and with uv where the PATH has it."""
    monkeypatch.setenv("PATH", path)
    prepared(environment, tmp_path / ".danbao")
    made = environment.stamp.stat().st_mtime_ns
    capfd.readouterr()
    prepared(environment, tmp_path / ".danbao")
    assert environment.stamp.stat().st_mtime_ns == made
    assert capfd.readouterr() == ("", "")


def test_an_installation_that_fails_leaves_no_stamp(
    environment: Environment, tmp_path: Path
) -> None:
    environment.lock.write_text("not a requirement at all\n")
    with pytest.raises(Impossible, match="this failed"):
        prepared(environment, tmp_path / ".danbao")
    assert not environment.ready()


@pytest.mark.parametrize("name", ["doctor", "reset"])
def test_doctor_and_reset_run_where_nothing_is_installed(
    environment: Environment, name: str
) -> None:
    assert command(environment, [name, "--yes"]) == [
        sys.executable,
        "-m",
        f"runtime.{name}",
        "--yes",
    ]


def test_whatever_is_started_finds_the_client(tmp_path: Path) -> None:
    """It is a distribution of its own, and a checkout has not installed it."""
    assert python_path("") == str(ROOT / "client")
    (tmp_path / "theirs.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", "import danbao_client, theirs; print(danbao_client.__file__)"],
        cwd="/",
        env={**os.environ, "PYTHONPATH": python_path(str(tmp_path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(str(ROOT / "client" / "danbao_client")), done.stderr
    assert python_path("") == str(ROOT / "client")


def test_everything_before_the_environment_needs_the_standard_library_only() -> None:
    """`-S`: no site-packages."""
    modules = "runtime.bootstrap, runtime.doctor, runtime.reset"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import {modules}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_an_old_python_is_named_with_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "dev"), "demo"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Danbao needs Python 3.11 or newer; this is Python 3.9.2." in done.stderr
    assert "DANBAO_PYTHON=/path/to/python3.13 ./dev demo" in done.stderr


def test_dev_works_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / "dev"), "doctor"],
        cwd=tmp_path,
        env={**os.environ, "DANBAO_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "python" in done.stdout, done.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_uv_takes_the_lock_as_it_is(lock: str, tmp_path: Path) -> None:
    """Nothing in pyproject.toml stands in its way: uv reads that, too.

    Whether the packages can be had is another question; here nobody asks a registry.
    """
    uv = [sys.executable, "-m", "uv", "pip", "install", "--offline", "--dry-run", "--no-deps"]
    asked = [*uv, "-p", sys.executable, "--target", str(tmp_path), "--require-hashes", "-r", lock]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "in `--require-hashes` mode" not in done.stderr.lower(), done.stderr
