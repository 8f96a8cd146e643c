"""Every test here runs over the fake and over the real bank through its adapter."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.stands import FakeStand, Stand, Trade, sandbox_stand
from tests.conftest import BankService
from tests.fakes import FakeBank


@pytest_asyncio.fixture(params=["fake", "sandbox"])
async def stand(request: pytest.FixtureRequest, bank: BankService) -> AsyncIterator[Stand]:
    if request.param == "fake":
        yield FakeStand(FakeBank())
        return
    async with sandbox_stand(bank) as sandbox:
        yield sandbox


@pytest.fixture
def trade(stand: Stand, bank: BankService) -> Trade:
    """A purchase that nobody has paid for. The buyer comes back to a page that is there."""
    return Trade(stand, f"{bank.url}/healthz")
