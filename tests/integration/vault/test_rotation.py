"""Master keys change while purchases are under way."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from domain.states import Party
from domain.terms import BUYERS_EXTENSION
from runtime.temporal import converter
from tests.integration.vault.conftest import K1, K2
from tests.integration.vault.shifts import Shifts
from vault import upkeep
from vault.errors import MasterKeyMissing
from vault.keys import Keys
from vault.ring import Ring
from worker import RESTRICTIONS
from workflows.escrow import EscrowWorkflow

OLD, BOTH, NEW = Ring.parse(K1), Ring.parse(f"{K2},{K1}"), Ring.parse(K2)


async def test_a_purchase_outlives_the_master_key_that_it_began_with(
    shifts: Shifts, owner_engine: AsyncEngine
) -> None:
    async with shifts.shift(OLD) as world:
        trade = await world.shipped()
    async with shifts.shift(BOTH) as world:
        carried_on = world.known(trade)
        await carried_on.extend(Party.BUYER, BUYERS_EXTENSION)
        younger = await world.shipped()
        await upkeep.rewrap(owner_engine, BOTH)
    assert list(await upkeep.wrapped_by(owner_engine)) == [NEW.first]
    async with shifts.shift(NEW) as world:
        for one in (trade, younger):
            carried_on = world.known(one)
            await carried_on.confirm()
            assert (await carried_on.outcome()).stage == "completed"
            await replayer(shifts, NEW).replay_workflow(await carried_on.handle.fetch_history())
    with pytest.raises(MasterKeyMissing):
        await Keys(shifts.engine, OLD).current(trade.id)
    # Other tests go on with the first master key.
    await upkeep.rewrap(owner_engine, Ring.parse(f"{K1},{K2}"))


def replayer(shifts: Shifts, ring: Ring) -> Replayer:
    return Replayer(
        workflows=[EscrowWorkflow],
        data_converter=converter(shifts.codec(ring)),
        workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
    )
