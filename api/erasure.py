"""`python -m api.erasure ESCROW_ID`: forget a buyer, as an operator does when the law asks for it.

The purchase must have ended. Its keys are destroyed, so that nobody can read any more what Temporal
and its backups hold of it; its e-mail address is taken out of our rows, and what merchants' servers
answered about it; what both sides said and showed in disputes goes, words and files. The ledger and
the chain of evidence stay.
"""

import asyncio
import json
import sys
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col
from temporalio.client import Client

from api import purchases
from api.evidence import book
from api.evidence.files import Files
from api.tables import Checkout, Idempotency
from api.wallet import purchases as wallets
from runtime.database import engine
from runtime.settings import ErasureSettings
from runtime.temporal import connect
from vault import upkeep
from vault.keys import KEPT_FOR
from webhooks.attempts import forget_answers

#: After this no process encrypts with a key that was retired before, and Temporal's list of open
#: workflows shows what was started with it until then.
PATIENCE = KEPT_FOR + timedelta(seconds=5)
#: What belongs to a purchase beside its own workflow: `{kind}:{escrow_id}:…` of workflows/names.py.
KINDS = ("notice", "late", "after_sale")


class NotErased(Exception):
    """`code` is what programs read."""

    code = ""


class NoSuchPurchase(NotErased):
    code = "not_found"


class NotEnded(NotErased):
    """Money still moves, and both sides must be able to be asked."""

    code = "not_ended"


class StillUnderWay(NotErased):
    """A workflow of it runs, which would never end without its key."""

    code = "still_under_way"


async def erase(
    owner: AsyncEngine,
    client: Client,
    files: Files,
    escrow_id: str,
    *,
    patience: timedelta = PATIENCE,
) -> int:
    """How many keys were destroyed; after a second time 0. Takes `patience`.

    May be stopped and run again. Raises NoSuchPurchase and NotEnded, which change nothing, and
    StillUnderWay.
    """
    await _ended(owner, escrow_id)
    await _nothing_runs(client, escrow_id)
    async with owner.begin() as connection:
        await upkeep.retire(connection, escrow_id)
        await _forget_address(connection, escrow_id)
        await wallets.forget(connection, escrow_id)
        await forget_answers(connection, escrow_id)
        await _forget_evidence(connection, escrow_id)
    # Nobody finds them any more, and no new ones come: the purchase has ended.
    await asyncio.to_thread(files.forget, escrow_id)
    await asyncio.sleep(patience.total_seconds())
    # Money that came late may have started a workflow meanwhile, with the key that was retired.
    await _nothing_runs(client, escrow_id)
    async with owner.begin() as connection:
        return await upkeep.destroy(connection, escrow_id)


async def _ended(owner: AsyncEngine, escrow_id: str) -> None:
    purchase = await purchases.find(owner, escrow_id)
    if purchase is None:
        raise NoSuchPurchase(f"no purchase {escrow_id}")
    if not purchase.escrow.ended or purchase.returning:
        raise NotEnded(f"{escrow_id} has not ended: {purchase.escrow.status}")


async def _nothing_runs(client: Client, escrow_id: str) -> None:
    ids = [f"WorkflowId = '{escrow_id}'"]
    ids += [f"WorkflowId STARTS_WITH '{kind}:{escrow_id}:'" for kind in KINDS]
    query = f"ExecutionStatus = 'Running' AND ({' OR '.join(ids)})"
    running = [workflow.id async for workflow in client.list_workflows(query)]
    if running:
        raise StillUnderWay(f"still under way: {', '.join(running)}")


async def _forget_address(connection: AsyncConnection, escrow_id: str) -> None:
    row = col(Checkout.escrow_id) == escrow_id
    email = await connection.scalar(select(col(Checkout.buyer_email)).where(row))
    await connection.execute(update(Checkout).where(row).values(buyer_email=None))
    if email is not None:
        # Answers that wait to be asked for again, for thirty days.
        said = json.dumps(email, ensure_ascii=False)
        await connection.execute(
            update(Idempotency)
            .where(col(Idempotency.body).contains(escrow_id, autoescape=True))
            .values(body=func.replace(col(Idempotency.body), said, "null"))
        )


async def _forget_evidence(connection: AsyncConnection, escrow_id: str) -> None:
    await book.forget_words(connection, escrow_id)
    # Answers that wait to be asked for again say it in full.
    about = col(Idempotency.body).contains(escrow_id.removeprefix("esc_"), autoescape=True)
    evidence = col(Idempotency.body).startswith('{"id":"evd_')
    await connection.execute(delete(Idempotency).where(about, evidence))


async def run(settings: ErasureSettings, escrow_id: str) -> int:
    owner = engine(settings.migration_url, pool_size=1)
    files = Files(settings.evidence_dir)
    try:
        return await erase(owner, await connect("erasure"), files, escrow_id)
    finally:
        await owner.dispose()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m api.erasure ESCROW_ID\n")
        return 2
    [escrow_id] = arguments
    sys.stderr.write(f"this takes {PATIENCE.seconds} seconds …\n")
    try:
        keys = asyncio.run(run(ErasureSettings(), escrow_id))
    except NotErased as refused:
        sys.stderr.write(f"{refused.code}: {refused}\n")
        return 1
    sys.stdout.write(json.dumps({"escrow_id": escrow_id, "keys_destroyed": keys}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
