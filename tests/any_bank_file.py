"""Any value that a bank file can carry, for properties."""

from dataclasses import replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import TypeVar

from hypothesis import strategies as st

from banks.files.pacs004 import PaymentReturn, ReturnMessage
from banks.files.pain001 import PayoutBatch, PayoutGroup, PayoutOrder
from banks.files.pain002 import (
    GroupAdvice,
    PayoutAdvice,
    StatusReport,
    TransactionStatus,
    Verdict,
)
from banks.files.recalls import (
    Recall,
    RecallAnswer,
    RecallRequest,
    RecallResolution,
    RecallStatus,
)
from banks.files.statements import Balance, Entry, Movement, Statement
from banks.files.values import Account, Agent, Reason, Side

AnyValue = TypeVar("AnyValue")

#: What a bank can write: no control characters, no spaces at an end.
_LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")


def texts(limit: int) -> st.SearchStrategy[str]:
    return st.text(_LETTERS, min_size=1, max_size=limit).filter(
        lambda text: text == text.strip(" ")
    )


ids = st.text("ABCXYZabcxyz0189-/:", min_size=1, max_size=35)
hexes = st.text("0123456789abcdef", min_size=32, max_size=32)
our_references = st.builds(
    "{}_{}:{}:{}".format,
    st.sampled_from(["esc", "pay"]),
    hexes,
    st.sampled_from(
        ["payment", "deduct", "unfreeze", "refund", "late_refund", "after_sale", "remit"]
    ),
    st.integers(1, 999),
)
#: Small as well as the largest that 18 digits hold, in every currency with 0 to 4 decimals.
amounts = st.one_of(st.integers(1, 10**6), st.integers(1, 10**12))
currencies = st.sampled_from(["CNY", "EUR", "JPY", "KWD", "CLF"])
accounts = st.one_of(
    st.just(Account("DE89370400440532013000")),
    st.builds(Account, st.text("0123456789", min_size=8, max_size=19)),
)
agents = st.builds(
    Agent, st.sampled_from(["", "DEUTDEFF", "DEUTDEFF500"]), st.sampled_from(["", "102100099996"])
)
reasons = st.builds(
    Reason, st.sampled_from(["AC01", "AC04", "MS03", "account_closed"]), st.just("") | texts(105)
)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
orders = st.builds(
    PayoutOrder,
    reference=our_references,
    amount=amounts,
    currency=currencies,
    holder=texts(140),
    account=accounts,
    bank=agents,
    text=st.just("") | texts(140),
)


@st.composite
def batches(draw: st.DrawFn) -> PayoutBatch:
    drawn = draw(st.lists(orders, min_size=1, max_size=6, unique_by=lambda one: one.reference))
    cut = draw(st.integers(1, len(drawn)))
    parts = [part for part in (drawn[:cut], drawn[cut:]) if part]
    groups = tuple(
        PayoutGroup(
            f"G-{number}", draw(days), draw(texts(140)), draw(accounts), tuple(part), draw(agents)
        )
        for number, part in enumerate(parts)
    )
    return PayoutBatch(draw(ids), draw(moments), draw(texts(140)), groups)


@st.composite
def movements(draw: st.DrawFn) -> Movement:
    side, amount = draw(st.sampled_from(Side)), draw(amounts)
    # More can't be taken off a debit than it was: before the charges it was 0 at least.
    charges = draw(st.just(0) | st.integers(-5, min(5, amount)))
    return Movement(
        amount=amount,
        side=side,
        charges=charges if amount + side.signed(charges) >= 0 else 0,
        reference=draw(st.just("") | our_references | ids),
        bank_reference=draw(st.just("") | ids),
        returned=draw(st.none() | reasons),
        party=draw(st.just("") | texts(140)),
        account=draw(st.none() | accounts),
        text=draw(st.just("") | texts(140)),
    )


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    inside = draw(st.lists(movements(), min_size=1, max_size=4))
    charges = draw(st.integers(-3, 3)) if len(inside) > 1 else 0
    signed = sum(one.signed for one in inside) - charges
    if signed == 0:
        inside, charges = inside[:1], 0
        signed = inside[0].signed
    return Entry(
        amount=abs(signed),
        side=Side.of(signed),
        booked_on=draw(days),
        value_on=draw(days),
        movements=tuple(inside),
        bank_reference=draw(st.just("") | ids),
        reversal=draw(st.booleans()),
        batch=draw(ids) if len(inside) > 1 else "",
        charges=charges,
    )


@st.composite
def statements(draw: st.DrawFn, sequence: int = 1) -> Statement:
    booked = tuple(draw(st.lists(entries(), min_size=1, max_size=4)))
    opening = draw(st.integers(-(10**12), 10**12))
    closing = opening + sum(one.signed for one in booked)
    on = draw(days)
    return Statement(
        id=f"{draw(ids)[:20]}-{sequence}",
        sequence=sequence,
        created_at=draw(moments),
        account=draw(accounts),
        currency=draw(currencies),
        opening=Balance(opening, on),
        closing=Balance(closing, on),
        entries=booked,
    )


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    status = draw(st.sampled_from(TransactionStatus))
    return Verdict(status, draw(reasons) if status is TransactionStatus.REJECTED else None)


@st.composite
def reports(draw: st.DrawFn, batch: PayoutBatch) -> StatusReport:
    """On the whole batch, whole groups, or single orders of it."""
    if draw(st.booleans()):
        return StatusReport(draw(ids), draw(moments), batch.id, (), draw(verdicts()))
    groups = []
    for group in batch.groups:
        if draw(st.booleans()):
            groups.append(GroupAdvice(group.id, (), draw(verdicts())))
            continue
        advices = tuple(
            PayoutAdvice(order.reference, draw(verdicts()), draw(st.just("") | ids))
            for order in group.orders
        )
        groups.append(GroupAdvice(group.id, advices))
    return StatusReport(draw(ids), draw(moments), batch.id, tuple(groups))


recalled = st.builds(
    Recall,
    id=ids,
    batch=ids,
    reference=our_references,
    amount=amounts,
    currency=currencies,
    settled_on=days,
    reason=reasons,
)


def several(
    one: st.SearchStrategy[AnyValue], *unique: str
) -> st.SearchStrategy[tuple[AnyValue, ...]]:
    """1 to 4 values, no two with the same `unique` field."""
    by = tuple(attrgetter(name) for name in unique)
    return st.lists(one, min_size=1, max_size=4, unique_by=by).map(tuple)


def recall_requests() -> st.SearchStrategy[RecallRequest]:
    inside = several(recalled, "id", "reference")
    return st.builds(RecallRequest, ids, moments, agents, agents, inside)


@st.composite
def recall_answers(draw: st.DrawFn) -> RecallAnswer:
    status = draw(st.sampled_from(RecallStatus))
    reason = draw(reasons) if status is RecallStatus.REJECTED else None
    return RecallAnswer(draw(ids), draw(our_references), status, reason)


def recall_resolutions() -> st.SearchStrategy[RecallResolution]:
    inside = several(recall_answers(), "recall", "reference")
    return st.builds(RecallResolution, ids, moments, agents, agents, ids, inside)


@st.composite
def return_messages(draw: st.DrawFn) -> ReturnMessage:
    def one(currency: str) -> st.SearchStrategy[PaymentReturn]:
        return st.builds(
            lambda back, kept, taken, **rest: PaymentReturn(
                amount=back,
                original_amount=back + taken + kept,
                charges=taken,
                charged_by=Agent("DEUTDEFF") if taken else Agent(),
                currency=currency,
                **rest,
            ),
            back=amounts,
            kept=st.integers(0, 100),
            taken=st.integers(0, 100),
            id=ids,
            batch=ids,
            reference=our_references,
            reason=reasons,
        )

    returns = draw(several(one(draw(currencies)), "id"))
    return ReturnMessage(draw(ids), draw(moments), draw(days), returns)


@st.composite
def bills(draw: st.DrawFn) -> Statement:
    """A statement as a bill can say it: in yuan, without batches, each booking named."""
    booked = []
    for number, entry in enumerate(draw(st.lists(entries(), min_size=1, max_size=4))):
        first = entry.movements[0]
        booked.append(
            replace(
                entry,
                amount=first.amount,
                side=first.side,
                movements=(first,),
                bank_reference=f"{draw(ids)[:30]}-{number}",
                batch="",
                charges=0,
            )
        )
    whole = draw(statements())
    closing = whole.opening.amount + sum(one.signed for one in booked)
    return replace(
        whole,
        created_at=whole.created_at.replace(microsecond=0),
        currency="CNY",
        closing=replace(whole.closing, amount=closing),
        entries=tuple(booked),
    )
