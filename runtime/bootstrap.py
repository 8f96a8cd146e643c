"""From a fresh checkout to a command: makes .venv, installs the lock, hands over to runtime.cli.

Standard library only, since nothing is installed yet. A stamp remembers what was installed, so a
rerun starts at once and never asks the network.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-dev.lock"
#: These look at the machine as it is, so they must not repair it first.
WITHOUT_INSTALLING = ("doctor", "reset")


class Impossible(Exception):
    """The environment cannot be made; the message says what to type."""


@dataclass(frozen=True)
class Environment:
    """The virtual environment of one checkout."""

    folder: Path
    lock: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "danbao-stamp"

    def wanted(self) -> str:
        """What the stamp says when this lock is installed, here, for the Python inside."""
        made_of = (self.folder / "pyvenv.cfg").read_text()
        facts = f"{self.folder}\n{made_of}\n{self.lock.read_text()}"
        return hashlib.sha256(facts.encode()).hexdigest() + "\n"

    def ready(self) -> bool:
        return (
            os.access(self.python, os.X_OK)
            and self.stamp.exists()
            and self.stamp.read_text() == self.wanted()
        )

    def install(self) -> None:
        """Make the environment say what the lock says. Raises Impossible."""
        self.stamp.unlink(missing_ok=True)
        steps = with_uv(self) if shutil.which("uv") else with_pip(self)
        for step in steps:
            if subprocess.run(step, check=False).returncode != 0:
                raise Impossible(f"this failed, see above:\n    {' '.join(map(str, step))}")
        self.stamp.write_text(self.wanted())


Step = list[str | Path]


def with_uv(environment: Environment) -> list[Step]:
    make: list[Step] = []
    if not os.access(environment.python, os.X_OK):
        make = [["uv", "venv", "--quiet", "--clear", "-p", sys.executable, environment.folder]]
    install: Step = ["uv", "pip", "install", "--quiet", "--compile-bytecode"]
    return [*make, [*install, "-p", environment.python, "--require-hashes", "-r", environment.lock]]


def with_pip(environment: Environment, has: Callable[[str], object] = find_spec) -> list[Step]:
    """The standard library's own way. Raises Impossible where the system has split it off."""
    if not (has("venv") and has("ensurepip")):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Impossible(
            f"this Python cannot make virtual environments. Type one of\n"
            f"    apt-get install python{version}-venv\n"
            f"    pip install uv"
        )
    make: list[Step] = []
    pip: Step = [environment.python, "-m", "pip"]
    if not os.access(environment.python, os.X_OK):
        make = [[sys.executable, "-m", "venv", "--clear", environment.folder]]
    quiet: Step = ["install", "--quiet", "--disable-pip-version-check"]
    return [*make, [*pip, *quiet, "--require-hashes", "-r", environment.lock]]


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One installation at a time; the second waits and then finds nothing to do."""
    folder.mkdir(exist_ok=True)
    with (folder / "install.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepared(environment: Environment, state: Path) -> None:
    """Install what is missing. Raises Impossible."""
    if environment.ready():
        return
    with alone(state):
        if not environment.ready():
            sys.stderr.write("Installing the lock into .venv, once: a minute or two …\n")
            environment.install()


def command(environment: Environment, arguments: list[str]) -> list[str]:
    """The command line that takes over; doctor and reset run with whatever Python there is."""
    if arguments and arguments[0] in WITHOUT_INSTALLING:
        able = environment.python if os.access(environment.python, os.X_OK) else sys.executable
        return [str(able), "-m", f"runtime.{arguments[0]}", *arguments[1:]]
    return [str(environment.python), "-m", "runtime.cli", *arguments]


def python_path(before: str) -> str:
    """The client is a distribution of its own; whatever `./dev` starts uses it where it stands."""
    return os.pathsep.join(path for path in (str(ROOT / "client"), before) if path)


def main(arguments: list[str]) -> None:
    environment = Environment(ROOT / ".venv", LOCK)
    if not arguments or arguments[0] not in WITHOUT_INSTALLING:
        try:
            prepared(environment, ROOT / ".danbao")
        except (Impossible, PermissionError) as problem:
            sys.exit(f"./dev: {problem}")
    line = command(environment, arguments)
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = python_path(os.environ.get("PYTHONPATH", ""))
    os.execv(line[0], line)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
