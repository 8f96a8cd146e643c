"""Danbao for merchants' programs: escrow payments, typed, with retries that are safe.

danbao = Danbao("https://pay.example", api_key)
escrow = danbao.escrows.create(order_id="A-1001", amount=12_900, currency="CNY", …)
"""

from danbao_client import events, problems
from danbao_client.aio import AsyncDanbao
from danbao_client.errors import (
    DanbaoError,
    NoAnswer,
    NotVerified,
    StillWaiting,
    UnreadableAnswer,
)
from danbao_client.events import EscrowEvent, Event, PayoutEvent
from danbao_client.models import (
    Dispute,
    DisputeState,
    Escrow,
    EscrowPage,
    Funding,
    Outlook,
    PaymentState,
    Reason,
    Status,
)
from danbao_client.money import Payout
from danbao_client.problems import Problem
from danbao_client.retries import Retries
from danbao_client.sync import Danbao
from danbao_client.webhooks import verify_webhook

__all__ = [
    "AsyncDanbao",
    "Danbao",
    "DanbaoError",
    "Dispute",
    "DisputeState",
    "Escrow",
    "EscrowEvent",
    "EscrowPage",
    "Event",
    "Funding",
    "NoAnswer",
    "NotVerified",
    "Outlook",
    "PaymentState",
    "Payout",
    "PayoutEvent",
    "Problem",
    "Reason",
    "Retries",
    "Status",
    "StillWaiting",
    "UnreadableAnswer",
    "events",
    "problems",
    "verify_webhook",
]
