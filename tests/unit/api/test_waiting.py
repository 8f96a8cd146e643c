import asyncio
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.exc import InterfaceError

from api.waiting import Watch

LONG = timedelta(seconds=30)


class Rows:
    """Versions as a database would have them."""

    def __init__(self) -> None:
        self.versions = {"a": 1, "b": 1}
        self.looks: list[set[str]] = []

    async def look(self, ids: Collection[str]) -> dict[str, int]:
        self.looks.append(set(ids))
        return {name: self.versions[name] for name in ids}


async def test_whoever_waits_hears_of_the_change_and_others_wait_on() -> None:
    rows = Rows()
    watch = Watch(rows.look)
    first = asyncio.create_task(watch.changed("a", 1, LONG))
    other = asyncio.create_task(watch.changed("b", 1, LONG))
    await asyncio.sleep(0.15)
    rows.versions["a"] = 2
    await asyncio.wait_for(first, 20)
    assert not other.done()
    other.cancel()


async def test_all_who_wait_share_one_query() -> None:
    rows = Rows()
    watch = Watch(rows.look)
    patience = timedelta(seconds=0.25)
    await asyncio.gather(*(watch.changed(name, 1, patience) for name in "ab" * 50))
    assert all(look == {"a", "b"} for look in rows.looks)
    assert len(rows.looks) <= 3


async def test_patience_ends() -> None:
    watch = Watch(Rows().look)
    await asyncio.wait_for(watch.changed("a", 1, timedelta(seconds=0.1)), 20)


async def test_nobody_looks_while_nobody_waits() -> None:
    rows = Rows()
    watch = Watch(rows.look)
    await watch.changed("a", 1, timedelta(seconds=0.15))
    await asyncio.sleep(0.15)
    looked = len(rows.looks)
    await asyncio.sleep(0.3)
    assert len(rows.looks) == looked


async def test_a_process_that_leaves_sends_everybody_home() -> None:
    watch = Watch(Rows().look)
    waiting = asyncio.create_task(watch.changed("a", 1, LONG))
    await asyncio.sleep(0.05)
    watch.stop()
    await asyncio.wait_for(waiting, 20)
    await asyncio.wait_for(watch.changed("a", 1, LONG), 20)


async def test_a_broken_database_wakes_everybody_and_the_next_who_waits_tries_anew() -> None:
    rows = Rows()

    async def broken(ids: Collection[str]) -> dict[str, int]:
        if not rows.looks:
            rows.looks.append(set(ids))
            raise InterfaceError("select", {}, Exception("gone"))
        return await rows.look(ids)

    watch = Watch(broken)
    await asyncio.wait_for(watch.changed("a", 1, LONG), 2)
    rows.versions["a"] = 2
    await asyncio.wait_for(watch.changed("a", 1, LONG), 2)
