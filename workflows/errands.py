"""What a purchase does beside waiting, outside its lock: asking banks and moving money there."""

import asyncio
from collections.abc import Coroutine


class Errands:
    """Tasks by name. An error in one stops the workflow task, visibly, and is tried again."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run(self, name: str, errand: Coroutine[None, None, None]) -> None:
        """Start `errand` unless one of that name is under way."""
        if self.running(name):
            errand.close()
            return
        self._tasks[name] = asyncio.create_task(errand)

    def running(self, name: str) -> bool:
        task = self._tasks.get(name)
        return task is not None and not task.done()

    @property
    def idle(self) -> bool:
        return all(task.done() for task in self._tasks.values())

    @property
    def failed(self) -> bool:
        return any(task.done() and task.exception() for task in self._tasks.values())

    def check(self) -> None:
        """Raise what an errand raised: a bug must stand in the operator's UI, not in a log."""
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                task.result()
