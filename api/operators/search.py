"""Finding purchases by whatever somebody has in hand."""

import re

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from api import purchases
from api.evidence.tables import Evidence
from api.operators.tables import Proposal
from api.purchases import Purchase
from ledger.tables import Escrow, Event

MOST = 50
#: A purchase's own id, or what has it inside: a dispute's, a bank's reference, a workflow's id.
_WITH_ID = re.compile(r"(?:esc|dsp)_([0-9a-f]{32})")
_MERCHANT = re.compile(r"mer_[0-9a-f]{32}")
#: What is a part of one purchase: how it is called, and where it says of which.
_PARTS = (
    (re.compile(r"evt_[0-9a-f]{32}"), col(Event.id), col(Event.escrow_id)),
    (re.compile(r"evd_[0-9a-f]{32}"), col(Evidence.id), col(Evidence.escrow_id)),
    (re.compile(r"prp_[0-9A-Za-z_-]{20}"), col(Proposal.id), col(Proposal.escrow_id)),
)


async def found(engine: AsyncEngine, said: str) -> list[Purchase]:
    """Purchases that `said` can mean, newest first: by any id of ours, or by an order's number."""
    ids = await _meant(engine, said.strip())
    known = await purchases.these(engine, ids)
    return [known[one] for one in ids if one in known]


async def _meant(engine: AsyncEngine, said: str) -> list[str]:
    if match := _WITH_ID.search(said):
        return [f"esc_{match[1]}"]
    for name, its_id, escrow_id in _PARTS:
        if match := name.search(said):
            return await _ids(engine, select(escrow_id).where(its_id == match[0]))
    if match := _MERCHANT.search(said):
        return await _ids(engine, _newest().where(col(Escrow.merchant_id) == match[0]))
    return await _ids(engine, _newest().where(col(Escrow.order_id) == said))


def _newest() -> Select[str]:
    return select(col(Escrow.id)).order_by(col(Escrow.id).desc()).limit(MOST)


async def _ids(engine: AsyncEngine, query: Select[str]) -> list[str]:
    async with engine.connect() as connection:
        return list((await connection.execute(query)).scalars())
