"""A purchase begins: row, first event, keys and answer in one commit, then its workflow starts."""

import json
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, insert
from uuid_utils import uuid7

from api import purchases
from api.answers import answer_of
from api.doors import Doors
from api.errors import Unavailable
from api.idempotency import Answer, Keyed, within
from api.requests import EscrowIn
from api.tables import Checkout, Merchant
from api.views import escrow_out
from domain.escrow import Escrow
from domain.terms import FeePolicy, Terms
from ledger import book
from ledger.reading import Reading
from vault.keys import mint

log = structlog.get_logger()


async def create(doors: Doors, merchant_id: str, order: EscrowIn, keyed: Keyed) -> Answer:
    """The new purchase, or what the same key got before. Raises BadTerms.

    Once committed it stands, whether or not Temporal can be reached now: the next try with this
    key starts it, or the first command, or the worker's sweeper.
    """
    async with doors.engine.begin() as connection:
        answer = await within(
            connection, keyed, partial(_open, doors, connection, merchant_id, order)
        )
    purchase = await purchases.get(doors.engine, json.loads(answer.body)["id"])
    if not purchase.started:
        try:
            await start(doors, purchase.escrow.terms)
        except Unavailable:
            log.warning("not started yet", escrow_id=purchase.id)
    return answer


async def start(doors: Doors, terms: Terms) -> None:
    """Start the purchase's workflow and note that it runs. Raises Unavailable."""
    await doors.trade.open(terms)
    await Reading(doors.engine).mark_started(terms.escrow_id)


async def _open(
    doors: Doors, connection: AsyncConnection, merchant_id: str, order: EscrowIn
) -> Answer:
    terms = await _terms(connection, merchant_id, order)
    await book.open_escrow(connection, Escrow.opened(terms))
    await mint(connection, doors.ring, terms.escrow_id)
    await connection.execute(
        insert(Checkout).values(
            escrow_id=terms.escrow_id,
            description=order.description,
            items=[item.model_dump() for item in order.items],
            buyer_email=order.buyer.email,
            buyer_digest=doors.recognition.digest(order.buyer.email),
            return_url=order.return_url,
        )
    )
    purchase = await purchases.read(connection, terms.escrow_id)
    return answer_of(201, escrow_out(purchase, doors.links, doors.livemode))


async def _terms(connection: AsyncConnection, merchant_id: str, order: EscrowIn) -> Terms:
    merchant = (
        await connection.execute(
            select(col(Merchant.fee_fixed), col(Merchant.fee_bps), col(Merchant.reserve_bps)).where(
                col(Merchant.id) == merchant_id
            )
        )
    ).one()
    return Terms(
        escrow_id=f"esc_{uuid7().hex}",
        merchant_id=merchant_id,
        order_id=order.order_id,
        amount=order.amount,
        currency=order.currency,
        opened_at=datetime.now(UTC),
        funding=order.terms.funding,
        windows=order.terms.pinned(),
        fee=FeePolicy(merchant.fee_fixed, merchant.fee_bps),
        reserve_bps=merchant.reserve_bps,
        hold_expiry=order.terms.hold_expiry,
    )
