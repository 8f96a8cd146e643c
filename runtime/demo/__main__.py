"""`python -m runtime.demo [--once [--json]]`: what `./dev demo` becomes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

import httpx2

from runtime.demo.browser import PageNotAsExpected
from runtime.demo.front import run_demo
from runtime.demo.merchant import NotOnboarded
from runtime.demo.once import run_once
from runtime.demo.progress import Progress
from runtime.demo.shop import Refused
from runtime.embedded.finder import NotFound
from runtime.embedded.places import InUse
from runtime.embedded.process import DidNotStart
from runtime.stack import ROOT
from runtime.whereabouts import MissingSetting

STATE = ROOT / ".danbao"
#: What can be wrong with a machine or a purchase; anything else is a bug and shows its traceback.
REASONS = (
    DidNotStart,
    InUse,
    MissingSetting,
    NotFound,
    NotOnboarded,
    PageNotAsExpected,
    Refused,
    httpx2.HTTPError,
)


def main(arguments: list[str], state: Path = STATE) -> int:
    once, quiet = "--once" in arguments, "--json" in arguments
    progress = Progress(quiet=quiet)
    work = run_once(state, progress) if once else run_demo(state, dict(os.environ), progress)
    try:
        return asyncio.run(_until_told(work))
    except asyncio.CancelledError:
        progress.say("stopped")
        return 130 if once else 0
    except REASONS as reason:
        progress.wrong(said(reason))
        if once:
            sys.stdout.write(json.dumps({"ok": False, "problems": [str(reason)]}) + "\n")
        return 1


def said(reason: Exception) -> str:
    """Our own reasons are sentences; what HTTP says needs its name to be understood."""
    ours = not isinstance(reason, httpx2.HTTPError)
    return str(reason) if ours and str(reason) else f"{type(reason).__name__}: {reason}"


async def _until_told(work: Coroutine[object, object, int]) -> int:
    """Ctrl-C and SIGTERM cancel it, so that whatever was started is stopped."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
