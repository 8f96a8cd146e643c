"""How commands find the demo that runs here: what its API is told, kept beside its data."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = "environment.json"
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
    if "DATABASE_URL" in environ or not file.exists():
        return {}
    known: dict[str, str] = json.loads(file.read_text())
    return known
