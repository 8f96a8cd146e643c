"""docs/concepts/escrow.md: the rules of a purchase, drawn from the table that decides."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from domain.clock import REMINDERS
from domain.states import Dispute, Stage
from domain.terms import BUYERS_EXTENSION, INSPECTION, LONGEST_EXTENSION, WINDOWS
from domain.transitions import TRANSITIONS

INTRODUCTION = """# One purchase: stages, rules, windows

Made from `domain/transitions.py` and `domain/terms.py` by `./dev docs`; those decide, this shows.

*Progress* is the stage of the undisputed money. A dispute runs beside it, with its own money and
its own clock, one at a time and at most two a purchase. Merchants and buyers see `paying` as
`awaiting_payment` and `capturing` as `awaiting_shipment`.

At every moment, read off the ledger's legs: `funded = held + disputed + released + refunded`, all
of them at least 0. When a purchase has ended, nothing is held, disputed or frozen.
"""


def escrow_page(_before: str = "") -> str:
    """The whole page."""
    parts = [
        INTRODUCTION,
        "## Stages\n\n```mermaid\nstateDiagram-v2\n" + "\n".join(_diagram()) + "\n```\n",
        "## Who may do what\n\n" + "\n".join(_table()) + "\n",
        "## Windows\n\n" + "\n".join(_windows()) + "\n",
    ]
    return "\n".join(parts)


def _diagram() -> Iterator[str]:
    """One arrow for each way from a stage to another; events that stay are in the table."""
    yield f"    [*] --> {Stage.AWAITING_PAYMENT}"
    for rule in TRANSITIONS:
        for start, ends in rule.moves.items():
            for end in sorted(ends - {start}):
                yield f"    {start} --> {end}: {rule.event.name}"
    for stage in (Stage.COMPLETED, Stage.REFUNDED, Stage.CLOSED):
        yield f"    {stage} --> [*]"


def _table() -> Iterator[str]:
    yield "| Command | By | In | Event | To |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in TRANSITIONS:
        command = f"`{rule.command}`" if rule.command else "—"
        by = ", ".join(sorted(rule.by))
        ends = frozenset[Stage]().union(*rule.moves.values())
        cells = (command, by, _stages(rule.moves), f"`{rule.event.name}`", _stages(ends))
        yield f"| {' | '.join(cells)} |"


def _stages(stages: Collection[Stage]) -> str:
    """In the order of a purchase's life."""
    return "any" if len(stages) == len(Stage) else ", ".join(s for s in Stage if s in stages)


def _windows() -> Iterator[str]:
    yield "ISO 8601 durations in the terms, pinned when the purchase is created."
    yield ""
    yield "| Window | Default | From | To |"
    yield "| --- | --- | --- | --- |"
    for name, (default, shortest, longest) in WINDOWS.items():
        yield f"| {name} | {_said(default)} | {_said(shortest)} | {_said(longest)} |"
    yield ""
    kinds = ", ".join(f"{_said(window)} for {kind}" for kind, window in INSPECTION.items())
    yield f"The inspection's default follows from what is sold: {kinds}."
    yield f"The buyer may extend it once by {_said(BUYERS_EXTENSION)}, the merchant freely, both"
    yield f"together by {_said(LONGEST_EXTENSION)}."
    for stage, leads in REMINDERS.items():
        before = " and ".join(map(_said, leads))
        yield f"Both sides are reminded {before} before the end of `{stage}`;"
    yield "a reminder falls away in a window that is shorter than it."
    states = ", ".join(f"`{state}`" for state in Dispute)
    yield f"A dispute is {states}; its clocks are the answer and the arbitration window."


def _said(duration: timedelta) -> str:
    """`10 days`, `30 minutes`, `1 second`."""
    seconds = int(duration.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise ValueError("a window is whole seconds")
