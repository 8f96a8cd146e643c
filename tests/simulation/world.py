"""A world of one purchase: its clock, its luck, and what happens when. One seed, one story.

Nothing here is concurrent; everything that could be is an act at a moment, and the seed decides
the moments. Times are seconds since the purchase was opened.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600.0
DAY = 24 * HOUR

#: What goes wrong → how often at most, where it can. Each seed has its own rates below these.
FAULTS = {
    "request lost": 0.3,
    "executed, answer lost": 0.3,
    "request late": 0.15,
    "find lags": 0.5,
    "bank down": 1.0,
    "callback lost": 0.5,
    "callback twice": 0.5,
    "callback late": 0.4,
    "paid after close": 0.6,
    "worker dies": 0.3,
    "activity dies": 0.2,
    "update lost": 0.5,
    "ledger silent": 0.2,
    "merchant deaf": 0.3,
}
#: What banks do that is no fault, but trouble.
ANSWERS = {"declined": 0.25, "other amount": 0.15, "refund refused": 0.15, "pending": 0.3}


class Endless(AssertionError):
    """The story never came to rest."""


class World:
    def __init__(
        self,
        seed: int,
        met: Counter[str] | None = None,
        weather: Mapping[str, float] | None = None,
    ) -> None:
        """`weather` says how often some faults strike; the seed decides about the others."""
        self.rng = random.Random(seed)  # noqa: S311 - a story to be told again, not a secret
        self.now = 0.0
        self.met: Counter[str] = Counter() if met is None else met
        self._ahead: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._acts = 0
        self.rates = {
            name: 0.0 if self.rng.random() < 0.4 else self.rng.random() * most
            for name, most in (FAULTS | ANSWERS).items()
        } | dict(weather or {})
        #: Until then things go wrong; afterwards every party behaves.
        self.heals_at = self.rng.choice((2 * HOUR, 1.5 * DAY, 4 * DAY, 9 * DAY))
        self.outage = self._outage()

    @property
    def moment(self) -> datetime:
        return self.moment_at(self.now)

    def moment_at(self, later: float) -> datetime:
        return EPOCH + timedelta(seconds=later)

    def hits(self, fault: str) -> bool:
        """Whether it strikes now; never after healing."""
        rate = self.rates[fault]
        if rate and self.now < self.heals_at and self.rng.random() < rate:
            self.met[fault] += 1
            return True
        return False

    def answers(self, kind: str) -> bool:
        """Whether a bank answers so; healing does not change its mind."""
        rate = self.rates[kind]
        if rate and self.rng.random() < rate:
            self.met[kind] += 1
            return True
        return False

    def bank_is_down(self) -> bool:
        begin, end = self.outage
        if begin <= self.now < min(end, self.heals_at):
            self.met["bank down"] += 1
            return True
        return False

    def after(self, delay: float, act: Callable[..., None], *args: Any) -> None:
        """Let `act(*args)` happen in `delay` seconds, never before now."""
        self._acts += 1
        heapq.heappush(self._ahead, (self.now + max(delay, 0.0), self._acts, act, args))

    def at(self, moment: datetime, act: Callable[..., None], *args: Any) -> None:
        self.after(seconds(moment) - self.now, act, *args)

    def run(self) -> None:
        """Until nothing is left to happen. Raises Endless."""
        for _ in range(20_000):
            if not self._ahead:
                return
            self.now, _, act, args = heapq.heappop(self._ahead)
            act(*args)
        raise Endless("I7: things go on happening")

    def _outage(self) -> tuple[float, float]:
        """One long outage, begun where it hurts: anywhere in the first days."""
        if self.rng.random() > self.rates["bank down"]:
            return (0.0, 0.0)
        begin = self.rng.random() ** 2 * 4 * DAY
        return (begin, begin + self.rng.choice((300.0, 2 * HOUR, DAY, 2.5 * DAY)))


def seconds(moment: datetime) -> float:
    return (moment - EPOCH).total_seconds()
