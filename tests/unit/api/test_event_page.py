"""docs/reference/events.md says of every event what really tells it."""

from collections import defaultdict

from api.event_page import CREATED, SAID, events_page
from domain.transitions import PUBLIC_EVENTS
from tests.unit.domain.exploration import reachable


def test_an_event_is_told_after_these_steps_and_no_others() -> None:
    """In every state that a small purchase can get into."""
    told = defaultdict(set, {CREATED: {CREATED}})
    for _, moved in reachable().steps:
        for name in moved.tells:
            told[name].add(moved.event.name)
    assert {name: set(said.after) for name, said in SAID.items()} == told


def test_every_event_has_its_section() -> None:
    page = events_page()
    assert [page.count(f"## `escrow.{name}`\n") for name in PUBLIC_EVENTS] == [1] * len(SAID)
    assert "`capture_before` (RFC 3339 or null)" in page
