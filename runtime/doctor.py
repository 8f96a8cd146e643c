"""`./dev doctor`: what would keep `./dev demo` from working here, each with what to do about it.

Standard library only: it has to run where nothing is installed, and it changes nothing.
"""

import importlib.metadata
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from runtime.embedded.finder import NotFound, find_postgres, find_temporal
from runtime.embedded.places import is_free, server_account, user_of
from runtime.whereabouts import PORT_SETTINGS, MissingSetting, named, wanted_ports

try:
    import psutil
except ImportError:
    psutil = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / ".danbao" / "demo"
LOCK = ROOT / "requirements-dev.lock"
OLDEST_PYTHON = (3, 11)
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)\s*(;)?", re.M)


@dataclass(frozen=True)
class Finding:
    """`wrong` keeps the demo from working; otherwise it is good to know."""

    about: str
    says: str
    wrong: bool = False


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    shown = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        yield Finding("python", f"{shown} is too old: 3.11 or newer is needed", wrong=True)
    else:
        yield Finding("python", f"{shown} at {sys.executable}")


def check_installer(
    uv: str | None = None, has: Callable[[str], object] = find_spec
) -> Iterator[Finding]:
    if uv:
        yield Finding("installer", f"uv at {uv}")
    elif has("venv") and has("ensurepip"):
        yield Finding("installer", "venv and pip")
    else:
        hint = "install python3-venv, or uv (pip install uv)"
        yield Finding("installer", f"this Python cannot make virtual environments: {hint}", True)


def check_packages(
    lock: str, installed: Callable[[str], str] = importlib.metadata.version
) -> Iterator[Finding]:
    """Compare what is installed with the lock's text; a marker excuses what is not there."""
    wrong = False
    for name, version, marker in PINNED.findall(lock):
        try:
            found = installed(name)
        except importlib.metadata.PackageNotFoundError:
            if not marker:
                wrong = True
                yield Finding("package", f"{name} {version} is missing: run ./dev demo", True)
            continue
        if found != version:
            wrong = True
            yield Finding("package", f"{name} is {found}, the lock says {version}", True)
    if not wrong:
        yield Finding("packages", "as the lock says")


def check_servers(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Which PostgreSQL and Temporal the demo would use."""
    yield from _postgres(environ)
    if address := environ.get("TEMPORAL_ADDRESS"):
        yield _listens("temporal", "TEMPORAL_ADDRESS", address)
    else:
        try:
            binary = find_temporal(environ)
            yield Finding("temporal", f"{binary.path} ({binary.source})")
        except NotFound as missing:
            yield Finding("temporal", str(missing), wrong=True)


def _postgres(environ: Mapping[str, str]) -> Iterator[Finding]:
    if url := environ.get("DATABASE_URL"):
        try:
            for also in ("DANBAO_MIGRATION_URL", "SANDBOX_BANK_DATABASE_URL"):
                named(environ, also, "DATABASE_URL")
        except MissingSetting as missing:
            yield Finding("postgres", str(missing), wrong=True)
        host = re.sub(r"^.*?://(?:[^@/]*@)?([^/?]+).*$", r"\1", url)
        yield _listens("postgres", "DATABASE_URL", host if ":" in host else f"{host}:5432")
        return
    try:
        found = find_postgres(environ)
        account = server_account()
    except NotFound as missing:
        yield Finding("postgres", str(missing), wrong=True)
    else:
        runs_as = f", run as {account.name}" if account else ""
        yield Finding("postgres", f"{found.version} at {found.folder} ({found.source}{runs_as})")


def _listens(about: str, setting: str, address: str) -> Finding:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except (OSError, ValueError) as why:
        return Finding(about, f"{setting} is {address}, which does not answer: {why}", wrong=True)
    return Finding(about, f"{address} ({setting})")


def check_ports(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """A busy port that was asked for by name is wrong; of the usual ones another is taken."""
    try:
        ports = asdict(wanted_ports(environ))
    except MissingSetting as nonsense:
        yield Finding("port", str(nonsense), wrong=True)
        return
    for part, number in ports.items():
        setting = PORT_SETTINGS.get(part, "")
        if is_free(number):
            continue
        if setting in environ:
            says = f"{number} ({setting}) is taken by {holder(number)}: end it or choose another"
            yield Finding("port", says, wrong=True)
        else:
            name = part.replace("_", " ")
            says = f"{number} is taken by {holder(number)}: {name} gets another one"
            yield Finding("port", says)


def holder(port: int) -> str:
    """Who listens on `port`, as well as we can tell without the packages and without root."""
    if psutil is None:
        return "another program"
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN
        local = connection.laddr
        if listens and local and local.port == port and connection.pid:
            return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "another program"


def findings(installed: bool) -> Iterator[Finding]:
    """Before anything is installed, what the lock brings cannot be missing yet."""
    yield from check_python()
    yield from check_installer(shutil.which("uv"))
    if installed:
        yield from check_packages(LOCK.read_text())
        yield from check_servers()
    else:
        yield Finding("packages", "not installed yet: ./dev demo does that, once, from the lock")
    if process := user_of(DEMO):
        yield Finding("demo", f"one of this clone runs as process {process}; Ctrl-C there ends it")
    else:
        yield from check_ports()


def main() -> int:
    wrong = 0
    for finding in findings(installed=Path(sys.prefix) == ROOT / ".venv"):
        wrong += finding.wrong
        mark = "WRONG" if finding.wrong else "ok"
        sys.stdout.write(f"{mark:>6}  {finding.about:<10} {finding.says}\n")
    if not (wrong or user_of(DEMO)):
        sys.stdout.write("Nothing is in the way of ./dev demo.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
