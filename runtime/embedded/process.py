"""One child process: started with a log of its own, waited for, killed, paused, started again."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

LAUNCHER = Path(__file__).with_name("launch.py")
#: How long anything may take to become ready: a cold, busy laptop, not a measurement.
READY_WITHIN = 90.0
STOP_WITHIN = 15.0
POLL_EVERY = 0.03


class DidNotStart(Exception):
    """A process ended or stayed silent instead of becoming ready; says what it logged last."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that a server runs as."""

    name: str
    uid: int
    gid: int


@dataclass(slots=True)
class Process:
    """A command that dies with us, in a process group of its own.

    `argv` and `env` stay the same over restarts, so a restarted process is the same service at
    the same ports. Output is appended to `log`.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: Signals = signal.SIGTERM
    death_signal: Signals = signal.SIGKILL
    child: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        """The running process; raises ProcessLookupError when there is none."""
        if self.child is None or self.child.poll() is not None:
            raise ProcessLookupError(f"{self.name} is not running")
        return self.child.pid

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """From the main thread: Linux ties a child to the *thread* that started it."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [*launched(self.account, self.death_signal), *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.env),
                cwd=self.cwd,
                start_new_session=True,
            )

    async def ready(
        self, check: Callable[[], Awaitable[bool]], within: float = READY_WITHIN
    ) -> None:
        """Wait until `check` says so. Raises DidNotStart with the end of the log."""
        deadline = time.monotonic() + within
        while not await check():
            if not self.running:
                raise DidNotStart(self._last_words("ended before it was ready"))
            if time.monotonic() > deadline:
                raise DidNotStart(self._last_words(f"was not ready within {within:.0f} s"))
            await asyncio.sleep(POLL_EVERY)

    def kill(self) -> None:
        """SIGKILL, the whole group; returns once the process is gone."""
        if self.child is not None:
            self._signal(signal.SIGKILL)
            self.child.wait()

    def pause(self) -> None:
        """SIGSTOP: still there, still connected, answers nobody."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def stop(self, within: float = STOP_WITHIN) -> None:
        """Ask it to end, and end it when it does not."""
        if self.child is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self.child.wait, within)
        self.kill()

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _signal(self, number: Signals) -> None:
        if self.running:
            os.killpg(self.pid, number)

    def _last_words(self, what: str) -> str:
        return f"{self.name} {what}; the end of {self.log}:\n{self.tail()}"


def launched(account: Account | None, death_signal: Signals = signal.SIGKILL) -> list[str]:
    """The words in front of a command that make it run as `account` and die with us."""
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    numbers = (int(death_signal), os.getpid(), uid, gid)
    return [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, numbers)]


def run(argv: Sequence[str], account: Account | None = None) -> str:
    """Run a short command to its end, as `account`; its output. Raises DidNotStart."""
    done = subprocess.run(
        [*launched(account), *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        raise DidNotStart(f"{Path(argv[0]).name} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout
