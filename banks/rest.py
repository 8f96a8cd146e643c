"""The sandbox bank's HTTP/JSON API (docs/reference/sandbox-bank.md) as a `Bank`.

| The bank | We say |
| --- | --- |
| 2xx with what was asked for | the definitive answer |
| 202 | Pending |
| 402 with a code | Declined |
| `find`: 404 with the code `unknown_reference` | Unheard |
| silence, broken connection, 3xx, 408, 425, 429, 5xx, anything unreadable | OutcomeUnknown |
| any other 4xx | BankRefusedOurRequest |
"""

from dataclasses import asdict
from datetime import datetime, timedelta

import httpx2

from banks.port import (
    Accepted,
    AlreadyPaid,
    BankRefusedOurRequest,
    Closed,
    Creditor,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Payer,
    Pending,
    Redirect,
    Refunded,
    Returned,
    Settled,
    Truth,
    Unfrozen,
    Unheard,
)
from banks.rest_batches import RestBatches
from banks.rest_keeper import RestKeeper
from banks.rest_line import PATIENCE, Json, Line, body_of, read, refusal, segment
from banks.rest_statements import RestStatements
from domain.terms import Funding


class RestBank:
    """`client` has the bank's base URL and is closed by whoever made it."""

    def __init__(
        self, client: httpx2.AsyncClient, api_key: str, patience: timedelta = PATIENCE
    ) -> None:
        self._line = Line(client, api_key, patience)
        self._keeper = RestKeeper(self._line)
        self._batches = RestBatches(self._line)
        self._statements = RestStatements(self._line)

    @property
    def keeper(self) -> RestKeeper:
        return self._keeper

    @property
    def remitter(self) -> "RestBank":
        return self

    @property
    def batches(self) -> RestBatches:
        return self._batches

    @property
    def statements(self) -> RestStatements:
        return self._statements

    async def start_payment(
        self,
        reference: str,
        amount: int,
        currency: str,
        funding: Funding,
        return_url: str,
        payer: Payer | None = None,
    ) -> Redirect | Declined:
        order: dict[str, object] = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "funding": str(funding),
            "return_url": return_url,
        }
        if payer is not None:
            order["payer"] = asdict(payer)
        status, said = await self._line.post("/v1/payments", order)
        match status, said:
            case 200 | 201, {"reference": said_of, "page_url": str(url)} if said_of == reference:
                return Redirect(url)
            case 402, _:
                return _declined(said)
        raise _unreadable(reference)

    async def close_payment(self, reference: str) -> Closed | AlreadyPaid:
        status, said = await self._line.post(f"/v1/payments/{segment(reference)}/close", {})
        match status, said:
            case 200, {"status": "closed"}:
                return Closed()
            case 200, {"status": "paid"}:
                return AlreadyPaid()
        raise _unreadable(reference)

    async def deduct(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Deducted | Declined | Pending:
        order = {"reference": reference, "amount": amount, "currency": currency}
        said = await self._move(f"/v1/payments/{segment(of)}/deductions", order)
        match said:
            case Deducted() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def unfreeze(self, reference: str, of: str) -> Unfrozen | Declined | Pending:
        said = await self._move(f"/v1/payments/{segment(of)}/unfreezings", {"reference": reference})
        match said:
            case Unfrozen() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def refund(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Refunded | Declined | Pending:
        order = {"reference": reference, "amount": amount, "currency": currency}
        said = await self._move(f"/v1/payments/{segment(of)}/refunds", order)
        match said:
            case Refunded() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def remit(
        self, reference: str, to: Creditor, amount: int, currency: str
    ) -> Accepted | Settled | Returned | Declined | Pending:
        order = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "holder": to.holder,
            "account": to.account,
        }
        said = await self._move("/v1/remittances", order)
        match said:
            case Accepted() | Settled() | Returned() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def find(self, reference: str) -> Truth:
        response = await self._line.send("GET", f"/v1/operations/{segment(reference)}")
        if response.status_code == 404:
            # Another 404 would be a wrong address of ours, and no reason to send again.
            match body_of(response):
                case {"code": "unknown_reference"}:
                    return Unheard()
            raise BankRefusedOurRequest(refusal(response))
        status, said = read(response)
        if status != 200:
            raise _unreadable(reference)
        return _truth(reference, said)

    async def _move(self, path: str, order: Json) -> Truth:
        status, said = await self._line.post(path, order)
        match status:
            case 402:
                return _declined(said)
            case 200 | 201 | 202:
                return _truth(order["reference"], said)
        raise _unreadable(order["reference"])


def _declined(said: Json) -> Declined:
    match said:
        case {"status": "declined", "code": str(code)}:
            return Declined(code, str(said.get("message", "")))
    raise OutcomeUnknown("a decline without its code")


def _truth(reference: str, said: Json) -> Truth:
    if said.get("reference") != reference:
        raise OutcomeUnknown(f"an answer about another reference than {reference}")
    match said:
        case {"status": "open" | "processing" | "pending"}:
            return Pending()
        case {"status": "frozen", "amount": int(), "capture_before": str()}:
            return Frozen(_amount(said), _moment(said))
        case {"status": "deducted", "amount": int()}:
            return Deducted(_amount(said))
        case {"status": "refunded", "amount": int()}:
            return Refunded(_amount(said))
        case {"status": "unfrozen"}:
            return Unfrozen()
        case {"status": "closed"}:
            return Closed()
        case {"status": "declined"}:
            return _declined(said)
    return _remitted(reference, said)


def _remitted(reference: str, said: Json) -> Truth:
    match said:
        case {"status": "accepted"}:
            return Accepted()
        case {"status": "settled", "amount": int()}:
            return Settled(_amount(said))
        case {"status": "returned", "amount": int(), "reason": str(reason)}:
            return Returned(_amount(said), reason)
    raise _unreadable(reference)


def _amount(said: Json) -> int:
    amount = said["amount"]
    # JSON's true is an int to Python.
    if isinstance(amount, bool) or amount <= 0:
        raise OutcomeUnknown("an amount that is none")
    return int(amount)


def _moment(said: Json) -> datetime:
    try:
        moment = datetime.fromisoformat(said["capture_before"])
    except ValueError as broken:
        raise OutcomeUnknown("a time that is none") from broken
    if moment.tzinfo is None:
        raise OutcomeUnknown("a time without its zone")
    return moment


def _unreadable(reference: str) -> OutcomeUnknown:
    return OutcomeUnknown(f"the answer about {reference} can't be read")
