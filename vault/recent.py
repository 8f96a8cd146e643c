"""What was looked up a moment ago: bounded in number and in age."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Forgets what is older than `kept_for`, and beyond `most` the one unused for longest.

    Age counts from when it was put, however often it is used: what was destroyed elsewhere is
    gone here after `kept_for`.
    """

    def __init__(
        self, most: int, kept_for: timedelta, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._kept_for = kept_for.total_seconds()
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def put(self, name: str, thing: T) -> None:
        self._known[name] = (self._clock(), thing)
        self._known.move_to_end(name)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def get(self, name: str) -> T | None:
        if name not in self._known:
            return None
        since, thing = self._known[name]
        if self._clock() - since >= self._kept_for:
            del self._known[name]
            return None
        self._known.move_to_end(name)
        return thing

    def __len__(self) -> int:
        return len(self._known)
