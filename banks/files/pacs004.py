"""pacs.004: a bank sends back a payment that it can't deliver, or that was recalled.

It goes from bank to bank; what we see of it ourselves is a returned movement on the statement.
"""

from dataclasses import dataclass
from datetime import date, datetime

from banks.files import fields
from banks.files.amounts import control_sum
from banks.files.errors import BadValue, CurrencyMismatch, EmptyFile, Unbalanced, WrongAmount
from banks.files.values import Agent, Reason, check_once
from banks.files.xml_reading import LIMITS, Element, Limits, read_message
from banks.files.xml_writing import Writing

VERSION = "pacs.004.001.09"


@dataclass(frozen=True, slots=True)
class PaymentReturn:
    """Of the payment `reference` over `original_amount`, `amount` comes back.

    The returning bank may keep `charges`: amount + charges is what it sends back before them, and
    at most the original amount. `batch` is the PayoutBatch that it was sent in.
    """

    id: str
    batch: str
    reference: str
    original_amount: int
    amount: int
    currency: str
    reason: Reason
    charges: int = 0
    #: Who took the charges.
    charged_by: Agent = Agent()


@dataclass(frozen=True, slots=True)
class ReturnMessage:
    """Returns of one day, in one currency, settled through a clearing system."""

    id: str
    created_at: datetime
    settled_on: date
    returns: tuple[PaymentReturn, ...]


def write(message: ReturnMessage) -> bytes:
    """The returns as XML. Raises BankFileError's kinds with the element's path."""
    _check(message, "ReturnMessage")
    writing = Writing()
    amounts = [(one.amount, one.currency) for one in message.returns]
    with writing.element("PmtRtr"):
        with writing.element("GrpHdr"):
            writing.text("MsgId", message.id)
            writing.moment("CreDtTm", message.created_at)
            writing.count("NbOfTxs", len(amounts))
            writing.text("CtrlSum", control_sum(amounts, writing.place("CtrlSum")))
            total = sum(amount for amount, _ in amounts)
            writing.amount("TtlRtrdIntrBkSttlmAmt", total, amounts[0][1])
            writing.day("IntrBkSttlmDt", message.settled_on)
            with writing.element("SttlmInf"):
                writing.text("SttlmMtd", "CLRG")
        for one in message.returns:
            _write_return(writing, one)
    return writing.document(VERSION)


def read(data: bytes, limits: Limits = LIMITS) -> ReturnMessage:
    """The returns in `data`, count, sum and total checked. Raises BankFileError's kinds."""
    element = read_message(data, (VERSION,), limits)
    header = element.one("GrpHdr")
    message = ReturnMessage(
        id=fields.text_at(header, "MsgId"),
        created_at=fields.moment_at(header, "CreDtTm"),
        settled_on=fields.plain_day(header.one("IntrBkSttlmDt")),
        returns=tuple(_read_return(one) for one in element.all("TxInf")),
    )
    _check(message, element.place)
    header.one("NbOfTxs")
    fields.count_if(header, "NbOfTxs", len(message.returns))
    fields.sum_if(header, "CtrlSum", [(one.amount, one.currency) for one in message.returns])
    if header.maybe("TtlRtrdIntrBkSttlmAmt"):
        total, _ = fields.amount_at(header, "TtlRtrdIntrBkSttlmAmt", message.returns[0].currency)
        if total != sum(one.amount for one in message.returns):
            raise header.error(Unbalanced, "the returns make another total")
    return message


def _check(message: ReturnMessage, place: str) -> None:
    if not message.returns:
        raise EmptyFile("nothing is returned", place)
    if len({one.currency for one in message.returns}) > 1:
        raise CurrencyMismatch("returns in several currencies", place)
    check_once((one.id for one in message.returns), "return", place)
    for one in message.returns:
        if one.amount <= 0 or one.charges < 0:
            raise WrongAmount(f"{one.id!r} returns nothing", place)
        if one.amount + one.charges > one.original_amount:
            raise Unbalanced(f"{one.id!r} returns more than was sent", place)
        if not one.charges and one.charged_by != Agent():
            raise BadValue(f"{one.id!r} names who took no charges", place)


def _write_return(writing: Writing, one: PaymentReturn) -> None:
    with writing.element("TxInf"):
        writing.text("RtrId", one.id)
        writing.original("OrgnlGrpInf", one.batch)
        writing.reference("OrgnlEndToEndId", one.reference)
        writing.amount("OrgnlIntrBkSttlmAmt", one.original_amount, one.currency)
        writing.amount("RtrdIntrBkSttlmAmt", one.amount, one.currency)
        if one.charges:
            writing.amount("RtrdInstdAmt", one.amount + one.charges, one.currency)
            writing.text("ChrgBr", "SHAR")
            with writing.element("ChrgsInf"):
                writing.amount("Amt", one.charges, one.currency)
                writing.agent("Agt", one.charged_by)
        writing.reason("RtrRsnInf", one.reason)


def _read_return(element: Element) -> PaymentReturn:
    original, currency = fields.amount_at(element, "OrgnlIntrBkSttlmAmt")
    amount, _ = fields.amount_at(element, "RtrdIntrBkSttlmAmt", currency)
    taken = element.all("ChrgsInf")
    charges = sum(fields.amount_at(one, "Amt", currency)[0] for one in taken)
    if taken or element.maybe("RtrdInstdAmt"):
        before, _ = fields.amount_at(element, "RtrdInstdAmt", currency)
        if before - charges != amount:
            raise element.error(Unbalanced, "amount before charges, charges and amount differ")
    return PaymentReturn(
        id=fields.text_at(element, "RtrId"),
        batch=fields.text_at(element, "OrgnlGrpInf/OrgnlMsgId"),
        reference=fields.reference_at(element, "OrgnlEndToEndId"),
        original_amount=original,
        amount=amount,
        currency=currency,
        reason=fields.needed_reason(element, "RtrRsnInf"),
        charges=charges,
        charged_by=fields.agent_at(taken[0], "Agt") if charges else Agent(),
    )
