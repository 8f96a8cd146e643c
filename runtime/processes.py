"""One program as several processes: each with ports of its own, and all end together."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence


def together(program: str, surroundings: Sequence[Mapping[str, str]]) -> int:
    """Run `program --child` once per surroundings; the worst exit code.

    All end when one of them ends or we are told to, and when we die, however that is.
    """
    children = [
        subprocess.Popen(
            [sys.executable, program, "--child"],
            stdin=subprocess.PIPE,
            env={**os.environ, **told},
        )
        for told in surroundings
    ]

    def end(*_: object) -> None:
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # Popen does not hear of the one that is waited for here.
    _, status = os.wait()
    end()
    codes = [os.waitstatus_to_exitcode(status), *(child.wait() for child in children)]
    return max(map(abs, codes))


def end_with_parent() -> None:
    """Stop when the parent is gone: then our end of its pipe is at its end."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
