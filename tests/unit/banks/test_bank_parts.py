"""The bank's background work: without it, it must not look open."""

import asyncio
import signal

import pytest

from banks.sandbox.bank import missed


async def broken() -> None:
    raise ValueError("a bug")


@pytest.mark.parametrize("cancelled", [True, False], ids=["closed by itself", "gone by a bug"])
async def test_a_part_that_is_gone_closes_the_bank(cancelled: bool) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    try:
        part = asyncio.create_task(broken())
        part.add_done_callback(missed)
        if cancelled:
            part.cancel()
        await asyncio.wait([part])
        if not cancelled:
            await asyncio.wait_for(told.wait(), 20)
        else:
            await asyncio.sleep(0.1)
        assert told.is_set() is not cancelled
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
