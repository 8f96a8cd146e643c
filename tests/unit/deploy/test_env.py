"""The .env that docker-compose.yml asks for, and docker-compose's own opinion of both."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.deploy.compose import EXAMPLE, FILE, HOLE, ROOT, Service, assignments, new_env

SECRET = re.compile(r"SECRET|PASSWORD|KEY|TOKEN")

#: Without them there is no wallet, and all the rest.
MAYBE_EMPTY = {"DANBAO_SMTP_URL", "DANBAO_MAIL_FROM"}


def test_nothing_that_is_asked_for_has_a_default() -> None:
    asked = HOLE.findall(FILE.read_text())

    assert {how for name, how in asked if name not in MAYBE_EMPTY} == {":?"}
    assert {how for name, how in asked if name in MAYBE_EMPTY} == {"?"}
    assert {name for name, _ in asked} == set(assignments(EXAMPLE.read_text()))


def test_the_example_has_no_secret_and_a_new_env_has_every_one(env: dict[str, str]) -> None:
    example = assignments(EXAMPLE.read_text())
    secrets = {name for name in example if SECRET.search(name)}

    assert {name for name, value in example.items() if not value} == secrets
    assert len({env[name] for name in secrets}) == len(secrets)
    assert all(re.fullmatch(r"[0-9a-f]{64}", env[name]) for name in secrets)
    assert {name: env[name] for name in example if name not in secrets} == {
        name: value for name, value in example.items() if value
    }


def test_a_new_env_is_for_its_owner_only_and_never_replaces_one(tmp_path: Path) -> None:
    made = new_env(tmp_path)
    before = made.read_text()

    again = subprocess.run(
        [ROOT / "deploy" / "new-env", made], capture_output=True, text=True, check=False
    )

    assert made.stat().st_mode & 0o077 == 0
    assert again.returncode == 1
    assert "not replaced" in again.stderr
    assert made.read_text() == before


def docker_compose() -> list[str]:
    """The command, as a plugin or by itself."""
    if alone := shutil.which("docker-compose"):
        return [alone]
    if docker := shutil.which("docker"):
        plugin = [docker, "compose"]
        if subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0:
            return plugin
    pytest.fail("no docker-compose here: apt-get install docker-compose (.ci/run does)")


def config(env_file: Path) -> subprocess.CompletedProcess[str]:
    # Nothing of our own environment: it would count more than the file.
    return subprocess.run(
        [*docker_compose(), "--file", str(FILE), "--env-file", str(env_file), "config"],
        env={"PATH": os.environ["PATH"], "HOME": str(env_file.parent)},
        cwd=env_file.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_compose_accepts_it(tmp_path: Path, composed: dict[str, Service]) -> None:
    accepted = config(new_env(tmp_path))

    assert accepted.returncode == 0, accepted.stderr
    assert set(yaml.safe_load(accepted.stdout)["services"]) == set(composed)


def test_docker_compose_refuses_it_without_secrets(tmp_path: Path) -> None:
    refused = config(Path(shutil.copy(EXAMPLE, tmp_path / "env")))

    assert refused.returncode != 0
    assert "PASSWORD" in refused.stderr or "SECRET" in refused.stderr
