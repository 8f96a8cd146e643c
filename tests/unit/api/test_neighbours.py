"""Who counts as one address, and how many places one shop may take."""

from contextlib import ExitStack
from typing import Any

import pytest
from fastapi import Request

from api.errors import TooManyWaiting
from api.quotas import neighbourhood
from api.waiting import Watch


def at(host: str) -> str:
    return neighbourhood(Request({"type": "http", "client": (host, 1), "headers": []}))


@pytest.mark.parametrize(
    ("host", "counts_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_an_address_is_what_one_customer_has(host: str, counts_as: str) -> None:
    assert at(host) == counts_as


async def nothing(_: Any) -> dict[str, int]:
    return {}


def test_a_shop_with_all_its_links_leaves_room_for_others() -> None:
    watch = Watch(nothing, places=10, places_each=2, places_of_a_shop=5)
    with ExitStack() as places:
        for number in range(5):
            places.enter_context(watch.place(f"esc_{number}", "mer_greedy"))
        with pytest.raises(TooManyWaiting), watch.place("esc_6", "mer_greedy"):
            pass
        places.enter_context(watch.place("esc_7", "mer_modest"))
    with watch.place("esc_6", "mer_greedy"):
        pass
