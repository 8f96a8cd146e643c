"""camt.056 and camt.029: a payment that was sent is asked back, and what becomes of the asking.

A recall is a request: the creditor's bank may refuse it. Money that does come back is a pacs.004
between the banks, and a returned movement on the statement.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from banks.files import fields
from banks.files.amounts import control_sum
from banks.files.errors import BadValue, EmptyFile, WrongAmount
from banks.files.values import Agent, Reason, check_once
from banks.files.xml_reading import LIMITS, Element, Limits, read_message
from banks.files.xml_writing import Writing

REQUEST_VERSION = "camt.056.001.12"
RESOLUTION_VERSION = "camt.029.001.14"


@dataclass(frozen=True, slots=True)
class Recall:
    """Give back the payment `reference`, which was an order of the PayoutBatch `batch`.

    `reason` is ISO's: DUPL (paid twice), TECH, FRAD, CUST (the customer's wish), AC03 (wrong
    account), AM09 (wrong amount).
    """

    id: str
    batch: str
    reference: str
    amount: int
    currency: str
    settled_on: date
    reason: Reason


@dataclass(frozen=True, slots=True)
class RecallRequest:
    id: str
    created_at: datetime
    sender: Agent
    receiver: Agent
    recalls: tuple[Recall, ...]


class RecallStatus(StrEnum):
    ACCEPTED = "ACCR"
    #: With its reason: ARDT (returned already), AM04 (nothing left), CUST (the creditor's no).
    REJECTED = "RJCR"
    PENDING = "PDCR"


@dataclass(frozen=True, slots=True)
class RecallAnswer:
    """`recall` is the Recall's id; there is a reason if and only if it was rejected."""

    recall: str
    reference: str
    status: RecallStatus
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class RecallResolution:
    """`request` is the RecallRequest that it answers, or a part of it."""

    id: str
    created_at: datetime
    sender: Agent
    receiver: Agent
    request: str
    answers: tuple[RecallAnswer, ...]


def write_request(request: RecallRequest) -> bytes:
    """Raises EmptyFile, Repeated, WrongAmount, BadValue, Missing with the element's path."""
    _check_request(request, "RecallRequest")
    writing = Writing()
    amounts = [(one.amount, one.currency) for one in request.recalls]
    with writing.element("FIToFIPmtCxlReq"):
        _write_assignment(writing, request)
        _write_case(writing, "Case", request.id, request.sender)
        with writing.element("CtrlData"):
            writing.count("NbOfTxs", len(request.recalls))
            writing.text("CtrlSum", control_sum(amounts, writing.place("CtrlSum")))
        with writing.element("Undrlyg"):
            for recall in request.recalls:
                _write_recall(writing, recall)
    return writing.document(REQUEST_VERSION)


def read_request(data: bytes, limits: Limits = LIMITS) -> RecallRequest:
    """Its count and sum are checked. Raises BankFileError's kinds."""
    message = read_message(data, (REQUEST_VERSION,), limits)
    assignment = message.one("Assgnmt")
    underlying = message.all("Undrlyg")
    request = RecallRequest(
        id=fields.text_at(message, "Case/Id"),
        created_at=fields.moment_at(assignment, "CreDtTm"),
        sender=fields.agent_at(assignment, "Assgnr/Agt"),
        receiver=fields.agent_at(assignment, "Assgne/Agt"),
        recalls=tuple(_read_recall(one) for part in underlying for one in part.all("TxInf")),
    )
    _check_request(request, message.place)
    if said := message.maybe("CtrlData"):
        fields.count_if(said, "NbOfTxs", len(request.recalls))
        fields.sum_if(said, "CtrlSum", [(one.amount, one.currency) for one in request.recalls])
    return request


def write_resolution(resolution: RecallResolution) -> bytes:
    """Raises EmptyFile, Repeated, BadValue, Missing with the element's path."""
    _check_resolution(resolution, "RecallResolution")
    writing = Writing()
    with writing.element("RsltnOfInvstgtn"):
        _write_assignment(writing, resolution)
        _write_case(writing, "RslvdCase", resolution.request, resolution.receiver)
        with writing.element("Sts"):
            writing.text("Conf", _together(resolution.answers))
        with writing.element("CxlDtls"):
            for answer in resolution.answers:
                with writing.element("TxInfAndSts"):
                    writing.text("CxlStsId", answer.recall)
                    writing.reference("OrgnlEndToEndId", answer.reference)
                    writing.text("TxCxlSts", answer.status)
                    if answer.reason:
                        writing.reason("CxlStsRsnInf", answer.reason)
    return writing.document(RESOLUTION_VERSION)


def read_resolution(data: bytes, limits: Limits = LIMITS) -> RecallResolution:
    """Its status on the whole must be what its answers make. Raises BankFileError's kinds."""
    message = read_message(data, (RESOLUTION_VERSION,), limits)
    assignment = message.one("Assgnmt")
    details = message.all("CxlDtls")
    resolution = RecallResolution(
        id=fields.text_at(assignment, "Id"),
        created_at=fields.moment_at(assignment, "CreDtTm"),
        sender=fields.agent_at(assignment, "Assgnr/Agt"),
        receiver=fields.agent_at(assignment, "Assgne/Agt"),
        request=fields.text_at(message, "RslvdCase/Id"),
        answers=tuple(_read_answer(one) for part in details for one in part.all("TxInfAndSts")),
    )
    _check_resolution(resolution, message.place)
    said, made = message.one("Sts/Conf"), _together(resolution.answers)
    if said.text != made:
        raise said.error(BadValue, f"{said.text[:40]!r} is said, the answers make {made}")
    return resolution


def _together(answers: tuple[RecallAnswer, ...]) -> str:
    """ISO's code for the whole: cancelled, rejected, pending, or partly executed."""
    statuses = {answer.status for answer in answers}
    return _CONFIRMATIONS[statuses.pop()] if len(statuses) == 1 else "PECR"


_CONFIRMATIONS = {
    RecallStatus.ACCEPTED: "CNCL",
    RecallStatus.REJECTED: "RJCR",
    RecallStatus.PENDING: "PDCR",
}


def _check_request(request: RecallRequest, place: str) -> None:
    if not request.recalls:
        raise EmptyFile("nothing is recalled", place)
    check_once((one.id for one in request.recalls), "recall", place)
    check_once((one.reference for one in request.recalls), "reference", place)
    for recall in request.recalls:
        if recall.amount == 0:
            raise WrongAmount(f"a recall of nothing under {recall.reference!r}", place)


def _check_resolution(resolution: RecallResolution, place: str) -> None:
    if not resolution.answers:
        raise EmptyFile("it answers nothing", place)
    check_once((one.recall for one in resolution.answers), "recall", place)
    check_once((one.reference for one in resolution.answers), "reference", place)
    for answer in resolution.answers:
        if (answer.status is RecallStatus.REJECTED) is (answer.reason is None):
            raise BadValue("a reason belongs to a rejection, and to nothing else", place)


def _write_assignment(writing: Writing, message: RecallRequest | RecallResolution) -> None:
    with writing.element("Assgnmt"):
        writing.text("Id", message.id)
        for role, agent in (("Assgnr", message.sender), ("Assgne", message.receiver)):
            with writing.element(role):
                writing.agent("Agt", agent)
        writing.moment("CreDtTm", message.created_at)


def _write_case(writing: Writing, name: str, case: str, creator: Agent) -> None:
    with writing.element(name):
        writing.text("Id", case)
        with writing.element("Cretr"):
            writing.agent("Agt", creator)


def _write_recall(writing: Writing, recall: Recall) -> None:
    with writing.element("TxInf"):
        writing.text("CxlId", recall.id)
        writing.original("OrgnlGrpInf", recall.batch)
        writing.reference("OrgnlEndToEndId", recall.reference)
        writing.amount("OrgnlIntrBkSttlmAmt", recall.amount, recall.currency)
        writing.day("OrgnlIntrBkSttlmDt", recall.settled_on)
        writing.reason("CxlRsnInf", recall.reason)


def _read_recall(element: Element) -> Recall:
    amount, currency = fields.amount_at(element, "OrgnlIntrBkSttlmAmt")
    return Recall(
        id=fields.text_at(element, "CxlId"),
        batch=fields.text_at(element, "OrgnlGrpInf/OrgnlMsgId"),
        reference=fields.reference_at(element, "OrgnlEndToEndId"),
        amount=amount,
        currency=currency,
        settled_on=fields.plain_day(element.one("OrgnlIntrBkSttlmDt")),
        reason=fields.needed_reason(element, "CxlRsnInf"),
    )


def _read_answer(element: Element) -> RecallAnswer:
    return RecallAnswer(
        recall=fields.text_at(element, "CxlStsId"),
        reference=fields.reference_at(element, "OrgnlEndToEndId"),
        status=fields.code_at(element, "TxCxlSts", RecallStatus),
        reason=fields.reason_at(element, "CxlStsRsnInf"),
    )
