"""pain.001: we tell a bank to pay many creditors (customer credit transfer initiation)."""

from dataclasses import dataclass
from datetime import date, datetime

from banks.files import fields
from banks.files.amounts import control_sum
from banks.files.errors import BadValue, EmptyFile, WrongAmount
from banks.files.values import Account, Agent, check_once
from banks.files.xml_reading import LIMITS, Element, Limits, read_message
from banks.files.xml_writing import PAYOUTS, Writing

VERSION = PAYOUTS


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """Pay `amount` minor units to `account` of `holder`. `reference` is ours (EndToEndId)."""

    reference: str
    amount: int
    currency: str
    holder: str
    account: Account
    bank: Agent = Agent()
    #: What the creditor reads on its own statement, at most 140 characters.
    text: str = ""


@dataclass(frozen=True, slots=True)
class PayoutGroup:
    """Orders of one day out of one of our accounts (PmtInf)."""

    id: str
    execution_date: date
    debtor: str
    account: Account
    orders: tuple[PayoutOrder, ...]
    bank: Agent = Agent()


@dataclass(frozen=True, slots=True)
class PayoutBatch:
    """One file of orders. No reference stands twice in it."""

    id: str
    created_at: datetime
    initiator: str
    groups: tuple[PayoutGroup, ...]

    @property
    def orders(self) -> tuple[PayoutOrder, ...]:
        return tuple(order for group in self.groups for order in group.orders)


def write(batch: PayoutBatch) -> bytes:
    """The batch as XML. Raises EmptyFile, Repeated, BadValue, Missing with the element's path."""
    _check(batch, "PayoutBatch")
    writing = Writing()
    with writing.element("CstmrCdtTrfInitn"):
        with writing.element("GrpHdr"):
            writing.text("MsgId", batch.id)
            writing.moment("CreDtTm", batch.created_at)
            _totals(writing, batch.orders)
            with writing.element("InitgPty"):
                writing.text("Nm", batch.initiator, 140)
        for group in batch.groups:
            _write_group(writing, group)
    return writing.document(VERSION)


def read(data: bytes, limits: Limits = LIMITS) -> PayoutBatch:
    """The batch in `data`, its counts and sums checked. Raises BankFileError's kinds."""
    message = read_message(data, (VERSION,), limits)
    header = message.one("GrpHdr")
    batch = PayoutBatch(
        id=fields.text_at(header, "MsgId"),
        created_at=fields.moment_at(header, "CreDtTm"),
        initiator=fields.text_at(header, "InitgPty/Nm", 140),
        groups=tuple(_read_group(group) for group in message.all("PmtInf")),
    )
    header.one("NbOfTxs")
    _check_totals(header, batch.orders)
    _check(batch, message.place)
    return batch


def _check(batch: PayoutBatch, place: str) -> None:
    if not batch.groups or not all(group.orders for group in batch.groups):
        raise EmptyFile("nobody is to be paid", place)
    check_once((group.id for group in batch.groups), "group", place)
    check_once((order.reference for order in batch.orders), "reference", place)
    for order in batch.orders:
        if order.amount == 0:
            raise WrongAmount(f"nothing is to be paid under {order.reference!r}", place)


def _write_group(writing: Writing, group: PayoutGroup) -> None:
    with writing.element("PmtInf"):
        writing.text("PmtInfId", group.id)
        writing.text("PmtMtd", "TRF")
        _totals(writing, group.orders)
        with writing.element("ReqdExctnDt"):
            writing.day("Dt", group.execution_date)
        with writing.element("Dbtr"):
            writing.text("Nm", group.debtor, 140)
        writing.account("DbtrAcct", group.account)
        writing.agent("DbtrAgt", group.bank)
        for order in group.orders:
            _write_order(writing, order)


def _write_order(writing: Writing, order: PayoutOrder) -> None:
    with writing.element("CdtTrfTxInf"):
        with writing.element("PmtId"):
            writing.reference("EndToEndId", order.reference)
        with writing.element("Amt"):
            writing.amount("InstdAmt", order.amount, order.currency)
        if order.bank != Agent():
            writing.agent("CdtrAgt", order.bank)
        with writing.element("Cdtr"):
            writing.text("Nm", order.holder, 140)
        writing.account("CdtrAcct", order.account)
        if order.text:
            with writing.element("RmtInf"):
                writing.text("Ustrd", order.text, 140)


def _totals(writing: Writing, orders: tuple[PayoutOrder, ...]) -> None:
    writing.count("NbOfTxs", len(orders))
    amounts = [(order.amount, order.currency) for order in orders]
    writing.text("CtrlSum", control_sum(amounts, writing.place("CtrlSum")), 19)


def _check_totals(element: Element, orders: tuple[PayoutOrder, ...]) -> None:
    fields.count_if(element, "NbOfTxs", len(orders))
    fields.sum_if(element, "CtrlSum", [(order.amount, order.currency) for order in orders])


def _read_group(element: Element) -> PayoutGroup:
    method = element.one("PmtMtd")
    if method.text != "TRF":
        raise method.error(BadValue, f"{method.text[:40]!r} is no credit transfer")
    group = PayoutGroup(
        id=fields.text_at(element, "PmtInfId"),
        execution_date=fields.day_at(element, "ReqdExctnDt"),
        debtor=fields.text_at(element, "Dbtr/Nm", 140),
        account=fields.account_at(element, "DbtrAcct"),
        bank=fields.agent_at(element, "DbtrAgt"),
        orders=tuple(_read_order(order) for order in element.all("CdtTrfTxInf")),
    )
    _check_totals(element, group.orders)
    return group


def _read_order(element: Element) -> PayoutOrder:
    amount, currency = fields.amount_at(element, "Amt/InstdAmt")
    return PayoutOrder(
        reference=fields.reference_at(element, "PmtId/EndToEndId"),
        amount=amount,
        currency=currency,
        holder=fields.text_at(element, "Cdtr/Nm", 140),
        account=fields.account_at(element, "CdtrAcct"),
        bank=fields.agent_at(element, "CdtrAgt"),
        text=fields.text_if(element, "RmtInf/Ustrd", 140),
    )
