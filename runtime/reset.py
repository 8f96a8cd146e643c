"""`./dev reset`: forget everything that demos have written. Standard library only."""

import sys
from pathlib import Path

from runtime.embedded.finder import NotFound
from runtime.embedded.places import InUse, remove_state, sole_use, user_of

STATE = Path(__file__).resolve().parents[1] / ".danbao"


def homes(state: Path) -> list[Path]:
    """One folder per stack that ever ran in this checkout."""
    return sorted(path for path in state.glob("*") if path.is_dir())


def reset(state: Path) -> list[Path]:
    """Delete every stack's data; what was deleted. Raises InUse while one of them runs."""
    gone = homes(state)
    for home in gone:
        with sole_use(home):
            remove_state(home)
    return gone


def main(arguments: list[str]) -> int:
    found = homes(STATE)
    if not found:
        sys.stdout.write("Nothing to forget.\n")
        return 0
    for home in found:
        if process := user_of(home):
            sys.stderr.write(f"./dev reset: {home} is in use by process {process}: end it first\n")
            return 1
    names = ", ".join(home.name for home in found)
    if "--yes" not in arguments:
        sys.stdout.write(f"Delete all purchases, ledgers and logs of {names} in {STATE}? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            sys.stdout.write("Nothing was deleted.\n")
            return 1
    try:
        reset(STATE)
    except (InUse, NotFound) as problem:
        sys.stderr.write(f"./dev reset: {problem}\n")
        return 1
    sys.stdout.write(f"Deleted {names}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
