"""The ledger's writes: each is one statement, so one round trip is one whole transaction.

Legs, accounts and events come in as one array per column. A statement's text therefore never
depends on how many there are, and is compiled and prepared once. Parameters are named after the
column they fill: `new_stage`, `leg_amount` …
"""

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.expression import CTE, TableValuedAlias
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from ledger import tables
from ledger.port import Row


def table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


ACCOUNT = table(tables.Account)
TRANSFER = table(tables.Transfer)
ESCROW = table(tables.Escrow)
TRANSITION = table(tables.Transition)
EVENT = table(tables.Event)

#: The columns of the purchase's row that every transition writes.
MOVING = tuple(field.name for field in fields(Row))
AGREED = ("id", "merchant_id", "order_id", "currency", "amount", "funding", "terms")
#: What a webhook says about the purchase, beside its deadline.
PUBLIC = (
    "id", "order_id", "status", "amount", "currency", "funded", "held", "disputed", "released",
    "refunded", "returning", "version",
)  # fmt: skip


def record() -> Select[str]:
    """Store a transition, if the purchase stands right before it; returns its id, or no row.

    Whoever else records for this purchase waits at its row. Everything else hangs on the row
    having moved, so a second caller with the same step inserts nothing at all.
    """
    moved = (
        update(ESCROW)
        .where(ESCROW.c.id == new(ESCROW, "id"))
        .where(ESCROW.c.version == new(ESCROW, "version") - 1)
        .values({name: new(ESCROW, name) for name in ("version", *MOVING)})
        .values(updated_at=func.now())
        .returning(ESCROW.c.merchant_id, *[ESCROW.c[name] for name in PUBLIC])
        .cte("moved")
    )
    opened, posted = accounts(moved).cte("opened"), legs(moved).cte("posted")
    return select(moved.c.id).add_cte(opened, posted, step(moved), told(moved))


def create() -> Select[str]:
    """The purchase's row, its first transition and its first event."""
    columns = (*AGREED, "version", *MOVING)
    created = (
        insert(ESCROW)
        .values({name: new(ESCROW, name) for name in columns})
        .returning(ESCROW.c.merchant_id, *[ESCROW.c[name] for name in PUBLIC])
        .cte("created")
    )
    return select(created.c.id).add_cte(step(created), told(created))


def post() -> ReturningInsert[int]:
    """A journal on its own; returns its legs' numbers, or no row when its id is taken."""
    posted = legs().on_conflict_do_nothing().returning(TRANSFER.c.leg)
    return posted.add_cte(accounts().cte("opened"))


def post_series() -> ReturningInsert[int]:
    """Journals of one subject, name, currency and moment, all of them new."""
    leg = rows(
        "leg",
        journal_id=Uuid,
        sequence=Integer,
        leg=SmallInteger,
        debit_account=Uuid,
        credit_account=Uuid,
        amount=BigInteger,
    )
    same = ("subject", "name", "currency", "event_at")
    written = select(*leg.c, *[new(TRANSFER, name) for name in same])
    posted = insert(TRANSFER).from_select([*leg.c.keys(), *same], written)
    return posted.returning(TRANSFER.c.leg).add_cte(accounts().cte("opened"))


def accounts(when: CTE | None = None) -> pg.Insert:
    """Open the accounts that are not there yet, in the order of their ids.

    ON CONFLICT alone would do, but it waits for whoever updates the row that is there: a credit
    to a merchant would wait for that merchant's debits, and everybody for a rollup.
    """
    account = rows("account", id=Uuid, code=SmallInteger, guard=Text, owner=Text)
    there = exists().where(ACCOUNT.c.id == account.c.id)
    named = select(*account.c, new(ACCOUNT, "currency")).where(~there).order_by(account.c.id)
    columns = [*account.c.keys(), "currency"]
    return insert(ACCOUNT).from_select(columns, hung(named, account, when)).on_conflict_do_nothing()


def legs(when: CTE | None = None) -> pg.Insert:
    leg = rows("leg", leg=SmallInteger, debit_account=Uuid, credit_account=Uuid, amount=BigInteger)
    same = ("journal_id", "subject", "sequence", "name", "currency", "event_at")
    written = select(*leg.c, *[new(TRANSFER, name) for name in same])
    return insert(TRANSFER).from_select([*leg.c.keys(), *same], hung(written, leg, when))


def step(moved: CTE) -> CTE:
    said = ("sequence", "name", "by", "at", "detail", "command", "hash")
    written = select(moved.c.id, *[new(TRANSITION, name) for name in said])
    return insert(TRANSITION).from_select(["escrow_id", *said], written).cte("step")


def told(moved: CTE) -> CTE:
    event = rows("event", id=Text, sequence=Integer, type=Text)
    written = select(
        *event.c,
        moved.c.id,
        moved.c.merchant_id,
        new(EVENT, "transition"),
        payload(moved, event),
        new(EVENT, "at"),
    ).order_by(event.c.sequence)
    columns = [*event.c.keys(), "escrow_id", "merchant_id", "transition", "body", "at"]
    return insert(EVENT).from_select(columns, hung(written, event, moved)).cte("told")


def payload(moved: CTE, event: TableValuedAlias) -> ColumnElement[Any]:
    """What the webhook says. Its times are texts from us, in UTC whatever the session's zone."""
    standing = {name: moved.c[name] for name in PUBLIC}
    return as_json(
        type=event.c.type,
        timestamp=bindparam("timestamp", type_=Text),
        data=as_json(
            id=event.c.id,
            sequence=event.c.sequence,
            escrow=as_json(**standing, deadline=bindparam("deadline", type_=Text)),
            detail=new(TRANSITION, "detail"),
        ),
    )


def new(into: Table, name: str) -> BindParameter[Any]:
    """The parameter for column `name`."""
    return bindparam(f"new_{name}", type_=into.c[name].type)


def rows(name: str, **kinds: type[TypeEngine[Any]]) -> TableValuedAlias:
    """Rows out of one array parameter per column, `{name}_{column}`."""
    arrays = [bindparam(f"{name}_{key}", type_=ARRAY(kind)) for key, kind in kinds.items()]
    columns = [column(key, kind) for key, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


def hung(written: Select[Any], on: TableValuedAlias, when: CTE | None) -> Select[Any]:
    """`written` for every row of `on`, but only if `when` has a row."""
    return written if when is None else written.select_from(when.join(on, true()))


def as_json(**pairs: ColumnElement[Any]) -> ColumnElement[Any]:
    parts: list[ColumnElement[Any]] = []
    for key, value in pairs.items():
        parts += (literal_column(f"'{key}'"), value)
    return func.jsonb_build_object(*parts, type_=JSONB)
