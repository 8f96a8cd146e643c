import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from runtime.embedded.process import DidNotStart, Process

ROOT = Path(__file__).parents[2]
SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP


def process(tmp_path: Path, code: str) -> Process:
    return Process("child", [sys.executable, "-c", code], tmp_path / "child.log")


async def never() -> bool:
    return False


async def test_a_process_that_ends_early_says_why(tmp_path: Path) -> None:
    child = process(tmp_path, "raise SystemExit('no such database')")
    child.start()
    with pytest.raises(DidNotStart, match=r"(?s)ended before it was ready.*no such database"):
        await child.ready(never)


async def test_a_process_that_stays_silent_is_not_waited_for_forever(tmp_path: Path) -> None:
    child = process(tmp_path, SLEEP)
    child.start()
    try:
        with pytest.raises(DidNotStart, match="was not ready within"):
            await child.ready(never, within=0.1)
    finally:
        child.kill()


async def test_a_killed_process_is_gone_and_starts_again(tmp_path: Path) -> None:
    child = process(tmp_path, SLEEP)
    child.start()
    first = child.pid
    child.kill()
    assert not child.running
    with pytest.raises(ProcessLookupError):
        _ = child.pid
    child.start()
    assert child.pid != first
    child.kill()


async def test_a_paused_process_is_there_and_does_nothing(tmp_path: Path) -> None:
    child = process(tmp_path, SLEEP)
    child.start()
    child.pause()
    assert await _becomes(child.pid, psutil.STATUS_STOPPED)
    child.resume()
    assert await _becomes(child.pid, psutil.STATUS_SLEEPING)
    child.pause()
    await child.stop()
    assert not child.running


async def test_a_process_that_ignores_us_is_killed(tmp_path: Path) -> None:
    child = process(tmp_path, f"print('up', flush=True); {STUBBORN}")
    child.start()

    async def said_so() -> bool:
        return "up" in child.tail()

    await child.ready(said_so)
    await child.stop(within=0.2)
    assert not child.running


SUPERVISOR = """
import sys, time
from pathlib import Path
from runtime.embedded.process import Process
child = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path / "log")], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    child = psutil.Process(int(supervisor.stdout.readline()))
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    supervisor.stdout.close()
    psutil.wait_procs([child], 30)
    assert not child.is_running()


async def _becomes(pid: int, status: str) -> bool:
    watched = psutil.Process(pid)
    for _ in range(500):
        if watched.status() == status:
            return True
        await asyncio.sleep(0.01)
    return False
