"""How commands find the demo that runs here: what its API and operators are told, kept there."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = "environment.json"
#: Whoever names one of these means another service than the demo.
DATABASES = {"DATABASE_URL", "DANBAO_MIGRATION_URL"}
OURS = ("DANBAO_", "DATABASE_URL", "TEMPORAL_")


def leave_word(home: Path, environment: Mapping[str, str]) -> None:
    """Keep what is ours of `environment`, secrets included, for this account only."""
    file = home / FILE
    file.touch(mode=0o600)
    ours = {name: value for name, value in environment.items() if name.startswith(OURS)}
    file.write_text(json.dumps(ours))


def told(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What a command is told in addition; nothing when `environ` knows a database already."""
    file = home / FILE
    if DATABASES & environ.keys() or not file.exists():
        return {}
    known: dict[str, str] = json.loads(file.read_text())
    return known
