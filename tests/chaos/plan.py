"""Where a process shall die, written by a test and read by the process: once per purchase.

A plan is a file named like the purchase's workflow; its text is the point. Whoever reaches the
point deletes the plan and kills itself as `kill -9` would.
"""

import os
import signal
from pathlib import Path

FOLDER = "DANBAO_TESTS_CRASH_PLANS"


def reached(workflow_id: str, point: str) -> None:
    plan = Path(os.environ[FOLDER]) / workflow_id
    try:
        if plan.read_text() != point:
            return
        plan.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def shall_die(folder: Path, workflow_id: str, point: str) -> None:
    (folder / workflow_id).write_text(point)
