"""Where a merchant is told, how that went, and what is still unheard: the answers' models."""

from datetime import datetime

from pydantic import Field

from danbao_client.models import Answered


class WebhookEndpoint(Answered):
    """`disabled_by`: the `merchant`, or its own server, which answered 410 (`gone`).

    `events` None: every type, also those to come.
    """

    id: str
    url: str
    events: tuple[str, ...] | None = None
    description: str
    enabled: bool
    disabled_by: str | None = None
    old_secret_expires_at: datetime | None = None
    created_at: datetime


class WebhookEndpointWithSecret(WebhookEndpoint):
    """The only answer that tells the newest signing secret; it stays out of `repr`."""

    secret: str = Field(repr=False)


class WebhookEndpointPage(Answered):
    """All of them, oldest first: there are at most ten."""

    data: tuple[WebhookEndpoint, ...]
    has_more: bool = False
    next_cursor: None = None


class Sent(Answered):
    """The request of a try; `body` as it was signed."""

    url: str
    headers: dict[str, str]
    body: str


class Heard(Answered):
    """What came back, the beginning of `body` only."""

    status: int
    body: str


class Delivery(Answered):
    """One try at one endpoint. Without an `answer` `error` says why: `timeout`, `tls_failed` …"""

    id: str
    endpoint: str
    delivered: bool
    at: datetime
    milliseconds: int
    request: Sent
    answer: Heard | None = None
    error: str | None = None


class Unheard(Answered):
    """An event that an endpoint has not heard: `retrying` at `next_try_at`, or `parked`."""

    event: str
    type: str
    escrow: str
    sequence: int
    endpoint: str
    state: str
    tries: int
    reason: str
    next_try_at: datetime | None = None
    parked_at: datetime | None = None
    since: datetime


class DeliveryPage(Answered):
    """Tries, newest first; `unheard` are the endpoints that are still without the event."""

    data: tuple[Delivery, ...]
    has_more: bool
    next_cursor: str | None = None
    unheard: tuple[Unheard, ...]


class UnheardPage(Answered):
    """Oldest first."""

    data: tuple[Unheard, ...]
    has_more: bool
    next_cursor: str | None = None


class Redelivery(Answered):
    """`endpoints` are being told now."""

    event: str
    endpoints: tuple[str, ...]


class ParkedRedelivery(Answered):
    """`events` are being told now; `has_more`: ask again for the rest."""

    endpoint: str
    events: tuple[str, ...]
    has_more: bool
