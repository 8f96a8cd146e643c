"""docs/reference/events.md: every event that a merchant can hear, from the rules that tell it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from api.events import PAYOUT_EVENTS
from clearing.port import PayoutState
from domain.events import Event
from domain.transitions import PUBLIC_EVENTS, RULES

INTRODUCTION = """\
# Events

What webhooks tell a merchant, and what [the event log](api.md#the-event-log) keeps. Each carries
the purchase or the payout as it stood right after (`data.escrow`, `data.payout`), its number there
(`data.sequence`, without gaps), and in `data.detail` what the step itself said;
[webhooks](../guides/webhooks.md) shows one whole. There may be new types, and new fields in
`detail`: ignore what you do not know. Made by `./dev docs`.
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What an event means to a merchant, and after which steps it is told."""

    meaning: str
    after: tuple[str, ...]


ENDS = (
    "dispute_accepted",
    "answer_lapsed",
    "dispute_resolved",
    "arbitration_lapsed",
)
SAID: dict[str, Said] = {
    "created": Said(
        "You started it. Number 1, the answer to your own request: webhooks do not bring it by "
        "themselves; the log has it, and a redelivery tells it.",
        ("created",),
    ),
    "paid": Said("The money is held, or with `freeze` frozen: ship.", ("payment_succeeded",)),
    "hold_ending": Said(
        "With `freeze`: the bank lets go of the money at `capture_before`, before your time to "
        "ship ends. Ship before then. With `hold_expiry: deduct` we deduct it a day before; after "
        "`capture_refused` the bank has refused that.",
        ("hold_ending", "capture_refused"),
    ),
    "deducted": Said(
        "With `freeze` and `hold_expiry: deduct`: the money was deducted before the hold ended. "
        "Your time to ship goes on.",
        ("captured",),
    ),
    "shipped": Said(
        "The inspection window runs; with `freeze` the money has been deducted.",
        ("shipped", "captured"),
    ),
    "delivered": Said("The goods are there.", ("delivered",)),
    "reminder": Said("A deadline is near.", ("reminded",)),
    "extended": Said("The inspection window got longer.", ("inspection_extended",)),
    "confirmed": Said("The buyer has the goods.", ("receipt_confirmed",)),
    "released": Said(
        "Money is yours, in your balance: all that was held, or what a dispute left to you.",
        ("receipt_confirmed", "inspection_lapsed", "dispute_withdrawn", "dispute_resolved"),
    ),
    "disputed": Said("The buyer reports a problem with all or a part.", ("dispute_opened",)),
    "dispute.updated": Said(
        "Somebody moved in the dispute, or its deadline passed.",
        ("dispute_withdrawn", "dispute_contested", *ENDS),
    ),
    "refunded": Said(
        "Money goes back to the buyer; `returning` tells when it is there.",
        (
            "shipment_lapsed",
            "refund_granted",
            "dispute_withdrawn",
            *ENDS,
            "refunded_after_release",
        ),
    ),
    "closed": Said(
        "Ended, and nothing was ever taken.",
        (
            "cancelled",
            "payment_lapsed",
            "shipment_lapsed",
            "hold_lapsed",
            "refund_granted",
            "capture_mismatched",
        ),
    ),
    "completed": Said(
        "Ended with money for you, where no `escrow.released` said so already: the rest went back.",
        ("shipment_lapsed", "refund_granted", "dispute_withdrawn", *ENDS),
    ),
}
KINDS: dict[object, str] = {
    int: "integer",
    str: "text",
    bool: "0 or 1",
    datetime: "RFC 3339",
    datetime | None: "RFC 3339 or null",
    timedelta: "ISO 8601 duration",
}
PAYOUTS: dict[PayoutState, str] = {
    PayoutState.SENT: "The bank has accepted it: your money is on its way.",
    PayoutState.SETTLED: "The bank says that it has arrived. It can still come back for some days.",
    PayoutState.FAILED: "The bank refused it, for the `reason`. The money is payable again, and "
    "nothing more is paid to these bank details: give us new ones.",
    PayoutState.RETURNED: "Your bank sent it back, for the `reason`. As after `payout.failed`, we "
    "need new bank details.",
}
#: `created` is told by the door itself.
CREATED = "created"


def events_page(_before: str = "") -> str:
    """The whole page."""
    purchases = (_section(name) for name in PUBLIC_EVENTS)
    payouts = (f"## `payout.{state}`\n\n{PAYOUTS[state]}\n" for state in PAYOUT_EVENTS)
    return "\n".join([INTRODUCTION, *purchases, *payouts])


def _section(name: str) -> str:
    said = SAID[name]
    rows = [f"| `{step}` | {_detail(step)} |" for step in said.after]
    table = "\n".join(["| After | `detail` |", "| --- | --- |", *rows])
    return f"## `escrow.{name}`\n\n{said.meaning}\n\n{table}\n"


def _detail(step: str) -> str:
    if step == CREATED:
        return ""
    [event] = [rule for rule in RULES if rule.name == step]
    return ", ".join(_fields(event))


def _fields(event: type[Event]) -> Iterator[str]:
    for field in fields(event):
        if field.name != "by":
            yield f"`{field.name}` ({KINDS.get(field.type, 'text')})"
