"""Where a process shall die, written by a test and read by the process.

A plan is a file named like the workflow; its lines are the points, in the order in which they are
to be died at. Whoever reaches the first strikes it off and kills itself as `kill -9` would.
"""

import os
import signal
from pathlib import Path

FOLDER = "DANBAO_TESTS_CRASH_PLANS"


def reached(workflow_id: str, point: str) -> None:
    plan = Path(os.environ[FOLDER]) / workflow_id
    try:
        first, *later = plan.read_text().splitlines()
    except FileNotFoundError:
        return
    if first != point:
        return
    if later:
        shall_die(plan.parent, workflow_id, *later)
    else:
        plan.unlink()
    os.kill(os.getpid(), signal.SIGKILL)


def shall_die(folder: Path, workflow_id: str, *points: str) -> None:
    written = folder.with_name(f"{folder.name}.new")
    written.write_text("\n".join(points))
    # Whole or not at all: the process may look at any moment.
    written.replace(folder / workflow_id)
