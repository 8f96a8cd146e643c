import importlib.metadata
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime import doctor
from runtime.embedded.places import LOOPBACK, free_ports, is_free, sole_use, user_of
from runtime.whereabouts import USUAL_PORTS

LOCK = 'alembic==1.20.1 \\\n    --hash=sha256:00\nwindows-only==2 ; sys_platform == "win32" \\\n'


def installed(**versions: str) -> Callable[[str], str]:
    def version(name: str) -> str:
        try:
            return versions[name]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(name) from None

    return version


def test_a_wrong_python_is_named() -> None:
    [finding] = doctor.check_python((3, 10, 4))
    assert finding.wrong
    assert "3.10.4" in finding.says


def test_a_good_python_is_fine() -> None:
    assert not any(finding.wrong for finding in doctor.check_python((3, 11, 0)))


def test_a_missing_package_is_named() -> None:
    [finding] = doctor.check_packages(LOCK, installed())
    assert finding.wrong
    assert "alembic 1.20.1 is missing" in finding.says


def test_a_package_of_another_version_is_named() -> None:
    [finding] = doctor.check_packages(LOCK, installed(alembic="1.0"))
    assert finding.wrong
    assert "alembic is 1.0, the lock says 1.20.1" in finding.says


def test_a_package_for_other_systems_is_not_missed() -> None:
    [finding] = doctor.check_packages(LOCK, installed(alembic="1.20.1"))
    assert not finding.wrong


def test_a_python_that_cannot_make_environments_is_named() -> None:
    [finding] = doctor.check_installer(has=lambda module: module != "ensurepip")
    assert finding.wrong
    assert "python3-venv" in finding.says


def test_missing_servers_are_named() -> None:
    nowhere = {"PG_BIN": "/nowhere", "TEMPORAL_CLI_PATH": "/nowhere/temporal"}
    postgres, temporal = doctor.check_servers(nowhere)
    assert postgres.wrong
    assert "PG_BIN=/nowhere" in postgres.says
    assert temporal.wrong
    assert "TEMPORAL_CLI_PATH=/nowhere/temporal" in temporal.says


def test_a_server_that_does_not_answer_is_named() -> None:
    [closed] = free_ports(0)
    *_, temporal = doctor.check_servers({"TEMPORAL_ADDRESS": f"{LOOPBACK}:{closed}"})
    assert temporal.wrong
    assert f"{LOOPBACK}:{closed}, which does not answer" in temporal.says


def test_a_database_url_needs_the_urls_that_go_with_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        url = f"postgresql+asyncpg://app:secret@{LOOPBACK}:{server.getsockname()[1]}/danbao"
        settings, reachable, _ = doctor.check_servers({"DATABASE_URL": url})
    assert settings.wrong
    assert "DANBAO_MIGRATION_URL" in settings.says
    assert not reachable.wrong
    assert "secret" not in reachable.says


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_that_was_asked_for_is_named_with_who_has_it(busy: int) -> None:
    wrong = [f for f in doctor.check_ports({"DANBAO_API_PORT": str(busy)}) if f.wrong]
    assert [finding.about for finding in wrong] == ["port"]
    assert f"{busy} (DANBAO_API_PORT) is taken by " in wrong[0].says
    assert "(process " in wrong[0].says


def test_a_usual_port_that_is_busy_is_only_mentioned() -> None:
    with socket.socket() as taken:
        usual = USUAL_PORTS.bank
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_free(usual):
            taken.bind((LOOPBACK, usual))
            taken.listen()
        findings = [f for f in doctor.check_ports({}) if str(usual) in f.says]
    assert [finding.wrong for finding in findings] == [False]
    assert "bank gets another one" in findings[0].says


def test_a_port_that_is_no_port_is_named() -> None:
    [finding] = doctor.check_ports({"DANBAO_API_PORT": "70000"})
    assert finding.wrong
    assert "DANBAO_API_PORT=70000 is not a port" in finding.says


def test_a_fresh_checkout_misses_nothing_that_the_first_run_installs() -> None:
    assert not [finding for finding in doctor.findings(installed=False) if finding.wrong]


def test_a_whole_checkout_is_looked_at_whole() -> None:
    looked_at = {finding.about for finding in doctor.findings(installed=True)}
    assert looked_at >= {"python", "installer", "packages", "postgres", "temporal"}


def test_a_demo_that_runs_is_said_instead_of_its_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "DEMO", tmp_path)
    with sole_use(tmp_path):
        doctor.main()
    said = capsys.readouterr().out
    assert f"one of this clone runs as process {os.getpid()}" in said
    assert "port" not in said
    assert "in the way" not in said
    assert user_of(tmp_path) == user_of(tmp_path / "never") == ""
