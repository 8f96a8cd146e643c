"""Every route as data: what is asked, and what the answer is read as. Both clients send these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

from pydantic import BaseModel, TypeAdapter

from danbao_client.events import EVENT, EscrowEvents, Event, EventPage
from danbao_client.forms import Form
from danbao_client.models import Escrow, EscrowPage, Items, NewTerms, Outlook, Status

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

#: What a query parameter may be; a sequence is the same parameter several times.
Asked = str | int | Sequence[str]

NOT_MODIFIED = 304
#: The longest that the API holds a question back.
LONGEST_WAIT = 25

_duration = TypeAdapter(timedelta)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. `path` is the route's template and `ids` fill it; `body` is JSON, `form` is not.

    `key` is the Idempotency-Key of a command, the same at every try. `wait` is how many seconds
    the API may hold its answer back on purpose. `read` gets the status and the body.
    """

    method: str
    path: str
    read: Callable[[int, bytes], T]
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Asked] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    form: Form | None = None
    key: str = ""
    wait: int = 0


class Sender(Protocol):
    def send(self, call: Call[T]) -> T: ...


class AsyncSender(Protocol):
    async def send(self, call: Call[T]) -> T: ...


def create_escrow(
    *,
    order_id: str,
    amount: int,
    currency: str,
    description: str,
    buyer_email: str,
    return_url: str,
    items: Items = (),
    terms: NewTerms | None = None,
    idempotency_key: str | None = None,
) -> Call[Escrow]:
    order: dict[str, Any] = {
        "order_id": order_id,
        "amount": amount,
        "currency": currency,
        "description": description,
        "buyer": {"email": buyer_email},
        "return_url": return_url,
    }
    if items:
        order["items"] = [dict(item) for item in items]
    if terms:
        order["terms"] = _terms(terms)
    key = fresh(idempotency_key)
    return Call("POST", "/v1/escrows", model(Escrow), body=order, key=key)


def get_escrow(escrow_id: str) -> Call[Escrow]:
    return Call("GET", "/v1/escrows/{escrow_id}", model(Escrow), {"escrow_id": escrow_id})


def escrow_changed(escrow_id: str, version: int, wait: int) -> Call[Escrow | None]:
    """None when `version` is still the present one after `wait` seconds."""

    def read(status: int, body: bytes) -> Escrow | None:
        return None if status == NOT_MODIFIED else Escrow.model_validate_json(body)

    return Call(
        "GET",
        "/v1/escrows/{escrow_id}",
        read,
        {"escrow_id": escrow_id},
        query={"wait": min(wait, LONGEST_WAIT)},
        headers={"if-none-match": f'"{version}"'},
        wait=wait,
    )


def outlook(escrow_id: str) -> Call[Outlook]:
    path = "/v1/escrows/{escrow_id}/outlook"
    return Call("GET", path, model(Outlook), {"escrow_id": escrow_id})


def list_escrows(
    *,
    status: Status | str | None = None,
    order_id: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Call[EscrowPage]:
    asked = {"status": status, "order_id": order_id, "cursor": cursor, "limit": limit}
    query = {name: value for name, value in asked.items() if value is not None}
    return Call("GET", "/v1/escrows", model(EscrowPage), query=query)


def escrow_events(escrow_id: str, after: int) -> Call[EscrowEvents]:
    path = "/v1/escrows/{escrow_id}/events"
    return Call("GET", path, model(EscrowEvents), {"escrow_id": escrow_id}, query={"after": after})


def list_events(*, after: str | None, types: Sequence[str], limit: int) -> Call[EventPage]:
    query: dict[str, Asked] = {"limit": limit}
    if after:
        query["after"] = after
    if types:
        query["types"] = types
    return Call("GET", "/v1/events", model(EventPage), query=query)


def get_event(event_id: str) -> Call[Event]:
    def read(_status: int, body: bytes) -> Event:
        return EVENT.validate_json(body)

    return Call("GET", "/v1/events/{event_id}", read, {"event_id": event_id})


def ship(
    escrow_id: str,
    *,
    carrier: str = "",
    tracking: str = "",
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Escrow]:
    said = {"carrier": carrier, "tracking": tracking}
    return _of_escrow("shipment", escrow_id, said, at_version, idempotency_key)


def extend(
    escrow_id: str,
    extension: timedelta | str,
    *,
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Escrow]:
    longer = {"extension": iso(extension)}
    return _of_escrow("extension", escrow_id, longer, at_version, idempotency_key)


def cancel(
    escrow_id: str, *, at_version: int | None = None, idempotency_key: str | None = None
) -> Call[Escrow]:
    return _of_escrow("cancellation", escrow_id, {}, at_version, idempotency_key)


def refund(
    escrow_id: str,
    amount: int,
    *,
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Escrow]:
    return _of_escrow("refunds", escrow_id, {"amount": amount}, at_version, idempotency_key)


def answer_dispute(
    escrow_id: str,
    answer: str,
    *,
    at_version: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Escrow]:
    said = {"answer": answer}
    return _of_escrow("dispute/answer", escrow_id, said, at_version, idempotency_key)


def _of_escrow(
    resource: str,
    escrow_id: str,
    body: Mapping[str, Any],
    at_version: int | None,
    key: str | None,
) -> Call[Escrow]:
    path = f"/v1/escrows/{{escrow_id}}/{resource}"
    headers = {} if at_version is None else {"if-match": f'"{at_version}"'}
    return Call(
        "POST",
        path,
        model(Escrow),
        {"escrow_id": escrow_id},
        headers=headers,
        body=body,
        key=fresh(key),
    )


def fresh(key: str | None) -> str:
    """The caller's Idempotency-Key, or one that nobody has used."""
    return key or uuid4().hex


def model(kind: type[M]) -> Callable[[int, bytes], M]:
    def read(_status: int, body: bytes) -> M:
        return kind.model_validate_json(body)

    return read


def _terms(terms: NewTerms) -> dict[str, Any]:
    said: dict[str, Any] = {**terms}
    if windows := terms.get("windows"):
        said["windows"] = {name: iso(window) for name, window in windows.items()}
    return said


def iso(duration: object) -> object:
    """An ISO 8601 duration; a text is one already, or the API says what is wrong with it."""
    if isinstance(duration, timedelta):
        return _duration.dump_python(duration, mode="json")
    return duration
