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

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from banks.port import (
    AlreadyPaid,
    BankRefusedOurRequest,
    Closed,
    Declined,
    Deducted,
    Frozen,
    OutcomeUnknown,
    Pending,
    Redirect,
    Refunded,
    Truth,
    Unfrozen,
    Unheard,
)
from domain.terms import Funding

#: The whole of one call. Shorter than an activity's own limit, so that our verdict arrives;
#: long enough for a bank in its evening peak.
PATIENCE = timedelta(seconds=10)
#: Not the bank's verdict on what we asked, only on when we asked.
TRY_LATER = frozenset({408, 425, 429})

Json = Mapping[str, Any]


class RestBank:
    """`client` has the bank's base URL and is closed by whoever made it."""

    def __init__(
        self, client: httpx2.AsyncClient, api_key: str, patience: timedelta = PATIENCE
    ) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._patience = patience

    async def start_payment(
        self, reference: str, amount: int, currency: str, funding: Funding, return_url: str
    ) -> Redirect | Declined:
        order = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "funding": str(funding),
            "return_url": return_url,
        }
        status, said = await self._post("/v1/payments", order)
        match status, said:
            case 200 | 201, {"reference": said_of, "page_url": str(url)} if said_of == reference:
                return Redirect(url)
            case 402, _:
                return _declined(said)
        raise _unreadable(reference)

    async def close_payment(self, reference: str) -> Closed | AlreadyPaid:
        status, said = await self._post(f"/v1/payments/{_path(reference)}/close", {})
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
        said = await self._move(f"/v1/payments/{_path(of)}/deductions", order)
        match said:
            case Deducted() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def unfreeze(self, reference: str, of: str) -> Unfrozen | Declined | Pending:
        said = await self._move(f"/v1/payments/{_path(of)}/unfreezings", {"reference": reference})
        match said:
            case Unfrozen() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def refund(
        self, reference: str, of: str, amount: int, currency: str
    ) -> Refunded | Declined | Pending:
        order = {"reference": reference, "amount": amount, "currency": currency}
        said = await self._move(f"/v1/payments/{_path(of)}/refunds", order)
        match said:
            case Refunded() | Declined() | Pending():
                return said
        raise _unreadable(reference)

    async def find(self, reference: str) -> Truth:
        response = await self._send("GET", f"/v1/operations/{_path(reference)}")
        if response.status_code == 404:
            # Another 404 would be a wrong address of ours, and no reason to send again.
            match _json(response):
                case {"code": "unknown_reference"}:
                    return Unheard()
            raise BankRefusedOurRequest(_refusal(response))
        status, said = _read(response)
        if status != 200:
            raise _unreadable(reference)
        return _truth(reference, said)

    async def _move(self, path: str, order: Json) -> Truth:
        status, said = await self._post(path, order)
        match status:
            case 402:
                return _declined(said)
            case 200 | 201 | 202:
                return _truth(order["reference"], said)
        raise _unreadable(order["reference"])

    async def _post(self, path: str, body: Json) -> tuple[int, Json]:
        return _read(await self._send("POST", path, body))

    async def _send(self, method: str, path: str, body: Json | None = None) -> httpx2.Response:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await self._client.request(
                    method, path, json=body, headers=self._headers, follow_redirects=False
                )
        except (httpx2.HTTPError, TimeoutError) as silence:
            raise OutcomeUnknown(f"{method} {path}: {silence!r}") from silence


def _path(reference: str) -> str:
    return quote(reference, safe=":")


def _read(response: httpx2.Response) -> tuple[int, Json]:
    """Status and body of an answer that decides something: 2xx or 402."""
    status = response.status_code
    if 400 <= status < 500 and status != 402 and status not in TRY_LATER:
        raise BankRefusedOurRequest(_refusal(response))
    if not response.is_success and status != 402:
        raise OutcomeUnknown(f"the bank answered {status}")
    return status, _json(response)


def _json(response: httpx2.Response) -> Json:
    try:
        said = response.json()
    except ValueError as broken:
        raise OutcomeUnknown(f"{response.status_code} without JSON") from broken
    if not isinstance(said, dict):
        raise OutcomeUnknown(f"{response.status_code} with something else than an object")
    return said


def _refusal(response: httpx2.Response) -> str:
    # Our own words come back in it; cut, because it ends up in Temporal's history.
    return f"{response.status_code}: {response.text[:300]}"


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
