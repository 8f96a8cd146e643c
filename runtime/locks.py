"""`./dev lock`: makes the two lock files, for the image and for a checkout.

`requirements.lock` is what the container runs, `requirements-dev.lock` what ./dev installs; the
first holds the same versions as the second. Hashes for every platform, no address of any
registry: whoever installs decides where from.
"""

import re
import subprocess
import sys
from pathlib import Path

DEV, IMAGE = "requirements-dev.lock", "requirements.lock"
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.M)
COMPILE = (
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "pyproject.toml"),
    *("--universal", "--generate-hashes", "--no-header", "--no-annotate"),
    *("--python-version", "3.11"),
)


def lock(root: Path, *, upgrade: bool = False) -> bool:
    """Write both files into `root`; without `upgrade` what is locked stays where it can.

    False when no versions fit together: uv has said which.
    """
    newer = ["--upgrade"] if upgrade else []
    whole = [*COMPILE, *newer, "--extra", "dev", "--output-file", DEV]
    # Not allowed to differ, so what only the image could take newer is not taken.
    image = [*COMPILE, *newer, "--constraint", DEV, "--output-file", IMAGE]
    return all(
        subprocess.run(command, cwd=root, check=False).returncode == 0 for command in (whole, image)
    )


def pins(text: str) -> dict[str, str]:
    """Version by package in a lock file's text."""
    return dict(PINNED.findall(text))
