"""pain.002: a bank says what becomes of our orders (customer payment status report)."""

from collections import Counter
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banks.files import fields, pain001
from banks.files.errors import BadValue, EmptyFile
from banks.files.values import Reason, check_once
from banks.files.xml_reading import LIMITS, Element, Limits, read_message
from banks.files.xml_writing import Writing

VERSION = "pain.002.001.12"


class TransactionStatus(StrEnum):
    """ISO 20022's codes of one order, from the least to the most."""

    PENDING = "PDNG"
    #: All right technically and by the customer's data; nothing was moved.
    CHECKED = "ACTC"
    #: Settlement is under way.
    IN_PROCESS = "ACSP"
    #: Settled on the debtor's account.
    SETTLED = "ACSC"
    #: A definitive no, with its reason.
    REJECTED = "RJCT"


class GroupStatus(StrEnum):
    PENDING = "PDNG"
    CHECKED = "ACTC"
    IN_PROCESS = "ACSP"
    SETTLED = "ACSC"
    #: Some are rejected and some are not.
    PARTLY = "PART"
    REJECTED = "RJCT"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is there if and only if it is a rejection."""

    status: TransactionStatus
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class PayoutAdvice:
    """What became of the order `reference`."""

    reference: str
    verdict: Verdict
    #: The bank's own name for it, "" when it has none.
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class GroupAdvice:
    """Of the PayoutGroup `id`: one verdict on all its orders, or advices of some of them."""

    id: str
    advices: tuple[PayoutAdvice, ...] = ()
    verdict: Verdict | None = None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return (self.verdict,) if self.verdict else tuple(one.verdict for one in self.advices)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """About the PayoutBatch `batch`: one verdict on the whole file, or its groups."""

    id: str
    created_at: datetime
    batch: str
    groups: tuple[GroupAdvice, ...] = ()
    verdict: Verdict | None = None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        if self.verdict:
            return (self.verdict,)
        return tuple(verdict for group in self.groups for verdict in group.verdicts)

    def of(self, batch: pain001.PayoutBatch) -> dict[str, PayoutAdvice]:
        """By our reference, all that it says about orders of `batch`.

        Raises BadValue when it is about another file, or names a group or order that is not in it.
        """
        if self.batch != batch.id:
            raise BadValue(f"it is about {self.batch!r}, not {batch.id!r}", "StatusReport")
        if self.verdict:
            return _spread(self.verdict, batch.orders)
        said = dict[str, PayoutAdvice]()
        orders_of = {group.id: group.orders for group in batch.groups}
        for group in self.groups:
            if group.id not in orders_of:
                raise BadValue(f"{batch.id!r} has no group {group.id!r}", "StatusReport")
            said |= _said_of(group, orders_of[group.id])
        return said


def _said_of(
    group: GroupAdvice, orders: tuple[pain001.PayoutOrder, ...]
) -> dict[str, PayoutAdvice]:
    if group.verdict:
        return _spread(group.verdict, orders)
    advices = {advice.reference: advice for advice in group.advices}
    if unknown := advices.keys() - {order.reference for order in orders}:
        raise BadValue(f"{group.id!r} has no order {min(unknown)!r}", "StatusReport")
    return advices


def _spread(verdict: Verdict, orders: tuple[pain001.PayoutOrder, ...]) -> dict[str, PayoutAdvice]:
    return {order.reference: PayoutAdvice(order.reference, verdict) for order in orders}


def write(report: StatusReport) -> bytes:
    """The report as XML. Raises EmptyFile, Repeated, BadValue, Missing with the element's path."""
    _check(report, "StatusReport")
    writing = Writing()
    with writing.element("CstmrPmtStsRpt"):
        with writing.element("GrpHdr"):
            writing.text("MsgId", report.id)
            writing.moment("CreDtTm", report.created_at)
        with writing.element("OrgnlGrpInfAndSts"):
            writing.text("OrgnlMsgId", report.batch)
            writing.text("OrgnlMsgNmId", pain001.VERSION)
            _write_status(writing, "GrpSts", report.verdicts, report.verdict)
        for group in report.groups:
            _write_group(writing, group)
    return writing.document(VERSION)


def read(data: bytes, limits: Limits = LIMITS) -> StatusReport:
    """The report in `data`. Raises BankFileError's kinds.

    The status that is written for the file or a group must be the one that its orders make.
    """
    message = read_message(data, (VERSION,), limits)
    original = message.one("OrgnlGrpInfAndSts")
    named = original.one("OrgnlMsgNmId")
    if not named.text.startswith("pain.001"):
        raise named.error(BadValue, f"about {named.text[:40]!r}, not about credit transfers")
    groups = tuple(_read_group(group) for group in message.all("OrgnlPmtInfAndSts"))
    report = StatusReport(
        id=fields.text_at(message, "GrpHdr/MsgId"),
        created_at=fields.moment_at(message, "GrpHdr/CreDtTm"),
        batch=fields.text_at(original, "OrgnlMsgId"),
        groups=groups,
        verdict=None if groups else _read_verdict(original, "GrpSts"),
    )
    _check(report, message.place)
    _agree(original, "GrpSts", report.verdicts)
    return report


def _together(verdicts: Iterable[Verdict]) -> GroupStatus:
    """What all have; PART when only some are rejected; else the least that all reached."""
    found = {verdict.status for verdict in verdicts}
    if len(found) > 1 and TransactionStatus.REJECTED in found:
        return GroupStatus.PARTLY
    return GroupStatus(min(found, key=list(TransactionStatus).index))


def _agree(element: Element, path: str, verdicts: tuple[Verdict, ...]) -> None:
    if found := element.maybe(path):
        made = _together(verdicts)
        if fields.code_at(element, path, GroupStatus) is not made:
            raise found.error(BadValue, f"{found.text} is said, the orders make {made}")


def _check(report: StatusReport, place: str) -> None:
    _check_either(report.id, report.verdict, report.groups, place)
    for group in report.groups:
        _check_either(group.id, group.verdict, group.advices, place)
    check_once((group.id for group in report.groups), "group", place)
    references = (one.reference for group in report.groups for one in group.advices)
    check_once(references, "reference", place)
    for verdict in report.verdicts:
        if (verdict.status is TransactionStatus.REJECTED) is (verdict.reason is None):
            raise BadValue("a reason belongs to a rejection, and to nothing else", place)


def _check_either(name: str, verdict: Verdict | None, within: Sized, place: str) -> None:
    if verdict and within:
        raise BadValue(f"a verdict on all of {name!r}, and yet on single ones", place)
    if not verdict and not within:
        raise EmptyFile(f"{name!r} speaks of no order", place)


def _write_status(
    writing: Writing, name: str, verdicts: tuple[Verdict, ...], own: Verdict | None
) -> None:
    writing.text(name, _together(verdicts))
    if own and own.reason:
        writing.reason("StsRsnInf", own.reason)


def _write_group(writing: Writing, group: GroupAdvice) -> None:
    with writing.element("OrgnlPmtInfAndSts"):
        writing.text("OrgnlPmtInfId", group.id)
        _write_status(writing, "PmtInfSts", group.verdicts, group.verdict)
        for status, count in sorted(Counter(one.verdict.status for one in group.advices).items()):
            with writing.element("NbOfTxsPerSts"):
                writing.count("DtldNbOfTxs", count)
                writing.text("DtldSts", status)
        for advice in group.advices:
            with writing.element("TxInfAndSts"):
                writing.reference("OrgnlEndToEndId", advice.reference)
                writing.text("TxSts", advice.verdict.status)
                if advice.verdict.reason:
                    writing.reason("StsRsnInf", advice.verdict.reason)
                writing.text_if("AcctSvcrRef", advice.bank_reference)


def _read_group(element: Element) -> GroupAdvice:
    advices = tuple(_read_advice(advice) for advice in element.all("TxInfAndSts"))
    verdict = None if advices else _read_verdict(element, "PmtInfSts")
    group = GroupAdvice(fields.text_at(element, "OrgnlPmtInfId"), advices, verdict)
    _agree(element, "PmtInfSts", group.verdicts)
    counted = Counter(one.verdict.status for one in advices)
    for said in element.all("NbOfTxsPerSts") if advices else ():
        status = fields.code_at(said, "DtldSts", TransactionStatus)
        fields.count_if(said, "DtldNbOfTxs", counted[status])
    return group


def _read_advice(element: Element) -> PayoutAdvice:
    return PayoutAdvice(
        reference=fields.reference_at(element, "OrgnlEndToEndId"),
        verdict=_read_verdict(element, "TxSts"),
        bank_reference=fields.text_if(element, "AcctSvcrRef"),
    )


def _read_verdict(element: Element, path: str) -> Verdict:
    status = fields.code_at(element, path, TransactionStatus)
    return Verdict(status, fields.reason_at(element, "StsRsnInf"))
