"""docker-compose.yml as a test reads it: merged, and with the values of a fresh .env."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
HOLE = re.compile(r"\$\{([A-Z_]+)([^}]*)\}")

Service = dict[str, Any]


def assignments(text: str) -> dict[str, str]:
    """Values by name of a file like .env."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def new_env(folder: Path) -> Path:
    """What `deploy/new-env` makes for somebody who has nothing yet."""
    made = folder / "env"
    subprocess.run([ROOT / "deploy" / "new-env", made], check=True)
    return made


def services(env: dict[str, str]) -> dict[str, Service]:
    """Every service by name, with the holes in its environment filled from `env`."""
    text = HOLE.sub(lambda hole: env[hole[1]], FILE.read_text())
    read: dict[str, Service] = yaml.safe_load(text)["services"]
    return read


def waits_for(service: Service) -> dict[str, str]:
    """Condition by name of the services that must come first."""
    return {name: said["condition"] for name, said in service.get("depends_on", {}).items()}
